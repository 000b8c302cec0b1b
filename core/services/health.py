"""Whether the product serves, and if not, why."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from core.errors import TandemError
from core.services.runtime import Runtime
from core.services.workspaces import preparation
from core.storage import cases, workspaces


@dataclass(frozen=True, slots=True)
class WorkspaceHealth:
    """What a workspace serves."""

    champion: str | None
    cases: int


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The state of the product in one look."""

    ok: bool
    status: str
    reason: str
    database: str
    workspaces: Mapping[str, WorkspaceHealth]
    progress: str


@dataclass(frozen=True, slots=True)
class Health:
    """Looks at database and workspaces."""

    runtime: Runtime

    def report(self) -> HealthReport:
        """Return ok once every workspace that was asked for has a champion."""
        try:
            database = self.runtime.database.ok()
            with self.runtime.database.read() as tx:
                return self._look(tx, database)
        except TandemError as error:
            return HealthReport(False, "unavailable", str(error), "unavailable", {}, "")

    def _look(self, tx: Connection, database: str) -> HealthReport:
        found = {name: _health(tx, name) for name in workspaces.names(tx)}
        wanted = dict.fromkeys((*self.runtime.settings.demos, *found))
        missing = [name for name in wanted if self._is_awaited(tx, name, found.get(name))]
        if not missing:
            return HealthReport(True, "ok", "", database, found, "")
        progress = [f"{name}: {_words(tx, name)}" for name in missing]
        reason = f"No champion yet for: {', '.join(missing)}."
        return HealthReport(False, "preparing", reason, database, found, "; ".join(progress))

    def _is_awaited(self, tx: Connection, name: str, state: WorkspaceHealth | None) -> bool:
        """Tell whether a workspace keeps the product from being ready.

        One that a person imported no longer does once its first training has failed: the others go on serving.
        """
        if state is not None and state.champion is not None:
            return False
        progress = preparation(tx, name)
        return name in self.runtime.settings.demos or progress is None or progress.stage not in ("failed", "cancelled")


def _health(tx: Connection, name: str) -> WorkspaceHealth:
    workspace = workspaces.get(tx, name)
    return WorkspaceHealth(workspace.champion, sum(cases.counts(tx, workspace.id).values()))


def _words(tx: Connection, name: str) -> str:
    progress = preparation(tx, name)
    if progress is None:
        return "waiting for the worker"
    share = f" {progress.done} of {progress.total}" if progress.total else ""
    return f"{progress.stage}{share} {progress.message}".strip()
