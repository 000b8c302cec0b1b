"""What is known of the cases, as columns, and the conditions on one column that make subgroups."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.fairness.intervals import Array, Booleans

QUANTILES = (0.25, 0.5, 0.75)
MOST_CATEGORIES = 60
"""The most frequent categories of a column that become conditions."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One property of all cases: numbers (not-a-number where missing) or categories (None where missing)."""

    name: str
    """Words for it; empty where the categories say all, as in 'cluster 3 of 8'."""
    numbers: Array | None = None
    categories: tuple[str | None, ...] = ()
    unit: str = ""
    cuts: tuple[float, ...] = ()
    """Where numbers are cut; at their quartiles when empty."""

    def is_category(self, category: str, holds: bool = True) -> str:
        """Return the words for having (or not having) a category.

        Example
        -------
        >>> Column("view").is_category("AP", False)
        'view is not AP'
        """
        if not self.name:
            return category if holds else f"not {category}"
        return f"{self.name} is {category}" if holds else f"{self.name} is not {category}"

    def up_to(self, cut: float, holds: bool = True) -> str:
        """Return the words for lying at or below a cut, or above it.

        Example
        -------
        >>> Column("age", unit="years").up_to(61, False)
        'age over 61 years'
        """
        return f"{self.name} {'up to' if holds else 'over'} {cut:,.4g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A subgroup by one column."""

    column: int
    words: str
    inside: Booleans
    """[n]"""


def taken(column: Column, rows: Booleans) -> Column:
    """Return a column of the chosen cases alone, [n]."""
    if column.numbers is not None:
        return replace(column, numbers=column.numbers[rows])
    kept = tuple(value for value, keep in zip(column.categories, rows, strict=True) if keep)
    return replace(column, categories=kept)


UNNAMED = -1
"""Column of all conditions whose category says all, as clusters do: no two of them make a subgroup."""


def conditions(columns: Sequence[Column], minimum: int) -> list[Condition]:
    """Return the conditions that hold for at least `minimum` cases and not for as many; equal subgroups once."""
    found: dict[bytes, Condition] = {}
    for place, column in enumerate(columns):
        for words, inside in _of_column(column):
            if minimum <= inside.sum() <= len(inside) - minimum:
                own = place if column.name else UNNAMED
                found.setdefault(inside.tobytes(), Condition(own, words, inside))
    return list(found.values())


def _of_column(column: Column) -> Iterator[tuple[str, Booleans]]:
    if column.numbers is not None:
        yield from _of_numbers(column, column.numbers)
        return
    values = np.asarray(column.categories, dtype=object)
    for category, _ in Counter(column.categories).most_common(MOST_CATEGORIES):
        words = f"{column.name} is missing" if category is None else column.is_category(category)
        yield words, np.asarray([value == category for value in values], dtype=bool)


def _of_numbers(column: Column, numbers: Array) -> Iterator[tuple[str, Booleans]]:
    known = numbers[np.isfinite(numbers)]
    if len(known):
        cuts = column.cuts or tuple(np.quantile(known, QUANTILES, method="inverted_cdf").tolist())
        for cut in dict.fromkeys(cuts):
            yield column.up_to(cut), np.asarray(numbers <= cut)
            yield column.up_to(cut, False), np.asarray(numbers > cut)
    yield f"{column.name} is missing", ~np.isfinite(numbers)


def column_of_words(name: str, values: Sequence[str | None], cuts: Sequence[float] = ()) -> Column:
    """Return the column of stored words: numbers where all of more than eight different ones are numbers.

    Example
    -------
    >>> column_of_words("view", ("AP", "PA", None)).categories
    ('AP', 'PA', None)
    """
    known = {value for value in values if value is not None}
    numbers = [_number(value) for value in values]
    if len(known) > 8 and all(
        value is None or math.isfinite(number) for value, number in zip(values, numbers, strict=True)
    ):
        return Column(name, np.asarray(numbers, dtype=np.float64), cuts=tuple(cuts))
    return Column(name, categories=tuple(values))


def _number(value: str | None) -> float:
    try:
        return math.nan if value is None else float(value)
    except ValueError:
        return math.nan
