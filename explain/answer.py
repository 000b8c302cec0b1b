"""The one way from a question to an `Attribution`: check, compute in full precision, check, hand over."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from explain.base import Attribution, Subject
from explain.errors import ExplainError, Stopped
from explain.gradients import VANISHED
from explain.isolation import full_precision
from explain.validation import Case, checked_case

NOTICEABLE = 0.01
"""Completeness error above which a map of zeros is no answer but a failure."""
CPU_MEMORY = ("can't allocate memory", "not enough memory")
"""What the CPU allocator says on Linux and elsewhere; it raises a plain RuntimeError."""


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """What a method computed, on its device and with the batch dimension."""

    values: tuple[Tensor, ...]
    completeness_error: float | None = None
    reached: bool = True
    steps: int | None = None
    standard_errors: tuple[float, ...] | None = None


def answer(
    subject: Subject,
    inputs: tuple[Tensor, ...],
    label: int,
    baselines: tuple[Tensor, ...] | None,
    *,
    signed: bool,
    compute: Callable[[Case], Computed],
) -> Attribution:
    """Check the question, compute, and return the result as every method does.

    Raises
    ------
    ExplainError
        When the question can't be used, the model fails, the attributions are not finite, or all of them are zero
        though the answer changed (gradients that vanish).
    """
    begin = time.perf_counter()
    device = inputs[0].device if inputs else torch.device("cpu")
    with full_precision(device):
        case = checked_case(subject, inputs, label, baselines)
        with full_precision(case.device):
            computed = _in_memory(compute, case)
    values = tuple(value.detach().squeeze(0).to("cpu", torch.float32).contiguous() for value in computed.values)
    error = computed.completeness_error
    if not all(bool(torch.isfinite(value).all()) for value in values) or not math.isfinite(error or 0.0):
        raise ExplainError(
            "the attributions are NaN or infinite: the model has no usable gradient here. Try occlusion."
        )
    if (error or 0.0) > NOTICEABLE and not any(bool(value.any()) for value in values):
        raise ExplainError(VANISHED)
    seconds = time.perf_counter() - begin
    return Attribution(
        values, error, computed.reached, computed.steps, signed, seconds, standard_errors=computed.standard_errors
    )


def _in_memory(compute: Callable[[Case], Computed], case: Case) -> Computed:
    """Compute; when memory runs out, halve the batch and begin again, down to single rows."""
    while True:
        with stopping(case):
            try:
                return _computed(compute, case)
            except MemoryError:
                if case.rows == 1:
                    raise ExplainError("one row at a time is too much for the memory. Try Grad-CAM.") from None
        case = replace(case, rows=max(1, case.rows // 2))


@contextmanager
def stopping(case: Case) -> Iterator[None]:
    """Raise `Stopped` at the next forward pass once somebody asked to stop."""

    def check(*_: object) -> None:
        if case.subject.cancelled():
            raise Stopped("the explanation was stopped before it was done.")

    handle = case.module.register_forward_pre_hook(check)
    try:
        yield
    finally:
        handle.remove()


def out_of_memory(error: Exception) -> bool:
    """Return whether memory ran out: torch's on a GPU or on the CPU, or Python's own.

    Examples
    --------
    >>> out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."))
    True
    """
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or (isinstance(error, RuntimeError) and any(words in str(error) for words in CPU_MEMORY))


def _computed(compute: Callable[[Case], Computed], case: Case) -> Computed:
    try:
        return compute(case)
    except ExplainError:
        raise
    except Exception as error:  # a model of one's own may raise anything
        if out_of_memory(error):
            raise MemoryError(str(error)) from error
        name = type(case.module).__name__
        raise ExplainError(f"{name} failed while it was explained: {error}. Try another method.") from error
