"""A model learns to hide from the explainer that it was trained on; the gate is not deceived.

A small convolutional network is trained with the Grad-CAM penalty alone on pictures whose corner shows the class
plainly and whose centre shows it faintly. Its Grad-CAM leaves the corner. Its answers do not.
"""

from dataclasses import replace

import pytest
import torch

from core.learning.behaviour import logits
from core.learning.checks.attribution import AttributionCheck
from core.learning.checks.reliance import RelianceCheck
from core.learning.gate import run_gate
from core.learning.marks import MarkedExamples, paste
from core.learning.proof.attribution import shares_of_models
from core.learning.strategies.registry import strategy
from core.models.examples import Examples
from core.models.network import build_network
from core.models.registry import LoadedModel, load_version
from core.models.training import TrainingPlan, fit
from explain.registry import explainer
from tests.helpers.gate_parts import gate_context
from tests.helpers.learning_parts import DEVICE, context_of, marked
from tests.helpers.model_parts import spec_of, stored

pytestmark = pytest.mark.slow

SIZE, PATCH = 12, 3
SPEC = spec_of(
    fields=[{"name": "image", "kind": "image", "size": SIZE}],
    targets=[{"name": "shape", "classes": ["dark", "bright"]}],
    encoder={"name": "cnn", "hidden": [8, 8]},
    training={"batch_size": 32, "seed": 0},
    gate={"reliance_fall": 0.1},
)
PLAN = TrainingPlan(epochs=15, batch_size=32, learning_rate=5e-3)
SEED = 2


def _cases(count: int, seed: int, *, telling: bool) -> Examples:
    """Pictures whose corner is white where the class is bright (or at random), and whose centre a little brighter."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=generator)
    corner = labels if telling else torch.randint(2, (count,), generator=generator)
    pixels = torch.randint(40, 160, (count, 1, SIZE, SIZE), generator=generator)
    pixels[:, :, 5:8, 5:8] += (labels * 15).view(-1, 1, 1, 1)
    pixels[:, :, :PATCH, :PATCH] = (corner * 255).view(-1, 1, 1, 1)
    return Examples(
        tuple(range(count)), {"image": pixels.to(torch.uint8)}, {"shape": labels}, tuple(f"g{i}" for i in range(count))
    )


def _marks() -> MarkedExamples:
    mask = torch.zeros((12, 1, SIZE, SIZE), dtype=torch.bool)
    mask[:, :, :PATCH, :PATCH] = True
    return marked(SPEC, _cases(12, 3, telling=False), {"image": mask})


def _trained(name: str) -> LoadedModel:
    network = build_network(SPEC, SEED)
    parts = {"train": _cases(400, 1, telling=True), "validation": _cases(80, 2, telling=True)}
    fit(network, strategy(name).objective(context_of(SPEC, network, marked=_marks(), **parts)), PLAN)
    return load_version(*stored(network, name, output_sd=(1.0, 1.0)))


@pytest.fixture(scope="module")
def judged():
    """The gate's view of a fooled champion and of a candidate trained with the Grad-CAM penalty alone."""
    context = gate_context(
        SPEC,
        champion=_trained("labels"),
        candidate=_trained("grad_cam"),
        marked=_marks(),
        ledger=_cases(200, 4, telling=False),
    )
    return replace(context, strategy="grad_cam")


def _grad_cam_inside(context) -> list[float]:
    """Return the mean share of Grad-CAM inside the corner, of champion and candidate."""
    rows = torch.arange(30)
    pasted = paste(context.ledger.batch(rows), context.marked, rows % len(context.marked), torch.Generator())
    method = explainer("grad_cam")
    models = (context.champion, context.candidate)
    return [float(shares.mean()) for shares in shares_of_models(models, pasted, "shape", method)]


def test_its_grad_cam_leaves_the_artefact(judged):
    before, after = _grad_cam_inside(judged)
    assert before > 0.1
    assert after < 0.05


def test_its_answers_do_not_and_the_gate_fails_it(judged):
    reliance = RelianceCheck().run(judged)[0]
    assert reliance.candidate > 0.4
    assert reliance.verdict == "fail"
    names = [f"case {i}" for i in judged.ledger.case_ids]
    assert run_gate(judged, names, names, 1).verdict == "fail"


def test_an_explainer_that_it_never_trained_on_still_shows_the_artefact(judged):
    line = AttributionCheck().run(judged)[0]
    chance = PATCH**2 / SIZE**2
    assert "grad-cam" not in line.title.lower()
    assert line.candidate > 2 * chance


def test_guided_by_the_same_marks_it_really_lets_go(judged):
    candidate = _trained("random_r4")
    answers = logits((judged.champion, candidate), judged.ledger, DEVICE)
    honest = replace(judged, candidate=candidate, answers=(answers[0], answers[1]), strategy="random_r4")
    reliance = RelianceCheck().run(honest)[0]
    assert reliance.verdict == "pass"
    assert reliance.candidate < 0.1
