"""All retraining strategies."""

from core.errors import NotFound
from core.learning.strategies.adversarial_debiasing import AdversarialStrategy
from core.learning.strategies.adversarial_training import AdversarialTrainingStrategy
from core.learning.strategies.auto import AutoStrategy
from core.learning.strategies.base import Strategy
from core.learning.strategies.cdep import DecompositionStrategy
from core.learning.strategies.confident import ConfidentStrategy
from core.learning.strategies.constrained import ConstrainedStrategy
from core.learning.strategies.counterexamples import CounterexamplesStrategy
from core.learning.strategies.dfr import LastLayerStrategy
from core.learning.strategies.expected_gradients import ExpectedGradientsStrategy
from core.learning.strategies.fair_group_dro import FairWorstGroupStrategy
from core.learning.strategies.grad_cam import MapStrategy
from core.learning.strategies.group_dro import WorstGroupStrategy
from core.learning.strategies.guided import GuidedStrategy
from core.learning.strategies.labels import LabelsStrategy
from core.learning.strategies.r4 import WorstPerturbationStrategy
from core.learning.strategies.random_r4 import RandomPerturbationStrategy
from core.learning.strategies.reweighing import ReweighingStrategy
from core.learning.strategies.rrr import GradientPenaltyStrategy


def strategies() -> tuple[Strategy, ...]:
    """Return every registered strategy, the recommended one first."""
    return (
        GuidedStrategy(),
        CounterexamplesStrategy(),
        GradientPenaltyStrategy(),
        RandomPerturbationStrategy(),
        WorstPerturbationStrategy(),
        ExpectedGradientsStrategy(),
        DecompositionStrategy(),
        MapStrategy(),
        WorstGroupStrategy(),
        LastLayerStrategy(),
        ConfidentStrategy(),
        ConstrainedStrategy(),
        AdversarialStrategy(),
        FairWorstGroupStrategy(),
        ReweighingStrategy(),
        AdversarialTrainingStrategy(),
        LabelsStrategy(),
        AutoStrategy(),
    )


def strategy(name: str) -> Strategy:
    """Return the strategy called `name`.

    Raises
    ------
    NotFound
        Names the known ones.
    """
    for item in strategies():
        if item.name == name:
            return item
    known = ", ".join(item.name for item in strategies())
    raise NotFound(f"No retraining strategy {name!r}. Known: {known}.")
