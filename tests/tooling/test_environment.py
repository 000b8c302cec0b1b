"""The Makefile's virtual environment: named by the pins, made once, never half made."""

import fcntl
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """The script, on requirements files of its own that need no network."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in module.FILES.values():
        (tmp_path / name).write_text("# nothing\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setenv("TANDEM_VENVS", str(tmp_path / "venvs"))
    return module


def test_changed_pins_get_another_environment(environment, tmp_path):
    before = environment.environment_folder()
    assert before == environment.environment_folder()
    assert before.parent == tmp_path / "venvs"
    (tmp_path / "requirements.txt").write_text("# changed\n")
    assert environment.environment_folder() != before


@pytest.mark.slow
def test_it_is_made_once_and_its_python_runs(environment):
    python = environment.ensure("runtime")
    assert subprocess.check_output([python, "-c", "print(6 * 7)"], text=True) == "42\n"
    made = python.parent.stat().st_mtime_ns
    assert environment.ensure("runtime") == python
    assert environment.ensure("develop") == python
    assert python.parent.stat().st_mtime_ns == made


@pytest.mark.slow
def test_an_interrupted_install_starts_over(environment):
    folder = environment.environment_folder()
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("half written")
    python = environment.ensure("runtime")
    assert subprocess.check_output([python, "-c", "print('whole')"], text=True) == "whole\n"


@pytest.mark.slow
def test_a_failed_install_says_so_and_is_tried_again(environment, tmp_path):
    (tmp_path / "requirements.txt").write_text("./not-there\n")
    with pytest.raises(SystemExit, match=r"pip could not install requirements\.txt"):
        environment.ensure("runtime")
    assert not (environment.environment_folder() / ".runtime").exists()


def test_two_makes_wait_for_each_other(environment, tmp_path):
    folder = tmp_path / "venvs" / "venv-x"
    with environment.locked(folder), folder.with_suffix(".lock").open("w") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with folder.with_suffix(".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_wrong_use_is_refused():
    script = [sys.executable, str(ROOT / ".ci" / "environment.py"), "nope"]
    result = subprocess.run(script, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "usage" in result.stderr


def test_the_scripts_can_be_run():
    for name in (".ci/run", ".ci/check", "tests/ensure_system.sh"):
        assert os.access(ROOT / name, os.X_OK), name
        subprocess.run(["bash", "-n", ROOT / name], check=True)


@pytest.mark.parametrize("target", ["run", "test", "check", "bench"])
def test_make_knows_its_targets(target):
    result = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert "environment.py" in result.stdout


def test_pins_are_exact():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert line.startswith("-r ") or "==" in line, line
            assert "://" not in line
