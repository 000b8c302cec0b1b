"""The training cases that taught a version its answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.contracts import Actor, Case, InfluenceView, ReferenceLabel, TargetSpec, TaughtBy, Workspace
from core.errors import BadInput, NotFound
from core.models.registry import LoadedModel
from core.services.casebook import require_inputs
from core.services.pictures import Pictures
from core.services.runtime import Runtime
from core.services.unread import unread
from core.services.vectors import Vectors
from core.storage import labels, runs, versions
from explain.influence import Checkpoint, influence

RATE = 1.0
"""With a single checkpoint the learning rate is only a unit: scores are compared within one answer."""


@dataclass(frozen=True, slots=True)
class Influence:
    """TracInCP on the head of the version as it serves: one checkpoint, its last.

    Heads from earlier in a training are not kept: they read other vectors than the version does now, except where
    everything before the head is frozen.
    """

    runtime: Runtime
    vectors: Vectors
    pictures: Pictures

    def view(
        self,
        workspace: Workspace,
        model: LoadedModel,
        case: Case,
        target: TargetSpec,
        label: str,
        *,
        actor: Actor,
        limit: int,
    ) -> InfluenceView:
        """Return the training cases that pushed most towards and against `label` for a case.

        Cases that this person may still have to read blind are left out: their labels would tell. So are validation
        cases, which chose the step and moved no weight.

        Raises
        ------
        BadInput
            When nothing is left of the case, or the record does not tell what the version was trained on, as for a
            model that was brought.
        NotFound
            When there is no such label.
        """
        require_inputs(case)
        if label not in target.classes:
            raise NotFound(f"{label!r} is no label of {target.name!r}. Labels: {', '.join(target.classes)}.")
        placed = self.vectors.of_workspace(workspace, model)
        learnt, known = self._learnt_from(workspace, model, target)
        learnt -= self._hidden(workspace, placed.known, actor) | {case.id}
        cases = [one for one in placed.known if one.id in learnt and one.split != "validation"]
        cases = [one for one in cases if one.id in known and known[one.id].label in target.classes]
        if not cases:
            raise BadInput(f"No training cases of {model.version} are on record, so none can be named.")
        classes = np.array([target.classes.index(known[one.id].label) for one in cases], dtype=np.int64)
        vector = self.vectors.of_case(model, case)
        scores = influence([_head(model, target)], placed.rows(cases), classes, vector, target.classes.index(label))
        order = np.argsort(-scores, kind="stable")
        towards = [n for n in order[:limit] if scores[n] > 0]
        against = [n for n in order[::-1][:limit] if scores[n] < 0]
        return InfluenceView(
            target=target.name,
            label=label,
            towards=self._told(towards, cases, known, scores, model),
            against=self._told(against, cases, known, scores, model),
            n=len(cases),
            checkpoints=1,
        )

    def _learnt_from(
        self, workspace: Workspace, model: LoadedModel, target: TargetSpec
    ) -> tuple[set[int], dict[int, ReferenceLabel]]:
        """Return the cases that the version's run learnt from, and the labels as they stood when it began."""
        with self.runtime.database.read() as tx:
            number = versions.get(tx, workspace.id, model.version).run_id
            if number is None:
                return set(), {}
            until = runs.get(tx, number).created
            return runs.training_case_ids(tx, number), labels.references(tx, workspace.id, target.name, until=until)

    def _hidden(self, workspace: Workspace, known: Sequence[Case], actor: Actor) -> frozenset[int]:
        with self.runtime.database.read() as tx:
            return unread(tx, workspace, self.runtime.spec(workspace), known, actor)

    def _told(
        self,
        numbers: Sequence[int],
        cases: Sequence[Case],
        known: dict[int, ReferenceLabel],
        scores: NDArray[np.float64],
        model: LoadedModel,
    ) -> tuple[TaughtBy, ...]:
        return tuple(
            TaughtBy(
                case=cases[n].name,
                label=known[cases[n].id].label,
                influence=float(scores[n]),
                image=self.pictures.picture(cases[n], model.spec),
                caption=self.pictures.words(cases[n], model.spec),
            )
            for n in numbers
        )


def _head(model: LoadedModel, target: TargetSpec) -> Checkpoint:
    head = model.network.heads[f"target_{target.name}"]
    if not isinstance(head, nn.Linear):
        raise BadInput(f"{model.version} has no linear head that its training cases could be traced through.")
    bias = torch.zeros(len(target.classes)) if head.bias is None else head.bias
    return Checkpoint(_array(head.weight), _array(bias), RATE)


def _array(tensor: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = tensor.detach().double().cpu().numpy()
    return array
