"""What is removed and ranked together."""

from dataclasses import replace

import pytest
import torch

from explain.assessment.parts import parts_of
from explain.errors import ExplainError
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import every_kind

INPUTS = (image(), numbers(1), category(), tokens())
SUBJECT = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)


def test_cells_fields_and_words_are_numbered_over_all_inputs() -> None:
    parts = parts_of(SUBJECT, INPUTS, cells=2)
    assert parts.count == 4 + 1 + 1 + 5
    assert parts.places[0][0].tolist() == [0] * 4 + [1] * 4
    assert parts.places[0][7].tolist() == [2] * 4 + [3] * 4
    assert parts.places[1].tolist() == [4]
    assert int(parts.places[2]) == 5
    assert parts.places[3].tolist() == [6, 7, 8, 9, 10, -1, -1]


def test_tokens_of_one_word_are_one_part() -> None:
    words = torch.tensor([0, 0, 1, 2, 2, -1, -1])
    parts = parts_of(replace(SUBJECT, words=(None, None, None, words)), INPUTS, cells=2)
    assert parts.places[3].tolist() == [6, 6, 7, 8, 8, -1, -1]


def test_a_picture_is_cut_into_about_fourteen_cells_a_side() -> None:
    parts = parts_of(subject(every_kind(), ("image",), 2), (torch.rand(1, 1, 30, 9),))
    assert parts.count == 14 * 9
    assert set(parts.places[0].flatten().tolist()) == set(range(14 * 9))


def test_totals_add_up_what_belongs_together() -> None:
    parts = parts_of(SUBJECT, INPUTS, cells=2)
    values = (torch.ones(1, 8, 8), torch.tensor([2.0]), torch.tensor([1.0, -3.0, 0.5]), torch.ones(7, 4))
    assert parts.totals(values).tolist() == [16.0] * 4 + [2.0, -1.5] + [4.0] * 5
    assert parts.totals((torch.ones(8, 8), *values[1:3], torch.ones(7, 1))).tolist()[-5:] == [1.0] * 5


def test_chosen_parts_become_masks() -> None:
    parts = parts_of(SUBJECT, INPUTS, cells=2)
    chosen = torch.zeros(2, parts.count, dtype=torch.bool)
    chosen[0, 3] = chosen[0, 10] = chosen[1, 5] = True
    pixels, number, kind, words = parts.spread(chosen)
    assert pixels[0].nonzero().min() == 4
    assert int(pixels.sum()) == 16
    assert number.tolist() == [[False], [False]]
    assert kind.tolist() == [False, True]
    assert words[0].tolist() == [False] * 4 + [True, False, False]


def test_maps_of_another_case_are_refused() -> None:
    parts = parts_of(SUBJECT, INPUTS, cells=2)
    with pytest.raises(ExplainError, match="the case has 4 inputs"):
        parts.totals((torch.ones(8, 8),))
    with pytest.raises(ExplainError, match=r"places \(8, 8\)"):
        parts.totals((torch.ones(1, 4, 4), torch.ones(1), torch.ones(3), torch.ones(7, 4)))
