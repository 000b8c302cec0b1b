"""Models of a trade-off that were trained and measured, and the version that one became."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from core.contracts import Estimate, GapMetric
from core.errors import NotFound
from core.storage import schema
from core.storage.columns import from_json, now, to_json

_TABLE = schema.trade_points


@dataclass(frozen=True, slots=True)
class PointFigures:
    """What was measured of a point, and what it rests on."""

    accuracy: Estimate
    demographic_parity: Estimate
    equalised_odds: Estimate
    training_cases: tuple[int, ...]
    """All cases that its weights and rules learnt from."""
    words: str = ""
    """What the training came to."""


@dataclass(frozen=True, slots=True)
class NewTradePoint:
    """A point about to be stored; weights and manifest are blobs already stored."""

    workspace_id: int
    job_id: int
    revision_id: int
    target: str
    attribute: str
    metric: GapMetric
    strategy: str
    limit: float | None
    """The gap that it was trained to stay under."""
    seed: int
    weights: str
    manifest: str
    sha256: str
    figures: PointFigures
    parent: str | None
    """The champion when the search was asked for."""


@dataclass(frozen=True, slots=True)
class StoredTradePoint:
    """A point as it stands."""

    id: int
    what: NewTradePoint
    version: str | None
    """The version that it became."""
    created: datetime


def add(tx: Connection, point: NewTradePoint) -> int:
    """Store a point and return its number."""
    row = {
        "workspace_id": point.workspace_id,
        "job_id": point.job_id,
        "revision_id": point.revision_id,
        "target": point.target,
        "attribute": point.attribute,
        "metric": point.metric,
        "strategy": point.strategy,
        "gap_limit": point.limit,
        "seed": point.seed,
        "weights": point.weights,
        "manifest": point.manifest,
        "sha256": point.sha256,
        "figures": to_json(asdict(point.figures)),
        "parent": point.parent,
        "created": now(),
    }
    return int(tx.execute(insert(_TABLE).values(row).returning(_TABLE.c.id)).scalar_one())


def get(tx: Connection, workspace_id: int, point: int) -> StoredTradePoint:
    """Return one point.

    Raises
    ------
    NotFound
        When the workspace has none of this number.
    """
    row = tx.execute(select(_TABLE).where(_TABLE.c.workspace_id == workspace_id, _TABLE.c.id == point)).first()
    if row is None:
        raise NotFound(f"There is no model number {point} in the trade-off of this workspace. Look at it again.")
    return _point(row)


def of_job(tx: Connection, job_id: int) -> tuple[StoredTradePoint, ...]:
    """Return the points that one search has found so far, oldest first."""
    query = select(_TABLE).where(_TABLE.c.job_id == job_id).order_by(_TABLE.c.id)
    return tuple(_point(row) for row in tx.execute(query))


def latest(tx: Connection, workspace_id: int, target: str, attribute: str) -> tuple[StoredTradePoint, ...]:
    """Return the points of the last search for this target and attribute that found any, oldest first."""
    here = (_TABLE.c.workspace_id == workspace_id) & (_TABLE.c.target == target) & (_TABLE.c.attribute == attribute)
    job_id = tx.execute(select(func.max(_TABLE.c.job_id)).where(here)).scalar()
    return () if job_id is None else of_job(tx, job_id)


def set_version(tx: Connection, point: int, version: str) -> None:
    """Note which version the point became."""
    tx.execute(update(_TABLE).where(_TABLE.c.id == point).values(version=version))


def _point(row: Row[Any]) -> StoredTradePoint:
    stored = from_json(row.figures)
    estimates = ("accuracy", "demographic_parity", "equalised_odds")
    figures = PointFigures(
        **{name: Estimate(**stored[name]) for name in estimates},
        training_cases=tuple(stored["training_cases"]),
        words=stored["words"],
    )
    what = NewTradePoint(
        workspace_id=row.workspace_id,
        job_id=row.job_id,
        revision_id=row.revision_id,
        target=row.target,
        attribute=row.attribute,
        metric=row.metric,
        strategy=row.strategy,
        limit=row.gap_limit,
        seed=row.seed,
        weights=row.weights,
        manifest=row.manifest,
        sha256=row.sha256,
        figures=figures,
        parent=row.parent,
    )
    return StoredTradePoint(row.id, what, row.version, row.created)
