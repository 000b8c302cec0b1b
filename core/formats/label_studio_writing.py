"""Cases as Label Studio's tasks: our answers as predictions, verdicts and marks as annotations, and its labelling config."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from core.contracts import UNSURE, Confidence, FieldSpec, MarkKind, Prediction, Stance, WorkspaceSpec
from core.formats.label_studio_masks import Mask, brush_rle
from core.formats.label_studio_results import OWN

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


@dataclass(frozen=True, slots=True)
class TaskMark:
    """A mark of a verdict; just one of `mask`, `names` and `spans` is set."""

    field: str
    kind: MarkKind
    artefact: str | None = None
    mask: Mask | None = None
    names: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TaskVerdict:
    """A verdict with its marks."""

    target: str
    label: str
    actor: str
    stance: Stance = "agree"
    confidence: Confidence = "certain"
    comment: str = ""
    version: str | None = None
    at: str = ""
    marks: tuple[TaskMark, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenTask:
    """A case as a task."""

    row: Mapping[str, object]
    """Column -> cell, as in the other tables of an export: `id`, fields (an image as its file below the folder),
    labels, attributes, group, split; None where there is none."""
    verdicts: tuple[TaskVerdict, ...] = ()
    prediction: Prediction | None = None


def write_label_studio(
    folder: Path, spec: WorkspaceSpec, tasks: Iterable[WrittenTask], artefacts: Sequence[str] = ()
) -> tuple[Path, Path]:
    """Write `tasks.json` and `labelling.xml`, and return them.

    Paste the config into the project's labelling interface, set LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED and
    LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT (the folder) for pictures, and import the tasks. `core.sources` reads the
    file again without loss: what Label Studio has no place for (who, how sure, on which version) is in each result's
    `meta`.

    Parameters
    ----------
    folder : Path
        Where to write; it is there already.
    spec : WorkspaceSpec
        What the rows hold.
    tasks : iterable of WrittenTask
        The cases, in order.
    artefacts : sequence of str
        Names that *ignore* marks may have.
    """
    config = folder / CONFIG
    config.write_text(labelling_config(spec, artefacts), encoding="utf-8")
    path = folder / TASKS
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, task in enumerate(tasks, start=1):
            entry = json.dumps(_task(spec, number, task), ensure_ascii=False, allow_nan=False)
            file.write(f"{',' if number > 1 else ''}\n{entry}")
        file.write("\n]\n")
    return path, config


def labelling_config(spec: WorkspaceSpec, artefacts: Sequence[str] = ()) -> str:
    """Return the XML that makes Label Studio ask what the workspace asks."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Style").text = STYLE
    labels = [mark_label("look_here", None), mark_label("ignore", None), *(mark_label("ignore", a) for a in artefacts)]
    for field in spec.fields:
        _add_field(view, field, labels)
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


def _add_field(view: ElementTree.Element, field: FieldSpec, labels: Sequence[str]) -> None:
    ElementTree.SubElement(view, "Header", value=field.title or field.name)
    tag = "Image" if field.kind == "image" else "Text"
    ElementTree.SubElement(view, tag, name=field.name, value=f"${field.source_column}")
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
        more = {} if text == value else {"alias": value}
        ElementTree.SubElement(choices, "Choice", value=text, **more)


def _marks_of(field: str) -> str:
    return f"{field}-marks"


def _task(spec: WorkspaceSpec, number: int, task: WrittenTask) -> dict[str, object]:
    images = {field.source_column for field in spec.fields if field.kind == "image"}
    data = {column: _cell(cell, column in images) for column, cell in task.row.items()}
    by_actor: dict[str, list[TaskVerdict]] = {}
    for verdict in task.verdicts:
        by_actor.setdefault(verdict.actor, []).append(verdict)
    return {
        "id": number,
        "data": data,
        "predictions": [] if task.prediction is None else [_prediction(spec, number, task.prediction)],
        "annotations": [_annotation(spec, task, number, given) for given in by_actor.values()],
    }


def _cell(cell: object, image: bool) -> object:
    if cell is None:
        return ""
    return LOCAL_FILES + quote(str(cell)) if image else cell


def _prediction(spec: WorkspaceSpec, number: int, prediction: Prediction) -> dict[str, object]:
    results = [
        {**_choice(spec, f"p{number}-{answer.target}", answer.target, [answer.label]), "score": answer.probability}
        for answer in prediction.targets
    ]
    least = min(answer.probability for answer in prediction.targets)
    return {"model_version": prediction.version, "score": least, "result": results}


def _annotation(spec: WorkspaceSpec, task: WrittenTask, number: int, given: Sequence[TaskVerdict]) -> dict[str, object]:
    results: list[dict[str, object]] = []
    for verdict in given:
        key = f"v{number}-{len(results)}"
        said = {
            "actor": verdict.actor,
            "target": verdict.target,
            "stance": verdict.stance,
            "confidence": verdict.confidence,
            "version": verdict.version,
            "at": verdict.at,
        }
        meta: dict[str, object] = {OWN: said}
        if verdict.comment:
            meta["text"] = [verdict.comment]
        results.append({**_choice(spec, key, verdict.target, [verdict.label]), "meta": meta})
        for place, mark in enumerate(verdict.marks):
            for result in _mark(spec, task, f"{key}-{place}", mark):
                own = {"actor": verdict.actor, "target": verdict.target, "mark": place}
                own |= {"kind": mark.kind, "artefact": mark.artefact}
                results.append({**result, "meta": {OWN: own}})
    return {"result": results, "was_cancelled": False, "ground_truth": False, "created_at": given[-1].at}


def _choice(spec: WorkspaceSpec, key: str, control: str, choices: Sequence[str]) -> dict[str, object]:
    shown = spec.fields[0].name
    value = {"choices": list(choices)}
    return {"id": key, "from_name": control, "to_name": shown, "type": "choices", "value": value}


def _mark(spec: WorkspaceSpec, task: WrittenTask, key: str, mark: TaskMark) -> Iterator[dict[str, object]]:
    labels = [mark_label(mark.kind, mark.artefact)]
    head = {"from_name": _marks_of(mark.field), "to_name": mark.field, "origin": "manual"}
    if mark.names:
        yield _choice(spec, key, FIELD_MARKS[mark.kind], mark.names)
    elif mark.mask is not None:
        height, width = mark.mask.shape
        size = {"original_width": width, "original_height": height, "image_rotation": 0}
        value: dict[str, object] = {"format": "rle", "rle": brush_rle(mark.mask), "brushlabels": labels}
        yield {"id": key, "type": "brushlabels", **head, **size, "value": value}
    else:
        text = str(task.row.get(spec.field(mark.field).source_column) or "")
        for number, (start, end) in enumerate(mark.spans):
            words = {"start": start, "end": end, "text": text[start:end], "labels": labels}
            yield {"id": f"{key}-{number}", "type": "labels", **head, "value": words}
