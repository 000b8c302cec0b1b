"""Training-data influence against gradients that autograd computes."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from explain.errors import ExplainError
from explain.influence import Checkpoint, influence

CLASSES, WIDTH, CASES = 3, 5, 40


def checkpoints(count: int = 3) -> tuple[Checkpoint, ...]:
    generator = np.random.default_rng(1)
    return tuple(
        Checkpoint(generator.normal(size=(CLASSES, WIDTH)), generator.normal(size=CLASSES), 0.1 * (n + 1))
        for n in range(count)
    )


def cases() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(2)
    return generator.normal(size=(CASES, WIDTH)), generator.integers(0, CLASSES, CASES)


def gradient(checkpoint: Checkpoint, vector: np.ndarray, label: int) -> torch.Tensor:
    head = torch.nn.Linear(WIDTH, CLASSES).double()
    head.weight.data, head.bias.data = torch.from_numpy(checkpoint.weights), torch.from_numpy(checkpoint.bias)
    loss = functional.cross_entropy(head(torch.from_numpy(vector)[None]), torch.tensor([label]))
    parts = torch.autograd.grad(loss, (head.weight, head.bias))
    return torch.cat([part.flatten() for part in parts])


def test_equals_the_dot_products_of_gradients() -> None:
    vectors, labels = cases()
    asked, label = np.linspace(-1, 1, WIDTH), 2
    expected = np.zeros(CASES)
    for checkpoint in checkpoints():
        ours = gradient(checkpoint, asked, label)
        for n in range(CASES):
            theirs = gradient(checkpoint, vectors[n], int(labels[n]))
            expected[n] += checkpoint.learning_rate * float(theirs @ ours)
    assert influence(checkpoints(), vectors, labels, asked, label) == pytest.approx(expected, abs=1e-5)


def test_hand_worked() -> None:
    """Zero weights: p = (1/2, 1/2); residuals of equal labels have the product 1/2, of unequal ones -1/2."""
    flat = Checkpoint(np.zeros((2, 1)), np.zeros(2), 2.0)
    scores = influence([flat], np.array([[3.0], [3.0], [-3.0]]), np.array([0, 1, 0]), np.array([1.0]), 0)
    assert scores == pytest.approx([2 * 0.5 * 4, -2 * 0.5 * 4, 2 * 0.5 * -2])


def test_a_step_on_a_case_changes_the_loss_as_its_influence_says() -> None:
    """What the score approximates: how much a small step of gradient descent on the case lowers the loss."""
    vectors, labels = cases()
    start, asked, rate = checkpoints(1)[0], np.linspace(-1, 1, WIDTH), 1e-5
    scores = influence([Checkpoint(start.weights, start.bias, rate)], vectors, labels, asked, 1)
    for n in range(5):
        step = gradient(start, vectors[n], int(labels[n])).numpy()
        after = Checkpoint(
            start.weights - rate * step[:-CLASSES].reshape(CLASSES, WIDTH), start.bias - rate * step[-CLASSES:], 1.0
        )
        assert loss(start, asked) - loss(after, asked) == pytest.approx(scores[n], rel=1e-2, abs=1e-9)


def loss(checkpoint: Checkpoint, vector: np.ndarray) -> float:
    logits = torch.from_numpy(checkpoint.weights @ vector + checkpoint.bias)
    return float(functional.cross_entropy(logits[None], torch.tensor([1])))


def test_huge_logits_stay_finite() -> None:
    vectors, labels = cases()
    steep = Checkpoint(1e6 * checkpoints()[0].weights, np.zeros(CLASSES), 0.1)
    assert np.isfinite(influence([steep], vectors, labels, vectors[0], 0)).all()


def test_no_training_cases_give_no_scores() -> None:
    assert influence(checkpoints(), np.zeros((0, WIDTH)), np.zeros(0, np.int64), np.zeros(WIDTH), 0).shape == (0,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"checkpoints": ()}, "at least one checkpoint"),
        ({"vector": np.zeros(WIDTH + 1)}, "a vector \\[d\\]"),
        ({"labels": np.zeros(CASES)}, "class numbers"),
        ({"labels": np.full(CASES, -1)}, "0 to 2"),
        ({"label": CLASSES}, "0 to 2"),
        ({"vector": np.full(WIDTH, np.nan)}, "NaN"),
        ({"checkpoints": [Checkpoint(np.zeros((CLASSES, 2)), np.zeros(CLASSES), 0.1)]}, "weights must be"),
        ({"checkpoints": [Checkpoint(np.full((CLASSES, WIDTH), np.inf), np.zeros(CLASSES), 0.1)]}, "diverged"),
    ],
)
def test_bad_questions_are_refused(change: dict[str, object], message: str) -> None:
    vectors, labels = cases()
    question = {
        "checkpoints": checkpoints(),
        "vectors": vectors,
        "labels": labels,
        "vector": vectors[0],
        "label": 0,
    }
    with pytest.raises(ExplainError, match=message):
        influence(**(question | change))
