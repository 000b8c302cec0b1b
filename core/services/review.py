"""Reading cases: open, commit, reveal, explain, verdict, undo."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.contracts import (
    Actor,
    Case,
    CaseView,
    Confidence,
    EvidenceForm,
    EvidenceView,
    MarkForm,
    QueueStrategy,
    Read,
    RevealView,
    SavedVerdict,
    VerdictForm,
    WorklistView,
    Workspace,
)
from core.errors import TandemError
from core.services.casebook import Casebook
from core.services.caseviews import CaseViews
from core.services.catalogue import Catalogue, target_of
from core.services.evidence.ahead import Ahead
from core.services.evidence.verbs import Evidence
from core.services.explaining import Explaining
from core.services.queueing import Queueing
from core.services.reading_modes import arms
from core.services.reading_modes.revealing import Revealing
from core.services.runtime import Runtime
from core.services.spans import named_marks
from core.services.verdicts import Verdicts, check_label
from core.storage import actors, audit, cases, claims, reads

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Review:
    """The reviewer's verbs."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    queueing: Queueing
    views: CaseViews
    explaining: Explaining
    evidence: Evidence
    ahead: Ahead
    verdicts: Verdicts
    background: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "tandem-prefetch"))

    def worklist(
        self, workspace: str, *, actor: Actor, strategy: QueueStrategy | None = None, limit: int = 200
    ) -> WorklistView:
        """Return the worklist, next case first."""
        return self.queueing.worklist(workspace, actor, strategy, limit)

    def next_case(self, workspace: str, *, actor: Actor, after: str | None = None) -> str | None:
        """Return the next case that nobody else holds, or None when nothing waits."""
        return self.queueing.next_case(workspace, actor, after)

    def open(self, workspace: str, case: str, *, actor: Actor) -> CaseView:
        """Open a case and claim it for this person."""
        with self.runtime.database.write() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            actors.ensure(tx, actor)
            arms.record(tx, found, spec, stored, actor)
            claims.claim(tx, stored.id, actor.id, spec.reading.claim_minutes)
        self.background.submit(self._warm, found, stored)
        self.ahead.after_opening(workspace, case, actor)
        return self.views.case(workspace, case, actor)

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
        """Record the read before the reveal; a second commit of the same target changes nothing."""
        with self.runtime.database.write() as tx:
            _, spec, found = self.catalogue.case(tx, workspace, case)
            chosen = target_of(spec, target)
            check_label(label, chosen.classes, confidence)
            actors.ensure(tx, actor)
            cases.lock(tx, found.id)
            first = not any(read.target == target for read in reads.of_case(tx, found.id, actor.id))
            read = reads.add(tx, found.id, target, actor.id, label, confidence, seconds)
            if first:
                self._audit_read(tx, workspace, case, read)
        return self.views.case(workspace, case, actor)

    def reveal(self, workspace: str, case: str, *, actor: Actor) -> RevealView:
        """Return what the reading mode shows of the champion's answer, once this person's read is on record.

        Raises
        ------
        Refused
            Before the read is committed, in all modes but the concurrent one.
        """
        return Revealing(self.runtime, self.catalogue, self.explaining).reveal(workspace, case, actor)

    def explain(
        self, workspace: str, case: str, target: str, *, actor: Actor, method: str, label: str | None = None
    ) -> EvidenceView:
        """Explain the champion's answer, or another label of the target."""
        return self.evidence.explain(EvidenceForm(workspace, case, target, method, label), actor=actor)

    def named_marks(
        self, workspace: str, case: str, names: Sequence[str], artefact: str | None = None
    ) -> tuple[MarkForm, ...]:
        """Return *ignore* marks on table fields, whole texts or words that are given by name."""
        with self.runtime.database.read() as tx:
            _, spec, stored = self.catalogue.case(tx, workspace, case)
        return named_marks(names, stored, spec, self.casebook, artefact)

    def save_verdict(self, form: VerdictForm, *, actor: Actor) -> SavedVerdict:
        """Record a verdict with its marks; when this returns it is on disk."""
        return self.verdicts.save(form, actor)

    def undo(self, workspace: str, case: str, target: str, *, actor: Actor) -> CaseView:
        """Supersede this person's last verdict: back to the one before, or withdrawn."""
        self.verdicts.undo(workspace, case, target, actor)
        return self.views.case(workspace, case, actor)

    def prefetch(self, workspace: str, *, actor: Actor, after: str) -> None:
        """Prepare pixels and answer of the case that comes next, in the background."""
        self.background.submit(self._prefetch, workspace, actor, after)

    def _prefetch(self, workspace: str, actor: Actor, after: str) -> None:
        try:
            following = self.queueing.next_case(workspace, actor, after)
            if following is None:
                return
            with self.runtime.database.read() as tx:
                found, spec, stored = self.catalogue.case(tx, workspace, following)
            self.views.fields(stored, spec)
        except TandemError as error:
            log.info("prefetch after %s: %s", after, error)
            return
        self._warm(found, stored)

    def _warm(self, workspace: Workspace, case: Case) -> None:
        """Have model, inputs and methods ready by the time the person has committed their read."""
        try:
            model = self.catalogue.model(workspace)
            self.explaining.warm(model, case)
            self.explaining.methods.fits(model, case)
        except TandemError as error:
            log.info("warming up case %s: %s", case.name, error)

    def _audit_read(self, tx: Connection, workspace: str, case: str, read: Read) -> None:
        subject = {"case": case, "target": read.target, "label": read.label, "confidence": read.confidence}
        audit.append(
            tx, actor_id=read.actor_id, kind="read", workspace=workspace, subject=subject, case_id=read.case_id
        )
