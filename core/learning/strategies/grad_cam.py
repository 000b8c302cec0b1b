"""Grad-CAM penalty and reward: the map of the last convolutional activations leaves marked places (RRR-G, HINT).

Alone it can teach a model to hide: its map avoids the mark while its answer still depends on it. So it is judged by
behaviour and by occlusion, which it never trains on.

Source: Schramowski et al., Making Deep Neural Networks Right for the Right Scientific Reasons, Nature Machine
Intelligence 2020; Selvaraju et al., Taking a HINT, ICCV 2019.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.learning.marks import MarkedExamples, targets, tensors
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.entries import answers, opened, trained_fields, weighted_mean
from core.learning.strategies.fitting import marked_anywhere, needs_trained_marks
from core.learning.strategies.marked_objective import MarkedObjective
from core.learning.strategies.on_marks import GradientStrategy
from core.models.encoders.base import ImageEncoder
from core.models.examples import NO_LABEL
from core.models.network import TandemNetwork
from explain.layers import convolutional_layer

STRENGTH = 10.0
"""Weight of a map's share at wrong places, 0 to 1; the cap keeps it at or below the classification loss."""
SMALLEST = 1e-8


@dataclass(frozen=True, slots=True)
class Watched:
    """Answers, and the last convolutional activations behind them."""

    logits: Mapping[str, Tensor]
    maps: Mapping[str, Tensor]
    """Image field -> activations [rows, channels, h, w] with a graph."""


class MapObjective(MarkedObjective):
    """Cases as they are, and the share of Grad-CAM at wrong places."""

    def __init__(self, context: StrategyContext) -> None:
        super().__init__(context)
        self.layers = map_layers(context)

    def penalty(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Tensor:
        """Return the mean share of Grad-CAM inside *ignore* and outside *look here*, 0 or more."""
        watched = self._watched(network, marked)
        score = torch.stack([_spoken_for(watched.logits[t], y) for t, y in self._labels(marked).items()]).sum()
        gradients = torch.autograd.grad(score, list(watched.maps.values()), create_graph=True)
        rows = torch.zeros(len(marked), device=score.device)
        for (field, maps), gradient in zip(watched.maps.items(), gradients, strict=True):
            weights = gradient.mean(dim=(2, 3), keepdim=True)
            rows = rows + _share(torch.relu((weights * maps).sum(dim=1)), field, marked)
        return STRENGTH * weighted_mean(rows, marked)

    def _labels(self, marked: MarkedExamples) -> dict[str, Tensor]:
        return targets(marked.examples, self.context.device)

    def _watched(self, network: TandemNetwork, marked: MarkedExamples) -> Watched:
        maps: dict[str, Tensor] = {}
        handles = [
            network.encoder(field).get_submodule(layer).register_forward_hook(_keeper(maps, field))
            for field, layer in self.layers.items()
        ]
        try:
            logits = answers(network, opened(network, tensors(marked.examples, self.context.device)))
        finally:
            for handle in handles:
                handle.remove()
        return Watched(logits, maps)


def map_layers(context: StrategyContext) -> dict[str, str]:
    """Return, for each marked image field whose encoder learns and has a map, the name of the layer that makes it."""
    found = {}
    for field in trained_fields(context.network):
        encoder = context.network.encoder(field)
        if isinstance(encoder, ImageEncoder) and marked_anywhere(context, field):
            image = encoder.enter(context.marked.examples.batch([0], context.device)[field]).values
            layer = convolutional_layer(encoder, image)
            names = {module: name for name, module in encoder.named_modules()}
            if layer is not None:
                found[field] = names[layer]
    return found


def _keeper(maps: dict[str, Tensor], field: str) -> Callable[[object, object, Tensor], None]:
    """Return a hook that keeps a layer's answer."""

    def keep(module: object, inputs: object, output: Tensor) -> None:
        maps[field] = output

    return keep


def _spoken_for(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the sum of the labels' logits; of the answered class where there is no label."""
    chosen = torch.where(labels == NO_LABEL, logits.argmax(dim=1), labels)
    return logits.gather(1, chosen[:, None]).sum()


def _share(cam: Tensor, field: str, marked: MarkedExamples) -> Tensor:
    """Return, per row, the share of a map [rows, h, w] inside *ignore* plus that outside *look here*; [rows]."""
    parts = cam / cam.sum(dim=(1, 2), keepdim=True).clamp(min=SMALLEST)
    ignore, look = (_at_map(side[field], cam) for side in (marked.ignore, marked.look))
    has_look = look.flatten(1).any(dim=1)
    outside = (parts * (1 - look)).sum(dim=(1, 2)) * has_look
    return (parts * ignore).sum(dim=(1, 2)) + outside


def _at_map(mask: Tensor, cam: Tensor) -> Tensor:
    """Return a mark [rows, 1, S, S] at the size of a map [rows, h, w]: 1 where any of it lies."""
    return functional.adaptive_max_pool2d(mask.to(cam.device).float(), cam.shape[1:])[:, 0]


class MapStrategy(GradientStrategy):
    """Grad-CAM leaves *ignore* marks and stays inside *look here* marks."""

    name = "grad_cam"
    title = "Grad-CAM penalty"
    words = (
        "Retrains on the corrected labels and moves the model's own map (Grad-CAM) out of what is to be ignored and "
        "into what to look at. Needs an image encoder with convolutions."
    )
    cost = 3.5
    trains = MapObjective

    def fits(self, context: StrategyContext) -> str | None:
        """Return why it does not fit, if so: it needs marks on an image whose convolutions learn."""
        reason = needs_trained_marks(context)
        if reason is not None or map_layers(context):
            return reason
        return (
            "No marked image is read by convolutions that learn, so there is no map to move. Use encoder cnn, "
            "or another strategy."
        )
