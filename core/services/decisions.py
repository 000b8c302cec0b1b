"""Promote, reject, roll back: one transaction, one decision, on record."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from core.contracts import Actor, CheckVerdict, Decision, DecisionKind, GateReport, NewJob, Version, Workspace
from core.errors import BadInput, Conflict, Refused
from core.services.catalogue import Catalogue
from core.services.guard.fitting import ask_to_route
from core.services.runtime import Runtime
from core.services.wording import require_storable
from core.storage import actors, audit, decisions, gates, jobs, versions


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided, before it is checked."""

    kind: DecisionKind
    version: str | None
    reason: str
    override: bool
    acknowledge: bool
    expected_champion: str | None


@dataclass(frozen=True, slots=True)
class Deciding:
    """Carries out decisions."""

    runtime: Runtime
    catalogue: Catalogue

    def decide(self, workspace: str, choice: Choice, actor: Actor) -> Decision:
        """Check a decision against the gate's report and the present state, and carry it out.

        Raises
        ------
        BadInput
            When the reason is empty or can't be stored.
        Conflict
            When somebody decided first, or the version can't be decided on.
        Refused
            When the gate needs an override or an acknowledgement that was not given.
        """
        if not choice.reason.strip():
            raise BadInput("A decision needs a reason, for the record. Write one sentence.")
        require_storable("The reason", choice.reason)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found = self.catalogue.locked(tx, workspace)
            _refuse_late(found, choice)
            version = self._version(tx, found, choice)
            report = gates.get(tx, version.id)
            if choice.kind == "promote":
                _refuse_unproved(found, version, report, choice)
            choice = _as_recorded(choice, report)
            decision = self._carry_out(tx, found, version, choice, actor)
            if choice.kind != "reject":
                _measure_again(tx, found, decision)
                ask_to_route(tx, workspace, actor.id)
            self._audit(tx, workspace, decision, report)
        return decision

    def _version(self, tx: Connection, workspace: Workspace, choice: Choice) -> Version:
        if choice.kind == "rollback":
            name = choice.version or roll_back_target(tx, workspace)
            if name is None:
                raise Conflict("There is no earlier version to roll back to.")
            version = versions.get(tx, workspace.id, name)
            if version.status != "retired":
                raise Conflict(f"{name} never served or serves now ({version.status}), so nothing can roll back to it.")
            return version
        name = choice.version or waiting_candidate(tx, workspace)
        if name is None:
            raise Conflict("No candidate waits for a decision. Retrain first.")
        version = versions.get(tx, workspace.id, name)
        if version.status != "candidate":
            raise Conflict(f"{name} was already decided on: it is {version.status}. Reload to see the decision.")
        return version

    def _carry_out(
        self, tx: Connection, workspace: Workspace, version: Version, choice: Choice, actor: Actor
    ) -> Decision:
        if choice.kind == "reject":
            versions.set_status(tx, version.id, "rejected")
        elif not versions.set_champion(tx, workspace.id, version.id, workspace.champion):
            raise Conflict("Somebody decided at the same moment. Reload to see the decision.")
        return decisions.add(
            tx,
            workspace.id,
            version.name,
            workspace.champion,
            choice.kind,
            choice.reason.strip(),
            choice.override,
            choice.acknowledge,
            actor.id,
        )

    def _audit(self, tx: Connection, workspace: str, decision: Decision, report: GateReport | None) -> None:
        subject = {
            "version": decision.version,
            "previous": decision.previous,
            "gate": report.verdict if report else None,
            "overridden": decision.overridden,
            "acknowledged": decision.acknowledged,
            "decision": decision.id,
        }
        audit.append(
            tx,
            actor_id=decision.actor_id,
            kind=decision.kind,
            workspace=workspace,
            subject=subject,
            payload=decision.reason.encode(),
        )


def waiting_candidate(tx: Connection, workspace: Workspace) -> str | None:
    """Return the newest version that waits for a decision."""
    waiting = [v.name for v in versions.list_versions(tx, workspace.id) if v.status == "candidate"]
    return waiting[-1] if waiting else None


def roll_back_target(tx: Connection, workspace: Workspace) -> str | None:
    """Return the version that served before the present champion, or None."""
    for decision in decisions.list_decisions(tx, workspace.id):
        if decision.kind in ("promote", "rollback") and decision.version == workspace.champion:
            return decision.previous
    return None


def _refuse_late(workspace: Workspace, choice: Choice) -> None:
    if choice.expected_champion is not None and choice.expected_champion != workspace.champion:
        raise Conflict(
            f"Somebody decided first: {workspace.champion} serves now, not {choice.expected_champion}. "
            "Reload, read the new state, and decide again."
        )


def _measure_again(tx: Connection, workspace: Workspace, decision: Decision) -> None:
    """Queue the gate of every candidate that still waits: the reports that they have name an earlier champion."""
    for version in versions.list_versions(tx, workspace.id):
        if version.status == "candidate":
            key = f"gate:{version.id}:{decision.id}"
            jobs.add(tx, NewJob("gate", workspace.name, {"version": version.name}, decision.actor_id, key=key))


def _refuse_unproved(workspace: Workspace, version: Version, report: GateReport | None, choice: Choice) -> None:
    if report is None:
        raise Refused(f"{version.name} has no gate report yet. Wait for the gate, or run it, before promoting.")
    if report.champion != workspace.champion:
        raise Refused(
            f"The gate measured {version.name} against {report.champion}, and {workspace.champion} serves now. "
            "Wait for the gate to measure it again, or run it, before promoting."
        )
    failed, unknown, missing = _titles(report, "fail"), _titles(report, "not assessable"), []
    if failed and not choice.override:
        missing.append(f"The gate failed {version.name} on: {failed}. Promoting it needs an override.")
    if unknown and not choice.acknowledge:
        missing.append(f"The gate could not assess for {version.name}: {unknown}. That needs an acknowledgement.")
    if missing:
        raise Refused(" ".join(missing))


def _titles(report: GateReport, verdict: CheckVerdict) -> str:
    return ", ".join(check.title for check in report.checks if check.verdict == verdict)


def _as_recorded(choice: Choice, report: GateReport | None) -> Choice:
    """Return the choice with only the allowances that were made use of: the record must not claim others."""
    if report is None or choice.kind != "promote":
        return replace(choice, override=False, acknowledge=False)
    return replace(
        choice,
        override=choice.override and bool(_titles(report, "fail")),
        acknowledge=choice.acknowledge and bool(_titles(report, "not assessable")),
    )
