"""Spreading the marks of an artefact to other cases: proposals that a person ticks."""

from dataclasses import dataclass

from core.contracts.figures import Estimate
from core.contracts.kinds import ProposalStatus
from core.contracts.overviews import Thumbnail
from core.contracts.work import Progress


@dataclass(frozen=True, slots=True)
class Proposal:
    """A case that probably carries an artefact too, with where."""

    id: int
    case: str
    field: str
    probability: float
    """Estimated probability that it is right; 0 to 1."""
    status: ProposalStatus
    thumbnail: Thumbnail
    """The case with the proposed mark outlined, or its words."""


@dataclass(frozen=True, slots=True)
class SpreadLevel:
    """The open proposals that are at least so probable, taken together."""

    least: float
    open: int
    precision: Estimate | None
    """Share of right ones among them, from those that a person ticked; None before the first such tick."""
    refusal: str | None
    """Why they can't be accepted together; None where they can."""


@dataclass(frozen=True, slots=True)
class SpreadView:
    """Proposals that spread the marks of one artefact to other cases."""

    artefact: str
    marks: int
    """Marks by people that it starts from."""
    progress: Progress | None
    """Of the search while it is under way."""
    searched: int
    """Cases that were searched; 0 before the first search."""
    proposals: tuple[Proposal, ...]
    """Open ones, surest first, a page full; then as many decided ones, the latest first."""
    open: int
    accepted: int
    rejected: int
    precision: Estimate | None
    """Share of right ones among the open ones, from those that a person ticked; None before the first tick."""
    expected_precision: float | None
    """What the search itself expects for the open ones; None without any."""
    words: str
    levels: tuple[SpreadLevel, ...] = ()
    """For accepting many at once; the surest last."""
