"""The record, readable: events with who, what, on which version, having seen what."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from core.contracts import Actor, AuditCheck, AuditEvent, AuditRow
from core.services.files import writing_into
from core.services.reading_modes.finishing import to_read_blind
from core.services.runtime import Runtime
from core.storage import actors, audit, cases, workspaces
from core.storage.audit_check import verify
from core.storage.chain import time_text
from core.storage.payloads import of_events

WORDS: Mapping[str, str] = {
    "import": "imported cases",
    "import verdict": "imported a verdict",
    "import read": "imported a read",
    "read": "read a case",
    "verdict": "gave a verdict",
    "undo": "took a verdict back",
    "debrief": "was told that an answer was wrong on purpose",
    "adjudicate": "settled what readers differ on",
    "retrain": "started a retraining",
    "spread": "spread an artefact to other cases",
    "cancel": "cancelled a run",
    "version": "delivered a version",
    "no effect": "retrained without effect: the champion stays",
    "gate": "measured a candidate",
    "trade-off": "looked for, or chose, a model along the trade-off between accuracy and gaps",
    "quality": "measured a version's explanations",
    "robustness": "measured how easily a version is thrown off",
    "concept": "put a case into a concept",
    "promote": "promoted a version",
    "reject": "rejected a version",
    "rollback": "rolled back",
    "automatic": "let the model decide cases by itself",
    "suspend": "suspended the model",
    "resume": "let the model answer again",
    "erasure": "erased personal data",
    "token": "made a token for a program",
    "revoke": "revoked a token",
}
FILE = "audit.jsonl"
SAID = frozenset({"read", "verdict", "undo", "import read", "import verdict", "debrief"})
"""Kinds of event that tell what a person said of a case."""
Hidden = frozenset[tuple[str | None, str]]
"""(workspace, case) of cases that a person may still read blind."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The auditor's verbs."""

    runtime: Runtime

    def events(
        self,
        *,
        workspace: str | None = None,
        kind: str | None = None,
        actor_id: str | None = None,
        limit: int = 500,
        reader: Actor | None = None,
    ) -> tuple[AuditRow, ...]:
        """Return events, newest first; of cases that `reader` may still read blind, only that others said something."""
        with self.runtime.database.read() as tx:
            found = audit.events(tx, workspace=workspace, kind=kind, actor_id=actor_id, limit=limit)
            names = actors.names(tx)
            payloads = of_events(tx, [event.sequence for event in found if event.payload_digest])
            hidden = self._hidden(tx, reader)
        return tuple(
            _held_back(event, names)
            if _tells(event, reader, hidden)
            else _row(event, names, payloads.get(event.sequence))
            for event in found
        )

    def waits(self, reader: Actor) -> int:
        """Return how many cases this person may still read blind though others have said something of them.

        The whole chain tells what, so a page hands it out when there is none.
        """
        with self.runtime.database.read() as tx:
            return len(self._hidden(tx, reader))

    def _hidden(self, tx: Connection, reader: Actor | None) -> Hidden:
        if reader is None:
            return frozenset()
        found: set[tuple[str | None, str]] = set()
        for workspace in (workspaces.get(tx, name) for name in workspaces.names(tx)):
            ids = to_read_blind(tx, workspace, self.runtime.spec(workspace), reader)
            found |= {(workspace.name, case.name) for case in cases.by_ids(tx, ids).values()}
        return frozenset(found)

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of event that occur."""
        with self.runtime.database.read() as tx:
            return audit.kinds(tx)

    def verify(self) -> AuditCheck:
        """Verify the whole chain against the head that is kept in a file."""
        return verify(self.runtime.database, self.runtime.database.head_path)

    def export(self, folder: Path) -> Path:
        """Write the chain as JSON lines into `folder` and return the file."""
        text, path = self.export_text(), folder / FILE
        with writing_into(folder):
            path.write_text(text, encoding="utf-8")
        return path

    def export_text(self) -> str:
        """Return the whole chain as JSON lines, oldest first."""
        with self.runtime.database.read() as tx:
            events = audit.events(tx, limit=None)
        lines = [json.dumps(asdict(event), default=time_text, ensure_ascii=False) for event in reversed(events)]
        return "\n".join(lines) + ("\n" if lines else "")


def _tells(event: AuditEvent, reader: Actor | None, hidden: Hidden) -> bool:
    """Return whether an event would tell a person what somebody else said of a case that they may read blind."""
    about = (event.workspace, str(event.subject.get("case")))
    return reader is not None and event.actor_id != reader.id and event.kind in SAID and about in hidden


def _held_back(event: AuditEvent, names: Mapping[str, str]) -> AuditRow:
    """Return an event without anything that was said."""
    row = _row(replace(event, subject={"case": event.subject["case"]}), names, None)
    return replace(
        row, details=(*row.details, ("held back", "what was said is shown after your own read of this case"))
    )


def _row(event: AuditEvent, names: Mapping[str, str], payload: bytes | None) -> AuditRow:
    subject = {key: value for key, value in event.subject.items() if value is not None}
    what = WORDS.get(event.kind, event.kind)
    about = ", ".join(f"{key} {subject[key]}" for key in ("case", "version", "label") if key in subject)
    details = [(key, str(value)) for key, value in subject.items()]
    if payload is not None:
        details.append(("record", payload.decode("utf-8", "replace")))
    details += [("hash", event.hash), ("previous hash", event.previous_hash)]
    return AuditRow(
        sequence=event.sequence,
        at=event.at,
        actor=names.get(event.actor_id, event.actor_id),
        kind=event.kind,
        workspace=event.workspace or "",
        summary=f"{what}: {about}" if about else what,
        details=tuple(details),
    )
