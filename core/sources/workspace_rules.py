"""Rules of a workspace that concern several of its keys at once."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath, PureWindowsPath

from core.contracts import UNSURE, WorkspaceSpec


def check_workspace(spec: WorkspaceSpec) -> list[str]:
    """Return what is wrong with a workspace as `key: got, wanted`, empty when nothing is."""
    rules = (_source, _fields, _targets, _attributes, _split, _encoder, _costs)
    return [mistake for rule in rules for mistake in rule(spec)]


def _source(spec: WorkspaceSpec) -> Iterator[str]:
    source = spec.source
    if source.kind == "package" and not source.dataset:
        yield 'source.dataset: the key is missing, wanted the name of a data set for kind = "package"'
    if source.kind == "folder" and source.dataset:
        yield f'source.dataset: got "{source.dataset}", wanted no such key for kind = "folder"'
    inside = not PurePosixPath(source.csv).is_absolute() and not PureWindowsPath(source.csv).is_absolute()
    if not source.csv.strip() or not inside or ".." in PurePosixPath(source.csv).parts:
        yield f'source.csv: got "{source.csv}", wanted the name of a file inside the folder'


def _targets(spec: WorkspaceSpec) -> Iterator[str]:
    for target in spec.targets:
        for label in target.classes:
            if not label or label != label.strip() or label == UNSURE:
                yield (
                    f'targets.{target.name}.classes: got "{label}", wanted text without spaces at its ends, '
                    f'other than "{UNSURE}"'
                )
        for label in target.display:
            if label not in target.classes:
                yield f'targets.{target.name}.display: got "{label}", wanted one of {", ".join(target.classes)}'


def _attributes(spec: WorkspaceSpec) -> Iterator[str]:
    for attribute in spec.attributes:
        if any(low >= high for low, high in pairwise(attribute.bins)):
            yield f"attributes.{attribute.name}.bins: got {list(attribute.bins)}, wanted numbers that rise"


def _split(spec: WorkspaceSpec) -> Iterator[str]:
    if spec.split.train == 0.0:
        yield "split.train: got 0, wanted a share above 0: without it no model can be trained"
    for target in spec.targets:
        if spec.split.group == target.source_column:
            yield (
                f'split.group: got "{spec.split.group}", wanted a column such as patient_id: grouping by the label of '
                f"target {target.name} would put each class into one split"
            )


def _encoder(spec: WorkspaceSpec) -> Iterator[str]:
    named = {f"encoders.{name}": encoder for name, encoder in spec.encoders.items()}
    for key, encoder in ({"encoder": spec.encoder} | named).items():
        if encoder is not None and any(width < 1 for width in encoder.hidden):
            yield f"{key}.hidden: got {list(encoder.hidden)}, wanted layer widths of at least 1"
        if encoder is not None and encoder.width % encoder.heads:
            yield f"{key}.width: got {encoder.width}, wanted a multiple of heads ({encoder.heads})"
    if any(width < 1 for width in spec.fusion.hidden or ()):
        yield f"fusion.hidden: got {list(spec.fusion.hidden or ())}, wanted layer widths of at least 1"


def _fields(spec: WorkspaceSpec) -> Iterator[str]:
    for field in spec.fields:
        path = f"fields.{field.name}"
        if field.kind == "categorical" and len(field.categories) < 2:
            yield f"{path}.categories: got {len(field.categories)} entries, wanted every value that the field may have"
        if field.kind != "categorical" and field.categories:
            yield f"{path}.categories: got {len(field.categories)} entries, wanted none for kind {field.kind}"
        if len(set(field.categories)) != len(field.categories) or any(
            c != c.strip() or not c for c in field.categories
        ):
            yield f"{path}.categories: got {list(field.categories)}, wanted different texts, no spaces at their ends"
        if field.minimum is not None and field.maximum is not None and field.minimum >= field.maximum:
            yield f"{path}.minimum: got {field.minimum:g}, wanted less than maximum ({field.maximum:g})"
        for category in field.display:
            if category not in field.categories:
                yield f'{path}.display: got "{category}", wanted one of {", ".join(field.categories)}'


def _costs(spec: WorkspaceSpec) -> Iterator[str]:
    classes = {target.name: target.classes for target in spec.targets}
    for number, cost in enumerate(spec.costs, start=1):
        if cost.target not in classes:
            yield f'costs.entry {number}.target: got "{cost.target}", wanted one of {", ".join(classes)}'
            continue
        for key, label in (("truth", cost.truth), ("answer", cost.answer)):
            if label not in classes[cost.target]:
                yield f'costs.entry {number}.{key}: got "{label}", wanted one of {", ".join(classes[cost.target])}'
