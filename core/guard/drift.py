"""Whether the cases that came last are still like those that the model was calibrated on."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import ks_2samp

Array = npt.NDArray[np.float64]
ALARM = 0.01
"""Chance of any false alarm, over all looks at a version together."""
RECENT = 200
"""Cases that came last which are looked at."""
FEWEST = 20
"""With fewer on either side nothing can be told."""


@dataclass(frozen=True, slots=True)
class DriftLook:
    """One look at the cases that came last."""

    number: int
    """How many looks there were at this version, this one included."""
    newest: int
    """Number of the newest case that was looked at."""
    n: int
    p_value: float
    level: float
    """The alarm is raised at or below it."""

    @property
    def alarm(self) -> bool:
        """Whether the cases have drifted."""
        return self.p_value <= self.level

    @property
    def words(self) -> str:
        """What was found, for a lead; empty without an alarm."""
        if not self.alarm:
            return ""
        return (
            f"The last {self.n} cases are unlike those that the model was calibrated on (p = {self.p_value:.1g}; alarm "
            f"at {self.level:.1g}). It leaves every case to people. Look at what has changed, and retrain on new cases."
        )


def level_of(look: int) -> float:
    """Return the level of the look with this number, from 1: 6 / (pi^2 look^2) of .01, so that all sum to .01.

    Whoever looks often raises no more false alarms than who looks once.
    """
    return ALARM * 6 / (math.pi * look) ** 2


def look_for_drift(calibration: Array, recent: Array, number: int, newest: int) -> DriftLook | None:
    """Compare outlier scores of the cases that came last [m] with those of calibration cases [n].

    Two-sample Kolmogorov-Smirnov test, exact for small samples: over cases of the same kind its p-value is at most u
    with a chance of at most u. None with fewer than 20 cases on either side.

    Source
    ------
    Rabanser et al., Failing Loudly: An Empirical Study of Methods for Detecting Dataset Shift, NeurIPS 2019.
    """
    if min(len(calibration), len(recent)) < FEWEST:
        return None
    found = ks_2samp(calibration, recent)
    return DriftLook(number, newest, len(recent), float(found.pvalue), level_of(number))
