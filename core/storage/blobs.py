"""Files by the sha256 of their content: images, masks, weights, embeddings."""

import ctypes
import errno
import fcntl
import hashlib
import os
import re
import time
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from core.errors import NotFound, Unavailable
from core.storage import schema
from core.storage.database import Database

_BATCH = 256
"""Blobs per durable step of `put_many`: as many open files."""
_MANY = 16
"""From here on one flush of the file system is cheaper than as many journal commits (measured: 20 times)."""
_SYNC_FILE_SYSTEM = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
"""Linux: flushes a whole file system and tells write errors (kernel 5.8 or newer)."""
_NAME = re.compile(r"[0-9a-f]{64}")
_NAMED_BY = (
    schema.case_fields.c.blob,
    schema.regions.c.mask,
    schema.versions.c.weights,
    schema.versions.c.manifest,
    schema.run_controls.c.weights,
    schema.run_controls.c.manifest,
    schema.proposals.c.mask,
    schema.guards.c.state,
    schema.trade_points.c.weights,
    schema.trade_points.c.manifest,
    schema.jobs.c.checkpoint,
    schema.evidence.c.blob,
    schema.embeddings.c.blob,
)


class BlobStore:
    """A folder of immutable blobs; equal content is stored once. Threads and processes may share it.

    Example
    -------
    >>> store = BlobStore(Path("blobs"))  # doctest: +SKIP
    >>> store.get(store.put(b"pixels"))  # doctest: +SKIP
    b'pixels'
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes) -> str:
        """Store `data` durably and return its sha256 (hex).

        Raises
        ------
        Unavailable
            When the disk is full or can't be written; nothing is half written then.
        """
        return self.put_many([data])[0]

    def put_many(self, items: Iterable[bytes]) -> list[str]:
        """Store many blobs and return their names in order; `items` may be lazy. Raises as `put`.

        When it fails, some may have been stored, each of them whole: nothing names them, so `collect_garbage`
        takes them.
        """
        names: list[str] = []
        source = iter(items)
        while some := list(islice(source, _BATCH)):
            with self._plain_errors():
                self.root.mkdir(parents=True, exist_ok=True)
                with self._lock(fcntl.LOCK_SH):
                    names += self._put_batch(some)
        return names

    def get(self, sha: str) -> bytes:
        """Return the content, checked against its hash.

        Raises
        ------
        NotFound
            When there is no such blob, or `sha` is not 64 hexadecimal digits.
        Unavailable
            When the file is damaged.
        """
        try:
            data = self.path(sha).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"The stored file {sha[:12]}... is missing. Bring it back from a backup.") from None
        except OSError as error:
            raise Unavailable(f"The stored file {sha[:12]}... can't be read ({error.strerror}).") from error
        if hashlib.sha256(data).hexdigest() != sha:
            raise Unavailable(f"The stored file {sha[:12]}... is damaged. Bring it back from a backup.")
        return data

    def has(self, sha: str) -> bool:
        """Return whether there is such a blob."""
        return self.path(sha).is_file()

    def path(self, sha: str) -> Path:
        """Return where the blob lies. Raises `NotFound` unless `sha` is 64 hexadecimal digits."""
        if not _NAME.fullmatch(sha):
            raise NotFound(f"{sha[:80]!r} is not the name of a stored file: wanted 64 hexadecimal digits.")
        return self.root / sha[:2] / sha[2:]

    def _put_batch(self, some: list[bytes]) -> list[str]:
        names = [hashlib.sha256(data).hexdigest() for data in some]
        targets = [self.path(name) for name in names]
        written: dict[Path, BinaryIO] = {}
        try:
            for target, data in zip(targets, some, strict=True):
                if target not in written and not _refreshed(target, len(data)):
                    written[target] = self._write(target, data)
            _flush([file.fileno() for file in written.values()])
            for target, file in written.items():
                Path(file.name).replace(target)
            _flush_folders({self.root, *(target.parent for target in targets)})
        finally:
            for file in written.values():
                file.close()
                Path(file.name).unlink(missing_ok=True)
        return names

    def _write(self, target: Path, data: bytes) -> BinaryIO:
        """Write `data` beside `target` under a temporary name and return the open file."""
        target.parent.mkdir(exist_ok=True)
        file = (target.parent / f".{uuid.uuid4().hex}").open("xb")
        try:
            file.write(data)
            file.flush()
        except BaseException:
            Path(file.name).unlink()
            with suppress(OSError):  # closing tries to write the rest again
                file.close()
            raise
        return file

    @contextmanager
    def _lock(self, how: int) -> Iterator[None]:
        handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(_plain(error, self.root)) from error

    def remove_old(self, file: Path, before: float) -> int | None:
        """Delete a file of the store if it was last put before this time (seconds of the epoch).

        Returns its size in bytes, or None when it is younger or gone. No `put` can run in between.
        """
        with self._plain_errors(), self._lock(fcntl.LOCK_EX):
            with suppress(FileNotFoundError):
                state = file.stat()
                if state.st_mtime < before:
                    file.unlink()
                    return state.st_size
            return None


def _refreshed(target: Path, size: int) -> bool:
    """Return whether the blob is there, and make it young again: a transaction is about to name it."""
    if not target.exists() or target.stat().st_size != size:
        return False
    os.utime(target)
    return True


def _flush(handles: Sequence[int]) -> None:
    """Make open files or folders durable; many of them by one flush of their file system, where there is one."""
    if len(handles) >= _MANY and _SYNC_FILE_SYSTEM is not None:
        if _SYNC_FILE_SYSTEM(handles[0]) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return
    for handle in handles:
        os.fsync(handle)


def _flush_folders(folders: Collection[Path]) -> None:
    with ExitStack() as opened:
        handles = [os.open(folder, os.O_RDONLY) for folder in folders]
        for handle in handles:
            opened.callback(os.close, handle)
        _flush(handles)


def _plain(error: OSError, root: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {root} is full; nothing was saved. Free some space and try again."
    return f"{root} can't be written ({error.strerror}); nothing was saved. Make it writable for this user."


@dataclass(frozen=True, slots=True)
class GarbageReport:
    """What a collection removed and what it left."""

    removed: int
    bytes_freed: int
    kept: int


def collect_garbage(db: Database, blobs: BlobStore, minimum_age_seconds: float = 3600) -> GarbageReport:
    """Remove blobs that no table names, and left-over temporary files.

    Nothing younger than `minimum_age_seconds` is removed: a transaction may be about to name it.
    """
    before = time.time() - minimum_age_seconds
    named = _named(db)
    sizes = [
        None if file.parent.name + file.name in named else blobs.remove_old(file, before)
        for file in sorted(blobs.root.glob("??/*"))
    ]
    removed = [size for size in sizes if size is not None]
    return GarbageReport(len(removed), sum(removed), len(sizes) - len(removed))


def _named(db: Database) -> set[str]:
    named: set[str] = set()
    with db.read() as tx:
        for column in _NAMED_BY:
            named.update(tx.execute(select(column).where(column.is_not(None)).distinct()).scalars())
        asked = select(schema.jobs.c.payload).where(schema.jobs.c.status.in_(("queued", "running")))
        for payload in tx.execute(asked).scalars():
            named.update(_NAME.findall(payload))
    return named
