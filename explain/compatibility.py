"""Checks by running the model once whether it has what a method needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import Tensor

from explain.answer import out_of_memory
from explain.base import Subject
from explain.errors import ExplainError, Stopped
from explain.isolation import full_precision
from explain.validation import Case, checked_case


def succeeds(subject: Subject, inputs: tuple[Tensor, ...], trial: Callable[[Case], bool] = lambda _: True) -> bool:
    """Return whether the model answers the case and `trial` is true of it; False when either fails.

    Memory that runs out is raised again, as is `Stopped`: neither says anything of what fits.
    """
    with full_precision(inputs[0].device):
        case = _usable_case(subject, inputs)
        try:
            return case is not None and trial(case)
        except Stopped:
            raise
        except Exception as error:  # a model of one's own may raise anything
            if out_of_memory(error):
                raise
            return False


def _usable_case(subject: Subject, inputs: tuple[Tensor, ...]) -> Case | None:
    """Return the checked case, or None when the model can't answer it."""
    try:
        return checked_case(subject, inputs, 0, None)
    except ExplainError as error:
        if isinstance(error.__cause__, Exception) and out_of_memory(error.__cause__):
            raise
        return None


@dataclass(frozen=True, slots=True)
class Slopes:
    """What the gradient of one case is like."""

    finite: bool
    """Whether there is one, by every input that the answer depends on, without NaN or infinity."""
    moving: bool
    """Whether it is not zero everywhere."""


_LOOKS: ContextVar[dict[tuple[int, ...], Slopes] | None] = ContextVar("looks", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Look at the gradient once for all checks of one subject and case that are made inside, in this thread."""
    token = _LOOKS.set({})
    try:
        yield
    finally:
        _LOOKS.reset(token)


def has_input_gradient(subject: Subject, inputs: tuple[Tensor, ...], *, zero_is_fine: bool) -> bool:
    """Return whether the logits have a finite gradient by every input that they depend on.

    With `zero_is_fine` false, a gradient that is zero everywhere (a model of hard thresholds, say) is refused too:
    a method that shows the gradient itself would silently show nothing.
    """
    looks, key = _LOOKS.get(), (id(subject), *(id(item) for item in inputs))
    slopes = looks[key] if looks is not None and key in looks else _slopes(subject, inputs)
    if looks is not None:
        looks[key] = slopes
    return slopes.finite and (zero_is_fine or slopes.moving)


def _slopes(subject: Subject, inputs: tuple[Tensor, ...]) -> Slopes:
    none = Slopes(finite=False, moving=False)
    with full_precision(inputs[0].device):
        case = _usable_case(subject, inputs)
        if case is None or not all(item.is_floating_point() for item in case.inputs):
            return none
        try:
            found = _gradients(case)
            missing = [number for number, gradient in enumerate(found) if gradient is None]
            unfit = len(missing) == len(found) or any(_is_used(case, number) for number in missing)
        except Exception as error:  # a step without a derivative, say; other methods may fit
            if out_of_memory(error):
                raise
            return none
        if unfit:
            return none
    gradients = [gradient for gradient in found if gradient is not None]
    finite = all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
    return Slopes(finite, any(bool(gradient.any()) for gradient in gradients))


def _gradients(case: Case) -> tuple[Tensor | None, ...]:
    """Return the gradient of a sum of all logits by each input; None for each that has none."""
    points = tuple(item.requires_grad_() for item in case.inputs)
    logits: Tensor = case.module(*points)
    if not logits.requires_grad:
        return (None,) * len(points)
    weights = torch.arange(1, logits.shape[1] + 1, device=logits.device) / logits.shape[1]  # softmax-safe: unequal
    found: tuple[Tensor | None, ...] = torch.autograd.grad((logits * weights).sum(), points, allow_unused=True)
    return found


def _is_used(case: Case, number: int) -> bool:
    """Return whether the answer changes with input `number`."""
    moved = tuple(item.detach() + (n == number) for n, item in enumerate(case.inputs))
    with torch.no_grad():
        return not torch.equal(case.module(*case.inputs), case.module(*moved))
