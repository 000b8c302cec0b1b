"""How far readers agree, with intervals: on labels by what each said before the model was shown, and on marks."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from core.contracts import AgreementView, Estimate
from core.fairness.intervals import resampled, wilson
from core.services.reading_modes.opinions import Opinions
from core.team.agreement import cohens_kappa

SEED = 20_411
Reads = Mapping[tuple[int, str, str], str]
"""(case, target, person) -> the label of the read before the reveal."""


def agreement_on(target: str, opinions: Sequence[Opinions], reads: Reads) -> AgreementView:
    """Return how far two readers agree on one target.

    Labels are those of the reads before the reveal, for the model sways both alike; those of the verdicts where there
    was no read. Of a case with more than two readers, each pair counts.
    """
    of_target = [one for one in opinions if one.target == target]
    pairs = [(pair, one.case.group) for one in of_target for pair in combinations(_labels(one, reads), 2)]
    marked = [(one, one.overlap) for one in of_target if one.overlap is not None]
    overlap = _mean([value for _, value in marked], [one.case.group for one, _ in marked])
    if len(pairs) < 2:
        return AgreementView(target, None, None, overlap)
    known = sorted({label for pair, _ in pairs for label in pair})
    first, second = (np.array([known.index(pair[side]) for pair, _ in pairs], dtype=np.int64) for side in (0, 1))
    groups = [group for _, group in pairs]
    same = _mean([float(one == other) for one, other in zip(first, second, strict=True)], groups)
    least = same.low if same else 0.0
    return AgreementView(target, cohens_kappa(first, second, resampled(groups, SEED), least), same, overlap)


def _labels(opinions: Opinions, reads: Reads) -> list[str]:
    return [
        reads.get((verdict.case_id, verdict.target, verdict.actor_id), verdict.label) for verdict in opinions.verdicts
    ]


def _mean(values: Sequence[float], groups: Sequence[str]) -> Estimate | None:
    """Return a mean share with its 95 % bootstrap interval over groups; Wilson's where no resample differs."""
    if not values:
        return None
    found, weights = np.asarray(values, dtype=np.float64), resampled(groups, SEED)
    low, high = np.quantile(weights @ found / weights.sum(axis=1), (0.025, 0.975))
    value = float(found.mean())
    if math.isclose(low, high):
        margin = wilson(round(value * len(values)), len(values))
        low, high = min(value, margin.low), max(value, margin.high)
    return Estimate(value, float(low), float(high), len(values))
