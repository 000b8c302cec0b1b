"""Models behind one frozen encoder, explained on the same case: each altered input is read once for all of them."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Self

import torch
from torch import Tensor

from core.models.encoders.base import Entry
from core.models.network import LogitModule, TandemNetwork
from core.models.registry import LoadedModel


class Vectors:
    """Vectors of frozen encoders by what was read; a copy of a module that holds it holds the same one."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Tensor] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself: explainers copy the module, not what it remembers."""
        return self

    def of(self, field: str, values: Tensor, read: Callable[[], Tensor]) -> Tensor:
        """Return the vectors of `values`, read at the first time."""
        content = values.detach().cpu().contiguous().numpy()
        key = hashlib.blake2b(field.encode() + str(content.shape).encode() + content.tobytes()).digest()
        if key not in self.kept:
            self.kept[key] = read()
        return self.kept[key]


class RememberingModule(LogitModule):
    """One target of a network as `LogitModule` gives it, with the vectors of frozen fields out of a memory.

    Only for explainers that ask for answers alone: no gradient passes what is remembered.
    """

    def __init__(self, network: TandemNetwork, target: str, present: Sequence[Tensor], vectors: Vectors) -> None:
        super().__init__(network, target, present)
        self.vectors = vectors

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the target's logits [batch, classes]."""
        found = {}
        for place, (name, values) in enumerate(zip(self.network.fields, inputs, strict=True)):
            entry = Entry(values, self._present(place, values))
            frozen = name in self.network.frozen_fields
            found[name] = self._remembered(name, entry) if frozen else self.network.encode_entry(name, entry)
        return self.network.logits(self.network.fusion(found), self.target)

    def _remembered(self, name: str, entry: Entry) -> Tensor:
        with torch.no_grad():
            return self.vectors.of(name, entry.values, lambda: self.network.encode_entry(name, entry))


def can_share(models: Sequence[LoadedModel]) -> bool:
    """Tell whether all models look through the same frozen encoders; a model of one's own reads all fields at once."""
    keys = {model.network.embedding_key for model in models}
    return len(keys) == 1 and keys != {""} and all(type(model.network) is TandemNetwork for model in models)
