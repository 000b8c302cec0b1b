"""Two people read a case blind and differ; a lead settles it in the browser, and the label is the reference."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.contracts import Actor
from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.product import serving
from tests.helpers.reading_parts import judge, pool_of, read_as
from tests.helpers.stored import Stored
from tests.helpers.tiny_product import WORKSPACE, corner_mark, open_home, prepare_home
from tests.helpers.workbench import PATIENCE, Workbench

pytestmark = pytest.mark.slow
READING = 'readers = 2\nleads = ["lea"]'
REASON = "the upper half is brighter"
REFERENCE = """
    SELECT label, source FROM reference_labels JOIN cases ON cases.id = case_id
    WHERE cases.name = ? ORDER BY revision DESC LIMIT 1
"""
ANNA = Actor("anna", name="Anna")


@pytest.fixture
def home(tmp_path: Path) -> tuple[Path, str]:
    """A home in which Anna has read a case that wants two readers; the case."""
    prepared = prepare_home(tmp_path / "tiny")
    services = open_home(prepared)
    read_as(services, prepared, tmp_path, READING)
    case = pool_of(services)[0]
    judge(services, case, "above", ANNA, (corner_mark(),))
    services.close()
    return prepared, case


def test_two_blind_readers_and_an_adjudication(
    home: tuple[Path, str], chromium: Browser, screenshots: Path | None
) -> None:
    prepared, case = home
    stored = Stored(prepared, WORKSPACE)
    with serving(prepared, demos="", TANDEM_ACTOR="ben") as product:
        page = chromium.new_page(viewport={"width": 1280, "height": 720})
        bench = Workbench(page, product.url, WORKSPACE)
        bench.visit("retraining")
        bench.reads("1 verdict")
        expect(page.get_by_test_id("stMain").get_by_role("link", name=case)).to_have_count(0)
        bench.visit("audit")
        expect(bench.button("audit_export")).to_be_disabled(timeout=PATIENCE)
        bench.visit("worklist", dispute=case)
        bench.reads("Nobody differs on case")
        bench.open_case(case)
        bench.wait_for_blind()
        person = MousePerson(bench)
        person.commit("below")
        person.save()
        page.close()
    assert stored.rows(REFERENCE, case) == [("above", "data set")]
    with serving(prepared, demos="", TANDEM_ACTOR="lea") as product:
        page = chromium.new_page(viewport={"width": 1280, "height": 720})
        bench, looker = Workbench(page, product.url, WORKSPACE), Looker(page, screenshots)
        bench.visit("worklist")
        page.get_by_role("radio", name=re.compile("Differences · 1")).click()
        expect(bench.key("dispute_table")).to_be_visible(timeout=PATIENCE)
        bench.visit("worklist", dispute=case)
        bench.says("opinion_R1", "R1 says above")
        bench.says("opinion_R2", "R2 says below")
        expect(page.get_by_alt_text(re.compile("Marks: R1 orange, drawn through; R2 none"))).to_be_visible()
        assert "anna" not in page.get_by_test_id("stMain").inner_text().lower()
        looker.look("dispute")
        bench.key("dispute_label").get_by_role("radio", name="below").click()
        bench.key("dispute_reason").locator("input").fill(REASON)
        bench.button("dispute_settle").click()
        bench.says("dispute", "Settled by lea: below.")
        looker.look("dispute-settled")
        page.close()
    assert stored.rows(REFERENCE, case) == [("below", "adjudication")]
    services = open_home(prepared)
    (event,) = services.audit.events(workspace=WORKSPACE, kind="adjudicate")
    assert (event.actor, dict(event.details)["record"]) == ("lea", REASON)
    services.close()
