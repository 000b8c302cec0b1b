"""Formats, escaping, keys and the painter's Python side."""

import tomllib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from math import nan
from pathlib import Path

import pytest
from fake_data import digit, png, report, target

from core.contracts import Estimate
from core.errors import BadInput
from pages._ui import format as figures
from pages._ui.background import Desk
from pages._ui.bars import interval_bar
from pages._ui.labels import digits, words
from pages._ui.painter import data_url, decode
from pages._ui.text import count, plain, shorten, spaced


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.8149, "0.81"), (0.0457, "0.046"), (12.3, "12"), (0.0, "0.00"), (-0.31, "−0.31"), (None, "–"), (nan, "–")],
)  # fmt: skip
def test_two_significant_digits(value, shown):
    assert figures.number(value) == shown


def test_estimate_has_interval_and_n():
    assert figures.estimate(Estimate(0.4712, 0.43, 0.512, 1500)) == "0.47 [0.43, 0.51] · n 1,500"


def test_shares_are_never_rounded_to_nothing_or_all():
    shown = [figures.percent(*share) for share in ((0.61,), (1, 300), (299, 300), (0, 5), (5, 5), (1, 0), (0.005,))]
    assert shown == ["61 %", "under 1 %", "over 99 %", "0 %", "100 %", "–", "under 1 %"]


def test_stored_numbers_are_shown_in_full():
    values = (43.0, 12345678.0, 0.30000000000000004, -1234.5, 1e-7)
    assert [figures.value_words(value) for value in values] == ["43", "12,345,678", "0.3", "−1,234.5", "1e−07"]


def test_a_sign_only_where_something_is_left():
    assert [figures.signed(value) for value in (0.2, -0.2, -0.004, 0.0)] == ["+0.20", "−0.20", "0.00", "0.00"]


def test_when_adds_the_date_only_when_needed():
    now = datetime(2026, 5, 4, 12, 3, tzinfo=UTC)
    assert figures.when(now, now) == "12:03"
    assert figures.when(now - timedelta(days=1), now) == "3 May 12:03"
    assert figures.when(now - timedelta(days=400), now).startswith("30 Mar 2025")
    assert figures.when(None) == "–"


def test_seconds_in_plain_words():
    assert [figures.seconds(v) for v in (0.42, 12.0, 300.0, 9000.0, None)] == ["0.42 s", "12 s", "5 min", "2.5 h", "–"]


@pytest.mark.parametrize(
    "text", ["**bold**", "<script>alert(1)</script>", ":red[x]", "$x$", "[a](b)", "# h", "![i](u)"]
)
def test_plain_leaves_no_markdown(text):
    escaped = plain(text)
    assert escaped.replace("\\", "") == text
    for sign in "*<>[]()#$:!":
        assert escaped.count(sign) == escaped.count("\\" + sign)


def test_plain_is_one_line():
    assert plain("a\n\nb") == "a b"


def test_small_words():
    assert shorten("abcdef", 4) == "abc…"
    assert (count(1, "case"), count(2000, "case")) == ("1 case", "2,000 cases")
    assert spaced("integrated_gradients") == "Integrated gradients"


def test_digit_classes_own_their_digit_and_others_count():
    assert digits(target(tuple("0123456789"))) == tuple("0123456789")
    assert digits(target(("normal", "pneumonia"))) == ("1", "2")
    assert digits(target(tuple("abcdefghijklm"))) == tuple("1234567890")
    assert words(target(("a", "b")), "unsure") == "unsure"


def test_mask_text_becomes_bytes_or_a_plain_error():
    content = png(digit(3))
    assert decode(b64encode(content).decode()) == content
    with pytest.raises(BadInput, match="base64"):
        decode("not base64!")
    with pytest.raises(BadInput, match="too large"):
        decode("A" * 20_000_001)


def test_data_url_is_encoded_once():
    content = png(digit(4))
    assert data_url(content) is data_url(content)
    assert data_url(content).startswith("data:image/png;base64,")


def test_interval_bar_is_drawn_from_numbers_alone():
    drawn = interval_bar(report().checks[0])
    assert drawn is not None
    assert "Accuracy" not in drawn
    assert interval_bar(report().checks[-1]) is None


def test_desk_answers_once_and_forgets_failures():
    calls = []

    def question():
        calls.append(1)
        if len(calls) == 1:
            raise BadInput("first time")
        return "answer"

    desk = Desk(1)
    with pytest.raises(BadInput, match="first time"):
        desk.ask("k", question, patience=5)
    assert desk.ask("k", question, patience=5) == "answer"
    assert desk.ask("k", question, patience=5) == "answer"
    assert len(calls) == 2
    assert desk.ready("k")


def test_desk_does_not_hold_the_page():
    from threading import Event

    gate = Event()
    desk = Desk(1)
    assert desk.ask("slow", gate.wait, patience=0.01) is None
    assert not desk.ready("slow")
    gate.set()
    assert desk.ask("slow", gate.wait, patience=5) is True


def test_every_page_is_short():
    for page in (Path(__file__).parents[2] / "pages").glob("*.py"):
        assert len(page.read_text().splitlines()) <= 80, page.name


def test_garbage_is_not_collected_after_every_run_of_a_page():
    options = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())
    assert options["runner"]["postScriptGC"] is False, "with a model in the process it holds everything up for long"
