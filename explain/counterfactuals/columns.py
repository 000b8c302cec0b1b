"""Columns of a table: what each may become, how far a change is, how usual a row is.

Rows are float64 [n, columns]: numbers as they are, categories as their numbers 0, 1, ..., NaN for missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explain.counterfactuals.base import Array
from explain.errors import ExplainError

Rule = Literal["free", "fixed", "only up", "only down"]
QUANTILES = 24
"""Values of a number that a search tries before it closes in on the nearest one that does."""
NEIGHBOURS = 5
DIGITS = 9
"""Decimals to which a limit is a multiple of a step: 0.3 / 0.1 is a little less than 3 in binary fractions."""
MOST_FOR_DENSITY = 1000
"""Training cases among which a place's density is told: evenly spaced ones of all."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column and what a counterfactual may do to it."""

    name: str
    kind: Literal["numeric", "categorical"]
    low: float | None = None
    """Numbers: the least allowed; None for the least of the training cases."""
    high: float | None = None
    step: float | None = None
    """Numbers: changed values are multiples of it; None for any value."""
    categories: int = 0
    """Categories: how many there are."""
    rule: Rule = "free"
    can_be_missing: bool = False
    """Whether a counterfactual may leave the value out."""


class Table:
    """One case among the training cases.

    Parameters
    ----------
    columns
        One per column.
    row
        The case [d].
    population
        Training cases [n, d], n >= 2.

    Raises
    ------
    ExplainError
        When sizes, values, limits or rules can't be used.
    """

    def __init__(self, columns: Sequence[Column], row: Array, population: Array) -> None:
        self.columns = tuple(columns)
        self.row = np.asarray(row, dtype=np.float64)
        self.population = np.asarray(population, dtype=np.float64)
        _check(self.columns, self.row, self.population)
        self.categorical = np.array([column.kind == "categorical" for column in self.columns])
        self.scales = np.array([_scale(values) for values in self.population.T])
        self._limits = [self._interval(n) for n in range(len(self.columns))]

    @property
    def movable(self) -> tuple[int, ...]:
        """Numbers of the columns that may change at all."""
        return tuple(n for n in range(len(self.columns)) if len(self.moves(n)))

    def differs(self, rows: Array) -> NDArray[np.bool_]:
        """Return where rows [n, d] differ from the case, bool [n, d]."""
        different: NDArray[np.bool_] = (rows != self.row) & ~(np.isnan(rows) & np.isnan(self.row))
        return different

    def changes(self, rows: Array, reference: Array | None = None) -> Array:
        """Return how far each value of rows [n, d] is from the case's (or a reference row's), [n, d].

        |difference| / median absolute deviation for numbers; 1 for another category and for a value that is missing on
        one side alone. Where the deviation is zero, the mean absolute deviation takes its place, or else 1.
        """
        other = self.row if reference is None else reference
        same = (rows == other) | (np.isnan(rows) & np.isnan(other))
        far = np.abs(rows - other) / self.scales
        far = np.where(self.categorical | np.isnan(far), 1.0, far)
        result: Array = np.where(same, 0.0, far)
        return result

    def distances(self, rows: Array) -> Array:
        """Return the mean of `changes` over columns, [n]; lower is closer."""
        means: Array = self.changes(rows).mean(axis=1)
        return means

    def legal(self, rows: Array) -> Array:
        """Return rows [n, d] brought to the nearest allowed values."""
        columns = [self._legal_values(n, rows[:, n]) for n in range(len(self.columns))]
        return np.stack(columns, axis=1)

    def moves(self, number: int) -> Array:
        """Return allowed values of a column other than the case's own: categories, or quantiles of training cases."""
        column = self.columns[number]
        values = self.population[:, number]
        values = values[~np.isnan(values)]
        if column.kind == "categorical":
            candidates = np.arange(column.categories, dtype=np.float64)
        else:
            low, high = self._limits[number]
            inside = values[(values >= low) & (values <= high)]
            quantiles = np.quantile(inside, np.linspace(0, 1, QUANTILES)) if len(inside) else np.array([])
            ends = [end for end in (low, high) if np.isfinite(end)]
            candidates = np.concatenate([quantiles, ends])
        if column.can_be_missing:
            candidates = np.append(candidates, np.nan)
        return self._others(number, candidates)

    def every(self, number: int) -> Array | None:
        """Return all allowed values of a column, the case's own first; None when they can't be counted."""
        column = self.columns[number]
        low, high = self._limits[number]
        if column.kind == "numeric" and column.step is not None and low <= high:
            count = round((high - low) / column.step)
            if count > 10_000:
                return None
            candidates = low + column.step * np.arange(count + 1)
            moves = self._others(number, np.append(candidates, [np.nan] * column.can_be_missing))
        else:
            moves = self.moves(number)
            if column.kind == "numeric" and len(moves):
                return None
        return np.concatenate([self.row[[number]], moves])

    def plausibility(self, rows: Array) -> Array:
        """Return the share of training cases that lie in sparser places than each row, 0 to 1; higher is more usual.

        A place is as sparse as the mean distance to its five nearest training cases (a training case's own aside).
        """
        far = self._sparseness(rows, own=False)
        shares: Array = (self._own_sparseness[None, :] > far[:, None]).mean(axis=1)
        return shares

    @cached_property
    def _own_sparseness(self) -> Array:
        return self._sparseness(self._sample, own=True)

    @cached_property
    def _sample(self) -> Array:
        count = min(len(self.population), MOST_FOR_DENSITY)
        sample: Array = self.population[np.linspace(0, len(self.population) - 1, count).astype(int)]
        return sample

    def _sparseness(self, rows: Array, *, own: bool) -> Array:
        neighbours = min(NEIGHBOURS, len(self._sample) - own)
        result = np.empty(len(rows))
        for n, row in enumerate(rows):
            nearest = np.sort(self.changes(self._sample, row).mean(axis=1))
            result[n] = nearest[own : own + neighbours].mean()
        return result

    def _others(self, number: int, candidates: Array) -> Array:
        values = np.unique(self._legal_values(number, candidates))  # NaN once, last
        own = self.row[number]
        return values[~np.isnan(values)] if np.isnan(own) else values[values != own]

    def _interval(self, number: int) -> tuple[float, float]:
        """Return the lowest and highest allowed number, multiples of the step; low > high when none is."""
        column, own = self.columns[number], float(self.row[number])
        values = self.population[:, number]
        values = values[~np.isnan(values)]
        none_known = len(values) == 0 or (np.isnan(own) and column.rule != "free")
        if column.kind == "categorical" or column.rule == "fixed" or none_known:
            return np.inf, -np.inf
        low = float(values.min()) if column.low is None else column.low
        high = float(values.max()) if column.high is None else column.high
        low = max(low, own) if column.rule == "only up" else low
        high = min(high, own) if column.rule == "only down" else high
        if column.step is not None:
            low, high = (
                _multiple(np.ceil(np.round(low / column.step, DIGITS)), column.step),
                _multiple(np.floor(np.round(high / column.step, DIGITS)), column.step),
            )
        return low, high

    def _legal_values(self, number: int, values: Array) -> Array:
        column, own = self.columns[number], self.row[number]
        if column.rule == "fixed":
            return np.full(len(values), own)
        missing = values if column.can_be_missing else np.full(len(values), own)
        if column.kind == "categorical":
            return np.where(np.isnan(values), missing, values)
        low, high = self._limits[number]
        if low > high:
            return np.where(np.isnan(values) & column.can_be_missing, values, own)
        numbers = np.clip(values, low, high)
        if column.step is not None:
            numbers = np.clip(_multiples(np.round(numbers / column.step), column.step), low, high)
        allowed: Array = np.where(values == own, own, np.where(np.isnan(values), missing, numbers))
        return allowed


def distinct(rows: Array) -> Array:
    """Return each row [n, d] once, sorted; missing values equal one another."""
    once = np.unique(np.nan_to_num(rows, nan=np.inf), axis=0)
    result: Array = np.where(np.isinf(once), np.nan, once)
    return result


def _multiples(counts: Array, step: float) -> Array:
    """Return multiples of a step without the dust of binary fractions (3 steps of 0.1 are 0.3)."""
    return np.round(counts * step, 12)


def _multiple(count: float, step: float) -> float:
    return float(np.round(count * step, 12))


def _scale(values: Array) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        return 1.0
    deviations = np.abs(known - np.median(known))
    return float(np.median(deviations)) or float(deviations.mean()) or 1.0


def _check(columns: tuple[Column, ...], row: Array, population: Array) -> None:
    d = len(columns)
    if row.shape != (d,) or population.ndim != 2 or population.shape[1] != d or len(population) < 2:
        raise ExplainError(
            f"{d} columns need a row [{d}] and training cases [2 or more, {d}], got {row.shape} and {population.shape}."
        )
    if np.isinf(row).any() or np.isinf(population).any():
        raise ExplainError("a value is infinite: leave it out (NaN is missing).")
    for column, value in zip(columns, row, strict=True):
        _check_column(column, float(value))


def _check_column(column: Column, value: float) -> None:
    if column.kind == "categorical":
        if column.rule not in ("free", "fixed"):
            raise ExplainError(f"{column.name!r} is a category, which has no direction: it can't be {column.rule!r}.")
        if column.categories < 1 or not (np.isnan(value) or value in range(column.categories)):
            raise ExplainError(f"{column.name!r} must be a category 0 to {column.categories - 1}, got {value}.")
        return
    if column.step is not None and column.step <= 0:
        raise ExplainError(f"the step of {column.name!r} must be more than 0, got {column.step}.")
    if column.low is not None and column.high is not None and column.low > column.high:
        raise ExplainError(f"{column.name!r} has no value between {column.low} and {column.high}: swap them.")
