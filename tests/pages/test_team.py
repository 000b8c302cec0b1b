"""The team page on the fake services."""

from dataclasses import replace

from fake_data import target
from fake_services import FakeServices, State, digits_state
from fake_team import row, rows
from test_trust import plots, said

from core.contracts import Estimate, TeamView
from pages._ui.team_cuts import RELIANCE, pair_dots, table
from pages._ui.team_deferral import accuracy_plot, cheapest_of, cost_plot, numbers_of
from pages._ui.team_gain import gain_words, same_cases


def test_four_questions_with_words_for_each_figure(open_page):
    app = open_page("team", FakeServices(digits_state()))
    assert not app.exception
    assert not app.error
    assert [header.value for header in app.header] == [
        "Are we better together?", "Who is helped, who is harmed?", "Do people rely rightly?", "Who should read what?",
    ]  # fmt: skip
    assert plots(app) == 5
    words = said(app)
    for part in (
        "**Together is better than either alone**. Gain +0.05 [0.02, 0.08] · n 400",
        "Person alone 0.72 [0.65, 0.79] · n 400. Model alone 0.78 [0.71, 0.85] · n 400. Together 0.83",
        "400 reads of 300 cases",
        "95 % intervals are for other readers on other cases (3 readers so far)",
        "3 reads with the model switched off: they count for people alone",
        "1 read <b>of</b> an answer that was wrong on purpose",
        "People alone over all their reads before the reveal: 0.71",
        "Over all reads: helped 0.55 [0.41, 0.69] of 133; harmed 0.06 [0.00, 0.13] of 266",
        "**Where people do better (learned)** · cheapest: People read 35 %",
        "The model alone is right in 78 %, people alone in 72 %",
    ):
        assert part in words, part


def test_nobody_has_read_yet_says_what_to_do(open_page):
    app = open_page("team", FakeServices(digits_state(champion=None)))
    assert not app.exception
    assert plots(app) == 0
    assert "Nobody has read a case before the model's answer was shown yet. Read cases from the worklist" in said(app)


def test_the_cost_of_an_hour_is_asked_for_and_moves_the_curves(open_page):
    fake = FakeServices(digits_state())
    app = open_page("team", fake)
    app.number_input(key="hour_cost").set_value(40.0).run()
    assert not app.exception
    assert fake.team.costs[-1] == 40.0
    view = fake.team.view("decoy-digits", hour_cost=40.0)
    assert cheapest_of(view.curves).points[-1].cost > 50


def test_experience_is_noted_by_pseudonym(open_page):
    fake = FakeServices(digits_state())
    app = open_page("team", fake)
    app.selectbox(key="team_reader").set_value("R3").run()
    app.text_input(key="team_experience_R3").set_value("resident")
    app.button(key="team_experience_save").click().run()
    assert not app.exception
    assert fake.team.experience["R3"] == "resident"


def test_questions_are_picked_where_there_are_several(open_page):
    fake = FakeServices(State("two", (target(("no", "yes"), "effusion"), target(("a", "b"), "view")), ("q-1",)))
    app = open_page("team", fake)
    app.selectbox(key="team_target").set_value("view").run()
    assert app.query_params["target"] in ("view", ["view"])
    app = open_page("team", fake, target="nothing")
    assert "There is no target" in said(app)


def test_gain_in_words():
    found = row("all", 400)
    better, worse = Estimate(0.06, 0.02, 0.1, 400), Estimate(-0.06, -0.1, -0.02, 400)
    assert gain_words(replace(found, gain=better)).startswith("**Together is better than either alone**. Gain +0.06")
    assert gain_words(replace(found, gain=worse)).startswith("**Together is worse than the better of the two alone**")
    unclear = Estimate(0.01, -0.02, 0.04, 9)
    assert "the reads can't tell yet. Gain +0.01 [−0.02, 0.04] · n 9. These are few cases" in gain_words(
        replace(found, gain=unclear, small=True)
    )
    assert gain_words(replace(found, gain=None)) == "Nothing to compare yet."


def test_one_reader_stands_for_nobody_else():
    view = TeamView("w", "t", ("t",), rows()[:2], (), 1.0, None, None, (), (("R1", ""),))
    assert "Intervals are for this one reader on other cases, and say nothing of other readers." in same_cases(view)


def test_cuts_of_few_cases_are_grey_and_what_nobody_can_tell_is_left_out():
    dots = pair_dots(rows(), RELIANCE)
    assert {dot.mark for dot in dots if dot.row.startswith("reader R3")} == {"open"}
    assert [dot.row for dot in dots if "PA" in dot.row] == ["**view** <b>PA</b> · under-reliance"]
    few = replace(rows()[0], over_reliance=Estimate(0.5, 0.1, 0.9, 9))
    assert [dot.mark for dot in pair_dots((few,), RELIANCE)] == ["open", "bad"]
    cells = table(rows())
    assert cells.loc[3, "cut"] == "reader R3 *"
    assert cells.loc[7, "over-reliance"] == "–"
    assert cells.loc[0, "seconds for a read"] == "24 [19, 29] · n 400"


def test_curves_as_numbers_and_plots():
    view = FakeServices(digits_state()).team.view("decoy-digits")
    numbers = numbers_of(view.curves)
    assert len(numbers.rows) == 63
    assert [one[0] for one in numbers.rows if one[-1] == "yes"] == ["confidence", "conformal", "learned"]
    right, cost = accuracy_plot(view.curves), cost_plot(view.curves)
    assert [trace.name for trace in right.data] == [
        "Least sure first", "Most answers open first", None, "Where people do better (learned)", "cheapest",
    ]  # fmt: skip
    assert list(cost.data[-1].x) == [0.4, 0.4, 0.35]
