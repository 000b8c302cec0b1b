"""Where the values of a table field lie among the cases that train the model."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.contracts import Case, FieldSpec, PopulationView, Workspace, WorkspaceSpec
from core.services.runtime import Cache
from core.storage import cases, values

MOST_BINS = 24
TAILS = (1.0, 99.0)
"""Percentiles that the histogram spans; what lies beyond is counted in its first and last bin."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The known numbers of a field, in order, with their histogram."""

    ordered: NDArray[np.float64]
    missing: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def view(self, value: float | None) -> PopulationView:
        """Return the population as seen from `value`."""
        return PopulationView(
            n=len(self.ordered),
            missing=self.missing,
            edges=self.edges,
            counts=self.counts,
            below=_share_below(self.ordered, value),
        )


State = tuple[int, str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Populations:
    """Knows the population of each table field; kept until inputs come or go."""

    numbers: Cache[State, Numbers] = field(default_factory=lambda: Cache(256))
    categories: Cache[State, PopulationView] = field(default_factory=lambda: Cache(256))

    def of_case(
        self, tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case
    ) -> dict[str, PopulationView]:
        """Return field -> its population as seen from this case, for every numeric and categorical field."""
        tables = [item for item in spec.fields if item.kind in ("numeric", "categorical")]
        if not tables:
            return {}
        inputs = cases.state_of_inputs(tx, workspace.id)
        own = {value.field: value.number for value in case.fields}
        return {item.name: self._view(tx, workspace, item, inputs, own.get(item.name)) for item in tables}

    def _view(
        self, tx: Connection, workspace: Workspace, spec: FieldSpec, inputs: tuple[int, int], number: float | None
    ) -> PopulationView:
        state = (workspace.revision_id, spec.name, inputs)
        if spec.kind == "numeric":
            found = self.numbers.get(state, lambda: summarise(values.numbers(tx, workspace.id, spec.name)))
            return found.view(number)
        return self.categories.get(state, lambda: share(values.categories(tx, workspace.id, spec.name), spec))


def summarise(found: tuple[float | None, ...]) -> Numbers:
    """Return the known numbers in order with their histogram: at most 24 bins, fewer where values repeat.

    Example
    -------
    >>> summarise((1.0, 2.0, 2.0, None)).counts
    (1, 2)
    """
    ordered = np.sort(np.array([value for value in found if value is not None], dtype=np.float64))
    missing = len(found) - len(ordered)
    if not len(ordered):
        return Numbers(ordered, missing, (), ())
    low, high = np.percentile(ordered, TAILS, method="nearest")
    clipped = np.clip(ordered, low, high)
    counts, edges = np.histogram(clipped, bins=_edges(clipped))
    return Numbers(ordered, missing, tuple(edges.tolist()), tuple(counts.tolist()))


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of the bins; whole numbers get bins that hold equally many of them."""
    low, high = values[0], values[-1]
    if (values == np.round(values)).all():
        width = np.ceil((high - low + 1) / MOST_BINS)
        return np.arange(low - 0.5, high + width, width)
    if low == high:
        return np.array([low - 0.5, high + 0.5])
    return np.linspace(low, high, min(MOST_BINS, len(np.unique(values))) + 1)


def share(found: dict[str | None, int], spec: FieldSpec) -> PopulationView:
    """Return how many cases have each category, most frequent first; declared ones that nobody has count 0."""
    counted = {category: found.get(category, 0) for category in spec.categories}
    counted |= {category: count for category, count in found.items() if category is not None}
    ordered = sorted(counted.items(), key=lambda item: -item[1])
    return PopulationView(
        n=sum(counted.values()),
        missing=found.get(None, 0),
        counts=tuple(count for _, count in ordered),
        categories=tuple(category_words(spec, category) for category, _ in ordered),
    )


def category_words(spec: FieldSpec, category: str) -> str:
    """Return the words for a category, or the stored value when it has none."""
    return spec.display.get(category, category)


def _share_below(ordered: NDArray[np.float64], value: float | None) -> float | None:
    """Return the share of `ordered` below `value`, ties counted half; None where there is nothing to compare."""
    if value is None or not len(ordered):
        return None
    before, through = np.searchsorted(ordered, value, "left"), np.searchsorted(ordered, value, "right")
    return float(before + through) / (2 * len(ordered))
