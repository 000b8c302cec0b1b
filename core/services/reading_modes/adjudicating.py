"""What readers differ on, side by side under pseudonyms, and the label that a lead settles it with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from core.contracts import (
    Actor,
    AdjudicationView,
    Case,
    Dispute,
    DisputeView,
    ReaderOpinion,
    TargetSpec,
    Verdict,
    Workspace,
    WorkspaceSpec,
)
from core.errors import BadInput, NotFound, Refused
from core.media.images import compared
from core.services.casebook import Casebook
from core.services.caseviews import CaseViews, target_view
from core.services.catalogue import Catalogue, target_of
from core.services.reading_modes.agreement import agreement_on
from core.services.reading_modes.finishing import to_read_blind
from core.services.reading_modes.opinions import Gathering, Opinions
from core.services.runtime import Runtime
from core.services.wording import require_storable
from core.sources.said import LONGEST_COMMENT
from core.storage import actors, adjudications, audit, cases, labels, readers, reads

PIXELS = 560
"""Longer side of a picture with the readers' marks."""
LINE = 3
"""Width of an outline on it."""


@dataclass(frozen=True, slots=True)
class _Names:
    """How people are called: pseudonyms for readers, their own names for who settled."""

    pseudonyms: Mapping[str, str]
    names: Mapping[str, str]
    seconds: Mapping[tuple[int, str, str], float | None]


@dataclass(frozen=True, slots=True)
class Adjudicating:
    """The verbs of adjudication."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    views: CaseViews
    gathering: Gathering

    def view(self, workspace: str, *, actor: Actor) -> AdjudicationView:
        """Return what waits for adjudication, what was settled, and how far readers agree."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            hidden = to_read_blind(tx, found, spec, actor)
            opinions = [one for one in self.gathering.gather(tx, found, spec) if one.case.id not in hidden]
            said = {(r.case_id, r.target, r.actor_id): r.label for r in reads.of_workspace(tx, found.id)}
        names = self._names(found, opinions)
        disputes = [(one, self._dispute(one, names)) for one in opinions if one.differ or one.settled]
        why_not = _not_a_lead(spec, actor)
        return AdjudicationView(
            workspace=workspace,
            may=not why_not,
            why_not=why_not,
            waiting=tuple(dispute for one, dispute in disputes if one.settled is None),
            done=tuple(dispute for one, dispute in disputes if one.settled is not None),
            agreement=tuple(agreement_on(target.name, opinions, said) for target in spec.targets),
            targets=tuple(target_view(target) for target in spec.targets),
        )

    def open(self, workspace: str, case: str, target: str, *, actor: Actor) -> DisputeView:
        """Return one dispute, side by side.

        Raises
        ------
        Refused
            For a person whose own blind read of the case is still due.
        NotFound
            When nobody differs on it.
        """
        with self.runtime.database.read() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            chosen = target_of(spec, target)
            _require_read(tx, found, spec, stored, actor)
            one = self._one(tx, found, spec, stored, chosen)
        return DisputeView(
            dispute=self._dispute(one, self._names(found, [one])),
            fields=self.views.fields(stored, spec),
            target=target_view(chosen),
            pictures=tuple(
                (item.name, self._picture(stored, item.name, one.verdicts))
                for item in spec.fields
                if item.kind == "image" and any(r.mark.field == item.name for v in one.verdicts for r in v.regions)
            ),
        )

    def settle(self, workspace: str, case: str, target: str, label: str, reason: str, *, actor: Actor) -> Dispute:
        """Make `label` the reference label, whoever said what; it feeds training. Later words supersede it.

        Raises
        ------
        BadInput
            When the label does not exist, or the reason is empty or can't be stored.
        NotFound
            When nobody differs on the case.
        Refused
            For persons who may not adjudicate it.
        """
        _check_reason(reason)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            chosen = target_of(spec, target)
            if label not in chosen.classes:
                raise BadInput(f"{label!r} is no label here. Choose one of: {', '.join(chosen.classes)}.")
            _require_may(tx, found, spec, stored, actor)
            cases.lock(tx, stored.id)
            before = self._one(tx, found, spec, stored, chosen)
            _refuse_own(spec, before, actor)
            ids = [verdict.id for verdict in before.verdicts]
            adjudications.add(tx, stored.id, chosen.name, label, ids, actor.id)
            labels.set_reference(tx, stored.id, chosen.name, label, "adjudication")
            _audit(tx, workspace, before, label, reason, actor)
            settled = self._one(tx, found, spec, stored, chosen)
        return self._dispute(settled, self._names(found, [settled]))

    def _one(
        self, tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case, target: TargetSpec
    ) -> Opinions:
        for one in self.gathering.gather(tx, workspace, spec):
            if (one.case.id, one.target) == (case.id, target.name) and (one.differ or one.settled):
                return one
        raise NotFound(
            f"Nobody differs on case {case.name!r}: there is nothing to settle. The worklist lists what is, under "
            "Differences."
        )

    def _names(self, workspace: Workspace, opinions: Sequence[Opinions]) -> _Names:
        """Return how people are called; a reader whose verdicts were imported gets a pseudonym now."""
        people = {verdict.actor_id for one in opinions for verdict in one.verdicts}
        with self.runtime.database.read() as tx:
            known, names = readers.of_workspace(tx, workspace.id), actors.names(tx)
            said = reads.of_workspace(tx, workspace.id)
        pseudonyms = {person: reader.pseudonym for person, reader in known.items()}
        if people - set(pseudonyms):
            with self.runtime.database.write() as tx:
                for person in sorted(people - set(pseudonyms)):
                    pseudonyms[person] = readers.pseudonym(tx, workspace.id, person)
        return _Names(pseudonyms, names, {(r.case_id, r.target, r.actor_id): r.seconds for r in said})

    def _dispute(self, one: Opinions, names: _Names) -> Dispute:
        return Dispute(
            case=one.case.name,
            target=one.target,
            opinions=tuple(self._opinion(verdict, names) for verdict in one.verdicts),
            mark_overlap=one.overlap,
            settled=one.settled.label if one.settled else None,
            settled_by=names.names.get(one.settled.actor_id) if one.settled else None,
            created=max(verdict.created for verdict in one.verdicts),
        )

    def _opinion(self, verdict: Verdict, names: _Names) -> ReaderOpinion:
        return ReaderOpinion(
            reader=names.pseudonyms[verdict.actor_id],
            label=verdict.label,
            confidence=verdict.confidence,
            comment=verdict.comment,
            seconds=names.seconds.get((verdict.case_id, verdict.target, verdict.actor_id)),
            marks=tuple(self.views.mark(region) for region in verdict.regions),
        )

    def _picture(self, case: Case, field: str, given: Sequence[Verdict]) -> bytes:
        nothing = np.zeros(self.casebook.size(case, field), dtype=bool)
        masks = [
            np.logical_or.reduce([nothing, *(self.gathering.mask(case, r) for r in v.regions if r.mark.field == field)])
            for v in given
        ]
        return compared(self.casebook.pixels(case, field).pixels, PIXELS, masks, LINE)


def _not_a_lead(spec: WorkspaceSpec, actor: Actor) -> str:
    """Return why this person may not adjudicate here, in words; empty text where they may."""
    leads = spec.reading.leads
    if not leads or actor.id in leads:
        return ""
    return f"Differences are settled by {', '.join(leads)}. The workspace file names who may: reading.leads."


def _require_read(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case, actor: Actor) -> None:
    if case.id in to_read_blind(tx, workspace, spec, actor):
        raise Refused(f"You may still have to read case {case.name!r} blind: read it first, on the review page.")


def _require_may(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case: Case, actor: Actor) -> None:
    _require_read(tx, workspace, spec, case, actor)
    why_not = _not_a_lead(spec, actor)
    if why_not:
        raise Refused(why_not)


def _refuse_own(spec: WorkspaceSpec, one: Opinions, actor: Actor) -> None:
    """Refuse a reader who would judge their own words; a named lead may."""
    if not spec.reading.leads and actor.id in {verdict.actor_id for verdict in one.verdicts}:
        raise Refused(
            f"You read case {one.case.name!r} yourself, so somebody else settles it. To let named persons settle what "
            "they read too, list them under reading.leads in the workspace file."
        )


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise BadInput("An adjudication needs a reason, for the record. Write one sentence.")
    require_storable("The reason", reason)
    if len(reason) > LONGEST_COMMENT:
        raise BadInput(f"The reason has {len(reason)} characters, at most {LONGEST_COMMENT} are kept. Shorten it.")


def _audit(tx: Connection, workspace: str, one: Opinions, label: str, reason: str, actor: Actor) -> None:
    subject: dict[str, str | int | None] = {
        "case": one.case.name,
        "target": one.target,
        "label": label,
        "verdicts": len(one.verdicts),
        "previous": one.settled.label if one.settled else None,
    }
    audit.append(
        tx,
        actor_id=actor.id,
        kind="adjudicate",
        workspace=workspace,
        subject=subject,
        payload=reason.encode(),
        case_id=one.case.id,
    )
