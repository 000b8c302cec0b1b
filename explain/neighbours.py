"""Similar cases and typical cases in a model's own space."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from explain.errors import ExplainError

Array = NDArray[np.float64]
Kind = TypeVar("Kind", bound=np.generic)
DIGITS = 6
"""Similarities that agree to so many decimals are ties, which the lower number wins."""
MOST_FOR_PROTOTYPES = 2000
"""Cases of one class that prototypes are chosen from: the square of it goes through memory in pieces."""
CHUNK = 512


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A stored case near another."""

    number: int
    similarity: float
    """Cosine of the standardised vectors, -1 to 1."""


class Space:
    """Vectors of stored cases, standardised: each dimension minus its mean, over its standard deviation.

    Dimensions that never change count for nothing.

    Parameters
    ----------
    vectors
        [n, d], n >= 1, finite.

    Raises
    ------
    ExplainError
        When the vectors can't be used.
    """

    def __init__(self, vectors: Array) -> None:
        values = np.asarray(vectors, dtype=np.float64)
        if values.ndim != 2 or not len(values) or not np.isfinite(values).all():
            raise ExplainError(f"a space needs finite vectors [1 or more, d], got {values.shape}.")
        self._mean = values.mean(axis=0)
        spread = values.std(axis=0)
        tiny = 1e-9 * np.maximum(1.0, np.abs(self._mean))
        self._factor = np.where(spread > tiny, 1.0 / np.where(spread > tiny, spread, 1.0), 0.0)
        self._unit = _unit(self._standardised(values))

    def __len__(self) -> int:
        return len(self._unit)

    def similarities(self, vector: Array) -> Array:
        """Return the cosine of a vector [d] with every case, [n]; 0 for a vector in the very middle.

        Raises
        ------
        ExplainError
            When the vector has another length or is not finite.
        """
        value = np.asarray(vector, dtype=np.float64)
        if value.shape != self._mean.shape or not np.isfinite(value).all():
            raise ExplainError(f"the vector must be finite, [{len(self._mean)}], got {value.shape}.")
        cosines: Array = np.round(self._unit @ _unit(self._standardised(value[None]))[0], DIGITS)
        return np.clip(cosines, -1.0, 1.0)

    def nearest(self, vector: Array, count: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Neighbour, ...]:
        """Return the `count` most similar cases, most similar first, the lower number first among equals.

        Parameters
        ----------
        vector
            [d].
        count
            How many; fewer come back when fewer are allowed.
        allowed
            Which cases count, bool [n]; all when left out. Leave out the case itself so.
        """
        cosines = self.similarities(vector)
        numbers = np.arange(len(self)) if allowed is None else np.flatnonzero(self._checked(allowed))
        order = numbers[np.argsort(-cosines[numbers], kind="stable")][: max(0, count)]
        return tuple(Neighbour(int(number), float(cosines[number])) for number in order)

    def nearest_of_another(
        self, vector: Array, labels: NDArray[np.int64], label: int, allowed: NDArray[np.bool_] | None = None
    ) -> Neighbour | None:
        """Return the most similar case whose label (-1: unknown) is known and not `label`; None when there is none."""
        kinds = self._checked(labels)
        others = (kinds != label) & (kinds >= 0)
        found = self.nearest(vector, 1, others if allowed is None else others & self._checked(allowed))
        return found[0] if found else None

    def prototypes(self, labels: NDArray[np.int64], count: int) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Return (label, numbers of its `count` most typical cases) for each known label, lowest label first.

        Chosen greedily, one after the other, so that the chosen ones stand for all cases of the class: the maximum mean
        discrepancy between both, with a Gaussian kernel as wide as the median distance, falls fastest. Beyond 2,000
        cases of a class, evenly spaced ones of them are considered.

        References
        ----------
        Kim, Khanna, Koyejo: Examples are not Enough, Learn to Criticize! (MMD-critic), 2016.
        """
        kinds = self._checked(labels)
        known = np.unique(kinds[kinds >= 0])
        return tuple((int(label), self._typical(np.flatnonzero(kinds == label), count)) for label in known)

    def _typical(self, numbers: NDArray[np.int64], count: int) -> tuple[int, ...]:
        if len(numbers) > MOST_FOR_PROTOTYPES:
            numbers = numbers[np.linspace(0, len(numbers) - 1, MOST_FOR_PROTOTYPES).round().astype(int)]
        return tuple(int(numbers[n]) for n in mmd_prototypes(self._unit[numbers], count))

    def _standardised(self, values: Array) -> Array:
        result: Array = (values - self._mean) * self._factor
        return result

    def _checked(self, values: NDArray[Kind]) -> NDArray[Kind]:
        array = np.asarray(values)
        if array.shape != (len(self),):
            raise ExplainError(f"there must be one value for each of the {len(self)} cases, got {array.shape}.")
        return array


def mmd_prototypes(points: Array, count: int) -> tuple[int, ...]:
    """Return the numbers of `count` points [n, d] that stand for all, in the order of choice; see `Space.prototypes`.

    Each step adds the point that raises `2 / m sum_j mean_i k(i, j) - 1 / m^2 sum_jk k(j, k)` most, over the m chosen.
    """
    n = len(points)
    width = _median_distance(points)
    means = np.concatenate([_kernel(points[a : a + CHUNK], points, width).mean(axis=1) for a in range(0, n, CHUNK)])
    chosen: list[int] = []
    among = np.zeros(n)  # sum of k(candidate, chosen)
    total, inner = 0.0, 0.0
    for m in range(1, min(count, n) + 1):
        gains = 2 * (total + means) / m - (inner + 2 * among + 1.0) / m**2
        gains[chosen] = -np.inf
        best = int(np.argmax(np.round(gains, 9)))
        total, inner = total + means[best], inner + 2 * among[best] + 1.0
        among = among + _kernel(points, points[best : best + 1], width)[:, 0]
        chosen.append(best)
    return tuple(chosen)


def _median_distance(points: Array) -> float:
    """Return the median squared distance between some points, 1 when they are all alike."""
    some = points[np.linspace(0, len(points) - 1, min(len(points), CHUNK)).round().astype(int)]
    squares = _squares(some, some)[np.triu_indices(len(some), 1)]
    median = float(np.median(squares)) if len(squares) else 0.0
    return median if median > 1e-12 else 1.0


def _kernel(a: Array, b: Array, width: float) -> Array:
    result: Array = np.exp(-_squares(a, b) / width)
    return result


def _squares(a: Array, b: Array) -> Array:
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    result: Array = np.maximum(squares, 0.0)
    return result


def _unit(values: Array) -> Array:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    result: Array = values / np.where(lengths > 0, lengths, 1.0)
    return result
