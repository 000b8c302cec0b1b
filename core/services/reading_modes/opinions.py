"""What readers say of the same case, side by side, and whether they differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.contracts import Case, Region, Verdict, Workspace, WorkspaceSpec
from core.learning.agreement import GOOD_OVERLAP, intersection_over_union
from core.media.masks import decode_mask
from core.services.casebook import Casebook
from core.services.guard.readers import readers_wanted
from core.services.runtime import Cache, Runtime
from core.storage import adjudications, cases, readers, verdicts
from core.storage.adjudications import Adjudicated

Mask = NDArray[np.bool_]
Marked = Mapping[tuple[str, str], Mask]
"""(field, kind of mark) -> what one reader marked there."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """The verdicts of several readers on one case and target, in the order of their pseudonyms."""

    case: Case
    target: str
    verdicts: tuple[Verdict, ...]
    overlap: float | None
    """Mean intersection over union of their marks; None where fewer than two marked anything."""
    settled: Adjudicated | None = None

    @property
    def differ(self) -> bool:
        """Whether their labels differ, or their marks hardly overlap."""
        apart = self.overlap is not None and self.overlap < GOOD_OVERLAP
        return apart or len({verdict.label for verdict in self.verdicts}) > 1


@dataclass(frozen=True, slots=True)
class Gathering:
    """Gathers opinions, and holds marks against each other."""

    runtime: Runtime
    casebook: Casebook
    overlaps: Cache[tuple[int, ...], float | None] = field(default_factory=lambda: Cache(4096))

    def gather(self, tx: Connection, workspace: Workspace, spec: WorkspaceSpec) -> tuple[Opinions, ...]:
        """Return the opinions on all cases that as many people have read as they want, at least two.

        What was settled comes with the verdicts that stood at the time.
        """
        settled = adjudications.latest(tx, workspace.id)
        wanted, order = readers_wanted(tx, workspace, spec), list(readers.of_workspace(tx, workspace.id))
        chosen = {
            (case_id, target): numbers
            for (case_id, target), numbers in verdicts.shared(tx, workspace.id).items()
            if len(numbers) >= wanted.get(case_id, spec.reading.readers)
        } | {key: decision.verdict_ids for key, decision in settled.items()}
        given = {one.id: one for one in verdicts.by_ids(tx, (n for numbers in chosen.values() for n in numbers))}
        stored = cases.by_ids(tx, (case_id for case_id, _ in chosen))
        return tuple(
            self._opinions(stored[key[0]], key[1], _ordered((given[n] for n in numbers), order), settled.get(key))
            for key, numbers in chosen.items()
        )

    def _opinions(self, case: Case, target: str, given: tuple[Verdict, ...], settled: Adjudicated | None) -> Opinions:
        key = tuple(verdict.id for verdict in given)
        overlap = self.overlaps.get(key, lambda: self._overlap(case, given))
        return Opinions(case, target, given, overlap, settled)

    def _overlap(self, case: Case, given: Sequence[Verdict]) -> float | None:
        marked = [self._marked(case, verdict.regions) for verdict in given if verdict.regions]
        pairs = [overlap(first, second) for first, second in combinations(marked, 2)]
        return float(np.mean(pairs)) if pairs else None

    def _marked(self, case: Case, regions: Iterable[Region]) -> Marked:
        found: dict[tuple[str, str], Mask] = {}
        for region in regions:
            key, mask = (region.mark.field, region.mark.kind), self.mask(case, region)
            found[key] = found[key] | mask if key in found else mask
        return found

    def mask(self, case: Case, region: Region) -> Mask:
        """Return what a mark covers: pixels [H, W], code points [n], or the whole field [1]."""
        mark = region.mark
        if mark.mask is not None:
            height, width = self.casebook.size(case, mark.field)
            return decode_mask(self.runtime.blobs.get(mark.mask), width, height, f"mark on case {case.name!r}")
        covered = np.zeros(max([1, *(end for _, end in mark.spans)]), dtype=bool)
        for start, end in mark.spans or ((0, 1),):
            covered[start:end] = True
        return covered


def overlap(first: Marked, second: Marked) -> float:
    """Return the mean intersection over union of two readers' marks, over the fields and kinds that either marked."""
    return float(np.mean([_of_one(first.get(key), second.get(key)) for key in {*first, *second}]))


def _of_one(first: Mask | None, second: Mask | None) -> float:
    if first is None or second is None:
        return 0.0
    if first.ndim == 1:  # code points up to the last marked one
        length = max(len(first), len(second))
        first, second = (np.pad(mask, (0, length - len(mask))) for mask in (first, second))
    return intersection_over_union(first, second)


def _ordered(given: Iterable[Verdict], order: Sequence[str]) -> tuple[Verdict, ...]:
    places = {actor_id: place for place, actor_id in enumerate(order)}
    return tuple(sorted(given, key=lambda verdict: (places.get(verdict.actor_id, len(order)), verdict.id)))
