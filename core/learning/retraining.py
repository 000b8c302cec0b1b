"""One retraining from start to delivery, in memory: a strategy, or the search over strategies."""

import hashlib
from dataclasses import dataclass, replace

from core.contracts import PARENT, MarkWarning, RunOutcome, StartFrom, Trial, TrialVerdict
from core.errors import UserError
from core.learning.comparing import Comparing
from core.learning.control import train_control
from core.learning.journal import Best, Journal
from core.learning.mark_checks import check_marks, trusted_marks
from core.learning.outcome import words_of
from core.learning.search import Search
from core.learning.strategies.auto import AUTO
from core.learning.strategies.base import Strategy
from core.learning.strategies.constrained import ConstrainedStrategy
from core.learning.strategies.labels import LabelsStrategy
from core.learning.strategies.registry import strategy
from core.learning.swapped import Judged, SwappedValidation
from core.learning.task import Remembered, Retrained, Task, context_of, started
from core.learning.trials import Candidate, Tried, carry_out, network_of
from core.models.training import FitResult

__all__ = ["Retrained", "Task", "retrain", "train_control"]


def retrain(task: Task) -> Retrained:
    """Carry out one strategy, or the search behind `auto`; deliver the best, or the parent where nothing is better.

    `auto` without marks is `labels`, and with a gap to stay under `constrained`. A strategy that was asked for by name
    is delivered, for the gate to judge, unless its training destroyed the model and was stopped, or left the parent as
    it was.

    Raises
    ------
    Refused
        When it is to start from a champion that does not exist.
    NotFound
        When the strategy is unknown.
    UserError
        When there is nothing to train on, or nothing to deliver.
    Cancelled
        When somebody asked it to stop.
    """
    warnings = check_marks(task.marked, task.train, task.spec)
    trusted = replace(task, marked=trusted_marks(task.marked, task.train), condense=Remembered(task.condense))
    swapped = SwappedValidation(trusted)
    parent = swapped.judge(task.parent) if task.parent is not None else None
    bench = _Bench(trusted, swapped, Journal(task.checkpointer, _key(task)), parent)
    searches = task.strategy == AUTO and len(trusted.marked) > 0 and task.plan.aim is None
    chosen = bench.searched() if searches else bench.asked()
    return bench.delivered(chosen, warnings)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What the trainings of one task share."""

    task: Task
    swapped: SwappedValidation
    journal: Journal
    parent: Judged | None

    def searched(self) -> Best | None:
        """Return the best training of the search; None when none is better than the parent."""
        Search(self.task, self.swapped, self.journal, self.parent).run()
        return self.journal.entries.best

    def asked(self) -> Best | None:
        """Return the training that was asked for; None when it was destroyed, or left the parent as it was."""
        found = self._named()
        candidate = Candidate(found, self.task.plan.start)
        if candidate.name not in self.journal.entries.trials:
            tried = self._noted(candidate, carry_out(self.task, candidate, self.swapped, self.journal))
            self.journal.finish(candidate.name, self._explained(tried.trial, tried.best), tried.best, tried.suspects)
        best = self.journal.entries.best
        if best is None or self.parent is None:
            return best
        unchanged = self.task.plan.start == "champion" and best.fitted.best_step == 0
        stopped = self.journal.entries.trials[candidate.name].verdict == "stopped"
        return None if unchanged or (stopped and self._comparing.worse(best.judged, self.parent)) else best

    def _named(self) -> Strategy:
        if self.task.strategy != AUTO:
            return strategy(self.task.strategy)
        return LabelsStrategy() if self.task.plan.aim is None else ConstrainedStrategy()

    def _noted(self, candidate: Candidate, tried: Tried) -> Tried:
        """Return the trial with why its strategy does not fit, where it does not."""
        why = candidate.strategy.fits(context_of(self.task, started(self.task)))
        return (
            tried if why is None else replace(tried, trial=replace(tried.trial, reason=f"{why} {tried.trial.reason}"))
        )

    @property
    def _comparing(self) -> Comparing:
        return Comparing(self.swapped, self.task.spec.gate.accuracy_margin)

    def _explained(self, trial: Trial, best: Best | None) -> Trial:
        """Return the trial with how it compares with the parent."""
        if best is None or self.parent is None:
            return trial
        return replace(trial, reason=f"{trial.reason} {self._comparing.words(best.judged, self.parent)}".strip())

    def delivered(self, chosen: Best | None, warnings: tuple[MarkWarning, ...]) -> Retrained:
        """Return what is delivered, with its outcome in words."""
        trials = self.journal.entries.trials
        if chosen is None and self.task.parent is None:
            reasons = " ".join(trial.reason for trial in trials.values())
            raise UserError(f"The training left nothing to deliver. {reasons} Lower training.learning_rate.")
        outcome = RunOutcome(
            delivered=chosen.name.split(" from ")[0] if chosen is not None else PARENT,
            parent=self._parent_trial(chosen),
            trials=tuple(_marked(trial, name, chosen) for name, trial in trials.items()),
            warnings=warnings,
            suspects=self.journal.entries.suspects,
            marks=len(set(self.task.marked.examples.case_ids)),
            words=words_of(tuple(trials.values()), trials[chosen.name] if chosen is not None else None, warnings),
        )
        start: StartFrom = self.task.plan.start
        if chosen is None:
            if self.task.parent is None or self.parent is None:
                raise UserError("There is no champion to keep.")
            fitted = FitResult(0, self.swapped.score(self.parent).value, (), 0.0)
            return Retrained(self.task.parent, fitted, outcome, start)
        start = "champion" if chosen.name.endswith("champion") else "scratch"
        return Retrained(network_of(self.task, start, chosen), chosen.fitted, outcome, start)

    def _parent_trial(self, chosen: Best | None) -> Trial | None:
        if self.parent is None:
            return None
        score = self.swapped.score(self.parent)
        verdict: TrialVerdict = "tried" if chosen is not None else "delivered"
        return Trial(PARENT, "The champion", score.value, score.low, score.high, score.n, 0.0, verdict, "")


def _marked(trial: Trial, name: str, chosen: Best | None) -> Trial:
    return replace(trial, verdict="delivered") if chosen is not None and chosen.name == name else trial


def _key(task: Task) -> str:
    """Return what tells the checkpoints of this retraining from those of others."""
    sizes = (len(task.train), len(task.validation), len(task.marked))
    text = repr((task.strategy, task.plan, task.seed, sizes, task.spec))
    return hashlib.sha256(text.encode()).hexdigest()
