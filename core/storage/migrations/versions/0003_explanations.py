"""Explanations: quality reports of versions, concepts that people collect, and the job kind `quality`."""

import sqlalchemy as sa
from alembic import op

from core.storage.migrations import triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = "kind IN ('import', 'champion', 'retrain', 'gate')"
MORE_KINDS = "kind IN ('import', 'champion', 'retrain', 'gate', 'quality')"


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


def _kind_of(table: str) -> None:
    """Let `table` hold the new kind of job.

    SQLite can't change a CHECK, and a rebuilt table would break the foreign keys that lead to it; so the text of the
    schema is changed, as "Making Other Kinds Of Table Schema Changes" of SQLite's ALTER TABLE page says for a CHECK.
    """
    if triggers.is_postgresql():
        op.drop_constraint(op.f(f"ck_{table}_kind"), table, type_="check")
        op.create_check_constraint("kind", table, MORE_KINDS)
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?)",
        (KINDS, MORE_KINDS, table, KINDS),
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"the table {table} has not the check on its kind that was expected")
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")


def upgrade() -> None:
    _tables()
    _kind_of("jobs")
    _kind_of("runs")
    triggers.append_only("quality_reports")


def downgrade() -> None:
    raise NotImplementedError("schemas only go forward")
