"""What gap chance alone makes: groups shuffled between cases."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.fairness.gaps.base import GapMeasure
from core.fairness.intervals import Array, Integers, shuffled
from core.fairness.membership import UNKNOWN
from core.fairness.outcomes import Outcomes
from core.fairness.rates import RATES
from core.fairness.tables import shuffled_rates


@dataclass(frozen=True, slots=True)
class Chance:
    """A gap held against shuffled groups."""

    p_value: float
    """Share of shuffles whose gap is at least as large, the real one counted in."""
    typical: float
    """Mean gap of the shuffles: what chance alone makes."""


def permutation_test(
    measure: GapMeasure,
    outcomes: Outcomes,
    codes: Integers,
    groups: int,
    alone: Sequence[str],
    *,
    seen: float,
    seed: int,
    times: int,
) -> Chance:
    """Hold a gap against what chance makes of it, one-sided.

    Groups are shuffled among the cases that a rate is about (true positive rates: among positives), so that each group
    keeps as many of them as it has. Cases that belong together (`alone`: a patient) are shuffled as one: between all
    patients where each is in one group, else (a patient with AP and PA views) between those with equally many cases.

    Parameters
    ----------
    measure, outcomes, codes, groups
        As for the gap.
    alone
        What is shuffled as one, [n].
    seen
        The gap as it is.
    seed, times
        Of the shuffles.

    Source
    ------
    DiCiccio et al., Evaluating Fairness Using Permutation Tests, KDD 2020.
    """
    shuffles = np.full((len(codes), times), float(UNKNOWN))
    for place, rate in enumerate(measure.rates):
        rows = np.flatnonzero(RATES[rate].about(outcomes) & (codes >= 0))
        if len(rows):
            own = [alone[row] for row in rows.tolist()]
            shuffles[rows] = _shuffled(codes[rows].astype(np.float64), own, seed + place, times)
    gaps: Array = measure.value(shuffled_rates(outcomes, measure.rates, shuffles, groups))
    larger = int((gaps >= seen - 1e-9).sum())
    return Chance((1 + larger) / (1 + times), float(gaps.mean()))


def _shuffled(codes: Array, alone: Sequence[str], seed: int, times: int) -> Array:
    """Return the groups of cases [n] shuffled, [n, times]; cases that belong together keep together."""
    _, first, unit = np.unique(np.asarray(alone, dtype=object).astype(str), return_index=True, return_inverse=True)
    if (codes[first][unit] != codes).any():
        return shuffled(codes, alone, seed, times)
    orders = np.random.default_rng(seed).permuted(np.tile(codes[first], (times, 1)), axis=1)  # [times, units]
    return np.asarray(orders[:, unit].T)
