"""The rule of support, test by test."""

import pytest

from explain.assessment.intervals import Estimate
from explain.assessment.support import FORMS, Outcome, TestName, judged, outcome, settled

GOOD = {
    "deletion_random": Estimate(0.2, 0.1, 0.3, 20),
    "insertion_random": Estimate(0.2, 0.1, 0.3, 20),
    "deletion_edge": Estimate(0.0, -0.1, 0.1, 20),
    "insertion_edge": Estimate(0.0, -0.1, 0.1, 20),
    "randomisation": Estimate(0.1, 0.0, 0.2, 20),
    "class_sensitivity": Estimate(0.2, 0.1, 0.3, 20),
    "repeatability": Estimate(1.0, 1.0, 1.0, 3),
}


def outcomes_with(**changed: Estimate | None) -> tuple[Outcome, ...]:
    return settled([outcome(name, changed.get(name, value)) for name, value in GOOD.items()])


def test_a_method_that_passes_is_supported() -> None:
    assert judged(outcomes_with(), 20) == ("supported", "")


def test_one_half_of_faithfulness_is_enough_and_the_other_does_not_count_then() -> None:
    outcomes = outcomes_with(deletion_random=Estimate(0.0, -0.1, 0.1, 20))
    assert judged(outcomes, 20) == ("supported", "")
    first = outcomes[0]
    assert (first.verdict, first.counts) == ("fail", False)
    assert first.reason.endswith("the other curve shows it")


def test_no_half_of_faithfulness_is_not_enough() -> None:
    unsure = Estimate(0.1, -0.01, 0.2, 20)
    outcomes = outcomes_with(deletion_random=unsure, insertion_random=unsure)
    support, reason = judged(outcomes, 20)
    assert support == "not supported"
    assert reason == "on this model its order of importance is not shown to be better than a random one."
    assert all(one.counts for one in outcomes[:2])


@pytest.mark.parametrize(
    ("name", "bad", "unsure"),
    [
        ("randomisation", Estimate(0.7, 0.6, 0.8, 20), Estimate(0.6, 0.4, 0.7, 20)),
        ("class_sensitivity", Estimate(0.99, 0.96, 1.0, 20), Estimate(0.96, 0.9, 1.0, 20)),
        ("repeatability", Estimate(0.2, 0.1, 0.4, 20), Estimate(0.4, 0.2, 0.6, 20)),
    ],
)
def test_each_other_test_that_counts_takes_the_support_away(name: TestName, bad: Estimate, unsure: Estimate) -> None:
    assert judged(outcomes_with(**{name: bad}), 20) == ("not supported", f"{FORMS[name].bad}.")
    assert judged(outcomes_with(**{name: unsure}), 20) == ("supported", "")
    assert next(one for one in outcomes_with(**{name: unsure}) if one.name == name).verdict == "not assessable"


def test_tests_that_inform_never_decide() -> None:
    outcomes = (
        *outcomes_with(deletion_edge=Estimate(-0.5, -0.6, -0.4, 20)),
        outcome("completeness", Estimate(0.9, 0.8, 1.0, 20)),
        outcome("mass", Estimate(0.1, 0.05, 0.2, 20), chance=Estimate(0.5, 0.4, 0.6, 20)),
    )
    assert [one.verdict for one in outcomes[-2:]] == ["fail", "fail"]
    assert judged(outcomes, 20)[0] == "supported"


def test_regions_are_held_against_chance() -> None:
    chance = Estimate(0.2, 0.1, 0.3, 20)
    assert outcome("pointing", Estimate(0.6, 0.4, 0.8, 20), chance=chance).verdict == "pass"
    assert outcome("pointing", Estimate(0.3, 0.15, 0.5, 20), chance=chance).verdict == "fail"
    assert outcome("pointing", None, missing="nobody marked where to look").verdict == "not assessable"


def test_too_little_is_not_assessed() -> None:
    support, reason = judged(outcomes_with(), 4)
    assert support == "not assessed"
    assert "only 4 cases" in reason
    nothing = [outcome(name, None, missing="there is one part") for name in ("deletion_random", "insertion_random")]
    assert judged(nothing, 20) == ("not assessed", "faithfulness could not be measured: there is one part.")


@pytest.mark.parametrize("name", ["pointing", "mass", "insertion_random", "deletion_edge"])
def test_a_handful_of_cases_shows_nothing(name: TestName) -> None:
    chance = Estimate(0.1, 0.1, 0.1, 4) if name in ("pointing", "mass") else None
    few = outcome(name, Estimate(1.0, 1.0, 1.0, 4), chance=chance)
    assert (few.verdict, few.reason) == ("not assessable", "only 4 of the 5 cases that are needed")
    assert few.value == Estimate(1.0, 1.0, 1.0, 4)
    assert outcome(name, Estimate(1.0, 0.9, 1.0, 5), chance=chance).verdict == "pass"
