"""The rates of a group: what share of which cases. All range from 0 to 1."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from core.contracts import RateName
from core.errors import BadInput
from core.fairness.areas import area_draws, calibration_draws
from core.fairness.intervals import Array, Booleans, divided
from core.fairness.outcomes import Outcomes

Of = Callable[[Outcomes], Booleans]
Draws = Callable[[Outcomes, Array], Array]
"""Outcomes of n cases and weights [draws, n] -> the rate in each draw, [draws]; not-a-number where it has no case."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate: its words, the cases that it is about, and how it is computed with weights."""

    name: RateName
    title: str
    about: Of
    """Which cases are in its denominator, [n]."""
    draws: Draws
    needs: tuple[Of, ...]
    """Sets of cases that must not be small."""
    hits: Of | None = None
    """Which cases are in its numerator; None where the rate is no share."""


def every(outcomes: Outcomes) -> Booleans:
    """Return all cases."""
    return np.ones(len(outcomes), dtype=bool)


def positives(outcomes: Outcomes) -> Booleans:
    """Return the cases whose reference label is the positive class."""
    return outcomes.truth


def negatives(outcomes: Outcomes) -> Booleans:
    """Return the cases whose reference label is another one."""
    return ~outcomes.truth


def share(hits: Of, about: Of) -> Draws:
    """Return the weighted share of hits among the cases that a rate is about."""

    def draws(outcomes: Outcomes, weights: Array) -> Array:
        inside = about(outcomes)
        return divided(weights @ (hits(outcomes) & inside), weights @ inside)

    return draws


def _share(name: RateName, title: str, hits: Of, about: Of = every) -> Rate:
    return Rate(name, title, about, share(hits, about), (about,), hits)


def _selected(outcomes: Outcomes) -> Booleans:
    return outcomes.selected


def _rejected(outcomes: Outcomes) -> Booleans:
    return ~outcomes.selected


def counted(name: RateName, outcomes: Outcomes) -> tuple[Booleans, Booleans]:
    """Return which cases a share counts, and among which, each [n].

    Raises
    ------
    BadInput
        When the rate is no share.
    """
    rate = RATES[name]
    if rate.hits is None:
        raise BadInput(f"{name} is no share of cases. Ask for one of the rates that are counted.")
    about = rate.about(outcomes)
    return rate.hits(outcomes) & about, about


_ALL = (
    _share("selection_rate", "Selected", _selected),
    _share("true_positive_rate", "Found among positives", _selected, positives),
    _share("false_positive_rate", "False alarms among negatives", _selected, negatives),
    _share("true_negative_rate", "Cleared among negatives", _rejected, negatives),
    _share("false_negative_rate", "Missed among positives", _rejected, positives),
    _share("accuracy", "Right answers", lambda outcomes: ~outcomes.wrong),
    Rate("auroc", "AUROC", every, area_draws, (positives, negatives)),
    Rate("calibration_error", "Calibration error", every, calibration_draws, (every,)),
    _share("coverage", "Sets that hold the truth", lambda outcomes: outcomes.covered),
    _share("deferral", "Left to people", lambda outcomes: outcomes.deferred),
)
RATES: Mapping[RateName, Rate] = MappingProxyType({rate.name: rate for rate in _ALL})
"""Every rate, in the order of the page."""
