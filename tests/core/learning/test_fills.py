"""Fills by hand: what stands at a mark afterwards, and that the rest stays."""

import math

import pytest
import torch

from core.errors import NotFound
from core.learning.fills import FILLS, fill, fill_mixed

CORNER = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
CORNER[..., :2, :2] = True
RUN = torch.Generator


def pictures(value: int, count: int = 1, side: int = 4) -> torch.Tensor:
    return torch.full((count, 1, side, side), value, dtype=torch.uint8)


@pytest.mark.parametrize("name", sorted(FILLS["image"]))
def test_the_rest_of_a_picture_stays_and_the_marked_content_goes(name):
    own = pictures(50)
    own[CORNER] = 255
    changed = fill("image", name, own, pictures(90), CORNER, RUN().manual_seed(0))
    assert changed.dtype == torch.uint8
    assert (changed[~CORNER] == 50).all()
    assert not (changed[CORNER] == 255).any()


def test_what_surrounds_a_mark_grows_into_it():
    """The pixel inside the corner that touches the rest is the mean of its unmarked neighbours."""
    own = torch.tensor([[9, 9, 10, 10], [9, 9, 10, 10], [20, 20, 30, 30], [20, 20, 30, 30]], dtype=torch.uint8)
    grown = fill("image", "inpaint", own[None, None], pictures(0), CORNER, RUN())[0, 0]
    assert grown[1, 1] == round((10 + 10 + 20 + 20 + 30) / 5)
    assert grown[0, 1] == 10
    assert grown[1, 0] == 20
    assert grown[0, 0] == round((10 + 10 + 20 + 20 + 30) / 5)


def test_a_picture_marked_everywhere_gets_the_other_cases_content():
    whole = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    assert torch.equal(fill("image", "inpaint", pictures(200), pictures(90), whole, RUN()), pictures(90))


def test_blur_by_hand():
    """A window of three, twice: at the corner of a 4 x 4 picture of zeros with one 240 in the corner."""
    own = pictures(0)
    own[0, 0, 0, 0] = 240
    once = torch.zeros(4, 4)
    once[0, 0], once[0, 1], once[1, 0], once[1, 1] = 240 / 4, 240 / 6, 240 / 6, 240 / 9
    expected = once[:2, :2].sum() / 4
    assert fill("image", "blur", own, own, CORNER, RUN())[0, 0, 0, 0] == round(float(expected))


def test_numbers_and_categories_by_hand():
    marked = torch.tensor([[True], [False], [True]])
    numbers, donors = torch.tensor([[1.0], [2.0], [math.nan]]), torch.tensor([[4.0], [6.0], [math.nan]])
    assert fill("numeric", "mean", numbers, donors, marked, RUN()).flatten().tolist() == [5.0, 2.0, 5.0]
    own, other = torch.tensor([[0], [1], [2]]), torch.tensor([[1], [0], [1]])
    assert fill("categorical", "commonest", own, other, marked, RUN()).flatten().tolist() == [1, 1, 1]
    assert fill("categorical", "other case", own, other, marked, RUN()).flatten().tolist() == [1, 1, 1]


def test_words_are_left_out_or_exchanged_for_as_many_others():
    own, donor = torch.tensor([[5, 7, 6, 7, 0]]), torch.tensor([[8, 8, 8, 0, 0]])
    marked = torch.tensor([[False, True, True, False, False]])
    assert fill("text", "left out", own, donor, marked, RUN()).tolist() == [[5, 7, 0, 0, 0]]
    others = fill("text", "other words", own, donor, marked, RUN().manual_seed(0))
    assert sorted(others[0].tolist()) == [0, 5, 7, 8, 8]


def test_mixed_rows_draw_their_own_fill_and_unmarked_rows_stay():
    own, donor = pictures(50, 40), pictures(90, 40)
    mask = CORNER.repeat(40, 1, 1, 1)
    own[mask] = 255
    mask[20:] = False
    mixed = fill_mixed("image", own, donor, mask, RUN().manual_seed(0))
    assert torch.equal(mixed[20:], own[20:])
    assert len({row.numpy().tobytes() for row in mixed[:20]}) > 3
    assert torch.equal(mixed, fill_mixed("image", own, donor, mask, RUN().manual_seed(0)))


def test_unknown_fill_names_the_known():
    with pytest.raises(NotFound, match="left out, other words"):
        fill("text", "noise", torch.zeros(1, 3), torch.zeros(1, 3), torch.zeros(1, 3), RUN())
