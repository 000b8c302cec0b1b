"""What a lead should look at: alarms of the version that serves."""

from sqlalchemy import Connection

from core.contracts import Workspace
from core.guard.rules import read_rules
from core.storage import guards, versions
from core.storage.columns import from_json


def drift_alarms(tx: Connection, workspace: Workspace) -> tuple[str, ...]:
    """Return what the last look for drift found, in words; nothing where there is no alarm."""
    if workspace.champion is None:
        return ()
    stored = guards.get(tx, versions.get(tx, workspace.id, workspace.champion).id)
    if stored is None:
        return ()
    look = read_rules(from_json(stored.rules)).drift
    return (look.words,) if look is not None and look.alarm else ()
