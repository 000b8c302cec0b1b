"""Figures over seeds: the mean with its t interval."""

import math
from collections.abc import Sequence

import numpy as np

from core.contracts import Figure

T_975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""Student's t quantile for two-sided 95 % by number of seeds."""


def mean_figure(values: Sequence[float], lowest: float = -math.inf, highest: float = math.inf) -> Figure:
    """Return the mean over seeds with its t interval, cut off where no value can be; no interval for one seed.

    Examples
    --------
    >>> figure = mean_figure([0.5, 0.7], highest=1.0)
    >>> round(figure.value, 3), figure.high, figure.n
    (0.6, 1.0, 2)
    """
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return Figure(mean, n=n)
    half = T_975.get(n, 1.96) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Figure(mean, max(lowest, mean - half), min(highest, mean + half), n)


def time_figure(values: Sequence[float]) -> Figure:
    """Return the mean time over seeds; without an interval, for times vary with the machine."""
    return Figure(float(np.mean(values)), n=len(values))
