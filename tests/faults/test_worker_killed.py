"""kill -9 of a real worker at 20 random moments: the next one resumes the job or gives it up, nothing is half done."""

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.storage import workspaces
from tests.faults.conftest import WORKSPACE
from tests.faults.consistency import damaged_files, problems
from tests.faults.desk import Desk, end, wait_for

pytestmark = [pytest.mark.kill, pytest.mark.slow]

SEED = 20
LEASE_SECONDS = 1
CHECKPOINT_SECONDS = 0.5
EPOCHS = 30
STAGES = {"assembling": 1.0, "Training": 1.0, "checkpoint": 1.0, "calibrating": 0.1, "gate": 1.5}
"""Stage -> seconds into it at most. After *calibrating* come storing and registering, within a few milliseconds."""
CHECKPOINTS = {"TANDEM_CHECKPOINT_SECONDS": str(CHECKPOINT_SECONDS)}
GIVEN_UP = ("assembling", "checkpoint", "Training")
REGISTERED = ("Training", "checkpoint", "calibrating", "gate", "gate", "gate")
LIVES = (GIVEN_UP, REGISTERED, GIVEN_UP, REGISTERED, ("assembling", "calibrating"))
"""Where the attempts at one run die; a job is given up after its third."""


@dataclass(frozen=True)
class Seen:
    """A job as the database shows it."""

    id: int
    kind: str
    status: str
    attempt: int
    worker: str
    stage: str
    step: int
    checkpoint: str | None
    lease_until: str | None

    @property
    def unfinished(self) -> bool:
        """Whether somebody still has to end it."""
        return self.status in ("queued", "running")


def moments() -> list[tuple[str, float]]:
    """Return the stages in which the worker dies, and how long after each has begun; equal in every session."""
    generator = random.Random(SEED)
    return [(stage, generator.uniform(0, STAGES[stage])) for life in LIVES for stage in life]


def jobs(desk: Desk) -> list[Seen]:
    """Return the jobs after the first training, oldest first."""
    query = "SELECT id, kind, status, attempt, coalesce(worker, ''), progress, checkpoint, lease_until FROM jobs"
    found = desk.rows(f"{query} WHERE kind IN ('retrain', 'gate') ORDER BY id")
    return [Seen(*row[:5], json.loads(row[5])["stage"], json.loads(row[5])["done"], row[6], row[7]) for row in found]


def retraining(desk: Desk) -> Seen:
    """Return the retraining under way; ask for one when there is none."""
    under_way = [job for job in jobs(desk) if job.kind == "retrain" and job.unfinished]
    if not under_way:
        with desk.services() as services:
            services.retraining.start(WORKSPACE, actor=services.default_actor)
        under_way = [job for job in jobs(desk) if job.kind == "retrain" and job.unfinished]
    return under_way[-1]


def reached(desk: Desk, stage: str, pid: int, before: dict[int, Seen]) -> bool:
    """Whether the worker `pid` has come to `stage`, or past it."""
    mine = [job for job in jobs(desk) if job.worker.startswith(f"{pid}-")]
    if stage == "gate":
        return any(job.kind == "gate" for job in mine)
    trained = [job for job in mine if job.kind == "retrain"]
    if not trained or not trained[-1].unfinished:
        return bool(trained)
    job = trained[-1]
    known = before.get(job.id)
    if stage == "assembling":
        return True
    if stage == "checkpoint":
        return job.checkpoint is not None and (known is None or job.checkpoint != known.checkpoint)
    moved = known is None or (job.stage, job.step) != (known.stage, known.step)
    return moved and job.stage in (stage, "calibrating")


def revise(desk: Desk, old: str, new: str) -> None:
    """Store another revision of the workspace file."""
    with desk.services() as services, services.runtime.database.write() as tx:
        text = workspaces.get(tx, WORKSPACE).toml
        assert old in text
        workspaces.ensure(tx, WORKSPACE, text.replace(old, new), services.default_actor.id)


@dataclass
class Hunt:
    """Starts workers, kills them, and looks at what they leave."""

    desk: Desk
    log: Path
    worker: "subprocess.Popen[str] | None" = None

    def start(self) -> int:
        """Start a worker."""
        self.worker = self.desk.start("worker", log=self.log)
        return self.worker.pid

    def strike(self, stage: str, delay: float) -> list[Seen]:
        """Kill a fresh worker `delay` seconds into `stage`; return the jobs that it left unfinished."""
        retraining(self.desk)
        before = {job.id: job for job in jobs(self.desk)}
        pid = self.start()
        self.wait(lambda: reached(self.desk, stage, pid, before) or self._given_up(before), stage)
        if self._given_up(before):  # the fresh worker found the last attempt used up
            retraining(self.desk)
            self.wait(lambda: reached(self.desk, stage, pid, before), stage)
        time.sleep(delay)
        self.worker.kill()
        self.worker.wait()
        return [job for job in jobs(self.desk) if job.worker.startswith(f"{pid}-") and job.unfinished]

    def _given_up(self, before: dict[int, Seen]) -> bool:
        """Whether a retraining that was unfinished has been marked failed, and none is under way."""
        now = [job for job in jobs(self.desk) if job.kind == "retrain"]
        return not now[-1].unfinished and now[-1].status == "failed" and before[now[-1].id].unfinished

    def let_it_finish(self) -> None:
        """Let a worker that nobody kills end all that is left."""
        self.start()
        self.wait(lambda: not any(job.unfinished for job in jobs(self.desk)), "the last worker")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that the living worker brings about."""
        pause = 0.005 if what == "calibrating" else 0.04
        wait_for(lambda: condition() or self.worker.poll() is not None, what, pause)
        assert self.worker.poll() is None, self.log.read_text()[-2000:]


@pytest.fixture
def hunt(taught_digits, tmp_path) -> Iterator[Hunt]:
    """A hunt on a copy of decoy-digits with marked verdicts."""
    desk = taught_digits.copy(tmp_path / "home", TANDEM_LEASE_SECONDS=str(LEASE_SECONDS), **CHECKPOINTS)
    revise(desk, "epochs = 50", f"epochs = {EPOCHS}")
    hunt = Hunt(desk, tmp_path / "worker.log")
    yield hunt
    if hunt.worker is not None:
        end(hunt.worker)


def test_a_worker_killed_at_20_moments_leaves_nothing_half_done(hunt):
    desk, killed = hunt.desk, []
    for stage, delay in moments():
        left = hunt.strike(stage, delay)
        latest = (datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)).replace(tzinfo=None)
        assert all(datetime.fromisoformat(job.lease_until) <= latest for job in left)
        assert problems(desk) == [], (stage, delay, left)
        killed += [(stage, delay, job) for job in left]
    hunt.let_it_finish()
    end(hunt.worker)

    assert len(moments()) == 20
    assert {job.kind for _, _, job in killed} == {"retrain", "gate"}
    ended = {job.id: job for job in jobs(desk)}
    for strike in killed:
        before, after = strike[2], ended[strike[2].id]
        assert after.status == "failed" or (after.status == "done" and after.attempt > before.attempt), strike
    assert problems(desk) == []
    assert damaged_files(desk) == []
    assert len({blob for blob, _ in weights(desk)}) == 1


def test_a_resumed_retraining_gives_the_weights_of_an_uninterrupted_one(hunt):
    desk = hunt.desk
    revise(desk, f"epochs = {EPOCHS}", f"epochs = {2 * EPOCHS}")  # outlives its first checkpoint anywhere
    hunt.strike("checkpoint", 0.2)
    hunt.let_it_finish()
    retraining(desk)
    hunt.wait(lambda: not any(job.unfinished for job in jobs(desk)), "a retraining that nobody interrupts")
    (resumed, attempts), (uninterrupted, once) = weights(desk)
    assert (attempts, once) == (2, 1)
    assert "goes on from the checkpoint" in hunt.log.read_text()
    assert resumed == uninterrupted


def weights(desk: Desk) -> list[tuple[str, int]]:
    """Return the weights' hash of each retrained version, and how many attempts it took."""
    return desk.rows(
        "SELECT v.weights, j.attempt FROM versions v JOIN runs r ON r.id = v.run_id JOIN jobs j ON j.id = r.job_id"
        " WHERE r.kind = 'retrain' ORDER BY v.id"
    )
