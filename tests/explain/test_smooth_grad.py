"""SmoothGrad against answers worked out by hand and against Captum's noise tunnel."""

import pytest
import torch
from captum.attr import NoiseTunnel
from captum.attr import Saliency as CaptumSaliency
from torch import Tensor, nn

from explain.errors import ExplainError
from explain.saliency import Saliency
from explain.smooth_grad import SmoothGrad
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import BagModel, TableModel, mlp, relu_mlp

METHOD = SmoothGrad()


class Squares(nn.Module):
    """Logit 0 is the sum of squares: the gradient is 2 x."""

    def forward(self, x: Tensor) -> Tensor:
        logit = x.flatten(1).square().sum(dim=1)
        return torch.stack([logit, -logit], dim=1)


def test_noise_that_has_mean_zero_leaves_a_straight_gradient() -> None:
    point = image(side=4)
    result = METHOD.explain(subject(Squares(), ("image",), 2), (point,), 0, options={"samples": 512, "noise": 0.1})
    spread = 2 * 0.1 * float(point.max() - point.min()) / 512**0.5  # of the mean of 2 (x + noise)
    difference = (result.values[0] - 2 * point[0]).abs()
    assert 0 < float(difference.max()) < 5 * spread
    assert result.steps == 512
    # the sum over 16 pixels of independent means; estimated from 8 groups
    assert result.standard_errors == pytest.approx((4 * spread,), rel=0.6)


def test_hardly_any_noise_gives_saliency() -> None:
    case, point = subject(nn.Sequential(nn.Flatten(), mlp(64)), ("image",), 3), (image(),)
    smooth = METHOD.explain(case, point, 1, options={"noise": 0.001}).values[0]
    torch.testing.assert_close(smooth, Saliency().explain(case, point, 1).values[0], rtol=0, atol=1e-3)


def test_it_equals_captums_tunnel_as_far_as_chance_goes() -> None:
    model, point = relu_mlp(), image()
    spread = 0.2 * float(point.max() - point.min())
    options = {"samples": 512, "noise": 0.2}
    own = METHOD.explain(subject(model, ("image",), 3), (point,), 1, options=options).values[0]
    torch.manual_seed(0)
    tunnel = NoiseTunnel(CaptumSaliency(model))
    other = tunnel.attribute(point.clone().requires_grad_(), nt_samples=512, stdevs=spread, target=1, abs=False)
    assert float((own - other[0].detach().abs()).norm() / own.norm()) < 0.1
    assert float(torch.corrcoef(torch.stack([own.flatten(), other.detach().abs().flatten()]))[0, 1]) > 0.99


def test_noise_lies_on_words_and_not_on_padding() -> None:
    result = METHOD.explain(subject(BagModel(), ("text",), 2), (tokens(count=2, width=2, padding=1),), 0)
    assert result.values[0].tolist() == [[1.0, 2.0], [1.0, 2.0], [0.0, 0.0]]


def test_an_even_image_gets_noise_too() -> None:
    even = (torch.full((1, 1, 8, 8), 0.5),)
    case = subject(relu_mlp(), ("image",), 3)
    one, other = (METHOD.explain(case, even, 0, options={"seed": seed}).values[0] for seed in (1, 2))
    assert not torch.equal(one, other)


def test_slopes_of_different_units_are_not_offered() -> None:
    case, inputs = subject(TableModel(), ("numeric", "categorical"), 2), (numbers(1), category())
    assert not METHOD.is_compatible(case, inputs)
    with pytest.raises(ExplainError, match=r"SmoothGrad needs inputs of one unit"):
        METHOD.explain(case, inputs, 0)
