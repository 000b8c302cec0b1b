"""What came of each read: the person's answer, the model's, and what they said together, against the truth."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
NO_ANSWER = -1
"""Place of a read or verdict that could not decide; it is never right and never the model's answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """One row for each case that a person read before the reveal and judged after it. Labels are places of classes."""

    readers: NDArray[np.str_]
    """Pseudonym of the reader [n]."""
    cases: Integers
    """Number of the case [n]."""
    groups: NDArray[np.str_]
    """What the case belongs to: cases of one group (patient) are no independent evidence [n]."""
    truth: Integers
    """Reference label that is not the reader's own [n]."""
    read: Integers
    """Answer before the reveal [n]; -1 where the person could not decide."""
    answer: Integers
    """Answer that the model showed [n]."""
    verdict: Integers
    """Answer after the reveal [n]; -1 where the person could not decide."""
    seconds: Array
    """Time of the read, not-a-number where unknown [n]."""

    def __len__(self) -> int:
        """Return how many reads there are."""
        return len(self.truth)

    def subset(self, chosen: Booleans) -> "Outcomes":
        """Return the chosen rows."""
        return Outcomes(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    @property
    def person_right(self) -> Booleans:
        """Whether the read was right [n]."""
        return np.asarray(self.read == self.truth)

    @property
    def model_right(self) -> Booleans:
        """Whether the model's answer was right [n]."""
        return np.asarray(self.answer == self.truth)

    @property
    def team_right(self) -> Booleans:
        """Whether the verdict was right [n]."""
        return np.asarray(self.verdict == self.truth)

    @property
    def differed(self) -> Booleans:
        """Whether the read was not the model's answer [n]."""
        return np.asarray(self.read != self.answer)

    @property
    def accepted(self) -> Booleans:
        """Whether the verdict is the model's answer [n]."""
        return np.asarray(self.verdict == self.answer)
