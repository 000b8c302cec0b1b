"""Label Studio's JSON, the full export and JSON-MIN, read into records; what can't be read is listed, task by task."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import ImportRefused
from core.formats.label_studio_results import SHAPES, SHOWN, Result, Unreadable, read_result
from core.formats.tables import RowProblem

LARGEST_FILE = 1024 * 1024 * 1024
_DESCRIBING = frozenset(
    {
        "id",
        "annotator",
        "annotation_id",
        "created_at",
        "updated_at",
        "lead_time",
        "agreement",
        "annotations",
        "predictions",
    }
)
"""Keys of a JSON-MIN task that are neither data nor answers."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person said of a task."""

    actor: str | None
    at: str
    truth: bool
    """Marked as ground truth."""
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One task; `number` is its place in the file, from 1."""

    number: int
    id: str
    data: Mapping[str, object]
    annotations: tuple[Annotation, ...]
    predictions: int


@dataclass(frozen=True, slots=True)
class Tasks:
    """A file of tasks, and what in it can't be read."""

    file: str
    tasks: tuple[Task, ...]
    problems: tuple[RowProblem, ...]


def read_tasks(path: Path, answers: frozenset[str]) -> Tasks:
    """Read a file of tasks.

    Parameters
    ----------
    path : Path
        The JSON that Label Studio exported.
    answers : frozenset of str
        Names of controls; JSON-MIN does not say which keys are answers and which are data.

    Raises
    ------
    ImportRefused
        No such file, too large, no JSON, no list of tasks.
    """
    problems: list[RowProblem] = []
    tasks: list[Task] = []
    places: dict[str, int] = {}
    for number, item in enumerate(_items(path), start=1):
        task = _task(number, item, answers, problems)
        if task is None:
            continue
        if _is_minimum(item) and task.id in places:  # JSON-MIN repeats a task for each annotation
            place = places[task.id]
            tasks[place] = replace(tasks[place], annotations=tasks[place].annotations + task.annotations)
        else:
            places[task.id] = len(tasks)
            tasks.append(task)
    return Tasks(path.name, tuple(tasks), tuple(problems))


def _is_minimum(item: object) -> bool:
    return isinstance(item, dict) and "data" not in item and not isinstance(item.get("annotations"), list)


def _items(path: Path) -> Sequence[object]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ImportRefused(f"{path.name}: the file has more than {LARGEST_FILE:,} bytes. Export it in parts.")
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ImportRefused(
            f"{path.name}: the file can't be read ({error.strerror}) in folder {path.parent}. Put Label Studio's JSON "
            "export there, or name it in `source.file`."
        ) from None
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{path.name}: this is no JSON ({error}). Export it from Label Studio as JSON.") from None
    if not isinstance(found, list) or not found:
        raise ImportRefused(f"{path.name}: wanted a list of tasks, got {_kind(found)}. Export it as JSON.")
    return found


def _task(number: int, item: object, answers: frozenset[str], problems: list[RowProblem]) -> Task | None:
    if not isinstance(item, dict):
        problems.append(RowProblem(number, "task", f"is {_kind(item)}; wanted an object with data and annotations"))
        return None
    data, entries = item.get("data"), item.get("annotations", item.get("completions"))
    if _is_minimum(item):
        data, entries = _from_minimum(item, answers)
    if not isinstance(data, dict):
        problems.append(RowProblem(number, "data", f"is {_kind(data)}; wanted an object"))
        return None
    predictions = item.get("predictions")
    return Task(
        number=number,
        id=str(item.get("id", number)),
        data=data,
        annotations=tuple(_annotations(number, entries, problems)),
        predictions=len(predictions) if isinstance(predictions, list) else 0,
    )


def _from_minimum(item: Mapping[str, object], answers: frozenset[str]) -> tuple[dict[str, object], list[object]]:
    """Return the data of a JSON-MIN task, and its answers in the form of the full export."""
    data: dict[str, object] = {}
    results: list[object] = []
    for key, value in item.items():
        if key in _DESCRIBING:
            continue
        chosen = value.get("choices") if isinstance(value, dict) else value
        if key in answers and isinstance(chosen, (str, list)):
            choices = [chosen] if isinstance(chosen, str) else chosen
            results.append({"type": "choices", "from_name": key, "value": {"choices": choices}})
        elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
            results += [
                {**part, "type": _type_of(part), "from_name": key, "value": part}
                for part in value
                if isinstance(part, dict)
            ]
        else:
            data[key] = value
    entry = {"completed_by": item.get("annotator"), "created_at": item.get("created_at"), "result": results}
    return data, [entry] if results else []


def _type_of(value: Mapping[str, object]) -> str:
    return next((key for key in (*SHAPES, "labels", "choices") if key in value), "unknown")


def _annotations(number: int, entries: object, problems: list[RowProblem]) -> list[Annotation]:
    if entries is None:
        return []
    if not isinstance(entries, list):
        problems.append(RowProblem(number, "annotations", f"is {_kind(entries)}; wanted a list"))
        return []
    found: list[Annotation] = []
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("result"), list):
            problems.append(RowProblem(number, "annotations", "an annotation has no list `result`"))
        elif not entry.get("was_cancelled"):
            at = str(entry.get("updated_at") or entry.get("created_at") or "")
            results = _results(number, entry["result"], problems)
            found.append(Annotation(_actor(entry.get("completed_by")), at, bool(entry.get("ground_truth")), results))
    return sorted(found, key=lambda annotation: annotation.at)


def _actor(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("email") or value.get("id")
    return None if value is None or value == "" else str(value)


def _results(number: int, entries: Sequence[object], problems: list[RowProblem]) -> tuple[Result, ...]:
    found: list[Result] = []
    for entry in entries:
        if isinstance(entry, dict) and entry.get("type") == "relation":
            continue
        try:
            found.append(read_result(entry))
        except Unreadable as error:
            name = str(entry.get("from_name", "result")) if isinstance(entry, dict) else "result"
            problems.append(RowProblem(number, name[:SHOWN], str(error)))
    labelled = {result.id for result in found if result.is_mark and result.labels}
    return tuple(r for r in found if not r.is_mark or r.labels or r.id not in labelled)


def _kind(value: object) -> str:
    names: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "nothing" if value is None or value == [] else names.get(type(value), "a number")
