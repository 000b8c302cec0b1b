"""Cases as Label Studio's tasks: answers as predictions, verdicts and marks as annotations, and a labelling config."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from xml.etree import ElementTree

from core.contracts import UNSURE, FieldSpec, MarkKind, WorkspaceSpec
from core.formats.exported import Exported, ExportedCase, ExportedMark, ExportedPrediction, ExportedVerdict
from core.formats.label_studio_masks import Mask, brush_rle
from core.formats.label_studio_results import OWN

Said = TypeVar("Said", ExportedVerdict, ExportedPrediction)
TASKS = "tasks.json"
CONFIG = "labelling.xml"
LOCAL_FILES = "/data/local-files/?d="
"""How Label Studio asks its own server for a file below LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT."""
IGNORE = "ignore"
LOOK_HERE = "look here"
FIELD_MARKS: Mapping[MarkKind, str] = {"ignore": "fields-to-ignore", "look_here": "fields-to-look-at"}
"""Controls whose choices are names of fields."""
STYLE = ".htx-text { white-space: pre-wrap; }"
"""Without it Label Studio trims spaces, and offsets no longer fit the text."""


def write_label_studio(folder: Path, exported: Exported, decode: Callable[[ExportedCase, ExportedMark], Mask]) -> None:
    """Write `tasks.json` and `labelling.xml`.

    Paste the config into the project's labelling interface, set LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED and
    LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT (the folder) for pictures, and import the tasks. `core.sources` reads the
    file again without loss: what Label Studio has no place for (who, how sure, on which version) is in each result's
    `meta`.

    Parameters
    ----------
    folder : Path
        Where to write; it is there already.
    exported : Exported
        Cases, verdicts and answers.
    decode : callable
        From a case and a mark with a mask to its pixels, bool [height, width].
    """
    (folder / CONFIG).write_text(labelling_config(exported), encoding="utf-8")
    columns = {field.name: _column(exported, field) for field in exported.spec.fields}
    given = _by_case(exported.verdicts)
    answers = _by_case(exported.predictions)
    with (folder / TASKS).open("w", encoding="utf-8") as file:
        file.write("[")
        for number, (case, row) in enumerate(zip(exported.cases, exported.rows, strict=True), start=1):
            writer = _Writer(exported.spec, case, row, columns, number, decode)
            task = writer.task(given.get(case.name, ()), answers.get(case.name, ()))
            file.write(f"{',' if number > 1 else ''}\n{json.dumps(task, ensure_ascii=False, allow_nan=False)}")
        file.write("\n]\n")


def _by_case(items: Iterable[Said]) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for item in items:
        found.setdefault(item.case, []).append(item)
    return found


def _column(exported: Exported, field: FieldSpec) -> str:
    """Return the column that holds a field: its own, or the one that it had to move to."""
    names = [name for name in exported.columns if re.fullmatch(rf"{re.escape(field.source_column)}(_\d+)?", name)]
    for name in names:
        if all(row[name] == _cell(case, field) for case, row in zip(exported.cases, exported.rows, strict=True)):
            return name
    return field.source_column


def _cell(case: ExportedCase, field: FieldSpec) -> str | float | None:
    if field.name in case.files:
        return case.files[field.name]
    value = next((value for value in case.fields if value.field == field.name), None)
    return None if value is None else value.text if value.number is None else value.number


def labelling_config(exported: Exported) -> str:
    """Return the XML that makes Label Studio ask what the workspace asks."""
    spec = exported.spec
    marks = (mark for verdict in exported.verdicts for mark in verdict.marks)
    artefacts = sorted({mark.artefact for mark in marks if mark.artefact})
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Style").text = STYLE
    labels = [mark_label("look_here", None), mark_label("ignore", None), *(mark_label("ignore", a) for a in artefacts)]
    for field in spec.fields:
        _add_field(view, field, _column(exported, field), labels)
    for kind, control in FIELD_MARKS.items():
        names = [field.name for field in spec.fields if field.kind in ("numeric", "categorical")]
        if names:
            title = f"Fields: {mark_label(kind, None)}"
            _add_choices(view, control, spec.fields[0].name, {name: name for name in names}, title, choice="multiple")
    for target in spec.targets:
        words = {label: target.display.get(label, label) for label in target.classes} | {UNSURE: UNSURE}
        _add_choices(view, target.name, spec.fields[0].name, words, target.title or target.name, choice="single")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def mark_label(kind: MarkKind, artefact: str | None) -> str:
    """Return the label of a mark: `look here`, `ignore`, or `ignore: NAME`."""
    if kind == "look_here":
        return LOOK_HERE
    return f"{IGNORE}: {artefact}" if artefact else IGNORE


def _add_field(view: ElementTree.Element, field: FieldSpec, column: str, labels: Sequence[str]) -> None:
    ElementTree.SubElement(view, "Header", value=field.title or field.name)
    tag = "Image" if field.kind == "image" else "Text"
    ElementTree.SubElement(view, tag, name=field.name, value=f"${column}")
    if field.kind in ("image", "text"):
        control = "BrushLabels" if field.kind == "image" else "Labels"
        marks = ElementTree.SubElement(view, control, name=_marks_of(field.name), toName=field.name)
        for label in labels:
            ElementTree.SubElement(marks, "Label", value=label)


def _add_choices(
    view: ElementTree.Element, name: str, shown: str, words: Mapping[str, str], title: str, *, choice: str
) -> None:
    ElementTree.SubElement(view, "Header", value=title)
    choices = ElementTree.SubElement(view, "Choices", name=name, toName=shown, choice=choice)
    for value, text in words.items():
        given = {"value": text} if text == value else {"value": text, "alias": value}
        ElementTree.SubElement(choices, "Choice", given)


def _marks_of(field: str) -> str:
    return f"{field}-marks"


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one case as a task."""

    spec: WorkspaceSpec
    case: ExportedCase
    row: Mapping[str, str | float | None]
    columns: Mapping[str, str]
    """Field -> column."""
    number: int
    decode: Callable[[ExportedCase, ExportedMark], Mask]

    def task(self, verdicts: Sequence[ExportedVerdict], answers: Sequence[ExportedPrediction]) -> dict[str, object]:
        """Return the task with its annotations, one for each actor, and its prediction."""
        by_actor: dict[str, list[ExportedVerdict]] = {}
        for verdict in verdicts:
            by_actor.setdefault(verdict.actor, []).append(verdict)
        return {
            "id": self.number,
            "data": self._data(),
            "predictions": [self._prediction(answers)] if answers else [],
            "annotations": [self._annotation(given) for given in by_actor.values()],
        }

    def _data(self) -> dict[str, object]:
        data: dict[str, object] = {column: "" if cell is None else cell for column, cell in self.row.items()}
        for field, file in self.case.files.items():
            data[self.columns[field]] = LOCAL_FILES + quote(file)
        return data

    def _prediction(self, answers: Sequence[ExportedPrediction]) -> dict[str, object]:
        results = [
            {**self._choice(f"p{self.number}-{answer.target}", answer.target, [answer.label]), "score": _score(answer)}
            for answer in answers
        ]
        return {"model_version": answers[0].version, "score": min(map(_score, answers)), "result": results}

    def _annotation(self, given: Sequence[ExportedVerdict]) -> dict[str, object]:
        results = [result for verdict in given for result in self._verdict(verdict)]
        return {"result": results, "was_cancelled": False, "ground_truth": False, "created_at": given[-1].at}

    def _verdict(self, verdict: ExportedVerdict) -> Iterator[dict[str, object]]:
        said = {key: getattr(verdict, key) for key in ("actor", "target", "stance", "confidence", "version", "at")}
        meta: dict[str, object] = {OWN: said}
        if verdict.comment:
            meta["text"] = [verdict.comment]
        yield {**self._choice(f"v{verdict.id}", verdict.target, [verdict.label]), "meta": meta}
        for place, mark in enumerate(verdict.marks):
            own = {"actor": verdict.actor, "target": verdict.target, "mark": str(place), "kind": mark.kind}
            own |= {"artefact": mark.artefact} if mark.artefact else {}
            for result in self._mark(f"v{verdict.id}-{place}", mark):
                yield {**result, "meta": {OWN: own}}

    def _mark(self, key: str, mark: ExportedMark) -> Iterator[dict[str, object]]:
        labels = [mark_label(mark.kind, mark.artefact)]
        head = {"from_name": _marks_of(mark.field), "to_name": mark.field, "origin": "manual"}
        if mark.names:
            yield self._choice(key, FIELD_MARKS[mark.kind], mark.names)
        elif mark.mask is not None:
            mask = self.decode(self.case, mark)
            size = {"original_width": mask.shape[1], "original_height": mask.shape[0], "image_rotation": 0}
            value: dict[str, object] = {"format": "rle", "rle": brush_rle(mask), "brushlabels": labels}
            yield {"id": key, "type": "brushlabels", **head, **size, "value": value}
        else:
            text = str(self.row.get(self.columns[mark.field]) or "")
            for number, (start, end) in enumerate(mark.spans):
                words = {"start": start, "end": end, "text": text[start:end], "labels": labels}
                yield {"id": f"{key}-{number}", "type": "labels", **head, "value": words}

    def _choice(self, key: str, control: str, choices: Sequence[str]) -> dict[str, object]:
        shown, value = self.spec.fields[0].name, {"choices": list(choices)}
        return {"id": key, "from_name": control, "to_name": shown, "type": "choices", "value": value}


def _score(answer: ExportedPrediction) -> float:
    return answer.probabilities[answer.label]
