"""Counterfactuals in a picture of a case."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.contracts import Change, Edit, FieldSpec, Fill
from core.media.masks import encode_mask
from core.models.preparation import Geometry, map_to_original
from core.services.whatif.found import Found, Outcome
from core.services.whatif.searching import Changing
from explain.assessment.imputation import fill_picture, substitute
from explain.counterfactuals.image import Filling, ImageCounterfactual, find

FILLS: tuple[tuple[Fill, int], ...] = (("blur", 300), ("neighbour", 200))
"""What is painted over the region, and how many pictures are tried with it."""
GROWN = (0, 1, 2)
"""Pixels of the network's input by which a region grows where the edge of it makes the difference."""
BATCH = 16
WORDS = {"blur": "blurred", "neighbour": "filled from around it"}


def by_picture(changing: Changing, item: FieldSpec, place: Geometry, wanted: int, limit: int) -> Outcome:
    """Look for the smallest region of a picture whose filling gets the wanted answer.

    The search works on the network's input; a region comes back in the original's pixels, as it is and a little grown,
    for there the same filling can look a little different.

    Raises
    ------
    explain.errors.ExplainError
        When the search can't be made.
    """
    picture = changing.prepared[item.name][0].float() / 255.0
    outcome = Outcome((), 0, "")
    for fill, budget in FILLS:
        search = find(
            lambda pictures: changing.of_pictures(item, pictures),
            picture,
            wanted,
            fill=_filling(picture, fill),
            limit=limit,
            budget=budget,
            batch=BATCH,
        )
        found = tuple(one for n, each in enumerate(search.found) for one in _grown(each, item, place, fill, n))
        outcome = Outcome(found, search.tried + outcome.tried, "")
        if found:
            return outcome
    words = f"Painting over up to half of {item.title or item.name} does not, in {outcome.tried:,} pictures tried."
    return Outcome((), outcome.tried, words)


def _filling(picture: Tensor, fill: Fill) -> Filling:
    """Return what fills regions of one picture; what does not depend on the region is made once."""
    if fill == "neighbour":
        return lambda image, mask: fill_picture(image, mask, fill)
    instead = substitute(picture, fill)
    return lambda image, mask: torch.where(mask, instead, image)


def _grown(one: ImageCounterfactual, item: FieldSpec, place: Geometry, fill: Fill, family: int) -> list[Found]:
    """Return a region in the original's pixels, and the same a little larger."""
    return [_found(_grow(one.mask, pixels), item, place, fill, family) for pixels in GROWN]


def _grow(mask: Tensor, pixels: int) -> Tensor:
    if not pixels:
        return mask
    return functional.max_pool2d(mask[None].float(), 2 * pixels + 1, stride=1, padding=pixels)[0] > 0


def _found(mask: Tensor, item: FieldSpec, place: Geometry, fill: Fill, family: int) -> Found:
    region = to_original(mask, place)
    share = float(region.mean())
    told = Change(item.name, "as it is", f"{share:.1%} of it {WORDS[fill]}")
    return Found((Edit(item.name, mask=encode_mask(region), fill=fill),), (told,), share, family=family)


def to_original(mask: Tensor, place: Geometry) -> NDArray[np.bool_]:
    """Return a mask [size, size] of the network's input in the original's pixels, bool [height, width].

    A pixel is in it when at least half of its area is; at least one pixel always is.
    """
    shares = map_to_original(mask.double(), place)
    whole = map_to_original(torch.ones_like(mask, dtype=torch.float64), place)
    covered = np.divide(shares, whole, out=np.zeros_like(shares), where=whole > 0)
    region: NDArray[np.bool_] = covered >= min(0.5 - 1e-6, float(covered.max()))
    return region
