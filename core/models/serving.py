"""The four steps of an answer: setup, decode, predict, encode."""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.contracts import FieldSpec, Prediction, TargetAnswer
from core.errors import BadInput
from core.models.batching import cases_per_pass, padded, passes
from core.models.calibration import answer_sets, calibrated
from core.models.deciding import decided, reason_of
from core.models.manifest import TargetCalibration
from core.models.network import TandemNetwork
from core.models.preparers import Array, preparer
from core.models.registry import LoadedModel

Inputs = Mapping[str, Tensor | Array]
"""Field -> prepared input (with a batch in front for many cases)."""
Logits = dict[str, npt.NDArray[np.float32]]
Attributes = Mapping[str, str] | None
"""What is known of one case besides its inputs; None where nothing is."""


@dataclass(frozen=True, slots=True, eq=False)
class ServedModel:
    """A version with a network of its own for serving, so that explainers' hooks can't reach it."""

    model: LoadedModel
    network: TandemNetwork
    device: torch.device


def setup(model: LoadedModel) -> ServedModel:
    """Make a serving copy of the version: no gradients, frozen encoders prepared for speed."""
    network = copy.deepcopy(model.network).eval().requires_grad_(False)
    for name in network.frozen_fields:
        field = model.spec.field(name)
        if field.kind == "image":
            probe = torch.linspace(0, 1, math.prod(preparer(field).shape(field)), device=model.device)
            network.encoder(name).speed_up(probe.view(1, *preparer(field).shape(field)))
    return ServedModel(model, network.to(memory_format=network.memory_format), model.device)


def decode(model: LoadedModel, inputs: Inputs, *, batched: bool = False) -> dict[str, Tensor]:
    """Check prepared inputs and return them as tensors by field.

    Raises
    ------
    BadInput
        When a field is missing or unknown, or has another shape or type than the version needs.
    """
    names = {field.name for field in model.spec.fields}
    if set(inputs) != names:
        raise BadInput(f"{model.version} needs the fields {sorted(names)}, got {sorted(inputs)}.")
    return {field.name: _checked(field, inputs[field.name], batched) for field in model.spec.fields}


def _checked(field: FieldSpec, value: Tensor | Array, batched: bool) -> Tensor:
    tensor = torch.from_numpy(value) if isinstance(value, np.ndarray) else value
    wanted, shape = preparer(field).dtype, preparer(field).shape(field)
    found = tuple(tensor.shape[1:] if batched else tensor.shape)
    if tensor.dtype != wanted or found != shape:
        raise BadInput(
            f"Field {field.name!r} needs {wanted} input of shape {list(shape)}, got {tensor.dtype} {list(found)}. "
            "Prepare it with the version's own preparation."
        )
    return tensor


def predict(served: ServedModel, inputs: Mapping[str, Tensor]) -> Logits:
    """Return each target's logits [cases, classes] of prepared inputs [cases, ...], in passes of a good size."""
    count = len(next(iter(inputs.values())))
    size = cases_per_pass(inputs, served.device)
    parts = [
        _forward(served, {name: tensor[part] for name, tensor in inputs.items()}, size) for part in passes(count, size)
    ]
    return {target: np.concatenate([part[target] for part in parts]) for target in served.network.targets}


def _forward(served: ServedModel, inputs: Mapping[str, Tensor], size: int) -> Logits:
    count, device = len(next(iter(inputs.values()))), served.device
    with torch.inference_mode():
        values = {name: padded(tensor, size, device).to(device) for name, tensor in inputs.items()}
        with torch.autocast(device.type, dtype=torch.float16, enabled=device.type == "cuda"):
            vectors = served.network.encode(values)
        logits = served.network.decide(served.network.fusion({name: v.float() for name, v in vectors.items()}))
    return {target: tensor[:count].cpu().numpy() for target, tensor in logits.items()}


def encode(model: LoadedModel, logits: Logits, *, attributes: Sequence[Attributes] | None = None) -> list[Prediction]:
    """Turn logits [cases, classes] by target into calibrated answers, one prediction a case.

    `attributes` [cases] serve a version whose sets or decisions depend on a case's group; without them, or where a case
    lacks the attribute, what holds over all cases serves.
    """
    columns = [_answers(item, logits[item.target], attributes) for item in model.manifest.targets]
    return [Prediction(model.version, answers) for answers in zip(*columns, strict=True)]


def _answers(
    item: TargetCalibration, logits: npt.NDArray[np.float32], attributes: Sequence[Attributes] | None
) -> list[TargetAnswer]:
    probabilities = calibrated(item, logits)
    sets = answer_sets(item, probabilities, attributes)
    labels = decided(item.group_thresholds, item.classes, probabilities, attributes)
    sets[np.arange(len(labels)), labels] = True  # a rule's answer is never ruled out
    order = np.argsort(-probabilities, axis=1, kind="stable")
    known = attributes if attributes is not None else [None] * len(labels)
    rows = zip(probabilities.tolist(), sets.tolist(), order.tolist(), labels.tolist(), known, strict=True)
    return [_answer(item, *row) for row in rows]


def _answer(
    item: TargetCalibration,
    probabilities: list[float],
    chosen: list[bool],
    order: list[int],
    label: int,
    attributes: Attributes,
) -> TargetAnswer:
    answer_set = tuple(item.classes[index] for index in order if chosen[index])
    reason = _reason(answer_set, len(item.classes))
    if item.group_thresholds is not None:
        reason = f"{reason}; {reason_of(item.group_thresholds, attributes)}"
    return TargetAnswer(
        target=item.target,
        label=item.classes[label],
        classes=item.classes,
        probabilities=tuple(probabilities),
        answer_set=answer_set,
        defers=len(answer_set) > 1,
        reason=reason,
    )


def _reason(answer_set: tuple[str, ...], classes: int) -> str:
    if len(answer_set) == 1:
        return f"{answer_set[0]} is the only answer that it can't rule out"
    if len(answer_set) == classes > 2:
        return "can't rule out any answer"
    return f"can't rule out {', '.join(answer_set)}"
