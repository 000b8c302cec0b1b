"""Rows, reports and cases of several kinds on the real product: read, marked, learnt from, measured, decided."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson, decided
from tests.helpers.product import ROOT, Served, environment
from tests.helpers.stored import Stored
from tests.helpers.workbench import PATIENCE, Workbench

CASES = 5
COMMON = re.compile(r"^(the|lung|lungs|heart|normal|no)$", re.IGNORECASE)
NEWEST = """
SELECT regions.field, regions.kind, artefacts.name, regions.names, regions.spans FROM regions
JOIN verdicts ON verdicts.id = regions.verdict_id JOIN cases ON cases.id = verdicts.case_id
JOIN workspaces ON workspaces.id = cases.workspace_id LEFT JOIN artefacts ON artefacts.id = regions.artefact_id
WHERE workspaces.name = ? AND cases.name = ? AND verdicts.id = (
    SELECT MAX(id) FROM verdicts AS others WHERE others.case_id = cases.id AND others.target = verdicts.target)
"""
TEXT = """
SELECT case_fields.text FROM case_fields JOIN cases ON cases.id = case_fields.case_id
JOIN workspaces ON workspaces.id = cases.workspace_id
WHERE workspaces.name = ? AND cases.name = ? AND case_fields.field = ?
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stored mark on a field or on words."""

    field: str
    kind: str
    artefact: str | None
    names: list[str]
    spans: list[list[int]]


def command(served: Served, *words: str) -> None:
    """Run the product's command line on the served home, beside the running product."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *words],
        cwd=ROOT,
        env=environment(served.home, served.port),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def marks_of(stored: Stored, case: str) -> list[Mark]:
    """Return the marks of the newest verdict on a case."""
    return [
        Mark(field, kind, artefact, json.loads(names), json.loads(spans))
        for field, kind, artefact, names, spans in stored.rows(NEWEST, stored.workspace, case)
    ]


def person_at(page: Page, served: Served, workspace: str, marks: str) -> MousePerson:
    """Return a person who looks at a workspace's next case."""
    person = MousePerson(Workbench(page, served.url, workspace, marks))
    person.bench.visit("worklist")
    person.press("open_next")
    return person


def learn_and_promote(person: MousePerson, artefact: str, looker: Looker) -> None:
    """Retrain, read the gate, allow for what failed or could not be assessed, promote."""
    person.go("retraining")
    expect(person.bench.page.get_by_test_id("stMain")).to_contain_text(artefact, timeout=PATIENCE)
    looker.look(f"{person.bench.workspace}-feedback")
    person.press("retrain_start")
    candidate = person.bench.watch_run()
    assert person.bench.gate_verdict("Accuracy") in ("pass", "fail", "not assessable")
    assert person.bench.gate_verdict(f"Reliance on {artefact}") in ("pass", "fail", "not assessable")
    looker.look(f"{person.bench.workspace}-gate")
    person.bench.key("decision_reason").locator("input").fill("Only a journey.")
    for name in ("gate_override", "gate_acknowledge"):
        box = person.bench.key(name).locator("label")
        if box.count():
            box.click()
            expect(person.bench.key(name).locator("input")).to_be_checked(timeout=PATIENCE)
    person.press("promote")
    decided(person.bench, "promote")
    expect(person.bench.page.get_by_test_id("stSidebar")).to_contain_text(f"champion {candidate}", timeout=PATIENCE)


def test_fields_of_arrests(page: Page, served: Served, looker: Looker):
    command(served, "demo", "arrests")
    stored = Stored(served.home, "arrests")
    person = person_at(page, served, "arrests", "field-mark-colour")
    bench = person.bench
    for place in range(CASES):
        case = bench.wait_for_blind()
        expect(page.locator("tr[data-field=age]")).to_contain_text(re.compile(r"\d+ years.*(above|under) \d+ %", re.S))
        person.commit("Released")
        person.ask_evidence()
        expect(page.locator("tr[data-field=checks] .tandem-evidence")).to_contain_text(re.compile(r"[+−]?\d\.\d\d"))
        expect(bench.key("evidence_panel")).to_contain_text("moved by")
        page.get_by_test_id("field-mark-colour").click()
        bench.wait_for_marks("marked 1 field")
        person.name_artefact("colour of skin")
        if place == 0:
            looker.look("arrests-review")
        person.save()
        assert marks_of(stored, case) == [Mark("colour", "ignore", "colour of skin", ["colour"], [])]
        person.next(case)
    learn_and_promote(person, "colour of skin", looker)


def test_words_of_reports(page: Page, served: Served, looker: Looker):
    command(served, "demo", "radiology-reports")
    stored = Stored(served.home, "radiology-reports")
    person = person_at(page, served, "radiology-reports", "text-marks")
    bench = person.bench
    for place in range(CASES):
        case = bench.wait_for_blind()
        person.commit("Abnormal")
        person.ask_evidence()
        expect(page.locator("[data-word][title]").first).to_be_attached()
        chosen = page.locator("[data-word]").filter(has_text=COMMON).first
        letters = chosen.inner_text()
        chosen.click()
        bench.wait_for_marks("marked 1 word")
        person.name_artefact("common words")
        if place == 0:
            looker.look("reports-review")
        person.save()
        (mark,) = marks_of(stored, case)
        ((text,),) = stored.rows(TEXT, "radiology-reports", case, mark.field)
        assert (mark.kind, mark.artefact) == ("ignore", "common words")
        assert [text[start:end] for start, end in mark.spans] == [letters]
        bench.open_case(case)
        expect(page.locator("[data-mark=ignore]")).to_have_text(letters, timeout=PATIENCE)
        page.keyboard.press("n")
        bench.wait_for_blind(case)
    learn_and_promote(person, "common words", looker)


def test_a_case_of_several_kinds(page: Page, served: Served, shared_data: Path, looker: Looker):
    folder = shared_data / "nih-chest-xray"
    command(served, "import", "assets/workspaces/chest-xray-fusion.toml", str(folder), "--wait")
    stored = Stored(served.home, "chest-xray-fusion")
    person = person_at(page, served, "chest-xray-fusion", "mask-canvas")
    bench = person.bench
    case = bench.wait_for_blind()
    expect(page.locator("tr[data-field=age]")).to_contain_text("years")
    person.choose("blind_label", "Pneumonia")
    person.choose("blind_label_view", "PA")
    person.press("blind_submit")
    bench.wait_for_reveal()
    looker.look("fusion-committed")
    person.ask_evidence()
    expect(bench.key("evidence_panel")).to_contain_text(re.compile(r"moved by .*Radiograph (over |under )?\d+ %"))
    page.get_by_test_id("field-mark-sex").click()
    page.locator("[data-tandem-tool=rectangle]").click()
    person.drag((20.5, 30.5), (90.5, 80.5), 512)
    person.name_artefact("what it should not use")
    looker.look("fusion-review")
    person.save()
    assert sorted((mark.field, mark.kind) for mark in marks_of(stored, case)) == [
        ("image", "ignore"),
        ("sex", "ignore"),
    ]
    verdicts = "SELECT COUNT(*) FROM verdicts JOIN cases ON cases.id = verdicts.case_id WHERE cases.name = ?"
    assert stored.rows(verdicts, case) == [(2,)], "a verdict on each question"
    person.next(case)


def test_fast_hands_give_one_verdict_to_each_case(page: Page, served: Served):
    stored, person = Stored(served.home, "decoy-digits"), MousePerson(Workbench(page, served.url))
    bench, seen = person.bench, []
    bench.visit("review")
    for _ in range(6):
        expect(bench.button("blind_submit")).to_be_visible(timeout=PATIENCE)
        seen.append(bench.case())
        page.locator(".st-key-blind_label").get_by_role("radio", name=stored.truth(seen[-1])).first.click()
        person.press("blind_submit")
        person.press("verdict_submit")
        page.locator(".st-key-verdict_box .st-key-next_case button").click()
    expect(bench.button("blind_submit")).to_be_visible(timeout=PATIENCE)
    counted = "SELECT COUNT(*) FROM verdicts JOIN cases ON cases.id = verdicts.case_id WHERE cases.name = ?"
    assert [stored.rows(counted, case) for case in seen] == [[(1,)]] * len(seen)
    assert len(set(seen)) == len(seen)
