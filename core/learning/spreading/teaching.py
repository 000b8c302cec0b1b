"""Windows that show the artefact, and windows that do not: what the judge learns of."""

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from core.learning.spreading.figures import Figures
from core.learning.spreading.scene import Exemplar, Scene

WRONG = 4000
"""Windows of each kind that do not show the artefact."""
MADE = 240
"""Windows that are made by pasting marked content into other cases."""
APART = 0.5
"""Windows that overlap a mark less than this do not show it."""
BESIDE = 0.1
"""Windows that overlap a mark less than this show nothing of it."""
UNKNOWN = 0.1
"""How much brighter or darker than the only mark the artefact may be."""


def wrong_windows(figures: Figures, marked: Tensor, masks: Tensor, others: Tensor, draw: torch.Generator) -> Tensor:
    """Return goodnesses of windows [windows, goodnesses] that do not show the artefact.

    Those of the marked pictures [n, c, H, W] that hardly overlap their marks [n, 1, H, W], and any of other pictures:
    where those carry it, one place of hundreds is wrong.
    """
    found = []
    for shape in range(len(figures.scene.shapes)):
        own = figures.everywhere(marked, shape)[_overlaps(figures.scene, shape, masks) < APART]
        other = figures.everywhere(others, shape).flatten(0, 2)
        found += [_some(own, draw), _some(other, draw)]
    return torch.cat(found)


def without_marks(scene: Scene, shape: int, masks: Tensor, scores: Tensor) -> Tensor:
    """Return scores of a shape's windows [n, rows, columns] with those that touch the marks [n, 1, H, W] taken out."""
    return scores.masked_fill(_overlaps(scene, shape, masks) >= BESIDE, -torch.inf)


def _overlaps(scene: Scene, shape: int, masks: Tensor) -> Tensor:
    """Return the intersection over union of a shape at every place with marks [n, 1, H, W]."""
    inside = scene.shapes[shape].mask.float()[None, None]
    common = conv2d(masks.float(), inside)[:, 0]
    return common / (masks.flatten(1).sum(dim=1)[:, None, None] + inside.sum() - common)


def _some(rows: Tensor, draw: torch.Generator) -> Tensor:
    if len(rows) <= WRONG:
        return rows
    return rows[torch.randperm(len(rows), generator=draw)[:WRONG].to(rows.device)]


def right_windows(figures: Figures, others: Tensor, draw: torch.Generator) -> Tensor:
    """Return goodnesses of windows that show the artefact: the marks as the others see them, and pasted copies."""
    exemplars = figures.scene.exemplars
    own = [
        figures.at(item.picture[None], item, torch.tensor([item.top]), torch.tensor([item.left]), without=number)
        for number, item in enumerate(exemplars)
    ]
    each = math.ceil(MADE / len(exemplars))
    return torch.cat([*own, *(_pasted(figures, item, others, each, draw) for item in exemplars)])


def _pasted(figures: Figures, item: Exemplar, others: Tensor, count: int, draw: torch.Generator) -> Tensor:
    """Paste a mark's content into pictures, as bright as marks may be, at places as probable as they say."""
    scene = figures.scene
    odds = figures.places.log_odds(*scene.size(item.shape))
    places = torch.multinomial(odds.exp().flatten().cpu(), count, replacement=True, generator=draw)
    tops, lefts = places // odds.shape[1], places % odds.shape[1]
    made = others[torch.randint(len(others), (count,), generator=draw).to(others.device)].clone()
    mask, content = scene.shapes[item.shape].mask, _content(scene, item)
    for picture, top, left in zip(made, tops.tolist(), lefts.tolist(), strict=True):
        window = picture[:, top : top + mask.shape[0], left : left + mask.shape[1]]
        window[:, mask] = (content + _brightness(scene, draw) - content.mean()).clamp(0, 1)
    return figures.at(made, item, tops, lefts)


def _content(scene: Scene, item: Exemplar) -> Tensor:
    """Return the marked values of an exemplar [c, pixels]."""
    mask = scene.shapes[item.shape].mask
    return item.picture[:, item.top : item.top + mask.shape[0], item.left : item.left + mask.shape[1]][:, mask]


def _brightness(scene: Scene, draw: torch.Generator) -> float:
    """Draw a brightness from the marks' range, widened by what their number leaves unknown."""
    means = [float(_content(scene, item).mean()) for item in scene.exemplars]
    marks = len({item.source for item in scene.exemplars})
    more = (max(means) - min(means)) / max(1, marks - 1) + UNKNOWN / marks
    low, high = max(0.0, min(means) - more), min(1.0, max(means) + more)
    return low + (high - low) * float(torch.rand(1, generator=draw))
