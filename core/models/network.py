"""The network of a workspace: an encoder per field, one fusion point, one head per target."""

import hashlib
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from core.contracts import WorkspaceSpec
from core.models.encoders import Encoder, build_encoder
from core.models.encoders.base import initialise
from core.models.preparation import preparation_key

SMALLEST_SCALE = 1e-6
"""A feature that varies less than this over the training cases is left unscaled."""


class Standardiser(nn.Module):
    """Subtracts a stored mean and divides by a stored standard deviation, feature by feature."""

    mean: Tensor
    scale: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    def fit(self, embeddings: Tensor) -> None:
        """Store mean and standard deviation of `embeddings` [cases, dim]."""
        scale = embeddings.std(dim=0, correction=0)
        self.mean.copy_(embeddings.mean(dim=0))
        self.scale.copy_(torch.where(scale > SMALLEST_SCALE, scale, torch.ones_like(scale)))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return standardised embeddings, same shape."""
        return (embeddings - self.mean) / self.scale


class TandemNetwork(nn.Module):
    """Encoders by field, concatenated, then one linear head per target.

    With frozen encoders only, the embedding is standardised (`fit_standardiser`) and each head is a logistic
    regression on it.

    Parameters
    ----------
    spec
        The workspace.
    load_weights
        Whether frozen backbones fetch their weights; False when stored weights follow.
    """

    def __init__(self, spec: WorkspaceSpec, *, load_weights: bool = True) -> None:
        super().__init__()
        self.spec = spec
        self.fields = tuple(field.name for field in spec.fields)
        self.targets = tuple(target.name for target in spec.targets)
        self.encoders = nn.ModuleDict(
            {f"field_{f.name}": build_encoder(spec.encoder_of(f), f, load_weights=load_weights) for f in spec.fields}
        )
        self.dim = sum(self.encoder(name).dim for name in self.fields)
        self.standardiser = Standardiser(self.dim) if self.frozen else nn.Identity()
        self.heads = nn.ModuleDict({f"target_{t.name}": nn.Linear(self.dim, len(t.classes)) for t in spec.targets})

    def encoder(self, field: str) -> Encoder:
        """Return the encoder of `field`."""
        encoder = self.encoders[f"field_{field}"]
        if not isinstance(encoder, Encoder):
            raise TypeError(f"encoder of {field!r} is {type(encoder).__name__}, not an Encoder")
        return encoder

    @property
    def frozen(self) -> bool:
        """Whether `embed` has nothing that trains, so that embeddings can be kept."""
        return all(self.encoder(name).frozen for name in self.fields)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.heads.parameters()).device

    @property
    def embedding_key(self) -> str:
        """Hash of encoders and preparation: equal key and equal input mean equal embedding. Frozen networks only."""
        parts = [(f.name, preparation_key(f), self.encoder(f.name).key) for f in self.spec.fields]
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def embed(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the fused vectors [batch, dim] of inputs by field name (floats from 0 to 1)."""
        return torch.cat([self.encoder(name)(inputs[name]) for name in self.fields], dim=1)

    def logits(self, embedding: Tensor, target: str) -> Tensor:
        """Return one target's logits [batch, classes] of embeddings [batch, dim]."""
        logits: Tensor = self.heads[f"target_{target}"](self.standardiser(embedding))
        return logits

    def decide(self, embedding: Tensor) -> dict[str, Tensor]:
        """Return each target's logits [batch, classes] of embeddings [batch, dim]."""
        return {target: self.logits(embedding, target) for target in self.targets}

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return each target's logits [batch, classes] of inputs by field name (floats from 0 to 1)."""
        return self.decide(self.embed(inputs))

    def fit_standardiser(self, embeddings: Tensor) -> None:
        """Store mean and spread of the training cases' embeddings; does nothing unless the network is frozen."""
        if isinstance(self.standardiser, Standardiser):
            self.standardiser.fit(embeddings.to(self.device))

    def trainable_state(self) -> dict[str, Tensor]:
        """Return everything that training may change, by name: all but the frozen encoders. Live tensors."""
        fixed = tuple(f"encoders.field_{name}." for name in self.fields if self.encoder(name).frozen)
        return {name: tensor for name, tensor in self.state_dict().items() if not name.startswith(fixed)}


def build_network(spec: WorkspaceSpec, seed: int) -> TandemNetwork:
    """Build the network of a workspace, with weights that depend on `seed` alone.

    Raises
    ------
    BadInput
        When the encoder is unknown or can't read a field.
    """
    network = TandemNetwork(spec)
    generator = torch.Generator().manual_seed(seed)
    for name in network.fields:
        if not network.encoder(name).frozen:
            initialise(network.encoder(name), generator)
    initialise(network.heads, generator)
    return network


class LogitModule(nn.Module):
    """One target of a network as explainers want it: tensors in field order in, logits [batch, classes] out."""

    def __init__(self, network: TandemNetwork, target: str, field_names: Sequence[str] | None = None) -> None:
        super().__init__()
        self.network = network
        self.target = target
        self.field_names = tuple(network.fields if field_names is None else field_names)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the target's logits [batch, classes]."""
        by_field = dict(zip(self.field_names, inputs, strict=True))
        return self.network.logits(self.network.embed(by_field), self.target)
