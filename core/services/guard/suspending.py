"""The switch that silences the model at once, in all processes: everything goes to people."""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Actor, Suspension, Workspace
from core.errors import BadInput, Conflict
from core.services.catalogue import Catalogue
from core.services.guard.fitting import ask_to_route
from core.services.runtime import Runtime
from core.services.wording import require_storable
from core.storage import actors, audit, suspensions

LONGEST = 1000
"""Characters of a reason."""


def silent_words(tx: Connection, workspace: Workspace) -> str:
    """Return why the model says nothing at all now, in words; empty text while it answers.

    Read from the database for each answer, so that the switch works at once in every process.
    """
    found = suspensions.latest(tx, workspace.id)
    if found is None or not found.suspended:
        return ""
    return f"The model is suspended, so people decide alone: {found.reason}"


@dataclass(frozen=True, slots=True)
class Suspending:
    """Silences the model of a workspace, and lets it answer again."""

    runtime: Runtime
    catalogue: Catalogue

    def suspend(self, workspace: str, reason: str, *, actor: Actor) -> Suspension:
        """Silence the model at once: everything goes to people, the workbench goes on.

        Raises
        ------
        BadInput
            When the reason is empty or too long.
        Conflict
            When it is suspended already.
        """
        return self._say(workspace, True, reason, actor)

    def resume(self, workspace: str, reason: str, *, actor: Actor) -> Suspension:
        """Let it answer again; what came in meanwhile is routed anew.

        Raises
        ------
        BadInput
            When the reason is empty or too long.
        Conflict
            When it is not suspended.
        """
        return self._say(workspace, False, reason, actor)

    def _say(self, workspace: str, suspended: bool, reason: str, actor: Actor) -> Suspension:
        words = reason.strip()
        if not 0 < len(words) <= LONGEST:
            raise BadInput(f"This needs a reason of 1 to {LONGEST} characters, for the record. Write one sentence.")
        require_storable("The reason", words)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found = self.catalogue.locked(tx, workspace)
            if suspensions.is_suspended(tx, found.id) == suspended:
                state = "suspended already" if suspended else "not suspended"
                raise Conflict(f"The model of {workspace!r} is {state}. Reload to see who said so and why.")
            said = suspensions.add(tx, found.id, suspended, words, actor.id)
            audit.append(
                tx,
                actor_id=actor.id,
                kind="suspend" if suspended else "resume",
                workspace=workspace,
                subject={"version": found.champion},
                payload=words.encode(),
            )
            if found.champion is not None:
                ask_to_route(tx, workspace, actor.id, again=True)
        return said
