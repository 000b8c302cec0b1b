"""Whether a map belongs to its label: the maps of two labels must differ where the labels' answers do."""

import math

import torch
from torch import Tensor

from explain.base import Subject
from explain.isolation import full_precision
from explain.validation import checked_case

LEAST_CHANGE = 0.1
"""Two labels are told apart by an input when the difference of their logits moves by at least this share of its
standard deviation over cases, on the way from the absent input."""


def labels_differ(
    subject: Subject, inputs: tuple[Tensor, ...], label: int, other: int, baselines: tuple[Tensor, ...]
) -> bool:
    """Return whether the input moves two labels' logits differently; if not, equal maps of them are right.

    Raises
    ------
    ExplainError
        When the model can't answer the case.
    """
    with full_precision(inputs[0].device), torch.no_grad():
        case = checked_case(subject, inputs, label, baselines)
        with_input, without = (case.module(*values)[0] for values in (case.inputs, case.baselines))
    moved = with_input - without  # [K]
    spread = math.hypot(subject.output_sd[label], subject.output_sd[other])
    return abs(float(moved[label] - moved[other])) > LEAST_CHANGE * spread


def can_fail(*, signed: bool, classes: int) -> bool:
    """Return whether equal maps of two labels say something against a method.

    With two labels, what speaks for one often speaks against the other just as much: a method without a direction
    then rightly shows the same for both. A method with one shows the opposite, which is no equal map.
    """
    return signed or classes > 2
