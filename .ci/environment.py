"""Make the virtual environment that the Makefile runs in, once, and print its Python.

usage: environment.py runtime|develop

The environment lies outside the checkout, in ``$TANDEM_VENVS`` (default ``~/.cache/tandem``), and is named by a
hash of the requirements files, so that changed pins get a fresh one and unchanged pins start in a second. A
lock keeps two makes apart; a stamp that is written last makes an interrupted install start over. Needs nothing
but the standard library. Progress goes to standard error, the path of the environment's Python to standard output.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {"runtime": "requirements.txt", "develop": "requirements-dev.txt"}
SECONDS_BETWEEN_LINES = 10.0
NOISE = ("is ignored", "WARNING: Retrying", "notice")


def say(text: str) -> None:
    """Show `text` to the person."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def environment_folder() -> Path:
    """Return where the environment for the present pins lies."""
    digest = hashlib.sha256()
    for name in sorted(FILES.values()):
        digest.update((ROOT / name).read_bytes())
    digest.update(f"{sys.version_info[:2]}".encode())
    home = Path(os.environ.get("TANDEM_VENVS") or Path.home() / ".cache" / "tandem")
    return home.expanduser().resolve() / f"venv-{digest.hexdigest()[:12]}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`; the system releases it when this process ends, however it ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another make is preparing the virtual environment; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def create(folder: Path) -> None:
    """Make an empty environment, replacing an unfinished one."""
    say(f"Making a virtual environment in {folder}")
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise SystemExit(
            f"{made.stdout}{made.stderr}\nCould not make a virtual environment with {sys.executable}. "
            "On Debian or Ubuntu: apt-get install python3-venv"
        )


def package(line: str) -> str:
    """Return what a line of pip's output is about, without addresses, folders and versions, or nothing."""
    words = line.split()
    if line.startswith("Installing collected packages"):
        return "unpacking"
    if words[0] not in {"Collecting", "Processing", "Downloading", "Using"}:
        return ""
    name = words[2] if words[0] == "Using" and len(words) > 2 else words[1]
    return f"reading {re.split(r'[=<>~!;(]', Path(name).name)[0].split('-')[0]}"


def follow(pip: "subprocess.Popen[str]", tail: deque[str], now: list[str]) -> None:
    """Keep pip's last lines in `tail` and what it does now in `now`."""
    for line in pip.stdout or ():
        if line.strip() and not any(noise in line for noise in NOISE):
            tail.append(line)
            now[0] = package(line) or now[0]


def install(python: Path, requirements: str) -> None:
    """Install `requirements`, showing every few seconds what pip is doing."""
    say(f"Installing {requirements}; everything together is about 8 GB and takes 2 to 10 minutes the first time.")
    options = ["--disable-pip-version-check", "--progress-bar", "off", "--no-input", "-r", requirements]
    tail: deque[str] = deque(maxlen=40)
    now, started = ["starting"], time.monotonic()
    with subprocess.Popen(
        [str(python), "-m", "pip", "install", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as pip:
        reader = threading.Thread(target=follow, args=(pip, tail, now), daemon=True)
        reader.start()
        while reader.is_alive():
            reader.join(SECONDS_BETWEEN_LINES)
            if reader.is_alive():
                say(f"  {time.monotonic() - started:4.0f} s  {now[0]}")
    if pip.returncode:
        raise SystemExit(f"{''.join(tail)}\npip could not install {requirements}: see above. Run make again to retry.")
    say(f"  {time.monotonic() - started:4.0f} s  installed")


def ensure(kind: str) -> Path:
    """Return the Python of an environment in which everything of `kind` is installed."""
    folder = environment_folder()
    python, stamp = folder / "bin" / "python", folder / f".{kind}"
    if stamp.exists() or (folder / ".develop").exists():
        return python
    with locked(folder):
        if not any((folder / f".{name}").exists() for name in FILES):
            create(folder)
        if not stamp.exists():
            install(python, FILES[kind])
            stamp.touch()
    return python


def main(arguments: list[str]) -> None:
    """Run the command line."""
    if len(arguments) != 1 or arguments[0] not in FILES:
        raise SystemExit(f"usage: environment.py {'|'.join(FILES)}")
    if sys.version_info < (3, 11):  # noqa: UP036 - any python3 may run this file
        raise SystemExit(
            f"Tandem needs Python 3.11 or newer, {sys.executable} is {sys.version.split()[0]}. "
            "Install python3.11, or run: make PYTHON=/path/to/python3.11 ..."
        )
    sys.stdout.write(f"{ensure(arguments[0])}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
