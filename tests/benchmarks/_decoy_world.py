"""One seed of a decoy at work: the fooled model, retrainings that start from it, and their answers on test cases."""

import time
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.contracts import Progress, RunPlan, StartFrom
from core.learning.marks import MarkedExamples
from core.learning.retraining import Retrained, Task, retrain, train_control
from core.models.network import TandemNetwork
from core.models.supervised import SupervisedObjective, all_logits
from core.models.training import TrainingPlan, fit
from tests.benchmarks._decoy_recipe import DEVICE, Recipe

BUDGET = 30.0
"""Seconds that `auto` may try strategies."""


class Silent:
    """Takes progress and tells nobody."""

    def report(self, progress: Progress) -> None:
        """Ignore it."""


@dataclass(frozen=True)
class Trained:
    """A retraining, what it was asked, and how long it took."""

    task: Task
    done: Retrained
    seconds: float

    @property
    def network(self) -> TandemNetwork:
        """The model that was delivered."""
        return self.done.network

    def control(self) -> TandemNetwork:
        """Return a model trained alike, without marks."""
        return train_control(self.task, self.done)


@dataclass(frozen=True)
class World:
    """One seed of a decoy and the model that learnt its shortcut."""

    recipe: Recipe

    @cached_property
    def vanilla(self) -> TandemNetwork:
        """The model that was trained on all training cases as they are: the champion that marks are to cure."""
        recipe, training = self.recipe, self.recipe.spec.training
        network = recipe.build()
        objective = SupervisedObjective(
            recipe.condense(network, recipe.train),
            recipe.condense(network, recipe.validation),
            recipe.spec,
            device=DEVICE,
            seed=recipe.seed,
        )
        plan = TrainingPlan(
            recipe.seed, training.epochs, training.batch_size, training.learning_rate, training.weight_decay
        )
        fit(network, objective, plan)
        return network.eval()

    def retrained(self, strategy: str, marked: MarkedExamples, start: StartFrom = "scratch") -> Trained:
        """Retrain with marks by a strategy."""
        recipe = self.recipe
        task = Task(
            spec=recipe.retraining_spec,
            parent=self.vanilla,
            build=recipe.build,
            train=recipe.train,
            validation=recipe.validation,
            marked=marked,
            label_weights=None,
            condense=recipe.condense,
            device=DEVICE,
            seed=recipe.seed,
            reporter=Silent(),
            checkpointer=None,
            strategy=strategy,
            plan=RunPlan(start=start, budget_seconds=BUDGET),
        )
        started = time.perf_counter()
        done = retrain(task)
        return Trained(task, done, time.perf_counter() - started)

    def answers(self, network: TandemNetwork, test: str) -> dict[str, Tensor]:
        """Return each target's logits [cases, classes] on the test cases of that name."""
        with torch.no_grad():
            logits = all_logits(network.eval(), self.recipe.condense(network, self.recipe.tests[test]), DEVICE)
        return {target: values.cpu() for target, values in logits.items()}

    def accuracy(self, network: TandemNetwork, test: str) -> float:
        """Return the share of right answers for the first target."""
        target = self.recipe.spec.targets[0].name
        right = self.answers(network, test)[target].argmax(dim=1) == self.recipe.tests[test].labels[target]
        return float(right.float().mean())
