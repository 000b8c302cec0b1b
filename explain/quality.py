"""Measures of an explanation that need no model."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explain.errors import ExplainError

SMALLEST_SCALE = 1e-6
"""Keeps the completeness error finite where F does not change at all; far below any logit's noise."""


def completeness_scale(difference: float, output_sd: float) -> float:
    """Return what a completeness error is relative to: max(|difference|, 0.1 output_sd), never zero.

    Parameters
    ----------
    difference
        F(x) - F(baseline), a logit difference.
    output_sd
        Standard deviation of F over calibration cases.
    """
    return max(abs(difference), 0.1 * output_sd, SMALLEST_SCALE)


def added_up(values: Sequence[Tensor]) -> float:
    """Return the sum of all attributions of a case, in double precision.

    Examples
    --------
    >>> added_up((torch.tensor([1.0, -3.0]), torch.tensor([0.5])))
    -1.5
    """
    return sum(float(value.detach().double().sum()) for value in values)


def completeness_error(total: float, difference: float, output_sd: float) -> float:
    """Return how far attributions are from adding up to what the model's answer changed by.

    `|total - difference| / max(|difference|, 0.1 output_sd)`; 0 is best, no upper bound.

    Parameters
    ----------
    total
        Sum of all attributions.
    difference
        F(x) - F(baseline), a logit difference.
    output_sd
        Standard deviation of F over calibration cases.

    References
    ----------
    Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 (the axiom).

    Examples
    --------
    >>> round(completeness_error(total=1.9, difference=2.0, output_sd=1.0), 3)
    0.05
    """
    return abs(total - difference) / completeness_scale(difference, output_sd)


def summed(values: Tensor) -> Tensor:
    """Return one number a pixel, a token or a table field.

    Parameters
    ----------
    values
        Attributions of one input: image [C, H, W], text [T, D], numeric [1] or categorical [K].

    Returns
    -------
    Tensor
        [H, W], [T] or a scalar [].

    Examples
    --------
    >>> summed(torch.tensor([[1.0, -3.0], [0.0, 0.5]]))
    tensor([-2.0000,  0.5000])
    """
    return values.sum(dim=0) if values.ndim == 3 else values.sum(dim=-1)


def field_shares(values: Sequence[Tensor]) -> tuple[float, ...]:
    """Return each input's share in moving the answer, 0..1: the size of its attributions' sum over that of all inputs.

    `|sum of a field| / sum over fields of |sum of a field|`. An image's thousands of values mostly cancel one another:
    shares of absolute values would give it nearly everything. Shares add up to 1; where all sums are zero, each is 0. A
    single input has all of it, 1.0.

    Parameters
    ----------
    values
        Attributions of each input, as in `explain.base.Attribution.values`.

    Raises
    ------
    ExplainError
        When a value is NaN or infinite.

    Examples
    --------
    >>> field_shares((torch.tensor([[[1.0, -1.0]], [[1.0, 1.0]]]), torch.tensor([-6.0])))
    (0.25, 0.75)
    """
    if not all(bool(torch.isfinite(part).all()) for part in values):
        raise ExplainError("the attributions contain NaN or infinity, so shares of them mean nothing.")
    if len(values) == 1:
        return (1.0,)
    sizes = [abs(float(part.detach().double().sum())) for part in values]
    total = sum(sizes)
    return tuple(size / total if total > 0 else 0.0 for size in sizes)


@dataclass(frozen=True, slots=True)
class RegionMass:
    """How much of an explanation lies in a region."""

    share: float | None
    """Share of the absolute attribution inside, 0..1; None when the map is zero everywhere."""
    chance: float
    """Share of the area inside, 0..1: what an even map would reach."""


def mass_in_region(values: Tensor, mask: Tensor) -> RegionMass:
    """Return the share of the absolute attribution that lies in a region, next to its chance level.

    Parameters
    ----------
    values
        Attributions [..., H, W]; leading dimensions (channels) are summed after the absolute value is taken.
    mask
        [H, W], true inside.

    Raises
    ------
    ExplainError
        When the sizes differ or a value is NaN or infinite.

    Examples
    --------
    >>> mass_in_region(torch.tensor([[3.0, -1.0], [0.0, 0.0]]), torch.tensor([[True, False], [False, False]]))
    RegionMass(share=0.75, chance=0.25)
    """
    inside = _checked_mask(values, mask)
    weight = values.detach().double().abs()
    total = float(weight.sum())
    share = float((weight * inside).sum()) / total if total > 0 else None
    return RegionMass(share=share, chance=float(inside.double().mean()))


def pointing_game(values: Tensor, mask: Tensor) -> bool:
    """Return whether the strongest absolute attribution lies in a region.

    Of several equal maxima, the first in reading order counts.

    Parameters
    ----------
    values
        Attributions [..., H, W]; leading dimensions (channels) are summed after the absolute value is taken.
    mask
        [H, W], true inside.

    Raises
    ------
    ExplainError
        When the sizes differ or a value is NaN or infinite.

    References
    ----------
    Zhang et al.: Top-down Neural Attention by Excitation Backprop, 2016.
    """
    inside = _checked_mask(values, mask)
    weight = values.detach().double().abs().reshape(-1, *mask.shape).sum(dim=0)  # [H, W]
    return bool(inside.reshape(-1)[weight.argmax()])


def _checked_mask(values: Tensor, mask: Tensor) -> Tensor:
    if mask.ndim != 2 or values.shape[-2:] != mask.shape:
        raise ExplainError(f"the mask must be [H, W] of the map {tuple(values.shape)}, got {tuple(mask.shape)}.")
    if not bool(torch.isfinite(values).all()):
        raise ExplainError("the map contains NaN or infinity, so shares of it mean nothing.")
    return mask.to(values.device).bool()
