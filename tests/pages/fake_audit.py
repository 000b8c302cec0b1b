"""The audit verbs in memory."""

from datetime import timedelta
from pathlib import Path

from fake_data import START

from core.contracts import AuditCheck, AuditRow


class FakeAudit:
    def __init__(self, ok: bool = True) -> None:
        self.ok = ok
        self.waiting = 0

    def events(self, *, workspace=None, kind=None, actor_id=None, limit=500, reader=None) -> tuple[AuditRow, ...]:
        details = (("case", "d-0001"), ("label", "3"), ("comment", "<b>bold</b> **not**"), ("shown", "prediction"))
        rows = tuple(
            AuditRow(40 - i, START + timedelta(hours=i), "local", k, "decoy-digits", "d-0001: 3, was 8", details)
            for i, k in enumerate(("verdict", "read", "promotion", "run_finished") * 5)
        )
        return tuple(r for r in rows if (kind or r.kind) == r.kind and (actor_id or r.actor) == r.actor)[:limit]

    def waits(self, reader) -> int:
        return self.waiting

    def kinds(self) -> tuple[str, ...]:
        return ("promotion", "read", "run_finished", "verdict")

    def verify(self) -> AuditCheck:
        return AuditCheck(self.ok, 20, None if self.ok else "event 12 was changed after it was written")

    def export(self, folder: Path) -> Path:
        raise NotImplementedError

    def export_text(self) -> str:
        return '{"sequence": 1}\n'
