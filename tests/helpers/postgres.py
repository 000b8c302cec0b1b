"""A private PostgreSQL server for tests: made by initdb, reached over its own socket, stopped by its own pid."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.product import free_port

UNPRIVILEGED = ("postgres", "nobody")


class NoPostgres(RuntimeError):
    """There is no PostgreSQL that this user can start; the message says why."""


def programs() -> Path:
    """Return the folder of the newest installed `initdb` and `pg_ctl`."""
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
    """Yield `postgresql://` address of a blank server, without a database name at its end."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-pg-"))
    bin_folder, account, port = programs(), _account(), free_port()
    if account:
        os.chown(folder, pwd.getpwnam(str(account["user"])).pw_uid, int(str(account["group"])))

    def call(program: str, *arguments: str) -> None:
        with (folder.with_suffix(".log")).open("a") as log:
            command = [str(bin_folder / program), "-D", str(folder / "data"), *arguments]
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd="/", timeout=60, **account)

    try:
        call("initdb", "--auth=trust", "--username=tandem", "--encoding=UTF8", "--no-sync", "--locale=C")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c port={port} -c fsync=off"
        call("pg_ctl", "start", "-w", "-o", options)
        try:
            yield f"postgresql://tandem@/{{name}}?host={folder}&port={port}"
        finally:
            call("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)
