"""What takes the place of an absent input, for each meaning of 'absent' and each kind of input."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from explain.base import InputKind, Subject
from explain.errors import ExplainError
from explain.smoothing import smoothed_along

MOST_BACKGROUND = 8
"""Background cases that a map is averaged over: each costs a whole map."""
BLUR = 0.1
"""Standard deviation of the blur as a share of the image's longer side: outlines go, the light's distribution stays."""

Inputs = tuple[Tensor, ...]
Make = Callable[[Subject, Inputs, Inputs | None, Inputs | None], tuple[Inputs, ...]]
"""Of subject, inputs, neutral inputs and a reference case's inputs: sets of absent inputs."""
Part = Callable[[InputKind, Tensor, Tensor | None, Tensor | None], Tensor]
"""Of kind, input [1, ...], background [N, ...] and neutral [1, ...]: the absent input [1, ...]."""


def by_part(part: Part) -> Make:
    """Return a maker that builds each input of one baseline on its own."""

    def make(subject: Subject, inputs: Inputs, neutral: Inputs | None, reference: Inputs | None) -> tuple[Inputs, ...]:
        others = subject.background or (None,) * len(inputs)
        calm = neutral or (None,) * len(inputs)
        return (tuple(part(*each) for each in zip(subject.kinds, inputs, others, calm, strict=True)),)

    return make


def zero(kind: InputKind, item: Tensor, background: Tensor | None, neutral: Tensor | None) -> Tensor:
    """Return zeros."""
    return torch.zeros_like(item)


def mean(kind: InputKind, item: Tensor, background: Tensor | None, neutral: Tensor | None) -> Tensor:
    """Return an image's mean colour, the background's mean of a table field."""
    if kind == "image":
        return item.mean(dim=(-2, -1), keepdim=True).expand_as(item).clone()
    if kind == "text" or background is None:
        return _rest(item, neutral)
    return background.mean(dim=0, keepdim=True)


def median(kind: InputKind, item: Tensor, background: Tensor | None, neutral: Tensor | None) -> Tensor:
    """Return the background's median of pixels and numbers, its commonest category."""
    if kind == "text" or background is None:
        return _rest(item, neutral)
    if kind == "categorical":
        most = background.sum(dim=0).argmax()
        return torch.nn.functional.one_hot(most, background.shape[1])[None]
    lower, upper = background.median(dim=0).values, -(-background).median(dim=0).values
    return ((lower + upper) / 2)[None]  # torch's median of an even number is the lower one


def blur(kind: InputKind, item: Tensor, background: Tensor | None, neutral: Tensor | None) -> Tensor:
    """Return a blurred image; fields of other kinds are neutral."""
    if kind == "image":
        return blurred(item, BLUR * max(item.shape[-2:]))
    return _rest(item, neutral) if neutral is not None else mean(kind, item, background, neutral)


def _rest(item: Tensor, neutral: Tensor | None) -> Tensor:
    """Return what takes the place where the meaning says nothing: what the model takes for absent, else zeros."""
    return torch.zeros_like(item) if neutral is None else neutral


def blurred(image: Tensor, sigma: float) -> Tensor:
    """Return an image [..., H, W] smoothed with a Gaussian; its border pixels go on beyond the border.

    Parameters
    ----------
    image
        Floats.
    sigma
        Standard deviation in pixels, above 0.
    """
    radius = max(1, math.ceil(3 * sigma))
    for dim in (-1, -2):
        image = smoothed_along(image, dim, sigma, radius, "replicate")
    return image.contiguous()


def models_own(
    subject: Subject, inputs: Inputs, neutral: Inputs | None, reference: Inputs | None
) -> tuple[Inputs, ...]:
    """Return what the model itself takes for absent."""
    if neutral is None:
        raise ExplainError("the baseline 'neutral' needs what the model takes for absent. Give it, or choose another.")
    return (neutral,)


def chosen_case(
    subject: Subject, inputs: Inputs, neutral: Inputs | None, reference: Inputs | None
) -> tuple[Inputs, ...]:
    """Return the chosen case's inputs."""
    if reference is None:
        raise ExplainError("the baseline 'case' needs a reference case. Choose one, or choose another baseline.")
    return (reference,)


def other_cases(
    subject: Subject, inputs: Inputs, neutral: Inputs | None, reference: Inputs | None
) -> tuple[Inputs, ...]:
    """Return up to `MOST_BACKGROUND` background cases, evenly chosen."""
    parts = subject.background or ()
    count = min(len(part) for part in parts)
    taken = min(count, MOST_BACKGROUND)
    chosen = [n * count // taken for n in range(taken)]
    return tuple(tuple(part[n : n + 1] for part in parts) for n in chosen)
