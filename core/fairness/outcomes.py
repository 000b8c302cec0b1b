"""What a version did with cases whose truth is known, seen from one class: one against the rest."""

from dataclasses import dataclass, fields

import numpy as np

from core.fairness.intervals import Array, Booleans


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Answers and reference labels of n cases; `positive` is the class that rates speak of."""

    selected: Booleans
    """Whether the answer is the positive class, [n]."""
    truth: Booleans
    """Whether the reference label is, [n]."""
    wrong: Booleans
    """Whether the answer is not the reference label (of all classes), [n]."""
    score: Array
    """Calibrated probability of the positive class, [n]."""
    covered: Booleans
    """Whether the set of answers that can't be ruled out holds the reference label, [n]."""
    deferred: Booleans
    """Whether that set is not a single answer, so that the case goes to a person, [n]."""

    def __len__(self) -> int:
        return len(self.selected)

    def where(self, chosen: Booleans) -> "Outcomes":
        """Return the outcomes of the chosen cases, [n]."""
        return Outcomes(*(getattr(self, part.name)[chosen] for part in fields(self)))


def outcomes_of(selected: Booleans, truth: Booleans, wrong: Booleans | None = None) -> Outcomes:
    """Return outcomes of answers alone: no probabilities, no sets."""
    chosen, held = np.asarray(selected, dtype=bool), np.asarray(truth, dtype=bool)
    own = chosen != held if wrong is None else np.asarray(wrong, dtype=bool)
    return Outcomes(chosen, held, own, chosen.astype(np.float64), ~own, np.zeros(len(chosen), dtype=bool))
