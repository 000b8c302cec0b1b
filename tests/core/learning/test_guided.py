"""Guided retraining: the penalty by hand, its cap, and that it does what it is for."""

import pytest
import torch
from torch import nn

from core.learning.marks import MarkedExamples
from core.learning.strategies.base import capped, supervised, typical_probability
from core.learning.strategies.counterexamples import CounterexamplesStrategy
from core.learning.strategies.entries import LOOK_WEIGHT, wrong_places
from core.learning.strategies.guided import GuidedObjective, GuidedStrategy
from core.learning.strategies.labels import LabelsStrategy
from core.models.examples import Examples
from core.models.network import build_network
from core.models.supervised import Losses
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import DEVICE, context_of, fitted_network, marked, marked_of
from tests.helpers.model_parts import NOTE, RANDOM_BACKBONE, SMALL_TRANSFORMER, spec_of
from tests.helpers.planted import marked_rows, marked_texts, rows, table_spec, text_spec, texts

pytestmark = pytest.mark.slow

TWO = {"targets": [{"name": "shape", "classes": ["dark", "bright"]}], "encoder": {"name": "mlp", "hidden": []}}


def test_the_cap_never_lets_the_penalty_exceed_the_limit():
    assert float(capped(torch.tensor(50.0), torch.tensor(2.0))) == pytest.approx(2.0)
    assert float(capped(torch.tensor(0.5), torch.tensor(2.0))) == 0.5
    assert float(capped(torch.tensor(0.0), torch.tensor(2.0))) == 0.0


def test_a_step_does_not_lose_for_being_too_sure():
    """Three of four answers are right, so the typical probability is at best .75 ** .75 * .25 ** .25."""
    plain = supervised(context_of(spec_of(**TWO), build_network(spec_of(**TWO), 0)))
    logits, labels = torch.tensor([[1.0, 0.0]] * 4), {"shape": torch.tensor([0, 0, 0, 1])}
    scores = [typical_probability(plain, {"shape": scale * logits}, labels) for scale in (0.5, 1.0, 9.0)]
    assert scores == pytest.approx([0.75**0.75 * 0.25**0.25] * 3, abs=1e-4)
    assert typical_probability(plain, {"shape": logits}, {"shape": torch.tensor([-1, -1, -1, 0])}) > 0.7


def test_the_penalty_of_guided_stays_below_a_tenth_of_the_loss():
    objective = GuidedObjective(context_of(spec_of(), build_network(spec_of(), 0)))
    one, two = Losses(torch.tensor(-3.0), torch.tensor(0.5)), Losses(torch.tensor(-3.0), torch.tensor(1.5))
    assert float(objective.limit(one, two)) == pytest.approx(0.2)


def test_the_cap_scales_the_gradient_too():
    value = torch.tensor(10.0, requires_grad=True)
    capped(value, torch.tensor(1.0)).backward()
    assert float(value.grad) == pytest.approx(0.1)


def test_penalty_of_a_linear_model_by_hand():
    """With logits W x, the gradient of the summed log-probabilities is (1 - K p) W summed over classes."""
    spec = spec_of(**TWO)
    network = build_network(spec, 0)
    context = context_of(spec, network)
    rows = marked_of(spec, 4)
    objective = GuidedObjective(context)
    penalty = objective.penalty(network, rows, torch.Generator())
    x = rows.examples.batch(range(4), DEVICE)["image"]
    head = network.heads["target_shape"]
    p = torch.softmax(network({"image": x})["shape"], dim=1)
    gradient = (1 - 2 * p) @ head.weight
    inside = gradient.view(4, 1, 6, 6)[:, :, :2, :2]
    assert isinstance(head, nn.Linear)
    assert penalty.item() == pytest.approx(inside.pow(2).sum().item() / 4, rel=1e-4)


def test_wrong_places_are_inside_ignore_and_outside_look_here():
    spec = spec_of()
    ignore = marked_of(spec, 1)
    look = MarkedExamples(ignore.examples, ignore.look, ignore.ignore, (None,), ignore.kinds)
    gradient = torch.zeros(1, 1, 6, 6)
    assert wrong_places("image", ignore, gradient).sum() == 4
    outside = wrong_places("image", look, gradient)
    assert outside[0, 0, 0, 0] == 0
    assert float(outside.sum()) == pytest.approx(LOOK_WEIGHT * 32)


def _decoyed(count: int, seed: int, *, telling: bool) -> Examples:
    """Images whose centre shows the class faintly and whose corner shows it plainly (when telling)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=generator)
    corner = labels if telling else torch.randint(2, (count,), generator=generator)
    pixels = torch.randint(60, 140, (count, 1, 6, 6), generator=generator)
    pixels[:, :, 3:5, 3:5] += (labels * 40).view(-1, 1, 1, 1)
    pixels[:, :, :2, :2] = (corner * 255).view(-1, 1, 1, 1)
    return Examples(
        tuple(range(count)), {"image": pixels.to(torch.uint8)}, {"shape": labels}, tuple(f"g{i}" for i in range(count))
    )


def test_marks_turn_a_model_from_the_planted_corner_to_the_real_signal():
    spec = spec_of(
        targets=[{"name": "shape", "classes": ["dark", "bright"]}],
        encoder={"name": "mlp", "hidden": [16]},
        training={"batch_size": 32, "seed": 0},
    )
    cases = _decoyed(8, 3, telling=False)
    marks_of_people = marked(spec, cases, marked_of(spec, 8).ignore)
    parts = {"train": _decoyed(400, 1, telling=True), "validation": _decoyed(80, 2, telling=True)}
    empty = marks_of_people.rows([])
    test = _decoyed(400, 4, telling=False)
    accuracy = {}
    for name, marks in (("fooled", empty), ("guided", marks_of_people)):
        network = build_network(spec, 0)
        context = context_of(spec, network, **parts, marked=marks)
        fit(network, GuidedStrategy().objective(context), TrainingPlan(epochs=25, batch_size=32, learning_rate=1e-2))
        with torch.no_grad():
            answers = network(test.batch(range(400), DEVICE))["shape"].argmax(dim=1)
        accuracy[name] = float((answers == test.labels["shape"]).float().mean())
    assert accuracy["fooled"] < 0.65
    assert accuracy["guided"] > 0.85


def test_a_frozen_network_is_never_judged_on_unchanged_validation_cases():
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{"name": "image", "kind": "image", "size": 32}])
    network = build_network(spec, 0)
    context = context_of(spec, network)
    objective, seen = GuidedStrategy().objective(context), []
    known, network.fusion.forward = network.fusion.forward, lambda v: seen.append(v["image"]) or known(v)
    with torch.no_grad():
        objective.validation_score(network)
    plain = context.condense(context.validation).inputs["image"]
    assert len(seen) == 2
    assert not any(bool((part == plain).all(dim=1).any()) for part in seen)


PLANTED = {
    "a word": (text_spec(), texts, marked_texts, 10, 0.8, 0.95),
    "a leaked field": (table_spec(), rows, marked_rows, 20, 0.6, 0.85),
}


@pytest.mark.parametrize("kind", sorted(PLANTED))
def test_eight_marks_turn_a_model_from_a_planted_word_or_field(kind):
    spec, cases, marks_of, epochs, fooled, cured = PLANTED[kind]
    parts = {"train": cases(300, 1, telling=True), "validation": cases(60, 2, telling=True)}
    test, accuracy = cases(300, 4, telling=False), {}
    for strategy in (LabelsStrategy(), GuidedStrategy(), CounterexamplesStrategy()):
        network = build_network(spec, 0)
        context = context_of(spec, network, **parts, marked=marks_of(spec, 8))
        fitted_network(network, context.train)
        fit(network, strategy.objective(context), TrainingPlan(epochs=epochs, batch_size=32, learning_rate=1e-2))
        with torch.no_grad():
            answers = network(test.inputs)["shape"].argmax(dim=1)
        accuracy[strategy.name] = float((answers == test.labels["shape"]).float().mean())
    assert accuracy["labels"] < fooled
    assert accuracy["guided"] > cured
    assert accuracy["counterexamples"] > cured


def test_penalty_of_numbers_is_in_their_own_spread():
    """A number in other units is penalised alike: gradients are taken for one standard deviation."""
    penalties = []
    for unit in (1.0, 1000.0):
        spec = spec_of(fields=[{"name": "age", "kind": "numeric"}], encoder=None)
        network = build_network(spec, 0)
        context = context_of(spec, network)
        for examples in (context.train, context.marked.examples):
            examples.inputs["age"].mul_(unit)
        fitted_network(network, context.train)
        penalties.append(float(GuidedObjective(context).penalty(network, context.marked, torch.Generator()).detach()))
    assert penalties[0] > 0
    assert penalties[1] == pytest.approx(penalties[0], rel=0.01)


def test_wrong_places_of_a_text_are_all_numbers_of_a_marked_word():
    spec = spec_of(fields=[NOTE], encoder=SMALL_TRANSFORMER)
    wrong = wrong_places("note", marked_of(spec, 2), torch.zeros(2, 8, 4))
    assert wrong.sum(dim=2).tolist() == [[0, 4, 0, 0, 0, 0, 0, 0]] * 2


def test_a_cap_below_zero_takes_the_penalty_away_and_never_rewards_it():
    assert float(capped(torch.tensor(3.0), torch.tensor(-1.0))) == 0.0
