"""Functions are replaced wherever they are called, in one thread, and only while it is asked for."""

import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explain.functions import ACTIVATIONS, RELUS, Function, Replaced, local_slope, out_of_place, with_slope


def negated(function: Function, value: Tensor, others: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    return -out_of_place(function, value, others, named)


RULES: dict[Function, Any] = dict.fromkeys(ACTIVATIONS, negated)


@pytest.mark.parametrize(
    "activation",
    [nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.GELU(), nn.SiLU(), nn.Mish(), nn.ELU(), nn.CELU(), nn.SELU(),
     nn.LeakyReLU(), nn.Softplus(), nn.Hardswish(inplace=True), nn.Hardsigmoid(), nn.Hardtanh(), nn.Tanh(),
     nn.Sigmoid(), nn.LogSigmoid(), nn.Softsign(), functional.relu, torch.relu, torch.tanh, Tensor.relu, Tensor.sigmoid,
     functional.relu6, functional.gelu],
    ids=lambda activation: str(activation).split(" at 0x")[0],  # an address differs from process to process
)  # fmt: skip
def test_modules_and_functions_are_met(activation: Any) -> None:
    value = torch.tensor([-0.5, 0.25, 1.5])
    with Replaced(RULES) as watch:
        answered = activation(value)
    assert len(watch.met) == 1
    assert value.tolist() == [-0.5, 0.25, 1.5]  # not even where the module works in place
    assert torch.equal(answered, -activation(value.clone()))


def test_other_threads_and_later_calls_are_left_alone() -> None:
    found: list[float] = []
    with Replaced(dict.fromkeys(RELUS, negated)):
        other = threading.Thread(target=lambda: found.append(float(torch.relu(torch.tensor(2.0)))))
        other.start()
        other.join()
        assert float(torch.relu(torch.tensor(2.0))) == -2.0
        assert float(torch.tanh(torch.tensor(0.0))) == 0.0
    assert found == [2.0]
    assert float(torch.relu(torch.tensor(2.0))) == 2.0


def test_whole_numbers_are_left_alone() -> None:
    with Replaced({torch.Tensor.clamp: negated}) as watch:
        assert torch.tensor([3, -3]).clamp(min=0).tolist() == [3, 0]
    assert watch.met == []


def test_a_slope_is_put_in_place_and_the_local_one_is_found() -> None:
    value = torch.tensor([0.5, -1.0], requires_grad=True)
    answered = with_slope(value, torch.tanh(value), torch.tensor([3.0, 4.0]))
    assert torch.equal(answered.detach(), torch.tanh(value).detach())
    answered.sum().backward()
    assert value.grad is not None
    assert value.grad.tolist() == [3.0, 4.0]
    with torch.no_grad():
        slope = local_slope(functional.leaky_relu, value, (0.1,), {})
    assert slope.tolist() == pytest.approx([1.0, 0.1])
