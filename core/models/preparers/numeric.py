"""Numbers: float32 [1] in the field's own unit; not-a-number stands for a missing one."""

import math

import numpy as np
import torch
from torch import Tensor

from core.contracts import FieldSpec
from core.errors import BadInput
from core.models.preparers.base import Array, Value

LARGEST = 1e30
"""Larger numbers would be infinite once they are squared or scaled in 32 bits."""


class NumericPreparer:
    """Prepares numeric fields."""

    dtype = torch.float32

    def shape(self, field: FieldSpec) -> tuple[int, ...]:
        """Return (1,)."""
        return (1,)

    def prepare(self, value: Value, field: FieldSpec) -> Array:
        """Return the number, checked against the field's range."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadInput(f"Field {field.name!r} needs a number, got {value!r}. Give one such as 12 or 0.5.")
        check_range(float(value), field)
        if abs(value) > LARGEST:
            raise BadInput(f"Field {field.name!r} is {value:g}, larger than {LARGEST:g}. Give it in another unit.")
        return np.array([value], dtype=np.float32)

    def missing(self, field: FieldSpec) -> Array:
        """Return not-a-number."""
        return np.array([math.nan], dtype=np.float32)

    def present(self, prepared: Tensor) -> Tensor:
        """Return which rows hold a number."""
        return ~prepared[:, 0].isnan()

    def key(self, field: FieldSpec) -> tuple[object, ...]:
        """Return the kind: nothing else changes the number."""
        return (field.kind,)


def check_range(value: float, field: FieldSpec) -> None:
    """Refuse a number outside the range that the field declares.

    Raises
    ------
    BadInput
        Names the value and the range.
    """
    low = -math.inf if field.minimum is None else field.minimum
    high = math.inf if field.maximum is None else field.maximum
    if not low <= value <= high:
        raise BadInput(
            f"Field {field.name!r} is {value:g}, outside its range {low:g} to {high:g}. "
            "Correct the value, or leave it out where it is not known."
        )
