"""The head of the audit chain, kept in a file beside the database so that a cut tail is found."""

import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.storage.columns import from_json, to_json

GENESIS = "0" * 64
"""The `previous_hash` of the first event."""


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last link that is known to be committed; sequence 0 is the empty chain."""

    sequence: int
    hash: str


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` (created when missing) against all threads and processes."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read_head(path: Path) -> ChainHead | None:
    """Return the head that the file holds, or None when there is no readable one."""
    try:
        stored = from_json(path.read_text(encoding="utf-8"))
        return ChainHead(int(stored["sequence"]), str(stored["hash"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def start_head(path: Path) -> None:
    """Write the head of the empty chain, if there is no file yet."""
    with file_lock(path.with_suffix(".lock")):
        if not path.exists():
            _replace(path, ChainHead(0, GENESIS))


def advance_head(path: Path, latest: ChainHead, hash_at: Callable[[int], str | None]) -> None:
    """Move the head forward to `latest`, never backwards and never onto another chain.

    `hash_at` returns the hash of a committed event. When the event that the file names is gone or differs, the
    file stays as it is, so that the damage stays visible; so does a missing file.
    """
    with file_lock(path.with_suffix(".lock")):
        kept = read_head(path)
        if kept is None or kept.sequence >= latest.sequence:
            return
        if kept.sequence == 0 or hash_at(kept.sequence) == kept.hash:
            _replace(path, latest)


def _replace(path: Path, head: ChainHead) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(to_json({"hash": head.hash, "sequence": head.sequence}))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
