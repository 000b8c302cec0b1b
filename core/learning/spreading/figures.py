"""Goodnesses of windows: how like the marks they are, and how probable their place is."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.learning.spreading.places import Places
from core.learning.spreading.scene import Exemplar, Scene
from core.learning.spreading.windows import Described

LEAST_SCALE = 0.05
USUAL = 1.5
"""Likeness (Fisher's z) to other marks where there is no other."""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Turns windows into goodnesses, each higher the better.

    For each figure of `core.learning.spreading.windows` minus the distance to the nearest exemplar; then the likeness
    to the most alike exemplar, and the log density of the place. What differs between the marks themselves (their
    brightness, say) is thereby no reason against a window, and the judge learns how much each counts.
    """

    scene: Scene
    places: Places
    values: Tensor
    """Of the exemplars [exemplars, figures]."""
    scale: Tensor
    """Spread of each figure over windows of other cases [figures]."""

    @classmethod
    def of_scene(cls, scene: Scene, others: Tensor) -> "Figures":
        """Return the figures of a scene; `others` [n, c, H, W] are pictures to take the scale from."""
        own = [
            scene.described(item.picture[None], item.shape).values[0, item.top, item.left] for item in scene.exemplars
        ]
        scale = scene.described(others, 0).values.flatten(0, 2).std(dim=0).clamp_min(LEAST_SCALE)
        return cls(scene, scene.places(), torch.stack(own), scale)

    def everywhere(self, pictures: Tensor, shape: int) -> Tensor:
        """Return the goodnesses of a shape's window at every place [n, rows, columns, goodnesses]."""
        odds = self.places.log_odds(*self.scene.size(shape))
        return self._of(self.scene.described(pictures, shape), odds.expand(len(pictures), -1, -1), shape)

    def at(self, pictures: Tensor, item: Exemplar, tops: Tensor, lefts: Tensor, without: int | None = None) -> Tensor:
        """Return the goodnesses of windows of an exemplar's shape [n, goodnesses], one in each picture [n, c, H, W].

        What shows the same mark is not compared with; `without` is an exemplar whose own place tells nothing.
        """
        windows = self.scene.described(pictures, item.shape).at((torch.arange(len(pictures)), tops, lefts))
        odds = self.places.log_odds(*self.scene.size(item.shape), without=without)[tops, lefts]
        return self._of(windows, odds, item.shape, item.source)

    def _of(self, windows: Described, odds: Tensor, shape: int, without: int | None = None) -> Tensor:
        other = [n for n, item in enumerate(self.scene.exemplars) if item.source != without]
        apart = (windows.values[..., None, :] - self.values[other or slice(None)]) / self.scale
        channels = apart.shape[-1] - 4
        brightness = apart[..., :channels].square().mean(dim=-1).sqrt().amin(dim=-1)
        rest = apart[..., channels:].abs().amin(dim=-2).unbind(-1)
        goodnesses = [-brightness, *(-value for value in rest), self._likeness(windows, shape, without), odds]
        return torch.stack(goodnesses, dim=-1)

    def _likeness(self, windows: Described, shape: int, without: int | None) -> Tensor:
        other = [n for n, item in enumerate(self.scene.of_shape(shape)) if item.source != without]
        if not other:
            return torch.full_like(windows.likeness[..., 0], USUAL)
        return windows.likeness[..., other].amax(dim=-1)
