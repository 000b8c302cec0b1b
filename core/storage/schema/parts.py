"""The metadata and the column shapes that all tables share."""

from typing import get_args

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, MetaData, Text

from core.storage.columns import UtcDateTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def identity() -> Column[int]:
    """Return the column `id`, numbered by the database."""
    return Column("id", Integer, primary_key=True)


def link(name: str, target: str, *, optional: bool = False, key: bool = False) -> Column[int]:
    """Return a foreign key to the whole number `target` (`table.column`)."""
    return Column(name, Integer, ForeignKey(target), nullable=optional, primary_key=key)


def actor() -> Column[str]:
    """Return the column that names who did it."""
    return Column("actor_id", Text, ForeignKey("actors.id"), nullable=False)


def words(name: str, *, optional: bool = False, key: bool = False) -> Column[str]:
    """Return a text column of any length."""
    return Column(name, Text, nullable=optional, primary_key=key)


def time(name: str = "created", *, optional: bool = False) -> Column[object]:
    """Return a column of UTC times."""
    return Column(name, UtcDateTime, nullable=optional)


def one_of(column: str, vocabulary: object) -> CheckConstraint:
    """Return a check that `column` holds one of the words of a Literal of `core.contracts.kinds`."""
    allowed = ", ".join(f"'{word}'" for word in get_args(vocabulary))
    return CheckConstraint(f"{column} IN ({allowed})", name=column)
