"""A candidate that is more accurate and less fair: the gate blocks it in the browser; the override is on record."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.services.container import Container, build_container
from core.settings import load_settings
from tests.helpers.commands import command
from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.product import Served
from tests.helpers.unfair_folder import NAME, label_the_pool, write_unfair_folder
from tests.helpers.workbench import LONG, PATIENCE, Workbench

GAP = "Equalised odds between groups of sex"
REASON = "More accurate; the gap is on our list for May."


@pytest.fixture
def home(served: Served, tmp_path: Path) -> Iterator[Container]:
    """The served home with the workspace, its champion, and labels for its pool."""
    toml = write_unfair_folder(tmp_path / "data")
    command(served.home, "import", toml, toml.parent, "--wait")
    container = build_container(load_settings({"TANDEM_HOME": str(served.home), "TANDEM_DEMOS": ""}))
    label_the_pool(container)
    yield container
    container.close()


def test_a_wider_gap_blocks_the_promotion(page: Page, served: Served, home: Container, looker: Looker):
    version = command(served.home, "retrain", NAME, "--strategy", "labels", "--wait").result["version"]
    bench = Workbench(page, served.url, NAME)
    bench.visit("retraining")
    expect(bench.key("gate_report")).to_be_visible(timeout=LONG)
    assert [bench.gate_verdict(line) for line in ("Accuracy", GAP)] == ["pass", "fail"]
    assert bench.gate_verdict("Balanced accuracy where sex is M") == "pass"
    looker.look("fair-gate")

    person = MousePerson(bench)
    bench.key("decision_reason").locator("input").fill(REASON)
    allow(bench, "gate_acknowledge")
    person.press("promote")
    bench.reads(re.compile("override", re.IGNORECASE))
    assert bench.champion() == "v1"

    allow(bench, "gate_override")
    bench.key("decision_reason").locator("input").fill(REASON)
    person.press("promote")
    expect(page.get_by_test_id("stSidebar")).to_contain_text(f"champion {version}", timeout=PATIENCE)
    decision = home.retraining.view(NAME).decisions[0]
    assert (decision.overridden, decision.reason) == (True, REASON)
    assert dict(home.audit.events(kind="promote")[0].details)["overridden"] == "True"


def allow(bench: Workbench, name: str) -> None:
    """Tick a box of the decision."""
    bench.key(name).locator("label").click()
    expect(bench.key(name).locator("input")).to_be_checked(timeout=PATIENCE)
    bench.steady()
