"""The quality report: every method on the same cases of one model, each map computed once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean

from explain.assessment.agreement import agreement_of
from explain.assessment.intervals import Estimate, bootstrap_mean
from explain.assessment.measuring import Measurement, Sheet
from explain.assessment.outcomes import outcomes_of
from explain.assessment.questions import Answer, Plan, Prepared, Question, answered, prepared
from explain.assessment.randomisation import RandomWeights, random_weights
from explain.assessment.support import FAITHFUL, Outcome, Support, judged, settled
from explain.base import Explainer, never
from explain.errors import ExplainError, Stopped

Told = Callable[[int, int], None]
"""Is told (cases done, cases) after each case."""
RANKS: tuple[Support, ...] = ("supported", "not assessed", "not supported")


@dataclass(frozen=True, slots=True)
class MethodAssessment:
    """What the tests say of one method on one model."""

    method: str
    title: str
    support: Support
    reason: str
    tests: tuple[Outcome, ...]
    seconds: Estimate
    """Time for one map."""
    cases: int
    """Cases that the method could explain."""
    stages: tuple[Estimate, ...]
    """Rank correlation with maps of the model that forgets, from the last layer alone to all layers."""
    artefacts: tuple[tuple[str, Estimate, Estimate], ...] = ()
    """(artefact, share of the map inside people's marks of it, its chance level)."""
    failures: tuple[str, ...] = ()
    """Why the other cases could not be explained, each reason once."""

    @property
    def faithfulness(self) -> float:
        """Mean gain over random maps of deletion and insertion; higher is better, 0 is chance."""
        gains = [one.value.value for one in self.tests if one.name in FAITHFUL and one.value is not None]
        return fmean(gains) if gains else 0.0


@dataclass(frozen=True, slots=True)
class MethodAgreement:
    """How alike the maps of two methods are, over the cases that both explained."""

    one: str
    other: str
    correlation: Estimate
    """Spearman rank correlation, -1 to 1; of sizes where one method has no direction."""
    overlap: Estimate
    """Share of the hottest tenth that both have, 0 to 1; chance is 0.1."""


class Assessor:
    """Judges methods on the same cases of one model.

    What does not depend on a method (random maps, edge maps, which layers forget) is computed once.

    Parameters
    ----------
    questions
        The cases; more parts and more cases narrow the intervals.
    plan
        How closely to look.
    cancelled
        Asked before every forward pass; when it is true, `Stopped` is raised.
    answer
        Explains a label of a question: the place for a cache. Maps of random weights and of other seeds never pass it.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        plan: Plan | None = None,
        *,
        cancelled: Callable[[], bool] = never,
        answer: Answer = answered,
    ) -> None:
        self._questions = [_stoppable(question, cancelled) for question in questions]
        self._plan = plan or Plan()
        self._answer = answer
        self._prepared: dict[int, Prepared | str] = {}
        self._weights: RandomWeights | None = None
        self._sheets: dict[str, tuple[bool, Sheet]] = {}

    def assess(self, method: Explainer, told: Told | None = None, cases: int | None = None) -> MethodAssessment:
        """Return what the tests say of a method, on the first `cases` cases (all when not given).

        Raises
        ------
        ExplainError
            When there are no cases, or the method fails on every one. `Stopped` when somebody asked to stop.
        """
        count = min(cases or len(self._questions), len(self._questions))
        if count == 0:
            raise ExplainError("there are no cases to judge a method on. Give at least one.")
        weights = self._random_weights(count)
        run = Measurement(method, weights, self._plan, self._answer, Sheet(len(weights.stages)))
        for number in range(count):
            item = self._item(number)
            if isinstance(item, str):
                run.sheet.failures.append(item)
            else:
                run.measure(number, item)
            if told is not None:
                told(number + 1, count)
        self._sheets[method.name] = (method.signed, run.sheet)
        return self._assessment(method, run.sheet, count)

    def agreements(self) -> tuple[MethodAgreement, ...]:
        """Return how alike the maps of every two methods are that were judged so far."""
        pairs = combinations(self._sheets, 2)
        found = [self._agreement(one, other) for one, other in pairs]
        return tuple(pair for pair in found if pair is not None)

    def _item(self, number: int) -> Prepared | str:
        """Return a case with what does not depend on the method, or why the model can't answer it."""
        if number not in self._prepared:
            try:
                self._prepared[number] = prepared(number, self._questions[number], self._plan)
            except Stopped:
                raise
            except ExplainError as error:
                self._prepared[number] = str(error)
        return self._prepared[number]

    def _random_weights(self, count: int) -> RandomWeights:
        """Return what forgets, found on the first case that the model can answer."""
        if self._weights is None:
            usable = (item for item in map(self._item, range(count)) if isinstance(item, Prepared))
            first = next(usable, None)
            if first is None:
                return RandomWeights(())
            self._weights = random_weights(first.question.subject, first.question.inputs, self._plan.stages)
        return self._weights

    def _assessment(self, method: Explainer, sheet: Sheet, count: int) -> MethodAssessment:
        seconds = bootstrap_mean(sheet.seconds, self._plan.seed)
        if seconds is None:
            raise ExplainError(f"{method.title} failed on all of {count} cases: {sheet.failures[0]}")
        classes = len(self._questions[0].subject.output_sd)
        tests = settled(outcomes_of(sheet, signed=method.signed, classes=classes, seed=self._plan.seed))
        support, reason = judged(tests, len(sheet.seconds))
        stages = (bootstrap_mean(sheet.stages[stage], self._plan.seed) for stage in sorted(sheet.stages))
        return MethodAssessment(
            method=method.name,
            title=method.title,
            support=support,
            reason=reason,
            tests=tests,
            seconds=seconds,
            cases=len(sheet.seconds),
            stages=tuple(stage for stage in stages if stage is not None),
            artefacts=_artefacts(sheet, self._plan.seed),
            failures=tuple(dict.fromkeys(sheet.failures)),
        )

    def _agreement(self, one: str, other: str) -> MethodAgreement | None:
        (one_signed, first), (other_signed, second) = self._sheets[one], self._sheets[other]
        found = []
        for number in sorted(first.totals.keys() & second.totals.keys()):
            maps = (first.totals[number], second.totals[number])
            pair = maps if one_signed and other_signed else (maps[0].abs(), maps[1].abs())
            found.append(agreement_of(*pair))
        alike = [one for one in found if one is not None]
        correlation = bootstrap_mean([one.correlation for one in alike], self._plan.seed)
        overlap = bootstrap_mean([one.overlap for one in alike], self._plan.seed)
        if correlation is None or overlap is None:
            return None
        return MethodAgreement(one, other, correlation, overlap)


def ordered(assessments: Sequence[MethodAssessment]) -> tuple[MethodAssessment, ...]:
    """Return the methods best first: the supported by faithfulness, then by time; those not assessed; the rest."""

    def place(one: MethodAssessment) -> tuple[int, float, float]:
        return RANKS.index(one.support), -one.faithfulness, one.seconds.value

    return tuple(sorted(assessments, key=place))


def _stoppable(question: Question, cancelled: Callable[[], bool]) -> Question:
    own = question.subject.cancelled
    return replace(question, subject=replace(question.subject, cancelled=lambda: cancelled() or own()))


def _artefacts(sheet: Sheet, seed: int) -> tuple[tuple[str, Estimate, Estimate], ...]:
    found = []
    for name, pairs in sheet.artefacts.items():
        mass = bootstrap_mean([share for share, _ in pairs], seed)
        chance = bootstrap_mean([chance for _, chance in pairs], seed)
        if mass is not None and chance is not None:
            found.append((name, mass, chance))
    return tuple(found)
