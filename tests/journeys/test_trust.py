"""A quality report on the real product: asked for, followed, read; its verdicts reach the review page's picker."""

import re

from playwright.sync_api import Page, expect

from tests.helpers.commands import command
from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.product import Served
from tests.helpers.workbench import LONG, PATIENCE, Workbench

METHODS = ("Integrated gradients", "Occlusion")
CASES = "8"
VERDICT = re.compile(r"(not supported|supported|not assessed)", re.IGNORECASE)


def test_a_report_is_run_and_its_verdicts_are_seen(page: Page, served: Served, looker: Looker):
    command(served.home, "demo", "arrests")
    person = MousePerson(Workbench(page, served.url, "arrests", "field-mark-colour"))
    bench = person.bench
    bench.visit("trust")
    expect(bench.key("reliability_plot")).to_be_visible(timeout=PATIENCE)
    cases = bench.key("report_cases").locator("input")
    cases.fill(CASES)
    cases.press("Enter")
    picker = bench.key("report_methods").locator("input")
    for name in METHODS:
        picker.press_sequentially(name)
        page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")
    bench.steady()
    bench.button("report_start").click()
    expect(bench.key("quality_table")).to_be_visible(timeout=LONG)
    bench.steady()
    rows = bench.key("quality_table").locator("tbody tr")
    expect(rows).to_have_count(len(METHODS), timeout=PATIENCE)
    verdicts = {}
    for row in rows.all_inner_texts():
        name = next(method for method in METHODS if method in row)
        found = VERDICT.search(row)
        assert found is not None, row
        verdicts[name] = found[1].lower()
    looker.look("trust-report")

    bench.visit("worklist")
    person.press("open_next")
    bench.wait_for_blind()
    person.commit("Released")
    bench.key("method_select").locator("input").click()
    offered = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    for name, verdict in verdicts.items():
        option = next(words for words in offered if words.startswith(name))
        assert ("not supported by evidence here" in option) == (verdict == "not supported"), (name, verdict)
    person.save()
