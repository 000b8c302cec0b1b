"""Two people who use the workbench: one by mouse, one by keyboard alone."""

import re
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.helpers.workbench import PATIENCE, Workbench

PAGES = {"home": "Home", "worklist": "Worklist", "review": "Review", "retraining": "Retraining", "audit": "Audit"}

DECIDED = {"promote": "serves now", "reject": "was rejected", "rollback": "Rolled back"}


@dataclass(frozen=True, slots=True)
class MousePerson:
    """Does everything by mouse, and types where there is something to type."""

    bench: Workbench

    def go(self, page: str) -> None:
        """Follow the sidebar's link to a page."""
        sidebar = self.bench.page.get_by_test_id("stSidebar")
        sidebar.get_by_role("link", name=PAGES[page]).click()
        expect(self.bench.page.locator("h1").first).to_have_text(PAGES[page], timeout=PATIENCE)
        self.bench.steady()

    def press(self, name: str) -> None:
        """Click a button."""
        self.bench.button(name).click(timeout=PATIENCE)

    def choose(self, name: str, label: str) -> None:
        """Click one of several labels."""
        option = self.bench.key(name).get_by_role("radio", name=label, exact=True)
        if option.get_attribute("aria-checked") != "true":
            option.click()
        expect(option).to_have_attribute("aria-checked", "true", timeout=PATIENCE)

    def commit(self, label: str) -> None:
        """Commit the own read."""
        self.choose("blind_label", label)
        self.press("blind_submit")
        self.bench.wait_for_reveal()

    def ask_evidence(self) -> None:
        """Ask for evidence with the method that is chosen."""
        self.press("evidence_show")
        self.bench.wait_for_evidence()
        self._rest()

    def toggle_plain(self) -> None:
        """Hide or show the overlay."""
        self.bench.page.locator("[data-tandem=plain]").click()
        self._rest()

    def _rest(self) -> None:
        self.bench.page.mouse.move(5, 5)

    def paint(self, top: int, left: int, size: int, tool: str = "rectangle") -> None:
        """Paint a square of the picture's pixels."""
        self.bench.page.locator(f"[data-tandem-tool={tool}]").click()
        if tool == "rectangle":
            self._drag((left + 0.5, top + 0.5), (left + size - 0.5, top + size - 0.5))
        else:
            for y in range(top + 1, top + size, 2):
                self._drag((left + 0.5, y), (left + size - 0.5, y))
        expect(self.bench.page.locator("[data-tandem=share]")).to_contain_text("marked", timeout=PATIENCE)

    def _drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.bench.page.mouse
        mouse.move(*self.bench.point(*start))
        mouse.down()
        mouse.move(*self.bench.point(*end), steps=8)
        mouse.up()

    def name_artefact(self, name: str) -> None:
        """Say what the ignored region is; the name of the case before is kept."""
        box = self.bench.key("mask_artefact").locator("input")
        if box.input_value() == name:
            return
        box.click()
        box.press_sequentially(name)
        self.bench.page.get_by_role("option").filter(has_text=name).first.click()
        expect(box).to_have_value(name, timeout=PATIENCE)

    def save(self) -> None:
        """Save the verdict."""
        self.press("verdict_submit")
        self.bench.says("verdict_box", "saved")
        self.bench.steady()

    def next(self, case: str) -> None:
        """Go on to the next case with the one key that the page prints."""
        self.bench.page.keyboard.press("n")
        self.bench.wait_for_blind(case)

    def decide(self, kind: str, reason: str) -> None:
        """Give the reason, decide, and read that it happened."""
        self.bench.key("decision_reason").locator("input").fill(reason)
        self.press(kind)
        self.bench.reads(DECIDED[kind])
        self.bench.steady()

    def audit_rows(self, kind: str) -> list[str]:
        """Show the events of one kind alone; return the rows in sight."""
        self.bench.key("audit_kind").locator("input").click()
        self.bench.page.get_by_role("option", name=re.compile(f"^{kind}$", re.IGNORECASE)).click()
        return self.bench.audit_rows(kind)


Person = MousePerson
