"""The robustness section of the trust page on the fake services, and its figures as numbers."""

import pytest
from fake_robustness import robustness_report
from fake_services import FakeServices, digits_state

from pages._ui.robustness_plots import corruption_plot, flips_plot
from pages._ui.trust_robustness import median_words

pytestmark = pytest.mark.slow


def said(app):
    parts = [*app.markdown, *app.caption, *app.error, *app.info, *app.warning]
    return " ".join(part.value for part in parts).replace("\\", "")


def measured(**more) -> FakeServices:
    fake = FakeServices(digits_state())
    fake.robustness.reports["decoy-digits", "v3", "digit"] = robustness_report("decoy-digits", "v3", "digit", **more)
    return fake


def test_attacks_corruptions_and_flips_are_drawn_with_n_and_interval(open_page):
    app = open_page("trust", measured())
    assert not app.exception
    assert not app.error
    words = said(app)
    for part in (
        "right as they are: 0.92 [0.84, 1.00] · n 100",
        "Share of 92 correct answers turned wrong",
        "Worst with rotation at severity 5: right 0.37 [0.29, 0.45] · n 100, answers changed 0.55 [0.47, 0.63]",
        "Half of the answers flip within 0.10 [0.08, 0.12] · n 92. Not flipped: 4 of 92.",
        "The detector of attacked pictures (a hint only) has an AUROC of 0.81 [0.76, 0.86] · n 180",
        "one that fails does not show that nothing can",
    ):
        assert part in words, part
    frame = next(one.value for one in app.table if "checked" in one.value)
    assert list(frame.columns) == ["attack", "within 0.0078", "within 0.031", "within 0.10", "within 0.30", "checked"]
    assert frame["within 0.10"][1].replace("\\", "") == "0.97 [0.89, 1.00]"


def test_a_broken_attack_is_said_to_be_broken(open_page):
    app = open_page("trust", measured(broken=True))
    frame = next(one.value for one in app.table if "checked" in one.value)
    assert ["broken" in cell for cell in frame["checked"]] == [False, True, False]
    assert "**Projected gradient** · Broken: the gradient is zero in 92 of 92 cases." in said(app)


def test_a_report_is_asked_for_followed_and_shown(open_page):
    fake = FakeServices(digits_state())
    app = open_page("trust", fake)
    app.number_input(key="robustness_cases").set_value(50).run()
    app.button(key="robustness_start").click().run()
    assert fake.robustness.asked == [("v3", 50)]
    assert "attack: Projected gradient · case 1 of 3" in app.get("progress")[0].proto.text.replace("\\", "")
    for _ in range(3):
        app.run()
    assert not app.exception
    assert "on 50 cases" in said(app)


def test_a_report_can_be_cancelled(open_page):
    fake = FakeServices(digits_state())
    app = open_page("trust", fake)
    app.button(key="robustness_start").click().run()
    app.button(key="robustness_cancel").click().run()
    assert "The last report was cancelled" in said(app)


def test_lines_carry_intervals_from_clean_to_severity_five():
    figure = corruption_plot(robustness_report("w", "v1", "t"))
    assert [trace.name for trace in figure.data] == ["Noise", "Blur", "JPEG", "Low contrast", "Rotation"]
    assert figure.data[0].y == pytest.approx((0.92, 0.86, 0.80, 0.74, 0.68, 0.62))
    assert figure.data[0].error_y.arrayminus[1] == pytest.approx(0.08)
    assert len({trace.marker.symbol for trace in figure.data}) == 5


def test_the_histogram_holds_every_case():
    figure = flips_plot((0.1, 0.2, 0.2, 0.4))
    bins = figure.data[0].xbins
    assert list(figure.data[0].x) == [0.1, 0.2, 0.2, 0.4]
    assert bins.start == 0
    assert bins.end > 0.4


@pytest.mark.parametrize(
    ("smallest", "unflipped", "words"),
    [
        ((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), 0, "within 0.40 [0.10, 0.70] · n 7"),
        ((0.1, 0.2, 0.3), 2, "within 0.30 [0.10, more] · n 5"),
        ((0.1,), 4, "20 % of the answers could be flipped · n 5"),
    ],
)
def test_the_median_counts_cases_that_were_not_flipped(smallest, unflipped, words):
    assert words in median_words(smallest, unflipped)
