"""What people said since the champion was trained, and pictures of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import (
    Actor,
    Case,
    ChangedCase,
    Estimate,
    FeedbackView,
    GateReport,
    MarkWarning,
    Region,
    Thumbnail,
    Version,
    VersionView,
    WorkspaceSpec,
)
from core.media.images import thumbnail
from core.media.masks import decode_mask
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.excerpts import excerpt
from core.services.mark_checking import MarkChecking
from core.services.reading_modes.finishing import to_read_blind
from core.services.runtime import Cache, Runtime
from core.services.scoring import Scoring
from core.storage import regions, runs, verdicts, versions

THUMBNAIL_PIXELS = 96
MOST_THUMBNAILS = 24
FIRST = 4
"""Cases of each warning whose picture is sure to be among them."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Summaries for the retraining page."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    scoring: Scoring
    checking: MarkChecking
    drawn: Cache[tuple[int, tuple[int, ...]], bytes] = field(default_factory=lambda: Cache(256))

    def view(self, workspace: str, reader: Actor | None = None) -> FeedbackView:
        """Return counts and marks of the verdicts that the champion has not seen.

        What others marked on cases that `reader` may still read blind is counted, not shown.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            seen: set[int] = set()
            if found.champion is not None:
                run_id = versions.get(tx, found.id, found.champion).run_id
                seen = set(runs.get(tx, run_id).verdict_ids) if run_id is not None else set()
            fresh = [v for v in verdicts.standing(tx, found.id) if v.id not in seen]
            marked = self.catalogue.cases_by_id(tx, found, [verdict.case_id for verdict in fresh])
            fresh = [verdict for verdict in fresh if verdict.case_id in marked]
            marks = [region for verdict in fresh for region in verdict.regions]
            artefacts = regions.artefacts(tx, found.id)
            blind = to_read_blind(tx, found, spec, reader) if reader is not None else frozenset()
        checked = self.checking.check(workspace)
        warnings = _told(checked.warnings, {marked[case_id].name for case_id in blind if case_id in marked})
        shown = [mark for mark in marks if mark.case_id not in blind]
        return FeedbackView(
            verdicts=len(fresh),
            overrides=sum(verdict.stance == "override" for verdict in fresh),
            marks=len(marks),
            ledger=sum(marked[verdict.case_id].split == "ledger" for verdict in fresh),
            artefacts=artefacts,
            thumbnails=self._thumbnails(shown, marked, spec, {case for one in warnings for case in one.cases[:FIRST]}),
            strategies=checked.strategies,
            default_strategy=spec.training.strategy,
            warnings=warnings,
        )

    def changed(self, workspace: str, report: GateReport | None) -> tuple[Thumbnail, ...]:
        """Return pictures of the ledger cases that the candidate answers differently, right-to-wrong first."""
        if report is None:
            return ()
        shown = report.changed[:MOST_THUMBNAILS]
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            stored = {case.name: case for case in self.catalogue.cases(tx, found, "ledger")}
        return tuple(
            Thumbnail(
                item.case,
                self._picture(stored[item.case], (), spec),
                _changed(item, spec),
                excerpt(stored[item.case], (), spec),
            )
            for item in shown
            if item.case in stored
        )

    def versions(self, workspace: str, stored: Sequence[Version]) -> tuple[VersionView, ...]:
        """Return the versions, newest first, with the ledger figures of those that are in play."""
        return tuple(
            VersionView(
                version.name, version.status, version.created, version.parent, self._figures(workspace, version)
            )
            for version in reversed(stored)
        )

    def _figures(self, workspace: str, version: Version) -> tuple[tuple[str, Estimate], ...]:
        if version.status not in ("champion", "candidate"):
            return ()
        with self.runtime.database.read() as tx:
            _, spec = self.catalogue.workspace(tx, workspace)
        single = len(spec.targets) == 1
        return tuple(
            (name if single else f"{target.name} {name}", estimate)
            for target in spec.targets
            for name, estimate in self.scoring.figures(workspace, version.name, target.name).items()
        )

    def _thumbnails(
        self, marks: Sequence[Region], marked: dict[int, Case], spec: WorkspaceSpec, first: set[str]
    ) -> tuple[Thumbnail, ...]:
        """Return pictures of marked cases: those named in `first` before the others, then the newest."""
        by_case: dict[int, list[Region]] = {}
        for mark in marks:
            by_case.setdefault(mark.case_id, []).append(mark)
        newest = list(by_case.items())[::-1]
        ordered = sorted(newest, key=lambda item: marked[item[0]].name not in first)
        return tuple(
            Thumbnail(
                marked[case_id].name,
                self._picture(marked[case_id], found, spec),
                ", ".join(sorted({m.mark.artefact or "look here" for m in found})),
                excerpt(marked[case_id], found, spec),
            )
            for case_id, found in ordered[:MOST_THUMBNAILS]
        )

    def _picture(self, case: Case, marks: Sequence[Region], spec: WorkspaceSpec) -> bytes | None:
        """Return a small picture of the case's first image with its marks outlined; None without an image."""
        known = {value.field for value in case.fields if value.blob is not None}
        images = [item.name for item in spec.fields if item.kind == "image" and item.name in known]
        if not images:
            return None

        def draw() -> bytes:
            pixels = self.casebook.pixels(case, images[0])
            return thumbnail(pixels.pixels, THUMBNAIL_PIXELS, self._union(case, images[0], marks))

        return self.drawn.get((case.id, tuple(mark.id for mark in marks)), draw)

    def _union(self, case: Case, name: str, marks: Sequence[Region]) -> NDArray[np.bool_] | None:
        height, width = self.casebook.size(case, name)
        masks = [
            decode_mask(self.runtime.blobs.get(m.mark.mask), width, height, f"mark on case {case.name!r}")
            for m in marks
            if m.mark.field == name and m.mark.mask
        ]
        return np.logical_or.reduce(masks) if masks else None


def _told(warnings: Sequence[MarkWarning], blind: set[str]) -> tuple[MarkWarning, ...]:
    """Return the warnings without cases that are to be read blind; one that is about such cases alone is left out."""
    told = (replace(one, cases=tuple(case for case in one.cases if case not in blind)) for one in warnings)
    return tuple(one for one in told if one.cases)


def _changed(item: ChangedCase, spec: WorkspaceSpec) -> str:
    """Return how an answer changed, in the words of the classes."""
    target = spec.target(item.target)
    before, now, reference = (
        target.display.get(label, label) for label in (item.champion, item.candidate, item.reference)
    )
    title = f"{target.title or target.name}: " if len(spec.targets) > 1 else ""
    return f"{title}{before} → {now}, reference {reference}"
