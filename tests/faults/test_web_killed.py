"""kill -9 of the real web process right after the page said that a verdict was saved, 20 times: it is there."""

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.conftest import TARGET, WORKSPACE
from tests.faults.consistency import damaged_files, problems
from tests.faults.desk import PATIENCE, Desk, end, wait_for
from tests.faults.processes import children, runs
from tests.helpers.persons import MousePerson
from tests.helpers.product import Served, free_port, wait_until_ready
from tests.helpers.stored import Stored
from tests.helpers.workbench import PATIENCE as PAGE_PATIENCE
from tests.helpers.workbench import Workbench

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.journey]

SEED = 7
KILLS = 20
LONGEST_DELAY = 0.05
"""Seconds between the words *saved* in the page and the kill, at most."""
TWICE = 5
"""Every so manieth process takes two verdicts before it is killed."""
SAVED = """() => /saved \\d+:\\d\\d/.test(document.querySelector('.st-key-verdict_box')?.innerText ?? '')"""
ARTEFACT = "corner patch"


@dataclass
class Office:
    """Serves a home again and again on one port; each time the web process is killed."""

    desk: Desk
    log: Path
    serve: "subprocess.Popen[str] | None" = None

    def open(self) -> tuple[int, int]:
        """Serve the workbench; return the process ids of web process and worker once both run."""
        self.serve = self.desk.start("serve", log=self.log)
        port = int(self.desk.settings["PORT"])
        wait_until_ready(Served(port, self.desk.home, self.serve, self.log), PATIENCE)
        (web,) = children(self.serve.pid)
        (worker,) = wait_for(lambda: children(web), "the embedded worker")
        return web, worker

    def kill(self, web: int, worker: int) -> None:
        """Kill the web process; the worker and `serve` must end by themselves."""
        os.kill(web, signal.SIGKILL)
        assert self.serve.wait(PATIENCE) == 1
        assert "The web process was ended by signal 9" in self.log.read_text()
        wait_for(lambda: not runs(worker), "the worker to end by itself")


@pytest.fixture
def office(taught_digits, tmp_path) -> Iterator[Office]:
    """A copy of decoy-digits to be served."""
    desk = taught_digits.copy(tmp_path / "home", PORT=str(free_port()), TANDEM_ACTOR="ada")
    office = Office(desk, tmp_path / "serve.log")
    yield office
    if office.serve is not None:
        end(office.serve)


@pytest.fixture
def page(chromium):
    """A tab; what the page's scripts say while their server dies is no concern here."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(PAGE_PATIENCE)
    yield context.new_page()
    context.close()


def give_verdict(person: MousePerson, case: str, label: str, patch: tuple[int, int, int] | None) -> None:
    """Read a case, say another label than the read, mark the patch if there is one, and see that it is saved."""
    bench = person.bench
    bench.open_case(case)
    bench.wait_for_blind()
    person.commit(label)
    if patch is not None:
        person.paint(*patch)
        person.name_artefact(ARTEFACT)
    person.press("verdict_submit")
    bench.page.wait_for_function(SAVED, polling=5)


def test_every_acknowledged_verdict_survives_the_web_process(office, page):
    desk, generator = office.desk, random.Random(SEED)
    stored = Stored(desk.home, WORKSPACE)
    waiting = [name for (name,) in stored.rows("SELECT name FROM cases WHERE split = 'pool' ORDER BY name DESC")]
    person = MousePerson(Workbench(page, f"http://127.0.0.1:{desk.settings['PORT']}"))
    acknowledged: dict[str, tuple[str, int]] = {}
    for kill in range(KILLS):
        web, worker = office.open()
        for _ in range(2 if kill % TWICE == 0 else 1):
            case, label = waiting.pop(), str(generator.randrange(10))
            patch = stored.patch(case) if kill % 2 else None
            give_verdict(person, case, label, patch)
            acknowledged[case] = label, int(patch is not None)
        time.sleep(generator.uniform(0, LONGEST_DELAY))
        office.kill(web, worker)
        assert kept(desk) == acknowledged
        assert problems(desk) == []
    assert damaged_files(desk) == []
    assert len(re.findall("ended by signal 9", office.log.read_text())) == KILLS == 20


def kept(desk: Desk) -> dict[str, tuple[str, int]]:
    """Return what the database has of Ada's verdicts: case -> label, number of marks."""
    rows = desk.rows(
        "SELECT c.name, v.label, (SELECT count(*) FROM regions r WHERE r.verdict_id = v.id), l.label, d.label"
        " FROM verdicts v JOIN cases c ON c.id = v.case_id JOIN reads l ON l.id = v.read_id"
        " JOIN reference_labels d ON d.verdict_id = v.id WHERE v.actor_id = 'ada' AND v.target = ?",
        TARGET,
    )
    assert all(label == read == reference for _, label, _, read, reference in rows)
    return {case: (label, marks) for case, label, marks, _, _ in rows}


def test_nothing_outlives_a_killed_serve(office):
    web, worker = office.open()
    office.serve.kill()
    office.serve.wait()
    for pid, what in ((web, "the web process"), (worker, "the worker")):
        wait_for(lambda pid=pid: not runs(pid), f"{what} to end by itself")
    assert problems(office.desk) == []
