"""Whose turn it is: the cases that wait for a person, in order, with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.contracts import Actor, Case, QueueRow, QueueStrategy, WorklistView, Workspace, WorkspaceSpec
from core.learning.queue import DOUBTFUL, EVERY, MIXED, Ranked, batches, mixed, rank, woven
from core.services.catalogue import Catalogue
from core.services.reading_modes.finishing import Finished, finished_by
from core.services.reading_modes.revealing import is_blind
from core.services.runtime import Cache, Runtime
from core.services.suspects import open_suspects
from core.storage import actors, cache, cases, claims, reads, routings, versions

SUSPECTS = 20
"""Most cases with a doubtful label that wait at once; others follow as these get a verdict."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue of one person at one moment."""

    spec: WorkspaceSpec
    strategy: QueueStrategy
    cases: dict[int, Case]
    ranked: tuple[Ranked, ...]
    listed: int
    """How many of them are shown in order: all, or the batch where the order must tell nothing of the model."""
    done: frozenset[int]
    holders: dict[int, str]
    reads: dict[int, int]
    finished: Finished
    why: Mapping[int, str]
    """Case id -> why the model leaves it to people; empty where that is hidden."""

    def reason(self, item: Ranked) -> str:
        """Return why a case is next, without what the mode hides: where it hides the model, the same for all."""
        return MIXED if is_blind(self.spec) else self.why.get(item.case_id, item.reason)

    def is_taken(self, case_id: int) -> bool:
        """Return whether others hold or have finished the case as often as it wants to be read."""
        return self.finished.is_taken(case_id, self.holders)


Batches = tuple[tuple[Ranked, ...], ...]
PoolState = tuple[int, tuple[int, int]]
OrderState = tuple[PoolState, int, str | None, QueueStrategy, int]


@dataclass(frozen=True, slots=True)
class Queueing:
    """Orders the pool."""

    runtime: Runtime
    catalogue: Catalogue
    pools: Cache[PoolState, dict[int, Case]] = field(default_factory=lambda: Cache(16))
    orders: Cache[OrderState, Batches] = field(default_factory=lambda: Cache(32))

    def waiting(
        self, tx: Connection, workspace: Workspace, actor: Actor, strategy: QueueStrategy | None = None
    ) -> Waiting:
        """Return the cases that this person may read next, and those of the pool that are done.

        They are those of the pool and the training cases whose label on record may be wrong. Where the reading mode
        hides the model, the order is random within a batch of the strategy's next cases, and of what comes after.
        """
        spec = self.runtime.spec(workspace)
        chosen = strategy or spec.reading.queue
        state = (workspace.id, cases.state_of_inputs(tx, workspace.id))
        pool = self.pools.get(state, lambda: {case.id: case for case in self.catalogue.cases(tx, workspace, "pool")})
        finished = finished_by(tx, workspace, spec, actor)
        done = (finished.own | finished.everybody | _decided(tx, workspace, spec)) & set(pool)
        suspects = open_suspects(tx, workspace)[:SUSPECTS]
        doubtful = self.catalogue.cases_by_id(tx, workspace, suspects)
        holders = {i: holder for i, holder in claims.holders(tx, workspace.id).items() if holder != actor.id}
        why = {} if is_blind(spec) else _deferred(tx, workspace)
        queue = _Queue(self._order(tx, workspace, state, pool, chosen), done, finished, holders, why, spec)
        ranked, listed = queue.ordered([case_id for case_id in suspects if case_id in doubtful])
        return Waiting(
            spec=spec,
            strategy=chosen,
            cases={**pool, **doubtful},
            ranked=ranked,
            listed=listed,
            done=done,
            holders=holders,
            reads=reads.by_actor(tx, workspace.id, actor.id),
            finished=finished,
            why=why,
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
            for position, item in enumerate(state.ranked[: min(limit, state.listed)], start=1)
        ]
        done = [
            QueueRow(state.cases[i].name, 0, "", state.cases[i].created, "done", state.reads.get(i, 0))
            for i in sorted(state.done)
        ]
        total = len(state.cases)
        return WorklistView(
            workspace=workspace,
            strategy=state.strategy,
            rows=(*rows, *done[:limit]),
            waiting=len(state.ranked),
            done=len(state.done),
            total=total,
            blind=is_blind(state.spec),
        )

    def next_case(self, workspace: str, actor: Actor, after: str | None) -> str | None:
        """Return the next case that nobody else holds: behind `after` while that still waits, else the first."""
        with self.runtime.database.read() as tx:
            found, _ = self.catalogue.workspace(tx, workspace)
            state = self.waiting(tx, found, actor)
        names = [state.cases[item.case_id].name for item in state.ranked]
        free = [not state.is_taken(item.case_id) for item in state.ranked]
        start = names.index(after) + 1 if after in names else 0
        end = state.listed if start <= state.listed else len(names)  # the batch comes round before anything after it
        order = (*range(start, end), *range(start), *range(end, len(names)))
        return next((names[i] for i in order if free[i] and names[i] != after), None)

    def _order(
        self, tx: Connection, workspace: Workspace, state: PoolState, pool: dict[int, Case], strategy: QueueStrategy
    ) -> Batches:
        """Return the whole pool in order, in batches where the order must tell nothing.

        Kept until a case, a score or the champion changes: a batch does not fill up while it is read.
        """
        spec = self.runtime.spec(workspace)
        target = spec.targets[0].name
        version = versions.get(tx, workspace.id, workspace.champion).id if workspace.champion else None
        scored = 0 if version is None else cache.count_scores(tx, version, target)

        def make() -> Batches:
            scores = {} if version is None else cache.scores(tx, version, target)
            ranked = rank(strategy, scores, list(pool), _words(spec), spec.split.seed)
            return batches(ranked, spec.split.seed) if is_blind(spec) and strategy != "random" else (ranked,)

        return self.orders.get((state, workspace.revision_id, workspace.champion, strategy, scored), make)


@dataclass(frozen=True, slots=True)
class _Queue:
    """What the order of one person's queue is made of."""

    batches: Batches
    done: frozenset[int]
    finished: Finished
    holders: Mapping[int, str]
    why: Mapping[int, str]
    spec: WorkspaceSpec

    def ordered(self, suspects: Sequence[int]) -> tuple[tuple[Ranked, ...], int]:
        """Return the cases that wait, next first, and how many of them are shown in this order."""
        left = [[item for item in batch if item.case_id not in self.done] for batch in self.batches]
        if is_blind(self.spec):
            return self._blind([batch for batch in left if batch], suspects)
        ranked = woven([item for batch in left for item in batch], suspects)
        return tuple(sorted(ranked, key=lambda item: item.case_id not in self.why)), len(ranked)

    def _blind(self, left: Sequence[Sequence[Ranked]], suspects: Sequence[int]) -> tuple[tuple[Ranked, ...], int]:
        """Return the first batch that holds a free case, with some doubtful ones, then the rest; both in random order.

        Doubtful cases look like all others: that a label on record may be wrong would tell what the model says.
        """
        free = (number for number, batch in enumerate(left) if any(not self._is_taken(item) for item in batch))
        place = next(free, 0)
        batch = list(left[place]) if left else []
        again = [Ranked(case_id, 0.0, DOUBTFUL, MIXED) for case_id in suspects]
        most = len(again) if not batch else -(-len(batch) // (EVERY - 1))
        rest = [item for number, items in enumerate(left) if number != place for item in items]
        seed = self.spec.split.seed
        now = mixed([*batch, *again[:most]], seed)
        return (*now, *mixed([*rest, *again[most:]], seed)), len(now)

    def _is_taken(self, item: Ranked) -> bool:
        return self.finished.is_taken(item.case_id, self.holders)


def _decided(tx: Connection, workspace: Workspace, spec: WorkspaceSpec) -> frozenset[int]:
    """Return the cases that the model decided by itself: in the triage mode they leave the queue."""
    return routings.decided(tx, workspace.id) if spec.reading.mode == "triage" else frozenset()


def _deferred(tx: Connection, workspace: Workspace) -> dict[int, str]:
    """Return case id -> why the champion leaves it to people, the main reason."""
    if workspace.champion is None:
        return {}
    version = versions.get(tx, workspace.id, workspace.champion).id
    return {case_id: reasons[0].words for case_id, reasons in routings.deferred(tx, version).items() if reasons}


def _words(spec: WorkspaceSpec) -> list[str]:
    target = spec.targets[0]
    return [target.display.get(label, label) for label in target.classes]


def _state(state: Waiting, case_id: int, names: dict[str, str]) -> str:
    if case_id in state.holders:
        return f"held by {names.get(state.holders[case_id], state.holders[case_id])}"
    return "read" if state.reads.get(case_id, 0) >= len(state.spec.targets) else "waiting"
