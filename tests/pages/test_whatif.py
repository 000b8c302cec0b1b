"""The what-if page on the fake services: controls, before and after, undo, counterfactuals, similar cases."""

from base64 import b64encode
from dataclasses import replace

import pytest
import streamlit as st
from fake_data import target
from fake_kinds import kind_states, number_field, table_fields
from fake_services import FakeServices, State, digits_state
from fake_whatif import corner

from core.contracts import (
    Change,
    Constraint,
    Counterfactual,
    Edit,
    FieldRange,
    FieldView,
    MarkForm,
    Prediction,
    ReadView,
    WhatIfCase,
)
from core.errors import BadInput
from pages._ui import whatif_controls, whatif_trial
from pages._ui.background import Desk
from pages._ui.whatif_answer import edit_words
from pages._ui.whatif_controls import _bounds, _format, _step
from pages._ui.whatif_counterfactuals import change_words, distance_words, plausible_words
from pages._ui.whatif_trial import Trial

pytestmark = pytest.mark.slow

WAITING = "You can go on meanwhile"


def said(app):
    parts = [*app.markdown, *app.caption, *app.text, *app.info, *app.success, *app.error, *app.warning]
    return " ".join(part.value for part in parts).replace("\\", "")


def settled(app):
    """Look again until nothing is being computed."""
    for _ in range(20):
        if WAITING not in said(app):
            return app
        app.run()
    raise AssertionError("still waiting")


def read_state(name: str) -> State:
    state = next(one for one in (digits_state(), *kind_states()) if one.name == name)
    for case in state.cases[:3]:
        state.reads[case] = tuple(ReadView(one.name, one.choices[0].value, "likely") for one in state.targets)
    return state


@pytest.fixture
def table(open_page):
    fake = FakeServices(read_state("arrests"))
    return settled(open_page("whatif", fake, workspace="arrests", case="case-1")), fake


def edits(fake: FakeServices) -> tuple[Edit, ...]:
    return fake.whatif.asked[-1]


def test_before_the_own_read_the_page_says_so_and_shows_nothing(open_page):
    fake = FakeServices(read_state("arrests"))
    app = open_page("whatif", fake, workspace="arrests", case="case-9")
    assert not app.exception
    assert "Commit your read first" in app.info[0].value
    assert [link.label for link in app.main.get("page_link")] == ["Go to your read"]
    assert not app.number_input
    assert fake.whatif.asked == []


def test_a_number_is_changed_and_the_answer_follows(table):
    app, fake = table
    assert "**yes** · likely, 0.81" in app.get("progress")[0].proto.text
    app.number_input(key="field_age").set_value(60.0).run()
    assert edits(fake) == (Edit("age", number=60.0),)
    assert app.slider(key="slide_age").value == 60.0
    words = said(app)
    assert "Age: 43 → 60 years" in words
    assert "the answer changes from **yes** to **no**" in words
    assert app.table[0].value.to_numpy().tolist()[0] == ["yes", "0.81", "0.45", "−0.36"]
    app.slider(key="slide_age").set_value(50.0).run()
    assert app.number_input(key="field_age").value == 50.0
    assert edits(fake) == (Edit("age", number=50.0),)
    app.number_input(key="field_age").set_value(43.0).run()
    assert edits(fake) == ()
    assert not app.exception


def test_undo_redo_undo_this_and_undo_all(table):
    app, fake = table
    app.number_input(key="field_age").set_value(60.0).run()
    app.selectbox(key="field_colour").set_value("Black").run()
    assert edits(fake) == (Edit("age", number=60.0), Edit("colour", text="Black"))
    assert "Far from every case" in app.warning[0].value
    app.button(key="whatif_undo").click().run()
    assert edits(fake) == (Edit("age", number=60.0),)
    assert app.selectbox(key="field_colour").value == "White"
    app.button(key="whatif_redo").click().run()
    assert app.selectbox(key="field_colour").value == "Black"
    app.button(key="undo_age").click().run()
    assert edits(fake) == (Edit("colour", text="Black"),)
    assert app.number_input(key="field_age").value == 43.0
    app.button(key="whatif_reset").click().run()
    assert edits(fake) == ()
    assert app.selectbox(key="field_colour").value == "White"
    assert app.button(key="whatif_reset").disabled
    app.button(key="whatif_undo").click().run()
    assert edits(fake) == (Edit("colour", text="Black"),)


def test_missing_is_set_and_taken_back(table):
    app, fake = table
    app.toggle(key="missing_age").set_value(True).run()
    assert edits(fake) == (Edit("age", missing=True),)
    assert app.number_input(key="field_age").disabled
    assert "Age: 43 → missing" in said(app)
    app.toggle(key="missing_age").set_value(False).run()
    assert edits(fake) == ()
    assert app.toggle(key="missing_sex").value
    app.toggle(key="missing_sex").set_value(False).run()
    assert edits(fake) == (Edit("sex", text="F"),)
    assert "Sex: missing → female" in said(app)


def test_numbers_and_categories_are_in_the_address_and_come_back(open_page):
    fake = FakeServices(read_state("arrests"))
    address = {"case": "case-1", "set.age": "61", "set.colour": "Black", "missing": "checks", "set.sex": "nonsense"}
    app = settled(open_page("whatif", fake, workspace="arrests", **address))
    assert edits(fake) == (Edit("age", number=61.0), Edit("colour", text="Black"), Edit("checks", missing=True))
    assert app.number_input(key="field_age").value == 61.0
    assert app.toggle(key="missing_checks").value
    app.number_input(key="field_age").set_value(70.0).run()
    assert app.query_params["set.age"] == "70"
    assert app.query_params["missing"] == "checks"
    assert "set.sex" not in app.query_params
    app.button(key="whatif_reset").click().run()
    assert set(app.query_params) == {"workspace", "case"}


def test_words_are_changed_and_never_in_the_address(open_page):
    fake = FakeServices(read_state("reports"))
    app = settled(open_page("whatif", fake, workspace="reports", case="case-1"))
    text = app.text_area(key="field_findings").value
    changed = text.replace("No focal airspace opacity, no", "Large")
    app.text_area(key="field_findings").set_value(changed).run()
    assert edits(fake) == (Edit("findings", text=changed),)
    assert "Findings: “No focal airspace opacity, no” → “Large”" in said(app)
    assert not any(name.startswith("set.") for name in app.query_params)
    app.text_area(key="field_findings").set_value("  ").run()
    assert edits(fake) == (Edit("findings", missing=True),)
    app.button(key="whatif_reset").click().run()
    assert app.text_area(key="field_findings").value == text


def test_evidence_before_and_after_with_a_figure(table):
    app, _ = table
    assert not app.get("plotly_chart")
    app.number_input(key="field_age").set_value(60.0).run()
    app = settled(app.toggle(key="whatif_evidence").set_value(True).run())
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert "Moved most, as it is: Age; edited: Age" in said(app)
    assert "where a change would change the answer most. not where the disease is" in said(app)


def test_counterfactuals_are_found_within_rules_and_used(table):
    app, fake = table
    assert app.selectbox(key="rule_sex").value == "fixed"
    app.selectbox(key="rule_age").set_value("only up").run()
    app.selectbox(key="rule_sex").set_value("free").run()
    app.selectbox(key="rule_colour").set_value("fixed").run()
    app.selectbox(key="counterfactual_wanted").set_value("no").run()
    app = settled(app.button(key="counterfactual_find").click().run())
    rules = fake.whatif.constraints[-1]
    assert rules[:3] == (Constraint("age", "only up"), Constraint("colour", "fixed"), Constraint("sex", "free"))
    words = said(app)
    for part in ("small changes make the model answer no", "412 inputs tried", "Age: 43 → 61", "likely than not, 0.61",
                 "denser than 62 % of them", "unlike almost all training cases"):  # fmt: skip
        assert part in words, part
    app.button(key="counterfactual_use_0").click().run()
    assert edits(fake) == (Edit("age", number=61.0),)
    assert app.number_input(key="field_age").value == 61.0


def test_what_was_wanted_of_one_question_is_not_wanted_of_another(open_page):
    fake = FakeServices(read_state("fusion"))
    app = settled(open_page("whatif", fake, workspace="fusion", case="case-1"))
    app.selectbox(key="counterfactual_wanted").set_value("no finding").run()
    app.selectbox(key="prototype_label").set_value("pneumonia").run()
    app = settled(app.selectbox(key="whatif_target").set_value("view").run())
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="counterfactual_wanted").value is None
    app = settled(app.button(key="counterfactual_find").click().run())
    assert "make the model answer AP" in said(app)


def test_an_address_with_nonsense_opens_the_case_as_it_is(open_page):
    fake = FakeServices(read_state("arrests"))
    address = {
        "set.age": "inf",
        "set.colour": "<b>",
        "set.nobody": "1",
        "missing": "nobody",
        "set.checks": "",
        "x": "y",
    }
    app = settled(open_page("whatif", fake, workspace="arrests", case="case-1", **address))
    assert not app.exception
    assert not app.error
    assert edits(fake) == ()
    assert set(app.query_params) == {"workspace", "case"}


def test_a_search_can_be_cancelled(table):
    app, fake = table
    fake.whatif.seconds = 1.5
    app.button(key="counterfactual_find").click().run()
    assert "Looking for the smallest changes" in said(app)
    app.button(key="counterfactual_cancel").click().run()
    assert "Looking for the smallest changes" not in said(app)
    assert not [one for one in app.button if one.key == "counterfactual_use_0"]


def test_similar_cases_say_what_became_of_them_and_open_in_review(table):
    app, _ = table
    words = said(app)
    for part in (
        "nearest of 400 cases",
        "62 % have the model's answer",
        "label **no** :small[(data set)]",
        "label unknown",
        "Dr. <b>Ada</b>: no, “**odd** comment”",
        "nearest case with another label",
    ):
        assert part in words, part
    links = [link for link in app.main.get("page_link") if link.label.replace("\\", "") == "case-4"]
    assert "case=case-4" in links[0].proto.query_string
    assert not [one for one in app.toggle if one.key == "similar_edited"]
    app.number_input(key="field_age").set_value(60.0).run()
    assert app.toggle(key="similar_edited").value is False


@pytest.mark.parametrize("state", kind_states(), ids=lambda state: state.name)
def test_every_kind_can_be_opened(open_page, state):
    state.reads["case-1"] = tuple(ReadView(one.name, one.choices[0].value, "likely") for one in state.targets)
    fake = FakeServices(state)
    app = settled(open_page("whatif", fake, workspace=state.name, case="case-1"))
    app = settled(app.toggle(key="whatif_evidence").set_value(True).run())
    app = settled(app.button(key="counterfactual_find").click().run())
    assert not app.exception
    assert not app.error
    assert bool([one for one in app.selectbox if one.key == "whatif_target"]) == (len(state.targets) > 1)


def test_what_is_painted_over_is_an_edit_and_comes_back(open_page, monkeypatch):
    fake = FakeServices(read_state("decoy-digits"))
    field = fake.review.open("decoy-digits", "d-0001", actor=fake.default_actor).fields[0]
    mask = corner(field)
    app = settled(open_page("whatif", fake, workspace="decoy-digits", case="d-0001"))
    monkeypatch.setattr(whatif_controls, "painted", lambda *given: (MarkForm("image", "ignore", None, mask),))
    app.run()
    assert edits(fake) == (Edit("image", mask=mask, fill="blur"),)
    assert "Image: a part painted over with blur" in said(app)
    app.segmented_control(key="fill_image").set_value("noise").run()
    assert edits(fake) == (Edit("image", mask=mask, fill="noise"),)
    assert not any("image" in name for name in app.query_params)
    monkeypatch.setattr(whatif_controls, "painted", lambda *given: None)
    app.button(key="whatif_undo").click().run()
    assert edits(fake) == (Edit("image", mask=mask, fill="blur"),)
    assert app.segmented_control(key="fill_image").value == "blur"
    monkeypatch.setattr(whatif_controls, "painted", lambda *given: ())
    app.run()
    assert edits(fake) == ()


def test_an_edit_that_is_refused_leaves_the_rest_of_the_page(table):
    app, fake = table

    def refused(*args, **kwargs):
        raise BadInput("Age must be between 18 and 90, got 91. Choose a value in that range.")

    fake.whatif.predict = refused
    app.number_input(key="field_age").set_value(60.0).run()
    assert "between 18 and 90" in app.error[0].value
    assert app.button(key="undo_age")
    assert "Similar cases" in [one.value for one in app.header]


def test_the_case_of_the_page_before_is_opened_and_another_can_be_picked(open_page):
    fake = FakeServices(read_state("arrests"))
    app = settled(open_page("whatif", fake, workspace="arrests"))
    assert app.selectbox(key="whatif_case").value == "case-1"
    app.number_input(key="field_age").set_value(60.0).run()
    app = settled(app.selectbox(key="whatif_case").set_value("case-2").run())
    assert app.query_params["case"] == "case-2"
    assert edits(fake) == ()
    assert app.number_input(key="field_age").value == 43.0


def test_unknown_cases_and_empty_workspaces_are_said(open_page):
    app = open_page("whatif", FakeServices(read_state("arrests")), workspace="arrests", case="nobody")
    assert "There is no case 'nobody'" in app.error[0].value.replace("\\", "")
    app = open_page("whatif", FakeServices(digits_state(cases=0)), workspace="decoy-digits")
    assert "no case yet" in app.info[0].value


def test_history_forgets_what_was_undone_when_something_new_is_tried():
    trial = Trial("w", "c")
    trial.put(Edit("a", number=1.0))
    trial.put(Edit("b", number=2.0))
    trial.put(Edit("a", number=3.0))
    assert trial.edits == (Edit("a", number=3.0), Edit("b", number=2.0))
    trial.move(-1)
    trial.move(-1)
    assert trial.edits == (Edit("a", number=1.0),)
    trial.put(Edit("c", number=4.0))
    trial.move(1)
    assert trial.edits == (Edit("a", number=1.0), Edit("c", number=4.0))
    before = trial.place
    trial.put(Edit("c", number=4.0))
    assert trial.place == before
    trial.move(-9)
    assert trial.edits == ()
    for number in range(whatif_trial.MOST_STEPS + 5):
        trial.put(Edit("a", number=float(number)))
    assert len(trial.steps) == whatif_trial.MOST_STEPS


def test_ranges_hold_the_value_and_steps_are_round():
    assert _bounds(FieldRange("a", 18.0, 90.0), 95.0, None) == (18.0, 95.0)
    assert _bounds(FieldRange("a", 18.0, 18.0), 18.0) == (None, None)
    assert (_step(FieldRange("a", 0.0, 1.0)), _step(FieldRange("a", 0.0, 1000.0)), _step(FieldRange("a"))) == (
        0.01,
        10.0,
        1.0,
    )
    assert [_format(step) for step in (1.0, 10.0, 0.1, 0.01, 0.25)] == ["%.0f", "%.0f", "%.1f", "%.2f", "%.2f"]


def test_a_number_outside_its_range_is_still_shown(open_page):
    fields = (number_field(value=120.0), number_field("year", None, "Year"))
    state = State("odd", (target(("no", "yes")),), ("case-1",), fields=fields)
    state.reads["case-1"] = (ReadView("digit", "no", "likely"),)
    app = settled(open_page("whatif", FakeServices(state), workspace="odd", case="case-1"))
    assert not app.exception
    assert not app.error
    assert app.number_input(key="field_age").value == 120.0
    assert app.number_input(key="field_age").max == 120.0
    assert app.toggle(key="missing_year").value


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("t", text="a b d"), "T: “c” left out"),
        (Edit("t", text="a b x c d"), "T: “x” put in"),
        (Edit("t", text="a b x d"), "T: “c” → “x”"),
        (Edit("t", text="a  b c d"), "T: spaces changed"),
        (Edit("t", missing=True), "T: a b c d → missing"),
        (Edit("t", mask=b"x", fill="neighbour"), "T: a part painted over with neighbouring patch"),
    ],
)
def test_edits_in_words(edit, words):
    assert edit_words(FieldView("t", "T", "text", text="a b c d"), edit) == words


def test_changes_distance_and_plausibility_in_words():
    assert change_words(Change("age", "43", "61")) == "43 → 61"
    assert change_words(Change("t", "no", "", 3, 5)) == "“no” left out"
    assert change_words(Change("t", "", "large", 3, 3)) == "“large” put in"
    prediction = Prediction("v3", ())
    case = WhatIfCase("w", "c", "v3", (*table_fields(), FieldView("t", "T", "text")), (), (), prediction, ())
    one = Counterfactual((Change("t", "no", "", 3, 5),), (), prediction, "a", 0.6, 0.03, 0.5, ())
    assert distance_words(case, one) == "3 % of the words"
    assert distance_words(case, replace(one, changes=(Change("age", "1", "2"),))).startswith("distance 0.030")
    assert [plausible_words(share) for share in (0.01, 0.2, None)] == [
        "unlike almost all training cases",
        "unusual among the training cases",
        "",
    ]


def test_only_strokes_of_this_filling_count(monkeypatch):
    from pages._ui.painter import component_key, painted

    sent = {"opening": "one:0", "ignore": b64encode(b"mask").decode(), "look_here": None}
    monkeypatch.setattr(st, "session_state", {component_key("image"): {"marks": sent}})
    assert painted("image", "one:0", None) == (MarkForm("image", "ignore", None, b"mask"),)
    assert painted("image", "one:1", None) is None


def test_a_question_that_is_taken_back_is_asked_anew():
    from threading import Event

    gate, calls = Event(), []
    desk = Desk(1)

    def question():
        calls.append(1)
        return gate.wait()

    assert desk.ask("a", question, patience=0.01) is None
    assert desk.ask("b", question, patience=0.01) is None
    desk.drop("b")
    desk.drop("never asked")
    assert desk.ready("b")
    gate.set()
    assert desk.ask("a", question, patience=5) is True
    assert len(calls) == 1
    assert desk.ask("b", question, patience=5) is True
    assert len(calls) == 2
