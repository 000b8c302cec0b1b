"""What every decoy is: cases whose shortcut tells the label, marks on it, and test cases where it tells nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from core.contracts import WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.network import TandemNetwork, build_network

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
Condense = Callable[[TandemNetwork, Examples], Examples]


def condensed(network: TandemNetwork, examples: Examples) -> Examples:
    """Look through frozen encoders, where there are any; nothing is kept."""
    return condense(network, examples, DEVICE)


@dataclass(frozen=True)
class Recipe:
    """One seed of one decoy."""

    spec: WorkspaceSpec
    train: Examples
    """Carries the shortcut."""
    validation: Examples
    """Carries it too, as a tenth of what there is to train on does."""
    marks: Callable[[int], MarkedExamples]
    """Number of marks -> that many training cases with the shortcut marked; fewer marks are a part of more."""
    tests: Mapping[str, Examples]
    """Name -> the same test cases, in the same order, with the shortcut as the name says."""
    seed: int
    condense: Condense = condensed
    rate_factor: float = 1.0
    """Of retrainings, the control's too: times the learning rate of the model that learnt the shortcut."""

    @property
    def retraining_spec(self) -> WorkspaceSpec:
        """What retrainings are declared to do."""
        training = self.spec.training
        rate = training.learning_rate * self.rate_factor
        return self.spec.model_copy(update={"training": training.model_copy(update={"learning_rate": rate})})

    def build(self) -> TandemNetwork:
        """Return a new network that knows scales, bins and vocabularies of the training cases; equal each time."""
        network = build_network(self.spec, self.seed).to(DEVICE)
        network.fit_inputs(self.train.inputs)
        network.fit_standardiser(self.condense(network, self.train).inputs)
        return network
