"""What if, on real rows: a field is edited, a counterfactual found and used, a similar case opened."""

import re

from playwright.sync_api import Page, expect

from tests.helpers.commands import command
from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.product import Served
from tests.helpers.stored import Stored
from tests.helpers.workbench import LONG, PATIENCE, Workbench


def test_a_field_is_edited_a_counterfactual_used_a_similar_case_opened(page: Page, served: Served, looker: Looker):
    command(served.home, "demo", "arrests")
    person = MousePerson(Workbench(page, served.url, "arrests", "field-mark-colour"))
    bench = person.bench
    case = Stored(served.home, "arrests").unread()
    bench.open_case(case)
    bench.wait_for_blind()

    bench.visit("whatif", case=case)
    bench.reads("after your own read")
    bench.open_case(case)
    bench.wait_for_blind()
    person.commit("Released")
    page.keyboard.press("w")
    expect(page.locator("h1").first).to_have_text("What if", timeout=PATIENCE)
    expect(bench.key("whatif_before")).to_be_visible(timeout=PATIENCE)
    before = bench.key("whatif_after").inner_text()

    checks = bench.key("field_checks").locator("input")
    edited = "0" if checks.input_value() != "0" else "6"
    checks.fill(edited)
    checks.press("Enter")
    bench.says("whatif_changes", f"→ {edited}")
    expect(bench.key("whatif_after")).not_to_have_text(before, timeout=PATIENCE)
    expect(page).to_have_url(re.compile(f"set.checks={edited}"))
    looker.look("whatif-edited")
    bench.button("whatif_reset").click()
    bench.says("whatif_changes", "Nothing yet")

    bench.button("counterfactual_find").click()
    use = bench.button("counterfactual_use_0")
    expect(use).to_be_visible(timeout=LONG)
    use.click()
    bench.says("whatif_changes", "→")
    bench.reads("the answer changes from")
    looker.look("whatif-counterfactual")

    links = bench.key("similar_cases").get_by_role("link")
    expect(links.first).to_be_visible(timeout=LONG)
    similar = links.first.inner_text().strip()
    links.first.click()
    expect(bench.key("review_header")).to_contain_text(similar, timeout=PATIENCE)
    bench.steady()
