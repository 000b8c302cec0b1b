"""Which of two trainings is better: worked by hand on answers that differ by so much."""

import numpy as np
import pytest

from core.learning.comparing import Comparing
from core.learning.swapped import Judged, SwappedValidation
from tests.helpers.decoy_parts import decoy_cases, decoy_task

CASES = 40


def judged(log_probability: float, right: float = 0.8, changed: float = 0.5) -> Judged:
    """Equal answers to every case, except that some are right and some change."""
    rows = np.arange(CASES)
    return Judged(
        np.full(CASES, log_probability), (rows < right * CASES).astype(float), (rows < changed * CASES).astype(float)
    )


@pytest.fixture(scope="module")
def comparing() -> Comparing:
    """On forty cases, each a group of its own; less reliance may cost two points."""
    return Comparing(SwappedValidation(decoy_task("labels", validation=decoy_cases(1000, 1000 + CASES))), 0.02)


@pytest.mark.parametrize(
    ("one", "better", "worse"),
    [
        (judged(-0.9), True, False),  # a tenth more probable
        (judged(-0.995), False, False),  # better in every case, by nothing that is worth a new model
        (judged(-1.0, changed=0.0), True, False),  # no worse, and nothing changes its answers
        (judged(-1.0, right=0.7, changed=0.0), False, False),  # costs ten points
        (judged(-1.1, changed=0.0), False, False),  # less sure of every case
        (judged(-1.1, right=0.5), False, True),
        (judged(-1.1, right=0.8), False, False),  # less sure, as often right
    ],
)
def test_what_counts_as_better_and_as_worse(comparing, one, better, worse):
    champion = judged(-1.0)
    assert (comparing.better(one, champion), comparing.worse(one, champion)) == (better, worse)


def test_the_score_is_the_typical_probability(comparing):
    found = comparing.swapped.score(judged(np.log(0.25)))
    assert (found.value, found.low, found.high, found.n) == pytest.approx((0.25, 0.25, 0.25, CASES))


def test_words(comparing):
    words = comparing.words(judged(-0.9, right=0.9, changed=0.1), judged(-1.0, right=0.9, changed=0.5))
    assert words == (
        "90 % of answers are right with marked content swapped, the champion's 90 %; difference +0 points [+0, +0], "
        "n=40. The swap changes 10 % of its answers (the champion: 50 %)."
    )


def test_a_few_groups_tell_nothing():
    cases = decoy_cases(1000, 1000 + CASES)
    few = cases.__class__(cases.case_ids, cases.inputs, cases.labels, tuple("abcd"[i % 4] for i in range(CASES)))
    four = Comparing(SwappedValidation(decoy_task("labels", validation=few)), 0.02)
    assert not four.better(judged(-0.1, 1.0), judged(-1.0))
    assert not four.worse(judged(-1.0, 0.1), judged(-0.1))
