"""The training loop: seeded, cancellable, resumable to the bit, blind to what it optimises."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from core.contracts import Checkpointer, Progress, ProgressReporter
from core.errors import Cancelled, Interrupted, UserError
from core.models.checkpoint import TrainingState, fingerprint, pack, unpack
from core.models.network import TandemNetwork
from core.models.objectives import FitResult, Objective, Remembering, TrainingPlan, Watch
from core.models.randomness import generator_for, seeded
from core.models.supervised import SupervisedObjective

__all__ = ["FitResult", "Objective", "SupervisedObjective", "TrainingPlan", "Watch", "fit"]

REPORT_SECONDS = 0.25
"""Shortest time between two progress reports."""
"""Time between two checkpoints."""
CURVE_POINTS = 200
"""Most points of the curve in one progress report."""


def fit(
    network: TandemNetwork,
    objective: Objective,
    plan: TrainingPlan,
    reporter: ProgressReporter | None = None,
    checkpointer: Checkpointer | None = None,
    watch: Watch | None = None,
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
    watch
        Asked after each validation score whether to stop. With one, a loss that is no number stops the training, too.

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
        When the loss stops being a number and nobody watches; the network keeps the best step so far.
    """
    run = _Run(network, objective, plan, reporter, checkpointer, watch)
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
        watch: Watch | None,
    ) -> None:
        self.network, self.objective, self.plan = network, objective, plan
        self.reporter, self.checkpointer, self.watch = reporter, checkpointer, watch
        self.stopped = ""
        self.parameters = {name: tensor for name, tensor in network.named_parameters() if tensor.requires_grad}
        self.optimiser = torch.optim.AdamW(
            self.parameters.values(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.total = plan.steps or plan.epochs * objective.steps_per_epoch
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
            if isinstance(self.objective, Remembering):
                self.objective.recall(state.memory)
            self.ask_watch()

    def train(self) -> None:
        """Run all steps that are left, then take the best weights."""
        self.report()
        if self.state.step == 0:
            self.start()
        while self.state.step < self.total and not self.stopped:
            if self.step() and (self.state.step % self.every == 0 or self.state.step == self.total):
                self.evaluate()
            now = time.monotonic()
            if self.checkpointer is not None and now - self.saved >= self.checkpointer.every_seconds:
                self.save()
            if now - self.reported >= REPORT_SECONDS:
                self.report()
        self.keep_best()
        self.report()

    def start(self) -> None:
        """Look at the weights that the training starts from."""
        self.state.watched.clear()
        self.network.eval()
        with torch.no_grad():
            if self.plan.judge_start:
                self.keep_if_best(float(self.objective.validation_score(self.network)))
            self.look()

    def step(self) -> bool:
        """Take one optimiser step; return whether it could be taken."""
        self.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        generator = generator_for(self.plan.seed, "step", self.state.step)
        device = self.network.device
        halved = torch.autocast(device.type, torch.bfloat16, enabled=self.plan.half and device.type == "cuda")
        with seeded(device, self.plan.seed, "dropout", self.state.step), halved:
            loss = self.objective.loss(self.network, self.state.step, generator)
        value = float(loss.detach())
        if not math.isfinite(value):
            self.stop_diverged(value)
            return False
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.state.step += 1
        self.state.loss_sum += value
        self.state.loss_steps += 1
        self.average()
        return True

    def average(self) -> None:
        """Let the averaged weights follow the present ones: their mean at first, an exponential average later."""
        if not self.plan.average:
            return
        part, mean = 1.0 / min(self.state.step, self.plan.average), self.state.mean
        with torch.no_grad():
            for name, tensor in self.parameters.items():
                mean[name] = torch.lerp(mean.get(name, tensor), tensor, part)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the network have the averaged weights, where there are any."""
        present = {name: self.parameters[name].detach().clone() for name in self.state.mean}
        self.put(self.state.mean)
        yield
        self.put(present)

    def put(self, weights: Mapping[str, Tensor]) -> None:
        """Give the network these weights."""
        with torch.no_grad():
            for name, tensor in weights.items():
                self.parameters[name].copy_(tensor)

    def evaluate(self) -> None:
        """Take the validation score, and the weights when it is the best so far."""
        with self.averaged():
            self.judge()

    def judge(self) -> None:
        """Take the validation score of the weights that the network has."""
        self.network.eval()
        with torch.no_grad():
            score = float(self.objective.validation_score(self.network))
            if not math.isfinite(score):
                self.stop_diverged(score)
                return
            self.look()
        state = self.state
        state.curve.append((state.step, state.loss_sum / state.loss_steps, score))
        state.loss_sum, state.loss_steps = 0.0, 0
        self.keep_if_best(score)

    def look(self) -> None:
        """Let the watch look at the network, and say whether to stop."""
        if self.watch is not None:
            self.state.watched.append(self.watch.measure(self.network))
            self.ask_watch()

    def ask_watch(self) -> None:
        """Stop when the watch says so."""
        if self.watch is not None:
            self.stopped = self.watch.verdict(self.state.watched) or ""

    def keep_if_best(self, score: float) -> None:
        """Take the weights when they are the best so far, or when the last ones count."""
        state = self.state
        if state.best is None or score > state.best_score or self.plan.keep_last:
            state.best_step, state.best_score = state.step, score
            state.best = {name: tensor.detach().clone() for name, tensor in self.parameters.items()}

    def keep_best(self) -> None:
        """Give the network the best weights so far, if any step has been judged."""
        self.put(self.state.best or {})
        self.network.eval()

    def stop_diverged(self, value: float) -> None:
        """Keep the best weights and say what happened."""
        self.keep_best()
        if self.watch is not None:
            self.stopped = f"its loss or score became {value} at step {self.state.step} of {self.total}"
            return
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
            if isinstance(self.objective, Remembering):
                self.state.memory = dict(self.objective.memory())
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
        state = self.state
        return FitResult(state.best_step, state.best_score, tuple(state.curve), self.seconds(), self.stopped)


def _thinned(curve: list[tuple[int, float, float]]) -> tuple[tuple[int, float, float], ...]:
    stride = -(-len(curve) // CURVE_POINTS) or 1
    last = curve[-1:] if (len(curve) - 1) % stride else []
    return (*curve[::stride], *last)
