"""Reading modes in real Chromium: withheld, debriefed, side by side; both themes, wide and narrow."""

import pytest
from browsing import page_of, serious
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.journey
PATIENCE = 30_000
WIDE = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def read(page: Page, address: str, workspace: str, case: str) -> None:
    """Commit a read."""
    page.goto(f"{address}/review?workspace={workspace}&case={case}")
    expect(page.locator(".st-key-blind_submit button")).to_be_visible(timeout=PATIENCE)
    page.locator(".st-key-blind_label [role=radio]").nth(3).click()
    expect(page.locator(".st-key-blind_label [aria-checked=true]")).to_be_visible()
    page.locator(".st-key-blind_submit button").click()
    expect(page.locator(".st-key-verdict_box")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize(("scheme", "width", "case"), [("light", 1280, "d-0001"), ("dark", 768, "d-0003")])
def test_what_is_withheld_debriefed_and_differs(address, browser, tmp_path, scheme, width, case):
    with page_of(browser, viewport={"width": width, "height": 720}, color_scheme=scheme) as page:
        read(page, address, "switched-off", case)
        expect(page.locator(".st-key-withheld")).to_be_focused()
        assert page.locator(".st-key-prediction_panel, .st-key-method_select, .st-key-evidence_show").count() == 0
        looked(page, tmp_path / f"withheld-{scheme}.png")
        page.keyboard.press("Enter")
        expect(page.locator(".st-key-verdict_box")).to_contain_text("saved", timeout=PATIENCE)
        read(page, address, "in-training", case)
        expect(page.locator(".st-key-debrief")).to_contain_text("wrong on purpose")
        looked(page, tmp_path / f"debrief-{scheme}.png")
        page.goto(f"{address}/worklist?workspace=switched-off&dispute=d-0002")
        expect(page.locator(".st-key-opinion_R2")).to_contain_text("R2 says 8", timeout=PATIENCE)
        expect(page.locator(".st-key-reader_agreement")).to_contain_text("kappa 0.75 [0.40, 0.95] · n 24")
        looked(page, tmp_path / f"differences-{scheme}.png")


def looked(page: Page, picture) -> None:
    """Check that nothing is wider than the screen and axe finds nothing serious; keep a picture."""
    assert page.evaluate(WIDE)
    page.screenshot(path=picture, full_page=True)
    assert serious(page) == []
