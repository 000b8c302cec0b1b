"""The team page in real Chromium: figures, files, both themes, small screens."""

import csv
import re
from pathlib import Path

import pytest
from browsing import page_of, serious
from playwright.sync_api import Page, expect

from tests.helpers.workbench import STEADY

pytestmark = pytest.mark.journey
PATIENCE = 60_000


def open_team(page: Page, address: str, workspace: str = "decoy-digits") -> None:
    page.goto(f"{address}/team?workspace={workspace}")
    for name in ("team_switches", "team_reliance", "deferral_plot", "deferral_cost"):
        expect(page.locator(f".st-key-{name} .main-svg").first).to_be_visible(timeout=PATIENCE)
    page.wait_for_function(STEADY, timeout=PATIENCE)


def test_figures_are_saved_as_numbers_and_the_hour_costs_what_is_typed(address, browser):
    with page_of(browser, accept_downloads=True) as page:
        open_team(page, address)
        for name in ("team_plot", "team_switches", "team_reliance", "deferral_plot", "deferral_cost"):
            figure = page.locator(f".st-key-{name}").first
            expect(figure.get_by_role("figure")).to_have_accessible_name(re.compile(r"\w"))
        with page.expect_download() as saved:
            page.locator(".st-key-team_switches_csv").get_by_role("button", name="CSV").click()
        rows = list(csv.DictReader(Path(saved.value.path()).read_text().splitlines()))
        assert {row["figure"] for row in rows} == {"helped", "harmed"}
        assert rows[0]["cut"] == "all"
        cost = page.locator(".st-key-hour_cost input")
        cost.fill("40")
        cost.press("Enter")
        expect(page.get_by_text("An hour of reading costs 40 here")).to_be_visible(timeout=PATIENCE)
        with page.expect_download() as saved:
            page.locator(".st-key-deferral_cost_csv").get_by_role("button", name="CSV").click()
        rows = list(csv.DictReader(Path(saved.value.path()).read_text().splitlines()))
        assert float(rows[20]["cost per 100"]) > 50


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(address, browser, scheme):
    with page_of(browser, color_scheme=scheme) as page:
        open_team(page, address)
        expect(page.locator(".st-key-team_switches")).to_contain_text("<b>PA</b>")  # user text, letter by letter
        for name in ("team_excluded", "team_table", "team_experiences"):
            page.locator(f".st-key-{name} summary").first.click()
        expect(page.locator(".st-key-team_experience_save button")).to_be_visible(timeout=PATIENCE)
        assert serious(page) == []
        page.set_viewport_size({"width": 768, "height": 900})
        open_team(page, address, "two-questions")
        assert serious(page) == []
        wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
        assert wide <= 768
