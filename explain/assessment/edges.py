"""A map that knows nothing of the model: how strong the edges of the picture are."""

import torch
from torch import Tensor
from torch.nn import functional

from explain.assessment.parts import Parts

SOBEL = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], dtype=torch.float64) / 8
"""Horizontal slope of a picture, in grey levels a pixel; transposed, the vertical one. Double precision, so
that even areas have no edge at all."""


def edge_map(picture: Tensor) -> Tensor:
    """Return the size of the slope at each pixel [H, W] of a picture [C, H, W], of its mean over colours.

    References
    ----------
    Adebayo et al.: Sanity Checks for Saliency Maps, 2018 (edge detectors look like explanations).
    """
    grey = picture.detach().to("cpu", torch.float64).mean(dim=0)[None, None]
    kernels = torch.stack([SOBEL, SOBEL.T])[:, None]
    slopes = functional.conv2d(functional.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
    return slopes[0].square().sum(dim=0).sqrt()


def edge_totals(parts: Parts, inputs: tuple[Tensor, ...]) -> Tensor | None:
    """Return the strength of edges in each part [count]; None when an input is no picture."""
    if any(item.ndim != 4 for item in inputs):
        return None
    return parts.totals([edge_map(item[0]) for item in inputs])
