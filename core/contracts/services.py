"""The verbs of the product as pages, CLI and tests see them. `core.services` implements them.

Every method raises `core.errors.UserError` (with a message people may read) when it can't do what it says.
`workspace` and `case` are names. The actor is a keyword everywhere, so that accounts can fill it in later.
"""

from pathlib import Path
from typing import Protocol

from core.contracts.kinds import Confidence, DecisionKind, QueueStrategy
from core.contracts.overviews import AuditRow, HomeView, RetrainingView, RunView, WorklistView
from core.contracts.records import Actor, AuditCheck, Decision
from core.contracts.results import GateReport
from core.contracts.views import CaseView, EvidenceView, RevealView, SavedVerdict, VerdictForm
from core.contracts.work import Job


class WorkspaceVerbs(Protocol):
    """What exists and how it stands."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all workspaces, oldest first."""

    def home(self, workspace: str, *, actor: Actor) -> HomeView:
        """Return the home page of one workspace."""


class ReviewVerbs(Protocol):
    """Reading cases: queue, open, commit, reveal, explain, verdict, undo."""

    def worklist(
        self, workspace: str, *, actor: Actor, strategy: QueueStrategy | None = None, limit: int = 200
    ) -> WorklistView:
        """Return the worklist, next case first."""

    def next_case(self, workspace: str, *, actor: Actor, after: str | None = None) -> str | None:
        """Return the name of the next case to read (not `after`), or None when nothing waits."""

    def open(self, workspace: str, case: str, *, actor: Actor) -> CaseView:
        """Open a case and claim it."""

    def commit_read(
        self,
        workspace: str,
        case: str,
        target: str,
        label: str,
        confidence: Confidence,
        *,
        actor: Actor,
        seconds: float | None = None,
    ) -> CaseView:
        """Record the read before the reveal; a second commit of the same read changes nothing."""

    def reveal(self, workspace: str, case: str, *, actor: Actor) -> RevealView:
        """Return the model's answer. Raises `Refused` before the read is committed (blinded-first)."""

    def explain(
        self, workspace: str, case: str, target: str, *, actor: Actor, method: str, label: str | None = None
    ) -> EvidenceView:
        """Explain the champion's answer (or another `label`); cached by content."""

    def save_verdict(self, form: VerdictForm, *, actor: Actor) -> SavedVerdict:
        """Record a verdict with its marks, durably, before it returns."""

    def undo(self, workspace: str, case: str, target: str, *, actor: Actor) -> CaseView:
        """Supersede the last verdict: back to the one before, or withdrawn."""

    def prefetch(self, workspace: str, *, actor: Actor, after: str) -> None:
        """Prepare the case that comes next, in the background."""


class RetrainingVerbs(Protocol):
    """Feedback, runs, gate, decisions."""

    def view(self, workspace: str) -> RetrainingView:
        """Return everything on the retraining page."""

    def start(self, workspace: str, *, actor: Actor, strategy: str | None = None, use_regions: bool = True) -> RunView:
        """Ask the worker for a retraining (its gate follows); the run that is already under way is returned."""

    def run(self, workspace: str) -> RunView | None:
        """Return the latest run, live."""

    def cancel(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running job to stop."""

    def gate(self, workspace: str, version: str, *, actor: Actor) -> GateReport:
        """Measure a candidate now and keep the report."""

    def decide(
        self,
        workspace: str,
        kind: DecisionKind,
        version: str | None,
        reason: str,
        *,
        actor: Actor,
        override: bool = False,
        acknowledge: bool = False,
        expected_champion: str | None = None,
    ) -> Decision:
        """Promote, reject or roll back.

        Raises `Conflict` when somebody decided first, `Refused` when the gate needs an override (a failed
        check) or an acknowledgement (a check that is not assessable) that was not given, or the reason is empty.
        """


class AuditVerbs(Protocol):
    """The record."""

    def events(
        self, *, workspace: str | None = None, kind: str | None = None, actor_id: str | None = None, limit: int = 500
    ) -> tuple[AuditRow, ...]:
        """Return events, newest first."""

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of event that occur."""

    def verify(self) -> AuditCheck:
        """Verify the whole chain against the head that is kept in a file."""

    def export(self, folder: Path) -> Path:
        """Write the chain as JSON lines into `folder` and return the file."""

    def export_text(self) -> str:
        """Return the chain as JSON lines."""


class JobVerbs(Protocol):
    """Long work."""

    def get(self, job_id: int) -> Job:
        """Return a job as it stands."""


class Services(Protocol):
    """All verbs; `core.services.container.Container` implements it."""

    @property
    def workspaces(self) -> WorkspaceVerbs:
        """Workspaces."""

    @property
    def review(self) -> ReviewVerbs:
        """Review."""

    @property
    def retraining(self) -> RetrainingVerbs:
        """Retraining."""

    @property
    def audit(self) -> AuditVerbs:
        """Audit."""

    @property
    def jobs(self) -> JobVerbs:
        """Jobs."""

    @property
    def default_actor(self) -> Actor:
        """Who acts when nobody signed in."""
