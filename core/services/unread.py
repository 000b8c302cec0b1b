"""Cases whose answer a person may not know, many at once: nothing may tell of them."""

from collections.abc import Iterable

from sqlalchemy import Connection

from core.contracts import Actor, Case, Workspace, WorkspaceSpec
from core.services.reading_modes.arms import trains, without_model
from core.services.reading_modes.revealing import is_blind
from core.services.suspects import open_suspects
from core.storage import reads, verdicts


def unread(
    tx: Connection, workspace: Workspace, spec: WorkspaceSpec, known: Iterable[Case], actor: Actor
) -> frozenset[int]:
    """Return the numbers of those of `known` whose answer this person may not know, in the reading mode as it is.

    These are the cases of the pool, and the training cases whose label on record may be wrong, that lack their own
    read (a verdict, of a person in training; neither in the concurrent mode), and those that they read with the model
    switched off.
    """
    cases = tuple(known)
    off = without_model(tx, workspace, spec, cases, actor) & {case.id for case in cases}
    if not (is_blind(spec) or trains(spec, actor)):
        return off
    done, needed = _done(tx, workspace, spec, actor), len(spec.targets)
    doubtful = set(open_suspects(tx, workspace))
    waiting = (case.id for case in cases if case.split == "pool" or case.id in doubtful)
    return off | {case_id for case_id in waiting if done.get(case_id, 0) < needed}


def _done(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, actor: Actor) -> dict[int, int]:
    """Return case id -> number of targets that this person has read, or judged while in training."""
    if not trains(spec, actor):
        return reads.by_actor(tx, workspace.id, actor.id)
    given = verdicts.answered(tx, workspace.id).items()
    return {case_id: len(targets) for (case_id, actor_id), targets in given if actor_id == actor.id}
