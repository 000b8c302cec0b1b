"""How alike two drawn maps are, worked out by hand."""

import numpy as np
import pytest

from core.contracts import EvidenceView, FieldEvidence
from core.media.heat import heat_png
from core.services.evidence.likeness import likeness


def view(*fields: FieldEvidence) -> EvidenceView:
    return EvidenceView("v1", "m", "M", "t", "a", fields, None, True, True, "", "", 0.1, None, False)


def picture(values: np.ndarray, *, signed: bool = True) -> EvidenceView:
    return view(FieldEvidence("image", "image", heat=heat_png(values, signed)))


def words(*values: float) -> EvidenceView:
    return view(FieldEvidence("text", "text", spans=tuple((i, i + 1, value) for i, value in enumerate(values))))


def test_a_map_is_like_itself_whatever_its_sign():
    values = np.linspace(-1.0, 1.0, 400).reshape(20, 20)
    (found,) = likeness(picture(values), picture(-values, signed=False))
    assert (found.field, found.part) == ("image", 0.05)
    assert found.correlation == pytest.approx(1.0)
    assert found.overlap == pytest.approx(1.0)


def test_opposite_strengths_are_unlike_and_share_nothing_hot():
    values = np.linspace(0.01, 1.0, 400).reshape(20, 20)
    (found,) = likeness(picture(values), picture(values[::-1, ::-1]))
    assert found.correlation == pytest.approx(-1.0, abs=0.01), "the strongest hundredth is drawn alike"
    assert found.overlap == 0.0


def test_words_are_ranked_by_strength():
    """Strengths 1 2 3 4 beside 1 3 2 4: Spearman is 1 - 6 * 2 / (4 * 15) = 0.8."""
    (found,) = likeness(words(0.1, -0.2, 0.3, 0.4), words(1.0, 3.0, -2.0, 4.0))
    assert found.correlation == pytest.approx(0.8)
    assert found.overlap is None, "a twentieth of four words is none"


def test_the_table_is_compared_as_one():
    one = view(*(FieldEvidence(name, "numeric", value=value) for name, value in zip("abc", (1, -2, 3), strict=True)))
    other = view(*(FieldEvidence(name, "numeric", value=value) for name, value in zip("abc", (3, 2, 1), strict=True)))
    (found,) = likeness(one, other)
    assert (found.field, found.correlation) == ("", pytest.approx(-1.0))


def test_a_flat_map_has_no_ranks_and_few_parts_are_not_compared():
    (found,) = likeness(words(0.0, 0.0, 0.0), words(1.0, 2.0, 3.0))
    assert (found.correlation, found.overlap) == (None, None)
    assert likeness(words(1.0, 2.0), words(1.0, 2.0)) == ()
    assert likeness(words(1.0, 2.0, 3.0), words(1.0, 2.0, 3.0, 4.0)) == ()
