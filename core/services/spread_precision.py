"""How many of the proposals are right, told from those that a person looked at."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.contracts import Estimate
from core.fairness.intervals import wilson

EDGES = (0.9, 0.5)
"""Proposals are told apart by their probability: sure ones, likely ones, the rest."""
LOOKS = 20
"""Proposals that must have been looked at before others are accepted together."""
LEAST_PRECISION = 0.9
"""What the lower end of their precision must reach for that."""
UNSURE_SHARE = 1 / 6
"""Of a page, for each kind that is not sure."""
UNKNOWN = Estimate(0.5, 0.0, 1.0, 0)
"""The share of right ones of a kind that nobody looked at."""
SPREAD_OUT = 2654435761


@dataclass(frozen=True, slots=True)
class Look:
    """A proposal that a person looked at."""

    probability: float
    right: bool


def estimated(looks: Sequence[Look], waiting: Sequence[float], least: float = 0.0) -> Estimate | None:
    """Return the share of right ones among the proposals that wait, of at least the probability `least`.

    People look at unsure proposals more often than there are such; so each kind counts by how many of it wait. Where
    none waits, the kinds count by the looks. Each kind has Wilson's interval; they are joined by the method of variance
    estimates recovered. None before the first look.

    Source: Wilson 1927; Zou and Donner, Construction of confidence limits about effect measures, 2008.

    Examples
    --------
    >>> estimated([Look(0.95, True)] * 35, [0.95] * 400).low > LEAST_PRECISION
    True
    """
    seen = [look for look in looks if look.probability >= least]
    if not seen:
        return None
    counted = [p for p in waiting if p >= least] or [look.probability for look in seen]
    value, below, above = 0.0, 0.0, 0.0
    for kind, number in sorted(Counter(map(_kind, counted)).items()):
        weight = number / len(counted)
        own = [look.right for look in seen if _kind(look.probability) == kind]
        share = wilson(sum(own), len(own)) if own else UNKNOWN
        value += weight * share.value
        below += (weight * (share.value - share.low)) ** 2
        above += (weight * (share.high - share.value)) ** 2
    low, high = max(0.0, value - math.sqrt(below)), min(1.0, value + math.sqrt(above))
    return Estimate(value, low, high, len(seen))


def refusal(looks: Sequence[Look], waiting: Sequence[float], least: float) -> str | None:
    """Return why proposals of at least the probability `least` can't be accepted together; None where they can."""
    if not any(probability >= least for probability in waiting):
        return f"None of the open ones has a probability of at least {least:g}."
    seen = sum(look.probability >= least for look in looks)
    if seen < LOOKS:
        return (
            f"{seen} proposals of at least {least:g} were looked at, {LOOKS} are needed to know how many are right. "
            "Tick a page more, or ask for less sure ones too."
        )
    precision = estimated(looks, waiting, least)
    if precision is None or precision.low < LEAST_PRECISION:
        low = precision.low if precision else 0.0
        return (
            f"From what was looked at, as few as {low:.2f} of them may be right; {LEAST_PRECISION:g} is asked for. "
            "Tick more of them, ask for surer ones only, or mark a few more cases and search again."
        )
    return None


def page(waiting: Sequence[tuple[int, float]], limit: int) -> list[int]:
    """Choose what to look at next from (number, probability) of proposals: mostly sure ones, with some unsure ones.

    Within a kind they are drawn without regard to their probability, so that they tell of all of it; the same ones
    until they are decided. Surest first.
    """
    kinds: dict[int, list[tuple[int, float]]] = {}
    for number, probability in sorted(waiting, key=lambda item: (item[0] * SPREAD_OUT) % 2**32):
        kinds.setdefault(_kind(probability), []).append((number, probability))
    some = max(1, round(limit * UNSURE_SHARE))
    chosen = [item for kind in sorted(kinds)[1:] for item in kinds[kind][:some]]
    first = kinds[min(kinds)] if kinds else []
    chosen = first[: max(0, limit - len(chosen))] + chosen
    left = [item for items in kinds.values() for item in items if item not in chosen]
    chosen = (chosen + left)[:limit]
    return [number for number, _ in sorted(chosen, key=lambda item: (-item[1], item[0]))]


def _kind(probability: float) -> int:
    """Return 0 for a sure proposal, more for less sure ones."""
    return sum(probability < edge for edge in EDGES)
