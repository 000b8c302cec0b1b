"""Trust and what if in real Chromium: figures, downloads, painting over, undo, contrast."""

import csv
import re
from itertools import count
from pathlib import Path

import pytest
from browsing import page_of, serious
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.journey
PATIENCE = 30_000
HOSTS = ("http://127.0.0.1", "data:", "blob:", "ws://127.0.0.1")
fresh = count(1)


def open_trust(page: Page, address: str, workspace: str = "decoy-digits") -> None:
    page.goto(f"{address}/trust?workspace={workspace}")
    expect(page.locator(".st-key-error_tree .main-svg").first).to_be_visible(timeout=PATIENCE)


def open_whatif(page: Page, address: str, workspace: str, case: str, *answers: str, more: str = "") -> None:
    """Commit a read of the case, then open it on the what-if page through the sidebar."""
    page.goto(f"{address}/review?workspace={workspace}&case={case}")
    expect(page.locator(".st-key-blind_submit button")).to_be_visible(timeout=PATIENCE)
    for name, answer in zip(("blind_label", "blind_label_view"), answers, strict=False):
        page.locator(f".st-key-{name} [role=radio]").filter(has_text=answer).first.click()
        expect(page.locator(f".st-key-{name} [aria-checked=true]")).to_be_visible()
    page.locator(".st-key-blind_submit button").click()
    expect(page.locator(".st-key-prediction_panel")).to_be_visible(timeout=PATIENCE)
    if more:
        page.goto(f"{address}/whatif?workspace={workspace}&case={case}{more}")
    else:
        page.get_by_test_id("stSidebar").get_by_role("link", name="What if").click()
    expect(page.locator(".st-key-whatif_after")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-whatif_case input")).to_have_value(re.compile(f"^{case} "), timeout=PATIENCE)


@pytest.mark.slow
def test_figures_save_as_png_and_csv_and_nothing_is_fetched(address, browser):
    with page_of(browser, accept_downloads=True) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        open_trust(page, address)
        expect(page.locator(".st-key-quality_table")).to_contain_text("not supported")
        drawn = ("quality_plot", "agreement_plot", "reliability_plot", "confusion_plot", "error_tree")
        for name in (*drawn, "coverage_groups", "coverage_time"):
            figure = page.locator(f".st-key-{name}").first
            expect(figure.locator(".modebar-btn")).to_have_count(1)
            expect(figure.get_by_role("figure")).to_have_accessible_name(re.compile(r"\w"))
        with page.expect_download() as saved:
            page.locator(".st-key-reliability_plot .modebar-btn").click()
        assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
        with page.expect_download() as saved:
            page.locator(".st-key-confusion_plot_csv").get_by_role("button", name="CSV").click()
        rows = list(csv.DictReader(Path(saved.value.path()).read_text().splitlines()))
        assert len(rows) == 100
        assert rows[3]["cases"] == "9"
        assert [url for url in asked if not url.startswith(HOSTS)] == []


def test_painting_over_changes_the_answer_and_undo_takes_it_back(address, browser):
    with page_of(browser) as page:
        open_whatif(page, address, "radiographs", "chest-30", "pneumonia")
        expect(page.get_by_role("radio", name="look here")).not_to_be_visible()
        before = page.locator(".st-key-whatif_after").inner_text()
        page.get_by_role("button", name="box").click()
        box = page.get_by_test_id("mask-canvas").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.8)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] * 0.95, steps=8)
        page.mouse.up()
        changes = page.locator(".st-key-whatif_changes")
        expect(changes).to_contain_text("a part painted over with blur", timeout=PATIENCE)
        expect(page.get_by_alt_text("as the model sees it now")).to_be_visible()
        assert page.locator(".st-key-whatif_after").inner_text() != before
        page.locator(".st-key-fill_image").get_by_text("noise").click()
        expect(changes).to_contain_text("with noise", timeout=PATIENCE)
        page.locator(".st-key-whatif_reset button").click()
        expect(changes).to_contain_text("Nothing yet", timeout=PATIENCE)
        expect(page.locator("[data-tandem=share]").first).to_contain_text("nothing marked")
        page.locator(".st-key-whatif_undo button").click()
        expect(changes).to_contain_text("with noise", timeout=PATIENCE)
        expect(page.locator("[data-tandem=share]").first).to_contain_text("% of the image", timeout=PATIENCE)


@pytest.mark.slow
def test_a_counterfactual_is_used_and_a_similar_case_opened(address, browser):
    with page_of(browser) as page:
        open_whatif(page, address, "arrests", "case-21", "yes")
        page.locator(".st-key-field_age input").fill("50")
        page.locator(".st-key-field_age input").press("Enter")
        expect(page.locator(".st-key-whatif_changes")).to_contain_text("Age: 43 → 50 years", timeout=PATIENCE)
        expect(page).to_have_url(re.compile("set.age=50"))
        page.locator(".st-key-counterfactual_find button").click()
        page.locator(".st-key-counterfactual_use_0 button").click(timeout=PATIENCE)
        expect(page.locator(".st-key-field_age input")).to_have_value("61", timeout=PATIENCE)
        page.locator(".st-key-similar_cases").get_by_role("link", name="case-4").first.click()
        expect(page.locator(".st-key-review_header")).to_contain_text("case-4", timeout=PATIENCE)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(address, browser, scheme):
    with page_of(browser, color_scheme=scheme) as page:
        for workspace in ("decoy-digits", "fifty-classes"):
            open_trust(page, address, workspace)
            assert serious(page) == [], workspace
        open_whatif(page, address, "all-kinds", f"case-{21 + next(fresh)}", "no finding", "AP")
        page.locator(".st-key-counterfactual_find button").click()
        page.locator(".st-key-whatif_evidence label").first.click()
        expect(page.locator(".st-key-whatif_evidence_after")).to_be_visible(timeout=PATIENCE)
        expect(page.locator(".st-key-counterfactual_use_0")).to_be_visible(timeout=PATIENCE)
        assert serious(page) == []
        page.set_viewport_size({"width": 768, "height": 900})
        open_whatif(page, address, "arrests", f"case-{23 + next(fresh)}", "yes", more="&set.age=60")
        expect(page.locator(".st-key-whatif_changes")).to_contain_text("60 years")
        assert serious(page) == []
