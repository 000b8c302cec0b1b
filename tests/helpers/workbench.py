"""The workbench as a person sees it: what is on the screen, found by element keys, roles and text."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

PATIENCE = 60_000
"""Milliseconds to wait for a visible state: a loaded machine is slow, a broken page never gets there."""
LONG = 240_000
"""Milliseconds to wait for training and measuring."""
CANVAS = "[data-testid=mask-canvas], [data-testid=viewer-canvas]"
STEADY = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.getAttribute('data-test-script-state') === 'notRunning'
    && app.getAttribute('data-test-connection-state') === 'CONNECTED';
}"""

CHANGING = """() => {
  const shown = document.querySelector('.st-key-run_progress');
  window.seenOfTheRun ??= new Set();
  if (shown && shown.innerText.trim()) window.seenOfTheRun.add(shown.innerText);
  return window.seenOfTheRun.size >= 3;
}"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model's box says."""

    version: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Workbench:
    """One browser tab on one served product."""

    page: Page
    url: str
    workspace: str = "decoy-digits"
    marks: str = "mask-canvas"
    """Test id of what can be marked once the read is committed."""

    def key(self, name: str) -> Locator:
        """Return the element with the element key `name`."""
        return self.page.locator(f".st-key-{name}").first

    def button(self, name: str) -> Locator:
        """Return the button with the element key `name`."""
        return self.page.locator(f".st-key-{name} button").first

    def says(self, name: str, words: str | re.Pattern[str], patience: int = PATIENCE) -> None:
        """Wait until the element `name` shows `words`."""
        expect(self.key(name)).to_contain_text(words, timeout=patience)

    def reads(self, words: str | re.Pattern[str], patience: int = PATIENCE) -> None:
        """Wait until the page shows `words` anywhere outside the sidebar."""
        expect(self.page.get_by_test_id("stMain")).to_contain_text(words, timeout=patience)

    def steady(self) -> None:
        """Wait until the page has run to its end."""
        self.page.wait_for_function(STEADY, timeout=PATIENCE)

    def visit(self, path: str, **parameters: str) -> None:
        """Type an address."""
        named = {"workspace": self.workspace, **parameters}
        query = "&".join(f"{name}={value}" for name, value in named.items())
        self.page.goto(f"{self.url}/{path}?{query}", timeout=PATIENCE)
        expect(self.page.locator("h1").first).to_be_visible(timeout=PATIENCE)
        self.steady()

    def open_case(self, case: str) -> None:
        """Open a case by its address."""
        self.visit("review", case=case)
        expect(self.key("review_header")).to_contain_text(case, timeout=PATIENCE)
        expect(self.key("viewer")).to_be_visible(timeout=PATIENCE)

    def case(self) -> str:
        """Return the name of the case on the screen."""
        found = re.search(r"case (\S+) ·", self.key("review_header").inner_text(timeout=PATIENCE))
        if found is None:
            raise LookupError(f"the header names no case: {self.key('review_header').inner_text()!r}")
        return found[1]

    def wait_for_blind(self, before: str | None = None) -> str:
        """Wait until a case other than `before` waits for the own read; return its name."""
        if before is not None:
            expect(self.key("review_header")).not_to_contain_text(before, timeout=PATIENCE)
        expect(self.key("review_header")).to_contain_text("case ", timeout=PATIENCE)
        expect(self.button("blind_submit")).to_be_enabled(timeout=PATIENCE)
        expect(self.key("prediction_panel")).to_have_count(0, timeout=PATIENCE)
        expect(self.key("viewer")).to_be_visible(timeout=PATIENCE)
        expect(self.page.get_by_test_id(self.marks)).not_to_be_visible(timeout=PATIENCE)
        self.steady()
        return self.case()

    def wait_for_reveal(self) -> None:
        """Wait until the model's answer and the painter are there."""
        expect(self.key("prediction_panel")).to_be_visible(timeout=PATIENCE)
        expect(self.page.get_by_test_id(self.marks)).to_be_visible(timeout=PATIENCE)
        expect(self.button("verdict_submit")).to_be_enabled(timeout=PATIENCE)
        self.steady()

    def champion(self) -> str:
        """Return the version that the sidebar says serves now."""
        words = self.page.get_by_test_id("stSidebar").get_by_text(re.compile(r"^champion v\d+$"))
        return words.inner_text(timeout=PATIENCE).removeprefix("champion ")

    def watch_run(self) -> str:
        """Watch the live run until the gate report appears; return the candidate's name.

        The run's words must change before the eyes of the person: live progress, not a still picture.
        """
        self.says("run_progress", re.compile(r"\S"))
        self.page.wait_for_function(CHANGING, timeout=LONG)
        expect(self.key("gate_report")).to_be_visible(timeout=LONG)
        self.steady()
        found = re.search(r"Gate: (v\d+) against (v\d+)", self.key("gate_report").inner_text())
        if found is None:
            raise LookupError(f"the gate report names no versions: {self.key('gate_report').inner_text()!r}")
        return found[1]

    def gate_verdict(self, line: str) -> str | None:
        """Return what the gate report says about a line, or None when it has no such line."""
        words = self.key("gate_report").inner_text(timeout=PATIENCE)
        found = re.search(rf"^{re.escape(line)}$.*?(pass|fail|not assessable) · n ", words, re.DOTALL | re.MULTILINE)
        return found[1] if found else None

    def answer(self) -> Answer:
        """Return what the model's box says."""
        panel = self.key("prediction_panel")
        words = panel.inner_text(timeout=PATIENCE)
        version = re.search(r"The model · (v\d+)", words)
        label = panel.locator("[data-testid=stProgress] strong, [role=progressbar] strong").first
        if version is None:
            raise LookupError(f"the model's box names no version: {words!r}")
        return Answer(version[1], label.inner_text(timeout=PATIENCE).strip(), words)

    def wait_for_evidence(self, method: str | None = None) -> None:
        """Wait until evidence lies over the picture, by `method` where one is named."""
        panel = self.key("evidence_panel")
        expect(panel).to_contain_text("version v", timeout=LONG)
        if method is not None:
            words = re.compile(r"[\s-]".join(map(re.escape, method.split())), re.IGNORECASE)
            expect(panel.locator("strong").first).to_have_text(words, timeout=LONG)
        self.steady()

    def wait_for_marks(self, words: str = "marked") -> None:
        """Wait until the painter says how much of the picture is marked."""
        expect(self.page.locator("[data-tandem=share]")).to_contain_text(words, timeout=PATIENCE)

    def canvas(self) -> Locator:
        """Return the canvas of the viewer."""
        return self.page.locator(CANVAS).first

    def canvas_picture(self) -> NDArray[np.float64]:
        """Return what the canvas shows now as [H, W, 3], 0 to 255."""
        shot = Image.open(io.BytesIO(self.canvas().screenshot(timeout=PATIENCE))).convert("RGB")
        return np.asarray(shot, dtype=np.float64)

    def heat_cells(self, toggle_plain: Callable[[], None], side: int) -> NDArray[np.float64]:
        """Return how much the overlay colours each of side x side cells of the picture.

        `toggle_plain` is the person's act that hides the overlay, and shows it again.
        """
        coloured = self.canvas_picture()
        toggle_plain()
        expect(self.page.locator("[data-tandem=plain]")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
        bare = self.canvas_picture()
        toggle_plain()
        expect(self.page.locator("[data-tandem=plain]")).to_have_attribute("aria-pressed", "false", timeout=PATIENCE)
        difference = np.abs(coloured - bare).max(axis=2)
        edges = [np.linspace(0, size, side + 1).round().astype(int) for size in difference.shape]
        rows = np.add.reduceat(difference, edges[0][:-1], axis=0)
        return np.add.reduceat(rows, edges[1][:-1], axis=1) / (difference.size / side**2)

    def point(self, x: float, y: float, side: int = 28) -> tuple[float, float]:
        """Return where the picture's point (x, y), in its own pixels, lies on the screen."""
        box = self.canvas().bounding_box(timeout=PATIENCE)
        if box is None:
            raise LookupError("the picture is not on the screen")
        return box["x"] + box["width"] * x / side, box["y"] + box["height"] * y / side

    def audit_rows(self, kind: str) -> list[str]:
        """Wait until the audit table shows events of one kind alone; return the rows in sight as text."""
        grid = self.key("audit_table").locator("table[role=grid]")
        self.page.wait_for_function(
            """(kind) => {
              const cells = [...document.querySelectorAll('.st-key-audit_table [role=gridcell][aria-colindex="4"]')];
              return cells.length && cells.every((cell) => cell.innerText.toLowerCase() === kind);
            }""",
            arg=kind,
            timeout=PATIENCE,
        )
        return grid.locator("tbody [role=row]").all_inner_texts()

    def audit_count(self) -> int:
        """Return how many events the audit table holds with these filters, its heading left out."""
        grid = self.key("audit_table").locator("table[role=grid]")
        return int(grid.get_attribute("aria-rowcount", timeout=PATIENCE) or 0) - 1
