"""The gate as a verb: gather ledger, models and marks, measure, keep the report."""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Case, GateReport, MarkWarning, ProgressReporter, Region, Workspace, WorkspaceSpec
from core.errors import Conflict, Refused
from core.learning.checks.base import GateContext
from core.learning.gate import ledger_hash, run_gate
from core.learning.statistics import Resampler
from core.models.deciding import known_of
from core.services.casebook import Casebook, References
from core.services.catalogue import Catalogue
from core.services.embeddings import Silent
from core.services.runtime import Runtime
from core.services.scoring import Scoring
from core.storage import audit, gates, regions, runs, versions


@dataclass(frozen=True, slots=True)
class LedgerMaterial:
    """What the gate reads from the database, in one transaction."""

    workspace: Workspace
    spec: WorkspaceSpec
    ledger: tuple[Case, ...]
    marked_cases: dict[int, Case]
    marks: tuple[Region, ...]
    references: References


@dataclass(frozen=True, slots=True)
class Gating:
    """Measures candidates."""

    runtime: Runtime
    casebook: Casebook
    catalogue: Catalogue
    scoring: Scoring

    def measure(self, workspace: str, version: str, reporter: ProgressReporter | None = None) -> GateReport:
        """Measure a candidate against the champion on the ledger; `keep` puts the report on record.

        Raises
        ------
        Conflict
            When there is no champion, or the version is the champion itself.
        Refused
            When the ledger is empty.
        """
        context, material = self._context(workspace, version, reporter)
        content = [case.content_hash for case in material.ledger]
        with self.runtime.database.read() as tx:
            judged = gates.judged(tx, material.workspace.id, ledger_hash(context, content), version)
        return run_gate(context, [case.name for case in material.ledger], content, judged)

    def keep(self, tx: Connection, report: GateReport, actor_id: str) -> None:
        """Store a report with its audit event."""
        workspace, _ = self.catalogue.workspace(tx, report.workspace)
        candidate = versions.get(tx, workspace.id, report.version)
        champion = versions.get(tx, workspace.id, report.champion)
        gates.add(tx, candidate.id, champion.id, report)
        audit.append(
            tx,
            actor_id=actor_id,
            kind="gate",
            workspace=workspace.name,
            subject={
                "version": report.version,
                "champion": report.champion,
                "verdict": report.verdict,
                "ledger": report.ledger_hash,
                "judged": report.judged,
            },
        )

    def _material(self, workspace: str) -> LedgerMaterial:
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            ledger = self.catalogue.cases(tx, found, "ledger")
            marked_cases = {case.id: case for case in self.catalogue.cases(tx, found)}
            marks = tuple(
                mark for mark in regions.standing(tx, found.id) if mark.mark.artefact and mark.case_id in marked_cases
            )
            references = self.catalogue.references(tx, found)
        if not ledger:
            raise Refused(f"Workspace {workspace!r} has no ledger cases, so nothing can be proved. Import more cases.")
        return LedgerMaterial(found, spec, ledger, marked_cases, marks, references)

    def _context(
        self, workspace: str, version: str, reporter: ProgressReporter | None
    ) -> tuple[GateContext, LedgerMaterial]:
        material = self._material(workspace)
        if material.workspace.champion == version:
            raise Conflict(f"{version} serves already: there is nothing to compare it with.")
        champion = self.catalogue.model(material.workspace)
        candidate = self.catalogue.model(material.workspace, version)
        control = self.catalogue.control(material.workspace, version)
        strategy, warnings = self._origin(material.workspace, version)
        ledger = self.casebook.examples(material.ledger, material.spec, material.references)
        listener = reporter or Silent()
        context = GateContext(
            spec=material.spec,
            ledger=ledger,
            attributes=[known_of(case) for case in material.ledger],
            champion=champion,
            candidate=candidate,
            answers=(
                self.scoring.logits(champion, ledger, listener),
                self.scoring.logits(candidate, ledger, listener),
            ),
            resampler=Resampler.of_groups(ledger.groups, seed=material.spec.split.seed),
            marked=self.casebook.marked(material.marked_cases, material.marks, material.spec, material.references),
            device=self.runtime.device,
            seed=material.spec.split.seed,
            reporter=listener,
            control=control,
            control_answers=None if control is None else self.scoring.logits(control, ledger, listener),
            strategy=strategy,
            warnings=warnings,
        )
        return context, material

    def _origin(self, workspace: Workspace, version: str) -> tuple[str | None, tuple[MarkWarning, ...]]:
        """Return the strategy that trained a version, where known, and what was wrong with its marks."""
        with self.runtime.database.read() as tx:
            number = versions.get(tx, workspace.id, version).run_id
            run = runs.get(tx, number) if number is not None else None
        if run is None:
            return None, ()
        return (run.strategy, ()) if run.outcome is None else (run.outcome.delivered, run.outcome.warnings)
