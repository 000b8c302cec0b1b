"""Images: uint8 [channels, size, size]; black everywhere stands for a missing one, for it says just as little."""

import numpy as np
import torch
from torch import Tensor

from core.contracts import FieldSpec
from core.errors import BadInput
from core.models.preparation import channels_of, prepare_image
from core.models.preparers.base import Array, Value


class ImagePreparer:
    """Prepares image fields."""

    dtype = torch.uint8

    def shape(self, field: FieldSpec) -> tuple[int, ...]:
        """Return (channels, size, size)."""
        return (channels_of(field), field.size, field.size)

    def prepare(self, value: Value, field: FieldSpec) -> Array:
        """Return `prepare_image` of decoded pixels."""
        if not isinstance(value, np.ndarray):
            raise BadInput(
                f"Field {field.name!r} needs an image, got {type(value).__name__}. Give the picture's pixels."
            )
        return prepare_image(value, field)

    def missing(self, field: FieldSpec) -> Array:
        """Return black pixels."""
        return np.zeros(self.shape(field), dtype=np.uint8)

    def present(self, prepared: Tensor) -> Tensor:
        """Return which images have a pixel that is not black."""
        return (prepared != 0).flatten(1).any(dim=1)

    def key(self, field: FieldSpec) -> tuple[object, ...]:
        """Return what decides the pixels."""
        return (field.kind, field.colour, field.equalise, field.central_crop, field.size)
