"""The training loop: seeded, cancellable, resumable to the bit, blind to what it optimises."""

import math
import time
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from core.contracts import Checkpointer, Progress, ProgressReporter
from core.errors import Cancelled, Interrupted, UserError
from core.models.checkpoint import TrainingState, fingerprint, pack, unpack
from core.models.network import TandemNetwork
from core.models.randomness import generator_for, seeded
from core.models.supervised import SupervisedObjective

__all__ = ["FitResult", "Objective", "SupervisedObjective", "TrainingPlan", "fit"]

REPORT_SECONDS = 0.25
"""Shortest time between two progress reports."""
CHECKPOINT_SECONDS = 5.0
"""Time between two checkpoints."""
CURVE_POINTS = 200
"""Most points of the curve in one progress report."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Hyper-parameters of one training."""

    seed: int = 0
    epochs: int = 30
    batch_size: int = 256
    """Cases in a mini-batch; the objective cuts them, the plan remembers it to tell its checkpoints from others."""
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    evaluate_every: int = 0
    """Steps between two validation scores; 0 for once an epoch."""


@dataclass(frozen=True, slots=True)
class FitResult:
    """What a training came to. The network holds the weights of `best_step`."""

    best_step: int
    best_score: float
    curve: tuple[tuple[int, float, float], ...]
    """(step, mean training loss since the last point, validation score)."""
    seconds: float
    """Time spent, earlier attempts included."""


class Objective(Protocol):
    """What a training optimises."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps that make one epoch."""

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return the loss of `step` (from 0), a scalar with a graph.

        Must depend on its arguments alone: `generator` is fresh for each step and the only source of random
        numbers, so that resumed training equals uninterrupted training.
        """

    def validation_score(self, network: TandemNetwork) -> float:
        """Return how good the network is on validation cases; higher is better. The step with the best is kept."""


def fit(
    network: TandemNetwork,
    objective: Objective,
    plan: TrainingPlan,
    reporter: ProgressReporter | None = None,
    checkpointer: Checkpointer | None = None,
) -> FitResult:
    """Train `network` in place with AdamW and leave it with the weights of its best validation score.

    Only weights that require gradients train. Equal arguments give equal weights, bit for bit, on a CPU with the
    same number of threads; so does training that was interrupted and resumed from its checkpoint.

    Parameters
    ----------
    network
        Starts from the weights that it has, on the device that it is on.
    objective
        Loss and validation score.
    plan
        Hyper-parameters.
    reporter
        Told of progress at most four times a second.
    checkpointer
        Given the state every few seconds, and when the work is stopped. A state of another plan is ignored.

    Returns
    -------
    FitResult
        The best step, its score and the curve.

    Raises
    ------
    core.errors.Cancelled
        When `reporter` says so.
    core.errors.Interrupted
        When `reporter` says that this process is about to end.
    core.errors.UserError
        When the loss stops being a number; the network keeps the best step so far.
    """
    run = _Run(network, objective, plan, reporter, checkpointer)
    try:
        run.train()
    except (Cancelled, Interrupted):
        run.save()
        raise
    return run.result()


class _Run:
    """One training under way."""

    def __init__(
        self,
        network: TandemNetwork,
        objective: Objective,
        plan: TrainingPlan,
        reporter: ProgressReporter | None,
        checkpointer: Checkpointer | None,
    ) -> None:
        self.network, self.objective, self.plan = network, objective, plan
        self.reporter, self.checkpointer = reporter, checkpointer
        self.parameters = {name: tensor for name, tensor in network.named_parameters() if tensor.requires_grad}
        self.optimiser = torch.optim.AdamW(
            self.parameters.values(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.total = plan.epochs * objective.steps_per_epoch
        self.every = plan.evaluate_every or objective.steps_per_epoch
        self.key = fingerprint(repr((plan, self.total)), self.parameters)
        self.state = TrainingState()
        self.first_step = 0
        self.started = self.reported = self.saved = time.monotonic()
        self.seconds_before = 0.0
        self.resume()

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one of this plan."""
        data = self.checkpointer.load() if self.checkpointer else None
        state = unpack(data, self.key, self.parameters, self.optimiser) if data else None
        if state is not None:
            self.state, self.first_step, self.seconds_before = state, state.step, state.seconds

    def train(self) -> None:
        """Run all steps that are left, then take the best weights."""
        self.report()
        while self.state.step < self.total:
            self.step()
            if self.state.step % self.every == 0 or self.state.step == self.total:
                self.evaluate()
            now = time.monotonic()
            if now - self.saved >= CHECKPOINT_SECONDS:
                self.save()
            if now - self.reported >= REPORT_SECONDS:
                self.report()
        self.keep_best()
        self.report()

    def step(self) -> None:
        """Take one optimiser step."""
        self.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        generator = generator_for(self.plan.seed, "step", self.state.step)
        with seeded(self.network.device, self.plan.seed, "dropout", self.state.step):
            loss = self.objective.loss(self.network, self.state.step, generator)
        value = float(loss.detach())
        if not math.isfinite(value):
            self.stop_diverged(value)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.state.step += 1
        self.state.loss_sum += value
        self.state.loss_steps += 1

    def evaluate(self) -> None:
        """Take the validation score, and the weights when it is the best so far."""
        self.network.eval()
        with torch.no_grad():
            score = float(self.objective.validation_score(self.network))
        if not math.isfinite(score):
            self.stop_diverged(score)
        state = self.state
        state.curve.append((state.step, state.loss_sum / state.loss_steps, score))
        state.loss_sum, state.loss_steps = 0.0, 0
        if state.best is None or score > state.best_score:
            state.best_step, state.best_score = state.step, score
            state.best = {name: tensor.detach().clone() for name, tensor in self.parameters.items()}

    def keep_best(self) -> None:
        """Give the network the best weights so far, if any step has been judged."""
        with torch.no_grad():
            for name, tensor in (self.state.best or {}).items():
                self.parameters[name].copy_(tensor)
        self.network.eval()

    def stop_diverged(self, value: float) -> None:
        """Keep the best weights and say what happened."""
        self.keep_best()
        best = f"the best step so far was {self.state.best_step}" if self.state.best else "no step was judged before"
        raise UserError(
            f"Training diverged at step {self.state.step} of {self.total}: loss or score is {value}, and {best}. "
            f"Lower training.learning_rate (now {self.plan.learning_rate:g}) and train again."
        )

    def seconds(self) -> float:
        """Return the time spent so far, earlier attempts included."""
        return self.seconds_before + time.monotonic() - self.started

    def save(self) -> None:
        """Write a checkpoint."""
        if self.checkpointer is not None:
            self.state.seconds = self.seconds()
            self.checkpointer.save(pack(self.state, self.key, self.parameters, self.optimiser))
        self.saved = time.monotonic()

    def report(self) -> None:
        """Tell the reporter how far it is; it may raise Cancelled."""
        self.reported = time.monotonic()
        if self.reporter is None:
            return
        done = self.state.step - self.first_step
        left = (self.reported - self.started) / done * (self.total - self.state.step) if done else None
        self.reporter.report(
            Progress(
                stage="Training",
                done=self.state.step,
                total=self.total,
                curve=_thinned(self.state.curve),
                seconds_left=left,
            )
        )

    def result(self) -> FitResult:
        """Return what the training came to."""
        return FitResult(self.state.best_step, self.state.best_score, tuple(self.state.curve), self.seconds())


def _thinned(curve: list[tuple[int, float, float]]) -> tuple[tuple[int, float, float], ...]:
    stride = -(-len(curve) // CURVE_POINTS) or 1
    last = curve[-1:] if (len(curve) - 1) % stride else []
    return (*curve[::stride], *last)
