"""What every encoder has."""

import hashlib
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.contracts import FieldSpec
from core.models.preparation import to_tensor

EMBEDDING_SCALE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One field's inputs as continuous numbers."""

    values: Tensor
    """Floats [batch, ...]: image [C, S, S] from 0 to 1; number [1]; category one-hot [K]; text [tokens, width]."""
    present: Tensor
    """Which rows hold a value, bool [batch]; for a text which places hold a token, bool [batch, tokens]."""

    @property
    def rows(self) -> Tensor:
        """Return which rows hold a value, bool [batch]."""
        return self.present if self.present.ndim == 1 else self.present.any(dim=1)


class Encoder(nn.Module):
    """Turns a batch of one field's inputs into vectors [batch, dim], in two steps.

    `enter` makes the entry: continuous values on which gradients and attributions live. `forward` makes the vectors.
    Scaling happens inside `forward`, so that entries stay in units that people know.
    """

    dim: int
    """Length of the vectors."""
    frozen: bool = False
    """Whether no weight of it ever trains."""

    def __init__(self, field: FieldSpec) -> None:
        super().__init__()
        self.field = field
        self._key: str | None = None
        self.register_load_state_dict_post_hook(_forget_key)  # type: ignore[no-untyped-call]

    def enter(self, prepared: Tensor) -> Entry:
        """Return the entry of prepared inputs [batch, ...]."""
        raise NotImplementedError

    def forward(self, values: Tensor, present: Tensor | None = None) -> Tensor:
        """Return [batch, dim] of an entry's values; `present` as in `Entry`, all true when left out."""
        raise NotImplementedError

    def fit(self, prepared: Tensor) -> None:
        """Take what must be known of the training cases before training (scales, a vocabulary); most take nothing."""

    def neutral(self, values: Tensor) -> Tensor:
        """Return the 'absent' entry for values [batch, ...], of the same shape; zeros unless the kind knows better."""
        return torch.zeros_like(values)

    def spread(self) -> float:
        """Return how much an element of the entry varies over cases, so that gradients of fields can be compared."""
        return 1.0

    def speed_up(self, probe: Tensor) -> None:
        """Prepare a copy that only serves: same answers, faster. `probe` is an entry's values; most do nothing."""

    def last_block(self) -> list[nn.Parameter]:
        """Return the weights of its end, which can train while the rest stays; all of them unless it has blocks."""
        return list(self.parameters())

    def forget_key(self) -> None:
        """Let the key be computed anew: the weights may have changed."""
        self._key = None

    @property
    def key(self) -> str:
        """Hash of architecture and weights of a frozen encoder, for caches; empty for one that trains."""
        if not self.frozen:
            return ""
        if self._key is None:
            self._key = content_key(self)
        return self._key


class ImageEncoder(Encoder):
    """An encoder of images: its entry is the pixels as floats from 0 to 1."""

    def enter(self, prepared: Tensor) -> Entry:
        """Return floats from 0 to 1 of uint8 pixels [batch, C, S, S]; floats pass as they are."""
        values = to_tensor(prepared) if prepared.dtype == torch.uint8 else prepared
        return Entry(values, (prepared != 0).flatten(1).any(dim=1))


def _forget_key(module: Encoder, incompatible_keys: object) -> None:
    """Let the key be computed anew after weights were loaded."""
    module.forget_key()


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
    threads that build networks at once get the weights that their seeds say. Tables of token vectors are drawn from a
    normal distribution with standard deviation 0.1.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Embedding):
            with torch.no_grad():
                layer.weight.normal_(0.0, EMBEDDING_SCALE, generator=generator)
        if isinstance(layer, nn.Linear | nn.Conv2d):
            bound = 1.0 / math.sqrt(max(1, layer.weight[0].numel()))
            with torch.no_grad():
                for tensor in (layer.weight, layer.bias):
                    if tensor is not None:
                        tensor.uniform_(-bound, bound, generator=generator)
