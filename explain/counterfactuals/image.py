"""Counterfactuals of an image: the smallest region whose filling gets another answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from explain.base import never
from explain.counterfactuals.base import Answer, Array, Asked, Goal, Search, counted, goal_from
from explain.counterfactuals.subsets import Parting, Parts, leave_one_out, pruned, smallest
from explain.errors import ExplainError

Filling = Callable[[Tensor, Tensor], Tensor]
"""From an image [C, H, W] and a mask bool [H, W] to the image with the masked part filled."""
SIDE = 8
"""Cells along each edge when none are given."""
LEAD = 12
MOST_SHARE = 0.5
"""Most of the image that a counterfactual may fill."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageCounterfactual:
    """An image with a region filled that gets another answer."""

    mask: Tensor
    """bool [H, W], true where it was filled."""
    image: Tensor
    """[C, H, W] with the region filled."""
    label: int
    """The class that the model answers."""
    probability: float
    """Of `label`."""
    distance: float
    """Share of the area that was filled, 0 to 1; lower is closer."""


@dataclass(frozen=True, slots=True)
class _Hunt:
    """One search: the image, the fill, the model, the goal."""

    image: Tensor
    fill: Filling
    asked: Asked
    goal: Goal

    def filled(self, mask: Tensor) -> Tensor:
        return self.fill(self.image, mask.to(self.image.device))

    def margins(self, cells: Tensor, sets: Sequence[Parts]) -> Array:
        if not sets:
            return np.zeros(0)
        filled = [self.filled(region(cells, parts)) for parts in sets]
        return self.goal.margins(self.asked(torch.stack(filled)))

    def parting(self, cells: Tensor) -> Parting:
        sizes = torch.bincount(cells.flatten()).numpy().astype(np.float64)
        most = max(1, int(MOST_SHARE * len(sizes)))
        return Parting(lambda sets: self.margins(cells, sets), sizes, lambda: self.asked.left, LEAD, most)


def find(
    answer: Answer,
    image: Tensor,
    wanted: int | None,
    *,
    fill: Filling,
    cells: Tensor | None = None,
    scores: Tensor | None = None,
    limit: int = 1,
    budget: int = 500,
    batch: int = 16,
    cancelled: Callable[[], bool] = never,
) -> Search[ImageCounterfactual]:
    """Return up to `limit` small regions whose filling gets another answer, the smallest first.

    Cells are tried alone, in pairs, then greedily together; every cell that is not needed comes back; then cells are
    cut in four and every quarter that is not needed comes back too.

    Parameters
    ----------
    answer
        From images [n, C, H, W] to probabilities [n, K]. A case's other inputs are the caller's business.
    image
        [C, H, W], 0 to 1.
    wanted
        The class to reach; None for any other than the present one.
    fill
        What takes the place of a region.
    cells
        Number of each pixel's cell, int64 [H, W] (superpixels, say), 0 to n - 1; a grid of 8 by 8 when left out.
    scores
        How much each pixel speaks for the present answer [H, W] (an attribution), which orders the search. When left
        out, each cell is filled once.
    limit
        Most regions; each leaves the most important cell of the ones before alone.
    budget
        Most images the search tries; pruning what was found may take a few more.
    batch
        Images at once.
    cancelled
        Asked before every batch.

    Raises
    ------
    ExplainError
        When the question can't be used; `Stopped` when somebody asked to stop.
    """
    grid = _checked_cells(image, cells)
    asked = Asked(answer, budget=budget, batch=batch, cancelled=cancelled)
    hunt = _Hunt(image, fill, asked, goal_from(asked(image[None])[0], wanted))
    parting = hunt.parting(grid)
    order = leave_one_out(parting) if scores is None else _cell_scores(grid, scores)
    masks = _regions(hunt, parting, grid, order, limit)
    found = tuple(sorted((_described(hunt, mask) for mask in masks), key=lambda one: one.distance))
    return Search(found, asked.tried, False, counted(len(found), asked.tried) if found else _nothing(asked.tried))


def _nothing(tried: int) -> str:
    return (
        f"Filling up to {MOST_SHARE:.0%} of the image did not lead to this answer in {tried} images that were tried. "
        "Try another fill."
    )


def region(cells: Tensor, parts: Parts) -> Tensor:
    """Return the mask bool [H, W] of some cells."""
    return torch.isin(cells, torch.tensor(sorted(parts), dtype=cells.dtype))


def grid_cells(height: int, width: int, side: int = SIDE) -> Tensor:
    """Return the numbers of square-ish cells, int64 [H, W], at most `side` along each edge."""
    rows = torch.arange(height) * min(side, height) // height
    columns = torch.arange(width) * min(side, width) // width
    return rows[:, None] * min(side, width) + columns[None]


def _regions(hunt: _Hunt, parting: Parting, cells: Tensor, order: Array, limit: int) -> list[Tensor]:
    masks: list[Tensor] = []
    banned: Parts = frozenset()
    for _ in range(limit):
        gone = smallest(replace(parting, banned=banned), order)
        if gone is None:
            break
        masks.append(_finer(hunt, cells, gone))
        banned |= {max(gone, key=lambda n: (order[n], -n))}
    return masks


def _finer(hunt: _Hunt, cells: Tensor, gone: Parts) -> Tensor:
    """Cut the region's cells in four and put back every quarter that is not needed."""
    quarters = _quartered(cells)
    parts = frozenset(quarters[region(cells, gone)].tolist())
    return region(quarters, pruned(hunt.parting(quarters), parts))


def _quartered(cells: Tensor) -> Tensor:
    """Return finer cells: each cut in four through the middle of its pixels."""
    finer = torch.zeros_like(cells)
    for number in range(int(cells.max()) + 1):
        rows, columns = torch.nonzero(cells == number, as_tuple=True)
        below = rows > (rows.min() + rows.max()) // 2
        right = columns > (columns.min() + columns.max()) // 2
        finer[rows, columns] = number * 4 + below * 2 + right
    return _renumbered(finer)


def _renumbered(cells: Tensor) -> Tensor:
    """Return the same cells, numbered 0 to n - 1 without gaps, on the CPU."""
    numbers = np.unique(cells.cpu().numpy(), return_inverse=True)[1]
    return torch.from_numpy(numbers.reshape(tuple(cells.shape)))


def _described(hunt: _Hunt, mask: Tensor) -> ImageCounterfactual:
    filled = hunt.filled(mask)
    probabilities = hunt.asked(filled[None])[0]
    label = int(probabilities.argmax())
    return ImageCounterfactual(mask, filled, label, float(probabilities[label]), float(mask.double().mean()))


def _cell_scores(cells: Tensor, scores: Tensor) -> Array:
    if scores.shape != cells.shape or not bool(torch.isfinite(scores).all()):
        raise ExplainError(f"the scores must be finite, {tuple(cells.shape)}, got {tuple(scores.shape)}.")
    sums = torch.zeros(int(cells.max()) + 1, dtype=torch.float64)
    return sums.index_add(0, cells.flatten(), scores.detach().cpu().double().flatten()).numpy()


def _checked_cells(image: Tensor, cells: Tensor | None) -> Tensor:
    if image.ndim != 3 or not bool(torch.isfinite(image).all()):
        raise ExplainError(f"the image must be finite, [C, H, W], got {tuple(image.shape)}.")
    height, width = image.shape[1:]
    if cells is None:
        return grid_cells(height, width)
    if cells.shape != (height, width) or cells.is_floating_point():
        raise ExplainError(f"the cells must be whole numbers [{height}, {width}], got {tuple(cells.shape)}.")
    return _renumbered(cells)
