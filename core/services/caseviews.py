"""What the review page may see of a case: its inputs and the person's own records, nothing of the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.contracts import (
    Actor,
    Case,
    CaseView,
    ChoiceView,
    FieldSpec,
    FieldValue,
    FieldView,
    MarkView,
    PopulationView,
    ReadView,
    Region,
    TargetSpec,
    TargetView,
    Verdict,
    VerdictView,
    WorkspaceSpec,
)
from core.errors import BadInput
from core.media.images import browser_image
from core.models.tokenisers import tokeniser
from core.models.words import word_spans
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.population import Populations, category_words
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
    populations: Populations = field(default_factory=Populations)
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
            populations = self.populations.of_case(tx, found, spec, case)
        position, why = _place(waiting, case)
        holder = waiting.holders.get(case.id)
        return CaseView(
            workspace=workspace,
            name=case.name,
            position=position,
            waiting=len(waiting.ranked),
            why=why,
            mode=spec.reading.mode,
            fields=self.fields(case, spec, populations),
            targets=tuple(target_view(target) for target in spec.targets),
            reads=tuple(ReadView(read.target, read.label, read.confidence) for read in own_reads),
            verdicts=tuple(self._verdict(history) for history in histories if _stands(history)),
            claimed_by=names.get(holder, holder) if holder else None,
            mark_warning=spec.reading.mark_warning,
            artefacts=artefacts,
        )

    def fields(
        self, case: Case, spec: WorkspaceSpec, populations: Mapping[str, PopulationView] | None = None
    ) -> tuple[FieldView, ...]:
        """Return the inputs of a case as a browser can show them; pictures and words are kept, for they never change.

        Raises
        ------
        BadInput
            When nothing is left of the case.
        """
        values = {value.field: value for value in case.fields}
        if all(is_missing(value) for value in values.values()):
            raise BadInput(f"Nothing is left of case {case.name!r}: it was erased. Go on with another case.")
        places = populations or {}
        return tuple(self._field(case, item, values.get(item.name), places.get(item.name)) for item in spec.fields)

    def _field(
        self, case: Case, spec: FieldSpec, value: FieldValue | None, population: PopulationView | None
    ) -> FieldView:
        empty = FieldView(spec.name, spec.title or spec.name, spec.kind, unit=spec.unit, population=population)
        if value is None or is_missing(value):
            return empty
        if spec.kind == "numeric":
            return replace(empty, number=value.number)
        if spec.kind == "categorical":
            return replace(empty, text=value.text, words=category_words(spec, value.text or ""))
        content = value.blob or value.text or ""  # kept by content: what was erased is not found again
        draw = self._image if spec.kind == "image" else _text
        return self.drawn.get((content, spec.model_dump_json()), lambda: draw(content, empty, case, spec))

    def _image(self, blob: str, empty: FieldView, case: Case, spec: FieldSpec) -> FieldView:
        image = browser_image(self.runtime.blobs.get(blob), f"image {spec.name!r} of case {case.name!r}")
        return replace(empty, image=image.data, media_type=image.media_type, width=image.width, height=image.height)

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
            marks=tuple(self.mark(region) for region in last.regions),
            can_undo=True,
        )

    def mark(self, region: Region) -> MarkView:
        """Return a stored mark as the viewer draws it."""
        mark = region.mark
        mask = self.runtime.blobs.get(mark.mask) if mark.mask else None
        return MarkView(mark.field, mark.kind, mark.artefact, mask, mark.names, mark.spans)


def is_missing(value: FieldValue) -> bool:
    """Tell whether a case has no value for a field."""
    return value.blob is None and value.number is None and value.text is None


def _text(text: str, empty: FieldView, case: Case, spec: FieldSpec) -> FieldView:
    tokens = tokeniser(spec.tokeniser).tokens(text)
    until = tokens[spec.tokens - 1].end if len(tokens) > spec.tokens else None
    return replace(empty, text=text, spans=word_spans(text), read_until=until)


def _place(waiting: Waiting, case: Case) -> tuple[int, str]:
    for position, item in enumerate(waiting.ranked, start=1):
        if item.case_id == case.id:
            return position, waiting.reason(item)
    return 0, "done already" if case.id in waiting.done else "opened by its address, not from the worklist"


def _stands(history: tuple[Verdict, ...]) -> bool:
    return bool(history) and history[-1].stance != "withdrawn"


def target_view(spec: TargetSpec) -> TargetView:
    """Return a target with the words for its labels."""
    choices = tuple(ChoiceView(label, spec.display.get(label, label)) for label in spec.classes)
    return TargetView(spec.name, spec.title or spec.name, choices)
