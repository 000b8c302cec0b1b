"""What every outlier detector is: fitted on training cases, and higher where a case is less like them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.contracts import OutlierMethod

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
State = Mapping[str, npt.NDArray[np.float32]]
"""The numbers that a fitted detector needs, by name; stored as safetensors."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Cases as a version sees them."""

    vectors: Array
    """Fused vectors [n, d]."""
    logits: Mapping[str, Array]
    """Target -> logits [n, classes]."""
    labels: Labels
    """Class indexes of the first target [n]; -1 where there is none."""

    def __len__(self) -> int:
        """How many cases."""
        return len(self.vectors)

    def rows(self, chosen: npt.NDArray[np.int64]) -> "Seen":
        """Return some of the cases."""
        logits = {target: values[chosen] for target, values in self.logits.items()}
        return Seen(self.vectors[chosen], logits, self.labels[chosen])


class OutlierDetector(Protocol):
    """One way to tell cases that are unlike the training cases."""

    name: OutlierMethod
    title: str
    """What its score is, for people: "distance to the nearest training cases"."""

    def fit(self, training: Seen) -> State:
        """Return what it needs to know of the training cases."""

    def score(self, state: State, cases: Seen) -> Array:
        """Return a score per case [n], finite; higher is less like the training cases."""
