"""A gate context of two tiny models with chosen answers."""

import torch

from core.contracts import WorkspaceSpec
from core.learning.behaviour import logits
from core.learning.checks.base import GateContext
from core.learning.marks import MarkedExamples
from core.learning.statistics import Resampler
from core.models.examples import Examples
from core.models.registry import LoadedModel
from tests.helpers.learning_parts import DEVICE, marked_of
from tests.helpers.model_parts import cases_of, model_of


def gate_context(
    spec: WorkspaceSpec,
    *,
    count: int = 120,
    champion: LoadedModel | None = None,
    candidate: LoadedModel | None = None,
    control: LoadedModel | None = None,
    marked: MarkedExamples | None = None,
    ledger: Examples | None = None,
) -> GateContext:
    """Two untrained models (or given ones), a ledger, six marks, and the control that is given."""
    examples = ledger or cases_of(spec, count, seed=7)
    sd = (1.0,) * len(spec.targets[0].classes)
    models = (champion or model_of(spec, 0, "v1", output_sd=sd), candidate or model_of(spec, 1, "v2", output_sd=sd))
    answers = logits((*models, *([control] if control else [])), examples, DEVICE)
    return GateContext(
        spec=spec,
        ledger=examples,
        attributes=[{"sex": "F" if i % 3 else "M"} for i in range(len(examples))],
        champion=models[0],
        candidate=models[1],
        answers=(answers[0], answers[1]),
        resampler=Resampler.of_groups(examples.groups),
        marked=marked_of(spec, 6) if marked is None else marked,
        device=DEVICE,
        seed=0,
        control=control,
        control_answers=answers[2] if control else None,
    )


def zeroed(model: LoadedModel, favourite: int = 0) -> LoadedModel:
    """Make a model give the same answer to everything."""
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.zero_()
        for head in model.network.heads.values():
            head.bias[favourite] = 1.0
    return model
