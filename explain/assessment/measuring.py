"""What one map of one case tells of its method: a figure for each test, collected case by case."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import fmean

from torch import Tensor

from explain.assessment.agreement import correlation, dependence
from explain.assessment.localisation import Region, localised
from explain.assessment.questions import Answer, Plan, Prepared, answered
from explain.assessment.randomisation import RandomWeights
from explain.assessment.removal import along, area
from explain.assessment.repeatability import CHECKED, draws_at_random, reseeded
from explain.assessment.support import TestName
from explain.base import Attribution, Explainer, OptionValue
from explain.errors import ExplainError, Stopped

STEPS = "max_steps"
"""The option by which a method that refines its map is limited."""
HURRIED = 96
"""Steps that are enough for the order of a map's parts."""


@dataclass(slots=True, eq=False)
class Sheet:
    """The figures of one method, one entry a case that had one."""

    depth: int
    """Stages of weight randomisation."""
    figures: dict[TestName, list[float]] = field(default_factory=lambda: defaultdict(list))
    chances: list[float] = field(default_factory=list)
    """Share of each region's places."""
    stages: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Rank correlation with the map of the forgetful model, by stage."""
    unanswered: int = 0
    """Cases without a map of the model that has forgotten everything, because the method fails on it."""
    sizes: list[float] = field(default_factory=list)
    """The same without direction, when all has been forgotten."""
    artefacts: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """(mass, chance) by artefact."""
    seconds: list[float] = field(default_factory=list)
    totals: dict[int, Tensor] = field(default_factory=dict)
    """Each case's parts' totals."""
    failures: list[str] = field(default_factory=list)
    """Why cases have no map at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """One method on one model: measures case after case onto its sheet."""

    method: Explainer
    weights: RandomWeights
    plan: Plan
    answer: Answer
    sheet: Sheet

    def measure(self, number: int, item: Prepared) -> None:
        """Measure case `number`; a method that fails on it is noted, and the others go on.

        Raises
        ------
        Stopped
            When somebody asked to stop.
        """
        question = item.question
        try:
            found = self.answer(self.method, question, question.label, {})
            totals = item.parts.totals(found.values)
        except Stopped:
            raise
        except ExplainError as error:
            self.sheet.failures.append(str(error))
            return
        self.sheet.totals[number] = totals
        self.sheet.seconds.append(found.seconds)
        self._this_map(item, found)
        self._other_label(item, found)
        self._forgetful(number, item, found)
        self._again(item, found)

    def _this_map(self, item: Prepared, found: Attribution) -> None:
        if found.completeness_error is not None:
            self.sheet.figures["completeness"].append(found.completeness_error)
        for name, value in faithfulness(item, found).items():
            self.sheet.figures[name].append(value)
        question = item.question
        if question.region is not None:
            self._region(item, found, question.region)
        for artefact, region in question.artefacts:
            lies = localised(question.subject, item.parts, found, region)
            if lies is not None and lies.mass is not None:
                self.sheet.artefacts[artefact].append((lies.mass, lies.chance))

    def _region(self, item: Prepared, found: Attribution, region: Region) -> None:
        lies = localised(item.question.subject, item.parts, found, region)
        if lies is not None and lies.mass is not None:
            self.sheet.figures["pointing"].append(float(lies.hit))
            self.sheet.figures["mass"].append(lies.mass)
            self.sheet.chances.append(lies.chance)

    def _other_label(self, item: Prepared, found: Attribution) -> None:
        question = item.question
        if question.label != question.other and item.differs:
            other = _attempt(partial(self.answer, self.method, question, question.other, {}))
            self._note("class_sensitivity", item, found, other)

    def _forgetful(self, number: int, item: Prepared, found: Attribution) -> None:
        if len(self.sheet.seconds) > self.plan.stage_cases:
            return
        question, options = item.question, hurried(self.method)
        for stage in range(self.sheet.depth):
            subject = self.weights.forgetful(question.subject, stage, self.plan.seed + number)
            asked = replace(question, subject=subject)
            other = _attempt(partial(answered, self.method, asked, question.label, options))
            last = stage == self.sheet.depth - 1
            self.sheet.unanswered += last and other is None
            alike = None if other is None else dependence(item.parts, found, other)
            if other is None or alike is None:
                continue
            self.sheet.stages[stage].append(alike)
            if last:
                sizes = (item.parts.totals(one.values).abs() for one in (found, other))
                self.sheet.sizes.append(correlation(*sizes) or 0.0)

    def _again(self, item: Prepared, found: Attribution) -> None:
        most = self.plan.repeat_cases if draws_at_random(self.method) else CHECKED
        if len(self.sheet.seconds) > most:
            return
        options = reseeded(self.method)
        again = _attempt(partial(answered, self.method, item.question, item.question.label, options))
        self._note("repeatability", item, found, again)

    def _note(self, name: TestName, item: Prepared, one: Attribution, other: Attribution | None) -> None:
        alike = None if other is None else dependence(item.parts, one, other)
        if alike is not None:
            self.sheet.figures[name].append(alike)


def hurried(method: Explainer) -> dict[str, OptionValue]:
    """Return options by which a method that refines its map stops early on a model that has forgotten.

    Random weights bend the path so much that it would go to its limit, for a map of which only the order counts.
    """
    return {one.name: min(int(one.default), HURRIED) for one in method.config_spec() if one.name == STEPS}


def _attempt(explain: Callable[[], Attribution]) -> Attribution | None:
    """Return a further map of a case; None when the method can't answer this question, though it did the first."""
    try:
        return explain()
    except Stopped:
        raise
    except ExplainError:
        return None


def faithfulness(item: Prepared, found: Attribution) -> dict[TestName, float]:
    """Return by how much a map's areas are better than those of random maps and of an edge map; positive is better.

    Deletion: the other area less the map's; insertion: the map's less the other. Means over the fills.
    """
    gains: dict[TestName, list[float]] = defaultdict(list)
    totals = item.parts.totals(found.values)
    for reference in item.references:
        deletion, insertion = (area(curve, reference.cuts) for curve in along(reference, totals))
        random = fmean(reference.random_areas)
        gains["deletion_random"].append(random - deletion)
        gains["insertion_random"].append(insertion - random)
        if reference.edge is not None:
            at_edge = [area(curve, reference.cuts) for curve in reference.edge]
            gains["deletion_edge"].append(at_edge[0] - deletion)
            gains["insertion_edge"].append(insertion - at_edge[1])
    return {name: fmean(values) for name, values in gains.items()}
