"""The quality report of a version: every method on ledger cases, measured by the worker and kept."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from core.contracts import MethodReport, Progress, ProgressReporter, QualityReport
from core.errors import BadInput, TandemError
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.evidence.methods import row_seconds
from core.services.evidence.questions import Question as Asked
from core.services.explaining import Explaining
from core.services.trust.following import Following
from core.services.trust.marked import MarkedCases
from core.services.trust.material import Material, ReportQuestion, flips, gather, marked_cases
from core.services.trust.posing import KeptAnswers, Posing
from core.services.trust.told import agreement, method_report
from core.storage import audit, quality
from explain.assessment.questions import Plan, Question
from explain.assessment.report import Assessor, MethodAssessment, ordered
from explain.assessment.support import LEAST_CASES
from explain.base import Attribution, Explainer, OptionValue
from explain.errors import ExplainError, Stopped
from explain.registry import explainers

log = logging.getLogger(__name__)

METHOD_SECONDS = 240.0
"""Time that the maps of one method may take; a slower method is measured on fewer cases."""
REMOVAL_ROWS = 60
"""Rows of removed parts that go through the model for each case and method, about."""


@dataclass(frozen=True, slots=True)
class QualityReports:
    """Measures and keeps reports."""

    catalogue: Catalogue
    casebook: Casebook
    explaining: Explaining
    registry: Callable[[], Sequence[Explainer]] = explainers
    plan: Plan = field(default_factory=Plan)

    def measure(self, asked: ReportQuestion, reporter: ProgressReporter) -> QualityReport:
        """Measure every method that fits, or the named ones.

        Raises
        ------
        BadInput
            When no method fits, or a named one does not.
        Refused
            When the ledger is empty.
        """
        begun = time.monotonic()
        reporter.report(Progress("choosing cases and methods"))
        material = gather(self.catalogue, asked)
        run = self._run(asked, material, reporter)
        reports, skipped = run.all([method for method in self.registry() if method.name in run.counts])
        return QualityReport(
            workspace=asked.workspace,
            version=asked.version,
            target=material.target.name,
            created=datetime.now(UTC),
            cases=len(material.cases),
            methods=reports,
            agreement=tuple(agreement(pair) for pair in run.assessor.agreements()),
            seconds=time.monotonic() - begun,
            skipped=skipped,
            flips=flips(material, self.casebook),
        )

    def try_methods(self, workspace: str, version: str) -> None:
        """Find out now which methods fit a version, so that nobody waits for it at the first case."""
        try:
            with self.catalogue.runtime.database.read() as tx:
                found, _ = self.catalogue.workspace(tx, workspace)
                some = self.catalogue.cases(tx, found, "pool")[:1]
            model = self.catalogue.model(found, version)
            for case in some:
                self.explaining.methods.fits(model, case)
        except TandemError as error:
            log.info("methods of %s %s: %s", workspace, version, error)

    def _run(self, asked: ReportQuestion, material: Material, reporter: ProgressReporter) -> "_Run":
        """Pose all questions, and say on how many cases each method is measured."""
        posing = Posing(self.explaining, material.model, material.target.name)
        first = self.explaining.question(material.model, material.cases[0], material.target.name)
        seconds = self._fitting(asked, material, first)
        answers = KeptAnswers(posing, seconds)
        questions = [answers.add(posing.stored(case), case) for case in material.cases]
        counts = {name: affordable(each, len(questions), self.plan) for name, each in seconds.items()}
        removal = row_seconds(first) * REMOVAL_ROWS
        weights = {n: removal + each * maps(counts[n], self.plan) / counts[n] for n, each in seconds.items()}
        total = sum(counts[name] * weight for name, weight in weights.items())
        following = Following(reporter, sum(counts.values()), total)
        assessor = Assessor(questions, self.plan, cancelled=following.cancelled, answer=answers)
        marks = marked_cases(material, self.casebook, posing, answers)
        return _Run(assessor, answers, marks, following, counts, weights)

    def keep(self, tx: Connection, report: QualityReport, version_id: int, actor_id: str) -> None:
        """Store a report with its audit event."""
        digest = quality.add(tx, version_id, report, actor_id)
        audit.append(
            tx,
            actor_id=actor_id,
            kind="quality",
            workspace=report.workspace,
            subject={
                "version": report.version,
                "target": report.target,
                "cases": report.cases,
                "methods": len(report.methods),
                "supported": sum(one.support == "supported" for one in report.methods),
                "default": report.default,
                "sha256": digest,
            },
        )

    def _fitting(self, asked: ReportQuestion, material: Material, first: Asked) -> dict[str, float]:
        """Return the methods to measure, each with its expected seconds for one map."""
        row = row_seconds(first)
        wanted = [method for method in self.registry() if not asked.methods or method.name in asked.methods]
        known = self.explaining.methods.fits(material.model, material.cases[0]).names
        fitting = {
            method.name: method.cost(first.subject, first.inputs).passes * row
            for method in wanted
            if method.name in known
            or (method not in explainers() and method.is_compatible(first.subject, first.inputs))
        }
        missing = [name for name in asked.methods if name not in fitting]
        if missing or not fitting:
            which = f"{missing[0]!r} does not fit" if missing else "No explanation method fits"
            raise BadInput(f"{which} the model of {asked.version}. Methods that do: {', '.join(known) or 'none'}.")
        return fitting


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One method after the other."""

    assessor: Assessor
    answers: KeptAnswers
    marks: MarkedCases
    following: Following
    counts: Mapping[str, int]
    weights: Mapping[str, float]

    def all(self, methods: Sequence[Explainer]) -> tuple[tuple[MethodReport, ...], tuple[tuple[str, str], ...]]:
        """Return the reports, best supported first, and (method, why) of those that could not be measured."""
        found: dict[str, tuple[MethodAssessment, MethodReport]] = {}
        skipped: list[tuple[str, str]] = []
        for place, method in enumerate(methods):
            title = f"{method.title} ({place + 1} of {len(methods)})"
            told = self.following.stage(title, self.weights[method.name])
            before = self.following.done
            try:
                found[method.name] = self._one(method, told)
            except Stopped:
                raise self.following.stop or BadInput("The report was stopped.") from None
            except ExplainError as error:
                skipped.append((method.name, str(error)))
                left = self.counts[method.name] - (self.following.done - before)
                self.following.skip(left, self.weights[method.name])
        best = ordered([assessment for assessment, _ in found.values()])
        return tuple(found[one.method][1] for one in best), tuple(skipped)

    def _one(self, method: Explainer, told: Callable[[int, int], None]) -> tuple[MethodAssessment, MethodReport]:
        count = self.counts[method.name]
        found = self.assessor.assess(method, told, count)
        outcomes = self.marks.outcomes(method, self._unless_stopped, count)
        inside = self.marks.inside(method, self._unless_stopped, count)
        return found, method_report(found, outcomes, inside, count)

    def _unless_stopped(
        self, method: Explainer, question: Question, label: int, options: Mapping[str, OptionValue]
    ) -> Attribution:
        """Return a map of a marked case, unless somebody wants the report to stop."""
        if self.following.cancelled():
            raise Stopped("somebody asked to stop.")
        return self.answers(method, question, label, options)


def maps(cases: int, plan: Plan) -> int:
    """Return how many maps of a method a report on so many cases takes: own, runner-up, forgetful, again, marked."""
    return 2 * cases + plan.stages * min(cases, plan.stage_cases) + min(cases, plan.repeat_cases) + cases


def affordable(seconds: float, cases: int, plan: Plan) -> int:
    """Return on how many cases a method with maps of so many seconds is measured: all, or as many as time allows.

    Example
    -------
    >>> affordable(0.1, 40, Plan()), affordable(4.0, 40, Plan()), affordable(60.0, 40, Plan())
    (40, 7, 5)
    """
    count = cases
    while count > LEAST_CASES and seconds * maps(count, plan) > METHOD_SECONDS:
        count -= 1
    return count
