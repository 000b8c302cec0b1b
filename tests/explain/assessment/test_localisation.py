"""Maps and regions, by hand."""

import pytest
import torch

from explain.assessment.localisation import Localised, Region, localised
from explain.assessment.parts import parts_of
from explain.base import Attribution
from explain.errors import ExplainError
from explain.quality import mass_in_region, pointing_game
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import every_kind

INPUTS = (image(3), numbers(1), category(), tokens())
SUBJECT = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)
PARTS = parts_of(SUBJECT, INPUTS)
WORDS = torch.tensor([1.0, -5.0, 2.0, 0.0, 0.0, 0.0, 0.0])[:, None] * torch.full((1, 4), 0.25)
HEAT = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(0))
FOUND = Attribution((HEAT, torch.tensor([3.0]), torch.tensor([0.5, -1.5, 0.0]), WORDS), None, True, None, True, 0.0)


def test_a_picture_is_judged_as_explain_quality_does() -> None:
    mask = torch.zeros(8, 8, dtype=torch.bool)
    mask[:4, :6] = True
    lies = localised(SUBJECT, PARTS, FOUND, Region((mask, None, None, None)))
    mass = mass_in_region(HEAT, mask)
    assert lies == Localised(pointing_game(HEAT, mask), pytest.approx(mass.share), mass.chance)


def test_words_are_judged_among_words_and_padding_is_no_place() -> None:
    mask = torch.tensor([False, True, False, False, False, True, True])
    assert localised(SUBJECT, PARTS, FOUND, Region((None, None, None, mask))) == Localised(True, 5 / 8, 1 / 5)


def test_fields_of_a_table_are_judged_together() -> None:
    lies = localised(SUBJECT, PARTS, FOUND, Region((None, torch.tensor([True]), None, None)))
    assert lies == Localised(True, 3 / 4, 1 / 2)


def test_no_region_no_figure() -> None:
    assert localised(SUBJECT, PARTS, FOUND, Region((None, None, None, None))) is None
    assert localised(SUBJECT, PARTS, FOUND, Region((torch.ones(8, 8), None, None, None))) is None
    assert localised(SUBJECT, PARTS, FOUND, Region((torch.zeros(8, 8), None, None, None))) is None


def test_an_empty_map_hits_nothing() -> None:
    flat = Attribution(tuple(torch.zeros_like(value) for value in FOUND.values), None, True, None, True, 0.0)
    mask = torch.zeros(8, 8, dtype=torch.bool)
    mask[0, 0] = True
    assert localised(SUBJECT, PARTS, flat, Region((mask, None, None, None))) == Localised(False, None, 1 / 64)


def test_regions_of_another_size_are_refused() -> None:
    with pytest.raises(ExplainError, match=r"the region must be \(8, 8\) as input 0, got \(4, 4\)"):
        localised(SUBJECT, PARTS, FOUND, Region((torch.ones(4, 4), None, None, None)))
