"""Numbers, categories and texts as network inputs: ranges, unknown categories, long and strange texts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contracts import FieldSpec
from core.errors import BadInput
from core.models.preparers import preparation_key, prepare
from core.models.preparers.text import read_tokens
from core.models.words import word_number

IMAGE = FieldSpec(name="image", kind="image", size=4)
AGE = FieldSpec(name="age", kind="numeric", minimum=0, maximum=120)
COLOUR = FieldSpec(name="colour", kind="categorical", categories=("crimson", "green", "blue"))
NOTE = FieldSpec(name="note", kind="text", tokens=8)


@pytest.mark.parametrize("value", [0, 120, 41.5, np.float64(3.25)])
def test_numbers_inside_the_range_are_kept(value):
    assert prepare(value, AGE).tolist() == [value]


@pytest.mark.parametrize("value", [-0.001, 120.5, 1e30])
def test_numbers_outside_the_range_are_refused_with_it(value):
    with pytest.raises(BadInput, match=r"'age' is .*, outside its range 0 to 120"):
        prepare(value, AGE)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, "12"])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(BadInput, match="'age' needs a number"):
        prepare(value, AGE)


@pytest.mark.parametrize("value", [1e39, -1e39, 1e300])
def test_numbers_that_32_bits_can_not_hold_are_refused(value):
    with pytest.raises(BadInput, match=r"'age' is .*, larger than"):
        prepare(value, FieldSpec(name="age", kind="numeric"))


def test_a_category_is_its_place_in_the_list():
    assert [prepare(name, COLOUR).tolist() for name in COLOUR.categories] == [[0], [1], [2]]


def test_an_unknown_category_names_the_nearest_and_the_known():
    with pytest.raises(BadInput, match=r"no category 'gren'. Did you mean 'green'\? Known: crimson, green, blue"):
        prepare("gren", COLOUR)
    with pytest.raises(BadInput, match=r"no category 'zzz'. Known: crimson"):
        prepare("zzz", COLOUR)
    with pytest.raises(BadInput, match=r"no category 'Green'\. Did you mean 'green'"):
        prepare("Green", COLOUR)


def test_a_text_is_the_numbers_of_its_first_words():
    row = prepare("No acute disease.", NOTE)
    assert row.tolist() == [*map(word_number, ("no", "acute", "disease", ".")), 0, 0, 0, 0]
    assert prepare("a b c d e f g h i j", NOTE).tolist() == [word_number(letter) for letter in "abcdefgh"]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000"])
def test_texts_without_a_word_are_refused(text):
    with pytest.raises(BadInput, match="'note' has no word"):
        prepare(text, NOTE)


def test_texts_may_have_100000_characters_and_no_more():
    assert (prepare("word " * 20_000, NOTE) != 0).all()
    with pytest.raises(BadInput, match="'note' has 100,001 characters, at most 100,000 fit"):
        prepare("w" * 100_001, NOTE)


@given(text=st.text(max_size=60))
def test_any_text_is_prepared_or_refused_in_words(text):
    try:
        row = prepare(text, NOTE)
    except BadInput as error:
        assert "has no word" in str(error)  # noqa: PT017 - refusing is one of two right answers
        return
    tokens = read_tokens(text, NOTE)
    assert row[: len(tokens)].tolist() == [token.number for token in tokens]
    assert not row[len(tokens) :].any()
    assert (row >= 0).all()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        (IMAGE, {"size": 5}),
        (IMAGE, {"equalise": True}),
        (IMAGE, {"central_crop": 0.9}),
        (IMAGE, {"colour": "rgb"}),
        (COLOUR, {"categories": ("green", "crimson", "blue")}),
        (NOTE, {"tokens": 9}),
        (NOTE, {"tokeniser": "wordpiece"}),
    ],
)
def test_what_decides_the_input_changes_the_key(field, change):
    assert preparation_key(field) != preparation_key(field.model_copy(update=change))
