"""Who has finished which case, and how many people each wants."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Actor, Workspace, WorkspaceSpec
from core.services.guard.readers import readers_wanted
from core.services.reading_modes.revealing import is_blind
from core.services.suspects import open_suspects
from core.storage import arms, cases, reads, verdicts


@dataclass(frozen=True, slots=True)
class Finished:
    """The verdicts on every question of a case, as one person's queue counts them."""

    own: frozenset[int]
    """Cases that this person has finished."""
    counts: Mapping[int, int]
    """Case id -> how many people have finished it; who was shown a wrong answer on purpose does not count."""
    wanted: Mapping[int, int]
    """Case id -> how many people read it, where that is more than `usual`."""
    usual: int

    def wants(self, case_id: int) -> int:
        """Return how many people read a case."""
        return self.wanted.get(case_id, self.usual)

    @property
    def everybody(self) -> frozenset[int]:
        """Cases that as many people have finished as they want."""
        return frozenset(case_id for case_id, count in self.counts.items() if count >= self.wants(case_id))

    def is_taken(self, case_id: int, holders: Mapping[int, str]) -> bool:
        """Return whether others hold or have finished a case as often as it wants to be read."""
        return case_id in holders and self.counts.get(case_id, 0) + 1 >= self.wants(case_id)


def finished_by(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, actor: Actor) -> Finished:
    """Return what this person and others have finished."""
    given = verdicts.answered(tx, workspace.id).items()
    complete = {key for key, targets in given if len(targets) == len(spec.targets)}
    taught = set(arms.of_workspace(tx, workspace.id, arm="known wrong"))
    return Finished(
        own=frozenset(case_id for case_id, actor_id in complete if actor_id == actor.id),
        counts=Counter(case_id for case_id, _ in complete - taught),
        wanted=readers_wanted(tx, workspace, spec),
        usual=spec.reading.readers,
    )


def to_read_blind(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, actor: Actor) -> frozenset[int]:
    """Return the cases that others have begun and this person may still have to read blind.

    Nothing that others said of them may be told before. Who has read a case, or finds it read by as many as it wants,
    may know.
    """
    if not is_blind(spec):
        return frozenset()
    finished, done = finished_by(tx, workspace, spec, actor), reads.by_actor(tx, workspace.id, actor.id)
    others = {read.case_id for read in reads.of_workspace(tx, workspace.id) if read.actor_id != actor.id}
    others |= {case_id for case_id, actor_id in verdicts.answered(tx, workspace.id) if actor_id != actor.id}
    left = {i for i in others - finished.everybody if done.get(i, 0) < len(spec.targets)}
    pool = {case_id for case_id, case in cases.by_ids(tx, left).items() if case.split == "pool"}
    return frozenset(pool | left.intersection(open_suspects(tx, workspace)))
