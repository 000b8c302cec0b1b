"""Tokens of programs: only a digest of each is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Text, sa.ForeignKey("actors.id"), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("digest"),
    )
    valid = sa.text("revoked IS NULL")
    op.create_index("uq_tokens_valid_name", "tokens", ["name"], unique=True, sqlite_where=valid, postgresql_where=valid)


def downgrade() -> None:
    raise NotImplementedError("schemas only go forward")
