"""What is switched on and off together: superpixels of an image, a field of a table, a word of a text."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explain.base import InputKind, Subject
from explain.errors import ExplainError

NOWHERE = -1
"""Number of what belongs to no feature: padding of a text."""
FLAT = 1e-3
"""A picture whose values (0..1) differ by less has no outlines."""
COMPACTNESS = 10.0
"""Of SLIC in Lab colours: weight of nearness against likeness."""


def feature_masks(subject: Subject, inputs: tuple[Tensor, ...], *, segments: int) -> tuple[Tensor, ...]:
    """Return the number of the feature that each element belongs to, 0 to n-1 over all inputs without gaps.

    An image falls into superpixels (SLIC; a grid where the picture has no outlines), a number and a category are one
    feature each, a text has one for each word of `subject.words`, or for each token.

    Parameters
    ----------
    subject
        The model: kinds and words.
    inputs
        One case, each [1, ...].
    segments
        About how many superpixels an image has.

    Returns
    -------
    tuple of Tensor
        int64 on the input's device, of sizes that broadcast to the input: image [1, 1, H, W], numeric [1, N] (one
        feature a number), categorical [1, 1], text [1, T, 1]. -1 marks padding of a text, which is no feature.

    Raises
    ------
    ExplainError
        When `segments` is below 1 or the words do not fit the tokens.

    References
    ----------
    Achanta et al.: SLIC Superpixels Compared to State-of-the-Art Superpixel Methods, 2012. Computed by scikit-image.
    """
    if segments < 1:
        raise ExplainError(f"an image needs at least 1 segment, got {segments}.")
    words = subject.words or (None,) * len(inputs)
    masks: list[Tensor] = []
    first = 0
    for item, kind, word in zip(inputs, subject.kinds, words, strict=True):
        mask = _mask(item, kind, word, segments).to(item.device)
        masks.append(torch.where(mask < 0, mask, mask + first))
        first = max(first, int(masks[-1].max()) + 1) if mask.numel() else first
    return tuple(masks)


def expected_features(subject: Subject, inputs: tuple[Tensor, ...], *, segments: int) -> int:
    """Return about how many features `feature_masks` would find, without looking at pictures."""
    words = subject.words or (None,) * len(inputs)
    total = 0
    for item, kind, word in zip(inputs, subject.kinds, words, strict=True):
        if kind == "image":
            total += min(segments, math.prod(item.shape[-2:]))
        else:
            total += count_features((_mask(item, kind, word, segments),))
    return total


def count_features(masks: tuple[Tensor, ...]) -> int:
    """Return how many features the masks of one case have."""
    return max((int(mask.max()) + 1 for mask in masks if mask.numel()), default=0)


def features_by_input(masks: tuple[Tensor, ...]) -> Iterator[slice]:
    """Yield for each input which features are its own."""
    first = 0
    for mask in masks:
        last = max(first, int(mask.max()) + 1) if mask.numel() else first
        yield slice(first, last)
        first = last


def real_places(kind: InputKind, item: Tensor) -> Tensor:
    """Return what is no padding: bool [1, T, 1] for a text [1, T, D], true [1] for an input of another kind."""
    return item.any(dim=-1, keepdim=True) if kind == "text" else torch.ones(1, dtype=torch.bool, device=item.device)


def superpixels(image: Tensor, segments: int) -> NDArray[np.int64]:
    """Return the superpixel [H, W] of each pixel of an image [C, H, W], numbered from 0 without gaps.

    The same picture has the same superpixels. A flat or a noisy picture, which SLIC leaves in one piece, is cut into
    a grid.
    """
    height, width = image.shape[-2:]
    segments = min(segments, height * width)
    found = None if segments < 2 else _slic(image, segments)
    if found is None or len(np.unique(found)) < max(2, segments / 3):
        found = _grid(height, width, segments)
    return np.unique(found, return_inverse=True)[1].reshape(height, width).astype(np.int64)


def _mask(item: Tensor, kind: InputKind, words: Tensor | None, segments: int) -> Tensor:
    """Return the features of one input, [1, ...], from 0."""
    if kind == "image":
        return torch.from_numpy(superpixels(item[0].detach(), segments))[None, None]
    if kind == "text":
        return _word_mask(item[0], words)
    if kind == "categorical":
        return torch.zeros(1, 1, dtype=torch.int64)
    return torch.arange(item[0].numel()).reshape(item.shape)


def _word_mask(tokens: Tensor, words: Tensor | None) -> Tensor:
    """Return the word of each token, [1, T, 1] for embeddings [T, D], renumbered in order of the tokens."""
    there = (tokens != 0).flatten(1).any(dim=1) if tokens.ndim > 1 else tokens != 0
    if words is not None and words.shape != there.shape:
        raise ExplainError(f"words must number each of {len(there)} tokens, got {tuple(words.shape)}.")
    numbers = torch.arange(len(there), device=there.device) if words is None else words.to(there.device)
    numbers = torch.where(there & (numbers >= 0), numbers, NOWHERE)
    ranks = {number: rank for rank, number in enumerate(sorted(set(numbers.tolist()) - {NOWHERE}))}
    mask = torch.tensor([ranks.get(number, NOWHERE) for number in numbers.tolist()], dtype=torch.int64)
    return mask.reshape(1, -1, *[1] * (tokens.ndim - 1))


def _slic(image: Tensor, segments: int) -> NDArray[np.int64] | None:
    """Return SLIC's superpixels, or None for a flat picture and where scikit-image is missing."""
    try:
        from skimage.segmentation import slic  # loads slowly, and hosts that only compute may lack it
    except ImportError:
        return None
    picture = image.float().cpu()
    colours = picture if len(picture) == 3 else picture.mean(dim=0, keepdim=True).expand(3, -1, -1)
    if float(colours.max() - colours.min()) < FLAT:
        return None
    pixels = colours.permute(1, 2, 0).double().numpy()
    found: NDArray[np.int64] = slic(pixels, n_segments=segments, compactness=COMPACTNESS, start_label=0)
    return found


def _grid(height: int, width: int, segments: int) -> NDArray[np.int64]:
    """Return cells of a grid of about `segments`, as square as they can be."""
    down = max(1, min(height, round(math.sqrt(segments * height / width))))
    across = max(1, min(width, round(segments / down)))
    rows, columns = np.arange(height) * down // height, np.arange(width) * across // width
    return rows[:, None] * across + columns[None, :]
