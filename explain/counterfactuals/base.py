"""What every search for counterfactuals shares: the goal, the asking, the result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explain.base import never
from explain.errors import ExplainError, Stopped

Array = NDArray[np.float64]
Answer = Callable[[Any], Any]
"""From n inputs (rows [n, d], a list of texts, pictures [n, C, H, W]) to probabilities [n, K]."""
Found = TypeVar("Found")
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Goal:
    """Which answer is looked for."""

    now: int
    """The class that the model answers now: the one of the highest probability."""
    wanted: int | None
    """The class to reach; None for any other than `now`."""

    def margins(self, probabilities: Array) -> Array:
        """Return how far each answer [n, K] is past the goal, [n]: positive where it is reached.

        The logarithm of the wanted class's probability over the highest of the others; with no wanted class, of the
        highest of the others over that of the present answer. (Logarithms tell one answer from another where
        probabilities are all but 0 and 1.)
        """
        logs = np.log(np.maximum(probabilities, TINY))
        column = self.now if self.wanted is None else self.wanted
        difference: Array = logs[:, column] - np.delete(logs, column, axis=1).max(axis=1)
        return -difference if self.wanted is None else difference


@dataclass(frozen=True, slots=True)
class Search(Generic[Found]):
    """What a search found, best first."""

    found: tuple[Found, ...]
    tried: int
    """Inputs that the model answered on the way."""
    complete: bool
    """Whether everything that is allowed was tried, so that nothing found means that there is nothing."""
    words: str
    """What was found, or why nothing was, in a sentence."""


class Asked:
    """The model's answers: counted, checked, in batches, and only until somebody asks to stop."""

    def __init__(self, answer: Answer, *, budget: int, batch: int = 256, cancelled: Callable[[], bool] = never) -> None:
        if budget < 1 or batch < 1:
            raise ExplainError(f"a search needs a budget and a batch of at least 1, got {budget} and {batch}.")
        self._answer = answer
        self._budget = budget
        self._batch = batch
        self._cancelled = cancelled
        self._classes: int | None = None
        self.tried = 0

    @property
    def left(self) -> int:
        """Inputs that may still be tried."""
        return max(0, self._budget - self.tried)

    def __call__(self, inputs: Any) -> Array:
        """Return the probabilities [n, K] of n inputs.

        Raises
        ------
        ExplainError
            When the answers are not finite probabilities [n, K]; `Stopped` once somebody asked to stop.
        """
        parts = [self._ask(inputs[n : n + self._batch]) for n in range(0, len(inputs), self._batch)]
        return np.concatenate(parts) if parts else np.zeros((0, self._classes or 0))

    def _ask(self, inputs: Any) -> Array:
        if self._cancelled():
            raise Stopped("the search for counterfactuals was stopped before it was done.")
        told = self._answer(inputs)
        answers = np.asarray(told.detach().cpu() if isinstance(told, Tensor) else told, dtype=np.float64)
        if answers.ndim != 2 or len(answers) != len(inputs) or answers.shape[1] < 2:
            raise ExplainError(f"the model must answer [{len(inputs)}, classes >= 2], got {answers.shape}.")
        if not (np.isfinite(answers).all() and (answers >= 0).all()):
            raise ExplainError("the model must answer probabilities; got NaN, infinity or a negative number.")
        self.tried += len(inputs)
        self._classes = answers.shape[1]
        return answers


def goal_from(probabilities: Array, wanted: int | None) -> Goal:
    """Return the goal for an input that is answered `probabilities` [K].

    Raises
    ------
    ExplainError
        When there is no such class, or the input gets the wanted answer as it is.
    """
    now, classes = int(probabilities.argmax()), len(probabilities)
    if wanted is not None and not 0 <= wanted < classes:
        raise ExplainError(f"the wanted class must be 0 to {classes - 1}, got {wanted}.")
    if wanted == now:
        raise ExplainError(f"the model answers class {now} as it is: ask for another class.")
    return Goal(now, wanted)


def counted(found: int, tried: int) -> str:
    """Return the sentence for a search that found something."""
    return f"{found} found among {tried} tried."
