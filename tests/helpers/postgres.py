"""A private PostgreSQL server for tests: made by initdb, reached over its own socket, stopped by its own pid."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.helpers.product import free_port

ROOM_BYTES = 2 * 2**30
READY_SECONDS = 60.0
UNPRIVILEGED = ("postgres", "nobody")


class NoPostgres(RuntimeError):
    """There is no PostgreSQL that this user can start; the message says why."""


def programs() -> Path:
    """Return the folder of the newest installed `initdb` and `postgres`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise NoPostgres("needs PostgreSQL's initdb: run tests/ensure_system.sh")
    return found[-1].parent if found else Path(str(on_path)).parent


def _account() -> dict[str, object]:
    """PostgreSQL refuses to run as root: name an unprivileged account for subprocess then."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    name = next((name for name in UNPRIVILEGED if name in known), None)
    if name is None:
        raise NoPostgres("needs an account for PostgreSQL, which does not run as root")
    return {"user": name, "group": known[name].pw_gid, "extra_groups": []}


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the address of a blank server, in which `{name}` stands for the database."""
    bin_folder, account, port = programs(), _account(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="tandem-pg-", dir=_quick_folder()))
    try:
        if account:
            os.chown(folder, pwd.getpwnam(str(account["user"])).pw_uid, int(str(account["group"])))
        common = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **account}
        data = ["-D", str(folder / "data")]
        initdb = ["--auth=trust", "--username=tandem", "--encoding=UTF8", "--no-sync", "--locale=C"]
        subprocess.run([str(bin_folder / "initdb"), *data, *initdb], check=True, timeout=120, **common)
        options = {"listen_addresses": "", "unix_socket_directories": folder, "port": port}
        options |= {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": 0}
        flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        server = subprocess.Popen([str(bin_folder / "postgres"), *data, *flags], **common)
        try:
            address = f"postgresql://tandem@/{{name}}?host={folder}&port={port}"
            _wait_until_ready(server, address.format(name="postgres"))
            yield address
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing on it is kept, so nothing needs writing
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _quick_folder() -> str | None:
    """Return a folder in memory when there is one with room, else None: the usual one."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES else None


def _wait_until_ready(server: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise NoPostgres(f"PostgreSQL did not come up (exit code {server.poll()})")
