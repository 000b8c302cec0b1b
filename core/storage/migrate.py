"""Brings a database to the newest schema, in one transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from core.errors import Unavailable

_FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def newest_revision() -> str:
    """Return the newest schema revision that this release knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current_revision(tx: Connection) -> str | None:
    """Return the database's schema revision, or None when it is blank."""
    return MigrationContext.configure(tx).get_current_revision()


def upgrade(tx: Connection, where: str, revision: str = "head") -> None:
    """Migrate to `revision`; a database that is already there is left alone.

    Raises
    ------
    Unavailable
        When the database was made by a newer release, naming both revisions.
    """
    current, newest = current_revision(tx), newest_revision()
    if current == newest:
        return
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise Unavailable(
            f"The database {where} has the schema revision {current}, which is newer than this release's {newest}. "
            "Update Tandem, or choose another TANDEM_HOME."
        )
    config = _config()
    config.attributes["connection"] = tx
    command.upgrade(config, revision)
