"""The rule by which tests make a method supported, or not, by evidence on one model. Limits and reasons; no score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from explain.assessment.intervals import Estimate

TestName = Literal[
    "deletion_random", "insertion_random", "deletion_edge", "insertion_edge",
    "randomisation", "class_sensitivity", "repeatability", "completeness", "pointing", "mass",
]  # fmt: skip
TestVerdict = Literal["pass", "fail", "not assessable"]
Support = Literal["supported", "not supported", "not assessed"]

LEAST_CASES = 5
"""With fewer cases an interval says nothing: the method is not assessed."""
REMEMBERED = 0.5
"""Maps that correlate more than this with those of a model that has forgotten everything do not show what it learnt."""
SAME_MAP = 0.95
"""Maps of two labels that correlate more than this are one map."""
REPEATED = 0.5
"""Maps that correlate less than this from seed to seed are mostly chance."""
COMPLETE = 0.05
"""Completeness error that integrated gradients aim for."""
FAITHFUL: tuple[TestName, TestName] = ("deletion_random", "insertion_random")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of one method on one model."""

    name: TestName
    title: str
    value: Estimate | None
    """None when it could not be measured."""
    limit: float | None
    better: Literal["higher", "lower"]
    chance: Estimate | None
    """What a method that knows nothing would reach, where that differs from `limit`."""
    verdict: TestVerdict
    counts: bool
    """Whether a failure makes the method not supported; the others inform."""
    reason: str


@dataclass(frozen=True, slots=True)
class Form:
    """How a test is told and judged."""

    title: str
    limit: float | None
    better: Literal["higher", "lower"]
    counts: bool
    good: str
    bad: str


FORMS: Mapping[TestName, Form] = {
    "deletion_random": Form(
        "Removing what the map calls important, against a random map", 0.0, "higher", True,
        "the answer falls faster than with a random map",
        "the answer is not shown to fall faster than with a random map",
    ),
    "insertion_random": Form(
        "Putting back what the map calls important, against a random map", 0.0, "higher", True,
        "the answer comes back faster than with a random map",
        "the answer is not shown to come back faster than with a random map",
    ),
    "deletion_edge": Form(
        "Removing what the map calls important, against an edge map", 0.0, "higher", False,
        "the answer falls faster than with an edge map", "the answer is not shown to fall faster than with an edge map",
    ),
    "insertion_edge": Form(
        "Putting back what the map calls important, against an edge map", 0.0, "higher", False,
        "the answer comes back faster than with an edge map",
        "the answer is not shown to come back faster than with an edge map",
    ),
    "randomisation": Form(
        "Likeness to the map of the same model with random weights", REMEMBERED, "lower", True,
        "the map changes when the model forgets what it learnt",
        "the map hardly changes when the model forgets what it learnt",
    ),
    "class_sensitivity": Form(
        "Likeness to the map of the runner-up label", SAME_MAP, "lower", True,
        "another label has another map", "another label has the same map",
    ),
    "repeatability": Form(
        "Likeness of maps from seed to seed", REPEATED, "higher", True,
        "asked again, it shows the same", "asked again with another seed, it shows something else",
    ),
    "completeness": Form(
        "Completeness error", COMPLETE, "lower", False,
        "the values add up to what the answer changed by", "the values do not add up to what the answer changed by",
    ),
    "pointing": Form(
        "Strongest place inside people's regions", None, "higher", False,
        "more often than by chance", "not shown to be inside more often than by chance",
    ),
    "mass": Form(
        "Share of the map inside people's regions", None, "higher", False,
        "more than by chance", "not shown to be more inside than by chance",
    ),
}  # fmt: skip


def outcome(
    name: TestName, value: Estimate | None, *, chance: Estimate | None = None, missing: str = "", note: str = ""
) -> Outcome:
    """Return the test's outcome; `missing` says why there is no value, `note` adds to the reason.

    Against a random or an edge map, and for regions, the method has to show that it is better: an interval that holds
    the limit fails. Elsewhere such an interval leaves the test not assessable. Of fewer than five cases nothing can be
    shown: one alone has no interval, and a hit or two come by chance.
    """
    form = FORMS[name]
    limit = form.limit if chance is None else chance.value
    if value is not None and value.n < LEAST_CASES and _has_to_show(name):
        missing = f"only {value.n} of the {LEAST_CASES} cases that are needed"
        limit = None
    if value is None or limit is None:
        return Outcome(name, form.title, value, form.limit, form.better, chance, "not assessable", form.counts, missing)
    verdict = _verdict(name, value, limit)
    words = {"pass": form.good, "fail": form.bad, "not assessable": f"the interval holds {limit:.2g}: more cases tell"}
    reason = "; ".join(part for part in (words[verdict], note) if part)
    return Outcome(name, form.title, value, form.limit, form.better, chance, verdict, form.counts, reason)


def judged(outcomes: Sequence[Outcome], cases: int) -> tuple[Support, str]:
    """Return whether the tests support a method, and why not, in words.

    Not supported: neither deletion nor insertion is shown to beat a random map, or another test that counts fails.
    Not assessed: too few cases, or faithfulness can't be measured.
    """
    if cases < LEAST_CASES:
        return "not assessed", f"only {cases} cases could be explained; {LEAST_CASES} are needed."
    faithful = [one for one in outcomes if one.name in FAITHFUL]
    if all(one.verdict == "not assessable" for one in faithful):
        reason = faithful[0].reason if faithful else "nothing was removed"
        return "not assessed", f"faithfulness could not be measured: {reason}."
    failed = [one for one in outcomes if one.counts and one.verdict == "fail" and one.name not in FAITHFUL]
    reasons = [FORMS[one.name].bad for one in failed]
    if not any(one.verdict == "pass" for one in faithful):
        reasons.insert(0, "on this model its order of importance is not shown to be better than a random one")
    return ("not supported", "; ".join(reasons) + ".") if reasons else ("supported", "")


def settled(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the outcomes with `counts` taken from a failed half of faithfulness when the other half passes."""
    shown = any(one.name in FAITHFUL and one.verdict == "pass" for one in outcomes)
    return tuple(
        replace(one, counts=False, reason=f"{one.reason}; the other curve shows it")
        if shown and one.name in FAITHFUL and one.verdict == "fail"
        else one
        for one in outcomes
    )


def _verdict(name: TestName, value: Estimate, limit: float) -> TestVerdict:
    if FORMS[name].better == "higher":
        above, below = value.low > limit, value.high < limit
    else:
        above, below = value.high < limit, value.low > limit
    if above:
        return "pass"
    return "fail" if below or _has_to_show(name) else "not assessable"


def _has_to_show(name: TestName) -> bool:
    """Return whether the method must be shown to be better than what knows nothing."""
    return name.endswith(("_random", "_edge")) or name in ("pointing", "mass")
