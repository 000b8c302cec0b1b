"""A model of one's own as a network of Tandem: a frozen body that reads all fields, and a head for each target.

With a named head the body's vectors are what that head is given, and retraining changes the head. Without one the
vectors are the logits of all targets, and nothing trains.
"""

import copy
import hashlib
from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn

from core.contracts import WorkspaceSpec
from core.errors import BadInput
from core.models.encoders.base import Entry, content_key
from core.models.fusion import Standardiser
from core.models.network import Inputs, TandemNetwork
from core.models.own.answers import as_logits
from core.models.own.code import build_module
from core.models.own.entries import OwnField, own_field, probe_of
from core.models.own.heads import OwnFusion, Slice, Tap, heard_in, linear_head, part_of
from core.models.preparers import preparation_key

TOLERANCE = 1e-3
"""Largest difference, relative to the largest number, at which code counts as unchanged: processors differ a little."""


class OwnNetwork(TandemNetwork):
    """A module of one's own, its head apart.

    All fields are read together; where vectors are kept by field, the first field (`carrier`) stands for all.

    Parameters
    ----------
    spec
        The workspace, with a `model` section.
    module
        The module with its weights; built from the workspace, for weights to be loaded, when left out.

    Raises
    ------
    BadInput
        When the code can't be found or built, or the head is not what the workspace says.
    """

    memory_format = torch.contiguous_format
    anchor: Tensor
    """The body's vector [dim] of a made-up case when the version was made."""

    def __init__(self, spec: WorkspaceSpec, module: nn.Module | None = None) -> None:
        nn.Module.__init__(self)
        if spec.model is None:
            raise BadInput(f"Workspace {spec.name!r} has no section [model].")
        self.spec = spec
        self.fields = tuple(field.name for field in spec.fields)
        self.targets = tuple(target.name for target in spec.targets)
        self.alignment, self.log_variances = None, None
        self.body = copy.deepcopy(module) if module is not None else build_module(spec.model)
        self.encoders = nn.ModuleDict({f"field_{field.name}": own_field(field) for field in spec.fields})
        self.heads = nn.ModuleDict()
        self.dim = self._divide(spec.model.head)
        self.fusion = OwnFusion(self.fields[0], self.dim)  # type: ignore[assignment]
        self.encoder(self.fields[0]).dim = self.dim
        self.body.requires_grad_(False)
        self.register_buffer("anchor", torch.full((self.dim,), torch.nan))
        self._body_key: str | None = None
        self.register_load_state_dict_post_hook(_verify)  # type: ignore[no-untyped-call]
        self.train(False)

    @property
    def has_head(self) -> bool:
        """Whether there is something that retraining can change."""
        return bool(self.head_name)

    @property
    def head_name(self) -> str:
        """Name of the layer that retraining changes; empty when there is none."""
        return (self.spec.model.head or "") if self.spec.model is not None else ""

    @property
    def called(self) -> str:
        """The code that builds the module."""
        return self.spec.model.callable if self.spec.model is not None else ""

    def _divide(self, head: str | None) -> int:
        """Take the head out of the body; return the length of the vectors."""
        sizes = [len(target.classes) for target in self.spec.targets]
        starts = [sum(sizes[:place]) for place in range(len(sizes))]
        if head is None:
            for target, first, count in zip(self.targets, starts, sizes, strict=True):
                self.heads[f"target_{target}"] = Slice(first, count)
            return sum(sizes)
        linear = linear_head(self.body, head, sum(sizes))
        for target, first, count in zip(self.targets, starts, sizes, strict=True):
            self.heads[f"target_{target}"] = part_of(linear, first, count)
        self.body.set_submodule(head, Tap(linear.out_features))
        return linear.in_features

    def train(self, mode: bool = True) -> Self:
        """Set the mode of the heads; the body stays in evaluation mode."""
        super().train(mode)
        self.body.train(False)
        return self

    @property
    def frozen_fields(self) -> tuple[str, ...]:
        """The first field: it carries the vectors of all."""
        return self.fields[:1]

    @property
    def frozen(self) -> bool:
        """The body never trains."""
        return True

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.anchor.device

    def encoder_key(self, field: str) -> str:
        """Hash of the body and of how all fields are prepared: equal key and equal inputs mean an equal vector."""
        if self._body_key is None:
            self._body_key = content_key(self.body)
        parts = [preparation_key(item) for item in self.spec.fields]
        return hashlib.sha256(repr((parts, self._body_key)).encode()).hexdigest()

    def read_with(self, field: str) -> tuple[str, ...]:
        """Return the fields that the vectors of `field` depend on: all of them."""
        return self.fields

    def vectors(self, field: str, inputs: Inputs) -> Tensor:
        """Return the body's vectors [batch, dim] of prepared inputs by field."""
        return self.read(self.enter(inputs))

    def to_module(self, entries: Mapping[str, Entry]) -> dict[str, Tensor]:
        """Return what the module is given for entries, by field, in its order."""
        return {name: self._way_in(name).to_module(entries[name]) for name in self.fields}

    def read(self, entries: Mapping[str, Entry]) -> Tensor:
        """Return the body's vectors [batch, dim] of entries by field, always in single precision.

        Raises
        ------
        BadInput
            When the body does not answer logits, or does not reach its head just once.
        """
        given = list(self.to_module(entries).values())
        with torch.autocast(self.device.type, enabled=False):
            if not self.has_head:
                return torch.cat(list(as_logits(self.body(*given), self.spec).values()), dim=1)
            return heard_in(self.body, given, self.dim).float()

    def encode(self, inputs: Inputs) -> dict[str, Tensor]:
        """Return the body's vectors [batch, dim] under the field that carries them."""
        carrier = self.fields[0]
        known = self.holds_vectors(carrier, inputs[carrier])
        return {carrier: inputs[carrier] if known else self.vectors(carrier, inputs)}

    def condense(self, inputs: Inputs) -> dict[str, Tensor]:
        """Return inputs in which the first field is replaced by the vectors of all, without a graph."""
        with torch.no_grad():
            return {**inputs, **self.encode(inputs)}

    def answer_entries(self, entries: Mapping[str, Entry]) -> dict[str, Tensor]:
        """Return each target's logits [batch, classes] of entries by field name."""
        return self.decide(self.fusion({self.fields[0]: self.read(entries)}))

    def fit_inputs(self, inputs: Inputs) -> None:
        """Take the training cases' means, which explanations start from."""
        for name in self.fields:
            self.encoder(name).fit(inputs[name].to(self.device))

    def fit_standardiser(self, condensed: Inputs) -> None:
        """Standardise the vectors over the training cases and change the heads so that every answer stays.

        Heads then learn in units that suit them, from where they were. Without a bias only the spread is standardised.
        """
        standardiser, heads = self._standardiser(), self._linear_heads()
        if not heads:
            return
        mean, scale = standardiser.mean.clone(), standardiser.scale.clone()
        standardiser.fit(condensed[self.fields[0]].to(self.device))
        if any(head.bias is None for head in heads):
            standardiser.mean.copy_(mean)
        shift, stretch = (standardiser.mean - mean) / scale, standardiser.scale / scale
        with torch.no_grad():
            for head in heads:
                if head.bias is not None:
                    head.bias.add_(head.weight @ shift)
                head.weight.mul_(stretch)

    def module_state(self) -> dict[str, Tensor]:
        """Return the tensors of the module as it was given, its head as it is now: what `model.weights` may hold."""
        state = {name: tensor.detach().cpu().clone() for name, tensor in self.body.state_dict().items()}
        standardiser, heads = self._standardiser(), self._linear_heads()
        if heads:
            weights = [head.weight.detach() / standardiser.scale for head in heads]
            state[f"{self.head_name}.weight"] = torch.cat(weights).cpu()
            shifts = [weight @ standardiser.mean for weight in weights]
            biases = [head.bias.detach() - s for head, s in zip(heads, shifts, strict=True) if head.bias is not None]
            state |= {f"{self.head_name}.bias": torch.cat(biases).cpu()} if biases else {}
        return state

    def _linear_heads(self) -> list[nn.Linear]:
        return [head for head in self.heads.children() if isinstance(head, nn.Linear)]

    def _standardiser(self) -> Standardiser:
        found = self.fusion.standardiser
        if not isinstance(found, Standardiser):
            raise TypeError(f"the vectors of one's own model are standardised by {type(found).__name__}")
        return found

    def trainable_state(self) -> dict[str, Tensor]:
        """Return everything that training may change, by name: all but the body. Live tensors."""
        return {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("body.")}

    def remember(self) -> None:
        """Keep the body's vector of a made-up case, by which changed code is noticed; none where it can't read it."""
        try:
            self.anchor.copy_(self._probe())
        except (RuntimeError, IndexError, ValueError, BadInput):
            self.anchor.fill_(torch.nan)

    def _probe(self) -> Tensor:
        with torch.no_grad():
            inputs = {field.name: probe_of(field).to(self.device) for field in self.spec.fields}
            return self.read(self.enter(inputs))[0]

    def _way_in(self, field: str) -> OwnField:
        found = self.encoder(field)
        if not isinstance(found, OwnField):
            raise TypeError(f"the way in of {field!r} is {type(found).__name__}, not an OwnField")
        return found


def _verify(network: OwnNetwork, incompatible_keys: object) -> None:
    """Refuse code that answers otherwise than when the version was made, after stored weights were loaded.

    Raises
    ------
    BadInput
        Names the code and by how much it differs.
    """
    network._body_key = None
    known = network.anchor
    if not bool(torch.isfinite(known).all()):
        return
    try:
        gap = float((network._probe() - known).abs().max())
    except (RuntimeError, BadInput) as error:
        raise BadInput(_CHANGED.format(called=network.called, how=f"it fails: {error}")) from error
    if not gap <= TOLERANCE * max(1.0, float(known.abs().max())):
        raise BadInput(_CHANGED.format(called=network.called, how=f"a known vector differs by {gap:.3g}"))


_CHANGED = (
    "The code of {called} has changed since this version was made ({how}), so its answers would not be the version's. "
    "Bring the code back, or import the changed model as a new workspace."
)
