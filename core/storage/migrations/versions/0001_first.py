"""The first schema: many targets, many readers, append-only facts, the audit chain."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from core.storage.migrations import triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "workspace_revisions",
    "reads",
    "verdicts",
    "reference_labels",
    "run_verdicts",
    "training_cases",
    "gate_reports",
    "decisions",
    "audit_events",
)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _link(name: str, target: str, *, optional: bool = False, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(target), nullable=optional, primary_key=key)


def _actor() -> sa.Column[str]:
    return sa.Column("actor_id", sa.Text, sa.ForeignKey("actors.id"), nullable=False)


def _text(name: str, *, optional: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=optional, primary_key=key)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _yes_no(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _time(name: str = "created", *, optional: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def _one_of(column: str, *words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=column)


JOB_KINDS = ("import", "champion", "retrain", "gate")
RUN_STATUSES = ("queued", "running", "done", "failed", "cancelled")
CONFIDENCES = ("guess", "likely", "certain")


def _cases() -> None:
    op.create_table(
        "actors", _text("id", key=True), _text("kind"), _text("name"), _time(), _one_of("kind", "person", "service")
    )
    op.create_table("workspaces", _id(), _text("name"), _time(), sa.UniqueConstraint("name"))
    op.create_table(
        "workspace_revisions",
        *(_id(), _link("workspace_id", "workspaces.id"), _whole("revision"), _text("toml"), _actor(), _time()),
        sa.UniqueConstraint("workspace_id", "revision"),
    )
    op.create_table(
        "cases",
        *(_id(), _link("workspace_id", "workspaces.id"), _link("revision_id", "workspace_revisions.id")),
        *(_text("name"), _text("group_name"), _text("split"), _text("content_hash"), _time()),
        sa.UniqueConstraint("workspace_id", "name"),
        sa.UniqueConstraint("id", "split"),
        _one_of("split", "train", "validation", "calibration", "ledger", "pool"),
    )
    op.create_table(
        "case_fields",
        *(_link("case_id", "cases.id", key=True), _text("field", key=True), _whole("position")),
        _text("blob", optional=True),
        sa.Column("number", sa.Float(53)),
        _text("text", optional=True),
    )
    op.create_table(
        "case_attributes", _link("case_id", "cases.id", key=True), _text("attribute", key=True), _text("value")
    )


def _machines() -> None:
    op.create_table(
        "jobs",
        *(_id(), _text("kind"), _text("workspace"), _text("payload"), _actor(), _text("key", optional=True)),
        *(_text("status"), _whole("attempt"), _yes_no("cancel_requested"), _text("progress")),
        *(_text("checkpoint", optional=True), _text("error", optional=True), _text("worker", optional=True)),
        *(_time("lease_until", optional=True), _time(), _time("started", optional=True)),
        _time("finished", optional=True),
        _one_of("kind", *JOB_KINDS),
        _one_of("status", *RUN_STATUSES),
    )
    unfinished = sa.text("status IN ('queued', 'running')")
    op.create_index(
        "uq_jobs_unfinished_key", "jobs", ["key"], unique=True, sqlite_where=unfinished, postgresql_where=unfinished
    )
    op.create_index("ix_jobs_status", "jobs", ["status", "id"])
    op.create_table(
        "runs",
        *(_id(), _link("workspace_id", "workspaces.id"), _text("kind"), _text("strategy")),
        sa.Column("seed", sa.BigInteger, nullable=False),
        *(_yes_no("use_regions"), _text("status"), _text("parent", optional=True), _text("version", optional=True)),
        *(_link("job_id", "jobs.id", optional=True), _text("error", optional=True)),
        *(_time(), _time("finished", optional=True)),
        _one_of("kind", *JOB_KINDS),
        _one_of("status", *RUN_STATUSES),
    )


def _versions() -> None:
    op.create_table(
        "versions",
        *(_id(), _link("workspace_id", "workspaces.id"), _whole("number"), _text("name")),
        *(_link("revision_id", "workspace_revisions.id"), _link("run_id", "runs.id", optional=True)),
        *(_link("parent_id", "versions.id", optional=True), _text("weights"), _text("manifest"), _text("sha256")),
        *(_text("status"), _time()),
        sa.UniqueConstraint("workspace_id", "number"),
        sa.UniqueConstraint("workspace_id", "name"),
        _one_of("status", "candidate", "champion", "retired", "rejected"),
    )
    champion = sa.text("status = 'champion'")
    op.create_index(
        "uq_versions_champion",
        *("versions", ["workspace_id"]),
        unique=True,
        sqlite_where=champion,
        postgresql_where=champion,
    )
    op.create_table(
        "training_cases",
        *(_link("run_id", "runs.id", key=True), sa.Column("case_id", sa.Integer, primary_key=True), _text("split")),
        sa.ForeignKeyConstraint(["case_id", "split"], ["cases.id", "cases.split"]),
        sa.CheckConstraint("split <> 'ledger' AND split <> 'calibration'", name="never_judges"),
    )


def _people() -> None:
    op.create_table("claims", _link("case_id", "cases.id", key=True), _actor(), _time("expires"))
    op.create_table(
        "reads",
        *(_id(), _link("case_id", "cases.id"), _text("target"), _actor(), _text("label"), _text("confidence")),
        sa.Column("seconds", sa.Float(53)),
        _time(),
        sa.UniqueConstraint("case_id", "target", "actor_id"),
        _one_of("confidence", *CONFIDENCES),
    )
    op.create_table(
        "verdicts",
        *(_id(), _link("case_id", "cases.id"), _text("target"), _actor(), _text("label"), _text("stance")),
        *(_text("confidence"), _link("version_id", "versions.id", optional=True), _text("shown")),
        *(_link("read_id", "reads.id", optional=True), _text("idempotency_key", optional=True), _time()),
        sa.UniqueConstraint("idempotency_key"),
        _one_of("stance", "agree", "override", "unsure", "withdrawn"),
        _one_of("confidence", *CONFIDENCES),
    )
    op.create_index("ix_verdicts_standing", "verdicts", ["case_id", "target", "actor_id", "id"])
    op.create_table("run_verdicts", _link("run_id", "runs.id", key=True), _link("verdict_id", "verdicts.id", key=True))
    op.create_table(
        "artefacts",
        *(_id(), _link("workspace_id", "workspaces.id"), _text("name"), _time()),
        sa.UniqueConstraint("workspace_id", "name"),
    )
    op.create_table(
        "regions",
        *(_id(), _link("verdict_id", "verdicts.id"), _text("field"), _text("kind")),
        *(_link("artefact_id", "artefacts.id", optional=True), _text("mask", optional=True)),
        *(_text("names"), _text("spans")),
        _one_of("kind", "ignore", "look_here"),
    )
    op.create_index("ix_regions_verdict", "regions", ["verdict_id"])
    op.create_table(
        "reference_labels",
        *(_id(), _link("case_id", "cases.id"), _text("target"), _text("label"), _text("source")),
        *(_link("verdict_id", "verdicts.id", optional=True), _whole("revision"), _time()),
        sa.UniqueConstraint("case_id", "target", "revision"),
        _one_of("source", "data set", "single verdict", "agreement", "adjudication"),
    )


def _gate() -> None:
    op.create_table(
        "gate_reports",
        *(_id(), _link("version_id", "versions.id"), _link("champion_id", "versions.id", optional=True)),
        *(_text("ledger_hash"), _text("verdict"), _text("report"), _time()),
        _one_of("verdict", "pass", "fail", "not assessable"),
    )
    op.create_index("ix_gate_reports_version", "gate_reports", ["version_id"])
    op.create_table(
        "decisions",
        *(_id(), _link("workspace_id", "workspaces.id"), _link("version_id", "versions.id")),
        *(_link("previous_id", "versions.id", optional=True), _text("kind"), _text("reason")),
        *(_yes_no("overridden"), _yes_no("acknowledged"), _actor(), _time()),
        _one_of("kind", "promote", "reject", "rollback"),
    )


def _caches() -> None:
    op.create_table(
        "scores",
        *(_link("version_id", "versions.id", key=True), _text("target", key=True)),
        _link("case_id", "cases.id", key=True),
        sa.Column("probabilities", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "evidence",
        *(_link("version_id", "versions.id", key=True), _link("case_id", "cases.id", key=True)),
        *(_text("key", key=True), _text("blob"), _time()),
    )
    op.create_table("embeddings", _text("encoder_key", key=True), _text("key", key=True), _text("blob"), _whole("row"))


def _record() -> None:
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        *(_text("at"), _text("actor_id"), _text("kind"), _text("workspace", optional=True), _text("subject")),
        *(_text("payload_digest", optional=True), _text("previous_hash"), _text("hash")),
        sa.UniqueConstraint("previous_hash"),
    )
    op.create_table(
        "payloads",
        *(_id(), _link("case_id", "cases.id", optional=True), _link("verdict_id", "verdicts.id", optional=True)),
        _link("event_sequence", "audit_events.sequence", optional=True),
        *(sa.Column("salt", sa.LargeBinary), sa.Column("content", sa.LargeBinary), _text("digest")),
        sa.UniqueConstraint("verdict_id"),
        sa.UniqueConstraint("event_sequence"),
    )
    op.create_index("ix_payloads_case", "payloads", ["case_id"])


def _triggers() -> None:
    triggers.prepare()
    for table in APPEND_ONLY:
        triggers.append_only(table)
    triggers.refuse("cases_split_stays", "UPDATE OF split", "cases", "a case never changes its split")
    fixed = "workspace_id, number, name, revision_id, run_id, parent_id, weights, manifest, sha256, created"
    triggers.refuse("versions_stay", f"UPDATE OF {fixed}", "versions", "a version is immutable but for its status")
    triggers.refuse("versions_no_delete", "DELETE", "versions", "a version is never deleted")
    triggers.refuse("regions_stay", "UPDATE OF verdict_id, field, kind, artefact_id", "regions", "regions never change")
    triggers.refuse(
        *("regions_erase", "UPDATE", "regions", "a mark can only be erased"),
        "NEW.mask IS NOT NULL OR NEW.names <> '[]' OR NEW.spans <> '[]'",
    )
    triggers.refuse("regions_no_delete", "DELETE", "regions", "regions never change")
    triggers.refuse(
        *("payloads_erase", "UPDATE", "payloads", "a payload can only be erased"),
        "NEW.content IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.digest <> OLD.digest",
    )
    triggers.refuse("payloads_no_delete", "DELETE", "payloads", "a payload can only be erased")
    if not triggers.is_postgresql():  # a raw SQLite connection has its foreign keys off
        triggers.refuse(
            *("training_cases_never_judge", "INSERT", "training_cases", "this case judges models and never trains one"),
            "NEW.split IS NOT (SELECT split FROM cases WHERE cases.id = NEW.case_id)",
        )


def upgrade() -> None:
    for step in (_cases, _machines, _versions, _people, _gate, _caches, _record, _triggers):
        step()


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first schema")
