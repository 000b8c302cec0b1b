"""A tab on the served product for every journey; `--screenshots FOLDER` keeps pictures of what people saw."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.looks import Looker
from tests.helpers.product import ROOT, Served
from tests.helpers.stored import Stored
from tests.helpers.workbench import PATIENCE, Workbench

HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()
FIRST = "test_tour_mouse.py"
"""The tour starts with a workspace that nobody has touched, so it comes before the others."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `pytest tests/journeys --screenshots FOLDER`."""
    parser.addoption("--screenshots", metavar="FOLDER", help="keep pictures of every page in both themes there")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as a journey; the mouse tour comes first."""
    journeys = [item for item in items if item.path.parent == HERE]
    for item in journeys:
        item.add_marker(pytest.mark.journey)
    places = [place for place, item in enumerate(items) if item.path.parent == HERE]
    for place, item in zip(places, sorted(journeys, key=lambda one: one.path.name != FIRST), strict=True):
        items[place] = item


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember that a journey failed, so that its last sight can be kept."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def page(chromium: Browser, request: pytest.FixtureRequest, screenshots: Path | None) -> Iterator[Page]:
    """A tab of the size of a small laptop; fails the test when the page's own script raised an error."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    yield tab
    if screenshots is not None and request.node.stash.get(FAILED, False):
        tab.screenshot(path=screenshots / f"failed-{request.node.name}.png")
    context.close()
    assert problems == []


@pytest.fixture
def stored(served: Served) -> Stored:
    """The served home, read only."""
    return Stored(served.home, "decoy-digits")


@pytest.fixture
def bench(page: Page, served: Served) -> Workbench:
    """The workbench in the tab."""
    return Workbench(page, served.url)


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest) -> Path | None:
    """Where pictures are kept, if anywhere: a folder outside the checkout."""
    named = request.config.getoption("--screenshots", default=None)
    if named is None:
        return None
    folder = Path(named).resolve()
    if folder.is_relative_to(ROOT):
        raise pytest.UsageError(f"--screenshots {named} lies in the checkout; name a folder outside of it.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def looker(page: Page, screenshots: Path | None) -> Looker:
    """Looks at the tab in both themes."""
    return Looker(page, screenshots)
