"""The embedded worker, with real child processes."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from core.services.embedded import EmbeddedWorker, worker_command
from core.settings import load_settings

SLEEPER = "import time\ntime.sleep(60)"
STUBBORN = (
    "import pathlib, signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "pathlib.Path(sys.argv[1]).touch()\ntime.sleep(60)"
)
TELLER = (
    "import json, os, pathlib, sys\n"
    "pathlib.Path(sys.argv[1]).write_text(json.dumps([os.environ['TANDEM_HOME'], os.environ['TANDEM_ACTOR']]))"
)


def _wait(condition, seconds: float = 20.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    pytest.fail("waited too long")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def make(tmp_path):
    started = []

    def build(script: str, *arguments: str, grace_seconds: float = 10.0) -> EmbeddedWorker:
        settings = load_settings({"TANDEM_HOME": str(tmp_path), "TANDEM_ACTOR": "ada"})
        worker = EmbeddedWorker(settings, [sys.executable, "-c", script, *arguments], grace_seconds)
        started.append(worker)
        worker.start()
        return worker

    yield build
    for worker in started:
        worker.stop()


def test_a_killed_worker_is_started_again(make):
    worker = make(SLEEPER)
    first = _wait(lambda: worker.pid)
    os.kill(first, signal.SIGKILL)
    second = _wait(lambda: worker.pid if worker.pid != first else None)
    assert second != first
    assert worker.restarts == 1


def test_starting_twice_runs_one_worker(make):
    worker = make(SLEEPER)
    pid = _wait(lambda: worker.pid)
    worker.start()
    assert worker.pid == pid


def test_stop_ends_the_child_and_it_stays_ended(make):
    worker = make(SLEEPER)
    pid = _wait(lambda: worker.pid)
    worker.stop()
    assert not _alive(pid)
    assert worker.pid is None
    worker.stop()
    worker.start()
    assert _wait(lambda: worker.pid) != pid


def test_a_child_that_ignores_the_request_is_killed(make, tmp_path):
    worker = make(STUBBORN, str(tmp_path / "ready"), grace_seconds=0.3)
    _wait((tmp_path / "ready").exists)
    pid = worker.pid
    worker.stop()
    assert not _alive(pid)


def test_the_child_gets_the_settings(make, tmp_path):
    told = tmp_path / "told.json"
    make(TELLER, str(told))
    text = _wait(lambda: told.exists() and told.read_text())
    assert text == f'["{tmp_path}", "ada"]'


def test_the_real_command_names_this_process_as_parent():
    command = worker_command()
    assert command[1:] == ("-m", "core", "worker", "--parent", str(os.getpid()))
    assert Path(command[0]) == Path(sys.executable)
