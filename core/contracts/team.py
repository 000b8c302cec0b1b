"""Readers together: adjudication of what they differ on, and whether team or model or person does best."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.contracts.figures import Estimate
from core.contracts.kinds import Confidence
from core.contracts.records import Actor
from core.contracts.views import FieldView, MarkView, TargetView


@dataclass(frozen=True, slots=True)
class ReaderOpinion:
    """What one reader said of a case, under a pseudonym."""

    reader: str
    label: str
    confidence: Confidence
    comment: str
    seconds: float | None
    marks: tuple[MarkView, ...]


@dataclass(frozen=True, slots=True)
class Dispute:
    """A case and target on which readers differ, or that was adjudicated."""

    case: str
    target: str
    opinions: tuple[ReaderOpinion, ...]
    mark_overlap: float | None
    """Mean intersection over union of the readers' marks, 0 to 1; None where fewer than two marked anything."""
    settled: str | None
    """The adjudicated label, or None while it waits."""
    settled_by: str | None
    created: datetime
    """When the last of the opinions was given."""


@dataclass(frozen=True, slots=True)
class AgreementView:
    """How far two readers agree on one target."""

    target: str
    kappa: Estimate | None
    """Cohen's kappa over the cases that two read, -1 to 1; higher is better. None with fewer than two such cases."""
    same: Estimate | None
    """Share of them with the same label."""
    overlap: Estimate | None
    """Mean intersection over union of marks, over cases that two marked."""


@dataclass(frozen=True, slots=True)
class AdjudicationView:
    """What readers differ on."""

    workspace: str
    may: bool
    """Whether this person may adjudicate."""
    why_not: str
    waiting: tuple[Dispute, ...]
    done: tuple[Dispute, ...]
    agreement: tuple[AgreementView, ...]
    targets: tuple[TargetView, ...]


@dataclass(frozen=True, slots=True)
class DisputeView:
    """One dispute with the case's inputs: both readers side by side."""

    dispute: Dispute
    fields: tuple[FieldView, ...]
    target: TargetView
    pictures: tuple[tuple[str, bytes], ...] = ()
    """(image field, PNG with the readers' marks outlined): the first reader's orange, the second's blue and dashed."""


class AdjudicationVerbs(Protocol):
    """Settling what readers differ on."""

    def view(self, workspace: str, *, actor: Actor) -> AdjudicationView:
        """Return what waits for adjudication, what was settled, and how far readers agree."""

    def open(self, workspace: str, case: str, target: str, *, actor: Actor) -> DisputeView:
        """Return one dispute, side by side. Raises `Refused` for a person whose own blind read is still due."""

    def settle(self, workspace: str, case: str, target: str, label: str, reason: str, *, actor: Actor) -> Dispute:
        """Make `label` the reference label, whoever said what; it feeds training. Later words supersede it."""


@dataclass(frozen=True, slots=True)
class TeamRow:
    """Person alone, model alone and team on the same cases, for one cut of them."""

    cut: str
    """`all`, `reader R1`, `experience expert`, `view AP`."""
    cases: int
    reads: int
    person: Estimate | None
    """Accuracy of the reads before the reveal."""
    model: Estimate | None
    """Accuracy of the answers that were shown (or would have been)."""
    team: Estimate | None
    """Accuracy of the verdicts after it."""
    gain: Estimate | None
    """Team minus the better of person and model (paired); above zero is complementarity."""
    helped: Estimate | None
    """Share of wrong reads that became right verdicts."""
    harmed: Estimate | None
    """Share of right reads that became wrong verdicts."""
    over_reliance: Estimate | None
    """Share of wrong answers of the model that were accepted, of reads before that were not that answer."""
    under_reliance: Estimate | None
    """Share of right answers of the model that were rejected, of reads before that were not that answer."""
    seconds: Estimate | None
    """Mean time of a read."""
    small: bool
    """Whether too few cases are behind it to compare."""


@dataclass(frozen=True, slots=True)
class DeferralPoint:
    """One workload of a deferral rule: people read `deferred`, the model decides the rest."""

    deferred: float
    accuracy: Estimate
    hours: float
    """Reading time per 100 cases."""
    cost: float
    """Cost of errors plus reading per 100 cases, in the workspace's unit."""


@dataclass(frozen=True, slots=True)
class DeferralCurve:
    """Accuracy of person and model together against the share that people read."""

    rule: str
    """`confidence`, `conformal`, `learned`."""
    title: str
    points: tuple[DeferralPoint, ...]
    best: int | None
    """Index of the cheapest point."""
    words: str


@dataclass(frozen=True, slots=True)
class TeamView:
    """Everything on the team page."""

    workspace: str
    target: str
    targets: tuple[str, ...]
    rows: tuple[TeamRow, ...]
    """`all` first, then by reader, experience and group."""
    curves: tuple[DeferralCurve, ...]
    hour_cost: float
    """Cost of an hour of reading, in the unit of the workspace's costs."""
    model_alone: Estimate | None
    person_alone: Estimate | None
    excluded: tuple[str, ...]
    """Which reads do not count, and why, in words."""
    experiences: tuple[tuple[str, str], ...]
    """(reader's pseudonym, experience) as set so far; empty text where unknown."""
    note: str = ""
    """Why there is nothing to show yet and what to do."""


class TeamVerbs(Protocol):
    """Whether person and model together beat either."""

    def view(self, workspace: str, *, target: str | None = None, hour_cost: float | None = None) -> TeamView:
        """Return the team page."""

    def set_experience(self, workspace: str, reader: str, experience: str, *, actor: Actor) -> None:
        """Note how experienced a reader (by pseudonym) is; an empty text takes it away."""
