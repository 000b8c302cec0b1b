"""What the fairness page draws, and its verbs: rates and gaps of groups, slices, trade-off."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.contracts.figures import Estimate
from core.contracts.kinds import GapMetric, RateName, RunStatus
from core.contracts.overviews import RunView
from core.contracts.records import Actor
from core.contracts.trust import SliceView
from core.contracts.work import Progress


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One rate of one group on the ledger."""

    rate: RateName
    estimate: Estimate | None
    """None where the group has no case that the rate is about."""
    small: bool
    """Whether so few cases are behind it that it should not be compared."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """All rates of one group (or of one intersection of groups)."""

    group: str
    """`AP`, or `AP & F` for an intersection."""
    n: int
    positives: int
    """Cases whose reference label is the positive class."""
    small: bool
    rates: tuple[GroupRate, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """How far apart groups are; lower is better for a difference, 1 is best for a ratio."""

    metric: GapMetric
    title: str
    """Says what is compared, and for equalised odds that the larger of two gaps is taken, and which it was."""
    difference: Estimate
    ratio: Estimate | None
    """Smallest over largest rate; None where a rate is 0."""
    p_value: float
    """Permutation test against no gap, whole cases' groups shuffled."""
    limit: float | None
    """The policy's, where it has one for this metric and attribute."""
    highest: str
    lowest: str
    """The groups that are farthest apart."""
    words: str
    """The result in one plain sentence, with what it does not say."""


@dataclass(frozen=True, slots=True)
class AttributeFairness:
    """Rates and gaps for one attribute, or for the intersections of several."""

    attribute: str
    groups: tuple[GroupRow, ...]
    """By size, largest first."""
    gaps: tuple[Gap, ...]
    note: str
    """What to know: groups left out for their size, cases without the attribute."""


@dataclass(frozen=True, slots=True)
class FairnessView:
    """Everything on the fairness page but the trade-off."""

    workspace: str
    version: str | None
    versions: tuple[str, ...]
    target: str
    targets: tuple[str, ...]
    positive: str
    """The class whose rates are shown; with more than two classes each can be picked (one against rest)."""
    classes: tuple[str, ...]
    attributes: tuple[AttributeFairness, ...]
    """Single attributes first, then intersections."""
    slices: tuple[SliceView, ...]
    """Worst subgroups for wrong answers, found over all fields, attributes and clusters of embeddings."""
    missed: tuple[SliceView, ...]
    """Worst subgroups for missed positives."""
    false_alarms: tuple[SliceView, ...]
    slice_note: str
    n: int
    note: str = ""
    """Why there is nothing to show, and what to do: no sensitive attribute, no ledger label."""
    display: tuple[str, ...] = ()
    """Words for each of `classes`; empty where they speak for themselves."""

    def words(self, label: str) -> str:
        """Return the words for a class."""
        return self.display[self.classes.index(label)] if self.display else label


@dataclass(frozen=True, slots=True)
class TradePoint:
    """One model of the trade-off, measured on cases that no training saw and no gate judges with."""

    id: int | None
    """None for the champion and versions that exist already."""
    strategy: str
    title: str
    limit: float | None
    """The gap that it was trained to stay under."""
    accuracy: Estimate
    demographic_parity: Estimate
    equalised_odds: Estimate
    version: str | None
    """The version that it is, or became."""
    efficient: bool
    """Whether no other point is both more accurate and fairer (in the metric that is asked for)."""
    words: str
    """What it needs: such as the attribute at prediction time."""


@dataclass(frozen=True, slots=True)
class TradeOffView:
    """Accuracy against gaps for all candidates."""

    workspace: str
    target: str
    attribute: str | None
    attributes: tuple[str, ...]
    metric: GapMetric
    points: tuple[TradePoint, ...]
    n: int
    measured_on: str
    """Which cases, in words."""
    job_id: int | None
    status: RunStatus | None
    """Of the search, None when none was asked for."""
    progress: Progress | None
    error: str | None
    created: datetime | None
    note: str = ""


class FairnessVerbs(Protocol):
    """For whom it is better or worse, and doing something about it."""

    def view(
        self, workspace: str, *, version: str | None = None, target: str | None = None, positive: str | None = None
    ) -> FairnessView:
        """Return the fairness page of a version (the champion when none is named)."""

    def trade_off(
        self,
        workspace: str,
        *,
        target: str | None = None,
        attribute: str | None = None,
        metric: GapMetric | None = None,
    ) -> TradeOffView:
        """Return the trade-off as it stands: champion, candidates, and the points of the last search."""

    def search(
        self,
        workspace: str,
        *,
        actor: Actor,
        target: str | None = None,
        attribute: str | None = None,
        metric: GapMetric = "equalised_odds",
    ) -> TradeOffView:
        """Ask the worker to train models along the trade-off; the search that is under way is returned."""

    def cancel(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running search to stop; the points that it has stay."""

    def choose(self, workspace: str, point: int, *, actor: Actor) -> RunView:
        """Make a point a candidate; its gate follows."""
