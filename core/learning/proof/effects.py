"""From intervals to a word: effect, no effect, harm, not assessable."""

from collections.abc import Sequence
from typing import Literal

from core.contracts import Effect
from core.learning.checks.base import MINIMUM_GROUPS, SIGNIFICANCE
from core.learning.proof.lines import Measured
from core.learning.statistics import Difference, holm, share_beyond

Side = Literal["below", "above"]
WEAKEST: tuple[Effect, ...] = ("harm", "no effect", "not assessable", "effect")
"""Weakest first: what all artefacts together come to."""


def any_beyond_zero(differences: Sequence[Difference], side: Side) -> bool:
    """Tell whether any interval lies below (above) zero after Holm's correction for how many there are."""
    better = "higher" if side == "below" else "lower"
    p_values = [share_beyond(difference.draws, 0.0, better=better) for difference in differences]
    return any(p < SIGNIFICANCE for p in holm(p_values))


def effect_of(behaviour: Sequence[Measured], floor: float) -> Effect:
    """Return what marks did to the reliance on an artefact, by the measures of behaviour alone.

    `effect` when a claimed interval lies below zero; `harm` when reliance rose, against control or champion, and is
    not below the policy's floor; `no effect` when no interval leaves zero; `not assessable` with too few groups.
    """
    told = [one for one in behaviour if one.claimed.groups is None or one.claimed.groups >= MINIMUM_GROUPS]
    if not told:
        return "not assessable"
    relying = [one for one in told if one.line.candidate.high > floor]
    worse = (any_beyond_zero([one.claimed for one in relying], "above"),
             any_beyond_zero([one.risen for one in relying], "above"))  # fmt: skip
    if any(worse):
        return "harm"
    return "effect" if any_beyond_zero([one.claimed for one in told], "below") else "no effect"


def overall_effect(effects: Sequence[Effect], *, price_beyond_policy: bool) -> Effect:
    """Return the weakest of the artefacts' effects; harm when the price is beyond the policy."""
    if price_beyond_policy:
        return "harm"
    return min(effects, key=WEAKEST.index, default="not assessable")
