"""LayerCAM: activations weighted place by place by their own positive gradients, at several depths."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from explain.activation_map import ActivationMap, at_image_size
from explain.base import Cost, Option, Subject
from explain.gradients import gradients_of, refuse_vanished
from explain.layers import convolutional_stages
from explain.method import Chosen
from explain.validation import Case

SHARPENING = 2.0
"""The paper's factor: maps of several depths are compared as tanh(2 map / its maximum)."""


class LayerCam(ActivationMap):
    """ReLU of the sum over channels of ReLU(dF/dA) A, for the activations A of the last `stages` sizes of map.

    Unlike Grad-CAM, each place has its own weight, so that earlier and finer layers make sense too. Maps of several
    depths are brought to 0..1 (tanh of twice the map over its maximum), scaled up to the image, and the largest value
    at each pixel counts; with one stage the map stays as it is.

    References
    ----------
    Jiang et al.: LayerCAM: Exploring Hierarchical Class Activation Maps for Localization, 2021.
    """

    name = "layer_cam"
    title = "LayerCAM"
    what = "Which areas, as the last convolutional layers of two or more sizes see them, speak for this answer."
    what_not = "Not shares of the answer: it shows only what speaks for, and how much only roughly."

    def config_spec(self) -> tuple[Option, ...]:
        """Return how many sizes of map are joined."""
        return (Option("stages", "Sizes of map that are joined, from the coarsest", "int", 2, 1, 5),)

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the rows of finding the layers and of their gradients."""
        return Cost(3, 1)

    def coarsest(self, case: Case) -> Tensor:
        """Return the map [1, 1, h, w] of the last layer."""
        return self._maps(case, 1)[0]

    def enlarged(self, case: Case, chosen: Chosen) -> Tensor:
        """Return the maps scaled up to the image, and the largest of them at each pixel."""
        maps = self._maps(case, int(chosen["stages"]))
        if len(maps) > 1:
            maps = [torch.tanh(SHARPENING * part / part.max().clamp(min=torch.finfo(part.dtype).tiny)) for part in maps]
        return torch.stack([at_image_size(part, case) for part in maps]).amax(dim=0)

    def _maps(self, case: Case, stages: int) -> list[Tensor]:
        """Return the map [1, 1, h, w] of each stage, coarsest first."""
        layers = convolutional_stages(case.module, case.inputs[0], stages)
        if not layers:
            raise self.unfit()
        logit, activations = _watched(case, layers)
        gradients = gradients_of(logit, activations)
        refuse_vanished(gradients)
        return [
            (gradient.clamp(min=0) * activation.detach()).sum(dim=1, keepdim=True).clamp(min=0)
            for activation, gradient in zip(activations, gradients, strict=True)
        ]


def _watched(case: Case, layers: Sequence[nn.Module]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return the logit and what each layer answered on the way to it."""
    seen: dict[nn.Module, Tensor] = {}

    def keep(layer: nn.Module, _: object, output: Tensor | tuple[Tensor, ...]) -> None:
        seen[layer] = output[0] if isinstance(output, tuple) else output

    handles = [layer.register_forward_hook(keep) for layer in layers]
    try:
        logit = case.logit(case.inputs[0].detach().requires_grad_()).sum()
    finally:
        for handle in handles:
            handle.remove()
    return logit, tuple(seen[layer] for layer in layers)
