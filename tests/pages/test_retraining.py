"""The retraining page: what to look at before training, the plan of a run, its trials, its result, the curve."""

from dataclasses import replace

import pytest
from browsing import page_of, serious
from fake_retraining import (
    FIXED,
    NOTHING,
    curve,
    empty_outcome,
    ended,
    feedback_of,
    good_outcome,
    warnings_on,
)
from fake_services import FakeServices, digits_state
from playwright.sync_api import expect

from core.contracts import LearningCurve, RunPlan

CASES = tuple(f"d-{i:04d}" for i in range(1, 9))
DRAWN = """() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'
  && !document.querySelector('[data-testid=stSkeleton]')"""
WIDER = "() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth; }"


def said(app):
    parts = [*app.markdown, *app.caption, *app.text, *app.info]
    return " ".join(part.value for part in parts).replace("\\", "").replace("\u00a0", " ")


def links(app):
    return " ".join(link.label for link in app.get("page_link")).replace("\\", "")


def opened(open_page, **changes):
    app = open_page("retraining", FakeServices(digits_state(**changes)))
    assert not app.exception
    return app


def test_marks_to_look_at_are_named_with_their_cases(open_page):
    app = opened(open_page, feedback=feedback_of(CASES, warnings=warnings_on(CASES)))
    words = said(app)
    assert "3 things to look at before training" in words
    assert "about 4.0 times as large" in words
    assert "Open them and take one of the two away" in words
    assert "4 further cases" in [box.label for box in app.expander]
    assert all(case in links(app) for case in CASES)


def test_without_warnings_there_is_no_list(open_page):
    assert "to look at before training" not in said(opened(open_page))


def test_strategies_by_family_in_plain_words_with_what_does_not_fit(open_page):
    app = opened(open_page)
    box = app.selectbox(key="retrain_strategy")
    assert box.options[0] == "Automatic"
    assert "Last feature map (does not fit here)" in box.options
    assert "About 2.5 times as long as labels alone" in said(app)
    assert not [slider for slider in app.select_slider if slider.key == "retrain_budget"]
    box.set_value("grad_cam").run()
    assert FIXED in said(app)


def test_a_run_starts_with_its_plan(open_page):
    state = digits_state(report=None, candidate=None)
    app = open_page("retraining", FakeServices(state))
    app.selectbox(key="retrain_strategy").set_value("auto").run()
    app.select_slider(key="retrain_budget").set_value(300).run()
    app.get("button_group")[0].set_value("champion").run()
    app.button(key="retrain_start").click().run()
    assert state.calls[-1] == "start auto"
    assert state.plans == [RunPlan("champion", "all", 300.0)]
    assert "up to 5 min" in said(app)
    assert "from the champion's weights" in said(app)


def test_sensible_defaults(open_page):
    state = digits_state(report=None, candidate=None)
    app = open_page("retraining", FakeServices(state))
    app.button(key="retrain_start").click().run()
    assert state.calls[-1] == "start guided"
    assert state.plans == [RunPlan()]


def test_trials_so_far_are_listed_while_it_runs(open_page):
    state = digits_state(report=None, candidate=None, trials=good_outcome().trials[2:4])
    app = open_page("retraining", FakeServices(state))
    app.button(key="retrain_start").click().run()
    assert "tried · Labels only 0.431 [0.411, 0.451]" in said(app)
    assert "stopped · Input gradients" in said(app)


def test_what_a_good_run_came_to(open_page):
    app = opened(open_page, run=ended(good_outcome()))
    table = app.table[0].value
    assert list(table.columns) == ["strategy", "score", "result", "why"]
    assert "delivered" in table["result"].iloc[0]
    assert table["result"].iloc[-1].endswith("champion")
    assert "1 strategy was skipped" in [box.label for box in app.expander]
    assert "Would have taken 80 s" in said(app)
    assert "3 labels on record may be wrong" in [box.label for box in app.expander]
    assert "n 400" in said(app)


def test_no_effect_is_said_with_what_to_try(open_page):
    app = opened(open_page, run=ended(empty_outcome(), "v3"), report=None, candidate=None)
    words = said(app)
    assert f"**No effect.** {NOTHING}" in words
    assert "nothing was better than v3, which goes on serving" in words
    assert "delivered" not in app.table[0].value["result"].str.cat()


def test_learning_curve_with_its_worth_and_as_a_table(open_page):
    app = opened(open_page, curve=curve())
    titles = {metric.label: metric.value for metric in app.metric}
    assert titles["Ten more marks: accuracy"].startswith("+0.0")
    assert titles["Ten more marks: reliance"].startswith("−0.0")
    assert "4 rounds. Latest, v4, 60 marked cases: accuracy 0.90 [0.87, 0.93] · n 500" in said(app)
    rounds = next(frame.value for frame in app.dataframe if "reliance low" in frame.value.columns)
    assert list(rounds["marks"]) == [0, 10, 25, 60]


def test_learning_curve_before_it_can_tell(open_page):
    assert "after 1 more" in said(opened(open_page, curve=curve(2)))
    assert "The curve begins with the first candidate" in said(opened(open_page, curve=LearningCurve()))


def test_nothing_to_learn_from_and_nothing_to_start_from(open_page):
    none = replace(feedback_of((), 0), artefacts=())
    app = opened(open_page, feedback=none, report=None, candidate=None)
    assert app.button(key="retrain_start").disabled
    assert "It opens with the first verdict" in said(app)
    app = opened(open_page, feedback=feedback_of(()), champion=None, report=None, candidate=None, back=None)
    assert app.button(key="retrain_start").disabled
    assert "There is no champion yet" in said(app)


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "width", "names"),
    [("light", 1280, ("good-run", "no-feedback")), ("dark", 768, ("long-names", "no-effect"))],
)
def test_in_a_browser_nothing_overflows_and_axe_is_content(address, browser, scheme, width, names):
    with page_of(browser, color_scheme=scheme, viewport={"width": width, "height": 900}) as page:
        for name in names:
            page.goto(f"{address}/retraining?workspace={name}")
            expect(page.locator(".st-key-retrain_start")).to_be_visible(timeout=30_000)
            expect(page.get_by_role("heading", name="Learning curve")).to_be_visible(timeout=30_000)
            page.wait_for_function(DRAWN, timeout=60_000)
            assert page.evaluate(WIDER) <= 0, name
            assert serious(page) == [], name
