"""Layer-wise relevance against answers worked out by hand and against Captum; where it is refused."""

import math

import pytest
import torch
from captum import attr
from captum.attr._utils.lrp_rules import EpsilonRule, GammaRule
from torch import Tensor, nn

from explain.errors import ExplainError
from explain.lrp import LayerwiseRelevance
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import TableModel, convolutional, mlp, text

METHOD = LayerwiseRelevance()


def perceptron() -> nn.Module:
    torch.manual_seed(11)
    return nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3)).eval()


class Pictures(nn.Module):
    """Convolutions, pooling of both sorts, and a head that Captum's rules know."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(12)
        self.body = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.AvgPool2d(2)
        )
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).flatten(1))


class Reader(nn.Module):
    """A transformer's block written out: attention, normalisation, a bend, the largest over the words."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(13)
        self.query, self.key, self.value = (nn.Linear(4, 4) for _ in range(3))
        self.norm, self.bend, self.head = nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        weights = (self.query(x) @ self.key(x).transpose(1, 2) / math.sqrt(4)).softmax(dim=-1)
        read = self.norm(x + weights @ self.value(x))
        return self.head(self.bend(read).amax(dim=1))


def by_captum(model: nn.Module, point: Tensor, label: int, gamma: float) -> Tensor:
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.rule = GammaRule(gamma) if gamma else EpsilonRule()
    values: Tensor = attr.LRP(model).attribute(point.clone().requires_grad_(), target=label)
    return values[0].detach()


def test_one_kink_worked_out_by_hand() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, 1.0], [2.0, -1.0]]))
        model[0].bias.copy_(torch.tensor([1.0, -5.0]))
        model[2].weight.copy_(torch.tensor([[2.0, 1.0], [0.0, -1.0]]))
    case, point = subject(model.eval(), ("numeric",), 2), (torch.tensor([[2.0, 1.0]]),)
    plain = METHOD.explain(case, point, 0, options={"gamma": 0.0}).values[0]
    # hidden 4 and 0 give 8 and 0; the first shares its 8 as 2 : 1 : 1 (bias)
    torch.testing.assert_close(plain, torch.tensor([4.0, 2.0]))
    raised = METHOD.explain(case, point, 0, options={"gamma": 1.0}).values[0]
    # weights of the first count double: 4 : 2 : 1 (bias, as it is)
    torch.testing.assert_close(raised, torch.tensor([32 / 7, 16 / 7]))


@pytest.mark.parametrize("label", [0, 1, 2])
def test_it_equals_captum_on_layers_that_captum_knows(label: int) -> None:
    for model, kind, point in ((perceptron(), "numeric", numbers(6)), (Pictures().eval(), "image", image())):
        own = METHOD.explain(subject(model, (kind,), 3), (point,), label, options={"gamma": 0.0}).values[0]
        torch.testing.assert_close(own, by_captum(model, point, label, 0.0), rtol=1e-5, atol=1e-5)


def test_gamma_equals_captum_where_nothing_is_negative() -> None:
    model, point = perceptron(), numbers(6).abs()
    label = int(model(point).detach().argmax())
    assert float(model(point).detach()[0, label]) > 0
    own = METHOD.explain(subject(model, ("numeric",), 3), (point,), label, options={"gamma": 0.25}).values[0]
    torch.testing.assert_close(own, by_captum(model, point, label, 0.25), rtol=1e-4, atol=1e-5)


def test_relevance_is_conserved_without_constants() -> None:
    torch.manual_seed(14)
    model = nn.Sequential(nn.Linear(6, 12, bias=False), nn.GELU(), nn.Linear(12, 3, bias=False)).eval()
    point = numbers(6)
    for gamma in (0.0, 0.25, 2.0):
        values = METHOD.explain(subject(model, ("numeric",), 3), (point,), 1, options={"gamma": gamma}).values[0]
        assert float(values.sum()) == pytest.approx(float(model(point).detach()[0, 1]), rel=1e-4)


def test_attention_normalisation_and_maximum_have_rules() -> None:
    case, point = subject(Reader().eval(), ("text",), 2), (tokens(padding=0),)
    assert METHOD.is_compatible(case, point)
    values = METHOD.explain(case, point, 1).values[0]
    assert values.shape == (5, 4)
    assert bool(values.any())


def test_it_is_measured_from_the_baseline() -> None:
    case, point = subject(mlp(), ("numeric",), 3), numbers(6)
    assert not METHOD.explain(case, (point,), 0, (point.clone(),)).values[0].any()
    moved = point.clone()
    moved[0, 2] += 1.0
    values = METHOD.explain(case, (point,), 0, (moved,)).values[0]
    assert values[2] != 0
    assert not values[[0, 1, 3, 4, 5]].any()


def test_products_and_unseen_attention_are_refused() -> None:
    for case, inputs in (
        (subject(TableModel(), ("numeric", "categorical"), 2), (numbers(1), category())),
        (subject(text(), ("text",), 2), (tokens(),)),
    ):
        assert not METHOD.is_compatible(case, inputs)
        with pytest.raises(ExplainError, match=r"relevance is not conserved.*Try integrated gradients or occlusion"):
            METHOD.explain(case, inputs, 0)


def test_batch_normalisation_is_conserved() -> None:
    case = subject(convolutional(3), ("image",), 3)
    assert METHOD.is_compatible(case, (image(3),))
