"""The models that a search along the trade-off makes, quick ones first."""

from dataclasses import dataclass

from core.fairness.thresholds import CONSTRAINTS
from core.learning.strategies.registry import strategy
from core.services.fairness.asked import Question

LIMITS = (0.1, 0.05, 0.02, 0.005)
"""Gaps that trainings are to stay under, the easy ones first."""
THRESHOLDS = "thresholds"
"""Names models whose groups have decision rules of their own."""
RULES = (
    "Needs {attribute} of every case when it answers: each group is decided by a rule of its own. A case without it "
    "gets the ordinary decision. Parts of a rule may be left to a draw, which is always the same for one case."
)


@dataclass(frozen=True, slots=True)
class Step:
    """One model to make."""

    strategy: str
    limit: float | None = None


def steps(question: Question) -> tuple[Step, ...]:
    """Return what is tried: decision rules on the champion where they can do it, then trainings.

    The largest error of a group can't be asked to stay under a small limit, so for it groups are weighed instead.
    """
    quick = (Step(THRESHOLDS),) if len(question.target.classes) == 2 and question.metric in CONSTRAINTS else ()
    if question.metric == "worst_group":
        return Step("fair_group_dro"), Step("reweighing")
    return (*quick, Step("reweighing"), *(Step("constrained", limit) for limit in LIMITS))


def title_of(name: str) -> str:
    """Return how a way to make a model is called on the page."""
    return "A rule for each group, after training" if name == THRESHOLDS else strategy(name).title


def words_of(name: str, attribute: str) -> str:
    """Return what a model made in this way needs."""
    if name == THRESHOLDS:
        return RULES.format(attribute=attribute)
    return f"Answers from the inputs alone: {attribute} was needed while it was trained, not when it answers."
