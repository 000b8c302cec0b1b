"""A disk that is full, a database that is read-only or too new, a port in use: told in words, nothing half written."""

import ctypes
import os
import resource
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.contracts import Progress
from core.errors import Unavailable
from core.services.jobs import REPORT_SECONDS, JobContext
from core.storage import database, jobs
from tests.faults.consistency import damaged_files, problems
from tests.faults.desk import Desk, refused
from tests.helpers.tiny_folder import write_mask, write_tiny_folder
from tests.helpers.tiny_product import WORKSPACE, names_of, retrain, verdict

DISK_BYTES = 24 * 2**20
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
LARGEST_FILE = 4 * 2**20


def without_privilege() -> None:
    """Let file permissions hold for a process of root too; runs in the child before the command."""
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) != 0:
        os._exit(77)


def with_small_files() -> None:
    """Refuse writes beyond 4 MB of a file; runs in the child before the command."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


class SmallDisk:
    """A file system of its own for a home, that can be filled to the last byte."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._filler = desk.home.parent / "filler"

    def fill(self) -> None:
        """Leave not a byte."""
        with self._filler.open("wb", buffering=0) as file:
            for size in (2**16, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Make room again."""
        self._filler.unlink()


@pytest.fixture
def small_disk(tiny_home, tmp_path) -> Iterator[SmallDisk]:
    """The tiny workspace on a small file system; skips where nobody may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tandem-test", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a file system")
    try:
        yield SmallDisk(Desk(tiny_home).copy(place / "home"))
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def new_images(folder: Path, count: int = 80) -> Path:
    """Write large images of noise and a table of them; return the workspace file."""
    toml = write_tiny_folder(folder)
    generator, rows = np.random.default_rng(0), ["image,side"]
    for number in range(count):
        Image.fromarray(generator.integers(0, 256, (700, 700), dtype=np.uint8)).save(folder / f"large{number}.png")
        rows.append(f"large{number}.png,above")
    (folder / "cases.csv").write_text("\n".join(rows))
    return toml


def stored(desk: Desk) -> list[list[tuple]]:
    """What people would miss: cases, verdicts, versions, decisions, the record."""
    tables = ("cases", "verdicts", "reads", "versions", "runs", "decisions", "audit_events")
    return [desk.rows(f"SELECT * FROM {table}") for table in tables]


@pytest.mark.parametrize("room", ["none", "some"])
def test_an_import_that_fills_the_disk_adds_nothing(small_disk, tmp_path, room):
    desk = small_disk.desk
    toml = new_images(tmp_path / "data")
    before = stored(desk)
    if room == "none":
        small_disk.fill()
        assert desk.run("status").returncode == 0  # what is there can be read
    said = refused(desk.run("import", str(toml), str(tmp_path / "data")))
    assert "is full; nothing was saved. Free some space and try again." in said
    if room == "none":
        small_disk.free()
    assert stored(desk) == before
    assert not any(name.split("/")[1].startswith(".") for name in desk.files())
    assert damaged_files(desk) == []
    assert problems(desk) == []
    assert desk.run("status").returncode == 0


def test_a_verdict_on_a_full_disk_is_refused_whole_and_can_be_given_again(small_disk, tmp_path):
    desk = small_disk.desk
    mask = write_mask(tmp_path / "mask.png")
    given = ("verdict", WORKSPACE, "t002", "--label", "above", "--ignore", str(mask), "--artefact", "corner")
    with desk.services() as services:
        name = names_of(services, "pool")[0]
        before = stored(desk)
        small_disk.fill()
        with pytest.raises(Unavailable, match="full"):
            verdict(services, name)
        with pytest.raises(Unavailable, match="full"):
            services.runtime.blobs.put(bytes(100_000))
        small_disk.free()
        assert stored(desk) == before
        assert verdict(services, name).verdict_id
    assert desk.run(*given).returncode == 0
    assert problems(desk) == []


def test_a_training_on_a_full_disk_ends_when_there_is_room_again(small_disk):
    desk = Desk(small_disk.desk.home, {"TANDEM_LEASE_SECONDS": "0.2"})
    with desk.services() as services:
        verdict(services, names_of(services, "pool")[0])
        services.retraining.start(WORKSPACE, actor=services.default_actor)
        small_disk.fill()
        with pytest.raises(Unavailable, match="full"):
            services.jobs.work_once()
        small_disk.free()
        assert retrain(services) == "v2"
    assert problems(desk) == []


@pytest.mark.slow
def test_a_file_that_may_not_grow_is_told_and_nothing_is_half_written(tiny, tmp_path):
    toml = write_tiny_folder(tmp_path / "data")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (2500, 2500), dtype=np.uint8)).save(
        tmp_path / "data" / "large.png"
    )
    (tmp_path / "data" / "cases.csv").write_text("image,side\nlarge.png,above\n")
    before, files = stored(tiny), tiny.files()
    result = tiny.run_process("import", str(toml), str(tmp_path / "data"), preexec_fn=with_small_files)
    assert "nothing was saved" in refused(result)
    assert stored(tiny) == before
    assert tiny.files() == files


@pytest.fixture(params=["the file", "the home"])
def read_only(request, tiny) -> Iterator[Desk]:
    """A home in which the database, or everything, may only be read."""
    everything = [tiny.home, *tiny.home.rglob("*")]
    closed = [tiny.home / "tandem.db"] if request.param == "the file" else everything
    modes = [(path, path.stat().st_mode) for path in closed]
    for path, mode in modes:
        path.chmod(mode & ~0o222)
    yield tiny
    for path, mode in modes:
        path.chmod(mode)


@pytest.mark.slow
def test_a_read_only_home_is_told_and_stays_as_it_is(read_only):
    before = stored(read_only)
    result = read_only.run_process("verdict", WORKSPACE, "t002", "--label", "above", preexec_fn=without_privilege)
    if result.returncode == 77:
        pytest.skip("needs the right to give up a privilege")
    said = refused(result)
    assert "is read-only" in said or "can't be written (Permission denied)" in said
    assert "writable for this user" in said
    assert stored(read_only) == before


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("worker",),
        ("audit", "verify"),
        ("verdict", WORKSPACE, "t002", "--label", "above"),
        ("retrain", WORKSPACE),
        ("gc",),
    ],
)
def test_a_database_of_a_newer_release_is_told_and_stays_as_it_is(tiny, command):
    with closing(sqlite3.connect(tiny.home / "tandem.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = stored(tiny)
    said = refused(tiny.run(*command))
    assert "'9999'" in said or "9999" in said
    assert "newer than this release's" in said
    assert "Update Tandem" in said
    assert stored(tiny) == before
    assert tiny.rows("SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_port_in_use_is_told_with_another_one(tiny):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        said = refused(Desk(tiny.home, {"PORT": str(port)}).run("serve"))
    assert f"Port {port} can't be used (Address already in use)" in said
    assert f"PORT={port + 1} make run" in said


@pytest.mark.parametrize(
    ("port", "words"), [("0", "at least 1"), ("65536", "between 1 and 65535"), ("http", "must be a number")]
)
def test_a_port_that_is_none_is_told(tiny, port, words):
    assert words in refused(Desk(tiny.home, {"PORT": port}).run("serve"))


def test_a_busy_database_does_not_end_a_training(tiny, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with tiny.services() as services:
        runtime = services.runtime
        verdict(services, names_of(services, "pool")[0])
        services.retraining.start(WORKSPACE, actor=services.default_actor)
        with runtime.database.write() as tx:
            job = jobs.claim_next(tx, "one", 60)
        context = JobContext(runtime, job, "one", threading.Event())
        with closing(sqlite3.connect(tiny.home / "tandem.db", isolation_level=None)) as rival:
            rival.execute("BEGIN IMMEDIATE")
            context.report(Progress("training", 1, 2))  # can't be written, and is not missed
            rival.execute("ROLLBACK")
        time.sleep(REPORT_SECONDS)
        context.report(Progress("training", 2, 2))
        assert services.jobs.get(job.id).progress.done == 2
