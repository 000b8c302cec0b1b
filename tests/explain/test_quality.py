"""Measures of an explanation, worked out by hand."""

import pytest
import torch

from explain.errors import ExplainError
from explain.quality import completeness_error, field_shares, mass_in_region, pointing_game, summed

HEAT = torch.tensor([[1.0, -2.0], [0.0, 5.0]])
CORNER = torch.tensor([[False, False], [False, True]])


@pytest.mark.parametrize(
    ("total", "difference", "output_sd", "expected"),
    [
        (2.0, 2.0, 1.0, 0.0),
        (1.9, 2.0, 1.0, 0.05),
        (-1.9, -2.0, 1.0, 0.05),
        (2.0, -2.0, 1.0, 2.0),
        (0.11, 0.01, 2.0, 0.5),
        (0.0, 0.0, 0.0, 0.0),
    ],
)
def test_completeness_error(total: float, difference: float, output_sd: float, expected: float) -> None:
    assert completeness_error(total, difference, output_sd) == pytest.approx(expected)


def test_completeness_error_stays_finite() -> None:
    assert completeness_error(1.0, 0.0, 0.0) < float("inf")


def test_mass_counts_absolute_values_and_says_what_chance_gives() -> None:
    mass = mass_in_region(HEAT, CORNER)
    assert mass.share == 5 / 8
    assert mass.chance == 1 / 4


def test_mass_sums_channels_after_taking_absolute_values() -> None:
    opposite = torch.stack([HEAT, -HEAT])
    assert mass_in_region(opposite, CORNER).share == 5 / 8


def test_mass_of_an_empty_map_is_unknown_and_of_an_empty_region_is_zero() -> None:
    assert mass_in_region(torch.zeros(2, 2), CORNER).share is None
    assert mass_in_region(HEAT, torch.zeros(2, 2, dtype=torch.bool)).share == 0.0


def test_pointing_game() -> None:
    assert pointing_game(HEAT, CORNER)
    assert not pointing_game(HEAT, ~CORNER)
    assert pointing_game(-HEAT, CORNER)
    assert not pointing_game(torch.stack([HEAT, HEAT * torch.tensor([[9.0, 1.0], [1.0, 1.0]])]), CORNER)
    assert not pointing_game(torch.ones(2, 2), CORNER)


@pytest.mark.parametrize("measure", [mass_in_region, pointing_game])
def test_wrong_maps_are_refused(measure) -> None:
    with pytest.raises(ExplainError, match=r"the mask must be \[H, W\]"):
        measure(HEAT, torch.ones(3, 2, dtype=torch.bool))
    with pytest.raises(ExplainError, match=r"the mask must be \[H, W\]"):
        measure(HEAT, torch.ones(1, 2, 2, dtype=torch.bool))
    with pytest.raises(ExplainError, match="NaN"):
        measure(HEAT * torch.nan, CORNER)


def test_values_are_summed_to_pixels_tokens_and_fields() -> None:
    assert summed(torch.stack([HEAT, HEAT])).tolist() == (2 * HEAT).tolist()
    assert summed(torch.tensor([[1.0, -3.0], [0.5, 0.5]])).tolist() == [-2.0, 1.0]
    assert float(summed(torch.tensor([1.0, -0.25, 0.0]))) == 0.75


def test_shares_are_those_of_the_sums_sizes() -> None:
    colours = torch.stack([HEAT, -HEAT])  # sums to nothing
    grey = HEAT[None]  # 4
    words = torch.tensor([[1.0, -3.0], [1.0, -1.0]])  # -2
    category = torch.tensor([1.0, 1.0])  # 2
    assert field_shares((colours, grey, words, category)) == (0.0, 0.5, 0.25, 0.25)


def test_one_input_has_everything_and_zeros_have_no_share() -> None:
    assert field_shares((torch.zeros(1, 2, 2),)) == (1.0,)
    assert field_shares((torch.zeros(1, 2, 2), torch.zeros(1))) == (0.0, 0.0)
    with pytest.raises(ExplainError, match="NaN"):
        field_shares((HEAT[None], torch.tensor([torch.nan])))
