"""Holding back and deciding together: suspensions, guards, routings, arms, adjudications, readers, trade-off."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from core.contracts import kinds
from core.storage.schema.parts import actor, identity, link, metadata, one_of, time, words

suspensions = Table(
    "suspensions",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    Column("suspended", Boolean, nullable=False),
    words("reason"),
    actor(),
    time(),
)
Index("ix_suspensions_workspace", suspensions.c.workspace_id, suspensions.c.id)
guards = Table(
    "guards",
    metadata,
    link("version_id", "versions.id", key=True),
    words("state", optional=True),
    words("rules"),
    time(),
)
routings = Table(
    "routings",
    metadata,
    identity(),
    link("case_id", "cases.id"),
    link("version_id", "versions.id"),
    words("target"),
    words("label"),
    Column("accepted", Boolean, nullable=False),
    Column("automatic", Boolean, nullable=False),
    words("reasons"),
    time(),
    UniqueConstraint("case_id", "version_id", "target"),
)
Index("ix_routings_version", routings.c.version_id, routings.c.accepted)
arms = Table(
    "arms",
    metadata,
    link("case_id", "cases.id", key=True),
    Column("actor_id", Text, ForeignKey("actors.id"), nullable=False, primary_key=True),
    words("arm"),
    words("shown", optional=True),
    time(),
    one_of("arm", kinds.Arm),
)
adjudications = Table(
    "adjudications",
    metadata,
    identity(),
    link("case_id", "cases.id"),
    words("target"),
    words("label"),
    words("verdict_ids"),
    actor(),
    time(),
)
Index("ix_adjudications_case", adjudications.c.case_id, adjudications.c.target)
readers = Table(
    "readers",
    metadata,
    link("workspace_id", "workspaces.id", key=True),
    Column("actor_id", Text, ForeignKey("actors.id"), nullable=False, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("experience", Text, nullable=False, server_default=""),
    time(),
    UniqueConstraint("workspace_id", "number"),
)
trade_points = Table(
    "trade_points",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    link("job_id", "jobs.id"),
    link("revision_id", "workspace_revisions.id"),
    words("target"),
    words("attribute"),
    words("metric"),
    words("strategy"),
    Column("gap_limit", Float(53), nullable=True),
    Column("seed", Integer, nullable=False),
    words("weights"),
    words("manifest"),
    words("sha256"),
    words("figures"),
    words("parent", optional=True),
    words("version", optional=True),
    time(),
    one_of("metric", kinds.GapMetric),
)
Index("ix_trade_points_workspace", trade_points.c.workspace_id, trade_points.c.job_id)
robustness_reports = Table(
    "robustness_reports",
    metadata,
    identity(),
    link("version_id", "versions.id"),
    words("target"),
    words("report"),
    actor(),
    time(),
)
Index(
    "ix_robustness_reports_version",
    robustness_reports.c.version_id,
    robustness_reports.c.target,
    robustness_reports.c.id,
)
