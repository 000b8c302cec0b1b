"""A model's answers to many changed versions of one case, without a request each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Case, FieldSpec
from core.models.preparers import prepare
from core.models.registry import LoadedModel
from core.services.casebook import Casebook

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Changing:
    """One case of which one part at a time is changed; answers are calibrated probabilities [n, classes]."""

    model: LoadedModel
    casebook: Casebook
    case: Case
    target: str

    @cached_property
    def inputs(self) -> dict[str, Tensor]:
        """The case's prepared inputs [1, ...], frozen fields as their vectors."""
        prepared = self.casebook.inputs(self.case, self.model.spec)
        batch = {name: torch.from_numpy(array)[None].to(self.model.device) for name, array in prepared.items()}
        return self.model.network.condense(batch)

    @property
    def table(self) -> tuple[FieldSpec, ...]:
        """The numeric and categorical fields, in the order of a row's columns."""
        return tuple(item for item in self.model.spec.fields if item.kind in ("numeric", "categorical"))

    def of_rows(self, rows: Array) -> Array:
        """Answer rows [n, table fields]: numbers, category numbers, NaN where missing."""
        changed = {item.name: _column(rows[:, n], item) for n, item in enumerate(self.table)}
        return self._answer(changed, len(rows))

    def of_texts(self, field: FieldSpec, texts: Sequence[str]) -> Array:
        """Answer the case with other texts in one field."""
        rows = torch.stack([torch.from_numpy(prepare(text if text.strip() else None, field)) for text in texts])
        return self._answer({field.name: rows}, len(texts))

    def of_pictures(self, field: FieldSpec, pictures: Tensor) -> Array:
        """Answer the case with other pictures [n, C, H, W], 0 to 1, in one field."""
        return self._answer({field.name: pictures}, len(pictures))

    def row(self) -> Array:
        """Return the case's own row [table fields]."""
        return as_rows(self.table, self.inputs)[0]

    def _answer(self, changed: dict[str, Tensor], n: int) -> Array:
        batch = {name: value.expand(n, *value.shape[1:]) for name, value in self.inputs.items()}
        batch |= {name: value.to(self.model.device) for name, value in changed.items()}
        with torch.no_grad():
            logits = self.model.network(batch)[self.target]
        heat = self.model.manifest.target(self.target).temperature
        result: Array = (logits.double() / heat).softmax(dim=1).cpu().numpy()
        return result


def _column(values: Array, field: FieldSpec) -> Tensor:
    """Return prepared inputs [n, 1] of one table field."""
    if field.kind == "numeric":
        return torch.from_numpy(values.astype(np.float32))[:, None]
    return torch.from_numpy(np.where(np.isnan(values), -1, values).astype(np.int64))[:, None]


def as_rows(table: Sequence[FieldSpec], inputs: dict[str, Tensor]) -> Array:
    """Return prepared table fields as rows float64 [n, fields], NaN where missing."""
    columns = [inputs[item.name].double().cpu().numpy()[:, 0] for item in table]
    rows: Array = np.stack(columns, axis=1)
    for n, item in enumerate(table):
        if item.kind == "categorical":
            rows[rows[:, n] < 0, n] = np.nan
    return rows
