"""Verdicts: what a person says after the reveal, with marks; saved durably, undone by superseding."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import (
    UNSURE,
    Actor,
    Case,
    MarkForm,
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
from core.errors import BadInput, Conflict
from core.media.masks import decode_mask, encode_mask, share
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue, target_of
from core.services.runtime import Runtime
from core.storage import actors, audit, cache, claims, labels, reads, verdicts, versions, workspaces

CONFIDENCES = ("guess", "likely", "certain")
LONGEST_COMMENT = 10_000
LONGEST_ARTEFACT = 100
DEFAULT_ARTEFACT = "unnamed artefact"


@dataclass(frozen=True, slots=True)
class Marks:
    """Checked marks with their blobs stored, and what to say about them."""

    regions: tuple[NewRegion, ...]
    notes: tuple[str, ...]


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
        """
        with self.runtime.database.read() as tx:
            workspace, spec, case = self.catalogue.case(tx, form.workspace, form.case)
        target = target_of(spec, form.target)
        check_label(form.label, target.classes, form.confidence)
        _check_comment(form.comment)
        marks = self._marks(form.marks, case, spec)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            stored = verdicts.add(tx, self._new(tx, form, workspace, case, target, actor, marks.regions))
            self._settle_label(tx, workspace, spec, case, target.name)
            claims.release(tx, case.id, actor.id)
            self._audit(tx, form.workspace, case, stored, "verdict")
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
            chosen = target_of(spec, target).name
            history = verdicts.history(tx, stored.id, chosen, actor.id)
            if not history or history[-1].stance == "withdrawn":
                raise Conflict("There is no verdict of yours on this case to undo.")
            restored = _restored(history, stored, actor)
            added = verdicts.add(tx, restored)
            self._settle_label(tx, found, spec, stored, chosen)
            self._audit(tx, workspace, stored, added, "undo")
        return added

    def _new(
        self,
        tx: Connection,
        form: VerdictForm,
        workspace: Workspace,
        case: Case,
        target: TargetSpec,
        actor: Actor,
        regions: tuple[NewRegion, ...],
    ) -> NewVerdict:
        read = next((r for r in reads.of_case(tx, case.id, actor.id) if r.target == target.name), None)
        shown = self._shown_label(tx, form, workspace, case, target)
        return NewVerdict(
            case_id=case.id,
            target=target.name,
            actor_id=actor.id,
            label=form.label,
            stance=_stance(form.label, shown, read),
            confidence=form.confidence,
            version=form.version,
            shown=json.dumps({"shown": list(form.shown), "label": shown, "version": form.version}),
            comment=form.comment,
            read_id=read.id if read else None,
            regions=regions,
            idempotency_key=form.idempotency_key,
        )

    def _shown_label(
        self, tx: Connection, form: VerdictForm, workspace: Workspace, case: Case, target: TargetSpec
    ) -> str | None:
        """Return the label that the named version gave, from the scores that are kept, else from the engine."""
        if form.version is None:
            return None
        version = versions.get(tx, workspace.id, form.version)
        probabilities = cache.scores(tx, version.id, target.name).get(case.id)
        if probabilities is not None:
            return target.classes[probabilities.index(max(probabilities))]
        model = self.catalogue.model(workspace, form.version)
        answer = self.runtime.engine.predict(model, self.casebook.inputs(case, model.spec))
        return answer.target(target.name).label

    def _settle_label(self, tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case, target: str) -> None:
        """Let the standing verdicts decide the reference label; without any, the data set's label returns."""
        standing = [v for v in verdicts.standing(tx, workspace.id, target, case.id) if v.label != UNSURE]
        current = labels.references(tx, workspace.id, target, case.id).get(case.id)
        given = {verdict.label for verdict in standing}
        if len(given) == 1 and len(standing) >= spec.reading.readers:
            source = "single verdict" if len(standing) == 1 else "agreement"
            label = standing[-1].label
            if current is None or (current.label, current.source) != (label, source):
                labels.set_reference(tx, case.id, target, label, source, standing[-1].id)  # type: ignore[arg-type]
        elif not standing and current is not None and current.source != "data set":
            labels.restore_data_set(tx, case.id, target)

    def _marks(self, forms: Sequence[MarkForm], case: Case, spec: WorkspaceSpec) -> Marks:
        regions, notes = [], []
        for form in forms:
            if form.field not in {field.name for field in spec.fields}:
                known = ", ".join(field.name for field in spec.fields)
                raise BadInput(f"Workspace {spec.name!r} has no field {form.field!r} to mark. Fields: {known}.")
            region, covered = self._region(form, case)
            regions.append(region)
            if covered > spec.reading.mark_warning:
                notes.append(
                    f"The mark covers {covered:.0%} of the input. Marks that are too large teach the wrong thing: "
                    "keep to what the model should not use."
                )
        return Marks(tuple(regions), tuple(notes))

    def _region(self, form: MarkForm, case: Case) -> tuple[NewRegion, float]:
        artefact = _artefact_name(form)
        if form.mask is None:
            if not form.names and not form.spans:
                raise BadInput("A mark is empty: paint something, or leave the mark out.")
            return NewRegion(form.field, form.kind, artefact, names=form.names, spans=form.spans), 0.0
        height, width = self.casebook.size(case, form.field)
        mask = decode_mask(form.mask, width, height, f"the mark on case {case.name!r}")
        blob = self.runtime.blobs.put(encode_mask(mask))
        return NewRegion(form.field, form.kind, artefact, mask=blob), share(mask)

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
    if len(comment) > LONGEST_COMMENT:
        raise BadInput(f"The comment has {len(comment)} characters, at most {LONGEST_COMMENT} are kept. Shorten it.")


def _artefact_name(form: MarkForm) -> str | None:
    """Return the name of the artefact that an *ignore* mark belongs to; unnamed ones share a name."""
    if form.kind != "ignore":
        return None
    name = " ".join((form.artefact or DEFAULT_ARTEFACT).split())
    if len(name) > LONGEST_ARTEFACT:
        raise BadInput(f"The artefact's name has {len(name)} characters, at most {LONGEST_ARTEFACT} fit. Shorten it.")
    return name or DEFAULT_ARTEFACT


def _stance(label: str, shown: str | None, read: Read | None) -> Stance:
    """Return what the verdict means for the model's answer (or, where none was shown, for the own read)."""
    if label == UNSURE:
        return "unsure"
    compared = shown if shown is not None else read.label if read else label
    return "agree" if label == compared else "override"


def _restored(history: tuple[Verdict, ...], case: Case, actor: Actor) -> NewVerdict:
    """Return the new verdict that makes the one before the last stand again."""
    last = history[-1]
    before = history[-2] if len(history) > 1 else None
    source = before if before is not None and before.stance != "withdrawn" else last
    return NewVerdict(
        case_id=case.id,
        target=last.target,
        actor_id=actor.id,
        label=source.label,
        stance=source.stance if source is before else "withdrawn",
        confidence=source.confidence,
        version=source.version,
        shown=json.dumps({"undo_of": last.id}),
        comment=source.comment if source is before else "",
        regions=tuple(region.mark for region in source.regions) if source is before else (),
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
