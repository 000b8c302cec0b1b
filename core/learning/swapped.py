"""How good a network is on validation cases whose marked content was exchanged, with paired intervals.

All networks of one retraining see the same exchanges, and the same resamples of groups judge their differences. What is
judged is never unchanged data: it may carry the shortcut. Without *ignore* marks there is nothing to exchange.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Estimate
from core.learning.marks import exchange_everywhere, tensors
from core.learning.statistics import Resampler, interval
from core.learning.task import Task
from core.models.calibration import fit_temperature
from core.models.examples import NO_LABEL, Examples
from core.models.network import TandemNetwork
from core.models.supervised import all_logits, class_weights_of

Array = NDArray[np.float64]
DRAWS = 4
FROZEN_DRAWS = 2
"""Exchanges where each costs a look through a frozen backbone."""
RESAMPLES = 1000
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Judged:
    """How a network answers, by row: the labelled cases of the first target, then those of the next."""

    log_probability: Array
    """Mean over exchanges of the log probability of the right answer [rows], at the temperature that suits the network
    best: a version's answers are calibrated before anybody sees them."""
    right: Array
    """Share of exchanges that are answered right [rows]."""
    changed: Array
    """Share of exchanges that change the answer [rows]; lower is better."""


class SwappedValidation:
    """Validation cases with marked content exchanged, equal for all networks that are held against each other."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._unchanged = task.validation
        self.draws = _exchanged(task)
        self._kept: dict[str, tuple[Examples, ...]] = {}
        self._known = {t.name: task.validation.labels[t.name] != NO_LABEL for t in task.spec.targets}
        self.weights = np.concatenate([_weights(task, name, known) for name, known in self._known.items()])
        groups = np.asarray(task.validation.groups, dtype=object)
        rows = np.concatenate([groups[known.numpy()] for known in self._known.values()])
        drawn = Resampler.of_groups(rows.tolist(), seed=task.seed, resamples=RESAMPLES)
        self.groups = drawn.groups
        self._resampler = Resampler(drawn.weights * self.weights)

    def __len__(self) -> int:
        """Return the number of validation cases."""
        return len(self._unchanged)

    def judge(self, network: TandemNetwork) -> Judged:
        """Return how a network answers."""
        unchanged, *raw = (self._answers(network, part) for part in self.condensed(network))
        plain, draws = unchanged.argmax_by_row(), _calibrated(raw)
        return Judged(
            np.mean([answers.log_probability() for answers in draws], axis=0),
            np.mean([answers.right() for answers in draws], axis=0),
            np.mean([answers.argmax_by_row() != plain for answers in draws], axis=0),
        )

    def condensed(self, network: TandemNetwork) -> tuple[Examples, ...]:
        """Return the validation cases unchanged, then each exchange of them, with vectors of frozen encoders."""
        key = network.embedding_key
        if key not in self._kept:
            parts = (self._unchanged, *self.draws)
            self._kept[key] = tuple(self.task.condense(network, part) for part in parts)
        return self._kept[key]

    def _answers(self, network: TandemNetwork, examples: Examples) -> "_Answers":
        network.eval()
        with torch.no_grad():
            logits = all_logits(network, examples, self.task.device)
        return _Answers(
            {name: logits[name].cpu()[known].double() for name, known in self._known.items()},
            {name: self._unchanged.labels[name][known] for name, known in self._known.items()},
        )

    def score(self, judged: Judged) -> Estimate:
        """Return the typical probability of the right answer: exp(mean log probability), higher is better."""
        low, high = interval(self._resampler.mean_draws(judged.log_probability))
        value = float(np.average(judged.log_probability, weights=self.weights))
        return Estimate(float(np.exp(value)), float(np.exp(low)), float(np.exp(high)), len(self))

    def difference(self, one: Array, other: Array, *, confidence: float = 0.95) -> Estimate:
        """Return the mean of `one` minus `other` by row, with its paired interval."""
        delta = one - other
        tail = (1 - confidence) / 2
        low, high = np.quantile(self._resampler.mean_draws(delta), [tail, 1 - tail])
        return Estimate(float(np.average(delta, weights=self.weights)), float(low), float(high), len(self))

    def share(self, values: Array) -> float:
        """Return the mean over rows, as the workspace weighs them."""
        return float(np.average(values, weights=self.weights))


@dataclass(frozen=True, slots=True)
class _Answers:
    """Logits and labels of labelled cases by target."""

    logits: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]

    def log_probability(self) -> Array:
        """Return the log probability of the right answer by row."""
        parts = [torch.log_softmax(self.logits[t], dim=1).gather(1, y[:, None])[:, 0] for t, y in self.labels.items()]
        return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)

    def right(self) -> Array:
        """Return 1 where the answer is right, by row."""
        parts = [self.logits[target].argmax(dim=1) == label for target, label in self.labels.items()]
        return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)

    def argmax_by_row(self) -> NDArray[np.int64]:
        """Return the answer by row."""
        return np.asarray(torch.cat([logits.argmax(dim=1) for logits in self.logits.values()]).numpy())


def _calibrated(draws: Sequence[_Answers]) -> list[_Answers]:
    """Return answers at the temperature of each target that suits all of them best."""
    heat = {
        target: fit_temperature(
            torch.cat([answers.logits[target] for answers in draws]).numpy(),
            torch.cat([answers.labels[target] for answers in draws]).numpy(),
        )
        for target in draws[0].logits
    }
    return [replace(one, logits={name: value / heat[name] for name, value in one.logits.items()}) for one in draws]


def _exchanged(task: Task) -> tuple[Examples, ...]:
    marked = task.marked.with_ignore()
    if not len(marked):
        return (task.validation,)
    generator = torch.Generator().manual_seed(task.seed)
    inputs = tensors(task.validation, CPU)
    frozen = task.parent is not None and bool(task.parent.frozen_fields)
    count = FROZEN_DRAWS if frozen else DRAWS
    return tuple(replace(task.validation, inputs=exchange_everywhere(inputs, marked, generator)) for _ in range(count))


def _weights(task: Task, target: str, known: Tensor) -> Array:
    """Return the weight of each labelled case of one target: its sum is the target's share of all."""
    declared = task.spec.target(target)
    labels = task.validation.labels[target][known]
    weights = np.ones(len(labels))
    if task.spec.training.class_weights:
        weights = class_weights_of(task.train.labels[target], len(declared.classes))[labels].double().numpy()
    total = sum(item.weight for item in task.spec.targets)
    return np.asarray(declared.weight / total * weights / max(float(weights.sum()), 1e-12))
