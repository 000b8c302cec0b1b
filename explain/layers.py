"""Finding the last convolutional activations by watching a forward pass."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explain.base import InputKind

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One module's answer during a forward pass."""

    module: nn.Module
    shape: tuple[int, ...]
    watched: bool
    """Whether the answer depends on the watched input."""

    @property
    def is_map(self) -> bool:
        """Whether the answer is [B, C, h, w] with more than one place."""
        return len(self.shape) == 4 and self.shape[2] * self.shape[3] > 1


def convolutional_layers(
    module: nn.Module, kinds: tuple[InputKind, ...], inputs: tuple[Tensor, ...]
) -> dict[int, nn.Module]:
    """Return, for each image input that has one, the module that answers its last convolutional activations.

    That is the last module that answers a map of the height and width of the last convolution that still has more
    than one place (so a block with its activation, rather than the bare convolution). An image is left out when

    - the module was called more than once in the pass (its answer is ambiguous) or serves two images, or
    - a later layer with weights still works place by place (tokens of a transformer): the map would not be the last.

    `module` must be private and frozen (see `explain.isolation.private_view`).
    """
    images = [n for n, kind in enumerate(kinds) if kind == "image" and inputs[n].is_floating_point()]
    found = {n: layer for n in images if (layer := _last_layer(_watch(module, inputs, n))) is not None}
    shared = [layer for layer in found.values() if list(found.values()).count(layer) > 1]
    return {n: layer for n, layer in found.items() if layer not in shared}


def _watch(module: nn.Module, inputs: tuple[Tensor, ...], number: int) -> list[Call]:
    """Return all calls of a forward pass in which only input `number` has a gradient."""
    calls: list[Call] = []

    def note(called: nn.Module, _: object, output: object) -> None:
        first = output[0] if isinstance(output, tuple) and output else output
        if isinstance(first, Tensor):
            calls.append(Call(called, tuple(first.shape), first.requires_grad))

    handles = [part.register_forward_hook(note) for part in module.modules() if part is not module]
    try:
        points = [item.detach() for item in inputs]
        points[number] = points[number].clone().requires_grad_()
        with torch.enable_grad():
            module(*points)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def _last_layer(calls: list[Call]) -> nn.Module | None:
    """Return the module to use among the calls of one pass, or None."""
    maps = [n for n, call in enumerate(calls) if call.watched and call.is_map]
    convolutions = [n for n in maps if isinstance(calls[n].module, CONVOLUTIONS)]
    if not convolutions:
        return None
    places = calls[convolutions[-1]].shape[2:]
    chosen = max(n for n in maps if calls[n].shape[2:] == places)
    module = calls[chosen].module
    ambiguous = sum(call.module is module for call in calls) > 1
    return None if ambiguous or any(_works_on_places(call) for call in calls[chosen + 1 :]) else module


def _works_on_places(call: Call) -> bool:
    """Return whether a layer with weights of its own answers more than one place per case."""
    weighted = next(call.module.parameters(recurse=False), None) is not None
    places = call.shape[2:] if len(call.shape) == 4 else call.shape[1:-1]
    return weighted and call.watched and torch.Size(places).numel() > 1
