"""What explainers are given: the network as it serves, with the same answers."""

import pytest
import torch
from torch import nn

from tests.helpers.evidence import TONE, stored
from tests.helpers.model_parts import RANDOM_BACKBONE, model_of, spec_of


def test_explainers_see_the_answers_that_are_served(shared):
    model, case = stored(shared)
    asked = shared.evidence.explaining.question(model, case, TONE)
    served = shared.evidence.explaining.answer(model, case).target(TONE)
    with torch.no_grad():
        (logits,) = asked.subject.module(*asked.inputs)
    probabilities = torch.softmax(logits / model.manifest.target(TONE).temperature, dim=0)
    assert probabilities.tolist() == pytest.approx(list(served.probabilities), abs=1e-5)


def test_frozen_backbones_are_folded_in_a_copy_that_is_kept(shared):
    def normalisations(network: nn.Module) -> int:
        return sum(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())

    model = model_of(spec_of(fields=[{"name": "image", "kind": "image", "size": 32}], encoder=RANDOM_BACKBONE))
    questions = shared.evidence.explaining.questions
    network = questions.network(model)
    assert questions.network(model) is network
    assert normalisations(network) < normalisations(model.network)
    inputs = {"image": torch.randint(0, 256, (3, 1, 32, 32), dtype=torch.uint8)}
    with torch.no_grad():
        torch.testing.assert_close(network(inputs)["shape"], model.network(inputs)["shape"], rtol=1e-4, atol=1e-4)


def test_a_case_is_never_in_its_own_background(shared):
    model, case = stored(shared)
    questions = shared.review.explaining.questions
    usual = questions.background_cases(model, case)
    assert len(usual) == 32
    for own in usual[:2]:
        others = questions.background_cases(model, own)
        assert len(others) == 32
        assert {one.name for one in usual} - {one.name for one in others} == {own.name}
        seen, inside = questions.ask(model, own, TONE), questions.ask(model, case, TONE)
        image = seen.inputs[0][0]
        assert any(torch.equal(row, image) for row in inside.subject.background[0])
        assert not any(torch.equal(row, image) for row in seen.subject.background[0])
    assert questions.background_cases(model, case) == usual
