"""How alike two maps of one case are, as they are drawn."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import EvidenceView, FieldEvidence

SIDE = 64
"""Pictures are compared in cells, at most this many to a side: neighbouring pixels say the same."""
HOTTEST = 0.05
FEWEST = 3
"""Fewer parts than this can't be ranked."""
FEWEST_OVERLAP = 20
"""From this many parts a twentieth of them is one or more."""
Strength = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two maps are on one field, or on all fields of the table together (an empty name)."""

    field: str
    correlation: float | None
    """Spearman rank correlation of the strengths |value|, -1 to 1; None when one map is the same everywhere."""
    overlap: float | None
    """Share of the hottest twentieth of one map that is in that of the other, 0 to 1; None for few parts."""
    part: float = HOTTEST
    """The share that is called hottest; also the overlap that chance gives."""


def likeness(one: EvidenceView, other: EvidenceView) -> tuple[Likeness, ...]:
    """Return how alike two maps of the same case are: pictures and texts one by one, the table as one.

    Strength alone is compared, because some methods have no sign.
    """
    mine, theirs = _strengths(one), _strengths(other)
    pairs = [(name, mine[name], theirs[name]) for name in mine if name in theirs]
    return tuple(_alike(name, a, b) for name, a, b in pairs if len(a) == len(b) and len(a) >= FEWEST)


def _strengths(view: EvidenceView) -> dict[str, Strength]:
    found = {item.field: _strength(item) for item in view.fields if item.heat is not None or item.spans}
    table = [abs(item.value) for item in view.fields if item.value is not None]
    return found | ({"": np.array(table)} if table else {})


def _strength(item: FieldEvidence) -> Strength:
    """Return the strength of each part; of a drawn map it is in the alpha channel."""
    if item.heat is None:
        return np.abs([value for _, _, value in item.spans])
    alpha = Image.open(io.BytesIO(item.heat)).convert("RGBA").getchannel("A")
    side = (min(SIDE, alpha.width), min(SIDE, alpha.height))
    return np.asarray(alpha.resize(side, Image.Resampling.BOX), dtype=np.float64).ravel()


def _alike(name: str, one: Strength, other: Strength) -> Likeness:
    from scipy.stats import rankdata  # loads slowly

    flat = np.ptp(one) == 0 or np.ptp(other) == 0
    correlation = None if flat else float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])
    if flat or len(one) < FEWEST_OVERLAP:
        return Likeness(name, correlation, None)
    count = max(1, round(HOTTEST * len(one)))
    hot = [set(np.argsort(-values, kind="stable")[:count].tolist()) for values in (one, other)]
    return Likeness(name, correlation, len(hot[0] & hot[1]) / count)
