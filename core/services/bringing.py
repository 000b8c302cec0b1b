"""Verdicts, marks and reads that come with imported cases: stored with them, in the same transaction, on record."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Actor, ActorKind, NewCase, NewRegion, NewVerdict, Workspace, WorkspaceSpec
from core.services.marking import artefact_name
from core.services.settling import settle_label
from core.sources.base import SourceRead, SourceRegion, SourceResult, SourceVerdict
from core.storage import actors, audit, cases, reads, verdicts
from core.storage.blobs import BlobStore

IMPORT = Actor("service:import", "service", "import")
"""Who says what the data say, where they name nobody."""
Identity = tuple[str, str, str]
"""Case, target and actor: who may have one standing verdict."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What was said of cases, ready to be stored: each verdict with its marks."""

    verdicts: tuple[tuple[SourceVerdict, tuple[NewRegion, ...]], ...]
    reads: tuple[SourceRead, ...]
    notes: tuple[str, ...]


def brought(spec: WorkspaceSpec, result: SourceResult, blobs: BlobStore) -> Brought:
    """Put marks to their verdicts and store their masks.

    Marks without a verdict make one that agrees with the case's label; where there is no label they are left out,
    and a note says so.
    """
    known = {case.name: case for case in result.cases}
    given: dict[Identity, SourceVerdict] = {}
    for verdict in result.verdicts:
        given.setdefault(_who(verdict), verdict)
    marks: dict[Identity, list[SourceRegion]] = {}
    left_out = 0
    for region in (region for region in result.regions if region.case in known):
        identity = _identity(spec, known[region.case], region)
        label = region.label or known[region.case].labels.get(identity[1])
        if identity not in given and label is None:
            left_out += 1
            continue
        if identity not in given:
            given[identity] = SourceVerdict(region.case, identity[1], str(label), region.actor)
        marks.setdefault(identity, []).append(region)
    return Brought(
        tuple((verdict, _stored(marks.get(identity, ()), blobs)) for identity, verdict in given.items()),
        result.reads,
        (f"{left_out} marks were left out, because their cases have no label",) if left_out else (),
    )


def store(
    tx: Connection, workspace: Workspace, spec: WorkspaceSpec, said: Brought, added: Sequence[str], importer: Actor
) -> int:
    """Store what was said of the cases that this import added, settle their labels, record it.

    Returns the number of verdicts.
    """
    new, ids = set(added), cases.ids_by_name(tx, workspace.id)
    chosen = [(verdict, marks) for verdict, marks in said.verdicts if verdict.case in new]
    answers = [read for read in said.reads if read.case in new]
    for actor in dict.fromkeys([*(v.actor or IMPORT.id for v, _ in chosen), *(read.actor for read in answers)]):
        actors.ensure(tx, _actor(actor))
    own = {_who(read): _store_read(tx, workspace.name, ids, read, importer) for read in answers}
    for verdict, marks in chosen:
        stored = verdicts.add(tx, _new(ids, verdict, marks, own.get(_who(verdict))))
        _record(tx, workspace.name, verdict, stored.id, len(marks), importer)
    for case, target in dict.fromkeys((verdict.case, verdict.target) for verdict, _ in chosen):
        settle_label(tx, workspace, spec, ids[case], target)
    return len(chosen)


def _identity(spec: WorkspaceSpec, case: NewCase, region: SourceRegion) -> Identity:
    labelled = next((target.name for target in spec.targets if target.name in case.labels), spec.targets[0].name)
    return case.name, region.target or labelled, region.actor or IMPORT.id


def _stored(marks: Sequence[SourceRegion], blobs: BlobStore) -> tuple[NewRegion, ...]:
    keys = iter(blobs.put_many(mark.mask for mark in marks if mark.mask))
    return tuple(
        NewRegion(
            field=mark.field,
            kind=mark.kind,
            artefact=artefact_name(mark.kind, mark.artefact),
            mask=next(keys) if mark.mask else None,
            names=mark.names,
            spans=mark.spans,
        )
        for mark in marks
    )


def _actor(name: str) -> Actor:
    kind: ActorKind = "service" if name.startswith("service:") else "person"
    return IMPORT if name == IMPORT.id else Actor(name, kind)


def _who(said: SourceVerdict | SourceRead) -> Identity:
    return said.case, said.target, said.actor or IMPORT.id


def _store_read(tx: Connection, workspace: str, ids: Mapping[str, int], read: SourceRead, importer: Actor) -> int:
    stored = reads.add(tx, ids[read.case], read.target, read.actor, read.label, read.confidence, read.seconds)
    subject: dict[str, str | int] = {
        "case": read.case,
        "target": read.target,
        "label": read.label,
        "confidence": read.confidence,
        "given_by": read.actor,
        "read": stored.id,
    }
    audit.append(tx, actor_id=importer.id, kind="import read", workspace=workspace, subject=subject)
    return stored.id


def _new(
    ids: Mapping[str, int], verdict: SourceVerdict, marks: tuple[NewRegion, ...], read_id: int | None
) -> NewVerdict:
    """Return the verdict as it is stored; the version and time of the source stay on record, in words."""
    return NewVerdict(
        case_id=ids[verdict.case],
        target=verdict.target,
        actor_id=verdict.actor or IMPORT.id,
        label=verdict.label,
        stance=verdict.stance,
        confidence=verdict.confidence,
        version=None,
        shown=json.dumps({"imported": {"version": verdict.version, "at": verdict.at}}),
        comment=verdict.comment,
        read_id=read_id,
        regions=marks,
    )


def _record(tx: Connection, workspace: str, verdict: SourceVerdict, number: int, marks: int, importer: Actor) -> None:
    subject: dict[str, str | int] = {
        "case": verdict.case,
        "target": verdict.target,
        "label": verdict.label,
        "stance": verdict.stance,
        "confidence": verdict.confidence,
        "given_by": verdict.actor or IMPORT.id,
        "marks": marks,
        "verdict": number,
    }
    audit.append(tx, actor_id=importer.id, kind="import verdict", workspace=workspace, subject=subject)
