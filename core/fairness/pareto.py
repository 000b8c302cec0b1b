"""Which models of a trade-off are worth choosing from."""

from collections.abc import Sequence


def efficient(accuracies: Sequence[float], gaps: Sequence[float]) -> tuple[bool, ...]:
    """Return which points no other point beats: at least as accurate and as fair, and better in one of the two.

    Parameters
    ----------
    accuracies
        Higher is better.
    gaps
        Lower is better.

    Example
    -------
    >>> efficient((0.9, 0.8, 0.7), (0.2, 0.1, 0.15))
    (True, True, False)
    """
    points = list(zip(accuracies, gaps, strict=True))
    return tuple(
        not any(other[0] >= own[0] and other[1] <= own[1] and other != own for other in points) for own in points
    )
