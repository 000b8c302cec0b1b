"""Fixtures that every part's tests share: an isolated home, a real browser, the served product."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import share_processors
from tests.helpers.product import BROWSER_FLAGS, BROWSERS, ROOT, Served, serving

share_processors()

DATA = ROOT.parent / "shared" / "data"


TOGETHER = ("journeys", "playground", "faults")
"""Folders that share a served product or prepared homes: each runs in one process, and first: they take longest."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several processes, keep a folder of `TOGETHER`, else a file, in one process (`--dist loadgroup`).

    The same test on PostgreSQL, and what kills or starves the product, is left out of `make check`.
    """

    def group(item: pytest.Item) -> str:
        return next((folder for folder in TOGETHER if ROOT / "tests" / folder in item.path.parents), str(item.path))

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
        if group(item) == "faults" or item.name.endswith("postgresql]"):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: TOGETHER.index(group(item)) if group(item) in TOGETHER else len(TOGETHER))


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path_factory, monkeypatch) -> None:
    """Give every test a home of its own and none of the person's settings."""
    for name in [key for key in os.environ if key.startswith("TANDEM_") or key == "PORT"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the real data sets that lie beside the checkout."""
    if not DATA.is_dir():
        pytest.skip("needs the data sets in ../shared/data")
    return DATA


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of an installed Chromium or Chrome."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("needs Chromium: run tests/ensure_system.sh")
    return found


@pytest.fixture
def chromium(chromium_path):
    """A real Chromium, driven by Playwright's sync API."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(BROWSER_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    """The real product with decoy-digits, served from a blank home for the whole session."""
    with serving(tmp_path_factory.mktemp("served") / "home") as product:
        yield product
