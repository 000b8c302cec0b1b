"""Files by the sha256 of their content: images, masks, weights, embeddings."""

import errno
import fcntl
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from core.errors import NotFound, Unavailable
from core.storage import schema
from core.storage.chain_head import sync_folder
from core.storage.database import Database

_NAME = re.compile(r"[0-9a-f]{64}")
_NAMED_BY = (
    schema.case_fields.c.blob,
    schema.regions.c.mask,
    schema.versions.c.weights,
    schema.versions.c.manifest,
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
        """Store many blobs, in order; each is whole or absent when this fails. Raises as `put`."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with self._lock(fcntl.LOCK_SH):
                return [self._put(data) for data in items]
        except OSError as error:
            raise Unavailable(_plain(error, self.root)) from error

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

    def _put(self, data: bytes) -> str:
        sha = hashlib.sha256(data).hexdigest()
        target = self.path(sha)
        if target.exists() and target.stat().st_size == len(data):
            os.utime(target)  # young again: a transaction is about to name it
            return sha
        if not target.parent.exists():
            target.parent.mkdir(exist_ok=True)
            sync_folder(self.root)
        temporary = target.parent / f".{uuid.uuid4().hex}"
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(target.parent)
        return sha

    @contextmanager
    def _lock(self, how: int) -> Iterator[None]:
        handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    def _remove(self, file: Path, before: float) -> int | None:
        """Delete `file` unless it became young meanwhile; return its size."""
        with self._lock(fcntl.LOCK_EX):
            state = file.stat()
            if state.st_mtime >= before:
                return None
            file.unlink()
            return state.st_size


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
    removed = freed = kept = 0
    for file in sorted(blobs.root.glob("??/*")):
        size = None
        if file.parent.name + file.name not in named and file.stat().st_mtime < before:
            size = blobs._remove(file, before)
        removed, freed, kept = removed + (size is not None), freed + (size or 0), kept + (size is None)
    return GarbageReport(removed, freed, kept)


def _named(db: Database) -> set[str]:
    named: set[str] = set()
    with db.read() as tx:
        for column in _NAMED_BY:
            named.update(tx.execute(select(column).where(column.is_not(None)).distinct()).scalars())
    return named
