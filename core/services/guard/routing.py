"""Where the champion's answers to the cases of the pool go: to people, or decided by the model itself."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from sqlalchemy import Connection

from core.contracts import Case, Deferral, Job, Prediction, ProgressReporter, Version, Workspace, WorkspaceSpec
from core.guard.drift import RECENT, look_for_drift
from core.guard.limits import hourly
from core.guard.risk import one_per_group
from core.guard.rules import with_deferrals
from core.models.registry import LoadedModel
from core.services.embeddings import Silent
from core.services.guard.fitting import Fitting, Guard
from core.services.guard.judging import Judging
from core.services.guard.seeing import AT_ONCE, Seeing
from core.services.guard.suspending import silent_words
from core.services.jobs import JobContext
from core.services.runtime import Runtime
from core.storage import audit, claims, guards, jobs, routings, versions
from core.storage.columns import now, to_json
from core.storage.routings import Routed

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Serving:
    """A workspace with the version that serves, as routing needs them."""

    workspace: Workspace
    spec: WorkspaceSpec
    version: Version
    model: LoadedModel
    guard: Guard
    pool: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Routing:
    """Routes answers; as often as one likes, for what is routed stays unless it is asked for again."""

    runtime: Runtime
    fitting: Fitting
    judging: Judging

    def work(self, job: Job, context: JobContext) -> None:
        """Do a job of the worker: route, and end the job."""
        self.route(job.workspace, context, again=bool(job.payload.get("again")))
        context.flush()
        with self.runtime.database.write() as tx:
            jobs.finish(tx, job.id, context.worker, "done")

    def route(self, workspace: str, reporter: ProgressReporter | None = None, *, again: bool = False) -> None:
        """Judge the champion's answers to the cases of the pool that were not judged yet, and keep what comes of it.

        With `again`, or where an alarm came or went, all but what the model decided by itself are judged anew. An
        interrupted routing goes on where it stopped.
        """
        said = reporter or Silent()
        serving = self._serving(workspace, said)
        if serving is None or not serving.pool:
            return
        serving, changed = self._looked(serving)
        with self.runtime.database.write() as tx:
            if again or changed:
                routings.forget(tx, serving.version.id)
            known = routings.of_version(tx, serving.version.id)
        due = [case for case in serving.pool if case.id not in known]
        for first in range(0, len(due), AT_ONCE):
            if not self._batch(serving, due[first : first + AT_ONCE], said):
                return

    def _serving(self, workspace: str, reporter: ProgressReporter) -> Serving | None:
        catalogue = self.judging.catalogue
        with self.runtime.database.read() as tx:
            found, spec = catalogue.workspace(tx, workspace)
            if found.champion is None:
                return None
            version = versions.get(tx, found.id, found.champion)
            pool = catalogue.cases(tx, found, "pool")
        guard = self.fitting.ensure(workspace, version.name, reporter)
        model = self.fitting.own_copy(catalogue.model(found, version.name))
        return Serving(found, spec, version, model, guard, pool)

    def _looked(self, serving: Serving) -> tuple[Serving, bool]:
        """Look for drift where cases came since the last look; return whether an alarm came or went."""
        rules, outliers = serving.guard.rules, serving.guard.outliers
        newest = max(case.id for case in serving.pool)
        if outliers is None or (rules.drift is not None and rules.drift.newest >= newest):
            return serving, False
        chosen = one_per_group(np.asarray([case.group for case in serving.pool]), serving.spec.split.seed)
        recent = sorted((serving.pool[row] for row in chosen), key=lambda case: case.id)[-RECENT:]
        seen = Seeing(self.runtime, self.judging.casebook).look(serving.model, recent).seen
        number = 1 if rules.drift is None else rules.drift.number + 1
        look = look_for_drift(outliers.independent, outliers.score(seen), number, newest)
        if look is None:
            return serving, False
        changed = look.alarm != (rules.drift is not None and rules.drift.alarm)
        rules = replace(rules, drift=look)
        with self.runtime.database.write() as tx:
            stored = guards.get(tx, serving.version.id)
            self.fitting.keep(tx, serving.version, rules, stored.state if stored else None)
        return replace(serving, guard=replace(serving.guard, rules=rules)), changed

    def _batch(self, serving: Serving, cases: Sequence[Case], reporter: ProgressReporter) -> bool:
        """Judge and keep some cases; return false where another version serves by now."""
        seeing = Seeing(self.runtime, self.judging.casebook)
        suspicious = serving.guard.rules.suspicion is not None
        look = seeing.look(serving.model, cases, suspicious=suspicious, reporter=reporter, stage="Routing the cases")
        answers = self.judging.judged_look(serving.spec, serving.guard, serving.model, look)
        with self.runtime.database.write() as tx:
            workspace = self.judging.catalogue.locked(tx, serving.workspace.name)
            if workspace.champion != serving.version.name:
                return False
            words = silent_words(tx, workspace)
            allowed = Allowed.at_present(tx, workspace, serving.spec, silent=bool(words))
            rows = [
                row
                for case, answer in zip(cases, answers, strict=True)
                for row in _rows(case, _suspended(answer, words), allowed)
            ]
            routings.put(tx, serving.version.id, rows)
            self._record(tx, serving, [row for row in rows if row.automatic])
        return True

    def _record(self, tx: Connection, serving: Serving, decided: Sequence[Routed]) -> None:
        """Put on record what the model decided by itself: how many answers, and the sha256 of them all.

        Not the answers: the page of the record may be open to who reads these cases blind, should the model be
        suspended. The table keeps them for good.
        """
        if not decided:
            return
        answers = to_json([[row.case_id, row.target, row.label] for row in decided])
        audit.append(
            tx,
            actor_id=self.runtime.actor.id,
            kind="automatic",
            workspace=serving.workspace.name,
            subject={
                "version": serving.version.name,
                "decisions": len(decided),
                "sha256": hashlib.sha256(answers.encode()).hexdigest(),
            },
        )


class Allowed:
    """Which cases the model may decide by itself at present, and how many more answers this hour."""

    def __init__(self, room: int | None, limit: int | None, busy: frozenset[int], *, triage: bool) -> None:
        self.room, self.limit, self.busy, self.triage = room, limit, busy, triage

    @classmethod
    def at_present(cls, tx: Connection, workspace: Workspace, spec: WorkspaceSpec, *, silent: bool) -> "Allowed":
        """Return what holds in this transaction, with the workspace locked."""
        limit, room = spec.guard.per_hour, None
        if limit is not None:
            room = limit - routings.automatic_since(tx, workspace.id, now() - HOUR)
        busy = routings.touched(tx, workspace.id) | set(claims.holders(tx, workspace.id))
        return cls(room, limit, frozenset(busy), triage=spec.reading.mode == "triage" and not silent)

    def decides(self, case: Case, answers: int) -> bool:
        """Return whether the model may decide a case that it accepts, and count its answers if so."""
        if not self.triage or case.id in self.busy or self.used_up(answers):
            return False
        if self.room is not None:
            self.room -= answers
        return True

    def used_up(self, answers: int) -> bool:
        """Return whether the hour has no room for so many more answers."""
        return self.room is not None and self.room < answers


def _suspended(answer: Prediction, words: str) -> Prediction:
    """Return the answer as people may have it: left to them while the model is suspended."""
    if not words:
        return answer
    said = Deferral("suspended", words)
    targets = tuple(with_deferrals(one, [*one.deferrals, said]) for one in answer.targets)
    return replace(answer, targets=targets)


def _rows(case: Case, answer: Prediction, allowed: Allowed) -> list[Routed]:
    """Return what becomes of a case's answers; the model decides a case whole or not at all."""
    count, accepted = len(answer.targets), not any(one.defers for one in answer.targets)
    late = accepted and allowed.triage and case.id not in allowed.busy and allowed.used_up(count)
    if late and allowed.limit is not None:
        said = hourly(allowed.limit)
        answer = replace(answer, targets=tuple(with_deferrals(one, [said]) for one in answer.targets))
        accepted = False
    automatic = accepted and allowed.decides(case, count)
    return [Routed(case.id, one.target, one.label, not one.defers, automatic, one.deferrals) for one in answer.targets]
