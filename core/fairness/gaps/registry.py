"""All gaps, in the order of the page, and the gap of plain answers."""

import numpy as np

from core.contracts import GapMetric
from core.errors import NotFound
from core.fairness.gaps.base import GapMeasure
from core.fairness.gaps.demographic_parity import DemographicParity
from core.fairness.gaps.equal_opportunity import EqualOpportunity
from core.fairness.gaps.equalised_odds import EqualisedOdds
from core.fairness.gaps.worst_group import WorstGroup
from core.fairness.intervals import Booleans, Integers
from core.fairness.outcomes import outcomes_of
from core.fairness.tables import group_rates


def gap_measures() -> tuple[GapMeasure, ...]:
    """Return every registered gap."""
    return DemographicParity(), EqualOpportunity(), EqualisedOdds(), WorstGroup()


def gap_measure(name: GapMetric) -> GapMeasure:
    """Return the gap called `name`.

    Raises
    ------
    NotFound
        When there is none.
    """
    for measure in gap_measures():
        if measure.name == name:
            return measure
    known = ", ".join(measure.name for measure in gap_measures())
    raise NotFound(f"There is no gap {name!r}. Known: {known}.")


def gap(metric: GapMetric, selected: Booleans, truth: Booleans, codes: Integers) -> float:
    """Return the gap between groups of given answers; 0 is best.

    Parameters
    ----------
    metric
        Which gap.
    selected
        Whether the answer is the positive class, [n].
    truth
        Whether the reference label is, [n].
    codes
        The group of each case, from 0; below 0 where it is unknown (left out), [n].

    Returns
    -------
    float
        From 0 to 1; 0 where no group has a case that the rates are about.

    Example
    -------
    >>> truth, codes = np.array([1, 1, 0, 0], dtype=bool), np.array([0, 0, 1, 1])
    >>> gap("demographic_parity", np.array([1, 0, 0, 0], dtype=bool), truth, codes)
    0.5
    """
    measure, places = gap_measure(metric), np.asarray(codes, dtype=np.int64)
    rates = group_rates(outcomes_of(selected, truth), measure.rates, places, int(places.max(initial=-1)) + 1)
    return float(measure.value(rates)) if rates.shape[-1] else 0.0
