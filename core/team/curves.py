"""Accuracy, hours and cost of person and model together, against the share of cases that people read."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupKFold

from core.contracts import DeferralCurve, DeferralPoint
from core.team.deferral.base import DeferralRule, Reads
from core.team.deferral.registry import deferral_rules
from core.team.intervals import Clusters, places_of, share
from core.team.outcomes import NO_ANSWER, Array, Booleans, Integers

STEPS = 20
FOLDS = 5
FEWEST_CASES = 20
PER = 100
"""Hours and costs are for this many cases."""


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """Reads with what each outcome costs, so that every case counts once however many read it."""

    reads: Reads
    weights: Array
    """One over the number of reads of the case [n]."""
    person: Array
    """Cost of the person's answer [n]."""
    model: Array
    """Cost of the model's answer [n]."""
    hours: Array
    """Hours of the read [n]; the mean of the known ones where unknown."""
    hour_cost: float

    def cost(self, deferred: Booleans, chosen: Booleans | None = None) -> float:
        """Return errors and reading per 100 cases, of all rows or the chosen ones."""
        spent = np.where(deferred, self.person + self.hour_cost * self.hours, self.model)
        weights = self.weights if chosen is None else self.weights * chosen
        return float(PER * (weights * spent).sum() / weights.sum())


def priced(reads: Reads, costs: Array, hour_cost: float) -> Priced:
    """Return reads with prices; `costs` [truth, answer] is what an answer costs, no answer costs the dearest error."""
    _, place, count = np.unique(reads.cases, return_inverse=True, return_counts=True)
    person = np.where(reads.read == NO_ANSWER, costs[reads.truth].max(axis=1), costs[reads.truth, reads.read])
    known = np.isfinite(reads.seconds)
    usual = float(reads.seconds[known].mean()) if known.any() else 0.0
    hours = np.where(known, reads.seconds, usual) / 3600
    return Priced(reads, 1.0 / count[place], person, costs[reads.truth, reads.answer], hours, hour_cost)


def curves(reads: Reads, costs: Array, hour_cost: float) -> tuple[DeferralCurve, ...]:
    """Return the curve of every rule that has enough reads; none below 20 cases."""
    if len(np.unique(reads.cases)) < FEWEST_CASES:
        return ()
    material = priced(reads, costs, hour_cost)
    needs = ((rule, rule.need(reads)) for rule in deferral_rules())
    return tuple(_curve(rule, need, material) for rule, need in needs if need is not None)


def first_to_read(need: Array, cases: Integers, wanted: float) -> Booleans:
    """Return the rows of the `wanted` share of cases that need a person most; ties by the number of the case."""
    numbers, first = np.unique(cases, return_index=True)
    order = np.lexsort((numbers, -need[first]))
    return np.isin(cases, numbers[order[: round(wanted * len(numbers))]])


def _curve(rule: DeferralRule, need: Array, material: Priced) -> DeferralCurve:
    cases = material.reads.cases
    clusters = Clusters(places_of(material.reads.readers), places_of(material.reads.groups))
    points = tuple(_point(first_to_read(need, cases, step / STEPS), material, clusters) for step in range(STEPS + 1))
    best = int(np.argmin([point.cost for point in points]))
    return DeferralCurve(rule.name, rule.title, points, best, best_words(points, best, unseen_cost(need, material)))


def _point(deferred: Booleans, material: Priced, clusters: Clusters) -> DeferralPoint:
    right = np.where(deferred, material.reads.person_right, material.reads.model_right)
    weights = material.weights
    accuracy = share(weights * right, weights, clusters)
    if accuracy is None:
        raise ValueError("a point of a curve needs at least one read")
    read = float((weights * deferred).sum() / weights.sum())
    hours = float(PER * (weights * deferred * material.hours).sum() / weights.sum())
    return DeferralPoint(read, accuracy, hours, material.cost(deferred))


def unseen_cost(need: Array, material: Priced) -> float:
    """Return what the cheapest share costs on cases that it was not chosen on, per 100 cases.

    The share is chosen on four fifths of the groups and priced on the last fifth, five times.
    """
    groups, cases = material.reads.groups, material.reads.cases
    folds = min(FOLDS, len(np.unique(groups)))
    spent = kept = 0.0
    for known, held in GroupKFold(folds, shuffle=True, random_state=0).split(need, groups=groups):
        inside = np.zeros(len(need), dtype=bool)
        inside[held] = True
        share_of = min(range(STEPS + 1), key=lambda step: _cost_at(step, need, material, ~inside))
        limit = _limit(need[known], cases[known], share_of / STEPS)
        weight = float((material.weights * inside).sum())
        spent, kept = spent + weight * material.cost(need >= limit, inside), kept + weight
    return spent / kept


def _cost_at(step: int, need: Array, material: Priced, inside: Booleans) -> float:
    limit = _limit(need[inside], material.reads.cases[inside], step / STEPS)
    return material.cost(need >= limit, inside)


def _limit(need: Array, cases: Integers, wanted: float) -> float:
    """Return the need from which on people read, so that they read the `wanted` share."""
    chosen = first_to_read(need, cases, wanted)
    return float(need[chosen].min()) if chosen.any() else float("inf")


def best_words(points: tuple[DeferralPoint, ...], best: int, unseen: float) -> str:
    """Return the cheapest point in words, with what it cost on cases that it was not chosen on."""
    point, alone, everybody = points[best], points[0].cost, points[-1].cost
    who = f"People read {100 * point.deferred:.0f} % of the cases, the model decides the rest"
    if best == 0:
        who = "The model decides every case"
    elif best == len(points) - 1:
        who = "People read every case"
    right = point.accuracy
    return (
        f"{who}: {100 * right.value:.0f} % right [{100 * right.low:.0f}, {100 * right.high:.0f}], "
        f"{point.hours:.2g} hours of reading and a cost of {point.cost:.3g} for 100 cases; {unseen:.3g} on cases that "
        f"it was not chosen on. The model alone costs {alone:.3g}, people alone {everybody:.3g}."
    )
