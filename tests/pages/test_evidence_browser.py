"""The evidence panel in a real browser: keys, nothing that moves, nothing that overflows, contrast."""

import re

import pytest
from browsing import page_of, serious
from playwright.sync_api import Page, expect

from pages._ui.evidence_panel import PARTS

PATIENCE = 30_000
OVERFLOWING = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  return main.scrollWidth > main.clientWidth + 1 ? `scrolls to ${main.scrollWidth}` : '';
}"""
pytestmark = pytest.mark.slow


def open_evidence(page: Page, address: str, workspace: str, case: str, *labels: str) -> None:
    page.goto(f"{address}/review?workspace={workspace}&case={case}")
    expect(page.locator(".st-key-blind_submit button")).to_be_visible(timeout=PATIENCE)
    for place, label in enumerate(labels):
        row = page.locator("[class*=st-key-blind_label]").nth(place)
        expect(row.locator("[role=radio], input").first).to_be_visible(timeout=PATIENCE)
        if row.get_by_role("radio").count():
            row.get_by_role("radio", name=label).first.click()
        else:
            row.locator("input").click()
            page.get_by_role("option", name=label).first.click()
    page.locator(".st-key-blind_submit button").click()
    page.locator(".st-key-evidence_show button").click(timeout=PATIENCE)
    expect(page.locator(".st-key-evidence_panel")).to_contain_text("version v", timeout=PATIENCE)
    expect(page.locator(".st-key-evidence_part")).to_be_visible(timeout=PATIENCE)


def look_at(page: Page, part: str) -> None:
    radio = page.locator(".st-key-evidence_part").get_by_role("radio", name=part, exact=True)
    radio.click()
    expect(radio).to_have_attribute("aria-checked", "true", timeout=PATIENCE)
    page.wait_for_function("() => document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'running'")


def test_keys_remove_and_what_if_and_nothing_moves(address, browser):
    with page_of(browser) as page:
        open_evidence(page, address, "decoy-digits", "d-0011", "3")
        page.locator("h1").first.click()
        before = page.locator("[data-testid=mask-canvas]").bounding_box()
        tabs = page.locator(".st-key-evidence_part").bounding_box()
        assert tabs["y"] + tabs["height"] <= 720, "what can be asked is in sight"
        page.keyboard.press("x")
        expect(page.locator(".st-key-evidence_panel")).to_contain_text("Without the hottest part", timeout=PATIENCE)
        assert page.locator("[data-testid=mask-canvas]").bounding_box() == before
        for part in PARTS:
            look_at(page, part)
            page.evaluate("() => { document.querySelector('[data-testid=stMain]').scrollTop = 0; }")
            assert page.locator("[data-testid=mask-canvas]").bounding_box() == before, part
        page.keyboard.press("w")
        expect(page.locator("h1").first).to_have_text("What if", timeout=PATIENCE)
        expect(page).to_have_url(re.compile("case=d-0011"))


def test_strokes_that_were_not_saved_are_taken_away(address, browser):
    with page_of(browser) as page:
        open_evidence(page, address, "decoy-digits", "d-0012", "3")
        box = page.locator("[data-testid=mask-canvas]").bounding_box()
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 120, steps=5)
        page.mouse.up()
        expect(page.locator(".st-key-viewer [data-tandem=share]")).to_contain_text("marked", timeout=PATIENCE)
        page.locator(".st-key-evidence_remove_marked button").first.click()
        expect(page.locator(".st-key-evidence_panel")).to_contain_text("Without what you marked", timeout=PATIENCE)
        expect(page.locator(".st-key-removal_result")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize(
    ("workspace", "case", "label"), [("fifty-classes", "long-1", "variety 3"), ("arrests", "case-9", "yes")]
)
def test_nothing_overflows_on_a_narrow_screen(address, browser, workspace, case, label):
    with page_of(browser, viewport={"width": 768, "height": 1024}) as page:
        open_evidence(page, address, workspace, case, label)
        page.locator(".st-key-evidence_remove button").first.click()
        for part in PARTS:
            look_at(page, part)
            page.wait_for_timeout(300)
            assert page.evaluate(OVERFLOWING) == "", part


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(address, browser, scheme):
    with page_of(browser, color_scheme=scheme) as page:
        open_evidence(page, address, "all-kinds", f"case-{20 + len(scheme)}", "no finding", "AP")
        page.locator(".st-key-evidence_remove button").first.click()
        for part in PARTS:
            look_at(page, part)
            page.wait_for_timeout(300)
            assert serious(page) == [], part
