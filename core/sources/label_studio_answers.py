"""From Label Studio's annotations to verdicts and marks on our cases."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast, get_args

from core.contracts import UNSURE, Confidence, FieldKind, MarkKind, NewCase, Stance, WorkspaceSpec
from core.formats.label_studio import Annotation, Task
from core.formats.label_studio_results import Result, Words
from core.formats.label_studio_writing import FIELD_MARKS, IGNORE
from core.formats.tables import RowProblem
from core.media import encode_mask
from core.sources.base import SourceRegion, SourceVerdict
from core.sources.cells import CellError, cell_text, one_of
from core.sources.regions import RegionChecker

ACTOR = "label-studio:"
"""Stands before the name of a person of Label Studio, who is nobody of ours."""
Identity = tuple[str, str | None, str | None]
"""Case, target and actor."""


@dataclass(slots=True)
class _Said:
    """What one actor said of one case and target; a later annotation replaces it."""

    verdict: SourceVerdict | None
    regions: list[SourceRegion]


@dataclass(slots=True)
class AnswerReader:
    """Collects the verdicts and marks of tasks; what can't be used is a problem."""

    spec: WorkspaceSpec
    cases: Mapping[str, NewCase]
    checker: RegionChecker
    problems: list[RowProblem] = field(default_factory=list)
    _said: dict[Identity, _Said] = field(default_factory=dict)

    @property
    def verdicts(self) -> tuple[SourceVerdict, ...]:
        """The verdicts, in the order of the tasks."""
        return tuple(said.verdict for said in self._said.values() if said.verdict is not None)

    @property
    def regions(self) -> tuple[SourceRegion, ...]:
        """The marks, in the order of the tasks."""
        return tuple(region for said in self._said.values() for region in said.regions)

    def take(self, task: Task, case: str) -> None:
        """Read the annotations of a task that became `case`, the oldest first."""
        for annotation in task.annotations:
            try:
                self._take(task, annotation, case, _person(annotation))
            except CellError as error:
                self.problems.append(RowProblem(task.number, error.column, error.reason))

    def _take(self, task: Task, annotation: Annotation, case: str, person: str | None) -> None:
        fresh: dict[Identity, _Said] = {}
        for verdict in self._verdicts(task, annotation, case, person):
            fresh[case, verdict.target, verdict.actor] = _Said(verdict, [])
        by = next(((target, actor) for _, target, actor in fresh), (None, person))
        for region in self._regions(task, annotation, case, by):
            fresh.setdefault((case, region.target, region.actor), _Said(None, [])).regions.append(region)
        self._said.update(fresh)

    def _verdicts(self, task: Task, annotation: Annotation, case: str, person: str | None) -> Iterator[SourceVerdict]:
        comments = [result.comment for result in annotation.results if not result.labels and result.comment]
        for result in annotation.results:
            if result.is_mark or not result.labels or _marks_fields(result):
                continue
            try:
                verdict = self._verdict(result, case, person)
                yield replace(
                    verdict,
                    comment=verdict.comment or cell_text("comment", "\n".join(comments)),
                    at=verdict.at or ("" if result.own else annotation.at),
                )
            except CellError as error:
                self.problems.append(RowProblem(task.number, error.column, error.reason))

    def _verdict(self, result: Result, case: str, person: str | None) -> SourceVerdict:
        target = target_of(self.spec, result)
        if target is None:
            known = "; ".join(f"{item.name}: {', '.join(item.classes)}" for item in self.spec.targets)
            raise CellError(result.control[:60], f"choice {result.labels[0][:60]!r} is none of the known ({known})")
        if len(result.labels) > 1:
            raise CellError(result.control[:60], f"has {len(result.labels)} choices; a case has one label of a target")
        own = result.own
        return SourceVerdict(
            case=case,
            target=target,
            label=result.labels[0],
            actor=_text(own, "actor") or person,
            stance=cast(Stance, _word(own, "stance", Stance, "unsure" if result.labels[0] == UNSURE else "agree")),
            confidence=cast(Confidence, _word(own, "confidence", Confidence, "certain")),
            comment=cell_text("comment", result.comment),
            version=_text(own, "version"),
            at=_text(own, "at") or "",
        )

    def _regions(
        self, task: Task, annotation: Annotation, case: str, by: tuple[str | None, str | None]
    ) -> Iterator[SourceRegion]:
        together: dict[object, SourceRegion] = {}
        for number, result in enumerate(annotation.results):
            if not result.is_mark and not _marks_fields(result):
                continue
            try:
                marks = self._marks(result, case, by)
            except CellError as error:
                self.problems.append(RowProblem(task.number, error.column, error.reason))
                continue
            place = (result.own.get("target"), result.own["mark"]) if "mark" in result.own else number
            for mark in marks:
                known = together.get((place, mark.field))
                spans = (*known.spans, *mark.spans) if known else mark.spans
                together[place, mark.field] = replace(mark, spans=tuple(sorted(spans)))
        yield from together.values()

    def _marks(self, result: Result, case: str, by: tuple[str | None, str | None]) -> Sequence[SourceRegion]:
        """Return what one result marks; `by` is the target that it belongs to and who marked it."""
        kind, artefact = _kind(result)
        targets = tuple(target.name for target in self.spec.targets)
        target = one_of("target", _text(result.own, "target") or "", targets, "target") or by[0]
        actor = _text(result.own, "actor") or by[1]
        fields = result.labels if _marks_fields(result) else (self._field(result),)
        marks = (SourceRegion(case, name, kind, artefact, actor=actor, target=target) for name in fields)
        return [self.checker.checked(self._drawn(mark, result)) for mark in marks]

    def _drawn(self, region: SourceRegion, result: Result) -> SourceRegion:
        """Return a region with its mask, spans or names."""
        if result.outline is not None:
            return replace(region, mask=_mask(result, self.checker.sizes.get((region.case, region.field))))
        if result.words is None:
            return replace(region, names=(region.field,))
        text = next((v.text for v in self.cases[region.case].fields if v.field == region.field), None) or ""
        return replace(region, spans=(code_points(text, result.words),))

    def _field(self, result: Result) -> str:
        """Return the field that a mark is on: by what it was shown on, else the only one of its kind."""
        kind: FieldKind = "image" if result.outline is not None else "text"
        fields = [item for item in self.spec.fields if item.kind == kind]
        for item in fields:
            if result.shown in (item.name, item.source_column) or result.source == item.source_column:
                return item.name
        if len(fields) == 1:
            return fields[0].name
        known = ", ".join(item.name for item in fields) or "none"
        raise CellError(result.control[:60], f"is on {result.shown[:60]!r}, which is no {kind} field; known: {known}")


def target_of(spec: WorkspaceSpec, result: Result) -> str | None:
    """Return the target that a choice answers, None when it answers none.

    A control that has the name or column of a target answers it; any other control answers the only target that
    knows the choice.
    """
    if result.is_mark or not result.labels or _marks_fields(result):
        return None
    choice = result.labels[0]
    knowing = [target for target in spec.targets if choice in (*target.classes, UNSURE)]
    named = [target for target in spec.targets if result.control in (target.name, target.source_column)]
    chosen = [target for target in knowing if target in named] if named else knowing
    return chosen[0].name if len(chosen) == 1 else None


def code_points(text: str, words: Words) -> tuple[int, int]:
    """Return a span in code points of `text`.

    Label Studio counts code points today and counted UTF-16 units before, where characters beyond U+FFFF (most emoji)
    count twice: the words that were kept with the span decide. Where none were kept it is taken as code points.

    Raises
    ------
    CellError
        When the words are at neither place.

    Examples
    --------
    >>> code_points("😀 cough", Words(2, 7, "cough")), code_points("😀 cough", Words(3, 8, "cough"))
    ((2, 7), (2, 7))
    """
    if words.text is None or text[words.start : words.end] == words.text:
        return words.start, words.end
    units = text.encode("utf-16-le")
    before, marked = (
        units[2 * a : 2 * b].decode("utf-16-le", "replace") for a, b in ((0, words.start), (words.start, words.end))
    )
    if marked == words.text:
        return len(before), len(before) + len(marked)
    raise CellError(
        "spans",
        f"the text at {words.start}:{words.end} is not {words.text[:40]!r}; was the text changed after it was marked?",
    )


def _mask(result: Result, size: tuple[int, int] | None) -> bytes:
    """Return the mask of a shape as PNG; nothing is drawn before its size has been compared with the picture's."""
    outline = result.outline
    if outline is None or size is None:
        raise CellError(result.control[:60], "marks a picture, but the case has none there")
    if (outline.width, outline.height) != size:
        raise CellError(
            result.control[:60],
            f"was drawn on {outline.width} x {outline.height} pixels, the picture has {size[0]} x {size[1]}",
        )
    try:
        return encode_mask(outline.draw(*size))
    except ValueError as error:
        raise CellError(result.control[:60], str(error)) from None


def _marks_fields(result: Result) -> bool:
    return not result.is_mark and bool(result.labels) and result.control in FIELD_MARKS.values()


def _kind(result: Result) -> tuple[MarkKind, str | None]:
    """Return kind and artefact: what our export noted, else what the label says."""
    noted = one_of("kind", _text(result.own, "kind") or "", get_args(MarkKind), "kind of mark")
    if noted:
        return cast(MarkKind, noted), _text(result.own, "artefact")
    if _marks_fields(result):
        return ("ignore" if result.control == FIELD_MARKS["ignore"] else "look_here"), None
    for label in result.labels:
        head, _, name = label.partition(":")
        if head.strip().lower() == IGNORE:
            return "ignore", cell_text("artefact", name.strip()) or None
    return "look_here", None


def _person(annotation: Annotation) -> str | None:
    """Return who of Label Studio's people gave an annotation."""
    return cell_text("completed_by", f"{ACTOR}{annotation.actor}") if annotation.actor else None


def _text(own: Mapping[str, str], key: str) -> str | None:
    return cell_text(key, own.get(key)) or None


def _word(own: Mapping[str, str], key: str, vocabulary: object, default: str) -> str:
    return one_of(key, _text(own, key) or default, get_args(vocabulary), key)
