"""What a rule of deferral is given, and what it gives."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.team.outcomes import Array, Booleans, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """Reads before the reveal, next to what the model answers to the same cases. Labels are places of classes."""

    readers: NDArray[np.str_]
    """Pseudonym [n]."""
    cases: Integers
    """Number of the case [n]."""
    groups: NDArray[np.str_]
    """What the case belongs to [n]."""
    truth: Integers
    read: Integers
    """Answer of the person [n]; -1 where they could not decide."""
    probabilities: Array
    """Calibrated probabilities of the model [n, classes]; equal for all reads of a case."""
    answer: Integers
    """The model's answer [n]: the most probable label, unless the version has rules of its own."""
    set_size: Integers
    """How many labels the model can't rule out [n]."""
    attributes: Array
    """Attributes of the case as numbers [n, features], zeros and ones for each group."""
    seconds: Array
    """Time of the read [n], not-a-number where unknown."""

    @property
    def certainty(self) -> Array:
        """Probability of the model's answer [n]."""
        return np.asarray(self.probabilities[np.arange(len(self.answer)), self.answer])

    @property
    def person_right(self) -> Booleans:
        """Whether the read was right [n]."""
        return np.asarray(self.read == self.truth)

    @property
    def model_right(self) -> Booleans:
        """Whether the model's answer is right [n]."""
        return np.asarray(self.answer == self.truth)


class DeferralRule(Protocol):
    """An order of cases by how much a person is needed."""

    name: str
    title: str

    def need(self, reads: Reads) -> Array | None:
        """Return how much a person should read each case [n], more is sooner; the same for all reads of a case.

        A rule that learns gives each group's cases what was learnt from other groups alone. None where there are too
        few reads to learn from.
        """
