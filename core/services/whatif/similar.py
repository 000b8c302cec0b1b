"""Similar cases, typical cases, and the nearest case of another class, by the version's own vectors."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from core.contracts import Actor, Case, ReferenceLabel, SimilarCase, SimilarView, TargetSpec, Verdict, Workspace
from core.models.calibration import calibrated
from core.models.deciding import decided, known_of
from core.models.registry import LoadedModel
from core.services.pictures import Pictures
from core.services.runtime import Cache, Runtime
from core.services.unread import unread
from core.services.vectors import Array, Placed, Vectors
from core.storage import actors, labels, verdicts

PROTOTYPES = 3
"""Typical cases shown of each class."""
MOST_CLASSES = 12
"""Classes that typical cases are shown of."""
Prototypes = tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of stored cases, and which of them one person must not see yet."""

    references: Mapping[int, ReferenceLabel]
    said: Mapping[int, tuple[Verdict, ...]]
    names: Mapping[str, str]
    hidden: frozenset[int]
    """Cases that this person may still have to read blind: none of them is shown."""


@dataclass(frozen=True, slots=True)
class Similar:
    """Finds neighbours."""

    runtime: Runtime
    vectors: Vectors
    pictures: Pictures
    typical: Cache[tuple[str, str, int, str], Prototypes] = field(default_factory=lambda: Cache(16))

    def view(
        self,
        workspace: Workspace,
        model: LoadedModel,
        target: TargetSpec,
        vector: Array,
        answer: str,
        *,
        actor: Actor,
        but: int | None = None,
        limit: int = 8,
    ) -> SimilarView:
        """Return the neighbourhood of a vector; the case with the number `but` is left out.

        So are the cases that the person may still have to read blind: what is beside them would tell.
        """
        placed = self.vectors.of_workspace(workspace, model)
        known = self._known(workspace, target, placed.known, actor)
        tell = _Teller(self, placed, known, model, target)
        allowed = np.array([case.id != but and case.id not in known.hidden for case in placed.known], dtype=bool)
        kinds = _kinds(placed, known, target)
        near = placed.space.nearest(vector, limit, allowed)
        other = placed.space.nearest_of_another(vector, kinds, target.classes.index(answer), allowed)
        found = tuple(tell.case(one.number, one.similarity) for one in near)
        return SimilarView(
            target=target.name,
            similar=found,
            other_class=tell.case(other.number, other.similarity) if other else None,
            prototypes=self._prototypes(workspace, placed, kinds, tell, vector),
            n=int(allowed.sum()),
            agreement=_agreement(found, answer),
        )

    def _prototypes(
        self, workspace: Workspace, placed: Placed, kinds: NDArray[np.int64], tell: "_Teller", vector: Array
    ) -> tuple[tuple[str, tuple[SimilarCase, ...]], ...]:
        told = hashlib.sha256(kinds.tobytes()).hexdigest()  # persons to whom the same is told share their prototypes
        key = (tell.model.key, tell.target.name, workspace.id, told)
        chosen = self.typical.get(key, lambda: placed.space.prototypes(kinds, PROTOTYPES))
        near = placed.space.similarities(vector)
        return tuple(
            (tell.target.classes[kind], tuple(tell.case(n, float(near[n])) for n in numbers))
            for kind, numbers in chosen[:MOST_CLASSES]
        )

    def _known(self, workspace: Workspace, target: TargetSpec, known: Sequence[Case], actor: Actor) -> Known:
        with self.runtime.database.read() as tx:
            spec = self.runtime.spec(workspace)
            return Known(
                references=labels.references(tx, workspace.id, target.name),
                said=_by_case(verdicts.standing(tx, workspace.id, target.name)),
                names=actors.names(tx),
                hidden=unread(tx, workspace, spec, known, actor),
            )


@dataclass(frozen=True, slots=True)
class _Teller:
    similar: Similar
    placed: Placed
    known: Known
    model: LoadedModel
    target: TargetSpec

    def case(self, number: int, similarity: float) -> SimilarCase:
        case, spec, known = self.placed.known[number], self.model.spec, self.known
        reference = known.references.get(case.id)
        return SimilarCase(
            case=case.name,
            similarity=similarity,
            label=reference.label if reference else None,
            label_source=reference.source if reference else "",
            answer=self._answer(number),
            said=tuple(
                (known.names.get(v.actor_id, v.actor_id), v.label, v.comment) for v in known.said.get(case.id, ())
            ),
            image=self.similar.pictures.picture(case, spec),
            caption=self.similar.pictures.words(case, spec),
            split=case.split,
        )

    def _answer(self, number: int) -> str:
        vector = torch.from_numpy(self.placed.vectors[number]).float().to(self.model.device)
        with torch.no_grad():
            logits = self.model.network.logits(vector[None], self.target.name)
        item = self.model.manifest.target(self.target.name)
        scores = calibrated(item, logits.double().cpu().numpy())
        chosen = decided(item.group_thresholds, item.classes, scores, [known_of(self.placed.known[number])])
        return self.target.classes[int(chosen[0])]


def _kinds(placed: Placed, known: Known, target: TargetSpec) -> NDArray[np.int64]:
    """Return the class number of each case, -1 where it is unknown or not to be told."""
    return np.array([_kind(case, known, target) for case in placed.known], dtype=np.int64)


def _kind(case: Case, known: Known, target: TargetSpec) -> int:
    reference = known.references.get(case.id)
    told = reference is not None and case.id not in known.hidden and reference.label in target.classes
    return target.classes.index(reference.label) if told and reference else -1


def _by_case(standing: Sequence[Verdict]) -> dict[int, tuple[Verdict, ...]]:
    found: dict[int, tuple[Verdict, ...]] = {}
    for verdict in standing:
        found[verdict.case_id] = (*found.get(verdict.case_id, ()), verdict)
    return found


def _agreement(found: Sequence[SimilarCase], answer: str) -> float | None:
    known = [one.label for one in found if one.label is not None]
    return sum(label == answer for label in known) / len(known) if known else None
