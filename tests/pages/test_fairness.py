"""The fairness page on the fake services."""

import pytest
from fake_data import target
from fake_fairness import FAIR, points
from fake_services import FakeServices, State, digits_state

from pages._ui.trade_off_plot import trade_off_plot

pytestmark = pytest.mark.slow


def said(app):
    parts = [*app.markdown, *app.caption, *app.text, *app.info, *app.success, *app.error, *app.warning]
    return " ".join(part.value for part in parts).replace("\\", "")


@pytest.fixture
def fair() -> FakeServices:
    return FakeServices(State(FAIR, (target(("no", "yes"), "repaid"),), tuple(f"l-{i}" for i in range(30)), side=64))


def searched(fair: FakeServices) -> FakeServices:
    fair.fairness.status, fair.fairness.found[FAIR] = "done", 4
    return fair


def test_groups_subgroups_and_the_model_that_serves_are_drawn(open_page, fair):
    app = open_page("fairness", fair)
    assert not app.exception
    assert not app.error
    words = said(app)
    for part in ("How far apart the groups of sex are", "income under 20", "Both gaps are always shown"):
        assert part in words, part
    assert app.selectbox(key="fairness_attribute").options == ["sex", "sex & age"]
    assert app.button(key="trade_search").label == "Search for models"


def test_pickers_follow_the_address_and_change_it(open_page, fair):
    app = open_page("fairness", fair, version="v2", attribute="sex & age", positive="no", metric="demographic_parity")
    assert app.selectbox(key="fairness_version").value == "v2"
    assert app.selectbox(key="fairness_positive").value == "no"
    assert "groups of sex & age" in said(app)
    app.selectbox(key="fairness_attribute").select("sex").run()
    assert app.query_params["attribute"] in ("sex", ["sex"])
    app.button(key="trade_search").click().run()
    assert fair.fairness.asked == [("sex", "demographic_parity")]


def test_a_running_search_can_be_cancelled_and_what_it_found_stays(open_page, fair):
    fair.fairness.status, fair.fairness.found[FAIR] = "running", 2
    app = open_page("fairness", fair)
    assert not app.exception
    app.button(key="trade_cancel").click().run()
    assert "was cancelled; the models that it had found are below" in said(app)
    assert len(app.radio(key="trade_point").options) == 3


def test_a_model_is_looked_at_with_its_warning_and_made_a_candidate(open_page, fair):
    app = open_page("fairness", searched(fair))
    assert app.radio(key="trade_point").value == 3
    app.radio(key="trade_point").set_value(1).run()
    assert "Needs sex of every case" in " ".join(one.value for one in app.warning).replace("\\", "")
    app.radio(key="trade_point").set_value(3).run()
    assert not app.warning
    app.button(key="trade_choose").click().run()
    assert fair.fairness.chosen == {3: "v5"}
    assert "It is the version v5." in said(app)
    assert not [one for one in app.button if one.key == "trade_choose"]


def test_without_a_sensitive_attribute_the_page_says_what_to_write(open_page):
    app = open_page("fairness", FakeServices(digits_state()))
    assert not app.exception
    assert "sensitive" in said(app)
    assert not app.radio


def test_without_a_version_nothing_is_compared(open_page, fair):
    fair.states[FAIR].champion = None
    assert "No version serves yet" in said(open_page("fairness", fair))


def test_both_gaps_are_drawn_with_intervals_and_the_limit_where_there_is_one():
    figure = trade_off_plot(points(), "equalised_odds", 1, {"equalised_odds": 0.1})
    first = [trace for trace in figure.data if trace.xaxis == "x" and trace.mode == "markers+text"]
    second = [trace for trace in figure.data if trace.xaxis == "x2"]
    assert sorted(x for trace in first for x in trace.x) == sorted(one.equalised_odds.value for one in points())
    assert sorted(x for trace in second for x in trace.x) == sorted(one.demographic_parity.value for one in points())
    assert all(trace.error_x.array and trace.error_y.array for trace in [*first, *second])
    line = next(trace for trace in figure.data if trace.mode == "lines")
    assert list(line.x) == sorted(one.equalised_odds.value for one in points() if one.efficient)
    assert [shape.x0 for shape in figure.layout.shapes] == [0.1]
