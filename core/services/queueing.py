"""Whose turn it is: the cases that wait for a person, in order, with reasons."""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Actor, Case, QueueRow, QueueStrategy, WorklistView, Workspace, WorkspaceSpec
from core.learning.queue import Ranked, rank
from core.services.catalogue import Catalogue
from core.services.runtime import Cache, Runtime
from core.storage import actors, cache, cases, claims, reads, verdicts, versions


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue of one person at one moment."""

    spec: WorkspaceSpec
    strategy: QueueStrategy
    cases: dict[int, Case]
    ranked: tuple[Ranked, ...]
    done: frozenset[int]
    holders: dict[int, str]
    reads: dict[int, int]

    def reason(self, item: Ranked) -> str:
        """Return why a case is next, without what the mode hides."""
        return item.reason if self.spec.reading.mode == "concurrent" else item.blinded_reason


@dataclass(frozen=True, slots=True)
class Queueing:
    """Orders the pool."""

    runtime: Runtime
    catalogue: Catalogue
    pools: Cache[tuple[int, int], dict[int, Case]]

    def waiting(
        self, tx: Connection, workspace: Workspace, actor: Actor, strategy: QueueStrategy | None = None
    ) -> Waiting:
        """Return the cases of the pool that this person may read next, best first, and those that are done."""
        spec = self.runtime.spec(workspace)
        chosen = strategy or spec.reading.queue
        pool = self._pool(tx, workspace)
        done = self._done(tx, workspace, spec, actor) & set(pool)
        scores = self._scores(tx, workspace, spec)
        order = rank(chosen, scores, [i for i in pool if i not in done], _words(spec), spec.split.seed)
        holders = {i: holder for i, holder in claims.holders(tx, workspace.id).items() if holder != actor.id}
        return Waiting(spec, chosen, pool, order, frozenset(done), holders, reads.by_actor(tx, workspace.id, actor.id))

    def worklist(self, workspace: str, actor: Actor, strategy: QueueStrategy | None, limit: int) -> WorklistView:
        """Return the worklist, next case first, finished ones last."""
        with self.runtime.database.read() as tx:
            found, _ = self.catalogue.workspace(tx, workspace)
            state = self.waiting(tx, found, actor, strategy)
            names = actors.names(tx)
        rows = [
            QueueRow(
                case=state.cases[item.case_id].name,
                position=position,
                reason=state.reason(item),
                waiting_since=state.cases[item.case_id].created,
                state=_state(state, item.case_id, names),
                reads=state.reads.get(item.case_id, 0),
            )
            for position, item in enumerate(state.ranked[:limit], start=1)
        ]
        done = [
            QueueRow(state.cases[i].name, 0, "", state.cases[i].created, "done", state.reads.get(i, 0))
            for i in sorted(state.done)
        ]
        total = len(state.cases)
        return WorklistView(
            workspace, state.strategy, (*rows, *done[:limit]), len(state.ranked), len(state.done), total
        )

    def next_case(self, workspace: str, actor: Actor, after: str | None) -> str | None:
        """Return the next case that nobody else holds."""
        with self.runtime.database.read() as tx:
            found, _ = self.catalogue.workspace(tx, workspace)
            state = self.waiting(tx, found, actor)
        for item in state.ranked:
            name = state.cases[item.case_id].name
            if item.case_id not in state.holders and name != after:
                return name
        return None

    def _pool(self, tx: Connection, workspace: Workspace) -> dict[int, Case]:
        """Return the pool by case id; kept until a case comes or is erased."""
        state = (workspace.id, cases.filled_inputs(tx, workspace.id))
        return self.pools.get(state, lambda: {case.id: case for case in self.catalogue.cases(tx, workspace, "pool")})

    def _done(self, tx: Connection, workspace: Workspace, spec: WorkspaceSpec, actor: Actor) -> set[int]:
        """Return cases that this person has finished, or that have as many readers as the mode wants."""
        answered: dict[tuple[int, str], set[str]] = {}
        for verdict in verdicts.standing(tx, workspace.id):
            answered.setdefault((verdict.case_id, verdict.actor_id), set()).add(verdict.target)
        complete = [key for key, targets in answered.items() if len(targets) == len(spec.targets)]
        readers: dict[int, int] = {}
        for case_id, _ in complete:
            readers[case_id] = readers.get(case_id, 0) + 1
        own = {case_id for case_id, actor_id in complete if actor_id == actor.id}
        return own | {case_id for case_id, count in readers.items() if count >= spec.reading.readers}

    def _scores(self, tx: Connection, workspace: Workspace, spec: WorkspaceSpec) -> dict[int, tuple[float, ...]]:
        if workspace.champion is None:
            return {}
        champion = versions.get(tx, workspace.id, workspace.champion)
        return cache.scores(tx, champion.id, spec.targets[0].name)


def _words(spec: WorkspaceSpec) -> list[str]:
    target = spec.targets[0]
    return [target.display.get(label, label) for label in target.classes]


def _state(state: Waiting, case_id: int, names: dict[str, str]) -> str:
    if case_id in state.holders:
        return f"held by {names.get(state.holders[case_id], state.holders[case_id])}"
    return "read" if state.reads.get(case_id, 0) >= len(state.spec.targets) else "waiting"
