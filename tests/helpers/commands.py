"""The product's command line, run as a person would run it on a home."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers.product import ROOT, environment

PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Told:
    """What a command said: the JSON of its last line, and every word of its output."""

    result: dict[str, Any]
    words: str


def command(home: Path, *words: object) -> Told:
    """Run `python -m core WORDS --json` on a home; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *map(str, words), "--json"],
        cwd=ROOT,
        env=environment(home, 1, TANDEM_DEMOS=""),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Told(json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr)
