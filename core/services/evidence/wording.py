"""What is hot, in words: the text alternative of every map."""

import numpy as np
from numpy.typing import NDArray

from core.services.evidence.texts import WordValues

PLACES = (
    ("upper left", "top", "upper right"),
    ("left", "middle", "right"),
    ("lower left", "bottom", "lower right"),
)
HOTTEST = 0.05
"""The share of the picture that a sentence tells the heat of."""
MOSTLY = 0.4
"""A ninth of the picture with this share of the heat, and twice that of any other, is named alone."""
TOGETHER = 0.5
"""Two ninths with this share are named together."""
WORDS_TOLD = 4


def words_of_map(values: NDArray[np.floating], signed: bool) -> str:
    """Return where a picture's map [H, W] is hot.

    Examples
    --------
    >>> corner = np.zeros((30, 30)); corner[25:, :5] = 1.0
    >>> words_of_map(corner, signed=False)
    'mostly lower left; 100 % of the heat in the hottest 5 % of the picture'
    """
    heat = np.abs(values.astype(np.float64))
    total = float(heat.sum())
    if not values.size or total == 0:
        return "nothing is hot" if values.size else "missing"
    count = max(1, round(HOTTEST * heat.size))
    hottest = float(np.partition(heat.ravel(), heat.size - count)[-count:].sum()) / total
    words = (
        f"{_where(heat / total)}; {100 * hottest:.0f} % of the heat in the hottest {100 * HOTTEST:.0f} % of the picture"
    )
    if signed:
        words += f"; {100 * float(values.clip(min=0).sum()) / total:.0f} % of it speaks for the answer"
    return words


def _where(heat: NDArray[np.float64]) -> str:
    """Return the hot ninths of a map whose sum is 1."""
    rows = np.array_split(np.arange(heat.shape[0]), 3)
    columns = np.array_split(np.arange(heat.shape[1]), 3)
    shares = [
        (float(heat[np.ix_(r, c)].sum()), PLACES[i][j]) for i, r in enumerate(rows) for j, c in enumerate(columns)
    ]
    ranked = sorted(shares, key=lambda item: -item[0])
    if ranked[0][0] >= max(MOSTLY, 2 * ranked[1][0]):
        return f"mostly {ranked[0][1]}"
    if ranked[0][0] + ranked[1][0] >= TOGETHER:
        return f"mostly {ranked[0][1]} and {ranked[1][1]}"
    return "spread over the picture"


def words_of_text(text: str, values: WordValues, signed: bool) -> str:
    """Return the hottest words of a text, for and against.

    Examples
    --------
    >>> words_of_text("no pain", ((0, 2, -0.5), (3, 7, 0.25)), signed=True)
    'for: pain (+0.25); against: no (-0.50)'
    """
    if not values:
        return "missing"
    ranked = sorted(values, key=lambda item: -abs(item[2]))
    if not signed:
        return f"hottest: {_listed(text, [item for item in ranked if item[2]], '.2g') or 'nothing'}"
    pro = _listed(text, [item for item in ranked if item[2] > 0], "+.2f")
    contra = _listed(text, [item for item in ranked if item[2] < 0], "+.2f")
    return f"for: {pro or 'nothing'}; against: {contra or 'nothing'}"


def _listed(text: str, ranked: list[tuple[int, int, float]], form: str) -> str:
    return ", ".join(f"{text[start:end]} ({value:{form}})" for start, end, value in ranked[:WORDS_TOLD])


def words_of_number(title: str, value: float, share: float, signed: bool) -> str:
    """Return what a table field did.

    Examples
    --------
    >>> words_of_number("Age", -0.5, 0.25, signed=True)
    'Age speaks against the answer: -0.50, 25 % of what all fields do'
    """
    if value == 0:
        return f"{title} does nothing"
    does = "matters" if not signed else "speaks for the answer" if value > 0 else "speaks against the answer"
    return f"{title} {does}: {value:{'+.2f' if signed else '.2g'}}, {share:.0%} of what all fields do".replace(
        "%", " %"
    )
