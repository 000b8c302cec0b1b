"""Fairness in real Chromium: the trade-off by plot and by keyboard, both themes, narrow and wide."""

import pytest
from browsing import page_of, serious
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.journey
PATIENCE = 60_000


def open_trade_off(page: Page, address: str) -> None:
    page.goto(f"{address}/fairness?workspace=loans")
    expect(page.locator(".st-key-trade_search button")).to_be_visible(timeout=PATIENCE)


@pytest.mark.slow
def test_search_pick_in_the_plot_and_make_a_candidate(address, browser):
    with page_of(browser) as page:
        open_trade_off(page, address)
        page.locator(".st-key-trade_search button").click()
        expect(page.locator(".st-key-trade_progress")).to_contain_text("model", timeout=PATIENCE)
        expect(page.locator(".st-key-trade_search button")).to_have_text("Search again", timeout=PATIENCE)
        models = page.locator(".st-key-trade_point")
        expect(models.get_by_role("radio")).to_have_count(5)
        expect(models.get_by_role("radio").nth(3)).to_be_checked()
        page.locator(".st-key-trade_off_plot .xy .scatterlayer .text text").get_by_text("2", exact=True).wait_for()
        marks = page.locator(".st-key-trade_off_plot .xy .scatterlayer .points path")
        boxes = [mark.bounding_box() for mark in marks.all()]
        widest = max(boxes, key=lambda box: box["x"])  # the model with the largest gap of equalised odds: the rule
        page.mouse.click(widest["x"] + widest["width"] / 2, widest["y"] + widest["height"] / 2)
        expect(models.get_by_role("radio").nth(1)).to_be_checked(timeout=PATIENCE)
        choice = page.locator(".st-key-trade_choice")
        expect(choice).to_contain_text("Needs sex of every case")
        models.get_by_role("radio").nth(1).focus()
        page.keyboard.press("ArrowDown")
        expect(choice).to_contain_text("Weighed by group and label", timeout=PATIENCE)
        page.locator(".st-key-trade_choose button").press("Enter")
        expect(choice).to_contain_text("It is the version v5.", timeout=PATIENCE)
        expect(choice.get_by_role("link", name="Its gate and the decision")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 768)])
def test_nothing_serious_for_axe_and_nothing_too_wide(address, browser, theme, width):
    with page_of(browser, viewport={"width": width, "height": 720}, color_scheme=theme) as page:
        open_trade_off(page, address)
        expect(page.locator(".st-key-trade_off_plot .main-svg").first).to_be_visible(timeout=PATIENCE)
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
