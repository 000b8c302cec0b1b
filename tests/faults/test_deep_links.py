"""Addresses that name what does not exist, in a real page: words, no traces, and a way on."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.helpers.workbench import PATIENCE, Workbench

pytestmark = [pytest.mark.journey, pytest.mark.slow]

SCRIPT = '<img src=x onerror="window.hit=1">**bold**'


@pytest.fixture
def bench(chromium, served):
    """A tab on the served product."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    problems: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield Workbench(page, served.url)
    context.close()
    assert problems == []


def alert_at(bench: Workbench, path: str) -> str:
    """Type an address; return the words of the message there."""
    bench.page.goto(f"{bench.url}/{path}", timeout=PATIENCE)
    alert = bench.page.get_by_test_id("stMain").get_by_test_id("stAlert").first
    expect(alert).to_be_visible(timeout=PATIENCE)
    words = alert.inner_text()
    assert "Traceback" not in bench.page.inner_text("body")
    assert bench.page.evaluate("() => window.hit") is None
    return words


@pytest.mark.parametrize("case", ["nowhere", "0", "../../etc/passwd", SCRIPT, "x" * 3000])
def test_an_unknown_case(bench, case):
    words = alert_at(bench, f"review?workspace=decoy-digits&case={quote(case)}")
    assert "no case" in words
    assert case[:20] in words.replace("\\", "")


@pytest.mark.parametrize("page", ["", "worklist", "review", "whatif", "trust", "retraining", "audit"])
def test_an_unknown_workspace(bench, page):
    words = alert_at(bench, f"{page}?workspace={quote(SCRIPT)}")
    assert "There is no workspace called" in words
    assert "decoy-digits" in words


def test_an_unknown_case_of_an_unknown_workspace(bench):
    assert "no workspace called 'elsewhere'" in alert_at(bench, "review?workspace=elsewhere&case=d-1")


def test_the_way_on_from_an_unknown_case(bench):
    alert_at(bench, "review?workspace=decoy-digits&case=nowhere")
    bench.visit("review")
    bench.wait_for_blind()
