"""The subgroups in which answers are wrong more often than elsewhere, found by themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import Estimate
from core.fairness.columns import Column, Condition, conditions
from core.fairness.intervals import Array, Booleans, resampled, shuffled, wilson

SHUFFLES = 1000
SIGNIFICANCE = 0.05
MOST_SLICES = 8
MOST_CLUSTERS = 3
"""Clusters that are told after subgroups by fields and attributes."""
ALIKE = 0.6
"""Subgroups that share more than this part of their union tell the same; only the worse one is told."""
PAIR_GAIN = 0.5
"""Standard errors by which a pair of conditions must be worse than each of them alone, to be told instead."""
BLOCK = 512
"""Subgroups that are held against the shuffled answers at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A subgroup that is worse than the rest."""

    words: str
    inside: Booleans
    """[n]"""
    error: Estimate
    elsewhere: Estimate
    difference: Estimate
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class SliceSearch:
    """What was found, and among how many."""

    found: tuple[Slice, ...]
    looked_at: int
    worst: Slice | None
    """The strongest candidate, whether or not it is beyond chance."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    words: str
    inside: Booleans
    parents: tuple[int, ...] = ()
    """Places of the conditions that a pair is made of."""


def find_slices(
    wrong: Booleans, columns: Sequence[Column], groups: Sequence[str], *, minimum: int, seed: int
) -> SliceSearch:
    """Search all conditions and pairs of conditions on different columns for higher error.

    The p-value is that of the permutation test on the largest standardised difference of all subgroups looked at (one
    sided), so looking at many costs what it must. Whole groups (patients, say) are shuffled and resampled.

    Parameters
    ----------
    wrong
        Whether each answer is wrong, [n].
    columns
        What is known of the cases, each of n values.
    groups
        The group of each case; cases of one group are no independent evidence.
    minimum
        Smallest subgroup, and smallest rest.
    seed
        For shuffles and resamples.

    Returns
    -------
    SliceSearch
        The subgroups with p <= 0.05, worst first; subgroups that are nearly the same once.

    Source
    ------
    Westfall and Young, Resampling-Based Multiple Testing, 1993 (the largest statistic); Chung et al., Slice Finder,
    2019 (the search).
    """
    candidates = list(_candidates(conditions(columns, minimum), minimum))
    if not candidates or not wrong.any() or wrong.all():
        return SliceSearch((), len(candidates), None)
    values = wrong.astype(np.float64)
    seen = np.concatenate([_statistics(part, values[:, None])[:, 0] for part in _blocks(candidates)])
    chance = _largest(candidates, shuffled(values, groups, seed, SHUFFLES))
    p_values = (1 + (chance[None, :] >= seen[:, None] - 1e-9).sum(axis=1)) / (1 + SHUFFLES)
    order = np.argsort(-seen, kind="stable")
    weights = resampled(groups, seed)
    worst = _slice(candidates[order[0]], values, weights, p_values[order[0]])
    chosen: list[int] = []
    for place in order:
        if p_values[place] > SIGNIFICANCE or len(chosen) == MOST_SLICES:
            break
        one = candidates[place]
        gains = all(seen[place] >= seen[parent] + PAIR_GAIN for parent in one.parents)
        if gains and not any(_alike(one, candidates[other]) for other in chosen):
            chosen.append(int(place))
    found = tuple(_slice(candidates[place], values, weights, p_values[place]) for place in chosen)
    return SliceSearch(found, len(candidates), worst)


def find_known_and_alike(
    wrong: Booleans, columns: Sequence[Column], groups: Sequence[str], *, minimum: int, seed: int
) -> SliceSearch:
    """Search columns that have a name, then clusters (columns without one), and return what both searches found.

    What looks alike to a model is answered alike, so clusters of wrong answers are always found: they come last, and
    they don't hide the fields and attributes that people know. Parameters as for `find_slices`.
    """
    known = find_slices(wrong, [one for one in columns if one.name], groups, minimum=minimum, seed=seed)
    alike = find_slices(wrong, [one for one in columns if not one.name], groups, minimum=minimum, seed=seed)
    found = (*known.found, *alike.found[:MOST_CLUSTERS])
    return SliceSearch(found, known.looked_at + alike.looked_at, known.worst or alike.worst)


def _candidates(single: Sequence[Condition], minimum: int) -> Iterator[_Candidate]:
    """Yield conditions, then pairs that differ from both of their conditions; equal subgroups once."""
    known = {one.inside.tobytes() for one in single}
    yield from (_Candidate(one.words, one.inside) for one in single)
    for place, one in enumerate(single):
        for second, other in enumerate(single[place + 1 :], place + 1):
            inside = one.inside & other.inside
            if one.column == other.column or inside.sum() < minimum or (key := inside.tobytes()) in known:
                continue
            known.add(key)
            yield _Candidate(f"{one.words} and {other.words}", inside, (place, second))


def _blocks(candidates: Sequence[_Candidate]) -> Iterator[Sequence[_Candidate]]:
    for start in range(0, len(candidates), BLOCK):
        yield candidates[start : start + BLOCK]


def _statistics(candidates: Sequence[_Candidate], wrong: Array) -> Array:
    """Return each subgroup's excess of wrong answers in standard errors, [subgroups, columns of `wrong`]."""
    inside = np.stack([one.inside for one in candidates]).astype(np.float32)
    n, size, rate = len(wrong), inside.sum(axis=1, keepdims=True), float(wrong[:, 0].mean())
    spread = np.sqrt(rate * (1 - rate) * size * (n - size) / n)
    return np.asarray((inside @ wrong.astype(np.float32) - size * rate) / spread, dtype=np.float64)


def _largest(candidates: Sequence[_Candidate], shuffles: Array) -> Array:
    """Return the largest statistic of all subgroups in each shuffle."""
    largest = np.full(shuffles.shape[1], -np.inf)
    for part in _blocks(candidates):
        largest = np.maximum(largest, _statistics(part, shuffles).max(axis=0))
    return largest


def _alike(one: _Candidate, other: _Candidate) -> bool:
    shared, union = (one.inside & other.inside).sum(), (one.inside | other.inside).sum()
    return bool(shared / union > ALIKE) or bool(shared == min(one.inside.sum(), other.inside.sum()))


def _slice(candidate: _Candidate, wrong: Array, weights: Array, p_value: float) -> Slice:
    inside = candidate.inside
    error = wilson(int(wrong[inside].sum()), int(inside.sum()))
    elsewhere = wilson(int(wrong[~inside].sum()), int((~inside).sum()))
    own, rest = weights[:, inside], weights[:, ~inside]
    kept = (own.sum(axis=1) > 0) & (rest.sum(axis=1) > 0)
    draws = own[kept] @ wrong[inside] / own[kept].sum(axis=1) - rest[kept] @ wrong[~inside] / rest[kept].sum(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975]).tolist()
    difference = Estimate(error.value - elsewhere.value, low, high, error.n)
    return Slice(candidate.words, inside, error, elsewhere, difference, float(p_value))
