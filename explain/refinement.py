"""Where to put gradients on the path, so that few are enough."""

import heapq
from collections.abc import Sequence

from explain.path import Interval, Path, nodes_at, path_through
from explain.quality import completeness_scale
from explain.validation import Case

FIRST_PLACES = (
    0,
    1 / 128,
    1 / 64,
    1 / 32,
    3 / 64,
    1 / 16,
    3 / 32,
    1 / 8,
    3 / 16,
    1 / 4,
    3 / 8,
    1 / 2,
    5 / 8,
    3 / 4,
    7 / 8,
    1,
)
"""Denser near the baseline, where networks have not yet saturated."""
LARGEST_MAP_ERROR = 0.12
"""Estimated error of the map, as a share of its length, above which the path is refined whatever the sum says.
Measured on radiographs, that left a cosine of .997 and more with a thousand steps. A tolerance below 5 % makes it, and
the next, smaller in proportion."""
USUAL_TOLERANCE = 0.05
LARGEST_UNSIGNED_ERROR = 0.25
"""Likewise for the sum of the sizes of the intervals' errors, as a share of the way of F."""
ROUND = 8
"""Nodes that are added at once while the map is not yet good."""
LAST_ROUND = 4
"""Nodes that are added at once while only the sum is not yet good."""
GPU_FACTOR = 4
"""A GPU adds 16 rows as fast as 4."""
FALL = 0.35
"""What is left of an interval's errors in each half of it, as a guess to cut it again in the same round."""
NARROWEST = 2.0**-14
"""Narrower intervals are not cut again: single precision cannot tell their ends apart much further."""
NEGLIGIBLE = 1e-4
"""Share of the aim (or of the map) below which an interval is not worth a gradient."""


def refined_path(case: Case, tolerance: float, limit: int, first: Sequence[float] = FIRST_PLACES) -> Path:
    """Return the path, refined until its completeness error is at most `tolerance` and its map is sound.

    It ends earlier when `limit` gradients are spent, or when halving intervals can't help any more: a jump of F that
    no gradient shows.

    Parameters
    ----------
    case
        The question.
    tolerance
        Completeness error to reach.
    limit
        Most gradients.
    first
        Places to begin with, in order from 0 to 1.

    Raises
    ------
    ExplainError
        When the answer has no graph to its inputs.
    """
    path = path_through(nodes_at(case, first))
    while places := _next_places(path, case, tolerance, limit):
        path = path.refined(nodes_at(case, places))
    return path


def is_sound(path: Path, tolerance: float) -> bool:
    """Return whether the map itself is right, as far as nodes tell: what errors that cancel can't hide."""
    share = min(1.0, tolerance / USUAL_TOLERANCE)
    return path.map_error <= share * LARGEST_MAP_ERROR and path.unsigned_error <= share * LARGEST_UNSIGNED_ERROR


def _next_places(path: Path, case: Case, tolerance: float, limit: int) -> list[float]:
    """Return the places of the next gradients; none when the path is good enough or can't be made better."""
    factor = 1 if case.device.type == "cpu" else GPU_FACTOR
    room = limit - len(path.nodes)
    if not is_sound(path, tolerance):
        found = _middles(path, _by_map(path), min(room, factor * ROUND))
        if found:
            return found
    allowed = tolerance * completeness_scale(path.change, case.scale)
    if abs(path.error) <= allowed:
        return []
    worth = _by_sum(path, allowed)
    curable = sum(value for value, interval in zip(worth, path.intervals, strict=True) if _divisible(interval))
    return _middles(path, worth, min(room, factor * LAST_ROUND)) if curable > abs(path.error) - allowed else []


def _by_map(path: Path) -> list[float]:
    """Return what halving each interval is worth to the map: its bend and its error, as shares of the whole."""
    way = sum(abs(interval.change) for interval in path.intervals)
    return [
        worth if (worth := _share(interval.bend, path.size) + _share(abs(interval.error), way)) > NEGLIGIBLE else 0.0
        for interval in path.intervals
    ]


def _by_sum(path: Path, allowed: float) -> list[float]:
    """Return what halving each interval is worth to the sum: its error, where it is of the whole error's sign."""
    sign = 1 if path.error > 0 else -1
    return [max(0.0, sign * item.error) if sign * item.error > NEGLIGIBLE * allowed else 0.0 for item in path.intervals]


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _divisible(interval: Interval) -> bool:
    return interval.length > NARROWEST


def _middles(path: Path, worth: Sequence[float], count: int) -> list[float]:
    """Return the middles of the worthiest intervals, and of their halves where these are still worthier than others."""
    queue = [(-value, item.start.place, item.end.place) for value, item in zip(worth, path.intervals, strict=True)]
    heapq.heapify(queue)
    places: list[float] = []
    while queue and len(places) < count:
        value, start, end = heapq.heappop(queue)
        if value == 0 or end - start <= NARROWEST:
            continue
        middle = (start + end) / 2
        places.append(middle)
        heapq.heappush(queue, (value * FALL, start, middle))
        heapq.heappush(queue, (value * FALL, middle, end))
    return sorted(places)
