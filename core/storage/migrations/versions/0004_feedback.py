"""Feedback: plan and outcome of a run, its control model, proposed marks, and the job kind `spread`."""

import sqlalchemy as sa
from alembic import op

from core.storage.migrations import kinds, triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KINDS = ("import", "champion", "retrain", "gate", "quality")


def _text(name: str, *, optional: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=optional, server_default=default)


def _link(name: str, target: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(target), nullable=False, primary_key=key)


def _time(name: str = "created", *, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def _runs() -> None:
    op.add_column("runs", _text("plan", default="{}"))
    op.add_column("runs", _text("outcome", optional=True))
    op.create_table(
        "run_controls",
        *(_link("run_id", "runs.id", key=True), _text("weights"), _text("manifest"), _text("sha256"), _time()),
    )
    triggers.append_only("run_controls")


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer, primary_key=True),
        *(_link("artefact_id", "artefacts.id"), _link("case_id", "cases.id"), _text("field")),
        *(_text("mask", optional=True), _text("names", default="[]"), _text("spans", default="[]")),
        *(sa.Column("probability", sa.Float(53), nullable=False), _text("status")),
        *(sa.Column("search_id", sa.Integer, nullable=False), _time("decided", optional=True)),
        sa.Column("decision", sa.Integer, nullable=True),
        sa.Column("actor_id", sa.Text, sa.ForeignKey("actors.id"), nullable=True),
        _time(),
        sa.CheckConstraint("status IN ('open', 'accepted', 'rejected')", name="status"),
    )
    op.create_index("ix_proposals_artefact", "proposals", ["artefact_id", "status"])
    op.create_index("ix_proposals_case", "proposals", ["case_id"])


def upgrade() -> None:
    _runs()
    _proposals()
    for table in ("jobs", "runs"):
        kinds.widen(table, KINDS, (*KINDS, "spread"))


def downgrade() -> None:
    raise NotImplementedError("schemas only go forward")
