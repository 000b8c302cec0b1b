"""Taking the head out of a model of one's own, and hearing what it would have been given."""

from collections.abc import Mapping
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from core.errors import BadInput
from core.models.fusion import Standardiser

_HEARD: ContextVar[list[Tensor] | None] = ContextVar("heard", default=None)
"""What taps were given during the present pass of the present thread."""


class Tap(nn.Module):
    """Stands in the head's place and notes what it would have been given."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, values: Tensor) -> Tensor:
        """Note `values` [batch, features] and return zeros [batch, outputs]."""
        heard = _HEARD.get()
        if heard is not None:
            heard.append(values)
        return values.new_zeros(*values.shape[:-1], self.outputs)


class Slice(nn.Module):
    """Some of the vector's numbers: the logits of one target where nothing trains."""

    def __init__(self, first: int, count: int) -> None:
        super().__init__()
        self.first, self.count = first, count

    def forward(self, values: Tensor) -> Tensor:
        """Return [batch, count] of [batch, all]."""
        return values[:, self.first : self.first + self.count]


class OwnFusion(nn.Module):
    """The body's vectors, standardised once a head was retrained."""

    def __init__(self, carrier: str, dim: int) -> None:
        super().__init__()
        self.carrier, self.dim = carrier, dim
        self.standardiser = Standardiser(dim)

    def forward(self, vectors: Mapping[str, Tensor]) -> Tensor:
        """Return [batch, dim] of the vectors that the first field carries."""
        standardised: Tensor = self.standardiser(vectors[self.carrier])
        return standardised


def heard_in(module: nn.Module, given: list[Tensor], dim: int) -> Tensor:
    """Return what the tap inside `module` is given in a pass of `given`, [batch, dim].

    Raises
    ------
    BadInput
        When the pass does not reach the tap just once, or with other shapes.
    """
    heard: list[Tensor] = []
    before = _HEARD.set(heard)
    try:
        module(*given)
    finally:
        _HEARD.reset(before)
    if len(heard) != 1 or heard[0].shape != (len(given[0]), dim):
        shapes = ", ".join(str(list(item.shape)) for item in heard) or "nothing"
        raise BadInput(
            f"model.head must be reached once in a pass, with vectors [batch, {dim}]; it was given {shapes}. "
            "Name the torch.nn.Linear that gives the logits, or leave `head` out."
        )
    return heard[0]


def linear_head(body: nn.Module, head: str, outputs: int) -> nn.Linear:
    """Return the layer called `head`.

    Raises
    ------
    BadInput
        When there is none, or it is no `torch.nn.Linear` with `outputs` outputs.
    """
    linear = dict(body.named_modules()).get(head)
    if not isinstance(linear, nn.Linear):
        known = ", ".join(name for name, part in body.named_modules() if isinstance(part, nn.Linear) and name) or "none"
        got = "there is no such part" if linear is None else f"that is {type(linear).__name__}"
        raise BadInput(f"model.head is {head!r}, wanted the name of a torch.nn.Linear, but {got}. There are: {known}.")
    if linear.out_features != outputs or linear.in_features < 2:
        raise BadInput(
            f"model.head {head!r} takes {linear.in_features} numbers and gives {linear.out_features}; "
            f"wanted at least 2, and {outputs}: one for each class. Name the layer that gives the logits."
        )
    return linear


def part_of(linear: nn.Linear, first: int, count: int) -> nn.Linear:
    """Return `count` outputs of a layer as a layer of their own."""
    part = nn.Linear(linear.in_features, count, bias=linear.bias is not None)
    with torch.no_grad():
        part.weight.copy_(linear.weight[first : first + count])
        if linear.bias is not None:
            part.bias.copy_(linear.bias[first : first + count])
    return part
