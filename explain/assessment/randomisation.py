"""Cascading weight randomisation: a map that says something of the model must change when the model forgets."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from explain.base import Subject
from explain.errors import ExplainError
from explain.isolation import device_of, full_precision, private_view
from explain.validation import checked_tensors


@dataclass(frozen=True, slots=True, eq=False)
class RandomWeights:
    """One model whose layers forget what they learnt, from the answer down to the input.

    A parameter that forgets is drawn anew from a normal distribution of its own mean and standard deviation, so that
    activations keep their size; equal names and seeds give equal draws. Buffers (scales of the inputs, running means)
    stay. The model itself is never changed.

    References
    ----------
    Adebayo et al.: Sanity Checks for Saliency Maps, 2018.
    """

    stages: tuple[frozenset[str], ...]
    """Names of the parameters that have forgotten at each stage; the last holds all. Empty without parameters."""

    def forgetful(self, subject: Subject, stage: int, seed: int = 0) -> Subject:
        """Return the subject with a copy of its module that has forgotten as much as `stage` says."""
        return replace(subject, module=_forgotten(subject, self.stages[stage], seed))


def random_weights(subject: Subject, inputs: tuple[Tensor, ...], stages: int = 4) -> RandomWeights:
    """Find the layers in the order in which a case passes through them, and say what forgets at each stage.

    The first stage is the last layer alone, the last one is all layers; stages between take equally many more.

    Parameters that the answer does not depend on (the heads of other targets) are left out.

    Raises
    ------
    ExplainError
        When the model can't be copied or fails.
    """
    module = private_view(subject)
    device = device_of(module) or inputs[0].device
    point = checked_tensors(subject, inputs, device, "input")
    try:
        with full_precision(device):
            passed = _passed(module, point)
            idle = _idle(subject, module, point)
    except ExplainError:
        raise
    except Exception as error:  # a model of one's own may raise anything
        raise ExplainError(f"{type(module).__name__} failed while its layers were looked for: {error}.") from error
    layers = _from_the_answer(module, passed, idle)
    if not layers:
        return RandomWeights(())
    count = min(stages, len(layers))
    cuts = [1 + round(n * (len(layers) - 1) / max(1, count - 1)) for n in range(count)] if count > 1 else [len(layers)]
    names = [frozenset(path for layer in layers[:cut] for path in layer) for cut in cuts]
    return RandomWeights(tuple(names))


def _forgotten(subject: Subject, paths: frozenset[str], seed: int) -> nn.Module:
    """Return a copy of the module whose parameters at `paths` are drawn anew."""
    module = private_view(subject)
    for owner, name, path, parameter in _parameters(module):
        if path in paths:
            setattr(owner, name, _redrawn(path, parameter, seed))
    return module


def _redrawn(path: str, parameter: nn.Parameter, seed: int) -> nn.Parameter:
    generator = torch.Generator().manual_seed(zlib.crc32(f"{seed} {path}".encode()))
    with full_precision(parameter.device):
        noise = torch.randn(parameter.shape, generator=generator).to(parameter)
        return nn.Parameter(parameter.mean() + noise * parameter.std(correction=0), requires_grad=False)


def _parameters(module: nn.Module) -> Iterator[tuple[nn.Module, str, str, nn.Parameter]]:
    """Yield each parameter with the module that owns it, its own name, and its path."""
    for prefix, owner in module.named_modules(remove_duplicate=False):
        for name, parameter in list(owner.named_parameters(recurse=False)):
            yield owner, name, f"{prefix}.{name}".lstrip("."), parameter


def _passed(module: nn.Module, point: tuple[Tensor, ...]) -> list[nn.Module]:
    """Return the modules in the order in which a case enters them, each once."""
    order: dict[nn.Module, None] = {}

    def note(entered: nn.Module, _: object) -> None:
        order.setdefault(entered)

    handles = [part.register_forward_pre_hook(note) for part in module.modules()]
    try:
        with torch.no_grad():
            module(*point)
    finally:
        for handle in handles:
            handle.remove()
    return list(order)


def _idle(subject: Subject, module: nn.Module, point: tuple[Tensor, ...]) -> frozenset[str]:
    """Return the paths of parameters that the answer has no gradient by and does not change with either."""
    found = [(path, parameter.requires_grad_()) for _, _, path, parameter in _parameters(module)]
    logits: Tensor = module(*point)
    if not found or not logits.requires_grad:
        return frozenset()
    gradients = torch.autograd.grad(logits.sum(), [parameter for _, parameter in found], allow_unused=True)
    unreached = [path for (path, _), gradient in zip(found, gradients, strict=True) if gradient is None]
    with torch.no_grad():
        return frozenset(
            path for path in unreached if torch.equal(_forgotten(subject, frozenset([path]), 0)(*point), logits)
        )


def _from_the_answer(module: nn.Module, passed: list[nn.Module], idle: frozenset[str]) -> list[list[str]]:
    """Return the paths of each layer's parameters, the layer next to the answer first.

    Parameters of a module that was never entered itself (called as a function by its parent) belong to the nearest
    entered module around it. What belongs to the whole model alone comes last.
    """
    place = {entered: number for number, entered in enumerate(passed)}
    layers: dict[int, list[str]] = {}
    named = dict(module.named_modules(remove_duplicate=False))
    for owner, _, path, _ in _parameters(module):
        if path in idle:
            continue
        prefix = path.rpartition(".")[0]
        while owner not in place and prefix:
            prefix = prefix.rpartition(".")[0]
            owner = named[prefix]
        layers.setdefault(place.get(owner, 0), []).append(path)
    return [layers[number] for number in sorted(layers, reverse=True)]
