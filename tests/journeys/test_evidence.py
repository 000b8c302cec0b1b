"""Evidence on the real product: methods chosen and compared, regions removed, the path, what taught the model."""

import re

from playwright.sync_api import Page, expect

from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.stored import Stored
from tests.helpers.workbench import LONG, PATIENCE, Workbench

MOVED = re.compile(r"Without what you marked: “(\d)” (\d\.\d\d) → (\d\.\d\d), (now|still)")
HOTTEST = re.compile(r"Without the hottest part: “\d” \d\.\d\d → \d\.\d\d")
MOST_CASES = 6
FIRST_HEAT = "() => document.querySelectorAll('.st-key-evidence_path image')[1]?.getAttribute('href')?.length"


def look_at(bench: Workbench, part: str) -> None:
    """Open one part of the evidence and wait for what it asks."""
    bench.key("evidence_part").get_by_role("radio", name=part, exact=True).click()
    expect(bench.key("evidence_part").get_by_role("radio", name=part, exact=True)).to_have_attribute(
        "aria-checked", "true", timeout=PATIENCE
    )
    stops = bench.key("evidence_details").get_by_role("button", name="Stop", exact=True)
    bench.steady()
    expect(stops).to_have_count(0, timeout=LONG)
    bench.steady()


def pick(bench: Workbench, name: str, option: str) -> None:
    """Pick from a list; in the middle of the screen, because a list closes when the page scrolls."""
    bench.key(name).evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    bench.steady()
    bench.page.wait_for_timeout(300)
    bench.key(name).locator("input").click()
    bench.page.get_by_role("option", name=option, exact=True).click()


def begin(bench: Workbench, stored: Stored, label: str = "3") -> MousePerson:
    """Read a case that nobody read, and ask for evidence."""
    person = MousePerson(bench)
    bench.open_case(stored.unread())
    bench.wait_for_blind()
    person.commit(label)
    person.ask_evidence()
    return person


def test_methods_are_chosen_compared_and_measured(bench: Workbench, stored: Stored, looker: Looker):
    person = begin(bench, stored)
    names = person.methods()
    assert {"Integrated gradients", "Saliency", "KernelSHAP"} <= set(names)
    person.ask_evidence("Saliency")
    expect(bench.key("evidence_details")).to_contain_text("on this version", timeout=PATIENCE)
    expect(bench.key("evidence_details")).to_contain_text("of the heat in the hottest 5 % of the picture")
    looker.look("evidence-map")

    look_at(bench, "Compare")
    pick(bench, "evidence_second", "Integrated gradients")
    bench.says(
        "evidence_details", re.compile(r"The two maps: (alike|alike in part|unlike) \(rank correlation −?[01]\.\d\d\)")
    )
    expect(bench.key("evidence_details").locator("canvas")).to_have_count(2, timeout=PATIENCE)
    looker.look("evidence-compare")

    look_at(bench, "How far to trust it")
    for figure in ("curve_deletion", "curve_insertion"):
        expect(bench.key(figure).locator(".js-plotly-plot .scatterlayer")).to_be_visible(timeout=PATIENCE)
    bench.says("evidence_quality", re.compile(r"rank correlation −?\d\.\d\d \["))
    looker.look("evidence-trust")
    with bench.page.expect_download() as saved:
        bench.key("curve_deletion_csv").get_by_role("button").click()
    assert saved.value.suggested_filename == "saliency-deletion-mean.csv"


def test_the_question_can_be_changed(bench: Workbench, stored: Stored):
    begin(bench, stored)
    answer = bench.answer().label
    other = "8" if answer != "8" else "3"
    pick(bench, "evidence_against", other)
    bench.says("evidence_panel", f"rather than “{other}”")
    pick(bench, "evidence_baseline", "Blurred picture")
    bench.says("evidence_details", "Absent means: Blurred picture")
    bench.says("evidence_panel", re.compile(r"error reached .* %"))


def test_a_region_is_removed_and_the_answer_changes(bench: Workbench, stored: Stored, looker: Looker):
    for _ in range(MOST_CASES):
        person = begin(bench, stored)
        person.paint(*stored.patch(bench.case()))
        person.press("evidence_remove_marked")
        bench.says("evidence_panel", MOVED, LONG)
        found = MOVED.search(bench.key("evidence_panel").inner_text())
        assert found is not None
        if found[4] == "now":
            break
    else:
        raise AssertionError(f"the answer never changed without the patch, in {MOST_CASES} cases")
    assert float(found[3]) < float(found[2])
    bench.says("removal_result", "the answer becomes")
    bench.says("removal_result", re.compile("elsewhere"))
    expect(bench.key("evidence_details").locator("canvas")).to_have_count(1, timeout=PATIENCE)
    looker.look("evidence-removed")
    bench.key("removal_fill").get_by_role("radio", name="average").click()
    bench.says("evidence_panel", MOVED, LONG)
    assert stored.marks(bench.case()) == [], "nothing is saved by trying"

    bench.page.locator("h1").first.click()
    bench.page.keyboard.press("x")
    bench.says("evidence_panel", HOTTEST, LONG)


def test_the_path_plays_and_cases_that_taught_open(bench: Workbench, stored: Stored, looker: Looker):
    begin(bench, stored)
    look_at(bench, "Path")
    expect(bench.key("evidence_path").locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=PATIENCE)
    bench.says("evidence_path", "the map adds up to")
    looker.look("evidence-path")
    whole = bench.page.evaluate(FIRST_HEAT)
    bench.key("evidence_path").locator(
        ".slider-group .slider-grip-rect, .slider-grip-rect"
    ).first.scroll_into_view_if_needed()
    bench.key("evidence_path").get_by_text("▶ play").click()
    bench.page.wait_for_function(f"(before) => ({FIRST_HEAT})() !== before", arg=whole, timeout=PATIENCE)

    look_at(bench, "Taught by")
    bench.says("evidence_taught", re.compile(r"Of [\d,]+ training cases"), LONG)
    looker.look("evidence-taught")
    link = bench.key("evidence_taught").get_by_role("link").first
    name = link.inner_text().strip()
    link.click()
    expect(bench.key("review_header")).to_contain_text(name, timeout=PATIENCE)


def test_a_concept_is_collected(bench: Workbench, stored: Stored, page: Page):
    begin(bench, stored)
    look_at(bench, "Concepts")
    box = bench.key("concept_name").locator("input")
    box.click()
    box.press_sequentially("closed loop")
    page.get_by_role("option").filter(has_text="closed loop").first.click()
    bench.button("concept_has").click()
    bench.says("evidence_details", re.compile("1 case with it, random cases without; this case has it"))
    bench.button("concept_measure").click()
    expect(bench.key("evidence_details").get_by_role("alert")).to_contain_text(re.compile("more|needs"), timeout=LONG)
    bench.button("concept_out").click()
    bench.says("evidence_details", re.compile("this case is not in it|choose or name one|Concept"))
