"""What every encoder has."""

import hashlib
import math

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    """Turns a batch of one field's inputs into vectors [batch, dim].

    Inputs are floats from 0 to 1; scaling and the repeat from grey to three channels happen inside `forward`, so
    that masks, baselines and attributions all live in the space of the inputs.
    """

    dim: int
    """Length of the vectors."""
    frozen: bool = False
    """Whether no weight of it ever trains."""

    def __init__(self) -> None:
        super().__init__()
        self._key: str | None = None
        self.register_load_state_dict_post_hook(_forget_key)  # type: ignore[no-untyped-call]

    def forward(self, values: Tensor) -> Tensor:
        """Return [batch, dim]."""
        raise NotImplementedError

    def speed_up(self, probe: Tensor) -> None:
        """Prepare a copy that only serves: same answers, faster. `probe` is a batch of inputs; most do nothing."""

    @property
    def key(self) -> str:
        """Hash of architecture and weights of a frozen encoder, for caches; empty for one that trains."""
        if not self.frozen:
            return ""
        if self._key is None:
            self._key = content_key(self)
        return self._key


def _forget_key(module: Encoder, incompatible_keys: object) -> None:
    """Let the key be computed anew after weights were loaded."""
    module._key = None


def content_key(module: nn.Module) -> str:
    """Return the sha256 of a module's architecture (its printed form) and of all its weights."""
    digest = hashlib.sha256(repr(module).encode())
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all linear and convolution layers anew from `generator`.

    Uniform within 1 / sqrt(fan-in), as torch does by default, but without the global random state, so that two
    threads that build networks at once get the weights that their seeds say.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            bound = 1.0 / math.sqrt(max(1, layer.weight[0].numel()))
            with torch.no_grad():
                for tensor in (layer.weight, layer.bias):
                    if tensor is not None:
                        tensor.uniform_(-bound, bound, generator=generator)
