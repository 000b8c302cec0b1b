"""Cases that a person may still have to read blind: nothing may tell of them before."""

from collections.abc import Iterable

from sqlalchemy import Connection

from core.contracts import Actor, Case, Workspace, WorkspaceSpec
from core.services.suspects import open_suspects
from core.storage import reads


def unread(
    tx: Connection, workspace: Workspace, spec: WorkspaceSpec, known: Iterable[Case], actor: Actor
) -> frozenset[int]:
    """Return the numbers of those of `known` that wait for people and lack a read of this person (blinded-first).

    These are the cases of the pool, and the training cases whose label on record may be wrong.
    """
    if spec.reading.mode != "blinded-first":
        return frozenset()
    done = reads.by_actor(tx, workspace.id, actor.id)
    doubtful = set(open_suspects(tx, workspace))
    return frozenset(
        case.id
        for case in known
        if (case.split == "pool" or case.id in doubtful) and done.get(case.id, 0) < len(spec.targets)
    )
