"""A version's kept answers on the ledger, next to the reference labels: calibration, confusion, who is wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contracts import CalibrationBin, Case, ConfusionView, TargetSpec
from core.fairness.intervals import wilson

MOST_BINS = 10
FEWEST_PER_BIN = 20


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Ledger cases that have a reference label, with a version's answers."""

    target: TargetSpec
    cases: tuple[Case, ...]
    probabilities: NDArray[np.float64]
    """[cases, classes], calibrated."""
    truth: NDArray[np.int64]
    """Place of the reference label, [cases]."""
    chosen: NDArray[np.int64] | None = None
    """Place of the answer, [cases]; of the most probable label when left out."""

    @property
    def answers(self) -> NDArray[np.int64]:
        """Place of the answer, [cases]."""
        if self.chosen is not None:
            return self.chosen
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether the answer is not the reference label, [cases]."""
        return np.asarray(self.answers != self.truth)

    def label(self, place: int) -> str:
        """Return the words for a class."""
        name = self.target.classes[place]
        return self.target.display.get(name, name)


def calibration_bins(judged: Judged) -> tuple[CalibrationBin, ...]:
    """Return bins of equally many cases by the probability of the answer, each with the share that was right.

    At most ten, and about twenty cases in each; cases of equal probability stay together. Intervals are Wilson's.

    Source
    ------
    Nguyen and O'Connor, Posterior Calibration and Exploratory Analysis for NLP Models, 2015 (bins of equal counts).
    """
    count = len(judged.cases)
    if not count:
        return ()
    confidence = judged.probabilities.max(axis=1)
    order = np.argsort(confidence, kind="stable")
    bins = max(1, min(MOST_BINS, count // FEWEST_PER_BIN))
    wanted = [confidence[order[count * place // bins]] for place in range(1, bins)]
    edges = np.unique(wanted)
    places = np.searchsorted(edges, confidence, side="right")
    return tuple(_bin(confidence[places == place], ~judged.wrong[places == place]) for place in np.unique(places))


def _bin(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> CalibrationBin:
    return CalibrationBin(
        low=float(confidence.min()),
        high=float(confidence.max()),
        mean=float(confidence.mean()),
        right=wilson(int(right.sum()), len(right)),
    )


def confusion(judged: Judged) -> ConfusionView | None:
    """Return reference labels against answers, with each label's recall and Wilson's interval; None without cases."""
    if not judged.cases:
        return None
    size = len(judged.target.classes)
    counts = np.zeros((size, size), dtype=np.int64)
    np.add.at(counts, (judged.truth, judged.answers), 1)
    return ConfusionView(
        classes=tuple(judged.label(place) for place in range(size)),
        counts=tuple(tuple(row) for row in counts.tolist()),
        recall=tuple(
            wilson(int(row[place]), int(row.sum())) if row.sum() else None for place, row in enumerate(counts)
        ),
    )
