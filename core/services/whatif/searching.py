"""A model's answers to many changed versions of one case, without a request each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Case, FieldSpec
from core.models.batching import cases_per_pass, passes
from core.models.calibration import calibrated
from core.models.network import TandemNetwork
from core.models.preparers import prepare
from core.models.registry import LoadedModel
from core.services.casebook import Casebook

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Changing:
    """One case of which one part at a time is changed; answers are calibrated probabilities [n, classes]."""

    model: LoadedModel
    network: TandemNetwork
    """The version's network as it serves."""
    casebook: Casebook
    case: Case
    target: str

    @cached_property
    def prepared(self) -> dict[str, Tensor]:
        """The case's prepared inputs [1, ...]."""
        known = self.casebook.inputs(self.case, self.model.spec)
        return {name: torch.from_numpy(array)[None].to(self.model.device) for name, array in known.items()}

    @cached_property
    def _condensed(self) -> dict[str, Tensor]:
        """The same, frozen fields as their vectors; where a vector depends on other fields too, nothing is kept."""
        network = self.network
        apart = all(network.read_with(name) == (name,) for name in network.frozen_fields)
        return network.condense(self.prepared) if apart else self.prepared

    def of_rows(self, fields: Sequence[FieldSpec], rows: Array) -> Array:
        """Answer other values of table fields [n, fields]: numbers, category numbers, NaN where missing."""
        return self._answer({item.name: _column(rows[:, n], item) for n, item in enumerate(fields)}, len(rows))

    def of_texts(self, field: FieldSpec, texts: Sequence[str]) -> Array:
        """Answer the case with other texts in one field; one without a word is missing."""
        rows = torch.stack([torch.from_numpy(prepare(text if text.strip() else None, field)) for text in texts])
        return self._answer({field.name: rows}, len(texts))

    def of_pictures(self, field: FieldSpec, pictures: Tensor) -> Array:
        """Answer the case with other pictures [n, C, S, S], 0 to 1, in one field."""
        return self._answer({field.name: (pictures * 255.0).round().clamp(0, 255).to(torch.uint8)}, len(pictures))

    def _answer(self, changed: dict[str, Tensor], n: int) -> Array:
        inputs, size = self._condensed, cases_per_pass(changed, self.model.device)
        item = self.model.manifest.target(self.target)
        answers = []
        for part in passes(n, size):
            new = {name: value[part].to(self.model.device) for name, value in changed.items()}
            count = part.stop - part.start
            batch = {name: value.expand(count, *value.shape[1:]).contiguous() for name, value in inputs.items()} | new
            with torch.no_grad():
                logits = self.network(batch)[self.target]
            answers.append(calibrated(item, logits.double().cpu().numpy()))
        result: Array = np.concatenate(answers)
        return result


def _column(values: Array, field: FieldSpec) -> Tensor:
    """Return prepared inputs [n, 1] of one table field."""
    if field.kind == "numeric":
        return torch.from_numpy(values.astype(np.float32))[:, None]
    return torch.from_numpy(np.where(np.isnan(values), -1, values).astype(np.int64))[:, None]
