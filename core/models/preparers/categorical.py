"""Categories: int64 [1], the place in the field's list of categories; -1 stands for a missing one."""

import difflib

import numpy as np
import torch
from torch import Tensor

from core.contracts import FieldSpec
from core.errors import BadInput
from core.models.preparers.base import Array, Value

MISSING = -1


class CategoricalPreparer:
    """Prepares categorical fields."""

    dtype = torch.int64

    def shape(self, field: FieldSpec) -> tuple[int, ...]:
        """Return (1,)."""
        return (1,)

    def prepare(self, value: Value, field: FieldSpec) -> Array:
        """Return the category's place."""
        if not isinstance(value, str) or value not in field.categories:
            near = difflib.get_close_matches(str(value), field.categories, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            known = ", ".join(field.categories)
            raise BadInput(f"Field {field.name!r} has no category {str(value)[:40]!r}.{hint} Known: {known}.")
        return np.array([field.categories.index(value)], dtype=np.int64)

    def missing(self, field: FieldSpec) -> Array:
        """Return -1."""
        return np.array([MISSING], dtype=np.int64)

    def present(self, prepared: Tensor) -> Tensor:
        """Return which rows hold a category."""
        return prepared[:, 0] != MISSING

    def key(self, field: FieldSpec) -> tuple[object, ...]:
        """Return the list of categories: the place depends on it."""
        return (field.kind, field.categories)
