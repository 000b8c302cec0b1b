"""Checks that every method makes before it computes anything."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explain.base import Explainer, InputKind, Option, OptionValue, Subject
from explain.batches import rows_for
from explain.errors import ExplainError
from explain.isolation import device_of, private_view

FORMS: Mapping[InputKind, str] = {"image": "[1, C, H, W]", "categorical": "[1, K]", "text": "[1, T, D]"}
"""Shapes that a kind must have; a text may also be whole numbers in any shape, which have no gradient."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A checked question: which logit of which module, for which tensors."""

    module: nn.Module
    """Private view of the subject's module."""
    inputs: tuple[Tensor, ...]
    baselines: tuple[Tensor, ...]
    label: int
    scale: float
    """Standard deviation of the label's logit."""
    subject: Subject
    """What was asked about: kinds, words, background."""
    rows: int
    """Rows that one batch should have; halved when memory runs out."""

    @property
    def device(self) -> torch.device:
        """Where it is computed."""
        return self.inputs[0].device

    def logit(self, *inputs: Tensor) -> Tensor:
        """Return the label's logit of each row, [B]."""
        logits: Tensor = self.module(*inputs)
        return logits[:, self.label]


def checked_case(
    subject: Subject, inputs: tuple[Tensor, ...], label: int, baselines: tuple[Tensor, ...] | None
) -> Case:
    """Return the checked question on the module's device.

    Raises
    ------
    ExplainError
        When an input, a baseline, the label or the model's answer can't be used.
    """
    module = private_view(subject)
    device = device_of(module) or inputs[0].device
    own = checked_tensors(subject, inputs, device, "input")
    blank = tuple(torch.zeros_like(item) for item in own)
    base = blank if baselines is None else checked_tensors(subject, baselines, device, "baseline")
    for number, (item, start) in enumerate(zip(own, base, strict=True)):
        if item.shape != start.shape:
            raise ExplainError(f"baseline {number} must have its input's shape {_shape(item)}, got {_shape(start)}.")
    classes = _classes(module, own)
    if not 0 <= label < classes:
        raise ExplainError(f"label must be 0..{classes - 1}, got {label}. Give the index of a class.")
    if len(subject.output_sd) != classes:
        raise ExplainError(
            f"output_sd must have one entry for each of {classes} classes, got {len(subject.output_sd)}."
        )
    return Case(module, own, base, label, float(subject.output_sd[label]), subject, rows_for(own))


def checked_tensors(
    subject: Subject, tensors: tuple[Tensor, ...], device: torch.device, what: str
) -> tuple[Tensor, ...]:
    """Return private copies on `device`, floats as float32.

    Raises
    ------
    ExplainError
        When the number, the batch size, a shape or a value can't be used.
    """
    if len(tensors) != len(subject.kinds):
        raise ExplainError(f"the model has {len(subject.kinds)} inputs, got {len(tensors)} {what} tensors.")
    for number, (tensor, kind) in enumerate(zip(tensors, subject.kinds, strict=True)):
        if tensor.ndim == 0 or tensor.shape[0] != 1:
            raise ExplainError(f"{what} {number} must be one case, [1, ...], got shape {_shape(tensor)}.")
        form = None if kind == "text" and not tensor.is_floating_point() else FORMS.get(kind)
        if form is not None and tensor.ndim != form.count(",") + 1:
            raise ExplainError(f"{what} {number} is of kind {kind} and must be {form}, got shape {_shape(tensor)}.")
        if not bool(torch.isfinite(tensor).all()):
            raise ExplainError(f"{what} {number} contains NaN or infinity. Correct the values before explaining.")
    with torch.inference_mode(False):
        return tuple(_private(tensor, device) for tensor in tensors)


def checked_options(explainer: Explainer, options: Mapping[str, OptionValue] | None) -> dict[str, OptionValue]:
    """Return all options of the method, defaults filled in.

    Raises
    ------
    ExplainError
        When a name is unknown or a value has the wrong type or is out of range.
    """
    spec = {option.name: option for option in explainer.config_spec()}
    given = dict(options or {})
    for name in given:
        if name not in spec:
            known = ", ".join(spec) or "none"
            raise ExplainError(f"{explainer.name} has no option {name!r}; its options: {known}.")
    return {name: _checked_value(option, given.get(name, option.default)) for name, option in spec.items()}


def _checked_value(option: Option, value: OptionValue) -> OptionValue:
    if option.kind == "choice":
        if value not in option.choices:
            raise ExplainError(f"option {option.name} must be one of {', '.join(option.choices)}, got {value!r}.")
        return value
    allowed = int if option.kind == "int" else (int, float)
    if isinstance(value, bool) or not isinstance(value, allowed):
        raise ExplainError(f"option {option.name} must be of type {option.kind}, got {value!r}.")
    low, high = option.low, option.high
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise ExplainError(f"option {option.name} must be {low:g}..{high:g}, got {value!r}.")
    return value


def _private(tensor: Tensor, device: torch.device) -> Tensor:
    moved = tensor.detach().to(device)
    return moved.to(torch.float32, copy=True) if moved.is_floating_point() else moved.clone()


def _classes(module: nn.Module, inputs: tuple[Tensor, ...]) -> int:
    """Return the number of classes, after checking that the model answers with finite logits [1, K]."""
    try:
        with torch.inference_mode():
            logits: Tensor = module(*inputs)
    except ExplainError:
        raise
    except Exception as error:  # a model of one's own may raise anything
        raise ExplainError(f"{type(module).__name__} failed on this case before it was explained: {error}.") from error
    if logits.ndim != 2 or logits.shape[0] != 1:
        raise ExplainError(f"the model must answer with logits [1, K], got shape {_shape(logits)}.")
    if not bool(torch.isfinite(logits).all()):
        raise ExplainError("the model answers NaN or infinity for this input, which can't be explained.")
    return int(logits.shape[1])


def _shape(tensor: Tensor) -> str:
    return "[" + ", ".join(str(size) for size in tensor.shape) + "]"
