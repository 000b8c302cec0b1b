"""Which cases a version had learnt from, so that its answers to them prove nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Case, Version
from core.storage import runs


@dataclass(frozen=True, slots=True)
class Learnt:
    """Cases that trained each version or one of its parents."""

    cases: Mapping[str, frozenset[int]]
    """Version -> numbers of cases."""

    @classmethod
    def of(cls, tx: Connection, versions: Sequence[Version]) -> "Learnt":
        """Return what is on record of these versions; a parent's cases are those of its children, too."""
        found: dict[str, frozenset[int]] = {}
        for version in sorted(versions, key=lambda one: one.id):
            own = runs.training_case_ids(tx, version.run_id) if version.run_id is not None else set()
            found[version.name] = found.get(str(version.parent), frozenset()) | own
        return cls(found)

    def has(self, version: str, case: Case) -> bool:
        """Return whether a version had learnt from a case, or was calibrated on it."""
        return case.split == "calibration" or case.id in self.cases.get(version, frozenset())
