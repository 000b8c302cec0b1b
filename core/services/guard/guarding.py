"""How the model holds itself back: rules, limits, counts and alarms to look at, and the switch that silences it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import (
    Actor,
    CoverageView,
    Deferral,
    DeferralCount,
    DeferralReason,
    GuardView,
    Suspension,
    Version,
    Workspace,
    WorkspaceSpec,
)
from core.guard.limits import limit_words
from core.guard.outliers.registry import OUTLIERS
from core.guard.rules import ORDER, GuardRules
from core.services.catalogue import Catalogue
from core.services.guard.alarms import drift_alarms
from core.services.guard.coverage import Coverage
from core.services.guard.fitting import Fitting
from core.services.guard.readers import readers_wanted
from core.services.guard.routing import HOUR
from core.services.guard.suspending import Suspending
from core.services.runtime import Runtime
from core.storage import actors, cases, routings, suspensions, verdicts, versions
from core.storage.columns import now
from core.storage.routings import Routed

RECENT = 20
"""Deferred cases that are listed."""
WORDS: dict[DeferralReason, str] = {
    "suspended": "people suspended the model",
    "drift": "the latest cases are unlike those it was calibrated on",
    "outlier": "unlike the cases it learnt from",
    "suspicious": "the input may be damaged or tampered with",
    "group": "a group with few training cases",
    "set": "it can't rule out another answer",
    "risk": "less sure than the limit on errors asks for",
    "behaviour": "a rule of the workspace",
}


@dataclass(frozen=True, slots=True)
class Guarding:
    """The verbs of the guard."""

    runtime: Runtime
    catalogue: Catalogue
    fitting: Fitting
    switch: Suspending
    sets: Coverage

    def view(self, workspace: str) -> GuardView:
        """Return rules, limits, counts, alarms and whether the model is suspended."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            version = versions.get(tx, found.id, found.champion) if found.champion else None
            routed = routings.of_version(tx, version.id) if version else {}
            said, names = suspensions.latest(tx, found.id), actors.names(tx)
            decided = routings.automatic_since(tx, found.id, now() - HOUR)
            alarms = drift_alarms(tx, found)
            recent = _recent(tx, found, spec, routed)
        rules = self._rules(version, spec)
        silent = () if said is None or not said.suspended else (Deferral("suspended", said.reason),)
        left = {number: (*_reasons(rows), *silent) for number, rows in routed.items()}
        deferred = {number: reasons for number, reasons in left.items() if reasons}
        return GuardView(
            workspace=workspace,
            version=found.champion,
            suspension=None if said is None else _by_name(said, names),
            rules=rules.risks if rules else (),
            limits=limit_words(spec),
            outlier_words=_outlier_words(spec, rules),
            cases=len(routed),
            deferred=len(deferred),
            counts=_counts(deferred.values()),
            automatic_last_hour=decided,
            alarms=(*alarms, *self.sets.alarms(workspace)),
            recent=recent,
        )

    def suspension(self, workspace: str) -> Suspension | None:
        """Return the word that silences the model now, or None while it answers."""
        with self.runtime.database.read() as tx:
            said = suspensions.latest(tx, self.catalogue.workspace(tx, workspace)[0].id)
            return _by_name(said, actors.names(tx)) if said is not None and said.suspended else None

    def coverage(self, workspace: str, *, version: str | None = None, target: str | None = None) -> CoverageView | None:
        """Return whether the sets keep their promise; None before anything serves."""
        return self.sets.view(workspace, version=version, target=target)

    def suspend(self, workspace: str, reason: str, *, actor: Actor) -> Suspension:
        """Silence the model at once: everything goes to people, the workbench goes on."""
        return self.switch.suspend(workspace, reason, actor=actor)

    def resume(self, workspace: str, reason: str, *, actor: Actor) -> Suspension:
        """Let it answer again."""
        return self.switch.resume(workspace, reason, actor=actor)

    def _rules(self, version: Version | None, spec: WorkspaceSpec) -> GuardRules | None:
        guard = self.fitting.known(version, spec) if version is not None else None
        return guard.rules if guard is not None else None


def _by_name(said: Suspension, names: dict[str, str]) -> Suspension:
    return Suspension(said.suspended, said.reason, names.get(said.actor_id) or said.actor_id, said.created)


def _reasons(rows: tuple[Routed, ...]) -> tuple[Deferral, ...]:
    """Return why a case is left to people; not that the model was suspended when it was routed: that holds or not."""
    return tuple(reason for row in rows for reason in row.deferrals if reason.reason != "suspended")


def _counts(deferred: Iterable[tuple[Deferral, ...]]) -> tuple[DeferralCount, ...]:
    """Return how many cases each reason left to people, most frequent first; a case may count under several."""
    tally: Counter[DeferralReason] = Counter()
    for reasons in deferred:
        tally.update({deferral.reason for deferral in reasons})
    return tuple(
        DeferralCount(reason, WORDS[reason], tally[reason])
        for reason in sorted(tally, key=lambda reason: (-tally[reason], ORDER.index(reason)))
    )


def _recent(
    tx: Connection, workspace: Workspace, spec: WorkspaceSpec, routed: dict[int, tuple[Routed, ...]]
) -> tuple[tuple[str, tuple[Deferral, ...]], ...]:
    """Return the latest deferred cases with the reasons; where people read blind, those that nobody has to read now."""
    known = {number: reasons for number, rows in routed.items() if (reasons := _reasons(rows))}
    if spec.reading.mode != "concurrent":
        wanted, finished = readers_wanted(tx, workspace, spec), _finished(tx, workspace, spec)
        known = {n: r for n, r in known.items() if finished[n] >= wanted.get(n, spec.reading.readers)}
    latest = sorted(known, key=lambda number: (routed[number][0].created, number), reverse=True)[:RECENT]
    names = {number: case.name for number, case in cases.by_ids(tx, latest).items()}
    return tuple((names[number], known[number]) for number in latest if number in names)


def _finished(tx: Connection, workspace: Workspace, spec: WorkspaceSpec) -> Counter[int]:
    """Return case id -> how many people have given a verdict on every target."""
    given = verdicts.answered(tx, workspace.id).items()
    return Counter(case_id for (case_id, _), targets in given if len(targets) == len(spec.targets))


def _outlier_words(spec: WorkspaceSpec, rules: GuardRules | None) -> str:
    """Return how cases are told that are unlike the training cases."""
    if spec.guard.outliers == "none":
        return "It does not look for cases that are unlike those it learnt from."
    if rules is None:
        return "The rules of this version are being made. Until then only its sets and the workspace's limits hold."
    rule = rules.outliers
    if rule is None:
        return "There are no training or no calibration cases to tell by what is unlike them."
    return (
        f"A case is unlike those it learnt from where the {OUTLIERS[rule.method].title} is above {rule.threshold:.3g}: "
        f"{100 * spec.guard.outlier_share:g} % of {rule.calibration_n} calibration cases may lie above "
        f"({rule.training_n} training cases)."
    )
