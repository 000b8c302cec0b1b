"""Training-data influence: the cases that taught the model this answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explain.errors import ExplainError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A linear head with softmax as it was at one time of its training."""

    weights: Array
    """[K, d]."""
    bias: Array
    """[K]."""
    learning_rate: float
    """Of the steps around that time."""


def influence(
    checkpoints: Sequence[Checkpoint], vectors: Array, labels: NDArray[np.int64], vector: Array, label: int
) -> Array:
    r"""Return how far each training case pushed a linear head towards answering `label` for `vector`, [n].

    TracInCP on the head: :math:`\sum_t \eta_t \nabla\ell_t(z_i) \cdot \nabla\ell_t(z)` with the cross-entropy
    :math:`\ell`, whose gradient by weights and bias is :math:`(p - y)` outer :math:`(h, 1)`; so each term is
    :math:`(p_i - y_i)\cdot(p - y)\,(h_i \cdot h + 1)`. Positive: learning from the case lowered the loss of `label`
    here; negative: it raised it. Scores compare within one answer; they have no unit.

    Parameters
    ----------
    checkpoints
        One or more.
    vectors
        What the head saw of the training cases, [n, d].
    labels
        Their labels [n], 0 to K - 1.
    vector
        What it sees of the case in question, [d].
    label
        The answer whose origin is asked for.

    Raises
    ------
    ExplainError
        When there is no checkpoint, sizes do not fit, a label is unknown or a number is not finite.

    References
    ----------
    Pruthi et al.: Estimating Training Data Influence by Tracing Gradient Descent, 2020.
    """
    cases, case = np.asarray(vectors, dtype=np.float64), np.asarray(vector, dtype=np.float64)
    kinds = np.asarray(labels)
    _check(checkpoints, cases, kinds, case, label)
    likeness = cases @ case + 1.0  # [n]
    scores = np.zeros(len(cases))
    for checkpoint in checkpoints:
        ours = _residuals(checkpoint, case[None], np.array([label]))[0]  # [K]
        scores += checkpoint.learning_rate * (_residuals(checkpoint, cases, kinds) @ ours)
    result: Array = scores * likeness
    return result


def _residuals(checkpoint: Checkpoint, vectors: Array, labels: NDArray[np.int64]) -> Array:
    """Return p - y, [n, K]: the gradient of the loss by the logits."""
    logits = vectors @ np.asarray(checkpoint.weights, dtype=np.float64).T + checkpoint.bias
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    residuals: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    residuals[np.arange(len(labels)), labels] -= 1.0
    return residuals


def _check(
    checkpoints: Sequence[Checkpoint], vectors: Array, labels: NDArray[np.int64], vector: Array, label: int
) -> None:
    if not checkpoints:
        raise ExplainError("influence needs at least one checkpoint of the training, got none.")
    if vectors.ndim != 2 or vector.shape != vectors.shape[1:] or labels.shape != vectors.shape[:1]:
        raise ExplainError(
            "influence needs vectors [n, d], labels [n] and a vector [d], got "
            f"{vectors.shape}, {labels.shape} and {vector.shape}."
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise ExplainError(f"labels must be class numbers, got {labels.dtype}.")
    for checkpoint in checkpoints:
        _check_checkpoint(checkpoint, vectors.shape[1])
        classes = len(checkpoint.bias)
        if not 0 <= label < classes or (len(labels) and not (labels.min() >= 0 and labels.max() < classes)):
            raise ExplainError(f"labels must be 0 to {classes - 1}; leave out cases without one.")
    if not (np.isfinite(vectors).all() and np.isfinite(vector).all()):
        raise ExplainError("a vector holds NaN or infinity: leave that case out.")


def _check_checkpoint(checkpoint: Checkpoint, width: int) -> None:
    shape = np.shape(checkpoint.weights)
    if shape != (len(checkpoint.bias), width):
        raise ExplainError(f"a checkpoint's weights must be [{len(checkpoint.bias)}, {width}], got {shape}.")
    finite = np.isfinite(checkpoint.weights).all() and np.isfinite(checkpoint.bias).all()
    if not finite or not np.isfinite(checkpoint.learning_rate):
        raise ExplainError("a checkpoint holds NaN or infinity: the training diverged there; leave it out.")
