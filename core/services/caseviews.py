"""What the review page may see of a case: its inputs and the person's own records, nothing of the model."""

from dataclasses import dataclass, field

from core.contracts import (
    Actor,
    Case,
    CaseView,
    ChoiceView,
    FieldSpec,
    FieldView,
    MarkView,
    ReadView,
    Region,
    TargetSpec,
    TargetView,
    Verdict,
    VerdictView,
    WorkspaceSpec,
)
from core.media.images import browser_image
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.queueing import Queueing, Waiting
from core.services.runtime import Cache, Runtime
from core.storage import actors, reads, regions, verdicts

KEPT_FIELDS = 256


@dataclass(frozen=True, slots=True)
class CaseViews:
    """Draws cases for one person."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    queueing: Queueing
    drawn: Cache[tuple[str, str], FieldView] = field(default_factory=lambda: Cache(KEPT_FIELDS))

    def case(self, workspace: str, name: str, actor: Actor) -> CaseView:
        """Return the view of one case for one person."""
        with self.runtime.database.read() as tx:
            found, spec, case = self.catalogue.case(tx, workspace, name)
            waiting = self.queueing.waiting(tx, found, actor)
            own_reads = reads.of_case(tx, case.id, actor.id)
            histories = [verdicts.history(tx, case.id, target.name, actor.id) for target in spec.targets]
            artefacts = regions.artefacts(tx, found.id)
            names = actors.names(tx)
        position, why = _place(waiting, case)
        holder = waiting.holders.get(case.id)
        return CaseView(
            workspace=workspace,
            name=case.name,
            position=position,
            waiting=len(waiting.ranked),
            why=why,
            mode=spec.reading.mode,
            fields=self.fields(case, spec),
            targets=tuple(_target(target) for target in spec.targets),
            reads=tuple(ReadView(read.target, read.label, read.confidence) for read in own_reads),
            verdicts=tuple(self._verdict(history) for history in histories if _stands(history)),
            claimed_by=names.get(holder, holder) if holder else None,
            mark_warning=spec.reading.mark_warning,
            artefacts=artefacts,
        )

    def fields(self, case: Case, spec: WorkspaceSpec) -> tuple[FieldView, ...]:
        """Return the inputs of a case as a browser can show them; kept, for they never change."""
        return tuple(self._field(case, item) for item in spec.fields)

    def _field(self, case: Case, spec: FieldSpec) -> FieldView:
        blob = self.casebook.value(case, spec.name).blob or ""  # kept by content: what was erased is not found again
        return self.drawn.get((blob, spec.name), lambda: self._draw(blob, case, spec))

    def _draw(self, blob: str, case: Case, spec: FieldSpec) -> FieldView:
        image = browser_image(self.runtime.blobs.get(blob), f"image {spec.name!r} of case {case.name!r}")
        return FieldView(
            name=spec.name,
            title=spec.title or spec.name,
            kind=spec.kind,
            image=image.data,
            media_type=image.media_type,
            width=image.width,
            height=image.height,
        )

    def _verdict(self, history: tuple[Verdict, ...]) -> VerdictView:
        last = history[-1]
        return VerdictView(
            target=last.target,
            label=last.label,
            stance=last.stance,
            confidence=last.confidence,
            comment=last.comment,
            created=last.created,
            version=last.version,
            marks=tuple(self._mark(region) for region in last.regions),
            can_undo=True,
        )

    def _mark(self, region: Region) -> MarkView:
        mark = region.mark
        mask = self.runtime.blobs.get(mark.mask) if mark.mask else None
        return MarkView(mark.field, mark.kind, mark.artefact, mask, mark.names, mark.spans)


def _place(waiting: Waiting, case: Case) -> tuple[int, str]:
    for position, item in enumerate(waiting.ranked, start=1):
        if item.case_id == case.id:
            return position, waiting.reason(item)
    return 0, "read already" if case.id in waiting.done else "opened by its address, not from the worklist"


def _stands(history: tuple[Verdict, ...]) -> bool:
    return bool(history) and history[-1].stance != "withdrawn"


def _target(spec: TargetSpec) -> TargetView:
    choices = tuple(ChoiceView(label, spec.display.get(label, label)) for label in spec.classes)
    return TargetView(spec.name, spec.title or spec.name, choices)
