"""Keeping the home tidy."""

from dataclasses import dataclass

from core.services.runtime import Runtime
from core.storage.blobs import GarbageReport, collect_garbage


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Housekeeping verbs."""

    runtime: Runtime

    def collect_garbage(self) -> GarbageReport:
        """Remove blobs that nothing names and that are older than an hour."""
        return collect_garbage(self.runtime.database, self.runtime.blobs)
