"""What is typical of a subgroup: the conditions that hold in it more often than elsewhere."""

from collections.abc import Sequence

import numpy as np

from core.fairness.columns import Column, conditions
from core.fairness.intervals import Booleans

MOST = 2
BEYOND = 3.0
"""Standard errors by which a condition must be over-represented to be told."""


def typical(inside: Booleans, columns: Sequence[Column], minimum: int) -> str:
    """Return the most over-represented conditions of a subgroup with their shares in it and elsewhere, or nothing.

    Conditions on different columns, at most two, by their excess in standard errors.

    Example
    -------
    >>> view = Column("view", categories=("AP",) * 40 + ("PA",) * 40)
    >>> typical(np.arange(80) < 36, [view], 10)
    'view is AP in 100 %, elsewhere 9 %'
    """
    n, size = len(inside), int(inside.sum())
    if not 0 < size < n:
        return ""
    excess: list[tuple[float, int, str]] = []
    for one in conditions(columns, minimum):
        share, own, rest = one.inside.mean(), one.inside[inside].mean(), one.inside[~inside].mean()
        spread = np.sqrt(share * (1 - share) * (1 / size + 1 / (n - size)))
        words = f"{one.words} in {100 * own:.0f} %, elsewhere {100 * rest:.0f} %"
        excess.append((float((own - rest) / spread), one.column, words))
    told: dict[int, str] = {}
    for score, column, words in sorted(excess, key=lambda item: (-item[0], item[2])):
        if score >= BEYOND and len(told) < MOST:
            told.setdefault(column, words)
    return "; ".join(told.values())
