"""A case that a person may ask what-if questions about."""

from dataclasses import dataclass

from core.contracts import Case, Workspace, WorkspaceSpec
from core.models.registry import LoadedModel


@dataclass(frozen=True, slots=True)
class Opened:
    """A stored case whose own read by this person is on record, and the champion."""

    workspace: Workspace
    spec: WorkspaceSpec
    case: Case
    model: LoadedModel
