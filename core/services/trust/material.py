"""What a quality report is measured on: ledger cases, drawn, and all marks of people that the version never saw."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from core.contracts import Case, Estimate, ReferenceLabel, Region, TargetSpec, Version, Workspace
from core.errors import Refused
from core.learning.behaviour import changed_by_paste, logits
from core.learning.marks import MarkedExamples
from core.models.registry import LoadedModel
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue, target_of
from core.services.trust.drawing import drawn, trained_on
from core.services.trust.marked import MarkedCases, marked_question, masks_of, pasted_into, with_artefact
from core.services.trust.posing import KeptAnswers, Posing
from core.services.trust.told import figure
from core.storage import regions, versions
from explain.assessment.intervals import bootstrap_mean

MOST_PASTED = 20
"""Ledger cases that an artefact's content is put into to see whether maps follow it."""
REPEATS = 3
"""Pastes for each case when changed answers are counted."""


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """What was asked for."""

    workspace: str
    version: str
    target: str
    methods: tuple[str, ...] = ()
    """Names; all that fit when empty."""
    cases: int = 40


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Everything that is read before a method is asked."""

    workspace: Workspace
    version: Version
    target: TargetSpec
    model: LoadedModel
    cases: tuple[Case, ...]
    """Ledger cases, drawn."""
    known: Mapping[int, Case]
    """Cases that people marked and that can be used."""
    marks: tuple[Region, ...]
    references: Mapping[str, Mapping[int, ReferenceLabel]]
    unseen: frozenset[int]
    """Those of `known` that the version was never trained on."""

    @property
    def seed(self) -> int:
        """The workspace's seed."""
        return self.model.spec.split.seed


def gather(catalogue: Catalogue, asked: ReportQuestion) -> Material:
    """Read what is measured.

    Raises
    ------
    NotFound
        When workspace, version or target are unknown.
    Refused
        When the ledger is empty.
    """
    with catalogue.runtime.database.read() as tx:
        workspace, spec = catalogue.workspace(tx, asked.workspace)
        version = versions.get(tx, workspace.id, asked.version)
        target = target_of(spec, asked.target)
        references = catalogue.references(tx, workspace)
        ledger = catalogue.cases(tx, workspace, "ledger")
        marks = regions.standing(tx, workspace.id)
        known = catalogue.cases_by_id(tx, workspace, [mark.case_id for mark in marks])
        seen = trained_on(tx, workspace.id, version)
    if not ledger:
        raise Refused(
            f"Workspace {workspace.name!r} has no ledger cases to measure explanations on. Import more cases."
        )
    labels = {case_id: reference.label for case_id, reference in references[target.name].items()}
    return Material(
        workspace=workspace,
        version=version,
        target=target,
        model=catalogue.model(workspace, version.name),
        cases=drawn(ledger, labels, asked.cases),
        known=known,
        marks=tuple(mark for mark in marks if mark.case_id in known),
        references=references,
        unseen=frozenset(known) - seen,
    )


def marked_cases(material: Material, casebook: Casebook, posing: Posing, answers: KeptAnswers) -> MarkedCases:
    """Return the marks that maps are held against: *look here* on cases never trained on, artefacts in ledger cases."""
    looked = {case_id: case for case_id, case in material.known.items() if case_id in material.unseen}
    marks = [mark for mark in material.marks if mark.mark.kind == "look_here" and mark.case_id in looked]
    labels = material.references.get(material.target.name, {})
    look = []
    for case_id, masks in _looks(material, casebook, looked, marks).items():
        reference = labels.get(case_id)
        label = reference.label if reference is not None and reference.label in material.target.classes else None
        look.append(marked_question(answers.add(posing.stored(looked[case_id], label), looked[case_id]), masks))
    pasted = material.cases[:MOST_PASTED]
    artefacts = {
        name: with_artefact(posing, pasted, pasted_into(casebook, material.model.spec, pasted, marked, material.seed))
        for name, marked in artefacts_of(material, casebook).items()
    }
    return MarkedCases(look, artefacts)


def artefacts_of(material: Material, casebook: Casebook) -> dict[str, MarkedExamples]:
    """Return artefact -> the cases on which people marked it."""
    marks = [mark for mark in material.marks if mark.mark.kind == "ignore" and mark.mark.artefact]
    if not marks:
        return {}
    marked = casebook.marked(material.known, marks, material.model.spec, material.references).with_ignore()
    return {name: marked.of_artefact(name) for name in sorted({one for one in marked.artefacts if one})}


def flips(material: Material, casebook: Casebook) -> tuple[tuple[str, Estimate], ...]:
    """Return (artefact, share of answers that change when its content is put into the drawn cases)."""
    model = material.model
    examples = casebook.examples(material.cases, model.spec, {})
    plain = logits([model], examples, model.device)
    found = []
    for name, marked in artefacts_of(material, casebook).items():
        (changed,) = changed_by_paste(
            [model], examples, plain, marked, material.target.name,
            repeats=REPEATS, device=model.device, seed=material.seed,
        )  # fmt: skip
        share = bootstrap_mean(np.asarray(changed).tolist())
        if share is not None:
            found.append((name, figure(share)))
    return tuple(found)


Masks = tuple[Tensor | None, ...]


def _looks(material: Material, casebook: Casebook, cases: Mapping[int, Case], marks: list[Region]) -> dict[int, Masks]:
    """Return case id -> where people said to look, the marks of all readers joined."""
    if not marks:
        return {}
    spec = material.model.spec
    marked = casebook.marked(cases, marks, spec, material.references)
    rows: dict[int, dict[str, Tensor]] = {}
    for row, case_id in enumerate(marked.examples.case_ids):
        own = {name: mask[row] for name, mask in marked.look.items()}
        joined = rows.get(case_id)
        rows[case_id] = own if joined is None else {name: mask | joined[name] for name, mask in own.items()}
    return {case_id: masks_of(row, spec) for case_id, row in rows.items()}
