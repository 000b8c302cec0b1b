"""A search for an artefact: which cases, what is found, and the finds as marks on the originals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import Case, FieldSpec, NewRegion, Progress, ProgressReporter, Region, WorkspaceSpec
from core.errors import Refused
from core.learning.assembly import assemble
from core.learning.spreading.base import Found
from core.learning.spreading.spread import Texts, spread
from core.media.masks import encode_mask
from core.models.preparation import mask_to_original
from core.models.preparers.text import read_tokens
from core.services.casebook import Casebook, References
from core.services.catalogue import Catalogue
from core.services.runtime import Runtime
from core.storage import proposals, regions
from core.storage.proposals import NewProposal


@dataclass(frozen=True, slots=True)
class Material:
    """What a search reads from the database, in one transaction."""

    spec: WorkspaceSpec
    cases: Mapping[int, Case]
    """Those that may train: of the training split, and pool cases that a person labelled."""
    marks: tuple[Region, ...]
    references: References
    decided: frozenset[tuple[int, str]]
    """(case, field) of proposals that somebody accepted or rejected."""


@dataclass(frozen=True, slots=True)
class Searching:
    """Looks for an artefact in every case that may train and that somebody may see."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook

    def material(self, workspace: str, artefact: str, artefact_id: int) -> Material:
        """Return what a search starts from.

        Raises
        ------
        Refused
            When no case that may train has a mark of the artefact.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            known = {case.id: case for case in self.catalogue.cases(tx, found)}
            references = self.catalogue.references(tx, found)
            standing = regions.standing(tx, found.id)
            old = proposals.list_proposals(tx, artefact_id)
        chosen = assemble(tuple(known.values()), references, (), use_regions=False)
        usable = {case_id: known[case_id] for case_id in (*chosen.train, *chosen.feedback)}
        marks = tuple(mark for mark in standing if mark.mark.artefact == artefact and mark.case_id in usable)
        if not marks:
            raise Refused(
                f"No mark of {artefact!r} is on a case that may train, so there is nothing to start from. "
                "Mark it on a case of the worklist that is not kept for judging models."
            )
        decided = frozenset((item.case_id, item.mark.field) for item in old if item.status != "open")
        return Material(spec, usable, marks, references, decided)

    def search(self, material: Material, reporter: ProgressReporter) -> tuple[NewProposal, ...]:
        """Return what is found, its masks stored."""
        spec, cases = material.spec, tuple(material.cases.values())
        reporter.report(Progress("preparing the cases", 0, len(cases)))
        marked = self.casebook.marked(material.cases, material.marks, spec, material.references)
        examples = self.casebook.examples(cases, spec, material.references)
        own = [material.cases[case_id] for case_id in marked.examples.case_ids]
        found = spread(
            spec,
            marked,
            examples,
            device=self.runtime.device,
            seed=spec.training.seed,
            texts=(self._texts(own, spec), self._texts(cases, spec)),
            reporter=reporter,
        )
        kept = [item for item in found if (cases[item.row].id, item.field) not in material.decided]
        return self._stored([(cases[item.row], item) for item in kept], spec, str(material.marks[0].mark.artefact))

    def _texts(self, cases: Sequence[Case], spec: WorkspaceSpec) -> Texts:
        names = [field.name for field in spec.fields if field.kind == "text"]
        return {name: [self.casebook.value(case, name).text for case in cases] for name in names}

    def _stored(
        self, found: Sequence[tuple[Case, Found]], spec: WorkspaceSpec, artefact: str
    ) -> tuple[NewProposal, ...]:
        fields = {field.name: field for field in spec.fields}
        images = [n for n, (_, item) in enumerate(found) if fields[item.field].kind == "image"]
        masks = (self._png(*found[n], fields[found[n][1].field]) for n in images)
        blobs = dict(zip(images, self.runtime.blobs.put_many(masks), strict=True))
        return tuple(
            NewProposal(case.id, item.probability, self._mark(case, item, fields[item.field], artefact, blobs.get(n)))
            for n, (case, item) in enumerate(found)
        )

    def _png(self, case: Case, item: Found, field: FieldSpec) -> bytes:
        mask = np.asarray(item.mask[0].cpu().numpy(), dtype=bool)
        return encode_mask(mask_to_original(mask, self.casebook.geometry(case, field)))

    def _mark(self, case: Case, item: Found, field: FieldSpec, artefact: str, blob: str | None) -> NewRegion:
        if field.kind == "image":
            return NewRegion(field.name, "ignore", artefact, mask=blob)
        if field.kind == "text":
            text = self.casebook.value(case, field.name).text or ""
            return NewRegion(field.name, "ignore", artefact, spans=spans_of(item, text, field))
        return NewRegion(field.name, "ignore", artefact, names=(field.name,))


def spans_of(item: Found, text: str, field: FieldSpec) -> tuple[tuple[int, int], ...]:
    """Return the marked tokens of a text as spans of code points, neighbours joined."""
    spans: list[tuple[int, int]] = []
    before = False
    for marked, token in zip(item.mask.tolist(), read_tokens(text, field), strict=False):
        if marked and before:
            spans[-1] = (spans[-1][0], token.end)
        elif marked:
            spans.append((token.start, token.end))
        before = marked
    return tuple(spans)
