"""Real radiographs: imported on the command line beside a running product, then read, marked and learnt from."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.product import ROOT, Served, environment
from tests.helpers.stored import Stored
from tests.helpers.tour import Seen
from tests.helpers.workbench import PATIENCE, Workbench

WORKSPACE = "chest-xray"
WORDS = {"no_finding": "No finding", "pneumonia": "Pneumonia"}
SIDE = 512
CORNER = (20, 30, 110, 90)
"""Left, top, right, bottom of what is painted, in the pixels of the 512 x 512 original."""
CASES = 4
METHODS = 4
"""Those that the page offers first; the others have tests of their own."""


@pytest.fixture(scope="module")
def imported(served: Served, shared_data) -> dict[str, object]:
    """The radiographs in the served home, with their first champion; what the command said."""
    folder = shared_data / "nih-chest-xray"
    command = [sys.executable, "-m", "core", "import", "assets/workspaces/chest-xray.toml", str(folder)]
    done = subprocess.run(
        [*command, "--wait", "--json"],
        cwd=ROOT,
        env=environment(served.home, served.port),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def chest(page, served: Served, imported) -> Workbench:
    """The workbench, looking at the radiographs."""
    return Workbench(page, served.url, WORKSPACE)


@pytest.fixture
def radiographs(served: Served) -> Stored:
    """The radiographs as they are stored, read only."""
    return Stored(served.home, WORKSPACE)


def test_import_says_what_it_did(imported):
    assert (imported["added"], imported["problems"]) == (738, [])
    auroc = imported["metrics"]["finding"]["auroc"]
    assert auroc["low"] < auroc["value"] < auroc["high"]
    assert auroc["value"] > 0.7


def test_reading_marking_and_retraining(chest: Workbench, radiographs: Stored, looker: Looker):
    person = MousePerson(chest)
    chest.page.goto(f"{chest.url}/")
    person.choose_workspace(WORKSPACE)
    chest.reads("Chest radiographs")
    champion = chest.champion()
    person.go("worklist")
    person.press("open_next")

    seen = []
    for place in range(CASES):
        seen.append(review_one(person, radiographs, several_methods=place == 0))
        if place == 0:
            looker.look("chest-review")
        person.next(seen[-1].case)
    assert {one.answer.version for one in seen} == {champion}
    for one in seen:
        corner_is_marked(radiographs, one.case)

    person.go("retraining")
    person.press("retrain_start")
    candidate = chest.watch_run()
    for line in ("Accuracy", "Reliance on side marker", "Recall of Pneumonia", "Recall of No finding"):
        assert chest.gate_verdict(line) in ("pass", "fail", "not assessable"), line
    looker.look("chest-retraining-gate")
    assert candidate in chest.button("reject").inner_text()
    person.decide("reject", "Only a look at the report.")

    person.go("audit")
    for kind in ("read", "verdict", "retrain", "gate", "reject"):
        assert person.audit_rows(kind)
    person.press("audit_verify")
    chest.reads(re.compile(r"Verified: all \d+ events hold together"))


def review_one(person: MousePerson, stored: Stored, *, several_methods: bool) -> Seen:
    """Read one radiograph, look at the evidence, paint over a corner, save."""
    case = person.bench.wait_for_blind()
    truth = stored.truth(case)
    person.commit(WORDS[truth])
    answer = person.bench.answer()
    if several_methods:
        for method in person.methods()[:METHODS]:
            person.ask_evidence(method)
            assert person.bench.heat_cells(person.toggle_plain, 16).max() > 0, f"{method} colours nothing"
    person.choose("verdict_label", WORDS[truth])
    left, top, right, bottom = CORNER
    person.bench.page.locator("[data-tandem-tool=rectangle]").click()
    person.drag((left + 0.5, top + 0.5), (right - 0.5, bottom - 0.5), SIDE)
    person.bench.wait_for_marks()
    person.name_artefact("side marker")
    person.save()
    return Seen(case, truth, answer, 0.0)


def corner_is_marked(stored: Stored, case: str) -> None:
    """Check that the mark lies where it was painted, in the original's pixels."""
    (mark,) = stored.marks(case)
    left, top, right, bottom = CORNER
    wanted = np.zeros((SIDE, SIDE), dtype=bool)
    wanted[top:bottom, left:right] = True
    assert (mark.kind, mark.artefact, mark.pixels.shape) == ("ignore", "side marker", wanted.shape)
    assert (mark.pixels & wanted).sum() >= 0.95 * (mark.pixels | wanted).sum()


def test_deep_links(chest: Workbench, radiographs: Stored):
    case = radiographs.unread()
    chest.open_case(case)
    assert chest.case() == case
    assert chest.page.get_by_label("Workspace").first.input_value() == WORKSPACE


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("review?workspace=decoy-digits&case=nobody-knows", "nobody-knows"),
        ("review?workspace=nowhere&case=d0001", "nowhere"),
        ("worklist?workspace=nowhere", "nowhere"),
    ],
)
def test_unknown_names_in_a_link_get_a_plain_message(bench: Workbench, address, words):
    bench.page.goto(f"{bench.url}/{address}")
    alert = bench.page.get_by_role("alert").first
    expect(alert).to_contain_text(words, timeout=PATIENCE)
    assert "Traceback" not in bench.page.inner_text("body")
    assert bench.button("blind_submit").count() == 0
    expect(bench.key("workspace_select").locator("input")).to_be_visible()
