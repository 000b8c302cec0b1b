"""What a window of a picture looks like, for every place of the window at once.

A window is the shape of a mark with a ring of its surroundings. All figures come from convolutions, with the picture's
outside left out, so that a window in a corner is described by the ring that it has.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

NOISE = 0.02
"""Differences of brightness (0 to 1) below this tell nothing."""
LIKE = 0.999
"""Correlations above this are one."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The shape of a mark: bool [h, w], and how wide its surroundings are."""

    mask: Tensor
    ring: int

    @classmethod
    def of(cls, mask: Tensor) -> "Shape":
        """Return a shape with surroundings of a quarter of its shorter side, 1 to 4 pixels."""
        return cls(mask, max(1, min(4, round(min(mask.shape) / 4))))

    @property
    def inside(self) -> Tensor:
        """Floats [h + 2 ring, w + 2 ring]: 1 in the mask."""
        return pad(self.mask.float(), (self.ring,) * 4)

    @property
    def around(self) -> Tensor:
        """Floats [h + 2 ring, w + 2 ring]: 1 in the surroundings."""
        side = 2 * self.ring + 1
        near = torch.nn.functional.max_pool2d(self.inside[None, None], side, 1, self.ring)[0, 0]
        return near - self.inside


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """Figures of windows: leading dimensions [cases, rows, columns] or [windows]."""

    values: Tensor
    """[..., figures]: mean of each channel, log spread inside, log step to the surroundings, log edge, log grain."""
    likeness: Tensor
    """[..., templates]: Fisher's z of the correlation with each template."""

    def at(self, index: tuple[Tensor, ...]) -> "Described":
        """Return the windows at an index."""
        return Described(self.values[index], self.likeness[index])


def _sum(pictures: Tensor, kernel: Tensor) -> Tensor:
    """Sum [n, c, H, W] under a kernel [h, w] at every place."""
    n, c, height, width = pictures.shape
    summed = conv2d(pictures.reshape(n * c, 1, height, width), kernel[None, None])
    return summed.reshape(n, c, *summed.shape[-2:])


def describe(pictures: Tensor, shape: Shape, templates: Tensor) -> Described:
    """Describe every place of a window in pictures [n, c, H, W] of 0 to 1, against templates [t, c, h + 2r, w + 2r]."""
    framed = pad(pictures, (shape.ring,) * 4)
    there = pad(torch.ones_like(pictures[:1, :1]), (shape.ring,) * 4)
    inside, around = shape.inside.to(pictures.device), shape.around.to(pictures.device)
    mean = _sum(framed, inside) / inside.sum()
    spread = (_sum(framed**2, inside) / inside.sum() - mean**2).clamp_min(0).mean(dim=1).sqrt()
    ring = _sum(framed, around) / _sum(there, around).clamp_min(1)
    step = (mean - ring).abs().mean(dim=1)
    edge, grain = _differences(framed, there, inside)
    figures = [*mean.unbind(1), *((value + NOISE).log() for value in (spread, step, edge, grain))]
    return Described(torch.stack(figures, dim=-1), _likeness(framed, there, inside, around, templates))


def _differences(framed: Tensor, there: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean difference between neighbours across the mark's edge, and between neighbours inside it."""
    across, down = (
        _steps(*(value.transpose(-1, -2) if turn else value for value in (framed, there, inside)), turn=turn)
        for turn in (False, True)
    )
    edge, edges, grain, grains = (one + other for one, other in zip(across, down, strict=True))
    return edge / edges.clamp_min(1), grain / grains.clamp_min(1)


def _steps(framed: Tensor, there: Tensor, inside: Tensor, *, turn: bool) -> list[Tensor]:
    """Return sums and numbers of the differences between columns, across the edge and inside, turned back."""
    steps = (framed[..., 1:] - framed[..., :-1]).abs().mean(dim=1, keepdim=True)
    both = there[..., 1:] * there[..., :-1]
    first, second = inside[:, 1:], inside[:, :-1]
    found = [
        _sum(value, pairs)[:, 0] for pairs in ((first - second).abs(), first * second) for value in (steps * both, both)
    ]
    return [value.transpose(-1, -2) for value in found] if turn else found


def _likeness(framed: Tensor, there: Tensor, inside: Tensor, around: Tensor, templates: Tensor) -> Tensor:
    """Correlate windows with templates; inside and surroundings have equal weight, brightness and contrast none."""
    weight = inside / inside.sum() + around / around.sum().clamp_min(1)
    total = _sum(there, weight)[:, 0]
    mean = _sum(framed, weight) / total[:, None]
    variance = (_sum(framed**2, weight) / total[:, None] - mean**2).sum(dim=1).clamp_min(0)
    found = []
    for template in templates:
        own = template * weight  # [c, h, w]
        own_mean = torch.cat([_sum(there, one) for one in own], dim=1) / total[:, None]
        square = _sum(there, (own * template).sum(dim=0))[:, 0] / total
        own_variance = (square - (own_mean**2).sum(dim=1)).clamp_min(0)
        cross = conv2d(framed, own[None])[:, 0] / total
        covariance = cross - (mean * own_mean).sum(dim=1)
        scale = (variance * own_variance).sqrt()
        likeness = torch.where(scale > NOISE**2 / 4, covariance / scale.clamp_min(1e-12), torch.zeros_like(scale))
        found.append(torch.atanh(likeness.clamp(-LIKE, LIKE)))
    return torch.stack(found, dim=-1)


def template_of(picture: Tensor, shape: Shape, top: int, left: int) -> Tensor:
    """Cut a window with its surroundings out of [c, H, W]; the ring's mean stands outside the picture."""
    size = (shape.mask.shape[0] + 2 * shape.ring, shape.mask.shape[1] + 2 * shape.ring)
    framed, there = (pad(value, (shape.ring,) * 4) for value in (picture, torch.ones_like(picture[:1])))
    window = framed[:, top : top + size[0], left : left + size[1]]
    valid = there[:, top : top + size[0], left : left + size[1]]
    around = shape.around.to(picture.device) * valid
    mean = (window * around).sum(dim=(1, 2), keepdim=True) / around.sum().clamp_min(1)
    return window * valid + mean * (1 - valid)
