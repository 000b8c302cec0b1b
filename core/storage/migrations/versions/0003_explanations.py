"""Explanations: quality reports of versions, concepts that people collect, and the job kind `quality`."""

import sqlalchemy as sa
from alembic import op

from core.storage.migrations import kinds, triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = ("import", "champion", "retrain", "gate")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _link(name: str, target: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(target), nullable=False, primary_key=key)


def _who_and_when() -> tuple[sa.Column[str], sa.Column[object]]:
    actor = sa.Column("actor_id", sa.Text, sa.ForeignKey("actors.id"), nullable=False)
    return actor, sa.Column("created", sa.DateTime(timezone=True), nullable=False)


def _tables() -> None:
    op.create_table(
        "quality_reports",
        *(_id(), _link("version_id", "versions.id"), sa.Column("target", sa.Text, nullable=False)),
        *(sa.Column("report", sa.Text, nullable=False), *_who_and_when()),
    )
    op.create_index("ix_quality_reports_version", "quality_reports", ["version_id", "target", "id"])
    op.create_table(
        "concepts",
        *(_id(), _link("workspace_id", "workspaces.id"), sa.Column("name", sa.Text, nullable=False)),
        *_who_and_when(),
        sa.UniqueConstraint("workspace_id", "name"),
    )
    op.create_table(
        "concept_cases",
        *(_link("concept_id", "concepts.id", key=True), _link("case_id", "cases.id", key=True)),
        *(sa.Column("present", sa.Boolean, nullable=False), *_who_and_when()),
    )


def upgrade() -> None:
    _tables()
    for table in ("jobs", "runs"):
        kinds.widen(table, KINDS, (*KINDS, "quality"))
    triggers.append_only("quality_reports")


def downgrade() -> None:
    raise NotImplementedError("schemas only go forward")
