"""Finding the last convolutional activations by watching a forward pass."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One module's answer during a forward pass."""

    module: nn.Module
    shape: tuple[int, ...]
    watched: bool
    """Whether the answer depends on the image."""

    @property
    def is_map(self) -> bool:
        """Whether the answer is [B, C, h, w] with more than one place."""
        return len(self.shape) == 4 and self.shape[2] * self.shape[3] > 1


def convolutional_layer(module: nn.Module, image: Tensor) -> nn.Module | None:
    """Return the module that answers the last convolutional activations of `image` [1, C, H, W], or None.

    That is the last module that answers a map of the height and width of the last convolution that still has more
    than one place (so a block with its activation, rather than the bare convolution). There is none when

    - the module was called more than once in the pass: its answer is ambiguous, or
    - a later layer with weights still works place by place (tokens of a transformer): the map would not be the last.

    `module` takes one input and must be private and frozen (see `explain.isolation.private_view`).
    """
    return _last_layer(_watch(module, image)) if image.is_floating_point() else None


def convolutional_stages(module: nn.Module, image: Tensor, count: int) -> tuple[nn.Module, ...]:
    """Return the last modules that answer maps of a size, from the coarsest size up: at most `count`, none if unfit.

    The first is `convolutional_layer`; the next ones answer finer maps before it, the last of their size in the pass.
    A module that was called more than once is left out.
    """
    calls = _watch(module, image) if image.is_floating_point() else []
    coarsest = _last_layer(calls)
    if coarsest is None:
        return ()
    chosen, places = [coarsest], next(call.shape[2:] for call in calls if call.module is coarsest)
    before = calls[: [call.module for call in calls].index(coarsest)]
    for call in reversed([call for call in before if call.watched and call.is_map]):
        larger = call.shape[2] > places[0] and call.shape[3] > places[1]
        if larger and sum(other.module is call.module for other in calls) == 1:
            chosen.append(call.module)
            places = call.shape[2:]
    return tuple(chosen[:count])


def _watch(module: nn.Module, image: Tensor) -> list[Call]:
    """Return all calls of a forward pass."""
    calls: list[Call] = []

    def note(called: nn.Module, _: object, output: object) -> None:
        first = output[0] if isinstance(output, tuple) and output else output
        if isinstance(first, Tensor):
            calls.append(Call(called, tuple(first.shape), first.requires_grad))

    handles = [part.register_forward_hook(note) for part in module.modules() if part is not module]
    try:
        with torch.enable_grad():
            module(image.detach().clone().requires_grad_())
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
