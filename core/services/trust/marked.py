"""People's marks in a quality report: where a map should lie (*look here*), and where it should not (artefacts)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from core.contracts import Case, Estimate, FieldKind, WorkspaceSpec
from core.learning.marks import MarkedExamples, Pasted, paste
from core.models.network import LogitModule
from core.services.casebook import Casebook
from core.services.evidence.questions import Question as Asked
from core.services.trust.posing import Posing
from core.services.trust.told import Artefacts, figure
from explain.assessment.intervals import bootstrap_mean, share_interval
from explain.assessment.localisation import Localised, Region, localised
from explain.assessment.parts import Parts, parts_of
from explain.assessment.questions import Answer, Question
from explain.assessment.support import Outcome, outcome
from explain.base import Explainer
from explain.errors import ExplainError, Stopped

FAILED = "the method could not explain the cases on which people marked where to look"
EVERYTHING = "the marks cover nothing or everything that the model sees, so every map lies in them alike"


@dataclass(frozen=True, slots=True, eq=False)
class MarkedQuestion:
    """A case with a region that is held against the map."""

    question: Question
    parts: Parts
    region: Region


def marked_question(question: Question, masks: tuple[Tensor | None, ...]) -> MarkedQuestion:
    """Return a question with marks on the places of its entries."""
    return MarkedQuestion(question, parts_of(question.subject, question.inputs), Region(masks))


@dataclass(frozen=True, slots=True, eq=False)
class MarkedCases:
    """All marks that maps are held against."""

    look: Sequence[MarkedQuestion] = ()
    """Cases on which people marked where to look; the label that they gave is explained."""
    artefacts: Mapping[str, Sequence[MarkedQuestion]] = field(default_factory=dict)
    """Artefact -> ledger cases that have its content pasted in."""

    def outcomes(self, method: Explainer, answer: Answer, cases: int) -> tuple[Outcome, ...]:
        """Return pointing game and mass in the marks of the first `cases` cases; nothing where nobody marked one."""
        if not self.look:
            return ()
        found = _localised(self.look[:cases], method, answer)
        missing = EVERYTHING if found else FAILED
        there = [one for one in found if one is not None and one.mass is not None]
        chance = bootstrap_mean([one.chance for one in there])
        hits = share_interval([float(one.hit) for one in there])
        mass = bootstrap_mean([one.mass for one in there if one.mass is not None])
        return (
            outcome("pointing", hits, chance=chance, missing=missing),
            outcome("mass", mass, chance=chance, missing=missing),
        )

    def inside(self, method: Explainer, answer: Answer, cases: int) -> Artefacts:
        """Return (artefact, share of the map inside its content, chance level) on the first `cases` cases."""
        return tuple(
            (name, *shares)
            for name, questions in self.artefacts.items()
            if (shares := _shares(_localised(questions[:cases], method, answer))) is not None
        )


def _localised(questions: Sequence[MarkedQuestion], method: Explainer, answer: Answer) -> list[Localised | None]:
    """Return how each map lies to its region; cases that the method can't explain are left out."""
    found = []
    for one in questions:
        try:
            attribution = answer(method, one.question, one.question.label, {})
            found.append(localised(one.question.subject, one.parts, attribution, one.region))
        except Stopped:
            raise
        except ExplainError:
            continue
    return found


def _shares(found: Sequence[Localised | None]) -> tuple[Estimate, Estimate] | None:
    there = [(one.mass, one.chance) for one in found if one is not None and one.mass is not None]
    mass, chance = (bootstrap_mean([pair[place] for pair in there]) for place in (0, 1))
    return None if mass is None or chance is None else (figure(mass), figure(chance))


def pasted_into(
    casebook: Casebook, spec: WorkspaceSpec, cases: Sequence[Case], marked: MarkedExamples, seed: int
) -> Pasted:
    """Return cases with the marked content of drawn rows pasted in, as the gate's check of attribution does it."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(len(marked), (len(cases),), generator=generator)
    inputs = casebook.examples(cases, spec, {}).inputs
    return paste(inputs, marked, rows, generator)


def with_artefact(posing: Posing, cases: Sequence[Case], pasted: Pasted) -> list[MarkedQuestion]:
    """Return questions about cases with an artefact's content pasted in; row i of `pasted` is case i."""
    model = posing.model
    network, fields = model.network, model.spec.fields
    with torch.no_grad():
        entries = network.enter({name: value.to(model.device) for name, value in pasted.inputs.items()})
    found = []
    for row, case in enumerate(cases):
        plain = posing.explaining.question(model, case, posing.target)
        present = [entries[item.name].present[row : row + 1] for item in fields]
        module = LogitModule(network, posing.target, present).eval()
        values = tuple(entries[item.name].values[row : row + 1] for item in fields)
        absent = tuple(network.encoder(item.name).neutral(value) for item, value in zip(fields, values, strict=True))
        asked = Asked(replace(plain.subject, module=module, words=None), values, absent)
        masks = masks_of({name: place[row] for name, place in pasted.places.items()}, model.spec)
        found.append(marked_question(posing.posed(asked), masks))
    return found


def masks_of(marks: Mapping[str, Tensor], spec: WorkspaceSpec) -> tuple[Tensor | None, ...]:
    """Return marks on one case's prepared inputs as masks of its entries' places; None for a field without a mark."""
    return tuple(_entry_mask(marks[item.name], item.kind) for item in spec.fields)


def _entry_mask(mark: Tensor, kind: FieldKind) -> Tensor | None:
    if not bool(mark.any()):
        return None
    return mark[0] if kind in ("image", "categorical") else mark
