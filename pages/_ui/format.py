"""How figures and times read: two significant digits, interval, n; the reader's zone."""

from __future__ import annotations

from datetime import datetime
from math import floor, isfinite, log10
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.contracts import Estimate

MISSING = "–"


def decimals(value: float) -> int:
    """Return how many decimals show two significant digits of `value` (at most 4)."""
    if value == 0 or not isfinite(value):
        return 2
    return min(4, max(0, 1 - floor(log10(abs(value)))))


def number(value: float | None, places: int | None = None) -> str:
    """Return `value` with two significant digits, or a dash when there is none.

    Example
    -------
    >>> number(0.8149), number(0.0457), number(12.3), number(None)
    ('0.81', '0.046', '12', '–')
    """
    if value is None or not isfinite(value):
        return MISSING
    text = f"{value:.{decimals(value) if places is None else places}f}"
    return text.replace("-", "−")


def value_words(value: float) -> str:
    """Return a stored number in full: no more than six significant digits, whole numbers as they are.

    Example
    -------
    >>> value_words(43.0), value_words(12345678.0), value_words(0.30000000000000004), value_words(-1234.5)
    ('43', '12,345,678', '0.3', '−1,234.5')
    """
    text = f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:,.6g}"
    return text.replace("-", "−")


def signed(value: float | None, places: int = 2) -> str:
    """Return `value` with its sign, but what rounds to nothing without one."""
    if value is None or not isfinite(value):
        return MISSING
    text = f"{value:+.{places}f}"
    return (text if float(text) else text[1:]).replace("-", "−")


def interval(low: float | None, high: float | None, places: int = 2) -> str:
    """Return a 95 % interval in brackets, or nothing when there is none."""
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return ""
    return f"[{number(low, places)}, {number(high, places)}]"


def percent(part: float, whole: float = 1.0) -> str:
    """Return a share in percent; what is not nothing is never 0 %, what is not all never 100 %.

    Example
    -------
    >>> percent(0.613), percent(3, 4000), percent(3999, 4000), percent(1, 0)
    ('61 %', 'under 1 %', 'over 99 %', '–')
    """
    if not whole:
        return MISSING
    share = 100 * part / whole
    if 0 < share < 1:
        return "under 1 %"
    return "over 99 %" if 99.5 <= share < 100 else f"{share:.0f} %"


def estimate(value: Estimate) -> str:
    """Return a figure with its interval and n: `0.47 [0.43, 0.51] · n 500`."""
    places = decimals(value.value)
    return f"{number(value.value, places)} {interval(value.low, value.high, places)} · n {value.n:,}"


def seconds(value: float | None) -> str:
    """Return a duration in plain words."""
    if value is None:
        return MISSING
    if value < 90:
        return f"{number(value)} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.1f} h"


def reader_zone() -> ZoneInfo:
    """Return the time zone of the reader's browser, or UTC when it is unknown."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def when(moment: datetime | None, now: datetime | None = None) -> str:
    """Return a time in the reader's zone; with the date when it is not today."""
    if moment is None:
        return MISSING
    zone = reader_zone()
    local = moment.astimezone(zone)
    today = (now or datetime.now(zone)).astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    day = f"{local.day} {local:%b}"
    return f"{day} {local:%H:%M}" if local.year == today.year else f"{day} {local.year} {local:%H:%M}"


def likelihood(probability: float) -> str:
    """Return words for a calibrated probability."""
    for bound, words in ((0.95, "very likely"), (0.8, "likely"), (0.5, "more likely than not")):
        if probability >= bound:
            return words
    return "torn"
