"""Long work as frozen dataclasses: jobs and how far they are. Times are aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.contracts.kinds import JobKind, RunStatus
from core.contracts.runs import Trial


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work for the worker. `key` makes asking twice the same as once while the first is unfinished."""

    kind: JobKind
    workspace: str
    payload: Mapping[str, str | int | float | bool | None]
    actor_id: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is."""

    stage: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    curve: tuple[tuple[int, float, float], ...] = ()
    """(step, training loss, validation score) so far."""
    seconds_left: float | None = None
    trials: tuple[Trial, ...] = ()
    """Strategies that a retraining has tried so far."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands."""

    id: int
    kind: JobKind
    workspace: str
    payload: Mapping[str, str | int | float | bool | None]
    actor_id: str
    status: RunStatus
    attempt: int
    cancel_requested: bool
    progress: Progress
    checkpoint: str | None
    """Blob from which a later attempt resumes."""
    error: str | None
    created: datetime
    started: datetime | None
    finished: datetime | None
