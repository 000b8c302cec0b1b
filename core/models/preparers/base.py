"""What every kind of field has: a shape, a way to prepare a value, and a state for values that are missing."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.contracts import FieldSpec

Array = npt.NDArray[Any]
Value = npt.NDArray[np.uint8] | float | str
"""Decoded pixels, a number, or a category or text."""


class Preparer(Protocol):
    """Turns the decoded value of one kind of field into the network's input; the same for every version."""

    @property
    def dtype(self) -> torch.dtype:
        """Type of prepared inputs."""

    def shape(self, field: FieldSpec) -> tuple[int, ...]:
        """Return the shape of one prepared input, without the batch."""

    def prepare(self, value: Value, field: FieldSpec) -> Array:
        """Return the prepared input of one decoded value.

        Raises
        ------
        BadInput
            When the value is not of the field's kind.
        """

    def missing(self, field: FieldSpec) -> Array:
        """Return the prepared input that stands for a missing value."""

    def present(self, prepared: Tensor) -> Tensor:
        """Return which rows of prepared inputs [batch, ...] hold a value, bool [batch]."""

    def key(self, field: FieldSpec) -> tuple[object, ...]:
        """Return everything in `field` that decides how it is prepared."""
