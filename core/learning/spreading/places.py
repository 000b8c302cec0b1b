"""Where an artefact stands in a picture: how probable each place is, learnt from the marks."""

from dataclasses import dataclass

import torch
from torch import Tensor

NARROWEST = 0.01
"""Least bandwidth, as a share of the picture's side."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """A density over the places of a window, by its distances to the borders.

    A place counts as near to a mark when its distances to the nearer borders are alike, so that corners count alike;
    the same corner counts for more. Some probability stays for anywhere, less the more marks agree.
    """

    gaps: Tensor
    """Of the marks' windows to top, bottom, left, right [marks, 4], in pixels."""
    side: int
    """Of the picture, in pixels."""

    @property
    def _bandwidth(self) -> float:
        least = max(0.5, NARROWEST * self.side)
        if len(self.gaps) < 2:
            return 2 * least
        folded = _folded(self.gaps)
        apart = (folded[:, None] - folded[None]).abs().sum(dim=-1)
        apart.fill_diagonal_(torch.inf)
        return max(least, float(apart.min(dim=1).values.median()))

    def log_odds(self, height: int, width: int, without: int | None = None) -> Tensor:
        """Return the log density at every place of a window [rows, columns], 0 being any place alike.

        `without` leaves a mark out, to see how probable the others make its own place.
        """
        rows, columns = self.side - height + 1, self.side - width + 1
        gaps = gaps_of(height, width, self.side).to(self.gaps.device)
        marks = self.gaps if without is None else torch.cat([self.gaps[:without], self.gaps[without + 1 :]])
        anywhere = 1 / (len(marks) + 1)
        density = torch.full((rows, columns), anywhere, device=gaps.device)
        if len(marks):
            for view in (_folded, _same):
                distance = (view(gaps)[:, :, None] - view(marks)).abs().sum(dim=-1)
                near = torch.exp(-distance / self._bandwidth)
                share = near / near.sum(dim=(0, 1), keepdim=True).clamp_min(1e-12)
                density = density + (1 - anywhere) / 2 * share.mean(dim=-1) * rows * columns
        return density.log()


def gaps_of(height: int, width: int, side: int) -> Tensor:
    """Return the distances of every place of a window to top, bottom, left and right [rows, columns, 4]."""
    top = torch.arange(side - height + 1).float()[:, None].expand(-1, side - width + 1)
    left = torch.arange(side - width + 1).float()[None].expand(side - height + 1, -1)
    return torch.stack([top, side - height - top, left, side - width - left], dim=-1)


def _folded(gaps: Tensor) -> Tensor:
    return torch.stack([gaps[..., :2].min(dim=-1).values, gaps[..., 2:].min(dim=-1).values], dim=-1)


def _same(gaps: Tensor) -> Tensor:
    return gaps[..., ::2]
