"""Together: suspensions, guards, routings, arms, adjudications, readers, trade-off, robustness, and their job kinds."""

import sqlalchemy as sa
from alembic import op

from core.storage.migrations import kinds, triggers

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = ("import", "champion", "retrain", "gate", "quality", "spread")
ARMS = "arm IN ('usual', 'ai off', 'known wrong')"
METRICS = "metric IN ('demographic_parity', 'equal_opportunity', 'equalised_odds', 'worst_group')"


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, *, optional: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=optional, server_default=default)


def _link(name: str, target: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(target), nullable=False, primary_key=key)


def _actor(*, key: bool = False) -> sa.Column[str]:
    return sa.Column("actor_id", sa.Text, sa.ForeignKey("actors.id"), nullable=False, primary_key=key)


def _time() -> sa.Column[object]:
    return sa.Column("created", sa.DateTime(timezone=True), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _guard() -> None:
    op.create_table(
        "suspensions",
        *(_id(), _link("workspace_id", "workspaces.id"), _flag("suspended"), _text("reason"), _actor(), _time()),
    )
    op.create_index("ix_suspensions_workspace", "suspensions", ["workspace_id", "id"])
    op.create_table(
        "guards",
        *(_link("version_id", "versions.id", key=True), _text("state", optional=True), _text("rules"), _time()),
    )
    op.create_table(
        "routings",
        *(_id(), _link("case_id", "cases.id"), _link("version_id", "versions.id"), _text("target"), _text("label")),
        *(_flag("accepted"), _flag("automatic"), _text("reasons"), _time()),
        sa.UniqueConstraint("case_id", "version_id", "target"),
    )
    op.create_index("ix_routings_version", "routings", ["version_id", "accepted"])
    op.create_table(
        "robustness_reports",
        *(_id(), _link("version_id", "versions.id"), _text("target"), _text("report"), _actor(), _time()),
    )
    op.create_index("ix_robustness_reports_version", "robustness_reports", ["version_id", "target", "id"])


def _readers() -> None:
    op.create_table(
        "arms",
        *(_link("case_id", "cases.id", key=True), _actor(key=True), _text("arm")),
        *(_text("shown", optional=True), _time()),
        sa.CheckConstraint(ARMS, name="arm"),
    )
    op.create_table(
        "adjudications",
        *(_id(), _link("case_id", "cases.id"), _text("target"), _text("label"), _text("verdict_ids")),
        *(_actor(), _time()),
    )
    op.create_index("ix_adjudications_case", "adjudications", ["case_id", "target"])
    op.create_table(
        "readers",
        *(_link("workspace_id", "workspaces.id", key=True), _actor(key=True)),
        *(sa.Column("number", sa.Integer, nullable=False), _text("experience", default=""), _time()),
        sa.UniqueConstraint("workspace_id", "number"),
    )


def _trade_off() -> None:
    op.create_table(
        "trade_points",
        *(_id(), _link("workspace_id", "workspaces.id"), _link("job_id", "jobs.id")),
        *(_link("revision_id", "workspace_revisions.id"), _text("target"), _text("attribute"), _text("metric")),
        *(_text("strategy"), sa.Column("gap_limit", sa.Float(53), nullable=True)),
        *(sa.Column("seed", sa.Integer, nullable=False), _text("weights"), _text("manifest"), _text("sha256")),
        *(_text("figures"), _text("parent", optional=True), _text("version", optional=True), _time()),
        sa.CheckConstraint(METRICS, name="metric"),
    )
    op.create_index("ix_trade_points_workspace", "trade_points", ["workspace_id", "job_id"])


def upgrade() -> None:
    _guard()
    _readers()
    _trade_off()
    for table in ("suspensions", "arms", "adjudications", "robustness_reports"):
        triggers.append_only(table)
    for table in ("jobs", "runs"):
        kinds.widen(table, KINDS, (*KINDS, "tradeoff", "robustness", "route"))


def downgrade() -> None:
    raise NotImplementedError("schemas only go forward")
