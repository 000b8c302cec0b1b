"""The lines of an artefact's proof: champion, candidate, control, and what is claimed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import Estimate, ProofLine
from core.learning.behaviour import Altered
from core.learning.checks.base import GateContext
from core.learning.proof.attribution import judge_of, shares
from core.learning.proof.base import behaviour
from core.learning.proof.registry import measures
from core.learning.statistics import Array, Difference, Resampler, estimate_mean, mean_difference

ATTRIBUTION = "attribution"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A line with the draws behind it."""

    line: ProofLine
    claimed: Difference
    """Candidate minus control (minus champion where there is no control)."""
    risen: Difference
    """Candidate minus champion."""


def as_estimate(difference: Difference) -> Estimate:
    """Return a difference as a figure with its interval and n."""
    return Estimate(difference.value, difference.low, difference.high, difference.n)


def line_of(
    name: str, title: str, models: Sequence[Array], resampler: Resampler, chance: float | None = None
) -> Measured:
    """Return the line of per-case values of champion, candidate and, where there is one, control."""
    figures = [estimate_mean(own, resampler) for own in models]
    risen = mean_difference(models[0], models[1], resampler)
    claimed = mean_difference(models[2], models[1], resampler) if len(models) > 2 else risen
    control = figures[2] if len(models) > 2 else None
    line = ProofLine(name, title, figures[0], figures[1], control, as_estimate(claimed), chance)
    return Measured(line, claimed, risen)


def resampler_of(context: GateContext, measured: Altered) -> Resampler:
    """Return the ledger's resampler for the altered cases."""
    chosen = np.zeros(len(context.ledger), dtype=bool)
    chosen[measured.cases.numpy()] = True
    return context.resampler.subset(chosen)


def behaviour_lines(context: GateContext, artefact: str, target: str) -> Mapping[str, Measured]:
    """Return measure -> its line, for the measures that can be taken."""
    found = {}
    for measure in measures():
        measured = behaviour(context, artefact, measure)
        if measured is not None:
            own = [changed[target] for changed in measured.changed]
            found[measure.name] = line_of(measure.name, measure.title, own, resampler_of(context, measured))
    return found


def attribution_line(context: GateContext, artefact: str, target: str) -> Measured | None:
    """Return the line of attribution; None where the mark covers everything that the model sees."""
    found = shares(context, artefact, target)
    if found.chance >= 1.0:
        return None
    title = f"Attribution inside ({judge_of(context.strategy).title.lower()})"
    return line_of(ATTRIBUTION, title, found.models, found.resampler, found.chance)
