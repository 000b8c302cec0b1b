"""The path as it adds up, on nets whose answer is known at every place."""

import pytest
import torch
from torch import nn

from explain.along import along
from explain.base import Subject
from explain.errors import ExplainError, Stopped


class Product(nn.Module):
    """Logits (a b, 0) of two numbers."""

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.cat([a * b, torch.zeros_like(a)], dim=1)


SUBJECT = Subject(Product(), ("numeric", "numeric"), (1.0, 1.0))
POINT = (torch.tensor([[2.0]]), torch.tensor([[3.0]]))


def test_a_product_adds_up_with_the_square_of_the_place():
    places = along(SUBJECT, POINT, 0, steps=4)
    assert [one.place for one in places] == [0, 0.25, 0.5, 0.75, 1]
    for one in places:
        assert one.logit == pytest.approx(6 * one.place**2)
        assert [float(value) for value in one.values] == pytest.approx([3 * one.place**2] * 2, abs=0.05)
    assert [float(value) for value in places[0].values] == [0.0, 0.0]


def test_the_path_begins_at_the_baseline():
    places = along(SUBJECT, POINT, 0, (torch.tensor([[2.0]]), torch.tensor([[1.0]])), steps=2)
    assert [one.logit for one in places] == pytest.approx([2.0, 4.0, 6.0])
    assert [float(value) for value in places[-1].values] == pytest.approx([0.0, 4.0], abs=0.01)


def test_steps_are_limited_and_it_can_be_stopped():
    with pytest.raises(ExplainError, match=r"1\.\.64 steps, got 65"):
        along(SUBJECT, POINT, 0, steps=65)
    stopped = Subject(Product(), ("numeric", "numeric"), (1.0, 1.0), cancelled=lambda: True)
    with pytest.raises(Stopped):
        along(stopped, POINT, 0)
