"""What every method's way to its answer does when memory runs out, with the allocator's own errors."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from explain.answer import out_of_memory
from explain.assessment.curves import curves
from explain.base import Explainer
from explain.errors import ExplainError, Stopped
from explain.occlusion import Occlusion
from explain.registry import compatible, explainers
from tests.helpers.subjects import image, subject
from tests.helpers.tiny_models import relu_mlp

TOO_MUCH = 10**14
"""Floats that no machine has room for."""


class Greedy(nn.Module):
    """Asks for more memory than there is when it is given more than `most` rows."""

    def __init__(self, inner: nn.Module, most: int) -> None:
        super().__init__()
        self.inner = inner
        self.most = most

    def forward(self, inputs: Tensor) -> Tensor:
        if len(inputs) > self.most:
            torch.empty(TOO_MUCH)
        answered: Tensor = self.inner(inputs)
        return answered


def test_the_allocator_of_this_machine_is_understood() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(TOO_MUCH)
    assert out_of_memory(caught.value)
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_the_batch_is_halved_and_the_answers_stay() -> None:
    inner, point = relu_mlp(), (image(),)
    plain = subject(inner, ("image",), 3)
    greedy = subject(Greedy(inner, 2), ("image",), 3)
    expected = Occlusion().explain(plain, point, 0)
    found = Occlusion().explain(greedy, point, 0)
    assert torch.allclose(found.values[0], expected.values[0], atol=1e-6)
    zero = (torch.zeros_like(point[0]),)
    areas = [[one.area for one in curves(each, point, expected, 0, zero).comparisons] for each in (plain, greedy)]
    assert areas[1] == pytest.approx(areas[0], abs=1e-6)


def test_too_little_for_one_row_is_said() -> None:
    class Starved(Greedy):
        def forward(self, inputs: Tensor) -> Tensor:
            if not torch.is_inference_mode_enabled():  # the check before the method begins goes well
                torch.empty(TOO_MUCH)
            return super().forward(inputs)

    with pytest.raises(ExplainError, match="one row at a time is too much for the memory"):
        Occlusion().explain(subject(Starved(relu_mlp(), 64), ("image",), 3), (image(),), 0)


class Broken(nn.Module):
    """Fails at once."""

    def forward(self, inputs: Tensor) -> Tensor:
        raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("method", explainers(), ids=lambda method: method.name)
def test_a_model_that_fails_before_anything_is_said(method: Explainer) -> None:
    asked = replace(subject(Broken().eval(), ("image",), 3), background=(torch.zeros(2, 1, 8, 8),))
    assert not method.is_compatible(asked, (image(),))
    with pytest.raises(ExplainError, match=r"Broken failed on this case before it was explained: broken on purpose"):
        method.explain(asked, (image(),), 0)


class Particular(nn.Module):
    """Fails in its own way, from its second pass on or at once; copies of it count on."""

    def __init__(self, error: type[Exception], passes: int) -> None:
        super().__init__()
        self.inner, self.error = relu_mlp(), error
        seen: list[int] = []
        self.note, self.count, self.passes = seen.append, lambda: len(seen), passes

    def forward(self, inputs: Tensor) -> Tensor:
        self.note(1)
        if self.count() > self.passes:
            raise self.error("too particular")
        answered: Tensor = self.inner(inputs)
        return answered


@pytest.mark.parametrize("error", [ValueError, TypeError, IndexError, KeyError, AssertionError])
@pytest.mark.parametrize("passes", [0, 1])
def test_whatever_a_model_raises_is_said_in_its_words(error: type[Exception], passes: int) -> None:
    asked = subject(Particular(error, passes).eval(), ("image",), 3)
    with pytest.raises(ExplainError, match=r"Particular failed .*too particular"):
        Occlusion().explain(asked, (image(),), 0)


@pytest.mark.parametrize("passes", [0, 1, 2])
def test_whatever_a_model_raises_only_rules_methods_out(passes: int) -> None:
    asked = subject(Particular(ValueError, passes).eval(), ("image",), 3)
    assert "deep_lift" not in {method.name for method in compatible(asked, (image(),))}


@pytest.mark.parametrize("error", [KeyboardInterrupt, Stopped])
def test_who_stops_it_is_obeyed(error: type[Exception]) -> None:
    with pytest.raises(error):
        Occlusion().explain(subject(Particular(error, 1).eval(), ("image",), 3), (image(),), 0)
