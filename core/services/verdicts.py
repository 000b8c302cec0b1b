"""Verdicts: what a person says after the reveal, with marks; saved durably, undone by superseding."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import (
    UNSURE,
    Actor,
    Arm,
    Case,
    NewRegion,
    NewVerdict,
    Read,
    SavedVerdict,
    Stance,
    TargetSpec,
    Verdict,
    VerdictForm,
    Workspace,
    WorkspaceSpec,
)
from core.errors import BadInput, Conflict, Refused
from core.models.deciding import known_of
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue, target_of
from core.services.marking import checked_marks
from core.services.reading_modes.arms import USUAL
from core.services.reading_modes.revealing import require_reads
from core.services.runtime import Runtime
from core.services.settling import settle_label
from core.services.wording import require_storable
from core.sources.said import LONGEST_COMMENT
from core.storage import actors, arms, audit, cache, cases, claims, readers, reads, verdicts, versions, workspaces
from core.storage.arms import Drawn

CONFIDENCES = ("guess", "likely", "certain")
UNDO = "undo_of"
"""Key in `Verdict.shown` of a verdict that took another one back."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Saves and undoes verdicts."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook

    def save(self, form: VerdictForm, actor: Actor) -> SavedVerdict:
        """Store a verdict and everything that follows from it in one transaction.

        Raises
        ------
        BadInput
            When label, confidence, comment or a mark can't be used; nothing is stored then.
        NotFound
            When workspace, case, target or version do not exist.
        Refused
            When it says what a version answered, and this person's own read is due first.
        """
        with self.runtime.database.read() as tx:
            workspace, spec, case = self.catalogue.case(tx, form.workspace, form.case)
        target = target_of(spec, form.target)
        check_label(form.label, target.classes, form.confidence)
        _check_comment(form.comment)
        shown = self._shown_label(form, workspace, case, target)
        marks = checked_marks(form.marks, case, spec, self.casebook, self.runtime.blobs)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            cases.lock(tx, case.id)
            read, arm = _own_read(tx, form, spec, case, actor), arms.get(tx, case.id, actor.id) or USUAL
            before = verdicts.ever_answered(tx, case.id, actor.id)
            if target.name not in before and form.version is not None:
                shown = arm.shown.get(target.name, shown)
            repeated = verdicts.key_is_used(tx, form.idempotency_key)
            stored = verdicts.add(tx, _new(form, case, actor, shown, read, marks.regions, arm.arm))
            if not repeated:
                settle_label(tx, workspace, spec, case.id, target.name)
                claims.release(tx, case.id, actor.id)
                readers.pseudonym(tx, workspace.id, actor.id)
                self._audit(tx, form.workspace, case, stored, "verdict")
                self._debrief(tx, form, case, actor, arm, first=target.name not in before)
            notes = (*marks.notes, *_version_notes(tx, form, workspace), *_split_notes(case))
        return SavedVerdict(stored.id, stored.created, stored.stance, notes)

    def undo(self, workspace: str, case: str, target: str, actor: Actor) -> Verdict:
        """Add a verdict that restores the one before the last, or withdraws.

        Raises
        ------
        Conflict
            When there is nothing to undo.
        """
        with self.runtime.database.write() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            cases.lock(tx, stored.id)
            chosen = target_of(spec, target).name
            history = verdicts.history(tx, stored.id, chosen, actor.id)
            if not history or history[-1].stance == "withdrawn":
                raise Conflict("There is no verdict of yours on this case to undo.")
            restored = _restored(history, stored, actor)
            added = verdicts.add(tx, restored)
            settle_label(tx, found, spec, stored.id, chosen)
            self._audit(tx, workspace, stored, added, "undo")
        return added

    def _shown_label(self, form: VerdictForm, workspace: Workspace, case: Case, target: TargetSpec) -> str | None:
        """Return the label that the named version gave, from the scores that are kept, else from the engine."""
        if form.version is None:
            return None
        with self.runtime.database.read() as tx:
            version = versions.get(tx, workspace.id, form.version)
            probabilities = cache.scores(tx, version.id, target.name, case.id).get(case.id)
        if probabilities is not None:
            return target.classes[int(self.catalogue.decided(version, target, [case], [probabilities])[0])]
        model = self.catalogue.model(workspace, form.version)
        inputs = self.casebook.inputs(case, model.spec)
        answer = self.runtime.engine.predict(model, inputs, attributes=known_of(case))
        return answer.target(target.name).label

    def _debrief(self, tx: Connection, form: VerdictForm, case: Case, actor: Actor, arm: Drawn, *, first: bool) -> None:
        """Put on record that an answer was wrong on purpose, once its verdict is there."""
        if arm.arm == "known wrong" and first:
            subject = {
                "case": case.name,
                "target": form.target,
                "label": arm.shown.get(form.target),
                "version": form.version,
            }
            audit.append(
                tx, actor_id=actor.id, kind="debrief", workspace=form.workspace, subject=subject, case_id=case.id
            )

    def _audit(self, tx: Connection, workspace: str, case: Case, verdict: Verdict, kind: str) -> None:
        subject = {
            "case": case.name,
            "target": verdict.target,
            "label": verdict.label,
            "stance": verdict.stance,
            "confidence": verdict.confidence,
            "version": verdict.version,
            "marks": len(verdict.regions),
            "verdict": verdict.id,
        }
        audit.append(
            tx,
            actor_id=verdict.actor_id,
            kind=kind,
            workspace=workspace,
            subject=subject,
            payload=verdict.shown.encode(),
            case_id=case.id,
        )


def check_label(label: str, classes: tuple[str, ...], confidence: str) -> None:
    """Refuse a label or confidence that does not exist.

    Raises
    ------
    BadInput
        Names what was given and what is allowed.
    """
    if label not in (*classes, UNSURE):
        raise BadInput(f"{label!r} is no label here. Choose one of: {', '.join((*classes, UNSURE))}.")
    if confidence not in CONFIDENCES:
        raise BadInput(f"Confidence must be one of {', '.join(CONFIDENCES)}, got {confidence!r}.")


def _check_comment(comment: str) -> None:
    require_storable("The comment", comment)
    if len(comment) > LONGEST_COMMENT:
        raise BadInput(f"The comment has {len(comment)} characters, at most {LONGEST_COMMENT} are kept. Shorten it.")


def _stance(label: str, shown: str | None, read: Read | None) -> Stance:
    """Return what the verdict means for the model's answer (or, where none was shown, for the own read)."""
    if label == UNSURE:
        return "unsure"
    compared = shown if shown is not None else read.label if read else label
    return "agree" if label == compared else "override"


def _own_read(tx: Connection, form: VerdictForm, spec: WorkspaceSpec, case: Case, actor: Actor) -> Read | None:
    """Return this person's read of the target; refuse a verdict that saw an answer which was not to be shown."""
    own = {read.target: read for read in reads.of_case(tx, case.id, actor.id)}
    drawn = arms.get(tx, case.id, actor.id)
    if form.version is not None:
        require_reads(spec, set(own))
        if drawn is not None and drawn.arm == "ai off":
            raise Refused("No answer is shown to you on this case, so the verdict can't name a version. Leave it out.")
    return own.get(form.target)


def _new(
    form: VerdictForm,
    case: Case,
    actor: Actor,
    shown: str | None,
    read: Read | None,
    regions: tuple[NewRegion, ...],
    arm: Arm,
) -> NewVerdict:
    said = {"shown": list(form.shown), "label": shown, "version": form.version}
    return NewVerdict(
        case_id=case.id,
        target=form.target,
        actor_id=actor.id,
        label=form.label,
        stance=_stance(form.label, shown, read),
        confidence=form.confidence,
        version=form.version,
        shown=json.dumps(said if arm == "usual" else said | {"arm": arm}),
        comment=form.comment,
        read_id=read.id if read else None,
        regions=regions,
        idempotency_key=form.idempotency_key,
    )


def _not_undone(history: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that nobody took back, oldest first; the last one's content stands."""
    kept: list[Verdict] = []
    for verdict in history:
        if UNDO not in json.loads(verdict.shown):
            kept.append(verdict)
        elif kept:
            kept.pop()
    return kept


def _restored(history: Sequence[Verdict], case: Case, actor: Actor) -> NewVerdict:
    """Return the new verdict that makes the one before the last stand again, or withdraws."""
    last = history[-1]
    kept = _not_undone(history)
    before = kept[-2] if len(kept) > 1 else None
    source = before or last
    return NewVerdict(
        case_id=case.id,
        target=last.target,
        actor_id=actor.id,
        label=source.label,
        stance=source.stance if before else "withdrawn",
        confidence=source.confidence,
        version=source.version,
        shown=json.dumps({UNDO: last.id}),
        comment=source.comment if before else "",
        regions=tuple(region.mark for region in source.regions) if before else (),
    )


def _version_notes(tx: Connection, form: VerdictForm, workspace: Workspace) -> tuple[str, ...]:
    """Say so when the version that was shown has been replaced since."""
    champion = workspaces.get(tx, workspace.name).champion
    if form.version is None or form.version == champion:
        return ()
    return (f"{champion} serves since you saw {form.version}'s answer. Your verdict is recorded with what you saw.",)


def _split_notes(case: Case) -> tuple[str, ...]:
    if case.split in ("ledger", "calibration"):
        return (f"This case is in the {case.split} split: it measures models and never trains one.",)
    return ()
