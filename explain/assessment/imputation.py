"""What takes the place of a removed part: blur, mean, noise or the neighbourhood in a picture, absence elsewhere."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from explain.base import InputKind, Subject
from explain.errors import ExplainError
from explain.smoothing import smoothed_along

Fill = Literal["blur", "mean", "noise", "neighbour"]
"""`mean`: the picture's mean colour. `blur`: the picture blurred until shapes are gone. `noise`: random pixels of the
picture's mean and spread. `neighbour`: what lies around the part, carried smoothly inwards."""
FILLS: tuple[Fill, ...] = get_args(Fill)
BLUR_SHARE = 1 / 8
"""Standard deviation of the blur as a share of the picture's shorter side: a digit becomes a cloud."""


def fill(
    subject: Subject,
    inputs: tuple[Tensor, ...],
    removed: Sequence[Tensor | None],
    how: Fill,
    neutral: tuple[Tensor, ...],
    seed: int = 0,
) -> tuple[Tensor, ...]:
    """Return the inputs of one case without what was removed.

    Parameters
    ----------
    subject
        The model; only its kinds are read.
    inputs
        One tensor [1, ...] for each input.
    removed
        For each input a mask that is true where it goes, or None where all stays: image [H, W], text [T], numbers [N],
        category [].
    how
        What a picture shows there instead. A number or a category becomes neutral, a token all zeros.
    neutral
        The 'absent' input, as baselines of `explain.base.Explainer.explain`; read for numbers and categories.
    seed
        For `noise`.

    Raises
    ------
    ExplainError
        When a mask has another size than its input or `how` is unknown.
    """
    filled = []
    for kind, item, mask, absent in zip(subject.kinds, inputs, removed, neutral, strict=True):
        filled.append(item if mask is None else _filled(kind, item, mask, how, absent, seed))
    return tuple(filled)


def fill_picture(picture: Tensor, mask: Tensor, how: Fill, seed: int = 0) -> Tensor:
    """Return a picture whose masked pixels are replaced.

    Parameters
    ----------
    picture
        Floats [C, H, W] in 0..1.
    mask
        [H, W], true where pixels go.
    how
        What is there instead; see `Fill`.
    seed
        For `noise`: equal seeds give equal pixels.

    Raises
    ------
    ExplainError
        When the mask has another size or `how` is unknown.
    """
    if mask.shape != picture.shape[-2:]:
        raise ExplainError(f"the mask must be {tuple(picture.shape[-2:])} as the picture, got {tuple(mask.shape)}.")
    inside = mask.to(picture.device).bool()
    if how == "neighbour":
        return _grown(picture, inside)
    return torch.where(inside, substitute(picture, how, seed), picture)


def substitute(picture: Tensor, how: Fill, seed: int = 0) -> Tensor:
    """Return what stands for the whole picture [C, H, W] when it is absent: what `fill_picture` takes pixels from.

    Raises
    ------
    ExplainError
        When `how` is `neighbour`, which depends on what is removed, or unknown.
    """
    mean = picture.mean(dim=(1, 2), keepdim=True)
    if how == "mean":
        return mean.expand_as(picture)
    if how == "blur":
        return blurred(picture, BLUR_SHARE * min(picture.shape[-2:]))
    if how == "noise":
        drawn = torch.randn(picture.shape, generator=torch.Generator().manual_seed(seed)).to(picture)
        spread = picture.std(dim=(1, 2), keepdim=True, correction=0)
        return (mean + spread * drawn).clamp(0, 1)
    raise ExplainError(f"a whole picture can be filled with mean, blur or noise, got {how!r}.")


def blurred(picture: Tensor, sd: float) -> Tensor:
    """Return a picture [C, H, W] after a Gaussian blur of `sd` pixels, above 0; beyond its edges it is mirrored."""
    for dim in (1, 2):
        radius = min(picture.shape[dim] - 1, max(1, round(3 * sd)))
        picture = smoothed_along(picture, dim, sd, radius, "reflect")
    return picture


def _filled(kind: InputKind, item: Tensor, mask: Tensor, how: Fill, absent: Tensor, seed: int) -> Tensor:
    if kind == "image":
        return fill_picture(item[0], mask, how, seed)[None]
    places = item.shape[1:2] if kind == "text" else item.shape[1:] if kind == "numeric" else torch.Size()
    if mask.shape != places:
        raise ExplainError(f"the mask of a {kind} input must be {tuple(places)}, got {tuple(mask.shape)}.")
    inside = mask.to(item.device).bool()
    if kind == "text":
        return item * ~(inside[:, None] if item.ndim == 3 else inside)
    return torch.where(inside, absent.to(item), item)


def _grown(picture: Tensor, hole: Tensor) -> Tensor:
    """Carry the surroundings into a hole: means of ever coarser pixels, each level's holes filled from the next.

    Gortler et al.: The Lumigraph, 1996 (pull and push).
    """
    if not bool(hole.any()):
        return picture
    if bool(hole.all()):
        return substitute(picture, "mean")
    known = (~hole).to(picture)[None]  # [1, H, W]
    height, width = hole.shape
    sides = (0, width % 2, 0, height % 2)
    weight = functional.avg_pool2d(functional.pad(known, sides), 2)
    colour = functional.avg_pool2d(functional.pad(picture * known, sides), 2) / weight.clamp(min=1e-12)
    coarse = _grown(colour, weight[0] == 0)
    fine = functional.interpolate(coarse[None], scale_factor=2, mode="bilinear", align_corners=False)[0]
    return torch.where(hole, fine[:, :height, :width], picture)
