"""Whose turn it is: the cases that wait for a person, in order, with reasons."""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.contracts import Actor, Case, QueueRow, QueueStrategy, WorklistView, Workspace, WorkspaceSpec
from core.learning.queue import Ranked, rank, woven
from core.services.catalogue import Catalogue
from core.services.runtime import Cache, Runtime
from core.services.suspects import open_suspects
from core.storage import actors, cache, cases, claims, reads, verdicts, versions

SUSPECTS = 20
"""Most cases with a doubtful label that wait at once; others follow as these get a verdict."""


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
    readers: dict[int, int]
    """Case id -> how many people have finished it."""

    def reason(self, item: Ranked) -> str:
        """Return why a case is next, without what the mode hides."""
        return item.reason if self.spec.reading.mode == "concurrent" else item.blinded_reason

    def is_taken(self, case_id: int) -> bool:
        """Return whether others hold or have finished the case as often as the mode wants it read."""
        return case_id in self.holders and self.readers.get(case_id, 0) + 1 >= self.spec.reading.readers


PoolState = tuple[int, tuple[int, int]]
OrderState = tuple[PoolState, int, str | None, QueueStrategy, int]


@dataclass(frozen=True, slots=True)
class Queueing:
    """Orders the pool."""

    runtime: Runtime
    catalogue: Catalogue
    pools: Cache[PoolState, dict[int, Case]] = field(default_factory=lambda: Cache(16))
    orders: Cache[OrderState, tuple[Ranked, ...]] = field(default_factory=lambda: Cache(32))

    def waiting(
        self, tx: Connection, workspace: Workspace, actor: Actor, strategy: QueueStrategy | None = None
    ) -> Waiting:
        """Return the cases that this person may read next, best first, and those of the pool that are done.

        They are those of the pool and the training cases whose label on record may be wrong.
        """
        spec = self.runtime.spec(workspace)
        chosen = strategy or spec.reading.queue
        state = (workspace.id, cases.state_of_inputs(tx, workspace.id))
        pool = self.pools.get(state, lambda: {case.id: case for case in self.catalogue.cases(tx, workspace, "pool")})
        own, readers = _finished(tx, workspace, spec, actor)
        done = (own | {case_id for case_id, count in readers.items() if count >= spec.reading.readers}) & set(pool)
        ranked = [item for item in self._order(tx, workspace, state, pool, chosen) if item.case_id not in done]
        suspects = open_suspects(tx, workspace)[:SUSPECTS]
        doubtful = self.catalogue.cases_by_id(tx, workspace, suspects)
        return Waiting(
            spec=spec,
            strategy=chosen,
            cases={**pool, **doubtful},
            ranked=woven(ranked, [case_id for case_id in suspects if case_id in doubtful]),
            done=frozenset(done),
            holders={i: holder for i, holder in claims.holders(tx, workspace.id).items() if holder != actor.id},
            reads=reads.by_actor(tx, workspace.id, actor.id),
            readers=readers,
        )

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
        """Return the next case that nobody else holds: behind `after` while that still waits, else the first."""
        with self.runtime.database.read() as tx:
            found, _ = self.catalogue.workspace(tx, workspace)
            state = self.waiting(tx, found, actor)
        names = [state.cases[item.case_id].name for item in state.ranked]
        free = [not state.is_taken(item.case_id) for item in state.ranked]
        start = names.index(after) + 1 if after in names else 0
        order = (*range(start, len(names)), *range(start))
        return next((names[i] for i in order if free[i] and names[i] != after), None)

    def _order(
        self, tx: Connection, workspace: Workspace, state: PoolState, pool: dict[int, Case], strategy: QueueStrategy
    ) -> tuple[Ranked, ...]:
        """Return the whole pool in order; kept until a case, a score or the champion changes."""
        spec = self.runtime.spec(workspace)
        target = spec.targets[0].name
        version = versions.get(tx, workspace.id, workspace.champion).id if workspace.champion else None
        scored = 0 if version is None else cache.count_scores(tx, version, target)

        def make() -> tuple[Ranked, ...]:
            scores = {} if version is None else cache.scores(tx, version, target)
            return rank(strategy, scores, list(pool), _words(spec), spec.split.seed)

        return self.orders.get((state, workspace.revision_id, workspace.champion, strategy, scored), make)


def _finished(
    tx: Connection, workspace: Workspace, spec: WorkspaceSpec, actor: Actor
) -> tuple[set[int], dict[int, int]]:
    """Return the cases that this person has finished, and how many people have finished each case."""
    complete = [key for key, given in verdicts.answered(tx, workspace.id).items() if len(given) == len(spec.targets)]
    own = {case_id for case_id, actor_id in complete if actor_id == actor.id}
    return own, Counter(case_id for case_id, _ in complete)


def _words(spec: WorkspaceSpec) -> list[str]:
    target = spec.targets[0]
    return [target.display.get(label, label) for label in target.classes]


def _state(state: Waiting, case_id: int, names: dict[str, str]) -> str:
    if case_id in state.holders:
        return f"held by {names.get(state.holders[case_id], state.holders[case_id])}"
    return "read" if state.reads.get(case_id, 0) >= len(state.spec.targets) else "waiting"
