"""`bench startup`: how long a person waits: first start, second start, first review, next case.

Bars of the issue: `healthz_seconds` <= 120, `restart_seconds` <= 15, `first_review_seconds` <= 5,
`next_case_seconds` <= 1, all on the machine that the figures name.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from core.contracts import BenchOptions, Figure
from core.errors import Unavailable
from core.settings import load_settings
from tests.helpers.product import BROWSER_FLAGS, BROWSERS, Served, serving

WORKSPACE = "decoy-digits"
DEMOS = ",".join(load_settings({}).demos)
"""Those that a start without settings prepares."""
CASES = 20
QUICK_CASES = 3
TIMEOUT = 60_000
READY = ".st-key-blind_submit button:not([disabled])"
NEXT = ".st-key-next_case button:not([disabled])"
HEADER = ".st-key-review_header"


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure from a blank home, with the real product and a real Chromium."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        home = Path(folder) / "home"
        started = time.perf_counter()
        with serving(home, demos=DEMOS):
            healthz = time.perf_counter() - started
        started = time.perf_counter()
        with serving(home, demos=DEMOS) as served:
            restart = time.perf_counter() - started
            with browser_page() as page:
                first = first_review_seconds(page, served)
                cases = [next_case_seconds(page) for _ in range(QUICK_CASES if options.quick else CASES)]
    return {
        "healthz_seconds": Figure(healthz),
        "restart_seconds": Figure(restart),
        "first_review_seconds": Figure(first),
        "next_case_seconds": Figure(statistics.median(cases), min(cases), max(cases), len(cases)),
    }


@contextmanager
def browser_page() -> Iterator[Page]:
    """Open a page of a fresh Chromium.

    Raises
    ------
    Unavailable
        When no Chromium is installed.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise Unavailable("The startup benchmark needs Chromium. Run tests/ensure_system.sh.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_FLAGS))
        try:
            yield browser.new_page(viewport={"width": 1280, "height": 720})
        finally:
            browser.close()


def first_review_seconds(page: Page, served: Served) -> float:
    """Seconds from opening the review page's address until the read can be committed."""
    started = time.perf_counter()
    page.goto(f"{served.url}/review?workspace={WORKSPACE}", timeout=TIMEOUT)
    page.wait_for_selector(READY, state="visible", timeout=TIMEOUT)
    return time.perf_counter() - started


def next_case_seconds(page: Page) -> float:
    """Seconds from pressing *next* until another case's read can be committed."""
    before = page.inner_text(HEADER)
    started = time.perf_counter()
    page.click(NEXT)
    page.wait_for_function(
        """([header, ready, before]) => {
            const title = document.querySelector(header), button = document.querySelector(ready);
            return title && title.innerText !== before && button && button.offsetParent !== null;
        }""",
        arg=[HEADER, READY, before],
        polling=20,
        timeout=TIMEOUT,
    )
    return time.perf_counter() - started
