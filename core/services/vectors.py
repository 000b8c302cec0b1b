"""Where cases lie in a version's own space: the fused vectors that its heads read."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Case, Split, Workspace
from core.models.batching import cases_per_pass, passes
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.registry import LoadedModel
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.embeddings import stored_embeddings
from core.services.evidence.flights import Flights
from core.services.runtime import Cache, Runtime
from core.storage import cases
from explain.neighbours import Space

Array = NDArray[np.float64]
SEARCHED: tuple[Split, ...] = ("train", "validation", "calibration", "ledger", "pool")
AT_ONCE = 512
"""Cases whose inputs are in memory at the same time."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Cases and their vectors; row i of `vectors` [n, d] is `known[i]`."""

    known: tuple[Case, ...]
    vectors: Array
    space: Space
    numbers: dict[int, int]
    """Case id -> row."""

    def rows(self, some: Sequence[Case]) -> Array:
        """Return the vectors of some of the cases, [m, d]; those that were erased meanwhile are left out."""
        result: Array = self.vectors[[self.numbers[case.id] for case in some if case.id in self.numbers]]
        return result


@dataclass(frozen=True, slots=True)
class Vectors:
    """Knows the vectors of all cases of a version; kept until inputs come or go."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    flights: Flights
    placed: Cache[tuple[str, int, tuple[int, int]], Placed] = field(default_factory=lambda: Cache(2))

    def of_workspace(self, workspace: Workspace, model: LoadedModel) -> Placed:
        """Return all cases that hold inputs, with their vectors by `model`."""
        with self.runtime.database.read() as tx:
            state = cases.state_of_inputs(tx, workspace.id)
        key = (model.key, workspace.id, state)
        work = ("vectors", *key)
        return self.placed.get(key, lambda: self.flights.answer(work, lambda _: self._place(workspace, model)))

    def of_case(self, model: LoadedModel, case: Case, casebook: Casebook | None = None) -> Array:
        """Return the vector [d] of one case; `casebook` is the one of a case that is stored nowhere."""
        vector: Array = self._embedded(model, (casebook or self.casebook).examples([case], model.spec, {}))[0]
        return vector

    def _place(self, workspace: Workspace, model: LoadedModel) -> Placed:
        with self.runtime.database.read() as tx:
            known = [case for split in SEARCHED for case in self.catalogue.cases(tx, workspace, split)]
        parts = [known[first : first + AT_ONCE] for first in range(0, len(known), AT_ONCE)]
        vectors = np.concatenate([self._embedded(model, self.casebook.examples(p, model.spec, {})) for p in parts])
        return Placed(tuple(known), vectors, Space(vectors), {case.id: row for row, case in enumerate(known)})

    def _embedded(self, model: LoadedModel, examples: Examples) -> Array:
        condensed = condense(model.network, examples, model.device, caches=stored_embeddings(self.runtime))
        rows = torch.arange(len(examples))
        size = cases_per_pass(condensed.inputs, model.device)
        with torch.no_grad():
            parts: list[Tensor] = [
                model.network.embed(condensed.batch(rows[part], model.device)) for part in passes(len(rows), size)
            ]
        result: Array = torch.cat(parts).double().cpu().numpy()
        return result
