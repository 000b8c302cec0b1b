"""The robustness section in real Chromium: figures with words and numbers, started and cancelled, both themes."""

import csv
import re
from pathlib import Path

import pytest
from browsing import page_of, serious
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.slow]
PATIENCE = 60_000


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 768)])
def test_figures_have_words_and_numbers_and_axe_finds_nothing_serious(address, browser, scheme, width):
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 720}, "accept_downloads": True}
    with page_of(browser, **options) as page:
        page.goto(f"{address}/trust?workspace=decoy-digits")
        section = page.locator(".st-key-robustness")
        expect(section.locator(".st-key-flips_plot .main-svg").first).to_be_visible(timeout=PATIENCE)
        expect(section.locator(".st-key-attack_table")).to_contain_text("0.97 [0.89, 1.00]")
        for name in ("corruption_plot", "flips_plot"):
            figure = section.locator(f".st-key-{name}").get_by_role("figure").first
            expect(figure).to_have_accessible_name(re.compile(r"\w"))
        assert serious(page) == []
        with page.expect_download() as saved:
            section.locator(".st-key-corruption_plot_csv").get_by_role("button", name="CSV").click()
        rows = list(csv.DictReader(Path(saved.value.path()).read_text().splitlines()))
        assert len(rows) == 25
        assert rows[0]["corruption"] == "noise"


def test_a_report_is_started_followed_and_shown(address, browser):
    with page_of(browser) as page:
        page.goto(f"{address}/trust?workspace=radiographs")
        section = page.locator(".st-key-robustness")
        section.get_by_role("button", name="Attack and corrupt").click(timeout=PATIENCE)
        expect(section.locator(".st-key-attack_table")).to_contain_text("sound", timeout=PATIENCE)
