"""Commands about cases: bring them in, take them out, ask the model, say what is right."""

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from core.cli.evidence import options_of, quality_lines, wishes_object
from core.cli.frame import (
    JsonOption,
    ProgressLines,
    TargetOption,
    metrics_lines,
    metrics_object,
    note,
    opened,
    show,
    wait_for,
)
from core.contracts import Confidence, MarkForm, TargetAnswer, VerdictForm, WorkspaceSpec
from core.errors import BadInput, NotFound, UserError
from core.services.files import writing_into
from core.services.shapes import explanation_object, prediction_object

if TYPE_CHECKING:
    from core.services.container import Container
    from core.services.importing import ImportReport
    from core.services.predictions import ExplainedCase

WorkspaceArgument = Annotated[str, typer.Argument(help="Name of the workspace.")]
LONGEST_PART = 40
"""Characters of a case's or field's name that the name of a file repeats."""
CaseArgument = Annotated[str, typer.Argument(help="Name of the case.")]


def demo(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which demos; all that TANDEM_DEMOS names when left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the demo workspaces: import their cases, train their first champion, wait for it."""
    with opened() as container:
        for name in names or container.settings.demos:
            note(f"{name}:")
            report = container.importing.import_demo(name, ProgressLines())
            wait_for(container, report.job_id)
        status = container.workspaces.status()
    ready = [f"{name}: champion {item['champion']}" for name, item in status["workspaces"].items()]
    show(as_json, status, *ready)


def import_folder(
    workspace_toml: Annotated[Path, typer.Argument(help="The file that declares the workspace.")],
    folder: Annotated[
        Path, typer.Argument(help="The folder with the cases: a table and its files, or as `source` says.")
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Train the first champion too, and wait for it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import the cases of a folder. Doing it twice adds nothing."""
    with opened() as container:
        actor, reporter = container.default_actor, ProgressLines()
        report = container.importing.import_folder(workspace_toml, folder, actor=actor, reporter=reporter)
        _tell_what_was_left_out(report)
        result, lines = import_object(report), [import_line(report)]
        if wait:
            wait_for(container, report.job_id)
            version = str(container.workspaces.champion(report.workspace))
            metrics = container.retraining.metrics(report.workspace, version)
            result |= {"version": version, "metrics": metrics_object(metrics)}
            lines += [f"champion {version}, on cases that it never trained on:", *metrics_lines(metrics)]
    show(as_json, result, *lines)


def _tell_what_was_left_out(report: "ImportReport") -> None:
    from core.services.importing import place_of

    for problem in report.problems:
        note(f"  {place_of(problem)}: {problem.reason}")
    for name in report.conflicts:
        note(f"  {name}: already here with other content; kept as it was")
    for words in report.notes:
        note(f"  {words}")


def import_line(report: "ImportReport") -> str:
    """Return what an import did, in words."""
    return (
        f"{report.workspace}: {report.added} cases added, {report.unchanged} unchanged, "
        f"{len(report.conflicts)} in conflict, {len(report.problems)} rows not usable"
        f"{f', {report.verdicts} verdicts' if report.verdicts else ''}"
    )


def import_object(report: "ImportReport") -> dict[str, object]:
    """Return what an import did, as JSON."""
    return {
        "workspace": report.workspace,
        "added": report.added,
        "unchanged": report.unchanged,
        "conflicts": list(report.conflicts),
        "problems": [{"line": p.line, "column": p.column, "reason": p.reason} for p in report.problems],
        "verdicts": report.verdicts,
        "notes": list(report.notes),
        "job": report.job_id,
    }


def export(
    workspace: WorkspaceArgument,
    folder: Annotated[Path, typer.Argument(help="Where to write; made when it is not there.")],
    file_format: Annotated[
        str, typer.Option("--format", help="How the cases are written: csv, parquet, jsonl, coco, label-studio.")
    ] = "csv",
    as_json: JsonOption = False,
) -> None:
    """Write cases, reads, verdicts with their marks, predictions and decisions; the folder can be imported again."""
    with opened() as container:
        files = container.exporting.export(workspace, folder, file_format)
    show(as_json, {"workspace": workspace, "files": [str(file) for file in files]}, *map(str, files))


def predict(workspace: WorkspaceArgument, case: CaseArgument, as_json: JsonOption = False) -> None:
    """Ask the champion about a case."""
    with opened() as container:
        prediction = container.predictions.predict(workspace, case)
    show(as_json, prediction_object(case, prediction), *(answer_line(answer) for answer in prediction.targets))


def answer_line(answer: TargetAnswer) -> str:
    """Return an answer in words."""
    if not answer.classes:
        return f"{answer.target}: {answer.reason}"
    line = f"{answer.target}: {answer.label} ({answer.probability:.2f}); can't rule out: {', '.join(answer.answer_set)}"
    return f"{line}; leaves it to a person: {answer.reason}" if answer.defers else line


def explain(
    workspace: WorkspaceArgument,
    case: CaseArgument,
    method: Annotated[
        str | None, typer.Option("--method", help="Such as integrated_gradients; the best supported when left out.")
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="Explain this label; the answer when left out.")] = None,
    against: Annotated[
        str | None, typer.Option("--against", help="Why the label rather than this one; why at all when left out.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", help="What absent means: neutral, zero, mean, blur, median, case...")
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="The case that is the baseline, with --baseline case.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="An option of the method; repeated.")
    ] = None,
    quality: Annotated[bool, typer.Option("--quality", help="Also measure how far it can be trusted.")] = False,
    target: TargetOption = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the .npy files of images.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show what the champion's answer rests on; images become .npy files of the original's size."""
    from core.services.evidence.asking import Wishes

    wishes = Wishes(method, label, against, baseline, reference, options_of(option or ()))
    with opened() as container:
        explained = container.predictions.explain(workspace, case, method, label, target, wishes)
        measured = container.predictions.quality(workspace, case, target, wishes) if quality else None
    attributions = written(explained, out)
    result = explanation_object(explained, attributions)
    result |= wishes_object(explained)
    result |= {"quality": asdict(measured)} if measured else {}
    lines = [f"{field}: {value}" for field, value in attributions.items()]
    show(as_json, result, *lines, *(quality_lines(measured) if measured else ()))


def written(explained: "ExplainedCase", folder: Path) -> dict[str, object]:
    """Write the arrays of an explanation as .npy files; return attributions with the files' names in their place."""
    attributions: dict[str, object] = {}
    for field, values in explained.attributions.items():
        attributions[field] = values
        if isinstance(values, np.ndarray):
            file = folder / file_name(explained, field)
            with writing_into(folder):
                np.save(file, values, allow_pickle=False)
            attributions[field] = str(file)
    return attributions


def file_name(explained: "ExplainedCase", field: str) -> str:
    """Return the name of the .npy file of a field: short plain words, and a digest that no other explanation has."""
    parts = (explained.case or "given", explained.version, explained.method, explained.target, explained.label, field)
    words = [re.sub(r"[^A-Za-z0-9_.]+", "_", part)[:LONGEST_PART] for part in parts]
    known = json.dumps([*parts, *wishes_object(explained).items()])
    return f"{'-'.join(words)}-{hashlib.sha256(known.encode()).hexdigest()[:8]}.npy"


def verdict(
    workspace: WorkspaceArgument,
    case: CaseArgument,
    label: Annotated[str, typer.Option("--label", help="What is right: one of the classes, or unsure.")],
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="MASK.png|NAME...", help="What the model should not use; may be repeated."),
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", hidden=True, help="Further names after --ignore.")
    ] = None,
    artefact: Annotated[str | None, typer.Option("--artefact", help="Name for the ignored thing.")] = None,
    target: TargetOption = None,
    confidence: Annotated[str, typer.Option("--confidence", help="guess, likely or certain.")] = "certain",
    comment: Annotated[str, typer.Option("--comment", help="Words to keep with the verdict.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Record a verdict on a case, with masks or field names that the model should ignore."""
    if more and not ignore:
        raise typer.BadParameter(f"unexpected {' '.join(more)}")
    with opened() as container:
        spec = container.workspaces.spec(workspace)
        form = VerdictForm(
            workspace=workspace,
            case=case,
            target=target_name(spec, target),
            label=label,
            confidence=_confidence(confidence),
            version=None,
            comment=comment,
            marks=ignore_marks(container, spec, case, [*(ignore or []), *(more or [])], artefact),
        )
        saved = container.review.save_verdict(form, actor=container.default_actor)
    result = {"case": case, "target": form.target, "label": label, "verdict": saved.verdict_id}
    show(as_json, {**result, "notes": list(saved.notes)}, f"{case}: {label} saved", *saved.notes)


def _confidence(value: str) -> Confidence:
    for known in ("guess", "likely", "certain"):
        if value == known:
            return known
    raise BadInput(f"--confidence must be guess, likely or certain, got {value!r}.")


def target_name(spec: WorkspaceSpec, asked: str | None) -> str:
    """Return the target that is meant.

    Raises
    ------
    NotFound
        When there is no such target.
    UserError
        When none was named and the workspace has several.
    """
    known = [target.name for target in spec.targets]
    if asked is None and len(known) == 1:
        return known[0]
    if asked is None:
        raise UserError(f"{spec.name} has several targets ({', '.join(known)}). Say which with --target.")
    if asked not in known:
        raise NotFound(f"{spec.name} has no target {asked!r}; it has {', '.join(known)}.")
    return asked


def ignore_marks(
    container: "Container", spec: WorkspaceSpec, case: str, values: list[str], artefact: str | None
) -> tuple[MarkForm, ...]:
    """Return the marks that `--ignore` stands for: a path that ends in .png is a mask, else a field or words."""
    names = [value for value in values if not _is_mask(value)]
    return painted_marks(spec, values, artefact) + container.review.named_marks(spec.name, case, names, artefact)


def _is_mask(value: str) -> bool:
    return value.lower().endswith(".png")


def painted_marks(spec: WorkspaceSpec, values: list[str], artefact: str | None) -> tuple[MarkForm, ...]:
    """Return the marks of those values that are paths of masks."""
    masks = [Path(value) for value in values if _is_mask(value)]
    return tuple(MarkForm(_image_field(spec), "ignore", artefact, _read(path)) for path in masks)


def _image_field(spec: WorkspaceSpec) -> str:
    images = [field.name for field in spec.fields if field.kind == "image"]
    if len(images) != 1:
        raise BadInput(f"A mask needs a workspace with one image field; {spec.name} has {len(images)}.")
    return images[0]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"Can't read the mask {path}: {error.strerror}. Give the path of a PNG file.") from error
