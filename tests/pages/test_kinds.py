"""Tables, texts and cases of several kinds on the review page: what is drawn, and which marks come back."""

from dataclasses import replace

import pytest
import streamlit as st
from fake_data import image_field, target, thumbnails
from fake_kinds import COLOURS, category_field, kind_states, number_field, text_field
from fake_services import FakeServices, State, digits_state

from core.contracts import FieldEvidence, FieldView, MarkForm, PopulationView, Thumbnail
from core.errors import BadInput
from pages._ui.fields import KEY, _pulls, marked_field, place_words, shown_value
from pages._ui.words import component_key, marked_words, spans_of

pytestmark = pytest.mark.slow


def commit(app, **answers):
    for key, label in answers.items():
        app.segmented_control(key=key).set_value(label)
    return app.button(key="blind_submit").click().run()


@pytest.mark.parametrize("state", kind_states(), ids=lambda state: state.name)
def test_every_kind_is_read_explained_and_judged(open_page, state):
    app = open_page("review", FakeServices(state))
    answers = {"blind_label": state.targets[0].choices[0].value}
    if len(state.targets) > 1:
        answers["blind_label_view"] = "PA"
    app = commit(app, **answers)
    app.button(key="evidence_show").click().run()
    app.button(key="verdict_submit").click().run()
    assert not app.exception
    assert not app.error
    assert [form.target for form in state.forms] == [one.name for one in state.targets]
    assert state.forms[0].marks == ()


def test_shares_of_the_evidence_are_named_where_there_are_several_fields(open_page):
    (fusion,) = [state for state in kind_states() if state.name == "fusion"]
    app = commit(open_page("review", FakeServices(fusion)), blind_label="pneumonia", blind_label_view="PA")
    app.button(key="evidence_show").click().run()
    words = " ".join(caption.value for caption in app.caption)
    assert "moved by Image 61 %, Age 30 %, Sex 9 %" in words
    single = digits_state()
    app = commit(open_page("review", FakeServices(single)), blind_label="8")
    app.button(key="evidence_show").click().run()
    assert "moved by" not in " ".join(caption.value for caption in app.caption)


def test_a_missing_picture_is_said_in_its_place(open_page):
    state = State("m", (target(("a", "b")),), ("c",), fields=(FieldView("image", "Radiograph", "image"),))
    app = open_page("review", FakeServices(state))
    assert not app.exception
    assert any("Radiograph" in caption.value and "has none" in caption.value for caption in app.caption)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (number_field(value=43.0), "above 62 %"),
        (category_field(value="White"), "74 % share it"),
        (category_field(value="Green"), "0 % share it"),
        (category_field(value=None), "missing in 0 %"),
        (number_field(value=None), "missing in under 1 %"),
        (number_field(population=None), ""),
        (number_field(population=PopulationView(0, 40)), "above –"),
    ],
)
def test_place_among_the_training_cases(field, words):
    assert place_words(field)[0] == words


def test_place_in_full_says_how_many_cases_there_are():
    assert place_words(number_field())[1] == "above 62 % of 3,657 training cases; 12 have no value"
    assert place_words(category_field())[1] == "74 % of 3,657 training cases have this category"


def test_values_are_shown_in_full_and_categories_in_words():
    assert shown_value(number_field(value=1234.5)) == "1,234.5"
    assert shown_value(FieldView("sex", "Sex", "categorical", text="F", words="female")) == "female"
    assert shown_value(category_field(value=None)) is None


def sent(monkeypatch, key, value):
    monkeypatch.setattr(st, "session_state", {key: {"marks": value}})


def test_marks_on_words_come_back_as_spans(monkeypatch):
    sent(monkeypatch, component_key("findings"), {"opening": "o", "ignore": [[0, 3], [9, 14]], "look_here": [[20, 21]]})
    assert marked_words("findings", "o", "stamp") == (
        MarkForm("findings", "ignore", "stamp", spans=((0, 3), (9, 14))),
        MarkForm("findings", "look_here", None, spans=((20, 21),)),
    )
    assert marked_words("findings", "another opening", "stamp") is None
    assert marked_words("other", "o", "stamp") is None


@pytest.mark.parametrize("value", ["x", [[3, 1]], [[0]], [[0, 1.5]], [["a", "b"]], [[-1, 2]], {"a": 1}])
def test_what_is_no_span_is_refused(value):
    with pytest.raises(BadInput, match="Mark them again"):
        spans_of(value)


def test_marks_on_fields_come_back_one_by_one(monkeypatch):
    sent(monkeypatch, KEY, {"opening": "o", "ignore": ["age"], "look_here": ["sex"]})
    assert marked_field("age", "o", "leak") == (MarkForm("age", "ignore", "leak", names=("age",)),)
    assert marked_field("sex", "o", "leak") == (MarkForm("sex", "look_here", None, names=("sex",)),)
    assert marked_field("colour", "o", "leak") == ()
    assert marked_field("age", "p", "leak") is None


def test_thumbnails_of_words(open_page):
    fake = FakeServices(digits_state())
    words = Thumbnail("d-0003", None, "stamp", "… **no** «acute» disease …")
    view = fake.retraining.view("decoy-digits")
    assert words.image is None
    fake.retraining.view = lambda workspace, *, reader: _with_thumbnails(
        view, (words, *thumbnails(("d-0004",), "corner"))
    )
    app = open_page("retraining", fake)
    assert not app.exception
    assert "… **no** «acute» disease …" in [text.value for text in app.text]


def _with_thumbnails(view, items):
    return replace(view, feedback=replace(view.feedback, thumbnails=items))


def test_standing_marks_of_every_kind_are_saved_again_when_nothing_was_touched(open_page):
    fields = (image_field(1, 28), number_field(), category_field("sex", "F", "Sex", COLOURS), text_field())
    state = State("all", (target(("a", "b")),), ("c", "d"), fields=fields)
    fake = FakeServices(state)
    app = commit(open_page("review", fake), blind_label="a")
    first = (
        MarkForm("age", "ignore", "corner patch", names=("age",)),
        MarkForm("findings", "look_here", None, spans=((4, 9),)),
    )
    verdict = fake.review.save_verdict
    app.button(key="verdict_submit").click().run()
    verdict(replace(state.forms[-1], marks=first, idempotency_key="k"), actor=fake.default_actor)
    app.run()
    app.text_input(key="verdict_comment").set_value("again")
    app.button(key="verdict_submit").click().run()
    assert state.forms[-1].comment == "again"
    assert state.forms[-1].marks == first


def test_bars_are_as_long_as_the_share_beside_all_fields():
    found = {
        "image": FieldEvidence("image", "image", share=0.8),
        "age": FieldEvidence("age", "numeric", value=-0.3, share=0.2),
    }
    assert _pulls((number_field(),), found, True) == {
        "age": {"value": -0.3, "size": 0.25, "words": "−0.30", "title": "pulls against the answer"}
    }
    assert _pulls((number_field(),), found, False)["age"]["words"] == "0.30"
