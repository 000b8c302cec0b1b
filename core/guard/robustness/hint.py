"""A hint that a picture was tampered with: an honest answer hardly changes when the picture is squeezed.

Fewer shades and a median over neighbours wipe out small planted changes and leave what a picture shows. How far the
answer moves is the suspicion. It is a hint only: who knows of it can build an attack that it does not see.

Source: Xu, Evans and Qi, Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks, NDSS 2018.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from core.guard.robustness.pictures import Pictures, image_fields, open_pictures
from core.models.batching import cases_per_pass, passes
from core.models.network import Inputs, TandemNetwork

SHADES = 8
"""Shades that a squeezed picture has left (3 bits)."""
NEARLY_TWO = 0.18
"""Pictures whose pixels lie on average no farther than this from black or white (handwriting, print) are left with
these two. Chosen on validation pictures attacked by PGD, AUROC on digits within .03 / .1 / .3: .98 / .998 / .997
against .99 / .74 / .60 with eight shades; on CIFAR-10 within .03 / .1: .76 / .79 against .78 / .80; with two shades for
all of them .59 / .56. With all attacks on digits within .3 it is .96, and .80 with 0.15."""
WINDOW = 3
"""Side of the median's neighbourhood in pixels."""
WORDS = "a hint only: an attack that knows of it can pass unseen"


def fewer_shades(picture: Tensor) -> Tensor:
    """Return pictures [n, C, S, S] with two shades where they nearly have no more, else with `SHADES`."""
    two, more = picture.round(), (picture * (SHADES - 1)).round() / (SHADES - 1)
    near = (two - picture).abs().flatten(1).mean(dim=1) <= NEARLY_TWO
    return torch.where(near[:, None, None, None], two, more)


def median(picture: Tensor) -> Tensor:
    """Return pictures [n, C, S, S] with every pixel the median of its neighbourhood; edges are mirrored."""
    around = functional.pad(picture, [WINDOW // 2] * 4, mode="reflect")
    windows = around.unfold(2, WINDOW, 1).unfold(3, WINDOW, 1)
    return windows.flatten(4).median(dim=4).values


SQUEEZERS: Mapping[str, Callable[[Tensor], Tensor]] = {"fewer shades": fewer_shades, "median": median}


def suspicion(network: TandemNetwork, target: str, inputs: Inputs) -> Tensor:
    """Return how suspicious each case is [n], on the CPU: 0 (not at all) to 2, higher is more suspicious.

    Formula: the largest L1 distance between the probabilities before and after squeezing, over squeezers. 0 where a
    workspace has no image field. Needs no label and no gradient: three forward passes.

    Parameters
    ----------
    network
        In evaluation mode.
    target
        Whose answer is looked at.
    inputs
        Field -> prepared inputs [n, ...]; images as uint8, or as floats from 0 to 1.
    """
    count = len(next(iter(inputs.values())))
    if not image_fields(network.spec) or not count:
        return torch.zeros(count)
    parts = []
    for part in passes(count, cases_per_pass(inputs, network.device)):
        pictures = open_pictures(network, {name: values[part] for name, values in inputs.items()})
        parts.append(suspicion_of(pictures, pictures.pixels, target).cpu())
    return torch.cat(parts)


def suspicion_of(pictures: Pictures, pixels: Tensor, target: str) -> Tensor:
    """Return the suspicion [n] of laid-open cases with other `pixels` [n, values]."""
    rows = torch.arange(len(pixels), device=pixels.device)
    with torch.no_grad():
        before = pictures.logits(pixels, rows, target).softmax(dim=1)
        moved = []
        for squeeze in SQUEEZERS.values():
            squeezed = {name: squeeze(picture) for name, picture in pictures.unrolled(pixels).items()}
            after = pictures.logits(pictures.rolled(squeezed), rows, target).softmax(dim=1)
            moved.append((after - before).abs().sum(dim=1))
        return torch.stack(moved).amax(dim=0)


def fit_threshold(scores: Tensor, share: float) -> float:
    """Return the score above which a case is suspicious, so that at most `share` of honest cases are.

    Formula: the ceil((n + 1)(1 - share))-th smallest of n scores of calibration cases; infinity where n is too small to
    promise so small a share.

    Example
    -------
    >>> fit_threshold(torch.arange(1.0, 20.0), 0.1)
    18.0
    """
    place = math.ceil((len(scores) + 1) * (1 - share))
    return float(scores.sort().values[place - 1]) if 1 <= place <= len(scores) else math.inf
