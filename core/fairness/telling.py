"""Gaps in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.contracts import Estimate, GroupRow, RateName
from core.fairness.gaps.base import GapMeasure
from core.fairness.grouping import Grouping
from core.fairness.permutation import Chance

SHARE_OF: dict[RateName, str] = {
    "selection_rate": "the share that is selected",
    "true_positive_rate": "the share of positives that is found",
    "false_positive_rate": "the share of negatives with a false alarm",
    "accuracy": "the share of right answers",
}
CHANCE = 0.05


def gap_title(measure: GapMeasure, decisive: int) -> str:
    """Return a gap's title; where it is the larger of two it says which it was."""
    if len(measure.rates) == 1:
        return measure.title
    return f"{measure.title} (here: {SHARE_OF[measure.rates[decisive]]})"


@dataclass(frozen=True, slots=True)
class Apart:
    """The groups that are farthest apart in one rate."""

    rate: RateName
    highest: tuple[str, float]
    """(group, rate)"""
    lowest: tuple[str, float]
    overall: float
    """The rate of all groups together."""


def gap_words(apart: Apart, difference: Estimate, chance: Chance, limit: float | None) -> str:
    """Return what was found, what chance would make of it, and where the policy's limit lies."""
    rate, (high, most), (low, least) = SHARE_OF[apart.rate], apart.highest, apart.lowest
    found = (
        f"{rate[0].upper()}{rate[1:]} is {most:.2f} for {high} and {least:.2f} for {low} ({apart.overall:.2f} in all)"
    )
    usual = f"Shuffled groups give {chance.typical:.2f} on average, and one this large in {_percent(chance.p_value)}"
    verdict = "it may be chance" if chance.p_value > CHANCE else "more than chance makes"
    return f"{found}. {usual}: {verdict}. {_against(difference, limit)}".rstrip()


def _against(difference: Estimate, limit: float | None) -> str:
    if limit is None:
        return ""
    if difference.high <= limit:
        return f"The whole interval is within the policy's limit of {limit:.2f}."
    if difference.low > limit:
        return f"The whole interval is over the policy's limit of {limit:.2f}."
    return f"The interval holds the policy's limit of {limit:.2f}, so this can't be told."


def _percent(share: float) -> str:
    return "under 1 % of shuffles" if share < 0.01 else f"{100 * share:.0f} % of shuffles"


def note_of(found: Grouping, rows: Sequence[GroupRow], missing: Sequence[GapMeasure], minimum: int) -> str:
    """Return what to know: small groups, groups not shown, cases without the attribute, gaps that can't be had."""
    small = [row.group for row in rows if any(rate.small for rate in row.rates)]
    parts = [
        f"Rates about fewer than {minimum} cases are shown hollow and compared with nothing: {', '.join(small)}."
        if small
        else "",
        f"{found.others} smaller groups are not shown." if found.others else "",
        f"{found.unknown:,} cases lack {found.attribute}." if found.unknown else "",
        f"No two groups have enough cases for: {', '.join(one.title.split(':')[0].lower() for one in missing)}."
        if missing
        else "",
    ]
    return " ".join(part for part in parts if part)
