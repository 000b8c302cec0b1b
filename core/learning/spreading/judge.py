"""From figures of windows to probabilities: a small classifier, and a mixture that calibrates it on all cases."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

STEPS = 60
ROUNDS = 40
PULL = 0.02
"""Weight of the penalty on the classifier's coefficients."""
TRUST = 10.0
"""How many cases the marks' own scores count for in the mixture."""
NARROW = 0.5
"""Least spread of a component's scores, in logits."""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """A logistic classifier whose coefficients are not negative: every figure is a goodness."""

    mean: Tensor
    scale: Tensor
    weights: Tensor
    bias: Tensor

    def __call__(self, figures: Tensor) -> Tensor:
        """Return the logit of windows [..., figures]."""
        return ((figures - self.mean) / self.scale) @ self.weights + self.bias


def taught(right: Tensor, wrong: Tensor) -> Judge:
    """Fit a judge to right and wrong windows [windows, figures]; both sides weigh the same."""
    everything = torch.cat([right, wrong])
    mean, scale = wrong.mean(dim=0), wrong.std(dim=0).clamp_min(1e-3)
    inputs = (everything - mean) / scale
    truth = torch.cat([torch.ones(len(right)), torch.zeros(len(wrong))]).to(inputs.device)
    balance = torch.where(truth > 0, 0.5 / len(right), 0.5 / len(wrong))
    free = torch.full((right.shape[1] + 1,), -2.0, device=inputs.device, requires_grad=True)
    search = torch.optim.LBFGS([free], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        weights = softplus(free[:-1])
        value = binary_cross_entropy_with_logits(inputs @ weights + free[-1], truth, weight=balance, reduction="sum")
        total = value + PULL * (weights**2).mean()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    search.step(loss)  # type: ignore[arg-type]
    done = free.detach()
    return Judge(mean, scale, softplus(done[:-1]), done[-1])
