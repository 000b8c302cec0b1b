"""Ours: the product's strategy and training loop on a network of plain features, linear or with a hidden layer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.contracts import FairnessAim, GapMetric, Progress, WorkspaceSpec
from core.fairness.membership import Membership
from core.learning.marks import MarkedExamples
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.registry import strategy
from core.models.encoders.base import initialise
from core.models.examples import Examples
from core.models.training import TrainingPlan, fit
from tests.benchmarks._fairness_data import Divided, Part

CPU = torch.device("cpu")
FIELD, TARGET, ATTRIBUTE = "features", "answer", "group"


@dataclass(frozen=True)
class Recipe:
    """How one kind of model is trained; chosen on parts of the training cases of seeds from 100 on."""

    hidden: tuple[int, ...]
    batch: int
    epochs: int
    rate: float
    decay: float


LINEAR = Recipe((), 2048, 20, 1e-2, 1e-4)
NETWORK = Recipe((32,), 2048, 40, 1e-3, 1e-2)
LIMITS: Mapping[GapMetric, float] = {"demographic_parity": 0.02, "equalised_odds": 0.01}


class PlainNetwork(nn.Module):
    """A network as trainings see one, whose only field is a vector of features."""

    fields, targets, frozen_fields = (FIELD,), (TARGET,), ()
    alignment, log_variances = None, None

    def __init__(self, count: int, hidden: tuple[int, ...], seed: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in hidden:
            layers += [nn.Linear(count, width), nn.ReLU()]
            count = width
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Linear(count, 2)
        initialise(self, torch.Generator().manual_seed(seed))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.head.weight.device

    def encode(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the features."""
        return inputs

    def fusion(self, vectors: dict[str, Tensor]) -> Tensor:
        """Return what the head reads [batch, dim]."""
        return self.trunk(vectors[FIELD])

    def decide(self, fused: Tensor) -> dict[str, Tensor]:
        """Return logits [batch, 2]."""
        return {TARGET: self.head(fused)}

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return logits [batch, 2] of features."""
        return self.decide(self.fusion(inputs))


@dataclass(frozen=True)
class Answered:
    """Answers to test cases, and the processor time that the training took."""

    selected: NDArray[np.int64]
    seconds: float
    scores: NDArray[np.float64] | None = None


def trained(
    split: Divided, recipe: Recipe, metric: GapMetric | None, limit: float | None = None, name: str = "constrained"
) -> Answered:
    """Train on the training cases, on labels alone where `metric` is None, and answer the test cases."""
    learnt, held = split.for_step()
    context = _context(split, recipe, learnt, held, metric, limit)
    started = time.process_time()
    objective = strategy(name if metric else "labels").objective(context)
    plan = TrainingPlan(
        seed=split.seed,
        epochs=recipe.epochs,
        batch_size=recipe.batch,
        learning_rate=recipe.rate,
        weight_decay=recipe.decay,
        average=int(getattr(objective, "averaged_steps", 0)),
    )
    fit(context.network, objective, plan)
    seconds = time.process_time() - started
    with torch.no_grad():
        logits = context.network.eval()({FIELD: torch.from_numpy(split.test.features)})[TARGET]
    return Answered(logits.argmax(dim=1).numpy(), seconds, torch.softmax(logits, 1)[:, 1].double().numpy())


def _context(
    split: Divided,
    recipe: Recipe,
    learnt: NDArray[np.int64],
    held: NDArray[np.int64],
    metric: GapMetric | None,
    limit: float | None,
) -> StrategyContext:
    spec = WorkspaceSpec.model_validate(
        {
            "name": "fairness",
            "title": "Fairness",
            "fields": [{"name": FIELD, "kind": "numeric"}],
            "targets": [{"name": TARGET, "classes": ["no", "yes"]}],
            "attributes": [{"name": ATTRIBUTE, "sensitive": True}],
            "training": {"batch_size": recipe.batch, "epochs": recipe.epochs, "seed": split.seed},
        }
    )
    train, validation = _examples(split.train, learnt), _examples(split.train, held)
    codes = torch.from_numpy(split.train.codes)
    return StrategyContext(
        spec=spec,
        network=PlainNetwork(split.train.features.shape[1], recipe.hidden, split.seed),
        train=train,
        validation=validation,
        marked=MarkedExamples(train.select([]), {}, {}, (), {FIELD: "numeric"}),
        condense=lambda examples: examples,
        device=CPU,
        seed=split.seed,
        reporter=_Silent(),
        groups=(Membership(ATTRIBUTE, split.names, codes[learnt], codes[held]),),
        aim=FairnessAim(ATTRIBUTE, metric, LIMITS[metric] if limit is None else limit) if metric else None,
    )


def _examples(part: Part, rows: NDArray[np.int64]) -> Examples:
    features, labels = torch.from_numpy(part.features[rows]), torch.from_numpy(part.truth[rows])
    return Examples(tuple(rows.tolist()), {FIELD: features}, {TARGET: labels}, tuple(map(str, rows.tolist())))


class _Silent:
    def report(self, progress: Progress) -> None:
        """Say nothing."""
