"""Finding things by the names people use: workspaces, cases, versions, models."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from core.contracts import Case, ReferenceLabel, Split, TargetSpec, Version, Workspace, WorkspaceSpec
from core.errors import BadInput, Conflict, NotFound
from core.fairness.intervals import Array
from core.models.deciding import Chosen, GroupThresholds, decided, known_of
from core.models.manifest import Manifest, read_manifest
from core.models.registry import LoadedModel, load_version
from core.services.runtime import Cache, Runtime
from core.storage import cases, controls, labels, versions, workspaces
from core.storage.statements import lock_workspace


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Looks up by name, with messages that say what exists."""

    runtime: Runtime
    manifests: Cache[str, Manifest] = field(default_factory=lambda: Cache(64))

    def workspace(self, tx: Connection, name: str) -> tuple[Workspace, WorkspaceSpec]:
        """Return a workspace and what its revision declares."""
        workspace = workspaces.get(tx, name)
        return workspace, self.runtime.spec(workspace)

    def locked(self, tx: Connection, name: str) -> Workspace:
        """Return a workspace whose runs and decisions nobody else can change until this transaction ends."""
        lock_workspace(tx, workspaces.get(tx, name).id)
        return workspaces.get(tx, name)

    def case(self, tx: Connection, workspace: str, name: str) -> tuple[Workspace, WorkspaceSpec, Case]:
        """Return a case with its workspace."""
        found, spec = self.workspace(tx, workspace)
        return found, spec, cases.get(tx, found.id, name)

    def cases(self, tx: Connection, workspace: Workspace, split: Split | None = None) -> tuple[Case, ...]:
        """Return the cases that can be used: all but those whose inputs were erased."""
        return self._usable(workspace, cases.list_cases(tx, workspace.id, split))

    def cases_by_id(self, tx: Connection, workspace: Workspace, ids: Iterable[int]) -> dict[int, Case]:
        """Return id -> case for those of `ids` that can be used."""
        return {case.id: case for case in self._usable(workspace, cases.by_ids(tx, ids).values())}

    def _usable(self, workspace: Workspace, found: Iterable[Case]) -> tuple[Case, ...]:
        needed = {field.name for field in self.runtime.spec(workspace).fields if field.required}
        return tuple(case for case in found if (filled := _filled(case)) and needed <= filled)

    def references(
        self, tx: Connection, workspace: Workspace, until: datetime | None = None
    ) -> dict[str, dict[int, ReferenceLabel]]:
        """Return the reference labels, current or as they stood at a moment: target -> case id -> label."""
        spec = self.runtime.spec(workspace)
        return {item.name: labels.references(tx, workspace.id, item.name, until=until) for item in spec.targets}

    def model(self, workspace: Workspace, version: str | None = None) -> LoadedModel:
        """Return a version in memory, by default the champion.

        Raises
        ------
        Conflict
            When nothing serves yet.
        """
        name = version or workspace.champion
        if name is None:
            raise Conflict(
                f"Workspace {workspace.name!r} has no model yet. Wait until its first training has finished."
            )
        with self.runtime.database.read() as tx:
            stored = versions.get(tx, workspace.id, name)
        return self.runtime.engine.get(
            stored.sha256, lambda: load_version(self.runtime.blobs, stored, self.runtime.device)
        )

    def manifest(self, version: Version) -> Manifest:
        """Return what a version is, apart from its weights."""
        return self.manifests.get(version.sha256, lambda: read_manifest(self.runtime.blobs.get(version.manifest)))

    def rules(self, version: Version, target: str) -> GroupThresholds | None:
        """Return the decision rules of a version's groups; None for the most probable label everywhere."""
        manifest = self.manifests.get(version.sha256, lambda: read_manifest(self.runtime.blobs.get(version.manifest)))
        return manifest.target(target).group_thresholds

    def decided(
        self, version: Version, target: TargetSpec, cases: Sequence[Case], scores: Array | Sequence[Sequence[float]]
    ) -> Chosen:
        """Return a version's answers as class indexes, [n], from its kept probabilities: its own rules are applied."""
        rows = np.asarray(scores, dtype=np.float64).reshape(len(cases), len(target.classes))
        return decided(self.rules(version, target.name), target.classes, rows, [known_of(case) for case in cases])

    def control(self, workspace: Workspace, version: str) -> LoadedModel | None:
        """Return the control model of a version, in memory: trained alike, without marks; None when it has none."""
        with self.runtime.database.read() as tx:
            stored = versions.get(tx, workspace.id, version)
            found = controls.get(tx, stored.run_id) if stored.run_id is not None else None
        if found is None:
            return None
        alike = replace(
            stored,
            name=f"control of {version}",
            weights=found.weights,
            manifest=found.manifest,
            sha256=found.sha256,
        )
        return self.runtime.engine.get(
            alike.sha256, lambda: load_version(self.runtime.blobs, alike, self.runtime.device)
        )


def _filled(case: Case) -> set[str]:
    """Return the fields of a case that hold something."""
    return {v.field for v in case.fields if v.blob is not None or v.number is not None or v.text is not None}


def target_of(spec: WorkspaceSpec, name: str | None) -> TargetSpec:
    """Return the named target, or the only one.

    Raises
    ------
    NotFound
        When the name is unknown.
    BadInput
        When it is missing where there are several.
    """
    known = ", ".join(target.name for target in spec.targets)
    if name is None:
        if len(spec.targets) > 1:
            raise BadInput(f"Workspace {spec.name!r} has several targets. Name one of: {known}.")
        return spec.targets[0]
    for target in spec.targets:
        if target.name == name:
            return target
    raise NotFound(f"Workspace {spec.name!r} has no target {name!r}. Known: {known}.")
