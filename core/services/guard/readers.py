"""How many people read a case: some labels always want two."""

from collections.abc import Mapping

from sqlalchemy import Connection

from core.contracts import Workspace, WorkspaceSpec
from core.guard.limits import named_labels
from core.storage import routings, versions

TWO = 2


def readers_wanted(tx: Connection, workspace: Workspace, spec: WorkspaceSpec) -> Mapping[int, int]:
    """Return case id -> how many people read it, for the cases that want more than `reading.readers`.

    These are the cases that the champion or a reader gives one of the labels of `guard.two_readers`.
    """
    named = named_labels(spec, spec.guard.two_readers)
    if not named or spec.reading.readers >= TWO:
        return {}
    found = set(routings.labels_by_people(tx, workspace.id, named))
    if workspace.champion is not None:
        found |= routings.labels_given(tx, versions.get(tx, workspace.id, workspace.champion).id, named)
    return dict.fromkeys(found, TWO)
