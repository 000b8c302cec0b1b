"""Every registered strategy, on networks that learn whole or have a frozen encoder, for every kind of field."""

import pytest
import torch

from core.contracts import WorkspaceSpec
from core.errors import NotFound
from core.learning.strategies.registry import strategies, strategy
from core.models.network import build_network
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import context_of, fitted_network
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, RANDOM_BACKBONE, SMALL_TRANSFORMER, spec_of

pytestmark = pytest.mark.slow

PICTURE = {**IMAGE, "size": 32}
EVERYTHING = [{**item, "required": False} for item in (IMAGE, AGE, COLOUR, NOTE)]
TWO_TARGETS = [{"name": "shape", "classes": ["a", "b", "c"]}, {"name": "size", "classes": ["x", "y"]}]
KINDS = {
    "trainable": {},
    "frozen": {"encoder": RANDOM_BACKBONE, "fields": [PICTURE]},
    "text": {"encoder": SMALL_TRANSFORMER, "fields": [NOTE]},
    "table": {"encoder": None, "fields": [AGE, COLOUR]},
    "fusion": {
        "fields": EVERYTHING,
        "targets": TWO_TARGETS,
        "encoders": {"note": SMALL_TRANSFORMER},
        "fusion": {"alignment": 0.1, "missing": 0.3, "dropout": 0.2},
        "training": {"batch_size": 8, "seed": 3, "weighting": "uncertainty"},
    },
    "fusion with a frozen image": {
        "fields": [PICTURE, *EVERYTHING[1:]],
        "encoder": RANDOM_BACKBONE,
        "encoders": {"note": SMALL_TRANSFORMER},
        "fusion": {"alignment": 0.1},
    },
}


@pytest.fixture(params=sorted(KINDS))
def spec(request) -> WorkspaceSpec:
    return spec_of(**KINDS[request.param])


@pytest.fixture(params=[item.name for item in strategies()])
def chosen(request):
    return strategy(request.param)


def _objective(chosen, spec, marks=6):
    network = build_network(spec, 0)
    context = context_of(spec, network, marks)
    fitted_network(network, context.train)
    return network, chosen.objective(context)


def test_says_in_words_what_it_does(chosen):
    assert chosen.title
    assert chosen.words.endswith(".")


def test_loss_is_finite_and_moves_every_trainable_parameter(chosen, spec):
    network, objective = _objective(chosen, spec)
    network.train()
    loss = objective.loss(network, 0, torch.Generator().manual_seed(0))
    loss.backward()
    trainable = [p for name, p in network.named_parameters() if name in network.trainable_state()]
    assert torch.isfinite(loss)
    assert trainable
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in trainable)


def test_validation_score_is_a_probability(chosen, spec):
    network, objective = _objective(chosen, spec)
    with torch.no_grad():
        assert 0.0 < objective.validation_score(network.eval()) < 1.0


def test_works_without_any_mark(chosen, spec):
    network, objective = _objective(chosen, spec, marks=0)
    assert torch.isfinite(objective.loss(network, 0, torch.Generator().manual_seed(0)))


def test_two_runs_from_one_seed_are_equal_bit_for_bit(chosen, spec):
    states = []
    for _ in range(2):
        network, objective = _objective(chosen, spec)
        fit(network, objective, TrainingPlan(seed=0, epochs=2, batch_size=8))
        states.append(network.trainable_state())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_unknown_strategy_names_the_known():
    with pytest.raises(NotFound, match="guided, counterexamples, labels"):
        strategy("magic")
