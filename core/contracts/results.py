"""Answers, measurements and reports that cross layers."""

from dataclasses import dataclass

from core.contracts.guard import Deferral
from core.contracts.kinds import CheckVerdict
from core.contracts.proof import Proof


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """A version's calibrated answer for one target.

    `probabilities` are in the order of the target's classes and sum to 1; `answer_set` holds the labels
    that can't be ruled out at the workspace's coverage.
    """

    target: str
    label: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    answer_set: tuple[str, ...]
    defers: bool
    reason: str
    deferrals: tuple[Deferral, ...] = ()
    """Every reason for which it leaves the case to people; empty where it does not."""

    @property
    def probability(self) -> float:
        """Calibrated probability of `label`."""
        return self.probabilities[self.classes.index(self.label)]


@dataclass(frozen=True, slots=True)
class Prediction:
    """All targets of one case, by one version."""

    version: str
    targets: tuple[TargetAnswer, ...]

    def target(self, name: str) -> TargetAnswer:
        """Return the answer for `name` (StopIteration when there is none)."""
        return next(answer for answer in self.targets if answer.target == name)


@dataclass(frozen=True, slots=True)
class ChangedCase:
    """A ledger case that candidate and champion answer differently."""

    case: str
    target: str
    reference: str
    champion: str
    candidate: str


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a gate report. `difference` is candidate minus champion with its paired interval."""

    name: str
    title: str
    champion: float | None
    candidate: float | None
    difference: float | None
    low: float | None
    high: float | None
    limit: float
    """The policy's margin that the interval is held against, on the scale of `difference`."""
    better: str
    """`higher` or `lower`: which direction of `difference` is good."""
    n: int
    verdict: CheckVerdict
    reason: str
    needed: int | None = None
    """How many cases would settle a check that is not assessable."""


@dataclass(frozen=True, slots=True)
class GateReport:
    """The measured comparison of a candidate and the champion on the ledger."""

    workspace: str
    version: str
    champion: str
    ledger_hash: str
    judged: int
    """How many candidates this ledger has judged, this one included."""
    verdict: CheckVerdict
    checks: tuple[Check, ...]
    changed: tuple[ChangedCase, ...]
    seconds: float
    proof: Proof | None = None
    """What the marks did; None for a report of before there was one, or without marks."""
