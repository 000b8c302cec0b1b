"""From the figures of many cases to the outcomes of the tests."""

from statistics import fmean

from explain.assessment.class_sensitivity import can_fail
from explain.assessment.intervals import Estimate, bootstrap_mean, share_interval
from explain.assessment.measuring import Sheet
from explain.assessment.support import Outcome, TestName, outcome

MISSING: dict[TestName, str] = {
    "deletion_random": "a case has a single part, so there is no order to test",
    "insertion_random": "a case has a single part, so there is no order to test",
    "deletion_edge": "only pictures have edges",
    "insertion_edge": "only pictures have edges",
    "randomisation": "the maps have too few parts to compare their order",
    "class_sensitivity": "no case moves the two labels differently, or the maps have too few parts to compare",
    "repeatability": "the maps have too few parts to compare their order",
    "completeness": "the values of this method are not meant to add up",
    "pointing": "nobody marked where to look",
    "mass": "nobody marked where to look",
}


def outcomes_of(sheet: Sheet, *, signed: bool, classes: int, seed: int) -> tuple[Outcome, ...]:
    """Return the outcome of every test, in the order in which they are told."""
    found = []
    for name in MISSING:
        figures = _figures(sheet, name)
        value = share_interval(figures) if name == "pointing" else bootstrap_mean(figures, seed)
        chance = bootstrap_mean(sheet.chances, seed) if name in ("pointing", "mass") else None
        if name == "randomisation" and value is not None:
            value = _size(value)
        one = outcome(name, value, chance=chance, missing=_missing(sheet, name), note=_note(sheet, name, signed=signed))
        found.append(_fair(one, signed=signed, classes=classes) if name == "class_sensitivity" else one)
    return tuple(found)


def _figures(sheet: Sheet, name: TestName) -> list[float]:
    if name == "randomisation":
        return sheet.stages.get(sheet.depth - 1, [])
    return sheet.figures.get(name, [])


def _missing(sheet: Sheet, name: TestName) -> str:
    """Return why a test has no value."""
    if name == "randomisation" and sheet.depth == 0:
        return "the model has no weights that it could forget"
    if name == "randomisation" and sheet.unanswered:
        return "the method fails on the model that forgot what it learnt, so there are no maps to compare"
    return MISSING[name]


def _size(value: Estimate) -> Estimate:
    """Return a mean correlation's size: the very opposite of the map depends on it as much as the map itself."""
    return value if value.value >= 0 else Estimate(-value.value, -value.high, -value.low, value.n)


def _note(sheet: Sheet, name: TestName, *, signed: bool) -> str:
    if name != "randomisation" or not sheet.stages:
        return ""
    steps = ", ".join(f"{fmean(sheet.stages[stage]):.2f}" for stage in sorted(sheet.stages))
    note = f"correlation from the last layer alone to all layers: {steps}"
    if signed and sheet.sizes:
        note += f" (without direction at the end {fmean(sheet.sizes):.2f}: sizes partly follow the input itself)"
    return note


def _fair(one: Outcome, *, signed: bool, classes: int) -> Outcome:
    """Take back a failure that says nothing against a method without direction on two labels."""
    if one.verdict == "pass" or one.value is None or can_fail(signed=signed, classes=classes):
        return one
    reason = (
        "with two labels, what speaks for one speaks against the other, "
        "and a method without direction may rightly show both alike"
    )
    return Outcome(
        one.name, one.title, one.value, one.limit, one.better, one.chance, "not assessable", one.counts, reason
    )
