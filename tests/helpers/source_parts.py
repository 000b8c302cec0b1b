"""A blob store in memory, a reporter and a small workspace, for tests of sources."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.contracts import Progress, WorkspaceSpec
from core.errors import Cancelled

SPEC = {
    "name": "small",
    "title": "Small",
    "fields": [{"name": "image", "kind": "image"}],
    "targets": [{"name": "finding", "classes": ["no", "yes"]}],
    "attributes": [{"name": "age", "bins": [40, 65]}, {"name": "sex"}],
    "split": {"train": 0.4, "calibration": 0.2, "ledger": 0.2, "pool": 0.2, "group": "patient"},
    "encoder": {"name": "mlp"},
}


def small_spec(**changes) -> WorkspaceSpec:
    """The small workspace with some sections replaced."""
    return WorkspaceSpec.model_validate({**SPEC, **changes})


@dataclass
class MemoryBlobs:
    """Content-addressed like the real store; counts the calls."""

    items: dict[str, bytes] = field(default_factory=dict)
    calls: int = 0

    def put(self, data: bytes) -> str:
        """Keep bytes under their sha256."""
        key = hashlib.sha256(data).hexdigest()
        self.items[key] = data
        return key

    def put_many(self, items: Iterable[bytes]) -> list[str]:
        """Keep many."""
        self.calls += 1
        return [self.put(item) for item in items]


@dataclass
class Listener:
    """Keeps what was reported; asks to stop at report number `stop_at`."""

    stop_at: int | None = None
    seen: list[Progress] = field(default_factory=list)

    def report(self, progress: Progress) -> None:
        """Keep it, or stop."""
        self.seen.append(progress)
        if self.stop_at is not None and len(self.seen) >= self.stop_at:
            raise Cancelled("asked to stop")
