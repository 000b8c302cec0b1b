"""The verbs of the product as pages, CLI and tests see them. `core.services` implements them.

Every method raises `core.errors.UserError` (with a message people may read) when it can't do what it says.
`workspace` and `case` are names. The actor is a keyword everywhere, so that accounts can fill it in later.
"""

from pathlib import Path
from typing import Protocol

from core.contracts.evidence import (
    BaselineView,
    ConceptSensitivityView,
    ConceptView,
    EvidenceForm,
    EvidenceQualityView,
    Fill,
    InfluenceView,
    MethodView,
    PathView,
    RemovalView,
)
from core.contracts.fairness import FairnessVerbs
from core.contracts.guard import GuardVerbs, RobustnessVerbs
from core.contracts.kinds import Confidence, QueueStrategy
from core.contracts.learning import RetrainingVerbs, SpreadVerbs
from core.contracts.overviews import AuditRow, HomeView, WorklistView
from core.contracts.records import Actor, AuditCheck
from core.contracts.team import AdjudicationVerbs, TeamVerbs
from core.contracts.trust import ReportRun, TrustView
from core.contracts.views import CaseView, EvidenceView, MarkForm, RevealView, SavedVerdict, VerdictForm
from core.contracts.whatif import Constraint, CounterfactualsView, Edit, SimilarView, WhatIfCase, WhatIfView
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
        """Return what the reading mode shows of the model's answer. Raises `Refused` before the read is committed."""

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


class EvidenceVerbs(Protocol):
    """Evidence and what can be asked of it.

    Whatever is asked of one case raises `Refused` where the person may not know the model's answer to it: before their
    own read, with the model switched off for them, where a second reader has no objection. `concepts` and
    `concept_sensitivity` ask of no case: they tell of all cases together, and who collected a case had read it.
    """

    def methods(self, workspace: str, case: str, *, actor: Actor) -> tuple[MethodView, ...]:
        """Return the methods that fit the champion and this case, best supported first."""

    def baselines(self, workspace: str, case: str, *, actor: Actor) -> tuple[BaselineView, ...]:
        """Return the meanings of 'absent' that can be chosen for this case, the default first."""

    def explain(self, form: EvidenceForm, *, actor: Actor) -> EvidenceView:
        """Explain; kept across sessions and restarts; two sessions that ask the same compute it once."""

    def stop(self, form: EvidenceForm, *, actor: Actor) -> bool:
        """Take back what `explain` is asked; it ends when nobody else waits. Return whether it was under way."""

    def coarse(self, form: EvidenceForm, *, actor: Actor) -> EvidenceView | None:
        """Return a quick map (Grad-CAM) to show until `explain` is done; None when no quick method fits."""

    def quality(self, form: EvidenceForm, *, actor: Actor) -> EvidenceQualityView:
        """Measure how far this explanation can be trusted; kept like the explanation."""

    def remove(
        self, form: EvidenceForm, *, actor: Actor, region: tuple[MarkForm, ...] = (), fill: Fill = "blur"
    ) -> RemovalView:
        """Remove a region and predict again; without a region, the hottest twentieth of the explanation."""

    def path(self, form: EvidenceForm, *, actor: Actor, steps: int = 12) -> PathView:
        """Return integrated gradients as they add up from the baseline to the input."""

    def influence(self, form: EvidenceForm, *, actor: Actor, limit: int = 6) -> InfluenceView:
        """Return the training cases that taught the model this answer."""

    def concepts(self, workspace: str) -> tuple[ConceptView, ...]:
        """Return the concepts that people collected; nothing of a case but that it was collected."""

    def collect(self, workspace: str, concept: str, case: str, *, actor: Actor, present: bool | None = True) -> None:
        """Put a case into a concept (`present`), into its counter-examples (false), or take it out (None)."""

    def concept_sensitivity(
        self, workspace: str, concept: str, target: str, label: str, *, actor: Actor
    ) -> ConceptSensitivityView:
        """Measure how the champion's answer depends on a concept (TCAV)."""


class TrustVerbs(Protocol):
    """How far a version and its explanations can be trusted."""

    def view(self, workspace: str, *, version: str | None = None, target: str | None = None) -> TrustView:
        """Return the trust page of a version (the champion when none is named)."""

    def start_report(
        self,
        workspace: str,
        *,
        actor: Actor,
        version: str | None = None,
        target: str | None = None,
        methods: tuple[str, ...] = (),
        cases: int = 40,
    ) -> ReportRun:
        """Ask the worker for a quality report; the same one is returned when it is under way."""

    def cancel_report(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running report to stop."""


class WhatIfVerbs(Protocol):
    """What if. All raise `Refused` where the person may not know the model's answer to the case. Nothing is stored."""

    def open(self, workspace: str, case: str, *, actor: Actor) -> WhatIfCase:
        """Open a case for editing."""

    def predict(self, workspace: str, case: str, edits: tuple[Edit, ...], *, actor: Actor) -> WhatIfView:
        """Answer the edited case."""

    def explain(
        self,
        workspace: str,
        case: str,
        edits: tuple[Edit, ...],
        target: str,
        *,
        actor: Actor,
        method: str | None = None,
        label: str | None = None,
    ) -> EvidenceView:
        """Explain the answer to the edited case."""

    def counterfactuals(
        self,
        workspace: str,
        case: str,
        target: str,
        *,
        actor: Actor,
        wanted: str | None = None,
        constraints: tuple[Constraint, ...] = (),
        limit: int = 4,
    ) -> CounterfactualsView:
        """Find the smallest changes that get the `wanted` answer (the runner-up when none is named)."""

    def similar(
        self, workspace: str, case: str, target: str, *, actor: Actor, edits: tuple[Edit, ...] = (), limit: int = 8
    ) -> SimilarView:
        """Return similar cases, prototypes and the nearest case of another class."""


class AuditVerbs(Protocol):
    """The record."""

    def events(
        self,
        *,
        workspace: str | None = None,
        kind: str | None = None,
        actor_id: str | None = None,
        limit: int = 500,
        reader: Actor | None = None,
    ) -> tuple[AuditRow, ...]:
        """Return events, newest first; of cases that `reader` may still read blind, only that others said something."""

    def waits(self, reader: Actor) -> int:
        """Return how many cases this person may still read blind though others have said something of them."""

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
    def evidence(self) -> EvidenceVerbs:
        """Evidence."""

    @property
    def trust(self) -> TrustVerbs:
        """Trust."""

    @property
    def whatif(self) -> WhatIfVerbs:
        """What if."""

    @property
    def retraining(self) -> RetrainingVerbs:
        """Retraining."""

    @property
    def spread(self) -> SpreadVerbs:
        """Spreading marks."""

    @property
    def fairness(self) -> FairnessVerbs:
        """Fairness."""

    @property
    def guard(self) -> GuardVerbs:
        """When the model stays silent."""

    @property
    def robustness(self) -> RobustnessVerbs:
        """Robustness."""

    @property
    def adjudication(self) -> AdjudicationVerbs:
        """Adjudication."""

    @property
    def team(self) -> TeamVerbs:
        """Person and model together."""

    @property
    def audit(self) -> AuditVerbs:
        """Audit."""

    @property
    def jobs(self) -> JobVerbs:
        """Jobs."""

    @property
    def default_actor(self) -> Actor:
        """Who acts when nobody signed in."""
