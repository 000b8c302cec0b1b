"""kill -9 of commands at random moments of their work: done whole or not at all, and they can be given again."""

import random
import signal
import time

import pytest

from tests.faults.consistency import damaged_files, problems
from tests.faults.desk import Desk, wait_for
from tests.faults.processes import has_open
from tests.helpers.tiny_folder import CASES, write_mask, write_tiny_folder
from tests.helpers.tiny_product import WORKSPACE

pytestmark = [pytest.mark.kill, pytest.mark.slow]

ROUNDS = 6
LONGEST = {"promote": 0.05, "verdict": 0.05, "import": 1.0}
"""Command -> seconds after it opened the database at which it is killed, at most."""


def kill_at_work(desk: Desk, delay: float, *command: str) -> bool:
    """Start a command and kill it `delay` seconds after it opened the database; return whether it was too late."""
    process = desk.start(*command)
    wait_for(lambda: has_open(process.pid, desk.home / "tandem.db") or process.poll() is not None, command[0], 0.001)
    time.sleep(delay)
    process.kill()
    process.communicate()
    return process.returncode != -signal.SIGKILL


def delays(command: str) -> list[float]:
    """Return the moments of a command; equal in every session."""
    generator = random.Random(command)
    return [generator.uniform(0, LONGEST[command]) for _ in range(ROUNDS)]


def test_a_promotion_is_whole_or_was_not(candidate_home, tmp_path):
    command = ("promote", WORKSPACE, "v2", "--reason", "it listens", "--override", "--acknowledge")
    late = []
    for number, delay in enumerate(delays("promote")):
        desk = Desk(candidate_home).copy(tmp_path / f"home{number}")
        late.append(kill_at_work(desk, delay, *command))
        assert problems(desk) == [], delay
        stands = dict(desk.rows("SELECT name, status FROM versions"))
        decided = desk.rows("SELECT count(*) FROM decisions WHERE reason = 'it listens'")[0][0]
        assert (stands, decided) in (
            ({"v1": "champion", "v2": "candidate"}, 0),
            ({"v1": "retired", "v2": "champion"}, 1),
        )
        again = desk.run(*command)
        assert again.returncode == decided, again.stderr
        assert problems(desk) == []
    assert not all(late)


def test_a_verdict_is_whole_or_was_not(tiny, tmp_path):
    mask = write_mask(tmp_path / "mask.png")
    pool = [name for (name,) in tiny.rows("SELECT name FROM cases WHERE split = 'pool' ORDER BY name")]
    late = []
    for delay, case in zip(delays("verdict"), pool, strict=False):
        command = ("verdict", WORKSPACE, case, "--label", "above", "--ignore", str(mask), "--artefact", "corner")
        late.append(kill_at_work(tiny, delay, *command))
        assert problems(tiny) == [], delay
        marks = tiny.rows(
            "SELECT (SELECT count(*) FROM regions r WHERE r.verdict_id = v.id), l.label FROM verdicts v"
            " JOIN cases c ON c.id = v.case_id JOIN reference_labels l ON l.verdict_id = v.id WHERE c.name = ?",
            case,
        )
        assert marks in ([], [(1, "above")])
        assert tiny.run(*command).returncode == 0
    assert damaged_files(tiny) == []
    assert not all(late)


def test_an_import_is_whole_or_was_not(tmp_path):
    toml = write_tiny_folder(tmp_path / "data")
    late = []
    for number, delay in enumerate(delays("import")):
        desk = Desk(tmp_path / f"home{number}")
        late.append(kill_at_work(desk, delay, "import", str(toml), str(tmp_path / "data")))
        again = desk.run("import", str(toml), str(tmp_path / "data"))
        assert again.returncode == 0, again.stderr
        added = f"{CASES} cases added, 0 unchanged" in again.stdout
        assert added or f"0 cases added, {CASES} unchanged" in again.stdout, delay
        kinds = desk.rows("SELECT kind, status FROM jobs")
        assert kinds == [("champion", "queued")]
        labels = desk.rows("SELECT count(*) FROM reference_labels")[0][0]
        assert (desk.rows("SELECT count(*) FROM cases")[0][0], labels) == (CASES, CASES)
        assert whole_events(desk) == (1 if added else 2)
        assert damaged_files(desk) == []
    assert not all(late)


def whole_events(desk: Desk) -> int:
    """Return how many imports are on record, once the chain has been verified."""
    assert desk.run("audit", "verify").returncode == 0
    return desk.rows("SELECT count(*) FROM audit_events WHERE kind = 'import'")[0][0]
