"""Cases that a person may still have to read blind: nothing may tell of them before."""

from collections.abc import Iterable

from sqlalchemy import Connection

from core.contracts import Actor, Case, Workspace, WorkspaceSpec
from core.storage import reads


def unread(
    tx: Connection, workspace: Workspace, spec: WorkspaceSpec, known: Iterable[Case], actor: Actor
) -> frozenset[int]:
    """Return the numbers of those of `known` that are in the pool and lack a read of this person (blinded-first)."""
    if spec.reading.mode != "blinded-first":
        return frozenset()
    done = reads.by_actor(tx, workspace.id, actor.id)
    return frozenset(case.id for case in known if case.split == "pool" and done.get(case.id, 0) < len(spec.targets))
