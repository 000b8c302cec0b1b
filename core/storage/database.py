"""The open database: one writer at a time on SQLite, plain words when it can't save."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import Unavailable
from core.settings import Settings
from core.storage import chain_head, migrate
from core.storage.schema import audit_events

BUSY_SECONDS = 10.0
"""How long a writer waits for another one before it gives up."""
APPENDED = "audit_appended"
"""Flag in `Connection.info`: this transaction appended to the audit chain."""
_MIGRATION_LOCK = 7_203_001
_POOL = {"pool_size": 8, "max_overflow": 56, "pool_timeout": BUSY_SECONDS}
_PLAIN_WORDS = (
    ("locked", "is busy: another process kept it locked for more than 10 seconds. Try again."),
    ("full", "can't be written: the disk is full. Free some space and try again."),
    ("not a database", "is damaged: this is not a database file. Bring it back from a backup."),
    ("malformed", "is damaged. Bring it back from a backup."),
    ("deadlock", "was changed by somebody else at the same moment; nothing was saved. Try again."),
    ("readonly", "is read-only. Make the file and its folder writable for this user and start again."),
    ("read-only", "is read-only. Make it writable for this user and start again."),
    ("unable to open", "can't be opened. Check that the folder exists and is writable for this user."),
)
_log = logging.getLogger(__name__)


class Database:
    """An open, migrated database that threads share; make it with `open_database`."""

    def __init__(self, writer: Engine, reader: Engine, home: Path) -> None:
        self._writer = writer
        self._reader = reader
        self._home = home
        self._turn = threading.Lock()
        self._owner: int | None = None
        self._is_sqlite = writer.dialect.name == "sqlite"

    @property
    def where(self) -> str:
        """The database's address for messages, without a password."""
        url = self._writer.url
        return str(url.database) if self._is_sqlite else url.render_as_string(hide_password=True)

    @property
    def head_path(self) -> Path:
        """The file that keeps the head of the audit chain."""
        return self._home / "audit.head"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one consistent state and can't write.

        Raises
        ------
        Unavailable
            When the database does not answer.
        """
        with plain_errors(self.where), self._reader.connect() as tx, tx.begin():
            yield tx

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection whose work is committed at the end, or rolled back when the block raises.

        Not to be nested. After a commit that appended to the audit chain, the head file follows.

        Raises
        ------
        Unavailable
            When nothing could be saved: locked, disk full, read-only, unreachable.
        """
        with self._one_writer(), plain_errors(self.where), self._writer.connect() as tx:
            tx.info.pop(APPENDED, None)
            with tx.begin():
                yield tx
            appended = tx.info.pop(APPENDED, False)
        if appended:
            self._follow_chain()

    def ok(self) -> str:
        """Return `ok` when the database answers and can be written.

        Raises
        ------
        Unavailable
            Otherwise, with the reason.
        """
        if self._is_sqlite and not os.access(str(self._writer.url.database), os.W_OK, effective_ids=True):
            raise Unavailable(f"The database {self.where} is read-only. Make it writable for this user.")
        with self.read() as tx:
            tx.execute(select(text("1"))).one()
        return "ok"

    def forget(self) -> bool:
        """Empty SQLite's write-ahead log, which still holds what was erased; tell whether that was possible.

        It is not while somebody reads an older state; the next call tries again. PostgreSQL looks after itself.
        """
        if not self._is_sqlite:
            return True
        with self._one_writer(), plain_errors(self.where), self._writer.connect() as connection:
            cursor = connection.connection.cursor()  # no transaction: a checkpoint can't run in one
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.close()
        return not busy

    def close(self) -> None:
        """Close all idle connections."""
        self._writer.dispose()
        self._reader.dispose()

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        if not self._is_sqlite:
            yield
            return
        if self._owner == threading.get_ident():
            raise RuntimeError("Database.write can't be nested: pass the open connection on")
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise Unavailable(f"The database {self.where} is busy: another writer did not finish. Try again.")
        self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._owner = None
            self._turn.release()

    def _follow_chain(self) -> None:
        try:
            write_head(self, self.head_path)
        except (OSError, Unavailable):
            _log.warning("the audit head file could not be written; the next event brings it up to date", exc_info=True)


def write_head(db: Database, head_path: Path) -> None:
    """Bring the head file up to the last committed audit event."""
    column = audit_events.c
    with db.read() as tx:
        last = tx.execute(select(column.sequence, column.hash).order_by(column.sequence.desc()).limit(1)).first()
        if last is None:
            return

        def hash_at(sequence: int) -> str | None:
            return tx.execute(select(column.hash).where(column.sequence == sequence)).scalar()

        chain_head.advance_head(head_path, chain_head.ChainHead(last.sequence, last.hash), hash_at)


def open_database(settings: Settings) -> Database:
    """Open the database of `settings`, made and migrated as needed; safe for several processes at once.

    Raises
    ------
    Unavailable
        When the home or the database can't be written or reached, or comes from a newer release.
    """
    url = _address(settings.database_url)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        lock = chain_head.file_lock(settings.home / "open.lock")
        with lock:
            return _open(url, settings.home)
    except OSError as error:
        raise Unavailable(
            f"The folder {settings.home} can't be written ({error.strerror}). "
            "Make it writable for this user, or set TANDEM_HOME to another folder."
        ) from error


def _address(given: str) -> URL:
    try:
        url = make_url(given)
    except ArgumentError:
        raise Unavailable(
            "TANDEM_DATABASE_URL is no database address. Use sqlite:////path/file.db or postgresql://user@host/name."
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql") or not url.database or url.database == ":memory:":
        raise Unavailable(
            f"TANDEM_DATABASE_URL names {url.drivername!r}; wanted a SQLite file or a PostgreSQL database. "
            "Use sqlite:////path/file.db or postgresql://user@host/name."
        )
    return url


def _open(url: URL, home: Path) -> Database:
    is_sqlite = url.get_backend_name() == "sqlite"
    db = Database(*(_sqlite_engines(url) if is_sqlite else _postgresql_engines(url)), home)
    try:
        with db.write() as tx:
            if not is_sqlite:
                tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            migrate.upgrade(tx, db.where)
            blank = tx.execute(select(audit_events.c.sequence).limit(1)).first() is None
        if blank:
            chain_head.start_head(db.head_path)
    except BaseException:
        db.close()
        raise
    return db


def _sqlite_engines(url: URL) -> tuple[Engine, Engine]:
    def engine(begin: str, *pragmas: str) -> Engine:
        made = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None}, **_POOL)
        event.listen(made, "connect", _pragmas(*pragmas))
        event.listen(made, "begin", lambda connection: connection.exec_driver_sql(begin))
        return made

    writer = engine("BEGIN IMMEDIATE", "journal_mode=WAL", "secure_delete=ON")
    return writer, engine("BEGIN", "query_only=ON")


def _pragmas(*pragmas: str) -> Callable[[object, ConnectionPoolEntry], None]:
    def set_up(connection: object, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return set_up


def _postgresql_engines(url: URL) -> tuple[Engine, Engine]:
    writer = create_engine(url, pool_pre_ping=True, **_POOL)
    reader = create_engine(url, pool_pre_ping=True, isolation_level="REPEATABLE READ", **_POOL)
    return writer, reader.execution_options(postgresql_readonly=True)


@contextmanager
def plain_errors(where: str) -> Iterator[None]:
    """Turn what a database says when it can't work into `Unavailable` with a plain message."""
    try:
        yield
    except PoolTimeout:
        raise Unavailable(f"The database {where} is busy: all its connections are in use. Try again.") from None
    except DBAPIError as error:
        damaged = type(error) is DatabaseError  # neither operation nor integrity nor data: the file itself
        if not (damaged or isinstance(error, OperationalError) or error.connection_invalidated):
            raise
        said = str(error.orig).strip()
        words = next((plain for key, plain in _PLAIN_WORDS if key in said.lower()), f"can't be used now ({said}).")
        raise Unavailable(f"The database {where} {words}") from error
