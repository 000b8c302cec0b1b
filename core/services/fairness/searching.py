"""Making and measuring the models of a trade-off (the worker's part). What was found stays, whatever happens next."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np

from core.contracts import FairnessAim, GapMetric, Job, Progress, ProgressReporter, Run, RunPlan
from core.errors import Conflict, Refused, Unavailable, UserError
from core.fairness.thresholds import fit_thresholds
from core.models.deciding import GroupThresholds
from core.models.grouping import group_of
from core.models.manifest import Manifest
from core.models.registry import LoadedModel, SavedVersion, identity
from core.services.fairness.asked import Question, question
from core.services.fairness.measuring import Compared, Measuring
from core.services.fairness.steps import THRESHOLDS, Step, steps, title_of, words_of
from core.services.jobs import JobContext
from core.services.runtime import Runtime
from core.services.training import Training
from core.storage import jobs, runs, trade_points, versions
from core.storage.trade_points import NewTradePoint, PointFigures

HUNDREDTHS = 100
"""Steps of the progress bar for each model."""


@dataclass(frozen=True, slots=True)
class Made:
    """A model that a step made."""

    saved: SavedVersion
    training_cases: tuple[int, ...]
    words: str = ""


class _Step:
    """Reports one model as its part of the whole search."""

    def __init__(self, reporter: ProgressReporter, title: str, place: int, total: int) -> None:
        self._reporter, self._title, self._place, self._total = reporter, title, place, total

    def report(self, progress: Progress) -> None:
        """Report under the model's title."""
        share = progress.done / progress.total if progress.total else 0.0
        done = HUNDREDTHS * self._place + round(HUNDREDTHS * min(1.0, share))
        message = f"{self._title}: {progress.message or progress.stage}"
        place = f"model {self._place + 1} of {self._total}"
        self._reporter.report(Progress(place, done, HUNDREDTHS * self._total, message))


@dataclass(frozen=True, slots=True)
class Searching:
    """Trains along the trade-off."""

    runtime: Runtime
    training: Training
    measuring: Measuring

    def work(self, job: Job, context: JobContext) -> None:
        """Carry out a search; a later attempt goes on after the models that are there already.

        Raises
        ------
        UserError
            When no model could be made; the message says why.
        """
        asked, compared = self._asked(job)
        with self.runtime.database.read() as tx:
            known = {(point.what.strategy, point.what.limit) for point in trade_points.of_job(tx, job.id)}
        wanted = steps(asked)
        problems: list[str] = []
        for place, step in enumerate(wanted):
            if (step.strategy, step.limit) in known:
                continue
            reporter = _Step(context, title_of(step.strategy), place, len(wanted))
            reporter.report(Progress("starting"))
            found = _tried(partial(self._made, job, asked, compared, step, reporter, context), problems)
            if found is not None:
                self._keep(job, asked, compared, step, found)
        context.flush()
        if len(problems) == len(wanted):
            raise Refused(" ".join(dict.fromkeys(problems)))
        with self.runtime.database.write() as tx:
            jobs.finish(tx, job.id, context.worker, "done", " ".join(dict.fromkeys(problems)) or None)

    def _asked(self, job: Job) -> tuple[Question, Compared]:
        target = str(job.payload["target"])
        compared = self.measuring.cases(job.workspace, target, until=job.created)
        metric = cast(GapMetric, job.payload["metric"])
        return question(compared.spec, target, str(job.payload["attribute"]), metric), compared

    def _made(
        self, job: Job, asked: Question, compared: Compared, step: Step, reporter: ProgressReporter, context: JobContext
    ) -> Made:
        if step.strategy == THRESHOLDS:
            return self._with_rules(job, asked, compared)
        run = _run(job, compared, asked, step)
        trained = self.training.train(job.workspace, run, reporter, context)
        if trained.saved is None:
            why = trained.outcome.words if trained.outcome else ""
            raise Refused(f"{title_of(step.strategy)}: {why}")
        return Made(trained.saved, trained.material.chosen.everything)

    def _with_rules(self, job: Job, asked: Question, compared: Compared) -> Made:
        """Give the champion a decision rule for each group, from its answers to training and validation cases."""
        parent = str(job.payload["parent"])
        with self.runtime.database.read() as tx:
            stored = versions.get(tx, compared.workspace.id, parent)
            learnt = runs.training_case_ids(tx, stored.run_id) if stored.run_id is not None else set()
        model = self.measuring.catalogue.model(compared.workspace, parent)
        material = self.training.material(job.workspace, _run(job, compared, asked, Step("labels")))
        ids = [*material.chosen.train, *material.chosen.feedback, *material.chosen.validation]
        examples = self.measuring.casebook.examples(material.rows(ids), material.spec, material.references)
        labels = examples.labels[asked.target.name].numpy()
        inside = labels >= 0
        groups = [group_of(case.attributes, asked.attribute) for case in material.rows(ids)]
        rules = fit_thresholds(
            self.measuring.positive_scores(model, examples, asked)[inside],
            np.asarray(labels[inside] == asked.positive),
            [group for group, keep in zip(groups, inside, strict=True) if keep],
            asked.metric,
            balanced=material.spec.training.class_weights,
        )
        thresholds = GroupThresholds(
            attribute=asked.attribute,
            positive=asked.target.positive_class,
            metric=asked.metric,
            seed=compared.spec.training.seed,
            rules=rules,
        )
        manifest = self.runtime.blobs.put(_with_thresholds(model, asked, thresholds, parent).to_bytes())
        saved = SavedVersion(stored.weights, manifest, identity(stored.weights, manifest))
        return Made(saved, tuple(sorted({*learnt, *ids})), f"{len(rules)} groups got a rule.")

    def _keep(self, job: Job, asked: Question, compared: Compared, step: Step, made: Made) -> None:
        found = self.measuring.measure(self.measuring.loaded(made.saved), compared, asked)
        figures = PointFigures(
            found.accuracy, found.demographic_parity, found.equalised_odds, made.training_cases, made.words
        )
        point = NewTradePoint(
            workspace_id=compared.workspace.id,
            job_id=job.id,
            revision_id=compared.workspace.revision_id,
            target=asked.target.name,
            attribute=asked.attribute,
            metric=asked.metric,
            strategy=step.strategy,
            limit=step.limit,
            seed=compared.spec.training.seed,
            weights=made.saved.weights,
            manifest=made.saved.manifest,
            sha256=made.saved.sha256,
            figures=figures,
            parent=str(job.payload["parent"]),
        )
        with self.runtime.database.write() as tx:
            trade_points.add(tx, point)


def _tried(make: Callable[[], Made], problems: list[str]) -> Made | None:
    """Return what was made; None where that can't be done, whose reason is noted."""
    try:
        return make()
    except (Conflict, Unavailable):
        raise
    except UserError as error:
        problems.append(str(error))
        return None


def verdict_ids(job: Job) -> tuple[int, ...]:
    """Return the verdicts that a search learns from: those that stood when it was asked for."""
    named = str(job.payload["verdicts"] or "")
    return tuple(int(number) for number in named.split(",") if number)


def plan_of(asked: Question, limit: float | None) -> RunPlan:
    """Return how a model of the trade-off is trained."""
    usual = FairnessAim(asked.attribute, asked.metric, target=asked.target.name)
    return RunPlan(aim=usual if limit is None else replace(usual, limit=limit))


def _run(job: Job, compared: Compared, asked: Question, step: Step) -> Run:
    """Return the run that a point would be, which is recorded only when somebody chooses it."""
    return Run(
        id=0,
        workspace_id=compared.workspace.id,
        kind="retrain",
        strategy=step.strategy,
        seed=compared.spec.training.seed,
        use_regions=False,
        verdict_ids=verdict_ids(job),
        status="running",
        parent=str(job.payload["parent"]),
        version=None,
        job_id=job.id,
        created=job.created,
        finished=None,
        error=None,
        plan=plan_of(asked, step.limit),
    )


def _with_thresholds(model: LoadedModel, asked: Question, thresholds: GroupThresholds, parent: str) -> Manifest:
    """Return the manifest of a version whose decisions on one target go by rules."""
    note = words_of(THRESHOLDS, asked.attribute)
    targets = tuple(
        item.model_copy(update={"group_thresholds": thresholds, "notes": (*item.notes, note)})
        if item.target == asked.target.name
        else item
        for item in model.manifest.targets
    )
    return model.manifest.model_copy(update={"targets": targets, "strategy": THRESHOLDS, "parent": parent})
