"""What the overview pages draw: worklist, home, retraining, audit."""

from dataclasses import dataclass, field
from datetime import datetime

from core.contracts.figures import Estimate
from core.contracts.kinds import RunStatus, VersionStatus
from core.contracts.records import Artefact, Decision
from core.contracts.results import GateReport
from core.contracts.runs import LearningCurve, MarkWarning, RunOutcome, RunPlan
from core.contracts.work import Progress


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the worklist."""

    case: str
    position: int
    reason: str
    waiting_since: datetime
    state: str
    """`waiting`, `read`, `held by NAME` or `done`."""
    reads: int


@dataclass(frozen=True, slots=True)
class WorklistView:
    """The worklist of a person."""

    workspace: str
    strategy: str
    rows: tuple[QueueRow, ...]
    waiting: int
    done: int
    total: int
    blind: bool = False
    """Whether the order tells nothing of the model; then `rows` lists no more than the next batch of those waiting."""


@dataclass(frozen=True, slots=True)
class HomeView:
    """What needs me, what serves, and how good it is."""

    workspace: str
    title: str
    description: str
    tour: str
    is_new: bool
    """No verdict yet: the tour is shown."""
    cases: int
    waiting: int
    verdicts: int
    candidates: tuple[str, ...]
    alarms: tuple[str, ...]
    champion: str | None
    champion_since: datetime | None
    champion_by: str | None
    figures: tuple[tuple[str, Estimate], ...]
    """(name, estimate) on the ledger: accuracy, AUROC, ECE of the champion per target."""
    preparing: Progress | None
    """Progress of the first import and training while there is no champion."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture (or text) of a case, with its mark drawn in."""

    case: str
    image: bytes | None
    caption: str
    text: str = ""
    """A few words of the case where there is no picture: the marked words, or the marked fields with their values."""


@dataclass(frozen=True, slots=True)
class StrategyChoice:
    """A way to retrain, as a person chooses it."""

    name: str
    title: str
    words: str
    """What it does."""
    family: str
    """`labels`, `gradient`, `examples`, `last layer`, `fairness`, `robustness` or `search`."""
    cost: float
    """Time of one training relative to that on labels alone."""
    reason: str | None = None
    """Why it can't do what it is for with this workspace and these marks, and what to do; None where it can."""


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """Feedback since the champion was trained."""

    verdicts: int
    overrides: int
    marks: int
    ledger: int
    """Verdicts on ledger cases, which never train."""
    artefacts: tuple[Artefact, ...]
    thumbnails: tuple[Thumbnail, ...]
    strategies: tuple[StrategyChoice, ...]
    """The recommended one first."""
    default_strategy: str
    warnings: tuple[MarkWarning, ...] = ()
    """Marks to look at before they train a model."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as the page follows it."""

    id: int
    job_id: int | None
    strategy: str
    status: RunStatus
    progress: Progress
    version: str | None
    error: str | None
    created: datetime
    verdicts: int
    marks: int
    plan: RunPlan = field(default_factory=RunPlan)
    outcome: RunOutcome | None = None


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version in the retraining page's list."""

    name: str
    status: VersionStatus
    created: datetime
    parent: str | None
    figures: tuple[tuple[str, Estimate], ...]


@dataclass(frozen=True, slots=True)
class RetrainingView:
    """Everything on the retraining page."""

    workspace: str
    champion: str | None
    feedback: FeedbackView
    run: RunView | None
    candidate: str | None
    """The candidate that waits for a decision."""
    gate_job: Progress | None
    report: GateReport | None
    changed: tuple[Thumbnail, ...]
    """Changed ledger cases, right-to-wrong first, at most 24."""
    versions: tuple[VersionView, ...]
    decisions: tuple[Decision, ...]
    can_roll_back_to: str | None
    curve: LearningCurve = field(default_factory=LearningCurve)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event as the audit page shows it."""

    sequence: int
    at: datetime
    actor: str
    kind: str
    workspace: str
    summary: str
    details: tuple[tuple[str, str], ...]
