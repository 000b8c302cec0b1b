"""Concept sensitivity on vectors whose directions are known."""

import numpy as np
import pytest

from explain.concepts import concept_sensitivity
from explain.errors import ExplainError, Stopped

pytestmark = pytest.mark.slow

WIDTH, POOL = 16, 80
TOWARDS = np.zeros(WIDTH)
TOWARDS[3] = 1.0


def pool(seed: int = 0) -> np.ndarray:
    """Return random cases; dimensions differ in scale."""
    return np.random.default_rng(seed).normal(size=(POOL, WIDTH)) * np.linspace(0.1, 10, WIDTH)


def moved(count: int, direction: np.ndarray, seed: int = 5) -> np.ndarray:
    """Return cases that lie further along a direction, three standard deviations of each dimension."""
    return pool(seed)[:count] + 3 * np.linspace(0.1, 10, WIDTH) * direction


def linear(weights: np.ndarray):
    return lambda vectors: np.tile(weights, (len(vectors), 1))


def test_a_concept_that_raises_the_answer() -> None:
    found = concept_sensitivity(moved(20, TOWARDS), None, pool(), pool(1), linear(TOWARDS))
    assert found.supported
    assert found.score.value == 1.0
    assert (found.score.low, found.score.high, found.score.n) == (1.0, 1.0, POOL)
    assert found.slope > 0
    assert found.p_value < 0.001
    assert found.accuracy.low > 0.7
    assert found.random.low < 0.5 < found.random.high
    assert "raises this answer in 100% of 80 cases" in found.words
    assert "do not move it so (p < 0.001)" in found.words


def test_a_concept_that_lowers_the_answer() -> None:
    found = concept_sensitivity(moved(20, -TOWARDS), None, pool(), pool(1), linear(TOWARDS))
    assert found.supported
    assert found.score.value == 0.0
    assert found.slope < 0


def test_a_concept_that_the_answer_does_not_read() -> None:
    """The vectors tell it well, the answer looks elsewhere."""
    other = np.roll(TOWARDS, 5)
    found = concept_sensitivity(moved(20, other), None, pool(), pool(1), linear(TOWARDS))
    assert found.accuracy.low > 0.7
    assert found.p_value > 0.05
    assert not found.supported
    assert "Random concepts move it as much" in found.words


def test_random_cases_are_no_concept() -> None:
    found = concept_sensitivity(pool(7)[:20], None, pool(), pool(1), linear(TOWARDS))
    assert found.accuracy.low < 0.5 < found.accuracy.high
    assert not found.supported
    assert "collect more cases" in found.words


def test_a_concept_relative_to_counter_examples() -> None:
    """Both groups share a property that the answer reads; only what tells them apart may count."""
    shared = np.roll(TOWARDS, 5)
    present, absent = moved(20, shared + TOWARDS), moved(20, shared, seed=6)
    reads_shared = concept_sensitivity(present, absent, pool(), pool(1), linear(shared))
    reads_concept = concept_sensitivity(present, absent, pool(), pool(1), linear(TOWARDS))
    assert not reads_shared.supported
    assert reads_concept.supported
    assert reads_concept.accuracy.n == 40


def test_the_score_is_the_share_of_cases() -> None:
    """The gradient points along the concept in the cases whose first value is positive, against it in the others."""

    def gradients(vectors: np.ndarray) -> np.ndarray:
        return np.where(vectors[:, :1] > 0, 1.0, -1.0) * TOWARDS

    cases = pool(1)
    found = concept_sensitivity(moved(20, TOWARDS), None, pool(), cases, gradients)
    assert found.score.value == pytest.approx((cases[:, 0] > 0).mean())


def test_scales_of_dimensions_do_not_matter() -> None:
    """Vectors and gradients in other units give the same answer."""
    units = np.geomspace(0.01, 100, WIDTH)
    plain = concept_sensitivity(moved(20, TOWARDS), None, pool(), pool(1), linear(TOWARDS))
    other = concept_sensitivity(
        moved(20, TOWARDS) * units, None, pool() * units, pool(1) * units, linear(TOWARDS / units)
    )
    assert other.slope == pytest.approx(plain.slope)
    assert other.p_value == pytest.approx(plain.p_value)


def test_a_large_pool_is_drawn_from() -> None:
    found = concept_sensitivity(moved(10, TOWARDS), None, np.tile(pool(), (50, 1)), pool(1), linear(TOWARDS))
    assert found.accuracy.n == 510


def test_same_seed_same_answer() -> None:
    first, second, other = (
        concept_sensitivity(moved(10, TOWARDS), None, pool(), pool(1), linear(TOWARDS), seed=seed) for seed in (1, 1, 2)
    )
    assert first == second
    assert first.p_value != other.p_value


@pytest.mark.slow
@pytest.mark.parametrize("counted", [False, True])
def test_random_concepts_are_rarely_significant(counted: bool) -> None:
    """Of 30 random concepts, one or two are expected below .05; more than 5 have a chance of .3 %."""
    below = 0
    for seed in range(30):
        cases = pool(100 + seed)
        present, absent = cases[:8], cases[8:16] if counted else None
        weights = np.random.default_rng(seed).normal(size=WIDTH) / np.linspace(0.1, 10, WIDTH)
        below += concept_sensitivity(present, absent, cases, cases, linear(weights), seed=seed).p_value < 0.05
    assert below <= 5


def test_stops_when_asked_to() -> None:
    with pytest.raises(Stopped):
        concept_sensitivity(moved(10, TOWARDS), None, pool(), pool(1), linear(TOWARDS), cancelled=lambda: True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"present": moved(3, TOWARDS)}, "at least 5 cases with the concept, got 3: add 2 more"),
        ({"absent": moved(4, TOWARDS)}, "at least 5 cases without the concept, got 4: add 1 more"),
        ({"pool": pool()[:15]}, "need 20 cases, there are 15"),
        ({"cases": pool()[:, :4]}, "one d"),
        ({"cases": pool()[:0]}, "no case whose answer"),
        ({"pool": np.full((POOL, WIDTH), np.nan)}, "NaN"),
        ({"gradients": lambda vectors: np.zeros_like(vectors)}, "gradient is zero"),
        ({"gradients": lambda vectors: np.zeros(3)}, "gradients must be finite"),
    ],
)
def test_bad_questions_are_refused(change: dict[str, object], message: str) -> None:
    question = {
        "present": moved(10, TOWARDS),
        "absent": None,
        "pool": pool(),
        "cases": pool(1),
        "gradients": linear(TOWARDS),
    }
    with pytest.raises(ExplainError, match=message):
        concept_sensitivity(**(question | change))
