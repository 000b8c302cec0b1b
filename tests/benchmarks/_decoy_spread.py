"""Five marks, and what a search makes of them, where half of the training cases carry the shortcut."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from core.learning.spreading.base import Found
from core.learning.spreading.spread import spread, with_found
from tests.benchmarks._decoy_images import FIELD, PictureDecoy
from tests.benchmarks._decoy_recipe import DEVICE, Recipe
from tests.benchmarks._decoy_world import World

MARKS = 5
SHARE = 0.5
"""Share of the training cases that carry the shortcut."""
ACCEPTED = 0.9
"""Finds from this probability on are accepted without a look, as a person may do."""
RIGHT_OVERLAP = 0.5
"""A find is right where its mask's intersection with the shortcut is at least this share of their union."""


def precision_and_recall(decoy: PictureDecoy, _strategy: str, _masks: Sequence[int]) -> Mapping[str, float]:
    """Measure the finds that would be accepted: how many are right, and how many of all carriers they are."""
    decoy = replace(decoy, share=SHARE)
    recipe = decoy.recipe()
    found = [item for item in _found(decoy, recipe) if item.probability >= ACCEPTED]
    truth = {row: mask for row, mask in decoy.masks().items() if row not in decoy.marked_rows(MARKS)}
    right = sum(item.row in truth and _overlap(item.mask, truth[item.row]) >= RIGHT_OVERLAP for item in found)
    return {"spread_precision": right / max(1, len(found)), "spread_recall": right / len(truth)}


def spread_random(decoy: PictureDecoy, strategy: str, _masks: Sequence[int]) -> Mapping[str, float]:
    """Measure a model that was retrained with the marks and the accepted finds."""
    decoy = replace(decoy, share=SHARE)
    recipe = decoy.recipe()
    marked = with_found(decoy.marks(MARKS), recipe.train, _found(decoy, recipe), least=ACCEPTED)
    world = World(recipe)
    return {f"spread{MARKS}_random": world.accuracy(world.retrained(strategy, marked).network, "random")}


def _found(decoy: PictureDecoy, recipe: Recipe) -> tuple[Found, ...]:
    found = spread(recipe.spec, decoy.marks(MARKS), recipe.train, device=DEVICE, seed=recipe.seed)
    return tuple(item for item in found if item.field == FIELD)


def _overlap(one: Tensor, other: Tensor) -> float:
    """Return intersection over union."""
    union = torch.logical_or(one, other).sum()
    return float(torch.logical_and(one, other).sum() / union.clamp(min=1))
