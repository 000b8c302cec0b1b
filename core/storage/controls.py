"""Control models of runs: trained alike without marks, they serve nobody and are what an effect is held against."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from core.storage.columns import now
from core.storage.schema import run_controls


@dataclass(frozen=True, slots=True)
class Control:
    """The stored control model of a run; weights and manifest are blobs."""

    run_id: int
    weights: str
    manifest: str
    sha256: str


def add(tx: Connection, control: Control) -> None:
    """Keep the control model of a run."""
    row = {
        "run_id": control.run_id,
        "weights": control.weights,
        "manifest": control.manifest,
        "sha256": control.sha256,
        "created": now(),
    }
    tx.execute(insert(run_controls).values(row))


def get(tx: Connection, run_id: int) -> Control | None:
    """Return the control model of a run; None when it has none."""
    row = tx.execute(select(run_controls).where(run_controls.c.run_id == run_id)).first()
    return None if row is None else Control(row.run_id, row.weights, row.manifest, row.sha256)
