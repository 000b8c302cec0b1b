"""What machines do with it: jobs, runs, versions, gate reports, decisions, caches."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.contracts import kinds
from core.storage.schema.parts import actor, identity, link, metadata, one_of, time, words

jobs = Table(
    "jobs",
    metadata,
    identity(),
    words("kind"),
    words("workspace"),
    words("payload"),
    actor(),
    words("key", optional=True),
    words("status"),
    Column("attempt", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    words("progress"),
    words("checkpoint", optional=True),
    words("error", optional=True),
    words("worker", optional=True),
    time("lease_until", optional=True),
    time(),
    time("started", optional=True),
    time("finished", optional=True),
    one_of("kind", kinds.JobKind),
    one_of("status", kinds.RunStatus),
)
UNFINISHED = text("status IN ('queued', 'running')")
Index("uq_jobs_unfinished_key", jobs.c.key, unique=True, sqlite_where=UNFINISHED, postgresql_where=UNFINISHED)
Index("ix_jobs_status", jobs.c.status, jobs.c.id)
runs = Table(
    "runs",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    words("kind"),
    words("strategy"),
    Column("seed", BigInteger, nullable=False),
    Column("use_regions", Boolean, nullable=False),
    words("status"),
    words("parent", optional=True),
    words("version", optional=True),
    link("job_id", "jobs.id", optional=True),
    words("error", optional=True),
    time(),
    time("finished", optional=True),
    Column("plan", Text, nullable=False, server_default="{}"),
    words("outcome", optional=True),
    one_of("kind", kinds.JobKind),
    one_of("status", kinds.RunStatus),
)
versions = Table(
    "versions",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    Column("number", Integer, nullable=False),
    words("name"),
    link("revision_id", "workspace_revisions.id"),
    link("run_id", "runs.id", optional=True),
    link("parent_id", "versions.id", optional=True),
    words("weights"),
    words("manifest"),
    words("sha256"),
    words("status"),
    time(),
    UniqueConstraint("workspace_id", "number"),
    UniqueConstraint("workspace_id", "name"),
    one_of("status", kinds.VersionStatus),
)
CHAMPION = text("status = 'champion'")
Index("uq_versions_champion", versions.c.workspace_id, unique=True, sqlite_where=CHAMPION, postgresql_where=CHAMPION)
training_cases = Table(
    "training_cases",
    metadata,
    link("run_id", "runs.id", key=True),
    Column("case_id", Integer, primary_key=True),
    words("split"),
    ForeignKeyConstraint(["case_id", "split"], ["cases.id", "cases.split"]),
    CheckConstraint("split <> 'ledger' AND split <> 'calibration'", name="never_judges"),
)
run_verdicts = Table(
    "run_verdicts",
    metadata,
    link("run_id", "runs.id", key=True),
    link("verdict_id", "verdicts.id", key=True),
)
gate_reports = Table(
    "gate_reports",
    metadata,
    identity(),
    link("version_id", "versions.id"),
    link("champion_id", "versions.id", optional=True),
    words("ledger_hash"),
    words("verdict"),
    words("report"),
    time(),
    one_of("verdict", kinds.CheckVerdict),
)
Index("ix_gate_reports_version", gate_reports.c.version_id)
decisions = Table(
    "decisions",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    link("version_id", "versions.id"),
    link("previous_id", "versions.id", optional=True),
    words("kind"),
    words("reason"),
    Column("overridden", Boolean, nullable=False),
    Column("acknowledged", Boolean, nullable=False),
    actor(),
    time(),
    one_of("kind", kinds.DecisionKind),
)
scores = Table(
    "scores",
    metadata,
    link("version_id", "versions.id", key=True),
    words("target", key=True),
    link("case_id", "cases.id", key=True),
    Column("probabilities", LargeBinary, nullable=False),
)
evidence = Table(
    "evidence",
    metadata,
    link("version_id", "versions.id", key=True),
    link("case_id", "cases.id", key=True),
    words("key", key=True),
    words("blob"),
    time(),
)
embeddings = Table(
    "embeddings",
    metadata,
    words("encoder_key", key=True),
    words("key", key=True),
    words("blob"),
    Column("row", Integer, nullable=False),
)
