"""What a change cost, worked out by hand."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from core.learning.proof.price import price_of, worst_draws
from tests.helpers.gate_parts import gate_context
from tests.helpers.model_parts import spec_of


def answering(context, wrong):
    """Logits that are right but for the cases in `wrong`."""
    labels = context.ledger.labels["shape"].clone()
    labels[wrong] = (labels[wrong] + 1) % 3
    return {"shape": one_hot(labels, 3).float() * 9}


def priced(context):
    return {one.line.name: one for one in price_of(context, context.spec.targets[0])}


def test_worst_group_by_hand():
    right = np.array([1.0, 0.0, 1.0, 1.0])
    groups = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 0.0, 0.0, 0.0], [0.0, 1.0, 3.0, 0.0]])
    assert worst_draws(right, groups, weights).tolist() == [0.5, 1.0, 0.0]


def test_what_got_worse_is_named_and_held_against_the_policy():
    spec = spec_of(attributes=[{"name": "sex", "sensitive": True}])
    context = gate_context(spec, count=120)
    men = [i for i in range(120) if i % 3 == 0]
    before, after = answering(context, []), answering(context, men[:30])
    found = priced(dataclasses.replace(context, answers=(before, after)))
    assert found["accuracy"].line.champion.value == 1.0
    assert found["accuracy"].line.candidate.value == pytest.approx(0.75)
    assert found["accuracy"].line.worse
    assert found["accuracy"].beyond
    assert found["worst group"].line.title.endswith("(sex M)")
    assert found["worst group"].line.candidate.value == pytest.approx(0.25)
    assert found["worst group"].line.candidate.n == 40
    assert "group sex M" in found
    assert "group sex F" not in found
    assert found["group sex M"].line.difference.value == pytest.approx(-0.75)


def test_equal_models_cost_nothing():
    context = gate_context(spec_of(), count=60)
    same = answering(context, list(range(10)))
    lines = priced(dataclasses.replace(context, answers=(same, same)))
    assert not any(one.line.worse or one.beyond for one in lines.values() if one.line.name != "clean accuracy")
    assert {"clean accuracy", "accuracy", "worst group", "calibration error"} == set(lines)


def test_within_the_margin_is_worse_but_not_beyond():
    """Every patient group falls alike by little: the interval leaves zero and stays within the policy's margin."""
    spec = spec_of(gate={"accuracy_margin": 0.5})
    context = gate_context(spec, count=120)
    after = answering(context, list(range(0, 120, 4)))
    one = priced(dataclasses.replace(context, answers=(answering(context, []), after)))["accuracy"]
    assert one.line.worse
    assert not one.beyond


def test_without_labels_there_is_no_price():
    context = gate_context(spec_of(), count=20)
    context.ledger.labels["shape"][:] = -1
    assert price_of(context, context.spec.targets[0]) == ()


def test_unlabelled_cases_do_not_count():
    context = gate_context(spec_of(), count=60)
    same = answering(context, [])
    context.ledger.labels["shape"][:20] = -1
    found = priced(dataclasses.replace(context, answers=(same, same)))
    assert found["accuracy"].line.champion.n == 40
    assert found["clean accuracy"].line.champion.n == 40
    assert torch.equal(context.ledger.labels["shape"][:20], torch.full((20,), -1))


def test_with_several_targets_each_price_says_which():
    spec = spec_of(
        targets=[
            {"name": "shape", "classes": ["a", "b", "c"]},
            {"name": "view", "title": "View", "classes": ["x", "y"]},
        ]
    )
    context = gate_context(spec, count=60)
    titles = [one.line.title for one in price_of(context, spec.targets[1])]
    assert titles[1] == "View: Accuracy on cases as they are"
