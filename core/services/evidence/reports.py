"""The latest quality report of a version's explanations."""

from dataclasses import dataclass, field

from core.contracts import QualityReport
from core.models.registry import LoadedModel
from core.services.runtime import Cache, Runtime
from core.storage import quality, versions, workspaces


@dataclass(frozen=True, slots=True)
class StoredReports:
    """Finds reports in the database; what was read stays in memory until a newer one comes."""

    runtime: Runtime
    read: Cache[int, QualityReport | None] = field(default_factory=lambda: Cache(16))

    def __call__(self, model: LoadedModel, target: str) -> QualityReport | None:
        """Return the latest report, or None before the first."""
        with self.runtime.database.read() as tx:
            version = versions.get(tx, workspaces.get(tx, model.spec.name).id, model.version).id
            newest = quality.newest(tx, version, target)
            return self.read.get(newest, lambda: quality.get(tx, version, target)) if newest else None
