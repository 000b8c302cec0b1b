"""Makes the guard of a version: its outlier detector and its rules, from training and calibration cases, once."""

import copy
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import torch
from safetensors.numpy import load, save
from sqlalchemy import Connection

from core.contracts import (
    Case,
    NewJob,
    ProgressReporter,
    ReferenceLabel,
    RiskRule,
    TargetAnswer,
    Version,
    Workspace,
    WorkspaceSpec,
)
from core.fairness.intervals import wilson
from core.guard.outliers.fitting import FittedOutliers, fit_outliers
from core.guard.risk import control_risk, one_per_group
from core.guard.robustness.hint import fit_threshold
from core.guard.robustness.pictures import image_fields
from core.guard.rules import GuardRules, ScoreRule, policy_of, read_rules
from core.models.registry import LoadedModel
from core.services.casebook import Casebook, References
from core.services.catalogue import Catalogue
from core.services.guard.seeing import Look, Seeing, missing_fields
from core.services.runtime import Cache, Runtime
from core.storage import guards, jobs, versions
from core.storage.columns import from_json, to_json
from core.storage.guards import StoredGuard

MOST_TRAINING = 5000
"""Training cases that a detector is fitted on, drawn at random where there are more."""
KEPT_GUARDS = 8
KEPT_COPIES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """What a version judges itself by."""

    rules: GuardRules
    outliers: FittedOutliers | None


@dataclass(frozen=True, slots=True)
class Fitting:
    """Makes, keeps and finds guards."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    kept: Cache[tuple[str | None, str], Guard] = field(default_factory=lambda: Cache(KEPT_GUARDS))
    copies: Cache[str, LoadedModel] = field(default_factory=lambda: Cache(KEPT_COPIES))

    def ensure(self, workspace: str, version: str, reporter: ProgressReporter | None = None) -> Guard:
        """Return the guard of a version, made first where there is none, or where it is for another policy."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            stored = versions.get(tx, found.id, version)
        known = self.known(stored, spec)
        return known if known is not None else self._make(found, spec, stored, reporter)

    def known(self, version: Version, spec: WorkspaceSpec) -> Guard | None:
        """Return the guard of a version that was made for the workspace's policy, or None."""
        with self.runtime.database.read() as tx:
            stored = guards.get(tx, version.id)
        if stored is None:
            return None
        guard = self.kept.get((stored.state, stored.rules), lambda: self._loaded(stored))
        return guard if guard.rules.policy == policy_of(spec.guard) else None

    def own_copy(self, model: LoadedModel) -> LoadedModel:
        """Return the version with a network that no explainer puts hooks on, so that nobody waits for explanations."""

        def copied() -> LoadedModel:
            with model.lock:
                return replace(model, network=copy.deepcopy(model.network), lock=threading.Lock())

        return self.copies.get(model.key, copied)

    def keep(self, tx: Connection, version: Version, rules: GuardRules, state: str | None) -> None:
        """Keep rules with the state (a blob) that they go with."""
        guards.put(tx, version.id, StoredGuard(state, to_json(asdict(rules))))

    def _loaded(self, stored: StoredGuard) -> Guard:
        rules = read_rules(from_json(stored.rules))
        if stored.state is None or rules.outliers is None:
            return Guard(rules, None)
        state = load(self.runtime.blobs.get(stored.state))
        return Guard(rules, FittedOutliers(rules.outliers.method, state, rules.outliers.threshold))

    def _make(
        self, workspace: Workspace, spec: WorkspaceSpec, version: Version, reporter: ProgressReporter | None
    ) -> Guard:
        model = self.own_copy(self.catalogue.model(workspace, version.name))
        with self.runtime.database.read() as tx:
            references = self.catalogue.references(tx, workspace)
            training = self.catalogue.cases(tx, workspace, "train")
            calibration = self.catalogue.cases(tx, workspace, "calibration")
        seeing = Seeing(self.runtime, self.casebook, references)
        known = (
            seeing.look(
                model, calibration, suspicious=spec.guard.suspicious, reporter=reporter, stage="Learning when to defer"
            )
            if calibration
            else None
        )
        fitted = self._outliers(seeing, model, spec, training, known, reporter)
        rules = GuardRules(
            policy=policy_of(spec.guard),
            risks=_risks(spec, references, known),
            outliers=None if fitted is None else _score_rule(fitted, training),
            suspicion=_suspicion(model, spec, known),
            lacking=dict(Counter(name for case in training for name in missing_fields(model, case))),
            groups=_groups(spec, training),
            training_n=len(training),
        )
        state = None if fitted is None else self.runtime.blobs.put(save(dict(fitted.state)))
        with self.runtime.database.write() as tx:
            self.keep(tx, version, rules, state)
        return Guard(rules, fitted)

    def _outliers(
        self,
        seeing: Seeing,
        model: LoadedModel,
        spec: WorkspaceSpec,
        training: Sequence[Case],
        known: Look | None,
        reporter: ProgressReporter | None,
    ) -> FittedOutliers | None:
        if known is None or not training or spec.guard.outliers == "none":
            return None
        sample = _sample(training, spec.split.seed)
        learnt = seeing.look(model, sample, reporter=reporter, stage="Learning what is usual").seen
        alone = one_per_group(np.asarray([case.group for case in known.cases]), spec.split.seed)
        return fit_outliers(spec.guard.outliers, learnt, known.seen, spec.guard.outlier_share, alone)


def ask_to_route(tx: Connection, workspace: str, actor_id: str, *, again: bool = False, key: str | None = None) -> None:
    """Queue the routing of the champion's answers; `again` judges anew what was judged before."""
    jobs.add(tx, NewJob("route", workspace, {"again": again}, actor_id, key=key))


def _sample(cases: Sequence[Case], seed: int) -> list[Case]:
    if len(cases) <= MOST_TRAINING:
        return list(cases)
    drawn = np.random.default_rng(seed).choice(len(cases), MOST_TRAINING, replace=False)
    return [cases[place] for place in sorted(drawn.tolist())]


def _score_rule(fitted: FittedOutliers, training: Sequence[Case]) -> ScoreRule:
    return ScoreRule(fitted.threshold, len(fitted.calibration), fitted.method, min(len(training), MOST_TRAINING))


def _suspicion(model: LoadedModel, spec: WorkspaceSpec, known: Look | None) -> ScoreRule | None:
    if known is None or not spec.guard.suspicious or not image_fields(model.spec):
        return None
    limit = fit_threshold(torch.from_numpy(known.suspicion), spec.guard.outlier_share)
    return ScoreRule(limit, len(known.cases)) if np.isfinite(limit) else None


def _groups(spec: WorkspaceSpec, training: Sequence[Case]) -> dict[str, dict[str, int]]:
    names = [attribute.name for attribute in spec.attributes if attribute.sensitive]
    return {
        name: dict(Counter(case.attributes[name] for case in training if name in case.attributes)) for name in names
    }


def _risks(spec: WorkspaceSpec, references: References, known: Look | None) -> tuple[RiskRule, ...]:
    return tuple(_risk(spec, target.name, references.get(target.name, {}), known) for target in spec.targets)


def _risk(spec: WorkspaceSpec, target: str, references: Mapping[int, ReferenceLabel], known: Look | None) -> RiskRule:
    """Return the rule of one target: chosen on calibration cases, one of each group."""
    cases = known.cases if known else ()
    judged = [place for place, case in enumerate(cases) if case.id in references]
    if judged:
        groups = np.asarray([cases[place].group for place in judged])
        judged = [judged[place] for place in one_per_group(groups, spec.split.seed)]
    answers = [known.answers[place].target(target) for place in judged] if known else []
    truth = [references[cases[place].id].label for place in judged]
    wrong = np.asarray([answer.label != label for answer, label in zip(answers, truth, strict=True)], dtype=bool)
    return _controlled(spec, target, answers, wrong)


def _controlled(spec: WorkspaceSpec, target: str, answers: Sequence[TargetAnswer], wrong: np.ndarray) -> RiskRule:
    alpha, delta, n = spec.guard.alpha, spec.guard.delta, len(answers)
    if alpha is None:
        single = np.asarray([len(answer.answer_set) == 1 for answer in answers], dtype=bool)
        counts = int(single.sum()), int((single & wrong).sum())
        words = "No limit on wrong answers is set: an answer is accepted where it is the only one not ruled out."
        return RiskRule(target, None, delta, None, wilson(counts[0], n), wilson(counts[1], counts[0]), words)
    probability = np.asarray([answer.probability for answer in answers])
    found = control_risk(probability, wrong, len(spec.target(target).classes), alpha, delta)
    accepted, error = wilson(found.accepted, n), wilson(found.wrong, found.accepted)
    return RiskRule(target, alpha, delta, found.threshold, accepted, error, _promise(alpha, delta, found.threshold, n))


def _promise(alpha: float, delta: float, threshold: float | None, n: int) -> str:
    goal = f"at most {100 * alpha:g} % of accepted answers wrong, with {100 * (1 - delta):g} % confidence"
    if threshold is None:
        return (
            f"No rule could be shown to keep the promise ({goal}) on {n} calibration cases, so every case is left to "
            "people. More calibration cases, a better model or a larger alpha would help."
        )
    return f"Answers are accepted from a probability of {threshold:.3f}: {goal}, chosen on {n} calibration cases."
