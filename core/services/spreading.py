"""Spreading the marks of an artefact: search, tick, accept, undo. The verbs of `core.contracts.SpreadVerbs`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.contracts import (
    Actor,
    Artefact,
    Case,
    Job,
    NewJob,
    Progress,
    Proposal,
    SpreadLevel,
    SpreadView,
    Thumbnail,
    Workspace,
    WorkspaceSpec,
)
from core.errors import BadInput, Conflict, NotFound, Refused
from core.media.images import thumbnail
from core.media.masks import decode_mask
from core.services.excerpts import excerpt
from core.services.jobs import JobContext
from core.services.runtime import Cache, Runtime
from core.services.spread_precision import Look, estimated, page, refusal
from core.services.spread_search import Searching
from core.storage import actors, audit, jobs, proposals, regions
from core.storage.chain import Subject
from core.storage.proposals import StoredProposal

PIXELS = 120
LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
"""From which probabilities on many can be accepted at once."""
Act = Callable[[Connection, Artefact], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Spreading:
    """Proposals of one workspace's artefacts."""

    runtime: Runtime
    searching: Searching
    drawn: Cache[tuple[int, str | None], bytes] = field(default_factory=lambda: Cache(512))

    def view(self, workspace: str, artefact: str, *, limit: int = 24) -> SpreadView:
        """Return how the spreading of an artefact stands, with a page of open proposals."""
        with self.runtime.database.read() as tx:
            found, spec = self.searching.catalogue.workspace(tx, workspace)
            named = _artefact(tx, found, artefact)
            stored = proposals.list_proposals(tx, named.id)
            newest, done = proposals.searches(tx, workspace, named.id)
            shown = _shown(stored, limit)
            cases = self.searching.catalogue.cases_by_id(tx, found, {item.case_id for item in shown})
        busy = newest if newest is not None and newest.status in ("queued", "running") else None
        return _view(
            named,
            stored,
            tuple(self._proposal(item, cases[item.case_id], spec) for item in shown if item.case_id in cases),
            (busy.progress if busy.status == "running" else Progress("waiting for the worker")) if busy else None,
            done.progress.total if done else 0,
            newest.error if newest is not None and newest.status == "failed" else None,
        )

    def search(self, workspace: str, artefact: str, *, actor: Actor) -> SpreadView:
        """Ask the worker to look for the artefact (see `start`)."""
        self.start(workspace, artefact, actor=actor)
        return self.view(workspace, artefact)

    def start(self, workspace: str, artefact: str, *, actor: Actor) -> Job:
        """Ask the worker to look for the artefact; the search that is under way is returned instead.

        Raises
        ------
        Refused
            When no case that may train has a mark of it.
        """
        with self.runtime.database.read() as tx:
            named = _artefact(tx, self.searching.catalogue.workspace(tx, workspace)[0], artefact)
        self.searching.material(workspace, artefact, named.id)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            key = proposals.search_key(named.id)
            new = NewJob("spread", workspace, {"artefact": artefact, "number": named.id}, actor.id, key=key)
            job = jobs.add(tx, new)
            _record(tx, workspace, actor, named, "search", {"job": job.id})
        return job

    def work(self, job: Job, context: JobContext) -> None:
        """Carry out a search (the worker's part): open proposals are replaced by what it finds."""
        number = int(job.payload["number"] or 0)
        material = self.searching.material(job.workspace, str(job.payload["artefact"]), number)
        found = self.searching.search(material, context)
        context.report(Progress("searched", len(material.cases), len(material.cases)))
        context.flush()
        with self.runtime.database.write() as tx:
            proposals.replace_open(tx, number, job.id, found)
            jobs.finish(tx, job.id, context.worker, "done")

    def cancel(self, workspace: str, artefact: str, *, actor: Actor) -> None:
        """Ask the running search to stop.

        Raises
        ------
        Conflict
            When none is under way.
        """
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            named = _artefact(tx, self.searching.catalogue.workspace(tx, workspace)[0], artefact)
            newest, _ = proposals.searches(tx, workspace, named.id)
            if newest is None or newest.status not in ("queued", "running"):
                raise Conflict(f"No search for {artefact!r} is under way.")
            jobs.request_cancel(tx, newest.id)
            _record(tx, workspace, actor, named, "cancel", {})

    def decide(
        self, workspace: str, artefact: str, *, actor: Actor, right: tuple[int, ...] = (), wrong: tuple[int, ...] = ()
    ) -> SpreadView:
        """Accept and reject proposals by id; one that was decided before is decided anew.

        Raises
        ------
        BadInput
            When none is named, or one is both.
        NotFound
            When one is gone.
        """
        if (not right and not wrong) or set(right) & set(wrong):
            raise BadInput("Each proposal is either right or wrong; name at least one, and none twice.")

        def act(tx: Connection, named: Artefact) -> dict[str, int]:
            number = proposals.next_decision(tx, named.id)
            proposals.decide(tx, named.id, right, "accepted", actor.id, number)
            proposals.decide(tx, named.id, wrong, "rejected", actor.id, number)
            return {"right": len(right), "wrong": len(wrong)}

        return self._acted(workspace, artefact, actor, "tick", act)

    def accept_above(self, workspace: str, artefact: str, probability: float, *, actor: Actor) -> SpreadView:
        """Accept all open proposals that are at least so probable.

        Raises
        ------
        Refused
            Before enough were ticked by eye to know their precision, or when too few may be right.
        """
        if not 0.0 <= probability <= 1.0:
            raise BadInput(f"A probability lies between 0 and 1, got {probability}.")

        def act(tx: Connection, named: Artefact) -> dict[str, int]:
            stored = proposals.list_proposals(tx, named.id)
            why = refusal(_looks(stored), _waiting(stored), probability)
            if why is not None:
                raise Refused(why)
            ids = [item.id for item in stored if item.status == "open" and item.probability >= probability]
            number = proposals.next_decision(tx, named.id)
            proposals.decide(tx, named.id, ids, "accepted", actor.id, -number)
            return {"right": len(ids)}

        return self._acted(workspace, artefact, actor, "accept above", act)

    def reopen(self, workspace: str, artefact: str, *, actor: Actor) -> SpreadView:
        """Undo the last `decide` or `accept_above`.

        Raises
        ------
        Conflict
            When nothing was decided.
        """

        def act(tx: Connection, named: Artefact) -> dict[str, int]:
            count = proposals.reopen_last(tx, named.id)
            if not count:
                raise Conflict("There is nothing to undo: no proposal is decided.")
            return {"open": count}

        return self._acted(workspace, artefact, actor, "undo", act)

    def _acted(self, workspace: str, artefact: str, actor: Actor, name: str, act: Act) -> SpreadView:
        """Carry out an act on an artefact's proposals, on record."""
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            named = _artefact(tx, self.searching.catalogue.locked(tx, workspace), artefact)
            _record(tx, workspace, actor, named, name, act(tx, named))
        return self.view(workspace, artefact)

    def _proposal(self, item: StoredProposal, case: Case, spec: WorkspaceSpec) -> Proposal:
        shown = Thumbnail(case.name, self._picture(item, case), item.mark.field, excerpt(case, (item.region,), spec))
        return Proposal(item.id, case.name, item.mark.field, item.probability, item.status, shown)

    def _picture(self, item: StoredProposal, case: Case) -> bytes | None:
        """Return the case's picture with the proposed mark outlined; None for words and fields."""
        blob = item.mark.mask
        if blob is None:
            return None

        def draw() -> bytes:
            pixels = self.searching.casebook.pixels(case, item.mark.field)
            mask = decode_mask(self.runtime.blobs.get(blob), pixels.width, pixels.height, f"mark on {case.name!r}")
            return thumbnail(pixels.pixels, PIXELS, mask)

        return self.drawn.get((case.id, blob), draw)


def _artefact(tx: Connection, workspace: Workspace, name: str) -> Artefact:
    known = {item.name: item for item in regions.artefacts(tx, workspace.id)}
    if name not in known:
        names = ", ".join(known) or "none yet"
        raise NotFound(f"{workspace.name} has no artefact {name!r}. Known: {names}. Mark it on a case first.")
    return known[name]


def _record(
    tx: Connection, workspace: str, actor: Actor, artefact: Artefact, act: str, numbers: dict[str, int]
) -> None:
    subject: Subject = {"artefact": artefact.id, "act": act, **numbers}
    audit.append(tx, actor_id=actor.id, kind="spread", workspace=workspace, subject=subject)


def _shown(stored: Sequence[StoredProposal], limit: int) -> list[StoredProposal]:
    """Return a page of open proposals, then as many decided ones, the latest first."""
    by_id = {item.id: item for item in stored}
    chosen = page([(item.id, item.probability) for item in stored if item.status == "open"], limit)
    decided = sorted((item for item in stored if item.status != "open"), key=_recent)
    return [*(by_id[number] for number in chosen), *decided[:limit]]


def _recent(item: StoredProposal) -> tuple[int, bool]:
    return -abs(item.decision or 0), not item.seen


def _looks(stored: Sequence[StoredProposal]) -> list[Look]:
    return [Look(item.probability, item.status == "accepted") for item in stored if item.seen]


def _waiting(stored: Sequence[StoredProposal]) -> list[float]:
    return [item.probability for item in stored if item.status == "open"]


def _view(
    artefact: Artefact,
    stored: Sequence[StoredProposal],
    shown: tuple[Proposal, ...],
    progress: Progress | None,
    searched: int,
    error: str | None,
) -> SpreadView:
    looks, waiting = _looks(stored), _waiting(stored)
    return SpreadView(
        artefact=artefact.name,
        marks=artefact.marks,
        progress=progress,
        searched=searched,
        proposals=shown,
        open=len(waiting),
        accepted=sum(item.status == "accepted" for item in stored),
        rejected=sum(item.status == "rejected" for item in stored),
        precision=estimated(looks, waiting),
        expected_precision=sum(waiting) / len(waiting) if waiting else None,
        words=_words(artefact, len(waiting), progress, searched, error),
        levels=tuple(_level(looks, waiting, least) for least in LEVELS if waiting),
    )


def _level(looks: Sequence[Look], waiting: Sequence[float], least: float) -> SpreadLevel:
    count = sum(probability >= least for probability in waiting)
    precision = estimated(looks, waiting, least) if count else None
    return SpreadLevel(least, count, precision, refusal(looks, waiting, least))


def _words(artefact: Artefact, waiting: int, progress: Progress | None, searched: int, error: str | None) -> str:
    """Return where it stands and what to do, in plain words."""
    if progress is not None:
        return "The search is under way. What was decided before stays."
    if error:
        return f"The last search failed: {error} Start it again."
    if not searched:
        return (
            f"{artefact.marks} marks so far. Search for the same content in the other cases that may train; "
            "what you accept is learnt from like a mark of your own."
        )
    if not waiting:
        return (
            f"Nothing is open after a search through {searched:,} cases. Mark a few more cases, of other kinds, and "
            "search again."
        )
    return (
        f"{waiting:,} of {searched:,} cases may carry it too. Say of some whether the mark is right, then accept the "
        "others together."
    )
