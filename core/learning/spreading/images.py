"""Finding an artefact in pictures: windows of the marks' shapes, judged by appearance and place."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.learning.spreading.base import LEAST_PROBABILITY, Found, Search
from core.learning.spreading.figures import Figures
from core.learning.spreading.judge import Judge, probabilities, taught
from core.learning.spreading.scene import Scene, box_of, scene_of, size_of, smaller, smaller_masks
from core.learning.spreading.teaching import right_windows, without_marks, wrong_windows
from core.learning.spreading.windows import Shape, describe, template_of

MOST_MARKS = 16
"""Marks that windows are compared with; more add little."""
OTHERS = 60
"""Pictures that scales and wrong windows are taken from."""
CELLS = 20_000_000
"""Numbers that are in memory at once, about."""


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The best window of each case, at the scale of the search; all [cases]."""

    score: Tensor
    shape: Tensor
    top: Tensor
    left: Tensor


class ImageSpreader:
    """Windows of the marks' shapes, one per picture.

    A window is described by its brightness, spread, grain, edge and step to its surroundings, and by its correlation
    with the marked ones, which brightness and contrast do not change; its place by its distance to the borders. A small
    classifier learns what counts from the marks, copies of them in other pictures, and the rest of the marked pictures;
    a mixture fitted to the best window of every picture gives probabilities.
    """

    def find(self, search: Search) -> tuple[Found, ...]:
        """Return at most one find per picture, surest first."""
        if not len(search.cases) or not len(search.masks):
            return ()
        draw = torch.Generator().manual_seed(search.seed)
        rows = torch.randperm(len(search.masks), generator=draw)[:MOST_MARKS]
        masks, size = search.masks[rows], size_of(search.masks[rows])
        small, covered = _ready(search, search.marked[rows], size), smaller_masks(masks, size).to(search.device)
        some = torch.randperm(len(search.cases), generator=draw)[:OTHERS]
        others = _ready(search, search.cases[some], size)
        figures = Figures.of_scene(scene_of(small, covered), others)
        right = right_windows(figures, others, draw)
        judge = taught(right, wrong_windows(figures, small, covered, others, draw))
        best = _best(figures, judge, search, size)
        wrong = _best_beside(figures, judge, small, covered)
        chances = probabilities(best.score.cpu(), judge(right).cpu(), wrong.cpu())
        order = [int(row) for row in chances.argsort(descending=True) if chances[row] >= LEAST_PROBABILITY]
        placing = _Placing(search, figures.scene, rows, size)
        return tuple(Found(row, search.field.name, placing.mask(row, best), float(chances[row])) for row in order)


def _ready(search: Search, pictures: Tensor, size: int) -> Tensor:
    return smaller(pictures.to(search.device), size)


def _best(figures: Figures, judge: Judge, search: Search, size: int) -> Best:
    """Return the best window of each case."""
    scene, parts = figures.scene, []
    each = max(1, CELLS // (size**2 * (6 * len(scene.exemplars) + 16)))
    for rows in torch.split(torch.arange(len(search.cases)), each):
        search.report("looking for the artefact", int(rows[0]), len(search.cases))
        pictures = _ready(search, search.cases[rows], size)
        found = [_best_of_shape(judge(figures.everywhere(pictures, n)), n) for n in range(len(scene.shapes))]
        shapes = torch.stack(found)  # [shapes, cases, 4]
        parts.append(shapes[shapes[..., 0].argmax(dim=0), torch.arange(len(rows))])
    score, shape, top, left = torch.cat(parts).unbind(1)
    return Best(score, shape.long(), top.long(), left.long())


def _best_of_shape(scores: Tensor, shape: int) -> Tensor:
    """Return score, shape, row and column of the best of windows [cases, rows, columns]."""
    value, place = scores.flatten(1).max(dim=1)
    columns = scores.shape[2]
    return torch.stack([value, torch.full_like(value, shape), place // columns, place % columns], dim=1)


def _best_beside(figures: Figures, judge: Judge, marked: Tensor, masks: Tensor) -> Tensor:
    """Return the best score of each marked picture beside its mark: the best that a case without it would have."""
    scene = figures.scene
    scores = [
        without_marks(scene, n, masks, judge(figures.everywhere(marked, n))).flatten(1).amax(dim=1)
        for n in range(len(scene.shapes))
    ]
    best = torch.stack(scores).amax(dim=0)
    return best[best.isfinite()] if best.isfinite().any() else judge.bias[None]


@dataclass(frozen=True, slots=True, eq=False)
class _Placing:
    """Puts a mark's own mask where its content was found."""

    search: Search
    scene: Scene
    rows: Tensor
    """Marks of the search that the scene's sources are."""
    size: int

    def mask(self, row: int, best: Best) -> Tensor:
        """Return the mask of a find, bool [1, S, S]."""
        item = self.scene.of_shape(int(best.shape[row]))[0]
        source = int(self.rows[item.source])
        picture, mask = self.search.marked[source].float() / 255, self.search.masks[source, 0]
        if item.turned:
            picture, mask = picture.transpose(-1, -2), mask.T
        top, left, height, width = box_of(mask)
        shape = Shape.of(mask[top : top + height, left : left + width])
        scale = self.search.masks.shape[-1] / self.size
        place = [round(float(at[row]) * scale) for at in (best.top, best.left)]
        if scale > 1:
            template = template_of(picture, shape, top, left)
            place = _refined(self.search.cases[row].float() / 255, shape, template, place, round(scale))
        whole = torch.zeros_like(self.search.masks[0])
        down, right = (
            min(start, whole.shape[-1] - length) for start, length in zip(place, (height, width), strict=True)
        )
        whole[0, down : down + height, right : right + width] = shape.mask
        return whole


def _refined(picture: Tensor, shape: Shape, template: Tensor, place: list[int], by: int) -> list[int]:
    """Return the place, within `by` pixels, where a picture [c, H, W] is most like the template."""
    side = picture.shape[-1]
    length = [*shape.mask.shape]
    low = [max(0, start - by) for start in place]
    high = [min(side, start + size + by) for start, size in zip(place, length, strict=True)]
    first = [max(0, start - shape.ring) for start in low]
    last = [min(side, end + shape.ring) for end in high]
    crop = picture[None, :, first[0] : last[0], first[1] : last[1]]
    like = describe(crop, shape, template[None]).likeness[0, ..., 0]
    inner = like[
        low[0] - first[0] : high[0] - first[0] - length[0] + 1, low[1] - first[1] : high[1] - first[1] - length[1] + 1
    ]
    best = int(inner.argmax())
    return [low[0] + best // inner.shape[1], low[1] + best % inner.shape[1]]
