"""Cases laid open: the pixels of all image fields as one row a case, everything else as it is."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import WorkspaceSpec
from core.models.encoders.base import Entry
from core.models.network import Inputs, TandemNetwork
from core.models.own.network import OwnNetwork


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Cases whose pixels may change while all other fields stay."""

    network: TandemNetwork
    names: tuple[str, ...]
    """The image fields."""
    entries: Mapping[str, Entry]
    fixed: Mapping[str, Tensor]
    """Vectors [n, dim] of the other fields, computed once; empty where all fields are read together."""

    @property
    def pixels(self) -> Tensor:
        """All pixels [n, values], 0 to 1, field after field."""
        return self.rolled({name: self.entries[name].values for name in self.names})

    @property
    def movable(self) -> Tensor:
        """Which pixels [n, values] belong to a picture that is there; a missing one can't be changed."""
        parts = []
        for name in self.names:
            entry = self.entries[name]
            there = entry.rows | self.network.spec.field(name).required
            parts.append(there[:, None].expand(len(there), entry.values[0].numel()))
        return torch.cat(parts, dim=1)

    def rolled(self, pictures: Mapping[str, Tensor]) -> Tensor:
        """Return pictures [n, C, S, S] by field as rows [n, values]."""
        return torch.cat([pictures[name].flatten(1) for name in self.names], dim=1)

    def unrolled(self, pixels: Tensor) -> dict[str, Tensor]:
        """Return rows [n, values] as pictures [n, C, S, S] by field."""
        shapes = {name: self.entries[name].values.shape[1:] for name in self.names}
        parts = torch.split(pixels, [shape.numel() for shape in shapes.values()], dim=1)
        return {name: part.view(-1, *shapes[name]) for name, part in zip(self.names, parts, strict=True)}

    def logits(self, pixels: Tensor, rows: Tensor, target: str) -> Tensor:
        """Return the logits [k, classes] of cases `rows` [k] with other `pixels` [k, values]."""
        new = {name: Entry(v, self.entries[name].present[rows]) for name, v in self.unrolled(pixels).items()}
        if isinstance(self.network, OwnNetwork):
            others = {n: Entry(e.values[rows], e.present[rows]) for n, e in self.entries.items() if n not in new}
            return self.network.answer_entries({**others, **new})[target]
        moved = {name: self.network.encode_entry(name, entry) for name, entry in new.items()}
        vectors = {**{name: vector[rows] for name, vector in self.fixed.items()}, **moved}
        return self.network.logits(self.network.fusion({n: vectors[n] for n in self.network.fields}), target)


def image_fields(spec: WorkspaceSpec) -> tuple[str, ...]:
    """Return the names of the image fields."""
    return tuple(field.name for field in spec.fields if field.kind == "image")


def open_pictures(network: TandemNetwork, inputs: Inputs, names: tuple[str, ...] | None = None) -> Pictures:
    """Lay prepared inputs open; `inputs` of fields without changing pixels may be vectors of frozen encoders.

    Parameters
    ----------
    network
        On the device where the work is done.
    inputs
        Field -> prepared inputs [n, ...]; images as uint8, or as floats from 0 to 1.
    names
        The image fields whose pixels may change; all when left out.
    """
    images = image_fields(network.spec) if names is None else names
    placed = {name: tensor.to(network.device) for name, tensor in inputs.items()}
    with torch.no_grad():
        if isinstance(network, OwnNetwork):
            return Pictures(network, images, network.enter(placed), {})
        entries = {name: network.encoder(name).enter(placed[name]) for name in images}
        others = {name: placed[name] for name in network.fields if name not in images}
        fixed = {
            name: value if network.holds_vectors(name, value) else network.vectors(name, others)
            for name, value in others.items()
        }
    return Pictures(network, images, entries, fixed)
