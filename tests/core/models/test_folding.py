import pytest
import timm
import torch
from torch import nn

from core.models.folding import folded


class Block(nn.Module):
    """A convolution with batch normalisation whose output may be used a second time."""

    def __init__(self, twice: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)
        self.normalisation = nn.BatchNorm2d(4)
        self.twice = twice

    def forward(self, values):
        out = self.convolution(values)
        return self.normalisation(out) + (out if self.twice else 0.0)


def block(twice: bool) -> Block:
    torch.manual_seed(0)
    made = Block(twice)
    made.normalisation.running_mean.uniform_(-1, 1)
    made.normalisation.running_var.uniform_(0.5, 2)
    return made.eval()


def test_normalisation_moves_into_the_convolution():
    plain, values = block(twice=False), torch.rand(2, 3, 8, 8)
    served = folded(plain, values)
    assert isinstance(served.normalisation, nn.Identity)
    assert isinstance(plain.normalisation, nn.BatchNorm2d)
    with torch.no_grad():
        assert torch.allclose(served(values), plain(values), atol=1e-6)


def test_output_that_is_used_twice_is_left_alone():
    plain, values = block(twice=True), torch.rand(2, 3, 8, 8)
    served = folded(plain, values)
    assert isinstance(served.normalisation, nn.BatchNorm2d)
    with torch.no_grad():
        assert torch.equal(served(values), plain(values))


@pytest.mark.parametrize("name", ["test_efficientnet", "test_byobnet", "test_resnet", "test_convnext"])
def test_backbones_answer_alike_and_keep_no_hook(name):
    torch.manual_seed(0)
    plain, values = timm.create_model(name, num_classes=0).eval(), torch.rand(2, 3, 64, 64)
    served = folded(plain, values[:1])
    with torch.no_grad():
        expected = plain(values)
        assert torch.allclose(served(values), expected, atol=1e-4 * float(expected.abs().max()))
    hooks = [module for module in served.modules() if module._forward_hooks or module._forward_pre_hooks]
    assert not hooks
