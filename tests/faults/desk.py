"""A home with the real product on it: commands as real processes, services in this one, what lies on disk."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psycopg
from typer.testing import CliRunner

from core.cli import app
from core.services.container import Container, build_container
from core.settings import load_settings
from tests.helpers.product import ROOT

PATIENCE = 240.0
"""Seconds after which a wait is given up: far more than a busy machine needs."""
Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found], what: str, pause: float = 0.01) -> Found:
    """Wait until `condition` returns something true and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(pause)
    raise AssertionError(f"waited too long for: {what}")


@dataclass(frozen=True)
class Desk:
    """A home, and the settings with which the product runs on it."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process on this home; on a CPU with one thread equal seeds give equal weights."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TANDEM_") and key != "PORT"}
        mine = {"TANDEM_HOME": str(self.home), "TANDEM_DEMOS": "", "TANDEM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        return {**kept, **mine, **self.settings}

    def start(self, *arguments: str, log: Path | None = None, **options) -> "subprocess.Popen[str]":
        """Start a command as a process of its own; its words go to `log`, else into pipes."""
        with (log or Path(os.devnull)).open("a") as file:
            streams = (
                {"stdout": file, "stderr": file} if log else {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            )
            command = [sys.executable, "-m", "core", *arguments]
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, text=True, **streams, **options
            )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in this process, as `python -m core` does."""
        environment = {key: value for key, value in self.environment.items() if key != "TANDEM_THREADS"}
        result = CliRunner(env=environment).invoke(app, list(arguments))
        return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)

    def run_process(self, *arguments: str, **options) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end in a process of its own."""
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    @contextmanager
    def services(self) -> Iterator[Container]:
        """The services on this home, in this process."""
        settings = {key: value for key, value in self.environment.items() if key != "TANDEM_THREADS"}
        container = build_container(load_settings(settings))
        try:
            yield container
        finally:
            container.close()

    def copy(self, target: Path, **settings: str) -> "Desk":
        """Copy the home, which nothing may have open, and add settings."""
        return Desk(Path(shutil.copytree(self.home, target)), {**self.settings, **settings})

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Read the database past the product; `?` stands for a value."""
        address = self.settings.get("TANDEM_DATABASE_URL")
        if address is not None:
            with psycopg.connect(address) as connection:
                return connection.execute(query.replace("?", "%s"), values).fetchall()
        with closing(sqlite3.connect(f"file:{self.home / 'tandem.db'}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    def files(self) -> dict[str, int]:
        """Names and sizes of the stored files, temporary ones included."""
        blobs = self.home / "blobs"
        return {str(path.relative_to(blobs)): path.stat().st_size for path in blobs.glob("??/*")}


def refused(result: "subprocess.CompletedProcess[str]") -> str:
    """Check that a command was refused in words, and return the words."""
    assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
    assert "Traceback" not in result.stderr + result.stdout
    message = result.stderr.strip().splitlines()[-1]
    assert message.startswith("Error: ")
    return message


def end(process: "subprocess.Popen[str]") -> None:
    """Ask a process to end and wait for it; kill it when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
