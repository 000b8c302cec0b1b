"""The groups of an attribute among given cases, and the intersections of two."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.fairness.intervals import Integers
from core.fairness.membership import JOINT, UNKNOWN, group_of

MOST_GROUPS = 12
"""The largest groups of an attribute; the others are counted in the note."""
Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Which group each of n cases is in."""

    attribute: str
    names: tuple[str, ...]
    """By size, largest first."""
    codes: Integers
    """Index into `names`, [n]; -1 where unknown or not among the largest."""
    unknown: int
    """Cases that lack the attribute."""
    others: int
    """Groups that are left out because there are so many."""

    @property
    def sizes(self) -> Integers:
        """Cases of each group."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))

    def only(self, groups: Sequence[int]) -> "Grouping":
        """Return the grouping with these groups alone; cases of the others become unknown."""
        places = np.full(len(self.names) + 1, UNKNOWN)  # the last one answers for code -1
        places[list(groups)] = np.arange(len(groups))
        names = tuple(self.names[group] for group in groups)
        return Grouping(self.attribute, names, places[self.codes], self.unknown, self.others)


def grouping(rows: Rows, attribute: str) -> Grouping:
    """Return the groups of `attribute` (several joined by ` & `) among cases with these attributes."""
    own = [group_of(row, attribute) for row in rows]
    counted = Counter(name for name in own if name is not None)
    names = sorted(counted, key=lambda name: (-counted[name], name))
    places = {name: place for place, name in enumerate(names[:MOST_GROUPS])}
    codes = np.asarray([UNKNOWN if name is None else places.get(name, UNKNOWN) for name in own], dtype=np.int64)
    return Grouping(attribute, tuple(places), codes, own.count(None), len(names) - len(places))


def groupings(rows: Rows, attributes: Sequence[str], minimum: int) -> list[Grouping]:
    """Return the groups of each attribute, then of each two where two intersections have `minimum` cases."""
    pairs = [grouping(rows, JOINT.join(pair)) for pair in combinations(attributes, 2)]
    return [
        *(grouping(rows, attribute) for attribute in attributes),
        *(pair for pair in pairs if (pair.sizes >= minimum).sum() > 1),
    ]
