"""How a retraining is carried out and what it came to: plan, trials, warnings, learning curve."""

from dataclasses import dataclass
from datetime import datetime

from core.contracts.figures import Estimate
from core.contracts.kinds import GapMetric, MarkProblem, Scope, StartFrom, TrialVerdict

PARENT = "parent"
"""Stands in `RunOutcome.delivered` for the champion, where nothing was better: no effect."""


@dataclass(frozen=True, slots=True)
class FairnessAim:
    """The gap that a training is to stay under."""

    attribute: str
    """A sensitive attribute, or several joined by ` & ` for their intersections."""
    metric: GapMetric = "equalised_odds"
    limit: float = 0.02
    target: str | None = None
    """The first target when left out."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How a retraining is carried out."""

    start: StartFrom = "scratch"
    """`scratch`: new weights; `champion`: fine-tune the serving version's, as large networks need."""
    scope: Scope = "all"
    """What trains: `head` (what follows the encoders), `last blocks` (and the end of each encoder), `all`. A frozen
    backbone stays frozen with `head`, and with `all` where the workspace's encoder says that it is frozen."""
    budget_seconds: float = 120.0
    """How long `auto` may try strategies; one that would not fit is skipped, and said so."""
    aim: FairnessAim | None = None
    """What a strategy for fairness aims at; without it the workspace's first fairness policy, else its first sensitive
    attribute."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One strategy as `auto` tried it, or as the one that was asked for."""

    strategy: str
    title: str
    score: float | None
    """Typical probability of the right answer on validation cases with marked content swapped; higher is better."""
    low: float | None
    high: float | None
    n: int
    seconds: float
    verdict: TrialVerdict
    reason: str
    """Why, in plain words."""


@dataclass(frozen=True, slots=True)
class MarkWarning:
    """Something about the marks that a person should look at before they train a model."""

    problem: MarkProblem
    artefact: str | None
    cases: tuple[str, ...]
    value: float
    """What was measured: share of the input, likeness to the other marks, overlap of two readers."""
    limit: float
    words: str
    """What, got what, what to do."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label on record that is probably wrong, found by confident learning."""

    case: str
    target: str
    label: str
    suggested: str
    probability: float
    """Out-of-sample probability of `suggested`."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run came to."""

    delivered: str
    """Name of the strategy whose model was delivered; `parent` when none was better."""
    parent: Trial | None
    """The champion, scored in the same way."""
    trials: tuple[Trial, ...]
    warnings: tuple[MarkWarning, ...]
    suspects: tuple[Suspect, ...]
    marks: int
    """Marked cases that the run learnt from, spread ones included."""
    words: str
    """The result in plain words, with what to try next when nothing got better."""

    @property
    def no_effect(self) -> bool:
        """Whether the parent stays, for nothing was better."""
        return self.delivered == PARENT


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One round of feedback: a version, the marks behind it, and its ledger figures."""

    version: str
    strategy: str
    marks: int
    verdicts: int
    accuracy: Estimate
    reliance: Estimate | None
    """Mean share of answers that marked content changes; lower is better."""
    created: datetime


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How accuracy and reliance moved with the number of marks."""

    points: tuple[CurvePoint, ...] = ()
    """Oldest first."""
    worth_of_ten: Estimate | None = None
    """Expected change of accuracy by ten more marks; None with too few rounds to tell."""
    worth_reliance: Estimate | None = None
    """Expected change of reliance by ten more marks."""
    words: str = ""
