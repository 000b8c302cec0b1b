"""Grad-CAM against answers worked out by hand and against Captum; which models and layers it fits."""

import pytest
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn

from explain.errors import ExplainError
from explain.grad_cam import GradCam
from explain.isolation import private_view
from explain.layers import convolutional_layer
from tests.helpers.subjects import image, numbers, subject
from tests.helpers.tiny_models import attention, convolutional, mlp, relu_mlp

METHOD = GradCam()


class Gate(nn.Module):
    """Squeeze and excitation: its own convolutions see a single place and are not the last map."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3, padding=1)
        self.squeeze = nn.Conv2d(4, 4, 1)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.convolution(x)
        return self.head((seen * self.squeeze(seen.mean(dim=(2, 3), keepdim=True))).mean(dim=(2, 3)))


class Dense(nn.Module):
    """A convolution whose answer is joined to its input, then normalised: the joint map is the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(torch.cat([x, self.convolution(x)], dim=1)).mean(dim=(2, 3)))


def layer_of(module: nn.Module, point: Tensor) -> nn.Module | None:
    view = private_view(subject(module, ("image",), 2))
    found = convolutional_layer(view, point)
    names = {part: name for name, part in view.named_modules()}
    return None if found is None else module.get_submodule(names[found])


def test_one_convolution_worked_out_by_hand() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2))
    with torch.no_grad():
        model[0].weight.fill_(1.0)
        model[3].weight.copy_(torch.tensor([[4.0], [-4.0]]))
    point = torch.tensor([[[[1.0, 2.0], [3.0, 0.0]]]])
    case = subject(model.eval(), ("image",), 2)
    # the mean gradient of logit 0 by the map is 4 / 4 places = 1, so the map is the image itself
    assert METHOD.explain(case, (point,), 0).values[0].tolist() == [[[1.0, 2.0], [3.0, 0.0]]]
    assert METHOD.explain(case, (point,), 1).values[0].tolist() == [[[0.0, 0.0], [0.0, 0.0]]]


@pytest.mark.parametrize("channels", [1, 3])
def test_it_equals_captum_on_the_last_activations(channels: int) -> None:
    model, point = convolutional(channels), image(channels)
    own = METHOD.explain(subject(model, ("image",), 3), (point,), 1)
    coarse = LayerGradCam(model, model[5]).attribute(point.clone().requires_grad_(), target=1, relu_attributions=True)
    fine = nn.functional.interpolate(coarse.detach(), (8, 8), mode="bilinear")
    torch.testing.assert_close(own.values[0].sum(dim=0), fine[0, 0])


def test_the_layer_is_the_last_one_with_places() -> None:
    model = convolutional()
    assert layer_of(model, image()) is model[5]
    dense = Dense().eval()
    assert layer_of(dense, image()) is dense.norm
    gate = Gate()
    assert layer_of(gate, image()) is gate.convolution


def test_models_without_a_last_map_are_refused() -> None:
    for model, inputs in ((attention(), image()), (relu_mlp(), image()), (mlp(), numbers(6))):
        kind = "image" if inputs.ndim == 4 else "numeric"
        case = subject(model, (kind,), 3 if model is not None and kind == "numeric" else model(inputs).shape[1])
        assert not METHOD.is_compatible(case, (inputs,))
        with pytest.raises(ExplainError, match="with a convolutional layer"):
            METHOD.explain(case, (inputs,), 0)


def test_a_dead_head_is_refused() -> None:
    model = convolutional()
    nn.init.zeros_(model[8].weight)
    assert not METHOD.is_compatible(subject(model, ("image",), 3), (image(),))


@pytest.mark.parametrize("kinds", [("image", "numeric"), ("image", "image")])
def test_an_image_beside_other_inputs_is_refused(kinds: tuple[str, ...]) -> None:
    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolutional = convolutional()

        def forward(self, x: Tensor, other: Tensor) -> Tensor:
            return self.convolutional(x) + other.flatten(1).mean(dim=1, keepdim=True)

    inputs = (image(), image(seed=1) if kinds[1] == "image" else numbers(3))
    case = subject(Beside().eval(), kinds, 3)
    assert not METHOD.is_compatible(case, inputs)
    with pytest.raises(ExplainError, match="one image and nothing else"):
        METHOD.explain(case, inputs, 0)
