"""An adversary that tells the group from the answers, and a network that learns to leave it nothing.

Source: Zhang, Lemoine and Mitchell, Mitigating Unwanted Biases with Adversarial Learning, AIES 2018; Ganin et al.,
Domain-Adversarial Training of Neural Networks, JMLR 2016 (gradient reversal).
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

WIDTH = 16
RATE = 1e-2
MOMENTUM = 0.9
SPREAD = 0.5


class Reversed(torch.autograd.Function):
    """Passes values as they are and their gradient with the sign changed."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, values: Tensor) -> Tensor:
        """Return the values."""
        return values.view_as(values)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> Tensor:
        """Return the gradient with its sign changed."""
        return -gradients[0]


class Adversary:
    """One hidden layer that reads logits (and true labels) and says the group; it learns by each loss it gives.

    Parameters
    ----------
    inputs
        Numbers that it reads of a case.
    groups
        Groups that it tells apart.
    seed
        Of its weights.
    """

    def __init__(self, inputs: int, groups: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        shapes = {"into": (WIDTH, inputs), "start": (WIDTH,), "out": (groups, WIDTH), "end": (groups,)}
        self.weights = {
            name: SPREAD * torch.randn(shape, generator=generator) * (len(shape) == 2) for name, shape in shapes.items()
        }
        self.speed = {name: torch.zeros_like(tensor) for name, tensor in self.weights.items()}

    def loss(self, read: Tensor, groups: Tensor, importance: Tensor) -> Tensor:
        """Return its cross entropy with the gradient reversed towards `read` [cases, inputs], and take a step.

        `groups` are the cases' groups [cases]; `importance` [groups] weighs them, so that rare ones count alike.
        """
        device = read.device
        weights = {name: tensor.to(device).requires_grad_() for name, tensor in self.weights.items()}
        own = self._cross_entropy(read.detach(), weights, groups, importance)
        gradients = torch.autograd.grad(own, list(weights.values()))
        fixed = {name: tensor.detach() for name, tensor in weights.items()}
        reversed_read: Tensor = Reversed.apply(read)
        found = self._cross_entropy(reversed_read, fixed, groups, importance)
        for name, gradient in zip(self.weights, gradients, strict=True):
            self.speed[name] = MOMENTUM * self.speed[name] + gradient.cpu()
            self.weights[name] = self.weights[name].detach() - RATE * self.speed[name]
        return found

    def memory(self) -> Mapping[str, Tensor]:
        """Return what an interrupted training must remember."""
        return {**self.weights, **{f"speed {name}": tensor for name, tensor in self.speed.items()}}

    def recall(self, memory: Mapping[str, Tensor]) -> None:
        """Go on from what was remembered."""
        self.weights = {name: memory[name].clone() for name in self.weights}
        self.speed = {name: memory[f"speed {name}"].clone() for name in self.speed}

    @staticmethod
    def _cross_entropy(read: Tensor, weights: Mapping[str, Tensor], groups: Tensor, importance: Tensor) -> Tensor:
        hidden = torch.relu(functional.linear(read, weights["into"], weights["start"]))
        told = functional.linear(hidden, weights["out"], weights["end"])
        return functional.cross_entropy(told, groups, weight=importance)
