"""The guard on the home page, and the banner of a suspended model, on the fake services."""

import pytest
from fake_services import FakeServices, State, digits_state
from test_others import said


def test_home_says_what_is_left_to_people_and_by_which_rules(open_page):
    app = open_page("home", FakeServices(digits_state()))
    assert not app.exception
    words = said(app)
    assert "96 of 270 cases" in words
    assert "accepted from a probability of 0.830" in words
    assert "It accepts 0.71 [0.67, 0.75] · n 512 of the calibration cases; wrong among these: 0.020" in words
    assert "never decides <b>7</b> by itself" in words
    assert "decided 12 answers by itself in the last hour" in words
    table = app.table[-1].value
    assert list(table["cases"]) == [61, 44, 9]
    assert words.count("distance to the nearest training cases 0.61") == 2, "each reason once a case"


def test_the_switch_needs_a_reason_and_works_both_ways(open_page):
    services = FakeServices(digits_state())
    app = open_page("home", services)
    app.button(key="suspend_confirm").click().run()
    assert "needs a reason" in app.error[0].value
    app.text_input(key="suspend_reason").set_value("a *new* scanner")
    app.button(key="suspend_confirm").click().run()
    assert "The model is suspended" in app.success[0].value
    assert services.guard.said["decoy-digits"].reason == "a *new* scanner"
    assert "a \\*new\\* scanner" in app.warning[0].value
    app.text_input(key="suspend_reason").set_value("looked into")
    app.button(key="resume_confirm").click().run()
    assert not services.guard.said["decoy-digits"].suspended
    assert not app.warning


@pytest.mark.parametrize("page", ["home", "review", "worklist"])
def test_a_suspended_model_is_announced(open_page, page):
    services = FakeServices(digits_state())
    services.guard.suspend("decoy-digits", "a new scanner", actor=services.default_actor)
    app = open_page(page, services)
    assert not app.exception
    assert "The model is suspended" in app.warning[0].value
    assert "a new scanner" in app.warning[0].value.replace("\\", "")


def test_without_a_version_there_is_no_panel(open_page):
    app = open_page("home", FakeServices(State("new", digits_state().targets, (), champion=None, candidate=None)))
    assert not app.exception
    assert not [header for header in app.header if "leaves it to people" in header.value]
