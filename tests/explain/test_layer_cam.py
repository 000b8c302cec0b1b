"""LayerCAM against answers worked out by hand; which layers it joins."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from explain.errors import ExplainError
from explain.grad_cam import GradCam
from explain.isolation import private_view
from explain.layer_cam import LayerCam
from explain.layers import convolutional_layer, convolutional_stages
from tests.helpers.subjects import image, subject
from tests.helpers.tiny_models import attention, convolutional, relu_mlp

METHOD = LayerCam()


def test_each_place_has_its_own_weight() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten(), nn.Linear(4, 2, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([1.0, 2.0]).view(2, 1, 1, 1))
        model[2].weight.copy_(torch.tensor([[1.0, -1.0, 0.5, 3.0], [0.0, 0.0, 0.0, -1.0]]))
    case = subject(model.eval(), ("image",), 2)
    point = (torch.tensor([[[[0.2, 0.4]]]]),)
    # activations (0.2, 0.4) and (0.4, 0.8); positive weights (1, 0) and (0.5, 3): 0.2 + 0.2 and 2.4
    result = METHOD.explain(case, point, 0, options={"stages": 1}).values[0]
    torch.testing.assert_close(result, torch.tensor([[[0.4, 2.4]]]))
    assert METHOD.explain(case, point, 1, options={"stages": 1}).values[0].tolist() == [[[0.0, 0.0]]]


def cam(activation: Tensor, logit: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(logit, activation, retain_graph=True)
    return (gradient.relu() * activation.detach()).sum(dim=1, keepdim=True).relu()


def test_two_stages_are_compared_and_the_stronger_one_counts() -> None:
    model, point = convolutional(3), image(3)
    fine = model[2](model[1](model[0](point)))  # [1, 6, 8, 8]
    coarse = model[5](model[4](model[3](fine)))  # [1, 8, 4, 4]
    logit = model[8](model[7](model[6](coarse)))[0, 2]
    maps = [torch.tanh(2 * part / part.max()) for part in (cam(coarse, logit), cam(fine, logit))]
    joined = torch.maximum(interpolate(maps[0], (8, 8), mode="bilinear"), maps[1])
    result = METHOD.explain(subject(model, ("image",), 3), (point,), 2)
    torch.testing.assert_close(result.values[0], (joined[0] / 3).expand(3, 8, 8), rtol=1e-5, atol=1e-6)
    alone = METHOD.explain(subject(model, ("image",), 3), (point,), 2, options={"stages": 1}).values[0]
    coarsest = interpolate(cam(coarse, logit), (8, 8), mode="bilinear")
    torch.testing.assert_close(alone.sum(dim=0), coarsest[0, 0], rtol=1e-5, atol=1e-6)


def test_the_first_stage_is_the_layer_of_grad_cam_and_the_next_are_finer() -> None:
    view = private_view(subject(convolutional(3), ("image",), 3))
    stages = convolutional_stages(view, image(3), 5)
    assert stages[0] is convolutional_layer(view, image(3))
    assert [view.get_submodule(name) for name in ("5", "2")] == list(stages)
    assert convolutional_stages(view, image(3), 1) == stages[:1]


def test_a_layer_that_is_called_twice_is_left_out() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
            self.relu, self.pool, self.head = nn.ReLU(), nn.AvgPool2d(2), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            seen = self.second(self.pool(self.relu(self.relu(self.first(x)))))
            return self.head(seen.mean(dim=(2, 3)))

    view = private_view(subject(Shared().eval(), ("image",), 2))
    assert list(convolutional_stages(view, image(), 3)) == [view.get_submodule("second"), view.get_submodule("first")]


def test_models_without_a_last_map_are_refused() -> None:
    for model, classes in ((relu_mlp(), 3), (attention(), 2)):
        case = subject(model, ("image",), classes)
        assert not METHOD.is_compatible(case, (image(),))
        with pytest.raises(ExplainError, match=r"LayerCAM needs .*Try integrated gradients or occlusion"):
            METHOD.explain(case, (image(),), 0)


def test_a_layer_without_gradient_is_said() -> None:
    model = convolutional()
    with torch.no_grad():
        model[8].weight.zero_()
    for method in (METHOD, GradCam()):
        with pytest.raises(ExplainError, match="zero everywhere"):
            method.explain(subject(model, ("image",), 3), (image(),), 0)
