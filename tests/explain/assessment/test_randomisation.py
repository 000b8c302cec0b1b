"""A model that forgets layer by layer, and whose copy alone does."""

import pytest
import torch
from torch import Tensor, nn

from explain.assessment.randomisation import random_weights
from explain.errors import ExplainError
from tests.helpers.subjects import image, numbers, subject, tokens
from tests.helpers.tiny_models import KinkModel, convolutional, mlp, text


def weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.named_parameters()}


def test_layers_forget_from_the_answer_down_to_the_input() -> None:
    asked = subject(convolutional(), ("image",), 3)
    found = random_weights(asked, (image(),))
    assert found.stages[0] == {"8.weight", "8.bias"}
    assert [len(stage) for stage in found.stages] == [2, 4, 6, 8]
    assert all(first < second for first, second in zip(found.stages, found.stages[1:], strict=False))
    assert found.stages[1] == {"8.weight", "8.bias", "4.weight", "4.bias"}
    assert found.stages[3] == set(weights(asked.module))


def test_only_the_copy_forgets_and_only_what_the_stage_says() -> None:
    module = mlp()
    before = weights(module)
    asked = subject(module, ("numeric",), 3)
    found = random_weights(asked, (numbers(6),), stages=3)
    after = weights(found.forgetful(asked, 0).module)
    assert torch.equal(after["0.weight"], before["0.weight"])
    assert not torch.equal(after["4.weight"], before["4.weight"])
    assert all(
        not torch.equal(value, before[name]) for name, value in weights(found.forgetful(asked, 2).module).items()
    )
    assert all(torch.equal(value, before[name]) for name, value in weights(module).items())
    assert all(one.requires_grad for one in module.parameters())


def test_what_is_drawn_has_the_size_of_what_was_learnt_and_follows_its_seed() -> None:
    module = nn.Linear(400, 50)
    with torch.no_grad():
        module.weight.mul_(3).add_(0.5)
    asked = subject(module, ("numeric",), 50)
    found = random_weights(asked, (numbers(400),))
    own, drawn = (one.weight.detach() for one in (module, found.forgetful(asked, 0, seed=1).module))
    assert float(drawn.mean()) == pytest.approx(float(own.mean()), abs=0.01)
    assert float(drawn.std()) == pytest.approx(float(own.std()), rel=0.02)
    assert torch.equal(drawn, found.forgetful(asked, 0, seed=1).module.weight)
    assert not torch.equal(drawn, found.forgetful(asked, 0, seed=2).module.weight)


def test_weights_of_modules_called_as_functions_belong_to_the_module_around_them() -> None:
    found = random_weights(subject(text(), ("text",), 2), (tokens(),))
    assert found.stages[0] == {"head.weight", "head.bias"}
    assert "attention.out_proj.weight" in found.stages[1]
    assert "attention.in_proj_weight" in found.stages[1]


class TwoTargets(nn.Module):
    """Answers one target; the other target's head is run and thrown away."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.head, self.other = nn.Linear(6, 5), nn.Linear(5, 3), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.trunk(x))
        answer = self.head(hidden)
        self.other(hidden)
        return answer


def test_what_the_answer_does_not_depend_on_is_no_stage() -> None:
    found = random_weights(subject(TwoTargets(), ("numeric",), 3), (numbers(6),))
    assert found.stages == ({"head.weight", "head.bias"}, {"head.weight", "head.bias", "trunk.weight", "trunk.bias"})


class HardSteps(nn.Module):
    """Its first layer has no gradient, yet the answer depends on it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(6, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head((self.first(x).detach() > 0).float())


def test_a_layer_without_gradient_forgets_too() -> None:
    torch.manual_seed(0)
    found = random_weights(subject(HardSteps(), ("numeric",), 3), (numbers(6),))
    assert "first.weight" in found.stages[-1]


def test_a_model_without_weights_has_no_stages() -> None:
    assert random_weights(subject(KinkModel(), ("numeric",), 2), (numbers(2),)).stages == ()


def test_a_broken_model_is_told() -> None:
    with pytest.raises(ExplainError, match="failed while its layers were looked for"):
        random_weights(subject(mlp(), ("numeric",), 3), (numbers(5),))
