"""Rules of a workspace that concern several of its keys at once."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath, PureWindowsPath

from core.contracts import UNSURE, WorkspaceSpec
from core.sources.workspace_policies import fairness_rules, group_rules, label_rules, positive_rules


def check_workspace(spec: WorkspaceSpec) -> list[str]:
    """Return what is wrong with a workspace as `key: got, wanted`, empty when nothing is."""
    rules = (_source, _fields, _targets, _attributes, _split, _encoder, _model, _costs, _sets)
    policies = (fairness_rules, positive_rules, group_rules, label_rules)
    return [mistake for rule in (*rules, *policies) for mistake in rule(spec)]


def _source(spec: WorkspaceSpec) -> Iterator[str]:
    source = spec.source
    if source.kind == "package" and not source.dataset:
        yield 'source.dataset: the key is missing, wanted the name of a data set for kind = "package"'
    if source.kind != "package" and source.dataset:
        yield f'source.dataset: got "{source.dataset}", wanted no such key for kind = "{source.kind}"'
    if source.kind in ("folder", "package", "images") and source.file:
        yield f'source.file: got "{source.file}", wanted no such key for kind = "{source.kind}"'
    if source.kind in ("images", "coco") and all(field.kind != "image" for field in spec.fields):
        yield f'source.kind: got "{source.kind}", wanted it only with a field of kind image'
    if source.kind == "images":
        yield from _folder_of_images(spec)
    for key in ("csv", "file", "verdicts", "regions", "reads"):
        name = getattr(source, key)
        if name is not None and not _is_inside(name):
            yield f'source.{key}: got "{name}", wanted the name of a file inside the folder'


def _folder_of_images(spec: WorkspaceSpec) -> Iterator[str]:
    """Yield what a folder of images can't fill: it has one image and one label for each case."""
    needed = [field.name for field in spec.fields if field.required]
    if needed[1:] or any(field.kind != "image" for field in spec.fields if field.required):
        yield f'source.kind: got "images" with the fields {", ".join(needed)}, wanted one image and no other required'
    if len(spec.targets) > 1:
        yield f'source.kind: got "images" with {len(spec.targets)} targets, wanted one: the sub-folders are its classes'
    if spec.attributes:
        yield f'source.kind: got "images" with {len(spec.attributes)} attributes, wanted none: a folder has none'
    if spec.split.group or spec.source.split:
        yield 'source.kind: got "images" with a column of groups or splits, wanted none: a folder has no columns'


def _is_inside(name: str) -> bool:
    inside = not PurePosixPath(name).is_absolute() and not PureWindowsPath(name).is_absolute()
    return bool(name.strip()) and inside and ".." not in PurePosixPath(name).parts


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


def _model(spec: WorkspaceSpec) -> Iterator[str]:
    model = spec.model
    if model is None:
        return
    if not _is_inside(model.weights) or not model.weights.endswith(".safetensors"):
        yield f'model.weights: got "{model.weights}", wanted the name of a .safetensors file inside the folder'
    if model.head is not None and not model.head.strip():
        yield 'model.head: got "", wanted the name of a torch.nn.Linear, or no such key'
    for key, given in (("encoder", spec.encoder), ("encoders", spec.encoders)):
        if given:
            yield f"{key}: got a section beside [model], wanted one of the two: the model reads the fields itself"


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


def _sets(spec: WorkspaceSpec) -> Iterator[str]:
    binary = [target.name for target in spec.targets if len(target.classes) == 2]
    if spec.calibration.sets != "lac" and binary:
        yield (
            f'calibration.sets: got "{spec.calibration.sets}" with two classes in {", ".join(binary)}, wanted "lac": '
            "adaptive sets are for more than two"
        )
