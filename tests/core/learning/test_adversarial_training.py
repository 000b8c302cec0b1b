"""Adversarial training: what it needs, what it attacks, and that it resists more than an undefended network."""

import pytest
import torch

from core.errors import Refused
from core.guard.robustness.screen import Screen
from core.guard.robustness.work import Plan
from core.learning.strategies.adversarial_training import AdversarialTrainingStrategy
from core.models.network import build_network
from core.models.training import TrainingPlan, fit
from tests.benchmarks._guard_digits import digits
from tests.helpers.learning_parts import context_of, fitted_network, marked_of
from tests.helpers.model_parts import AGE, IMAGE, RANDOM_BACKBONE, Watcher, spec_of

CHOSEN = AdversarialTrainingStrategy()
EPSILON = 0.1


def _context(spec, **parts):
    network = build_network(spec, 0)
    context = context_of(spec, network, **parts)
    fitted_network(network, context.train)
    return context


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fields": [AGE], "encoder": None}, "There is no image field"),
        ({"fields": [{**IMAGE, "size": 32}], "encoder": RANDOM_BACKBONE}, "The encoder of image is frozen"),
    ],
)
def test_says_why_it_does_not_fit(changes, words):
    context = _context(spec_of(**changes))
    assert words in CHOSEN.fits(context)
    with pytest.raises(Refused, match=words):
        CHOSEN.objective(context)


def test_attacked_pictures_stay_within_epsilon_harm_and_leave_the_rest_alone():
    fields = [{**IMAGE, "required": False}, AGE]
    spec = spec_of(fields=fields, training={"batch_size": 8, "seed": 3, "adversarial_epsilon": 0.2})
    context = _context(spec)
    objective, network = CHOSEN.objective(context), context.network.train()
    inputs, labels = context.train.inputs, dict(context.train.labels)
    labels["shape"] = labels["shape"].clone()
    labels["shape"][3] = -1
    found = objective.attacked(network, inputs, labels, 5, torch.Generator().manual_seed(0))
    before = inputs["image"].float() / 255
    missing = ~(inputs["image"] != 0).flatten(1).any(dim=1)
    assert float((found["image"] - before).abs().max()) <= 0.2 + 1e-6
    assert torch.equal(found["image"][missing], before[missing])
    assert found["age"] is inputs["age"]
    assert network.training
    assert all(weight.grad is None for weight in network.parameters())
    plain = objective.plain
    with torch.no_grad():
        network.eval()
        assert plain.losses(network, found, labels).loss > plain.losses(network, inputs, labels).loss


def test_two_steps_with_one_seed_are_equal():
    context = _context(spec_of())
    objective = CHOSEN.objective(context)
    one, other = (objective.loss(context.network, 3, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(one, other)


@pytest.mark.slow
def test_digits_resist_attacks_that_flip_nearly_all_undefended_answers():
    data = digits(0, quick=True)
    training = data.spec.training.model_copy(update={"adversarial_epsilon": EPSILON})
    spec = data.spec.model_copy(update={"training": training})
    context = _context(spec, train=data.train, validation=data.validation, marked=marked_of(spec, 0))
    fit(context.network, CHOSEN.objective(context), TrainingPlan(0, 30, 256, 1e-3))
    hardened, plain = (_robust(network, data) for network in (context.network, data.trained(0)))
    assert plain["attacked"] < 0.2
    assert hardened["attacked"] > plain["attacked"] + 0.25
    assert hardened["clean"] > plain["clean"] - 0.15


def _robust(network, data):
    plan = Plan(epsilons=(EPSILON,), steps=20, seconds=1e4)
    found = Screen(network.eval().requires_grad_(False), "class", data.test, Watcher(), plan).run()
    flipped = max(int(one.flipped.sum()) for one in found.attacked)
    return {"clean": found.right.mean(), "attacked": (found.right.sum() - flipped) / len(found.right)}
