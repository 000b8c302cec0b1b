"""The network of a workspace: an encoder per field, one trunk where they meet, one head per target.

Inputs are prepared tensors by field. For a frozen field they may also be its vectors, computed before (see
`core.models.embedding`), so that nothing looks twice through an encoder that never changes.
"""

import hashlib
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from core.contracts import WorkspaceSpec
from core.models.alignment import Alignment
from core.models.encoders import Encoder, build_encoder
from core.models.encoders.base import Entry, initialise
from core.models.fusion import Fusion
from core.models.preparers import preparation_key

Inputs = Mapping[str, Tensor]


class TandemNetwork(nn.Module):
    """Encoders by field, fused into one vector, then one linear head per target.

    Parameters
    ----------
    spec
        The workspace.
    load_weights
        Whether frozen backbones fetch their weights; False when stored weights follow.
    """

    memory_format = torch.channels_last
    """Order of an image's numbers in memory while it serves."""

    def __init__(self, spec: WorkspaceSpec, *, load_weights: bool = True) -> None:
        super().__init__()
        self.spec = spec
        self.fields = tuple(field.name for field in spec.fields)
        self.targets = tuple(target.name for target in spec.targets)
        self.encoders = nn.ModuleDict(
            {f"field_{f.name}": build_encoder(spec.encoder_of(f), f, load_weights=load_weights) for f in spec.fields}
        )
        dims = {name: self.encoder(name).dim for name in self.fields}
        self.fusion = Fusion(spec, dims, self.frozen_fields)
        self.dim = self.fusion.dim
        self.alignment = Alignment(dims) if spec.fusion.alignment > 0 and len(dims) > 1 else None
        self.heads = nn.ModuleDict({f"target_{t.name}": nn.Linear(self.dim, len(t.classes)) for t in spec.targets})
        learnt = spec.training.weighting == "uncertainty" and len(self.targets) > 1
        self.log_variances = nn.Parameter(torch.zeros(len(self.targets))) if learnt else None

    def encoder(self, field: str) -> Encoder:
        """Return the encoder of `field`."""
        encoder = self.encoders[f"field_{field}"]
        if not isinstance(encoder, Encoder):
            raise TypeError(f"encoder of {field!r} is {type(encoder).__name__}, not an Encoder")
        return encoder

    @property
    def frozen_fields(self) -> tuple[str, ...]:
        """Fields whose encoder never trains, so that its vectors can be kept."""
        return tuple(name for name in self.fields if self.encoder(name).frozen)

    @property
    def frozen(self) -> bool:
        """Whether no encoder trains."""
        return len(self.frozen_fields) == len(self.fields)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.heads.parameters()).device

    def encoder_key(self, field: str) -> str:
        """Hash of a frozen field's encoder and preparation: equal key and equal input mean an equal vector."""
        parts = (preparation_key(self.spec.field(field)), self.encoder(field).key, self.spec.field(field).required)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def embedding_key(self) -> str:
        """Hash of all frozen encoders and their preparation; empty when every encoder trains."""
        parts = [(name, self.encoder_key(name)) for name in self.frozen_fields]
        return hashlib.sha256(repr(parts).encode()).hexdigest() if parts else ""

    def enter(self, inputs: Inputs) -> dict[str, Entry]:
        """Return the entries of prepared inputs by field: what attributions live on."""
        return {name: self.encoder(name).enter(inputs[name]) for name in self.fields}

    def encode_entry(self, field: str, entry: Entry) -> Tensor:
        """Return one field's vectors [batch, its dim]; not-a-number in rows where an optional field holds no value.

        A required field always holds one: its black image is an image.
        """
        vectors: Tensor = self.encoder(field)(entry.values, entry.present)
        if self.spec.field(field).required:
            return vectors
        return torch.where(entry.rows[:, None], vectors, torch.nan)

    def read_with(self, field: str) -> tuple[str, ...]:
        """Return the fields that the kept vectors of `field` depend on: itself."""
        return (field,)

    def vectors(self, field: str, inputs: Inputs) -> Tensor:
        """Return one field's vectors [batch, its dim] of prepared inputs by field."""
        return self.encode_entry(field, self.encoder(field).enter(inputs[field]))

    def encode(self, inputs: Inputs) -> dict[str, Tensor]:
        """Return each field's vectors [batch, its dim]; vectors of frozen fields pass as they are."""
        return {
            name: inputs[name] if self.holds_vectors(name, inputs[name]) else self.vectors(name, inputs)
            for name in self.fields
        }

    def holds_vectors(self, field: str, values: Tensor) -> bool:
        """Tell whether `values` are vectors of a frozen field, not prepared inputs."""
        encoder = self.encoder(field)
        return encoder.frozen and values.ndim == 2 and values.is_floating_point() and values.shape[1] == encoder.dim

    def condense(self, inputs: Inputs) -> dict[str, Tensor]:
        """Return inputs whose frozen fields are replaced by their vectors, without a graph."""
        with torch.no_grad():
            return {
                name: self.vectors(name, inputs)
                if name in self.frozen_fields and not self.holds_vectors(name, values)
                else values
                for name, values in inputs.items()
            }

    def embed(self, inputs: Inputs) -> Tensor:
        """Return the fused vectors [batch, dim] of inputs by field name."""
        fused: Tensor = self.fusion(self.encode(inputs))
        return fused

    def logits(self, embedding: Tensor, target: str) -> Tensor:
        """Return one target's logits [batch, classes] of fused vectors [batch, dim]."""
        logits: Tensor = self.heads[f"target_{target}"](embedding)
        return logits

    def decide(self, embedding: Tensor) -> dict[str, Tensor]:
        """Return each target's logits [batch, classes] of fused vectors [batch, dim]."""
        return {target: self.logits(embedding, target) for target in self.targets}

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        """Return each target's logits [batch, classes] of inputs by field name."""
        return self.decide(self.embed(inputs))

    def answer_entries(self, entries: Mapping[str, Entry]) -> dict[str, Tensor]:
        """Return each target's logits [batch, classes] of entries by field name."""
        vectors = {name: self.encode_entry(name, entries[name]) for name in self.fields}
        return self.decide(self.fusion(vectors))

    def fit_inputs(self, inputs: Inputs) -> None:
        """Let encoders take what they must know of the training cases: scales, bins, vocabularies."""
        for name in self.fields:
            if not self.encoder(name).frozen:
                self.encoder(name).fit(inputs[name].to(self.device))

    def fit_standardiser(self, condensed: Inputs) -> None:
        """Store mean and spread of frozen fields' vectors over the training cases."""
        self.fusion.fit({name: condensed[name].to(self.device) for name in self.frozen_fields})

    def trainable_state(self) -> dict[str, Tensor]:
        """Return everything that training may change, by name: all but the frozen encoders. Live tensors."""
        fixed = tuple(f"encoders.field_{name}." for name in self.frozen_fields)
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
    parts = (network.fusion, network.alignment, network.heads)
    for part in parts:
        if part is not None:
            initialise(part, generator)
    return network


class LogitModule(nn.Module):
    """One target of a network as explainers want it: entries' values in field order in, logits [batch, classes] out.

    Parameters
    ----------
    network
        The network.
    target
        Which target.
    present
        For each field which places hold a value, [1] or [1, tokens], as in `Entry`: kept while values are blanked, so
        that an absent part is told from a case without the field. All present when left out.
    """

    def __init__(self, network: TandemNetwork, target: str, present: Sequence[Tensor] | None = None) -> None:
        super().__init__()
        self.network = network
        self.target = target
        self.present = None if present is None else tuple(present)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the target's logits [batch, classes]."""
        entries = {
            name: Entry(values, self._present(place, values))
            for place, (name, values) in enumerate(zip(self.network.fields, inputs, strict=True))
        }
        return self.network.answer_entries(entries)[self.target]

    def _present(self, place: int, values: Tensor) -> Tensor:
        if self.present is None:
            is_text = values.ndim == 3
            return torch.ones(values.shape[: 2 if is_text else 1], dtype=torch.bool, device=values.device)
        known = self.present[place].to(values.device)
        return known.expand(len(values), *known.shape[1:])
