"""Trials: a strategy from a start, trained under guard and judged with marked content swapped."""

import time
from dataclasses import dataclass, replace

from torch import Tensor

from core.contracts import Progress, ProgressReporter, StartFrom, Suspect, Trial, TrialVerdict
from core.learning.guarding import Guard
from core.learning.journal import Best, Journal
from core.learning.strategies.base import Strategy, Telling
from core.learning.swapped import Judged, SwappedValidation
from core.learning.task import Task, context_of, started, training_plan
from core.models.network import TandemNetwork
from core.models.scope import close_scope, opened_backbones
from core.models.training import fit


@dataclass(frozen=True, slots=True)
class Candidate:
    """A strategy and what its training starts from."""

    strategy: Strategy
    start: StartFrom
    label: str = ""
    """What its progress is called; that of the training itself when empty."""

    @property
    def name(self) -> str:
        """What tells it from others of the same search."""
        return f"{self.strategy.name} from {self.start}"

    @property
    def title(self) -> str:
        """Its title for people."""
        return self.strategy.title + (", fine-tuned" if self.start == "champion" else "")


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A finished training with how its network answers; None where the training left nothing to judge."""

    trial: Trial
    best: Best | None
    suspects: tuple[Suspect, ...] = ()


class Labelled:
    """Names the training that reports."""

    def __init__(self, reporter: ProgressReporter, label: str, finished: tuple[Trial, ...] = ()) -> None:
        self._reporter, self._label, self._finished = reporter, label, finished

    def report(self, progress: Progress) -> None:
        """Report under the label, with what was tried before; what the training calls its stage is the message."""
        progress = replace(progress, trials=self._finished)
        if self._label:
            progress = replace(progress, stage=self._label, message=progress.message or progress.stage)
        self._reporter.report(progress)


def carry_out(task: Task, candidate: Candidate, swapped: SwappedValidation, journal: Journal) -> Tried:
    """Train one candidate under guard and judge it.

    Raises
    ------
    UserError
        When it can't start, or there is nothing to train on.
    """
    begun = time.monotonic()
    finished = tuple(journal.entries.trials.values())
    task = replace(task, reporter=Labelled(task.reporter, candidate.label, finished))
    network = started(task, candidate.start)
    objective = candidate.strategy.objective(context_of(task, network))
    plan = replace(training_plan(task, network, candidate.start), average=int(getattr(objective, "averaged_steps", 0)))
    fitted = fit(network, objective, plan, task.reporter, journal.stage(candidate.name), Guard(swapped))
    seconds = max(fitted.seconds, time.monotonic() - begun)
    if fitted.stopped and not fitted.curve and not plan.judge_start:
        return Tried(described(candidate, swapped, "stopped", f"Stopped: {fitted.stopped}.", seconds), None)
    weights = _weights(network)
    close_scope(network)
    judged = swapped.judge(network)
    best = Best(candidate.name, weights, fitted, judged)
    verdict: TrialVerdict = "stopped" if fitted.stopped else "tried"
    reason = f"Stopped: {fitted.stopped}; its step {fitted.best_step} was kept." if fitted.stopped else ""
    if isinstance(objective, Telling):
        reason = f"{reason} {objective.told(network)}".strip()
    suspects = tuple(getattr(objective, "suspects", ()))
    return Tried(described(candidate, swapped, verdict, reason, seconds, judged), best, suspects)


def described(
    candidate: Candidate,
    swapped: SwappedValidation,
    verdict: TrialVerdict,
    reason: str,
    seconds: float = 0.0,
    judged: Judged | None = None,
) -> Trial:
    """Return a trial as people see it."""
    score = swapped.score(judged) if judged is not None else None
    return Trial(
        strategy=candidate.strategy.name,
        title=candidate.title,
        score=None if score is None else score.value,
        low=None if score is None else score.low,
        high=None if score is None else score.high,
        n=len(swapped),
        seconds=seconds,
        verdict=verdict,
        reason=reason,
    )


def network_of(task: Task, start: StartFrom, best: Best) -> TandemNetwork:
    """Return the network of a finished training."""
    network = started(task, start)
    network.load_state_dict(dict(best.weights), strict=False)
    close_scope(network)
    return network.eval()


def _weights(network: TandemNetwork) -> dict[str, Tensor]:
    state = network.state_dict() if opened_backbones(network) else network.trainable_state()
    return {name: tensor.detach().clone() for name, tensor in state.items()}
