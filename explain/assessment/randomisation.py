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
        module = private_view(subject)
        for owner, name, path, parameter in _parameters(module):
            if path in self.stages[stage]:
                setattr(owner, name, _redrawn(path, parameter, seed))
        return replace(subject, module=module)


def random_weights(subject: Subject, inputs: tuple[Tensor, ...], stages: int = 4) -> RandomWeights:
    """Find the layers in the order in which a case passes through them, and say what forgets at each stage.

    The first stage is the last layer alone, the last one is all layers; stages between take equally many more.

    Raises
    ------
    ExplainError
        When the model can't be copied or fails.
    """
    module = private_view(subject)
    layers = _from_the_answer(module, _passed(subject, module, inputs))
    if not layers:
        return RandomWeights(())
    count = min(stages, len(layers))
    cuts = [1 + round(n * (len(layers) - 1) / max(1, count - 1)) for n in range(count)] if count > 1 else [len(layers)]
    names = [frozenset(path for layer in layers[:cut] for path in layer) for cut in cuts]
    return RandomWeights(tuple(names))


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


def _passed(subject: Subject, module: nn.Module, inputs: tuple[Tensor, ...]) -> list[nn.Module]:
    """Return the modules in the order in which a case enters them, each once."""
    order: dict[nn.Module, None] = {}

    def note(entered: nn.Module, _: object) -> None:
        order.setdefault(entered)

    handles = [part.register_forward_pre_hook(note) for part in module.modules()]
    device = device_of(module) or inputs[0].device
    try:
        with full_precision(device), torch.no_grad():
            module(*checked_tensors(subject, inputs, device, "input"))
    except RuntimeError as error:
        raise ExplainError(f"{type(module).__name__} failed while its layers were looked for: {error}.") from error
    finally:
        for handle in handles:
            handle.remove()
    return list(order)


def _from_the_answer(module: nn.Module, passed: list[nn.Module]) -> list[list[str]]:
    """Return the paths of each layer's parameters, the layer next to the answer first.

    Parameters of a module that was never entered itself (called as a function by its parent) belong to the nearest
    entered module around it. What belongs to the whole model alone comes last.
    """
    place = {entered: number for number, entered in enumerate(passed)}
    layers: dict[int, list[str]] = {}
    named = dict(module.named_modules(remove_duplicate=False))
    for owner, _, path, _ in _parameters(module):
        prefix = path.rpartition(".")[0]
        while owner not in place and prefix:
            prefix = prefix.rpartition(".")[0]
            owner = named[prefix]
        layers.setdefault(place.get(owner, 0), []).append(path)
    return [layers[number] for number in sorted(layers, reverse=True)]
