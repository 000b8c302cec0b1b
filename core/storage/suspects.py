"""Labels on record that the latest search for wrong ones found doubtful, and which cases these are."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from core.contracts import Suspect
from core.storage.outcomes import outcome_of
from core.storage.schema import cases, runs
from core.storage.statements import chunks


def latest(tx: Connection, workspace_id: int) -> tuple[Suspect, ...]:
    """Return the suspects of the newest finished run that found any, the most doubtful of each target first."""
    table = runs.c
    query = (
        select(table.outcome)
        .where(table.workspace_id == workspace_id, table.status == "done", table.outcome.contains('"suggested"'))
        .order_by(table.id.desc())
        .limit(1)
    )
    outcome = outcome_of(tx.execute(query).scalar())
    return outcome.suspects if outcome is not None else ()


def training_ids(tx: Connection, workspace_id: int, names: Iterable[str]) -> dict[str, int]:
    """Return name -> id of those of these cases that are in the train split."""
    found: dict[str, int] = {}
    for some in chunks(sorted(set(names))):
        query = select(cases.c.name, cases.c.id).where(
            cases.c.workspace_id == workspace_id, cases.c.split == "train", cases.c.name.in_(some)
        )
        found.update((row.name, row.id) for row in tx.execute(query))
    return found
