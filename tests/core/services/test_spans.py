"""Marks on words, by hand."""

from datetime import UTC, datetime

import pytest

from core.contracts import Case, FieldValue, WorkspaceSpec
from core.errors import BadInput, NotFound
from core.services.spans import checked_spans, named_marks, places_of, share_of_words

SPEC = WorkspaceSpec.model_validate(
    {
        "name": "notes",
        "title": "Notes",
        "fields": [
            {"name": "note", "kind": "text"},
            {"name": "age", "kind": "numeric"},
        ],
        "targets": [{"name": "well", "classes": ["no", "yes"]}],
    }
)


class Values:
    """The part of the casebook that names need."""

    def value(self, case: Case, field: str) -> FieldValue:
        return next(value for value in case.fields if value.field == field)


def _case(text: str | None) -> Case:
    fields = (FieldValue("note", text=text), FieldValue("age", number=40.0))
    return Case(1, "c1", "c1", "train", fields, {}, "hash", datetime(2026, 1, 1, tzinfo=UTC))


def test_spans_are_put_in_order_and_joined():
    assert checked_spans([(4, 6), (0, 2), (1, 3)], "0123456", "note") == ((0, 3), (4, 6))


@pytest.mark.parametrize("span", [(-1, 2), (2, 2), (3, 2), (0, 8)])
def test_spans_outside_the_text_are_refused(span):
    with pytest.raises(BadInput, match="the text has 7 characters"):
        checked_spans([span], "0123456", "note")


def test_a_missing_text_has_nothing_to_mark():
    with pytest.raises(BadInput, match="no text 'note'"):
        checked_spans([(0, 1)], None, "note")


def test_places_are_code_points_and_whole_words():
    text = "👍🏽 Marker left, marker LEFT; markers left"
    assert [text[a:b] for a, b in places_of("marker left", text)] == ["Marker left", "marker LEFT"]
    assert places_of("", text) == ()


def test_share_counts_words_that_are_touched():
    assert share_of_words([(0, 1), (4, 5)], "ab cd ef gh") == 0.5


def test_names_are_fields_or_words():
    field, words = named_marks(["age", "clear"], _case("Lungs clear. Clear heart."), SPEC, Values(), "x")
    assert (field.field, field.names, field.artefact) == ("age", ("age",), "x")
    assert (words.field, words.spans) == ("note", ((6, 11), (13, 18)))


def test_a_name_that_is_nothing_says_what_there_is():
    with pytest.raises(NotFound, match=r"no field 'weight'; it has note, age, and no text of case 'c1'"):
        named_marks(["weight"], _case("Lungs clear."), SPEC, Values(), None)
