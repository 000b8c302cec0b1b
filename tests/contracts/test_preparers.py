"""What every registered preparer must do."""

import typing

import numpy as np
import pytest
import torch

from core.contracts import FieldKind, FieldSpec
from core.errors import BadInput
from core.models.preparers import PREPARERS, preparation_key, prepare, preparer

FIELDS = {
    "image": FieldSpec(name="image", kind="image", size=4, colour="rgb", required=False),
    "numeric": FieldSpec(name="age", kind="numeric", minimum=0, maximum=120, required=False),
    "categorical": FieldSpec(name="colour", kind="categorical", categories=("red", "green"), required=False),
    "text": FieldSpec(name="note", kind="text", tokens=8, required=False),
}
VALUES = {
    "image": np.full((5, 6, 3), 200, dtype=np.uint8),
    "numeric": 41.5,
    "categorical": "green",
    "text": "No acute disease.",
}
WRONG = {"image": "a name", "numeric": "41", "categorical": 3.0, "text": 5.0}
every_kind = pytest.mark.parametrize("kind", sorted(PREPARERS))


def test_every_kind_of_field_has_one_and_is_tested():
    assert set(PREPARERS) == set(FIELDS) == set(VALUES) == set(WRONG) == set(typing.get_args(FieldKind))


@every_kind
@pytest.mark.parametrize("there", [True, False])
def test_prepared_inputs_have_the_shape_and_type_that_are_told(kind, there):
    found = prepare(VALUES[kind] if there else None, FIELDS[kind])
    assert found.shape == preparer(FIELDS[kind]).shape(FIELDS[kind])
    assert torch.from_numpy(found).dtype == preparer(FIELDS[kind]).dtype


@every_kind
def test_missing_values_are_told_from_values(kind):
    rows = np.stack([prepare(VALUES[kind], FIELDS[kind]), prepare(None, FIELDS[kind])])
    assert preparer(FIELDS[kind]).present(torch.from_numpy(rows)).tolist() == [True, False]


@every_kind
def test_a_required_value_that_is_missing_is_refused_by_name(kind):
    required = FIELDS[kind].model_copy(update={"required": True})
    with pytest.raises(BadInput, match=rf"Field '{required.name}' is missing, .* Give a value"):
        prepare(None, required)


@every_kind
def test_values_of_another_kind_are_refused_by_name(kind):
    with pytest.raises(BadInput, match=f"Field '{FIELDS[kind].name}'"):
        prepare(WRONG[kind], FIELDS[kind])


@every_kind
def test_preparing_twice_gives_the_same_and_leaves_the_value_alone(kind):
    value = VALUES[kind].copy() if kind == "image" else VALUES[kind]
    first, second = prepare(value, FIELDS[kind]), prepare(value, FIELDS[kind])
    assert first.tobytes() == second.tobytes()
    assert first is not second
    assert np.array_equal(value, VALUES[kind])


@every_kind
def test_names_and_titles_do_not_change_the_key(kind):
    field = FIELDS[kind]
    other = field.model_copy(update={"name": "other", "title": "Other", "column": "c", "required": True})
    assert preparation_key(field) == preparation_key(other)


def test_keys_of_different_kinds_are_different():
    assert len({preparation_key(field) for field in FIELDS.values()}) == len(FIELDS)
