"""Two people who use the workbench: one by mouse, one by keyboard alone."""

import re
from dataclasses import dataclass
from typing import Protocol

from playwright.sync_api import Locator, expect

from tests.helpers.workbench import PATIENCE, Workbench

PAGES = {
    "home": "Home",
    "worklist": "Worklist",
    "review": "Review",
    "whatif": "What if",
    "trust": "Trust",
    "retraining": "Retraining",
    "audit": "Audit",
}
DECIDED = {"promote": "serves now", "reject": "was rejected", "rollback": "Rolled back"}
TYPINGS = 5
MOST_TABS = 200
SIDE = 28


class Person(Protocol):
    """What a person does; how is their own."""

    bench: Workbench

    def go(self, page: str) -> None:
        """Follow the sidebar's link to a page."""

    def press(self, name: str) -> None:
        """Press the button with the element key `name`."""

    def choose(self, name: str, label: str) -> None:
        """Pick one of several labels."""

    def commit(self, label: str) -> None:
        """Commit the own read."""

    def ask_evidence(self) -> None:
        """Ask for evidence with the method that is chosen."""

    def toggle_plain(self) -> None:
        """Hide or show the overlay."""

    def paint(self, top: int, left: int, size: int, tool: str = "rectangle") -> None:
        """Paint a square of the picture's pixels as *ignore this*."""

    def name_artefact(self, name: str) -> None:
        """Say what the ignored region is; the name of the case before is kept."""

    def save(self) -> None:
        """Save the verdict."""

    def next(self, case: str) -> None:
        """Go on to the next case with one key."""

    def decide(self, kind: str, reason: str) -> None:
        """Give the reason, decide, and read that it happened."""

    def audit_rows(self, kind: str) -> list[str]:
        """Show the events of one kind alone; return the rows in sight."""


def decided(bench: Workbench, kind: str) -> None:
    """Wait until the page says that a decision was taken."""
    bench.reads(DECIDED[kind])
    bench.steady()


def saved(bench: Workbench) -> None:
    """Wait until the page says that the verdict is saved."""
    bench.says("verdict_box", re.compile(r"saved \d+:\d\d"))
    bench.steady()


@dataclass(frozen=True, slots=True)
class MousePerson:
    """Does everything by mouse, and types where there is something to type."""

    bench: Workbench

    def go(self, page: str) -> None:
        sidebar = self.bench.page.get_by_test_id("stSidebar")
        sidebar.get_by_role("link", name=PAGES[page]).click()
        expect(self.bench.page.locator("h1").first).to_have_text(PAGES[page], timeout=PATIENCE)
        self.bench.steady()

    def press(self, name: str) -> None:
        self.bench.button(name).click(timeout=PATIENCE)

    def choose(self, name: str, label: str) -> None:
        option = self.bench.key(name).get_by_role("radio", name=label)
        if option.get_attribute("aria-checked") != "true":
            option.click()
        expect(option).to_have_attribute("aria-checked", "true", timeout=PATIENCE)

    def commit(self, label: str) -> None:
        self.choose("blind_label", label)
        self.press("blind_submit")
        self.bench.wait_for_reveal()

    def choose_workspace(self, name: str) -> None:
        """Look at another workspace."""
        self.bench.key("workspace_select").locator("input").click()
        self.bench.page.get_by_role("option", name=name, exact=True).click()
        self.bench.steady()

    def methods(self) -> list[str]:
        """Return the methods of evidence that are offered."""
        self.bench.key("method_select").locator("input").click()
        options = self.bench.page.get_by_role("option")
        expect(options.first).to_be_visible(timeout=PATIENCE)
        names = [words.partition(" · ")[0] for words in options.all_inner_texts()]
        self.bench.page.keyboard.press("Escape")
        return names

    def ask_evidence(self, method: str | None = None) -> None:
        if method is not None:
            self.bench.key("method_select").locator("input").click()
            self.bench.page.get_by_role("option", name=method).click()
        self.press("evidence_show")
        self.bench.wait_for_evidence(method)
        self._rest()

    def toggle_plain(self) -> None:
        self.bench.page.locator("[data-tandem=plain]").click()
        self._rest()

    def _rest(self) -> None:
        self.bench.page.mouse.move(5, 5)

    def paint(self, top: int, left: int, size: int, tool: str = "rectangle") -> None:
        self.bench.page.locator(f"[data-tandem-tool={tool}]").click()
        if tool == "rectangle":
            self.drag((left + 0.5, top + 0.5), (left + size - 0.5, top + size - 0.5), SIDE)
        else:
            for y in range(top + 1, top + size, 2):
                self.drag((left + 0.5, y), (left + size - 0.5, y), SIDE)
        self.bench.wait_for_marks()

    def drag(self, start: tuple[float, float], end: tuple[float, float], side: int) -> None:
        """Draw from one point of the picture to another, in pixels of a picture `side` pixels wide and high."""
        mouse = self.bench.page.mouse
        mouse.move(*self.bench.point(*start, side))
        mouse.down()
        mouse.move(*self.bench.point(*end, side), steps=8)
        mouse.up()

    def name_artefact(self, name: str) -> None:
        box = self.bench.key("mask_artefact").locator("input")
        if box.input_value() == name:
            return
        box.click()
        box.press_sequentially(name)
        self.bench.page.get_by_role("option").filter(has_text=name).first.click()
        expect(box).to_have_value(name, timeout=PATIENCE)

    def save(self) -> None:
        self.press("verdict_submit")
        saved(self.bench)

    def next(self, case: str) -> None:
        self.bench.page.keyboard.press("n")
        self.bench.wait_for_blind(case)

    def decide(self, kind: str, reason: str) -> None:
        self.bench.key("decision_reason").locator("input").fill(reason)
        self.press(kind)
        decided(self.bench, kind)

    def audit_rows(self, kind: str) -> list[str]:
        self.bench.key("audit_kind").locator("input").click()
        self.bench.page.get_by_role("option", name=re.compile(f"^{kind}$", re.IGNORECASE)).click()
        return self.bench.audit_rows(kind)


@dataclass(frozen=True, slots=True)
class KeyboardPerson:
    """Never touches a mouse."""

    bench: Workbench

    def _keys(self, *names: str) -> None:
        for name in names:
            self.bench.page.keyboard.press(name)

    def _type(self, words: str) -> None:
        self.bench.page.keyboard.press("ControlOrMeta+a")
        self.bench.page.keyboard.type(words)

    def reach(self, wanted: Locator) -> None:
        """Go to an element with the Tab key."""
        expect(wanted).to_be_visible(timeout=PATIENCE)
        for _ in range(MOST_TABS):
            if wanted.evaluate("(element) => element === document.activeElement"):
                return
            self._keys("Tab")
        raise LookupError(f"{MOST_TABS} times Tab do not reach {wanted}")

    def go(self, page: str) -> None:
        self.reach(self.bench.page.get_by_test_id("stSidebar").get_by_role("link", name=PAGES[page]))
        self._keys("Enter")
        expect(self.bench.page.locator("h1").first).to_have_text(PAGES[page], timeout=PATIENCE)
        self.bench.steady()

    def press(self, name: str) -> None:
        expect(self.bench.button(name)).to_be_enabled(timeout=PATIENCE)
        self.reach(self.bench.button(name))
        self._keys("Enter")

    def choose(self, name: str, label: str) -> None:
        self._keys(label)
        option = self.bench.key(name).get_by_role("radio", name=label)
        expect(option).to_have_attribute("aria-checked", "true", timeout=PATIENCE)

    def commit(self, label: str) -> None:
        self.choose("blind_label", label)
        self._keys("Enter")
        self.bench.wait_for_reveal()

    def ask_evidence(self) -> None:
        self._keys("e")
        self.bench.wait_for_evidence()

    def toggle_plain(self) -> None:
        self._keys("p")

    def paint(self, top: int, left: int, size: int, tool: str = "rectangle") -> None:
        self._keys("m")
        expect(self.bench.canvas()).to_be_focused(timeout=PATIENCE)
        far = {0: ("Left", "Up"), 1: ("Right", "Down")}
        across, down = far[int(left > 0)][0], far[int(top > 0)][1]
        self._keys(*[f"Shift+Arrow{across}"] * 3, *[f"Shift+Arrow{down}"] * 3)
        back = {"Left": "ArrowRight", "Right": "ArrowLeft", "Up": "ArrowDown", "Down": "ArrowUp"}
        if tool == "rectangle":
            self._keys("t", "Enter", *[back[across]] * (size - 1), *[back[down]] * (size - 1), "Enter")
        else:
            self._brush(back[across], back[down], size)
        self.bench.wait_for_marks()
        self._keys("Escape")

    def _brush(self, across: str, down: str, size: int) -> None:
        """Paint a square pixel by pixel, there and back again, with the smallest brush."""
        there = {"ArrowRight": "ArrowLeft", "ArrowLeft": "ArrowRight"}
        self._keys("b", "[", "[")
        for row in range(size):
            self._keys("Space" if row % 2 else "Enter")
            for _ in range(size - 1):
                self._keys(across, "Space" if row % 2 else "Enter")
            self._keys(down)
            across = there[across]

    def name_artefact(self, name: str) -> None:
        box = self.bench.key("mask_artefact").locator("input")
        if box.input_value() == name:
            return
        self.reach(box)
        self._type(name)
        expect(self.bench.page.get_by_role("option").filter(has_text=name).first).to_be_visible(timeout=PATIENCE)
        self._keys("Enter")
        expect(box).to_have_value(name, timeout=PATIENCE)

    def save(self) -> None:
        typing = self.bench.page.evaluate("() => document.activeElement.matches('input:not([type=radio])')")
        self._keys("Control+Enter" if typing else "Enter")
        saved(self.bench)

    def undo(self) -> None:
        """Take the last verdict back."""
        self._keys("u")
        self.bench.says("verdict_box", "no verdict yet")
        self.bench.steady()

    def next(self, case: str) -> None:
        self._keys("n")
        self.bench.wait_for_blind(case)

    def decide(self, kind: str, reason: str) -> None:
        self.reach(self.bench.key("decision_reason").locator("input"))
        self._type(reason)
        self.press(kind)
        decided(self.bench, kind)

    def audit_rows(self, kind: str) -> list[str]:
        self.bench.steady()
        box = self.bench.key("audit_kind").locator("input")
        option = self.bench.page.get_by_role("option", name=re.compile(f"^{kind}$", re.IGNORECASE))
        for _ in range(TYPINGS):  # letters that fall into a redraw are lost: a person sees it and types again
            self.reach(box)
            self._type(kind)
            self.bench.page.wait_for_timeout(1000)
            if box.input_value() == kind and option.count() == 1:
                break
        expect(option).to_be_visible(timeout=PATIENCE)
        self._keys("Enter")
        return self.bench.audit_rows(kind)

    def read_keys(self) -> str:
        """Look at the list of keys and close it again; return its words."""
        self._keys("F1")
        dialog = self.bench.page.get_by_role("dialog")
        expect(dialog).to_contain_text("next case", timeout=PATIENCE)
        words = dialog.inner_text()
        self._keys("Escape")
        expect(dialog).to_have_count(0, timeout=PATIENCE)
        return words
