"""Replacing the functions that a model calls while it answers, whether in a module or not.

Hooks see modules only: a ReLU that is called as a function goes unseen, and what follows is silently wrong. Torch's own
function mode sees both, acts in this thread alone, and leaves nothing behind.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

Function = Callable[..., Any]
Rule = Callable[[Function, Tensor, tuple[Any, ...], dict[str, Any]], Tensor]
"""What is called instead: rule(function, its first argument, the others, the named ones)."""

RELUS: tuple[Function, ...] = (
    functional.relu,
    functional.relu6,
    functional.hardtanh,
    torch.relu,
    torch.relu_,
    Tensor.relu,
    Tensor.relu_,
)
"""Slope 1 between kinks and 0 elsewhere."""
ACTIVATIONS: tuple[Function, ...] = (
    *RELUS,
    functional.gelu,
    functional.silu,
    functional.mish,
    functional.elu,
    functional.celu,
    functional.selu,
    functional.leaky_relu,
    functional.softplus,
    functional.hardswish,
    functional.hardsigmoid,
    functional.softsign,
    functional.logsigmoid,
    functional.tanh,
    functional.sigmoid,
    torch.tanh,
    torch.sigmoid,
    Tensor.tanh,
    Tensor.sigmoid,
)
"""Functions of one number at a time that a network uses for their bend."""
LIMITS: tuple[Function, ...] = (
    torch.clamp,
    torch.clip,
    torch.clamp_min,
    torch.clamp_max,
    Tensor.clamp,
    Tensor.clip,
    Tensor.clamp_min,
    Tensor.clamp_max,
)
"""Limits to a range: bins of a number, say."""


class Replaced(TorchFunctionMode):
    """Calls rules instead of the functions that they are for.

    Parameters
    ----------
    rules
        Rule for each function.
    """

    def __init__(self, rules: Mapping[Function, Rule]) -> None:
        super().__init__()
        self.rules = rules
        self.met: list[Function] = []
        """Functions that were replaced, in order."""

    def __torch_function__(
        self, func: Function, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the rule of `func`, or `func` itself where there is none or its first argument is no float tensor."""
        rule = self.rules.get(func)
        if rule is None or not (args and isinstance(args[0], Tensor) and args[0].is_floating_point()):
            return func(*args, **(kwargs or {}))
        self.met.append(func)
        return rule(func, args[0], args[1:], kwargs or {})


def out_of_place(function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
    """Return the function's answer without changing `value`, even where the call asks for it."""
    answered: Tensor = function(value.clone(), *others, **named)
    return answered


def with_slope(value: Tensor, answered: Tensor, slope: Tensor) -> Tensor:
    """Return `answered` with a gradient by `value` that is `slope`."""
    return answered.detach() + (value - value.detach()) * slope.detach()


def local_slope(function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
    """Return the derivative of a function of one number at a time."""
    with torch.enable_grad():
        point = value.detach().requires_grad_()
        (slope,) = torch.autograd.grad(out_of_place(function, point, others, named).sum(), point)
    return slope
