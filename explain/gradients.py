"""The gradient of one logit by the inputs, and what to say when there is none."""

from collections.abc import Sequence

import torch
from torch import Tensor

from explain.errors import ExplainError
from explain.validation import Case

NO_GRAPH = "the model's answer has no gradient by its inputs. Try occlusion."
VANISHED = (
    "the gradient of this answer is zero everywhere for this case: the model is saturated or works in steps here, "
    "so its slopes say nothing. Try occlusion or another method that changes the inputs."
)


def gradients_at(case: Case, points: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return dF/dx at each row of `points`, [R, ...] for each input; zeros by an input that is not used.

    Raises
    ------
    ExplainError
        When the answer has no graph to its inputs, or an input has no gradient at all.
    """
    if not all(point.is_floating_point() for point in points):
        raise ExplainError("gradients need inputs of floats; give this model's inputs as floats, or try occlusion.")
    leaves = tuple(point.detach().requires_grad_() for point in points)
    return gradients_of(case.logit(*leaves).sum(), leaves)


def gradients_of(logit: Tensor, leaves: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradient of a scalar by each leaf; zeros by one that is not used.

    Raises
    ------
    ExplainError
        When there is no graph.
    """
    if not logit.requires_grad:
        raise ExplainError(NO_GRAPH)
    return torch.autograd.grad(logit, leaves, allow_unused=True, materialize_grads=True)


def refuse_vanished(gradients: Sequence[Tensor]) -> None:
    """Refuse gradients that are zero everywhere, rather than show a map of nothing.

    Raises
    ------
    ExplainError
        When each element of each gradient is zero.
    """
    if not any(bool(gradient.any()) for gradient in gradients):
        raise ExplainError(VANISHED)


def times_change(case: Case, slopes: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return (x - b) times a slope for each input, [1, ...], with input x and baseline b."""
    parts = zip(case.inputs, case.baselines, slopes, strict=True)
    return tuple((item - base) * slope for item, base, slope in parts)
