"""Finding an artefact in pictures: windows of the marks' shapes, judged by appearance and place."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.learning.spreading.base import Found, Search
from core.learning.spreading.judge import Judge, taught
from core.learning.spreading.scene import Scene, factor_of, scene_of, smaller
from core.learning.spreading.windows import Described

CELLS = 8_000_000
"""Windows times templates that are looked at at once."""
WRONG = 4000
"""Windows that are known not to carry it, of which the judge learns."""
MADE = 240
"""Windows that were made by pasting marked content into other cases."""
APART = 0.5
"""Windows that overlap a mark less than this do not show it."""
USUAL = 1.5
"""Likeness (Fisher's z) to other marks where there is no other."""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """How windows become figures: goodnesses relative to a scene's exemplars."""

    scene: Scene
    values: Tensor
    """Of the exemplars [exemplars, figures]."""
    scale: Tensor
    """[figures]"""

    def of(self, windows: Described, places: Tensor, shape: int, without: int | None = None) -> Tensor:
        """Return [..., goodnesses] of windows of a shape; `without` leaves out what shows one of the marks."""
        kept = [n for n, item in enumerate(self.scene.exemplars) if item.source != without] or list(range(len(self.values)))
        apart = (windows.values[..., None, :] - self.values[kept]) / self.scale  # [..., exemplars, figures]
        channels = apart.shape[-1] - 4
        mean = apart[..., :channels].square().mean(dim=-1).sqrt().amin(dim=-1)
        rest = apart[..., channels:].abs().amin(dim=-2)
        return torch.stack([-mean, *(-rest).unbind(-1), self._likeness(windows, shape, without), places], dim=-1)

    def _likeness(self, windows: Described, shape: int, without: int | None) -> Tensor:
        own = [n for n, item in enumerate(self.scene.of_shape(shape)) if item.source != without]
        if not own:
            return torch.full(windows.likeness.shape[:-1], USUAL, device=windows.likeness.device)
        return windows.likeness[..., own].amax(dim=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The best window of each case."""

    score: Tensor
    shape: Tensor
    top: Tensor
    left: Tensor


def batches(pictures: Tensor, scene: Scene) -> list[Tensor]:
    """Return rows in batches that fit into memory."""
    templates = max(len(scene.of_shape(shape)) for shape in range(len(scene.shapes)))
    each = max(1, CELLS // (scene.side**2 * (templates + 8)))
    return list(torch.arange(len(pictures)).split(each))


def figures_of(scene: Scene, marked: Tensor, background: Tensor) -> Figures:
    """Return the exemplars' figures; scales are those of windows of `background` pictures."""
    own = [scene.described(item.picture[None], item.shape).values[0, item.top, item.left] for item in scene.exemplars]
    spread = scene.described(background, 0).values.flatten(0, 2).std(dim=0).clamp_min(0.05)
    return Figures(scene, torch.stack(own), spread)


def wrong_windows(figures: Figures, marked: Tensor, masks: Tensor, others: Tensor, generator: torch.Generator) -> Tensor:
    """Return the goodnesses of windows that do not show the artefact [windows, figures].

    Those of the marked pictures [n, c, H, W] that hardly overlap their marks, and as many of other pictures.
    """
    scene, places, found = figures.scene, figures.scene.places(), []
    for shape in range(len(scene.shapes)):
        odds = places.log_odds(*scene.size(shape))
        apart = _overlaps(scene, shape, masks) < APART
        own = figures.of(scene.described(marked, shape), odds.expand(len(marked), -1, -1), shape)[apart]
        other = figures.of(scene.described(others, shape), odds.expand(len(others), -1, -1), shape).flatten(0, 2)
        found += [_drawn(own, WRONG, generator), _drawn(other, WRONG, generator)]
    return torch.cat(found)


def _overlaps(scene: Scene, shape: int, masks: Tensor) -> Tensor:
    """Return the intersection over union of a shape at every place with marks [n, 1, H, W]."""
    inside = scene.shapes[shape].mask.float()[None, None]
    common = torch.nn.functional.conv2d(masks.float(), inside)[:, 0]
    return common / (masks.flatten(1).sum(dim=1)[:, None, None] + inside.sum() - common)


def _drawn(rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
    return rows if len(rows) <= count else rows[torch.randperm(len(rows), generator=generator)[:count]]


def right_windows(figures: Figures, others: Tensor, generator: torch.Generator) -> Tensor:
    """Return the goodnesses of windows that show the artefact: the marks as the others see them, and pasted copies."""
    scene, places, found = figures.scene, figures.scene.places(), []
    for number, item in enumerate(scene.exemplars):
        described = scene.described(item.picture[None], item.shape).at((torch.tensor([0]), torch.tensor([item.top]), torch.tensor([item.left])))
        odds = places.log_odds(*scene.size(item.shape), without=number)[item.top, item.left][None]
        found.append(figures.of(described, odds, item.shape, without=item.source))
    pasted = [_pasted(figures, others[i % len(others)], generator) for i in range(MADE)]
    return torch.cat([*found, *pasted])


def _pasted(figures: Figures, picture: Tensor, generator: torch.Generator) -> Tensor:
    """Paste a mark's content into a picture, somewhat brighter or darker, at a place as probable as the marks say."""
    scene = figures.scene
    item = scene.exemplars[int(torch.randint(len(scene.exemplars), (1,), generator=generator))]
    odds = scene.places().log_odds(*scene.size(item.shape))
    place = int(torch.multinomial(odds.exp().flatten(), 1, generator=generator))
    top, left = divmod(place, odds.shape[1])
    mask, (height, width) = scene.shapes[item.shape].mask, scene.size(item.shape)
    content = item.picture[:, item.top : item.top + height, item.left : item.left + width]
    shift = _brightness(scene, generator) - content[:, mask].mean()
    made = picture.clone()
    window = made[:, top : top + height, left : left + width]
    window[:, mask] = (content[:, mask] + shift).clamp(0, 1)
    described = scene.described(made[None], item.shape).at((torch.tensor([0]), torch.tensor([top]), torch.tensor([left])))
    return figures.of(described, odds[top, left][None], item.shape, without=item.source)


def _brightness(scene: Scene, generator: torch.Generator) -> float:
    """Draw a brightness from the range of the marks', widened by what their number leaves unknown."""
    means = []
    for item in scene.exemplars:
        height, width = scene.size(item.shape)
        content = item.picture[:, item.top : item.top + height, item.left : item.left + width]
        means.append(float(content[:, scene.shapes[item.shape].mask].mean()))
    low, high = min(means), max(means)
    sources = len({item.source for item in scene.exemplars})
    more = (high - low) / max(1, sources - 1) + 0.1 / sources
    low, high = max(0.0, low - more), min(1.0, high + more)
    return low + (high - low) * float(torch.rand(1, generator=generator))


def best_windows(figures: Figures, judge: Judge, pictures: Tensor) -> Best:
    """Return the best window of each picture [n, c, H, W]."""
    scene, places = figures.scene, figures.scene.places()
    parts: list[Tensor] = []
    for rows in batches(pictures, scene):
        found = []
        for shape in range(len(scene.shapes)):
            odds = places.log_odds(*scene.size(shape))
            score = judge(figures.of(scene.described(pictures[rows], shape), odds.expand(len(rows), -1, -1), shape))
            value, place = score.flatten(1).max(dim=1)
            found.append(torch.stack([value, torch.full_like(value, shape), place // odds.shape[1], place % odds.shape[1]], dim=1))
        stacked = torch.stack(found)
        pick = stacked[..., 0].argmax(dim=0)
        parts.append(stacked[pick, torch.arange(len(rows))])
    all_ = torch.cat(parts)
    return Best(all_[:, 0], all_[:, 1].long(), all_[:, 2].long(), all_[:, 3].long())
