"""Batch normalisation folded into the convolution before it: the same function in fewer steps."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.utils.hooks import RemovableHandle

TOLERANCE = 1e-4
"""Largest difference of an output, relative to the largest output, at which the folded network is used."""

Pairs = list[tuple[str, str]]
"""Names of a convolution and of the batch normalisation that takes its output."""


def folded(network: nn.Module, probe: Tensor) -> nn.Module:
    """Return a copy of `network` (evaluation mode) with batch normalisations folded into convolutions.

    Which ones follow each other is seen in a forward pass of `probe`. Where the folded copy answers differently, as
    when a convolution's output is used twice, a plain copy is returned.

    Parameters
    ----------
    network
        Takes `probe`; its weights stay untouched.
    probe
        A batch of inputs that are not all alike.

    Source
    ------
    Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR
    2018, section 3.2.
    """
    plain, candidate = copy.deepcopy(network), copy.deepcopy(network)
    with torch.no_grad():
        expected = plain(probe)
        for convolution, normalisation in _pairs(candidate, probe):
            _fold(candidate, convolution, normalisation)
        found = candidate(probe)
        limit = TOLERANCE * float(expected.abs().max())
        return candidate if float((found - expected).abs().max()) <= limit else plain


def _pairs(network: nn.Module, probe: Tensor) -> Pairs:
    made: dict[int, tuple[str, Tensor]] = {}
    pairs: Pairs = []

    def watch(name: str, layer: nn.Module) -> RemovableHandle:
        if isinstance(layer, nn.Conv2d):
            return layer.register_forward_hook(lambda _, inputs, out: made.update({id(out): (name, out)}))
        return layer.register_forward_pre_hook(
            lambda _, inputs: pairs.append((made[id(inputs[0])][0], name)) if id(inputs[0]) in made else None
        )

    layers = [(n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    handles = [watch(name, layer) for name, layer in layers]
    network(probe)
    for handle in handles:
        handle.remove()
    return pairs


def _fold(network: nn.Module, convolution: str, normalisation: str) -> None:
    """Replace the convolution by the folded one, and the normalisation by what else it does (its activation)."""
    first, second = network.get_submodule(convolution), network.get_submodule(normalisation)
    if not (isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d)):
        raise TypeError(f"can't fold {type(second).__name__} into {type(first).__name__}")
    network.set_submodule(convolution, fuse_conv_bn_eval(first, second))
    network.set_submodule(normalisation, getattr(second, "act", nn.Identity()))
