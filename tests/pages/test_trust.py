"""The trust page on the fake services, and its figures as numbers."""

import csv
from dataclasses import replace
from io import StringIO

import pytest
from fake_coverage import ALARM, coverage_view, point
from fake_data import target
from fake_services import FakeServices, State, digits_state
from fake_trust import bins, confusion, quality_report, tree

from core.contracts import Estimate
from core.errors import Unavailable
from pages._ui.coverage import group_plot, time_plot
from pages._ui.download import Numbers
from pages._ui.plot_colours import DARK, LIGHT, ink_at, parts_of, written_on
from pages._ui.plots import Bar, Dot, Line, bar_plot, dot_plot, heat_plot, line_plot, middle, safe
from pages._ui.trust_answers import reliability_plot
from pages._ui.trust_errors import error_tree
from pages._ui.trust_methods import numbers_of

pytestmark = pytest.mark.slow


def said(app):
    parts = [*app.markdown, *app.caption, *app.text, *app.info, *app.success, *app.error, *app.warning]
    return " ".join(part.value for part in parts).replace("\\", "")


def plain_words(text):
    return text.replace("\\", "")


def measured(**more) -> FakeServices:
    fake = FakeServices(digits_state(**more))
    fake.trust.reports["decoy-digits", "v3", "digit"] = quality_report("decoy-digits", "v3", "digit")
    return fake


def plots(app) -> int:
    return len(app.get("plotly_chart"))


def test_everything_is_drawn_with_words_for_each_figure(open_page):
    app = open_page("trust", measured())
    assert not app.exception
    assert not app.error
    assert plots(app) == 8
    words = said(app)
    for part in (
        "The review shows **Integrated gradients** first",
        "**Guided backpropagation** · :material/cancel:\u00a0not\u00a0supported by evidence here: its map hardly",
        "Deep lift** · could not be measured: its attributions do not add up",
        "Deletion against random (limit: above 0.00): passed by Integrated gradients, Grad-CAM",
        "failed by Random map",
        "Most alike: Integrated gradients and Grad-CAM 0.80 [0.60, 1.00]; least: Integrated gradients and Random map",
        "Of the map of Integrated gradients, 0.50 [0.30, 0.60] lies inside the marks of corner patch; chance is 0.04",
        "Where it says 0.82, it is right in 0.70 [0.62, 0.78] of 140 cases: less often than it says",
        "Calibration error 0.046 [0.031, 0.062] · n 500",
        "400 of 532 right",
        "Probabilities by temperature scaling (one number for all labels), from 150 calibration cases.",
        "Calibration error on them: 0.12 [0.09, 0.15] · n 150 before, 0.031 [0.020, 0.060] · n 150 after.",
        "Isotonic regression needs 200 calibration cases and there are 150: temperature scaling was used.",
        "It is to hold the right one in 0.90 of cases (least ambiguous sets within groups of view, from 512",
        "it did in 0.91 [0.89, 0.94] · n 500. By chance alone, 95 % of such figures lie [0.86, 0.94]: and so does",
        "Less than promised: view=AP. Dashed line: 0.90.",
        "Latest: 0.80 [0.58, 1.00] · n 10, settled 2026-03-23 to 2026-03-29; 0.90 was to be expected",
        "Most errors where patch shade over 128 and digit is one of 3, 8, 9: 72 of 90 cases wrong (80 %), against 32 %",
        "age over 61 and <b>sex</b> is **F**",
    ):
        assert part in words, part


def test_table_of_methods_has_value_interval_and_limit(open_page):
    app = open_page("trust", measured())
    frame = app.table[0].value
    assert [name.replace("\\", "") for name in frame["method"]] == [
        "**Integrated gradients**",
        "**Grad-CAM**",
        "**Shapley value sampling**",
        "**Guided backpropagation**",
        "**Random map**",
    ]
    assert list(frame["on this model"])[2:4] == [
        ":material/check_circle:\u00a0supported",
        ":material/cancel:\u00a0not\u00a0supported",
    ]
    head = next(name for name in frame.columns if "Weight randomisation" in name)
    assert "below 0.30" in head
    assert frame[head][3].replace("\\", "") == ":material/close: 0.86 [0.80, 0.92]"


def test_a_test_that_only_informs_stands_in_brackets(open_page):
    fake = measured()
    report = fake.trust.reports["decoy-digits", "v3", "digit"]
    first = report.methods[0]
    tests = (replace(first.tests[0], verdict="fail", counts=False), *first.tests[1:])
    methods = (replace(first, tests=tests), *report.methods[1:])
    fake.trust.reports["decoy-digits", "v3", "digit"] = replace(report, methods=methods)
    frame = open_page("trust", fake).table[0].value
    head = next(name for name in frame.columns if name.startswith("Deletion against random"))
    assert frame[head][0].replace("\\", "") == "(:material/close: 0.21 [0.15, 0.27])"
    assert frame[head][1].replace("\\", "") == ":material/check: 0.17 [0.11, 0.23]"


def test_a_report_is_asked_for_followed_and_shown(open_page):
    fake = FakeServices(digits_state())
    app = open_page("trust", fake)
    assert "Nothing was measured for v3 yet" in said(app)
    assert "known after the first one" in said(app)
    app.number_input(key="report_cases").set_value(20).run()
    app.multiselect(key="report_methods").set_value(["grad_cam"]).run()
    app.button(key="report_start").click().run()
    assert fake.trust.asked == [("v3", ("grad_cam",), 20)]
    assert "integrated gradients · case 4 of 40" in app.get("progress")[0].proto.text.replace("\\", "")
    for _ in range(8):
        app.run()
    assert not app.exception
    assert "on 20 cases" in said(app)
    assert "20 cases, about" in said(app)


def test_a_report_can_be_cancelled_and_a_failed_one_is_said(open_page):
    fake = FakeServices(digits_state())
    app = open_page("trust", fake)
    app.button(key="report_start").click().run()
    app.button(key="report_cancel").click().run()
    assert "was cancelled" in said(app)
    fake.trust.runs["decoy-digits"] = replace(
        fake.trust.runs["decoy-digits"], status="failed", error="No <b>space</b>."
    )
    assert "The last report failed: No <b>space</b>." in said(app.run())


def test_version_and_question_follow_the_address(open_page):
    two = State("two", (target(("no", "yes"), "effusion"), target(("a", "b"), "view")), ("q-1",))
    app = open_page("trust", FakeServices(two), version="v4", target="view")
    assert app.selectbox(key="trust_version").value == "v4"
    assert app.selectbox(key="trust_target").value == "view"
    app.selectbox(key="trust_version").set_value("v3").run()
    assert app.query_params["version"] == "v3"
    assert app.selectbox(key="trust_target").value == "view"


def test_an_unknown_version_and_a_service_that_fails_are_said(open_page):
    app = open_page("trust", FakeServices(digits_state()), version="v99")
    assert "There is no version 'v99'" in app.error[0].value.replace("\\", "")

    def down(*args, **kwargs):
        raise Unavailable("The store is read-only. Ask who runs this server.")

    fake = measured()
    fake.trust.start_report = down
    app = open_page("trust", fake)
    app.button(key="report_start").click().run()
    assert "store is read" in app.error[0].value
    assert plots(app) == 8


def test_without_version_or_cases_the_page_says_so(open_page):
    app = open_page("trust", FakeServices(digits_state(champion=None, candidate=None)))
    assert "No version serves yet" in app.info[0].value
    fake = measured()
    view = fake.trust.view("decoy-digits")
    bare = replace(view, calibration=(), confusion=None, slices=(), slice_note="too few cases", tree=(), report=None)
    fake.trust.view = lambda workspace, version=None, target=None: replace(bare, cases_available=0)
    fake.guard.views["decoy-digits"] = replace(coverage_view(), ledger=None, groups=(), over_time=())
    app = open_page("trust", fake)
    assert not app.exception
    assert plots(app) == 0
    for part in ("no cases yet that a report", "No ledger case has an answer", "None was found", "too few cases"):
        assert part in said(app)


def test_a_report_that_supports_nothing_and_has_gaps(open_page):
    fake = measured()
    report = fake.trust.reports["decoy-digits", "v3", "digit"]
    bare = replace(report.methods[0], support="not assessed", artefacts=(), reason="too few cases", tests=(
        replace(report.methods[0].tests[0], value=None, verdict="not assessable"),))  # fmt: skip
    fake.trust.reports["decoy-digits", "v3", "digit"] = replace(report, methods=(bare,), agreement=())
    app = open_page("trust", fake)
    assert not app.exception
    assert not app.error
    for part in ("No method is supported here", "not assessed: too few cases", "when there are two of them"):
        assert part in said(app)


def test_fifty_classes_are_drawn_without_numbers_in_the_cells(open_page):
    names = tuple(f"Disorder of the upper respiratory tract, variety {i}" for i in range(50))
    app = open_page("trust", FakeServices(State("fifty", (target(names),), ("long-1",))))
    assert not app.exception
    assert "Largest mix-ups: Disorder of the…ct, variety 49 answered" in said(app)


def test_numbers_are_saved_as_text_that_no_spreadsheet_runs():
    numbers = Numbers(("case", "change"), (("=1+1", -0.5), ("d-1", None)))
    assert list(csv.reader(StringIO(numbers.text))) == [["case", "change"], ["'=1+1", "-0.5"], ["d-1", ""]]
    report = quality_report("w", "v3", "digit")
    table = numbers_of(report, ("pointing",))
    assert len(table.rows) == 5
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["method"], row["value"], row["chance"], row["verdict"]) == ("integrated_gradients", 0.61, 0.17, "pass")


def test_user_text_in_a_figure_is_never_read_as_html():
    assert safe("<b>x</b> & y") == "&lt;b&gt;x&lt;/b&gt; &amp; y"
    assert middle("Disorder of the upper respiratory tract, variety 12", 24) == "Disorder of…variety 12"
    assert middle("short\nname") == "short name"
    assert "&lt;i&gt;stroke&lt;/i&gt; is thin" in error_tree(tree()).data[0].labels
    plot = dot_plot([Dot("<b>x</b>", 0.1, 0.0, 0.2, "<i>y</i>")], title="t")
    assert plot.layout.yaxis.ticktext == ("&lt;b&gt;x&lt;/b&gt;",)
    assert plot.data[0].customdata == ("&lt;i&gt;y&lt;/i&gt;",)


def test_dots_are_told_apart_by_shape_and_carry_their_interval():
    dots = [Dot("a", 0.3, 0.1, 0.4, "w", "bad"), Dot("a", 0.1, 0.0, 0.2, "w", "chance"), Dot("b", 0.5, 0.4, 0.6, "w")]
    plot = dot_plot(dots, title="t", limit=0.2)
    assert {trace.name: trace.marker.symbol for trace in plot.data} == {
        "passed": "circle", "failed": "x", "chance level": "diamond-open"}  # fmt: skip
    failed = next(trace for trace in plot.data if trace.name == "failed")
    assert failed.error_x.array[0] == pytest.approx(0.1)
    assert failed.error_x.arrayminus[0] == pytest.approx(0.2)
    assert sorted(shape.x0 for shape in plot.layout.shapes) == [0, 0.2]


def test_rows_with_the_same_short_name_stay_apart():
    names = (
        "Disorder of the upper respiratory tract, a, variety 1",
        "Disorder of the upper respiratory tract, b, variety 1",
    )
    plot = heat_plot([[1.0, 0.0], [0.2, 0.8]], rows=names, columns=names, said=[["", ""], ["", ""]])
    assert plot.layout.yaxis.tickvals == (0, 1)
    assert len(plot.data[0].z) == 2


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_contrast_of_words_and_marks(theme):
    for colour, least in ((theme.ink, 4.5), (theme.grey, 4.5), (theme.accent, 3), (theme.orange, 3), (theme.blue, 3)):
        assert contrast(colour, theme.back) >= least, colour
    for stops, low in ((theme.magnitude, 0.0), (theme.sign, -1.0)):
        for step in range(21):
            colour = ink_at(stops, low + (1 - low) * step / 20, low)
            assert contrast(colour, written_on(colour)) >= 4.5, colour


def test_scales_are_even_in_lightness_and_centred():
    for theme in (LIGHT, DARK):
        bright = [luminance(colour) for colour in theme.magnitude]
        assert bright in (sorted(bright), sorted(bright, reverse=True))
        assert ink_at(theme.sign, 0.0, -1.0) == theme.sign[2]


def luminance(colour: str) -> float:
    parts = [part / 255 for part in parts_of(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_lines_bands_bars_and_bins():
    lines = line_plot([Line("this map", (0, 1), (0.9, 0.1)), Line("random", (0, 1), (0.9, 0.3), (0.8, 0.2), (1, 0.4))],
                      x_title="removed", y_title="probability")  # fmt: skip
    assert [trace.name for trace in lines.data] == ["this map", None, "random"]
    assert list(lines.data[1].y) == [1, 0.4, 0.2, 0.8]
    bars = bar_plot([("before", [Bar("age", -0.3, -0.4, -0.1)]), ("after", [Bar("age", 0.1)])], title="t")
    assert bars.data[0].error_x.array[0] == pytest.approx(0.2)
    assert bars.data[0].error_x.arrayminus[0] == pytest.approx(0.1)
    assert bars.layout.barmode == "group"
    drawn = reliability_plot(bins())
    assert list(drawn.data[1].x) == [0.42, 0.61, 0.82, 0.96]
    assert list(drawn.data[2].y) == [12, 60, 140, 288]


def test_an_empty_row_of_the_confusion_matrix_has_no_share(open_page):
    fake = measured()
    view = fake.trust.view("decoy-digits")
    matrix = confusion(("a", "b"))
    matrix = replace(matrix, counts=((0, 0), (1, 3)), recall=(None, Estimate(0.75, 0.2, 1.0, 4)))
    fake.trust.view = lambda workspace, version=None, target=None: replace(view, confusion=matrix)
    app = open_page("trust", fake)
    assert not app.exception
    assert "3 of 4 right. Largest mix-ups: b answered a: 1 of 4." in said(app)


def test_coverage_that_falls_raises_an_alarm(open_page):
    fake = measured()
    fake.guard.views["decoy-digits"] = coverage_view(alarm=True)
    app = open_page("trust", fake)
    assert [plain_words(one.value) for one in app.warning] == [ALARM]


def test_before_anybody_settled_a_case_coverage_over_time_says_when_it_comes(open_page):
    fake = measured()
    fake.guard.views["decoy-digits"] = coverage_view(settled=False)
    app = open_page("trust", fake)
    assert plots(app) == 7
    assert "in stretches of fifty" in said(app)


def test_coverage_figures_tell_small_groups_and_groups_below_the_promise_apart():
    view = coverage_view()
    marks = {trace.name: list(trace.y) for trace in group_plot((("all cases", view.ledger), *view.groups), 0.9).data}
    assert marks == {"as promised": [0, 2], "less than promised": [1], "fewer than 20 cases": [3]}
    expected, covered = time_plot(view.over_time, 0.9).data
    assert list(expected.y) == [0.86, 0.85, 0.84, 0.9]
    assert list(covered.y) == [0.9, 0.84, 0.88, 0.8]
    assert len(time_plot((point(0, 0.9, None),), 0.9).data) == 1
