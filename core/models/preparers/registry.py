"""Preparers by kind of field."""

import hashlib
from collections.abc import Mapping

from core.contracts import FieldKind, FieldSpec
from core.errors import BadInput
from core.models.preparers.base import Array, Preparer, Value
from core.models.preparers.categorical import CategoricalPreparer
from core.models.preparers.image import ImagePreparer
from core.models.preparers.numeric import NumericPreparer
from core.models.preparers.text import TextPreparer

PREPARERS: Mapping[FieldKind, Preparer] = {
    "image": ImagePreparer(),
    "numeric": NumericPreparer(),
    "categorical": CategoricalPreparer(),
    "text": TextPreparer(),
}


def preparer(field: FieldSpec) -> Preparer:
    """Return the preparer for the kind of `field`."""
    return PREPARERS[field.kind]


def prepare(value: Value | None, field: FieldSpec) -> Array:
    """Return the prepared input of a decoded value, None for a missing one.

    Raises
    ------
    BadInput
        When a required field is missing, or the value can't be prepared.
    """
    if value is not None:
        return preparer(field).prepare(value, field)
    if field.required:
        raise BadInput(f"Field {field.name!r} is missing, and the model can't do without it. Give a value.")
    return preparer(field).missing(field)


def preparation_key(field: FieldSpec) -> str:
    """Return a hash of everything that decides how `field` is prepared (its name and titles do not)."""
    return hashlib.sha256(repr(preparer(field).key(field)).encode()).hexdigest()
