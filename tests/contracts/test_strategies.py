"""Every registered strategy, on networks that learn whole or have a frozen encoder, for every kind of field."""

from dataclasses import replace
from typing import get_args

import pytest
import torch

from core.contracts import WorkspaceSpec
from core.errors import NotFound, Refused
from core.learning.strategies.base import Family
from core.learning.strategies.labels import LabelsStrategy
from core.learning.strategies.registry import strategies, strategy
from core.models.network import build_network
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import context_of, fitted_network, marked_of
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, RANDOM_BACKBONE, SMALL_TRANSFORMER, spec_of

pytestmark = pytest.mark.slow

PICTURE = {**IMAGE, "size": 32}
EVERYTHING = [{**item, "required": False} for item in (IMAGE, AGE, COLOUR, NOTE)]
TWO_TARGETS = [{"name": "shape", "classes": ["a", "b", "c"]}, {"name": "size", "classes": ["x", "y"]}]
KINDS = {
    "trainable": {},
    "convolutions": {"encoder": {"name": "cnn", "hidden": [4, 4]}},
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
MARKS = {
    "six marks": lambda spec: marked_of(spec, 6),
    "one mark": lambda spec: marked_of(spec, 1),
    "look here": lambda spec: _look_here(marked_of(spec, 4)),
    "mixed": lambda spec: _mixed(marked_of(spec, 4)),
}
WITH_MARKS = [
    *((kind, "six marks") for kind in KINDS),
    *((kind, marks) for kind in ("convolutions", "frozen", "text", "table") for marks in MARKS if marks != "six marks"),
]
FITS_EVERYWHERE = {"guided", "labels"}
OF_THEIR_OWN = {"fairness", "robustness"}
"""Families that need something else than marks: groups, or pictures whose encoder learns."""


def _spec(kind) -> WorkspaceSpec:
    return spec_of(attributes=[{"name": "sex", "sensitive": True}], **KINDS[kind])


def _look_here(marked):
    return replace(marked, ignore=marked.look, look=marked.ignore, artefacts=(None,) * len(marked))


def _learnable(marked):
    """Leave the first of several fields unmarked, so that there is something to learn."""
    first, *others = marked.ignore
    return replace(marked, ignore={**marked.ignore, first: marked.look[first]}) if others else marked


def _mixed(marked):
    """Rows 0 and 1 say ignore; rows 2 and 3 look here; row 1 is hardly trusted."""
    here = torch.arange(len(marked)) < 2
    sides = [
        {field: mask & keep.view(-1, *[1] * (mask.dim() - 1)) for field, mask in marked.ignore.items()}
        for keep in (here, ~here)
    ]
    return replace(marked, ignore=sides[0], look=sides[1], weights=torch.tensor([1.0, 0.1, 1.0, 1.0]))


@pytest.fixture(params=sorted(KINDS))
def spec(request) -> WorkspaceSpec:
    return _spec(request.param)


@pytest.fixture(params=[item.name for item in strategies()])
def chosen(request):
    return strategy(request.param)


def _prepared(chosen, spec, marked):
    """A network and the objective that trains it, or None where the strategy says that it does not fit."""
    network = build_network(spec, 0)
    context = context_of(spec, network, marked=marked)
    fitted_network(network, context.train)
    reason = chosen.fits(context)
    if reason is None:
        return network, chosen.objective(context)
    assert chosen.name not in FITS_EVERYWHERE
    assert reason[0].isupper()
    assert reason.endswith(".")
    with pytest.raises(Refused):
        chosen.objective(context)
    return network, None


def _needs(objective) -> None:
    if objective is None:
        pytest.skip("says that it does not fit")


def test_says_in_words_what_it_does_and_costs(chosen):
    assert chosen.title
    assert chosen.words.endswith(".")
    assert chosen.cost >= LabelsStrategy.cost
    assert chosen.family in get_args(Family)


@pytest.mark.parametrize(("kind", "marks"), WITH_MARKS)
def test_loss_is_finite_and_moves_every_trainable_parameter(chosen, kind, marks):
    if not chosen.uses_regions and marks != "six marks":
        pytest.skip("marks make no difference to it")
    spec = _spec(kind)
    network, objective = _prepared(chosen, spec, MARKS[marks](spec))
    _needs(objective)
    network.train()
    loss = objective.loss(network, 0, torch.Generator().manual_seed(0))
    loss.backward()
    trainable = [p for name, p in network.named_parameters() if name in network.trainable_state()]
    assert torch.isfinite(loss)
    assert trainable
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in trainable)


def test_validation_score_is_a_probability_and_equal_each_time(chosen, spec):
    network, objective = _prepared(chosen, spec, marked_of(spec, 6))
    _needs(objective)
    with torch.no_grad():
        scores = [objective.validation_score(network.eval()) for _ in range(2)]
    assert 0.0 < scores[0] < 1.0
    assert scores[0] == scores[1]


def test_trains_on_labels_without_any_mark_and_says_that_marks_are_missing(chosen, spec):
    network = build_network(spec, 0)
    context = context_of(spec, network, marks=0)
    fitted_network(network, context.train)
    reason = chosen.fits(context)
    if chosen.family in OF_THEIR_OWN and reason is not None:
        with pytest.raises(Refused):
            chosen.objective(context)
        return
    assert (reason is None) == (not chosen.uses_regions)
    assert torch.isfinite(chosen.objective(context).loss(network, 0, torch.Generator().manual_seed(0)))


def test_learns_and_two_runs_from_one_seed_are_equal_bit_for_bit(chosen, spec):
    states, scores = [], []
    for _ in range(2):
        network, objective = _prepared(chosen, spec, _learnable(marked_of(spec, 6)))
        _needs(objective)
        with torch.no_grad():
            scores.append(objective.validation_score(network.eval()))
        plan = TrainingPlan(seed=0, epochs=2, batch_size=8, learning_rate=1e-2)
        scores.append(fit(network, objective, plan).best_score)
        states.append(network.trainable_state())
    assert scores[1] > scores[0]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_unknown_strategy_names_the_known():
    with pytest.raises(NotFound, match=r"guided, counterexamples, .*labels"):
        strategy("magic")
