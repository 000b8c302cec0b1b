"""Under which arm a person reads a case: drawn by hash, so that nobody can choose it, and kept from the first opening.

With the model switched off a person decides alone: what people do without it stays measurable. An answer that is
wrong on purpose teaches a person who is in training to check answers; they are told afterwards.
"""

import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from core.contracts import Actor, Case, LabelSource, TargetSpec, Workspace, WorkspaceSpec
from core.storage import arms, cache, labels, reads, verdicts, versions
from core.storage.arms import Drawn

USUAL = Drawn("usual", {})
KNOWN: frozenset[LabelSource] = frozenset({"data set", "adjudication"})
"""Where a label comes from that is sure enough to call another one wrong."""


def chance(seed: int, case_id: int, actor_id: str) -> float:
    """Return a number in [0, 1) that belongs to a case and a person."""
    digest = hashlib.sha256(f"arm:{seed}:{case_id}:{actor_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


def trains(spec: WorkspaceSpec, actor: Actor) -> bool:
    """Return whether answers that are wrong on purpose are shown to this person."""
    return spec.reading.known_wrong > 0.0 and actor.id in spec.reading.training


def arm_of(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case, actor: Actor) -> Drawn:
    """Return the arm that is on record, else the one that the first opening would draw."""
    return arms.get(tx, case.id, actor.id) or _drawn(tx, workspace, spec, case, actor)


def record(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case, actor: Actor) -> Drawn:
    """Draw the arm at the first opening of a case that waits for people, and keep it."""
    known = arms.get(tx, case.id, actor.id)
    if known is not None or case.split != "pool":
        return known or USUAL
    drawn = _drawn(tx, workspace, spec, case, actor)
    return arms.add(tx, case.id, actor.id, drawn.arm, drawn.shown)


def without_model(
    tx: Connection, workspace: Workspace, spec: WorkspaceSpec, known: Iterable[Case], actor: Actor
) -> frozenset[int]:
    """Return the numbers of those of `known` that this person reads, or would read, with the model switched off."""
    opened = arms.of_workspace(tx, workspace.id, actor.id)
    off = {case_id for (case_id, _), arm in opened.items() if arm == "ai off"}
    rate, seed = spec.reading.ai_off, spec.split.seed
    if rate > 0.0:
        begun = {case_id for case_id, _ in opened} | set(reads.by_actor(tx, workspace.id, actor.id))
        fresh = (case for case in known if case.split == "pool" and case.id not in begun)
        off |= {case.id for case in fresh if chance(seed, case.id, actor.id) < rate}
    return frozenset(off)


def _drawn(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case, actor: Actor) -> Drawn:
    reading, drawn = spec.reading, chance(spec.split.seed, case.id, actor.id)
    if case.split != "pool" or drawn >= reading.ai_off + reading.known_wrong or _begun(tx, case, actor):
        return USUAL
    if drawn < reading.ai_off:
        return Drawn("ai off", {})
    wrong = _wrong(tx, workspace, spec, case) if trains(spec, actor) else {}
    return Drawn("known wrong", wrong) if wrong else USUAL


def _begun(tx: Connection, case: Case, actor: Actor) -> bool:
    """Return whether this person read or judged the case before arms were drawn."""
    return bool(reads.of_case(tx, case.id, actor.id) or verdicts.ever_answered(tx, case.id, actor.id))


def _wrong(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case) -> Mapping[str, str]:
    """Return target -> the wrong label that the model finds likeliest; nothing unless all right ones are known."""
    if workspace.champion is None:
        return {}
    version = versions.get(tx, workspace.id, workspace.champion).id
    found = {target.name: _wrong_label(tx, workspace, target, case.id, version) for target in spec.targets}
    return {name: label for name, label in found.items() if label} if all(found.values()) else {}


def _wrong_label(tx: Connection, workspace: Workspace, target: TargetSpec, case_id: int, version: int) -> str:
    """Return the likeliest label but the right one; empty text where that is not known."""
    reference = labels.references(tx, workspace.id, target.name, case_id).get(case_id)
    scores = cache.scores(tx, version, target.name, case_id).get(case_id)
    if reference is None or reference.source not in KNOWN or scores is None:
        return ""
    ranked = sorted(zip(scores, target.classes, strict=True), key=lambda pair: -pair[0])
    return next(label for _, label in ranked if label != reference.label)
