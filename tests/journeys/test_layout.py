"""Where things stand on the screen: what fits, what never overflows, what never moves."""

import pytest
from playwright.sync_api import expect

from tests.helpers.persons import KeyboardPerson, MousePerson
from tests.helpers.stored import Stored
from tests.helpers.workbench import PATIENCE, Workbench

BOXES = ("read_box", "prediction_panel", "verdict_box", "evidence_panel")
OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth, main = document.querySelector('[data-testid=stMain]');
  const found = [];
  for (const element of [document.documentElement, main]) {
    const { scrollWidth, clientWidth, tagName } = element;
    if (scrollWidth > clientWidth + 1) found.push(`${tagName} scrolls to ${scrollWidth}`);
  }
  for (const element of main.querySelectorAll('button, input, canvas, p, h1, h2, h3, img, label')) {
    const box = element.getBoundingClientRect();
    const clipped = element.closest('[data-testid=stDataFrame], [role=grid], .tandem-unseen');
    const words = `${element.tagName} ${element.innerText} ends at ${box.right}`;
    if (!clipped && box.width && box.right > wide + 1) found.push(words);
  }
  return found;
}"""


def place(bench: Workbench) -> dict[str, float]:
    """Return where the picture stands."""
    bench.steady()
    found = bench.canvas().bounding_box(timeout=PATIENCE)
    assert found is not None
    return found


def fits(bench: Workbench, boxes: tuple[str, ...]) -> None:
    """Check that every box is wholly on the screen, without scrolling."""
    height = bench.page.viewport_size["height"]
    assert bench.page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTop") == 0
    for name in boxes:
        box = bench.key(name).bounding_box(timeout=PATIENCE)
        assert box is not None, name
        assert box["y"] >= 0, name
        assert box["y"] + box["height"] <= height, name


def test_three_boxes_fit_without_scrolling(bench: Workbench, stored: Stored):
    person = MousePerson(bench)
    bench.open_case(stored.unread())
    bench.wait_for_blind()
    fits(bench, ("read_box", "evidence_panel"))
    person.commit("3")
    fits(bench, BOXES)
    person.ask_evidence()
    person.paint(2, 2, 3)
    fits(bench, BOXES)
    person.save()
    fits(bench, BOXES)


def test_picture_stays_where_it_is(bench: Workbench, stored: Stored):
    person = KeyboardPerson(bench)
    bench.open_case(stored.unread())
    case = bench.wait_for_blind()
    start = place(bench)
    for _ in range(3):
        person.commit("3")
        assert place(bench) == start, "after the commit"
        person.ask_evidence()
        assert place(bench) == start, "with evidence"
        person.save()
        assert place(bench) == start, "after saving"
        person.next(case)
        assert place(bench) == start, "on the next case"
        case = bench.case()


@pytest.mark.parametrize("path", ["", "worklist", "trust", "retraining", "audit"])
def test_nothing_overflows_sideways_on_a_narrow_screen(bench: Workbench, path):
    bench.page.set_viewport_size({"width": 768, "height": 1024})
    bench.visit(path)
    assert bench.page.evaluate(OVERFLOWING) == []


def test_review_on_a_narrow_screen(bench: Workbench, stored: Stored):
    bench.page.set_viewport_size({"width": 768, "height": 1024})
    person = MousePerson(bench)
    bench.open_case(stored.unread())
    bench.wait_for_blind()
    assert bench.page.evaluate(OVERFLOWING) == []
    person.commit("3")
    person.ask_evidence()
    assert bench.page.evaluate(OVERFLOWING) == []
    expect(bench.button("verdict_submit")).to_be_enabled()
    person.save()
    assert bench.page.evaluate(OVERFLOWING) == []
