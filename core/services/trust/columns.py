"""What is known of ledger cases, as columns: fields, attributes, lengths of texts, brightness, how they look."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from core.contracts import Case, FieldSpec
from core.fairness.columns import Column, column_of_words
from core.fairness.typical import typical
from core.models.batching import cases_per_pass, passes
from core.models.embedding import condense
from core.models.registry import LoadedModel
from core.services.casebook import Casebook
from core.services.embeddings import stored_embeddings
from core.services.population import category_words
from core.services.runtime import Cache, Runtime
from core.services.trust.answers import Judged

MOST_CLUSTERS = 8
MOST_PICTURES = 1500
"""Pictures whose brightness is measured; decoding more takes longer than a page may."""
KEPT = 20_000
LABEL = "reference label"
"""Name of the column that nobody knows before the answer."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Gathers what subgroups are made of."""

    runtime: Runtime
    casebook: Casebook
    brightness: Cache[str, float] = field(default_factory=lambda: Cache(KEPT))

    def of(self, judged: Judged, model: LoadedModel, minimum: int) -> list[Column]:
        """Return the columns of the judged cases: reference label, attributes, fields, clusters of the embedding."""
        labels = tuple(judged.label(int(place)) for place in judged.truth)
        attributes = [
            column_of_words(item.name, [case.attributes.get(item.name) for case in judged.cases])
            for item in model.spec.attributes
        ]
        fields = [column for item in model.spec.fields for column in self._of_field(judged.cases, item)]
        known = [*attributes, *fields]
        return [Column(LABEL, categories=labels), *known, *self._clusters(judged.cases, model, known, minimum)]

    def _of_field(self, cases: Sequence[Case], item: FieldSpec) -> list[Column]:
        name = item.title or item.name
        values = [self.casebook.value(case, item.name) for case in cases]
        if item.kind == "numeric":
            numbers = [math.nan if value.number is None else value.number for value in values]
            return [Column(name, np.asarray(numbers, dtype=np.float64), unit=item.unit)]
        if item.kind == "categorical":
            words = [None if value.text is None else category_words(item, value.text) for value in values]
            return [Column(name, categories=tuple(words))]
        if item.kind == "text":
            lengths = [math.nan if value.text is None else float(len(value.text.split())) for value in values]
            return [Column(f"length of {name}", np.asarray(lengths), unit="words")]
        if len(cases) > MOST_PICTURES:
            return []
        pairs = zip(cases, values, strict=True)
        bright = [math.nan if value.blob is None else self._bright(case, item) for case, value in pairs]
        return [Column(f"mean brightness of {name}", np.asarray(bright), unit="%")]

    def _bright(self, case: Case, item: FieldSpec) -> float:
        """Return the mean of a picture's pixels, 0 to 100."""
        blob = self.casebook.blob(case, item.name)
        return self.brightness.get(blob, lambda: _mean(self.casebook.pixels(case, item.name).pixels))

    def _clusters(
        self, cases: Sequence[Case], model: LoadedModel, known: Sequence[Column], minimum: int
    ) -> list[Column]:
        """Return which cases look alike to the model: coarse and fine clusters of its embedding, each in words."""
        most = min(MOST_CLUSTERS, len(cases) // max(1, 2 * minimum))
        counts = sorted({count for count in (most // 2, most) if count > 1})
        if not counts:
            return []
        vectors, names = self._embedded(cases, model), [case.name for case in cases]
        return [cluster_column(cluster(vectors, count), names, known, minimum) for count in counts]

    def _embedded(self, cases: Sequence[Case], model: LoadedModel) -> NDArray[np.float64]:
        examples = self.casebook.examples(cases, model.spec, {})
        condensed = condense(model.network, examples, model.device, None, stored_embeddings(self.runtime))
        size = cases_per_pass(condensed.inputs, model.device)
        rows = torch.arange(len(condensed))
        with torch.no_grad():
            parts = [model.network.embed(condensed.batch(rows[p], model.device)).cpu() for p in passes(len(rows), size)]
        return np.asarray(torch.cat(parts).double().numpy())


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Which cluster each vector is in, and the vector nearest to each centre."""

    places: NDArray[np.int64]
    typical: dict[int, int]


def cluster(vectors: NDArray[np.float64], count: int) -> Clusters:
    """Return `count` clusters of vectors [n, dim] by k-means on standardised dimensions; the same every time."""
    from sklearn.cluster import KMeans  # loads slowly

    spread = vectors.std(axis=0)
    scaled = (vectors - vectors.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    fitted = KMeans(count, n_init=4, random_state=0).fit(scaled)
    distances = fitted.transform(scaled)
    places = np.asarray(fitted.labels_, dtype=np.int64)
    return Clusters(places, {int(place): int(distances[:, place].argmin()) for place in np.unique(places)})


def cluster_column(found: Clusters, names: Sequence[str], known: Sequence[Column], minimum: int) -> Column:
    """Return clusters as categories: number, most typical case, and what is over-represented in it."""
    words = {}
    for number, (place, index) in enumerate(found.typical.items(), start=1):
        more = typical(found.places == place, known, minimum)
        about = f"like case {names[index]}" + (f"; {more}" if more else "")
        words[place] = f"cluster {number} of {len(found.typical)} ({about})"
    return Column("", categories=tuple(words[int(place)] for place in found.places))


def _mean(pixels: NDArray[np.uint8]) -> float:
    return float(pixels.mean()) / 2.55
