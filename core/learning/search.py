"""The search behind `auto`: affordable strategies, cheapest first, each held against the champion and the best so far.

Labels alone come first and measure the time of a plain training; the recommended strategy comes second, whatever it
takes; others follow while the budget lasts. At the end the best one is tried from the champion's weights, too. A
training replaces the best so far only with an interval beyond zero, so that ties go to the one before; a cheaper one,
where it scores no worse. Intervals against the champion are widened by the number of trials, for among many one is
lucky.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.contracts import Trial
from core.errors import UserError
from core.learning.comparing import Comparing
from core.learning.journal import Best, Journal
from core.learning.strategies.base import Strategy
from core.learning.strategies.labels import LabelsStrategy
from core.learning.strategies.registry import strategies
from core.learning.swapped import Judged, SwappedValidation
from core.learning.task import Task, context_of, started
from core.learning.trials import Candidate, Tried, carry_out, described

LEVEL = 0.05
NOT_TRIED = ("search", "robustness", "fairness")
"""Families that are for people to choose: they give up right answers for resistance, or for groups that are alike."""


@dataclass(slots=True)
class Search:
    """Tries candidates one after the other; what it found stands in the journal."""

    task: Task
    swapped: SwappedValidation
    journal: Journal
    parent: Judged | None

    def run(self) -> None:
        """Try everything that fits and can be afforded."""
        fitting, unfit = self._fitting()
        total = len(fitting) + self._tunes
        for place, strategy in enumerate(fitting, start=1):
            label = f"{place} of {total}: {strategy.title}"
            self._try(Candidate(strategy, self.task.plan.start, label), fitting, exempt=place <= 2)
        if self._tunes:
            chosen = self._best_of(fitting)
            self._try(Candidate(chosen, "champion", f"{total} of {total}: {chosen.title}, fine-tuned"), fitting)
        for strategy, reason in unfit:
            self._skip(Candidate(strategy, self.task.plan.start), reason)

    @property
    def _tunes(self) -> bool:
        """Whether the best is tried from the champion's weights at the end."""
        plan, parent = self.task.plan, self.task.parent
        return plan.start == "scratch" and parent is not None and self.task.spec.model is None

    def _fitting(self) -> tuple[list[Strategy], list[tuple[Strategy, str]]]:
        """Return what is tried, in order, and what does not fit, with the reason."""
        context = context_of(self.task, started(self.task))
        asked = [(item, item.fits(context)) for item in strategies() if item.family not in NOT_TRIED]
        fitting = [item for item, reason in asked if reason is None and item.name != LabelsStrategy.name]
        ordered = [LabelsStrategy(), *fitting[:1], *sorted(fitting[1:], key=lambda item: item.cost)]
        return ordered, [(item, reason) for item, reason in asked if reason is not None]

    def _best_of(self, fitting: list[Strategy]) -> Strategy:
        best = self.journal.entries.best
        found = [item for item in fitting if best is not None and best.name.startswith(f"{item.name} from")]
        return (found or fitting[1:2] or fitting)[0]

    def _try(self, candidate: Candidate, fitting: list[Strategy], *, exempt: bool = False) -> None:
        if candidate.name in self.journal.entries.trials:
            return
        needed, left = self._seconds(candidate.strategy), self._left()
        if not exempt and needed > left:
            words = f"It would take about {needed:.0f} s, and {max(0.0, left):.0f} s of the budget are left."
            self._skip(candidate, words)
            return
        try:
            tried = carry_out(self.task, candidate, self.swapped, self.journal)
        except UserError as error:
            tried = Tried(described(candidate, self.swapped, "stopped", str(error)), None)
        best, trial = self._weighed(tried, fitting)
        self.journal.finish(candidate.name, trial, best, tried.suspects)

    def _skip(self, candidate: Candidate, reason: str) -> None:
        entries = self.journal.entries
        if candidate.name not in entries.trials:
            self.journal.finish(candidate.name, described(candidate, self.swapped, "skipped", reason), entries.best)

    def _weighed(self, tried: Tried, fitting: list[Strategy]) -> tuple[Best | None, Trial]:
        """Return the best with this trial, and the trial with how it compares."""
        best, new = self.journal.entries.best, tried.best
        if new is None:
            return best, tried.trial
        trial = tried.trial
        if self.parent is not None:
            plain = Comparing(self.swapped, self._margin)
            trial = replace(trial, reason=f"{trial.reason} {plain.words(new.judged, self.parent)}".strip())
            if not self._against_parent(len(fitting)).better(new.judged, self.parent):
                return best, trial
        return (new if best is None or self._replaces(new, best, fitting) else best), trial

    def _against_parent(self, trials: int) -> Comparing:
        return Comparing(self.swapped, self._margin, confidence=1 - LEVEL / max(1, trials))

    def _replaces(self, new: Best, best: Best, fitting: list[Strategy]) -> bool:
        """Return whether `new` is better; what is cheaper need only score no worse."""
        comparing = Comparing(self.swapped, self._margin)
        costs = {item.name: item.cost for item in fitting}
        simpler = _cost(new, costs) < _cost(best, costs)
        if not simpler:
            return comparing.better(new.judged, best.judged)
        score = self.swapped.difference(new.judged.log_probability, best.judged.log_probability)
        return score.value >= 0 and not comparing.better(best.judged, new.judged)

    @property
    def _margin(self) -> float:
        return self.task.spec.gate.accuracy_margin

    def _finished(self) -> Iterator[Trial]:
        return (trial for trial in self.journal.entries.trials.values() if trial.seconds > 0)

    def _seconds(self, strategy: Strategy) -> float:
        """Return how long a strategy will take, from what those before took for their cost."""
        costs = {item.name: item.cost for item in strategies()}
        finished = list(self._finished())
        spent = sum(trial.seconds for trial in finished)
        return strategy.cost * spent / sum(costs[trial.strategy] for trial in finished) if finished else 0.0

    def _left(self) -> float:
        return self.task.plan.budget_seconds - sum(trial.seconds for trial in self._finished())


def _cost(best: Best, costs: dict[str, float]) -> float:
    return costs[best.name.split(" from ")[0]]
