"""The smallest set of parts whose removal gets the wanted answer: what texts and images have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from explain.counterfactuals.base import Array

Parts = frozenset[int]
Margins = Callable[[Sequence[Parts]], Array]
"""How far past the goal the answer without these parts is; positive: reached."""
PAIRS = 10
"""Of so many best parts, all pairs are tried."""


@dataclass(frozen=True, slots=True)
class Parting:
    """What is searched: parts 0 to n - 1 of an input, and the answers without some of them."""

    margins: Margins
    sizes: Array
    """Size of each part, [n]: less is better."""
    left: Callable[[], int]
    """How many answers may still be asked for."""
    lead: int = 24
    """How many of the leading parts are tried at each step."""
    most: int | None = None
    """Most parts that may go; all but one when left out."""
    banned: Parts = field(default_factory=frozenset)

    def size(self, parts: Parts) -> float:
        """Return the size of several parts."""
        return float(self.sizes[list(parts)].sum())

    def allowed(self) -> list[int]:
        """Return the parts that may go."""
        return [n for n in range(len(self.sizes)) if n not in self.banned]

    def limit(self) -> int:
        """Return how many parts may go."""
        return len(self.sizes) - 1 if self.most is None else self.most


def leave_one_out(parting: Parting) -> Array:
    """Return the margin without each part, [n]: higher speaks more for the present answer."""
    return parting.margins([frozenset({n}) for n in range(len(parting.sizes))])


def smallest(parting: Parting, order: Array) -> Parts | None:
    """Return a small set of parts whose removal reaches the goal, or None when none was found.

    Single parts and pairs of leading parts first, then greedy growth; then every part that is not needed is put back.
    Where no part helps alone (two places that each suffice), it begins with all parts gone instead. What is left can't
    lose one part more.

    Parameters
    ----------
    parting
        The input.
    order
        Score of each part [n]; parts of higher scores are tried first.
    """
    ranked = sorted(parting.allowed(), key=lambda n: (-order[n], n))
    few = _among_few(parting, ranked)
    if few is not None:
        return few
    grown = _grown(parting, ranked)
    if grown is not None:
        return pruned(parting, grown)
    shrunk = _shrunk(parting, ranked)
    return shrunk if shrunk is not None and len(shrunk) <= parting.limit() else None


def _among_few(parting: Parting, ranked: Sequence[int]) -> Parts | None:
    """Return the smallest single part, else the smallest pair of leading parts, that reaches the goal."""
    leaders = ranked[:PAIRS]
    pairs = [frozenset({a, b}) for n, a in enumerate(leaders) for b in leaders[n + 1 :]]
    for tries in ([frozenset({n}) for n in ranked[: max(PAIRS, parting.lead)]], pairs):
        if not tries or len(tries[0]) > parting.limit() or len(tries) > parting.left():
            continue
        margins = parting.margins(tries)
        reached = [n for n in range(len(tries)) if margins[n] > 0]
        if reached:
            return tries[min(reached, key=lambda n: (parting.size(tries[n]), -margins[n]))]
    return None


def _grown(parting: Parting, ranked: Sequence[int]) -> Parts | None:
    """Take parts away, those that help most first and more at a time the more are gone, until the goal is reached."""
    gone: Parts = frozenset()
    while len(gone) < parting.limit():
        rest = [n for n in ranked if n not in gone][: parting.lead]
        if not rest or parting.left() < len(rest) + 1:
            return None
        margins = parting.margins([gone | {n} for n in rest])
        helping = [rest[n] for n in np.argsort(-margins, kind="stable")]
        count = min(max(1, len(gone) // 4), parting.limit() - len(gone))
        gone = gone | frozenset(helping[:count])
        reached = margins.max() if count == 1 else parting.margins([gone])[0]
        if reached > 0:
            return gone
    return None


def _shrunk(parting: Parting, ranked: Sequence[int]) -> Parts | None:
    """Take all parts but the last away and put back what is not needed, where that reaches the goal."""
    gone = frozenset(ranked[: len(parting.sizes) - 1])
    if not gone or parting.left() < 3 * len(gone) or parting.margins([gone])[0] <= 0:
        return None
    return pruned(parting, gone)


def pruned(parting: Parting, gone: Parts) -> Parts:
    """Return the parts without those that can be put back while the goal stays reached, as many at once as can be."""
    while len(gone) > 1:
        ordered = sorted(gone)
        margins = parting.margins([gone - {n} for n in ordered])
        able = [n for n in range(len(ordered)) if margins[n] > 0]
        if not able:
            break
        able.sort(key=lambda n: (-parting.sizes[ordered[n]], -margins[n]))
        gone = _put_back(parting, gone, [ordered[n] for n in able])
    return gone


def _put_back(parting: Parting, gone: Parts, able: Sequence[int]) -> Parts:
    """Put back the first of the parts, each of which can come back alone: all of them, or half, or a quarter, ..."""
    counts = [len(able) >> halvings for halvings in range(len(able).bit_length() - 1)]
    tries = [gone - set(able[:count]) for count in counts if count < len(gone)]
    reached = np.flatnonzero(parting.margins(tries) > 0).tolist() if tries else []
    return tries[reached[0]] if reached else gone - {able[0]}
