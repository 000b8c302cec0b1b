"""Concepts that people collect from cases, and how the champion's answers depend on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.contracts import Actor, Case, ConceptSensitivityView, ConceptView, Estimate, TargetSpec, Workspace
from core.errors import BadInput, NotFound
from core.models.registry import LoadedModel
from core.services.catalogue import Catalogue, target_of
from core.services.reading_modes.revealing import require_reads
from core.services.runtime import Runtime
from core.services.vectors import Array, Vectors
from core.storage import actors, audit, concepts, labels, reads
from explain.assessment.intervals import Estimate as Measured
from explain.concepts import concept_sensitivity
from explain.errors import ExplainError

LONGEST_NAME = 80
MOST_CASES = 200
"""Cases of a class whose answers are looked at."""


@dataclass(frozen=True, slots=True)
class Concepts:
    """Collects concepts and measures them (TCAV)."""

    runtime: Runtime
    catalogue: Catalogue
    vectors: Vectors

    def list(self, workspace: str) -> tuple[ConceptView, ...]:
        """Return the concepts of a workspace, oldest first."""
        with self.runtime.database.read() as tx:
            found, _ = self.catalogue.workspace(tx, workspace)
            return concepts.list_concepts(tx, found.id)

    def collect(self, workspace: str, concept: str, case: str, *, actor: Actor, present: bool | None) -> None:
        """Put a case into a concept (`present`), into its counter-examples (False), or take it out (None).

        Raises
        ------
        BadInput
            When the name is empty or too long.
        NotFound
            When a case is to be taken out of a concept that there is not.
        Refused
            Before this person's own read of the case, in the blinded-first mode.
        """
        name = " ".join(concept.split())
        if not 0 < len(name) <= LONGEST_NAME:
            raise BadInput(f"A concept needs a name of 1 to {LONGEST_NAME} characters, got {len(name)}.")
        with self.runtime.database.write() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            require_reads(spec, {read.target for read in reads.of_case(tx, stored.id, actor.id)})
            if present is None:
                _named(concepts.list_concepts(tx, found.id), name)
            actors.ensure(tx, actor)
            number = concepts.ensure(tx, found.id, name, actor.id)
            concepts.collect(tx, number, stored.id, present, actor.id)
            subject = {"concept": number, "case_id": stored.id, "present": present}
            audit.append(tx, actor_id=actor.id, kind="concept", workspace=workspace, subject=subject)

    def sensitivity(self, workspace: str, concept: str, target: str, label: str) -> ConceptSensitivityView:
        """Measure how the champion's answer depends on a concept.

        The answer is the logarithm of the label's probability: its gradient by the vector differs from case to case,
        which that of a linear head's logit does not.

        Raises
        ------
        BadInput
            When the concept has too few cases (the message says how many are missing), or nothing can be measured.
        NotFound
            When there is no such concept or label.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
        chosen = target_of(spec, target)
        if label not in chosen.classes:
            raise NotFound(f"{label!r} is no label of {chosen.name!r}. Labels: {', '.join(chosen.classes)}.")
        model, view = self.catalogue.model(found), _named(self.list(workspace), concept)
        try:
            return self._measured(found, model, view, chosen, label)
        except ExplainError as error:
            raise BadInput(f"Concept {concept!r} can't be measured: {error}") from error

    def _measured(
        self, workspace: Workspace, model: LoadedModel, concept: ConceptView, target: TargetSpec, label: str
    ) -> ConceptSensitivityView:
        placed = self.vectors.of_workspace(workspace, model)
        by_name = {case.name: case for case in placed.known}
        present = [by_name[name] for name in concept.cases if name in by_name]
        absent = [by_name[name] for name in concept.counter_cases if name in by_name]
        members = {case.id for case in (*present, *absent)}
        pool = [case for case in placed.known if case.split in ("train", "calibration") and case.id not in members]
        judged = self._of_label(workspace, placed.known, target, label)
        found = concept_sensitivity(
            placed.rows(present),
            placed.rows(absent) if absent else None,
            placed.rows(pool),
            placed.rows(judged),
            lambda vectors: _gradients(model, target, label, vectors),
        )
        return ConceptSensitivityView(
            concept=concept.name,
            target=target.name,
            label=label,
            score=_estimate(found.score),
            random=_estimate(found.random),
            accuracy=_estimate(found.accuracy),
            p_value=found.p_value,
            supported=found.supported,
            words=found.words,
        )

    def _of_label(
        self, workspace: Workspace, known: tuple[Case, ...], target: TargetSpec, label: str
    ) -> tuple[Case, ...]:
        """Return ledger cases of the label: the model never trained on them."""
        with self.runtime.database.read() as tx:
            references = labels.references(tx, workspace.id, target.name)
        of_label = [c for c in known if c.split == "ledger" and c.id in references and references[c.id].label == label]
        return tuple(of_label[:MOST_CASES])


def _named(known: Sequence[ConceptView], name: str) -> ConceptView:
    for concept in known:
        if concept.name == name:
            return concept
    names = ", ".join(concept.name for concept in known) or "none yet"
    raise NotFound(f"There is no concept {name!r}. Concepts: {names}.")


def _gradients(model: LoadedModel, target: TargetSpec, label: str, vectors: Array) -> Array:
    """Return the gradient of log p(label) by each vector, [n, d]."""
    head = model.network.heads[f"target_{target.name}"]
    with torch.enable_grad():
        points = torch.from_numpy(np.ascontiguousarray(vectors)).float().to(model.device).requires_grad_()
        answer = head(points).log_softmax(dim=1)[:, target.classes.index(label)].sum()
        (slopes,) = torch.autograd.grad(answer, points)
    result: Array = slopes.double().cpu().numpy()
    return result


def _estimate(found: Measured) -> Estimate:
    return Estimate(found.value, found.low, found.high, found.n)
