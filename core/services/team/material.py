"""Reads, answers and verdicts of a target, side by side, as far as they may be compared."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from core.contracts import Case, Read, TargetSpec, Verdict, Version, Workspace
from core.services.catalogue import Catalogue
from core.services.team.excluded import Why
from core.services.team.learnt import Learnt
from core.services.team.truth import Truth, truth_of
from core.storage import actors, arms, cache, readers, reads, verdicts, versions
from core.team.outcomes import NO_ANSWER, Outcomes

Scores = dict[int, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """One read that has a right answer to be held against."""

    reader: str
    case: Case
    truth: int
    read: int
    seconds: float
    answer: int | None
    """The answer that was shown; None where none was, or none that may be compared."""
    verdict: int | None
    scores: tuple[float, ...] | None
    """Probabilities of the version that answered, else of the champion."""
    version: str | None


@dataclass(frozen=True, slots=True)
class Material:
    """What the team page is made of."""

    rows: tuple[Row, ...]
    excluded: Counter[Why]
    experience: Mapping[str, str]
    """Pseudonym -> experience."""

    @property
    def together(self) -> tuple[Row, ...]:
        """The reads of which the model's answer and the verdict are known, too."""
        return tuple(row for row in self.rows if row.answer is not None and row.verdict is not None)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is on record of one target."""

    catalogue: Catalogue
    target: TargetSpec
    champion: str | None
    truth: Truth
    learnt: Learnt
    cases: Mapping[int, Case]
    arms: Mapping[tuple[int, str], str]
    verdicts: Mapping[tuple[int, str], Verdict]
    names: Mapping[str, str]
    """Actor id -> pseudonym."""
    versions: Mapping[str, Version]
    scores: Mapping[str, Scores]
    """Version -> its kept probabilities."""


def newcomers(tx: Connection, workspace_id: int) -> tuple[str, ...]:
    """Return the persons who have read a case and have no pseudonym yet, in the order of their first read."""
    known, persons = readers.of_workspace(tx, workspace_id), actors.persons(tx)
    seen = dict.fromkeys(read.actor_id for read in reads.of_workspace(tx, workspace_id))
    return tuple(actor for actor in seen if actor in persons and actor not in known)


def gather(tx: Connection, catalogue: Catalogue, workspace: Workspace, target: TargetSpec) -> Material:
    """Return all reads of a target that can be judged, and why the others can't."""
    own = [read for read in reads.of_workspace(tx, workspace.id) if read.target == target.name]
    known = _known(tx, catalogue, workspace, target, own)
    rows, excluded = [], Counter[Why]()
    for read in own:
        why = _unusable(read, known)
        row = None if why else _row(read, known, excluded)
        if row is not None:
            rows.append(row)
        if why:
            excluded[why] += 1
    said = {(read.case_id, read.actor_id) for read in own}
    alone = (key for key in known.verdicts if key not in said and known.arms.get(key) != "ai off")
    excluded["concurrent"] = sum(1 for _, actor in alone if actor in known.names)
    experience = {one.pseudonym: one.experience for one in readers.of_workspace(tx, workspace.id).values()}
    return Material(tuple(rows), excluded, experience)


def outcomes_of(rows: Sequence[Row]) -> Outcomes:
    """Return the outcomes of reads whose answer and verdict are known."""
    places = [(row.truth, row.read, row.answer, row.verdict) for row in rows]
    table = np.asarray(places, dtype=np.int64).reshape(len(rows), 4)
    return Outcomes(
        readers=np.asarray([row.reader for row in rows], dtype=np.str_),
        cases=np.asarray([row.case.id for row in rows], dtype=np.int64),
        groups=np.asarray([row.case.group for row in rows], dtype=np.str_),
        truth=table[:, 0],
        read=table[:, 1],
        answer=table[:, 2],
        verdict=table[:, 3],
        seconds=np.asarray([row.seconds for row in rows], dtype=np.float64),
    )


def _known(
    tx: Connection, catalogue: Catalogue, workspace: Workspace, target: TargetSpec, own: Sequence[Read]
) -> _Known:
    given = {(one.case_id, one.actor_id): one for one in verdicts.standing(tx, workspace.id, target.name)}
    stored = versions.list_versions(tx, workspace.id)
    used = {one.version for one in given.values()} | {workspace.champion}
    concerned = {read.case_id for read in own}
    people = actors.persons(tx)
    return _Known(
        catalogue=catalogue,
        target=target,
        champion=workspace.champion,
        truth=truth_of(tx, workspace.id, target.name),
        learnt=Learnt.of(tx, stored),
        cases=catalogue.cases_by_id(tx, workspace, concerned),
        arms=arms.of_workspace(tx, workspace.id),
        verdicts=given,
        names={a: one.pseudonym for a, one in readers.of_workspace(tx, workspace.id).items() if a in people},
        versions={one.name: one for one in stored},
        scores={one.name: cache.scores(tx, one.id, target.name) for one in stored if one.name in used},
    )


def _unusable(read: Read, known: _Known) -> Why | None:
    """Return why a read can't be judged at all."""
    if read.actor_id not in known.names:
        return "program"
    if known.arms.get((read.case_id, read.actor_id)) == "known wrong":
        return "known wrong"
    if read.case_id not in known.cases:
        return "gone"
    return None if known.truth.of(read.case_id, read.actor_id) in known.target.classes else "truth"


def _row(read: Read, known: _Known, excluded: Counter[Why]) -> Row:
    """Return a read with what came of it, noting what can't be said of it."""
    case, verdict = known.cases[read.case_id], known.verdicts.get((read.case_id, read.actor_id))
    arm = known.arms.get((read.case_id, read.actor_id))
    off = arm == "ai off"
    version = known.champion if off or verdict is None or verdict.version is None else verdict.version
    learnt = version is not None and known.learnt.has(version, case)
    scores = None if learnt or version is None else known.scores.get(version, {}).get(case.id)
    answer = None if off or learnt or verdict is None else _answer(verdict, case, scores, known)
    why: Why | None = "ai off" if off else "learnt" if learnt else "verdict" if verdict is None else None
    if why is None and answer is None:
        why = "answer"
    if why is not None:
        excluded[why] += 1
    if scores is None and not learnt:
        excluded["scores"] += 1
    return Row(
        reader=known.names[read.actor_id],
        case=case,
        truth=known.target.classes.index(str(known.truth.of(read.case_id, read.actor_id))),
        read=_place(read.label, known.target),
        seconds=math.nan if read.seconds is None else read.seconds,
        answer=answer,
        verdict=None if verdict is None else _place(verdict.label, known.target),
        scores=scores,
        version=version,
    )


def _answer(verdict: Verdict, case: Case, scores: tuple[float, ...] | None, known: _Known) -> int | None:
    """Return the place of the answer that was shown: as recorded, else what the version decides by its own rules."""
    if verdict.version is None:
        return None
    label, target = json.loads(verdict.shown).get("label"), known.target
    if label in target.classes:
        return target.classes.index(label)
    if scores is None:
        return None
    return int(known.catalogue.decided(known.versions[verdict.version], target, [case], [scores])[0])


def _place(label: str, target: TargetSpec) -> int:
    return target.classes.index(label) if label in target.classes else NO_ANSWER
