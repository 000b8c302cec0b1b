"""The proof on the retraining page: good, without effect, harmful, without control, without marks, many."""

import csv
from io import StringIO

import pytest
from fake_proof import GOOD, HARM, LONG, PROOFS, report_of
from fake_services import FakeServices, digits_state

from core.contracts import Estimate
from pages._ui.plots import safe
from pages._ui.proof_plots import models_of, moved, points, price_numbers, price_plot, proof_numbers, proof_plot


def opened(open_page, name: str):
    return open_page("retraining", FakeServices(digits_state(report=report_of(name))))


def said(app) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.header, *app.subheader]
    return " ".join(part.value for part in parts).replace("\\", "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("good", (":material/check_circle: **Effect**", "Bold: candidate minus control", "**Nothing got worse**",
                  "Put in −47 [−51, −43] (champion 61 %, control 55 %, candidate 8 %, n 800)", "chance 2 %")),
        ("nothing", (":material/drag_handle: **No effect**", "- Mark more cases: at least 10 more", "smaller",
                     "Try another strategy")),
        ("harm", (":material/cancel: **Harm**", "**Worse:** Accuracy on cases as they are 92 % → 61 %",
                  "1 case went from right to wrong, 1 from wrong to right", "From right to wrong")),
        ("no control", ("There is no control run. Bold: candidate minus champion",)),
        ("none", ("There is nothing to prove yet", "In the review, mark what the model should not use")),
        ("many", (f"{LONG} · effusion", "שלום · view")),
    ],
)  # fmt: skip
def test_a_lead_reads_it(open_page, name, words):
    app = opened(open_page, name)
    assert not app.exception
    assert not app.error
    for part in words:
        assert part in said(app), part


def test_a_sentence_is_said_once(open_page):
    sentence = PROOFS["nothing"].artefacts[0].words
    assert said(opened(open_page, "nothing")).count(sentence) == 1


def test_figures_hold_what_is_measured():
    (proof,) = GOOD.artefacts
    figure = proof_plot(proof)
    assert len(figure.data) == 4 * 3  # four measures of three models
    heads = [annotation.text for annotation in figure.layout.annotations]
    assert heads[0] == "Put in<br><b>−47 [−51, −43]</b>"
    assert [trace.x[0] for trace in figure.data[:3]] == [0.61, 0.55, 0.08]
    assert len({trace.marker.symbol for trace in figure.data[:3]}) == 3  # shapes tell them apart, not colours alone


def test_without_control_there_are_two_rows():
    (proof,) = PROOFS["no control"].artefacts
    assert [name for name, _ in models_of(proof.lines[0])] == ["champion", "candidate"]
    assert list(proof_plot(proof).layout.yaxis.ticktext) == ["champion", "candidate"]


def test_worse_is_told_by_shape_and_word_and_right_is_better():
    figure = price_plot(HARM.price)
    assert [trace.marker.symbol for trace in figure.data] == ["circle", "x", "x", "x", "x", "x"]
    assert "<b>worse</b>" in figure.layout.yaxis.ticktext[1]
    assert figure.data[3].name == "calibration error"
    assert figure.data[3].x[0] == pytest.approx(-9)  # nine points more error are drawn to the left
    assert moved(HARM.price[1]) == "92 % → 61 %"
    assert points(HARM.price[1].difference) == "−31 [−34, −28]"


def test_nothing_has_no_sign():
    assert points(Estimate(-0.0004, -0.004, -0.0001, 9)) == "0 [0, 0]"


def test_names_are_shown_letter_by_letter():
    figure = price_plot(PROOFS["many"].price)
    assert "<b>tags" not in figure.layout.yaxis.ticktext[-1]
    assert safe("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"


def test_numbers_to_take_away():
    rows = list(csv.DictReader(StringIO(proof_numbers(GOOD.artefacts[0]).text)))
    assert len(rows) == 4 * 4
    claimed = next(row for row in rows if row["of"] == "claimed effect")
    assert float(claimed["value"]) == pytest.approx(-0.47)
    assert {row["of"] for row in csv.DictReader(StringIO(price_numbers(HARM.price).text))} == {
        "champion", "control", "candidate", "candidate minus champion",
    }  # fmt: skip
