"""The private view of a shared module."""

import threading

import pytest
import torch
from torch import nn

from explain.errors import ExplainError
from explain.isolation import private_view
from explain.registry import explainer
from tests.helpers.subjects import image, subject
from tests.helpers.tiny_models import convolutional


class Locked(nn.Module):
    """Holds something that can't be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)


def test_the_view_shares_the_weights_and_nothing_else() -> None:
    module = convolutional().train()
    view = private_view(subject(module, ("image",), 3))
    shared = {tensor.data_ptr() for tensor in module.state_dict().values()}
    assert {tensor.data_ptr() for tensor in view.state_dict().values()} == shared
    assert module.training
    assert not any(part.training for part in view.modules())
    assert not any(parameter.requires_grad for parameter in view.parameters())
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert not set(map(id, view.modules())) & set(map(id, module.modules()))
    view[0].register_forward_hook(lambda *_: None)
    assert not module[0]._forward_hooks


def test_tied_weights_stay_tied() -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    module[1].weight = module[0].weight
    view = private_view(subject(module, ("numeric",), 3))
    assert view[0].weight is view[1].weight


def test_the_view_sees_later_changes_of_the_weights() -> None:
    module = nn.Linear(2, 2)
    view = private_view(subject(module, ("numeric",), 2))
    with torch.no_grad():
        module.weight.fill_(7.0)
    assert view.weight.tolist() == [[7.0, 7.0], [7.0, 7.0]]


def test_a_module_that_can_not_be_copied_is_refused_with_the_reason() -> None:
    with pytest.raises(ExplainError, match="Locked can't be explained: its structure can't be copied"):
        private_view(subject(Locked(), ("image",), 64))


def test_weights_loaded_under_inference_mode_are_usable() -> None:
    with torch.inference_mode():
        module = convolutional()
    result = explainer("integrated_gradients").explain(subject(module, ("image",), 3), (image(),), 0)
    assert result.reached


def test_unknown_method_lists_the_known_ones() -> None:
    with pytest.raises(ExplainError, match="no explanation method 'magic'; known: integrated_gradients, expected"):
        explainer("magic")
