"""The pages in real Chromium: painting, keys, contrast."""

import pytest
from browsing import page_of, serious
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.journey


def open_case(page: Page, address: str, workspace: str, case: str) -> None:
    page.goto(f"{address}/review?workspace={workspace}&case={case}")
    expect(page.get_by_test_id("viewer-canvas").or_(page.get_by_test_id("mask-canvas"))).to_be_visible(timeout=30_000)
    expect(page.locator(".st-key-read_box, .st-key-prediction_panel").first).to_be_visible()


def commit(page: Page, key: str) -> None:
    page.wait_for_function("() => document.activeElement?.className.includes('st-key-read_box')")
    page.keyboard.press(key)
    expect(page.locator(".st-key-blind_label [aria-checked=true]")).to_be_visible(timeout=10_000)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("mask-canvas")).to_be_visible()


def marked(page: Page, kind: str = "ignore") -> set[tuple[int, int]]:
    found = page.evaluate(
        """(kind) => {
          const { layers } = document.querySelector(".tandem-painter").tandemPainter;
          return [...layers.masks[kind].keys()].filter((i) => layers.masks[kind][i])
            .map((i) => [i % layers.width, Math.floor(i / layers.width)]);
        }""",
        kind,
    )
    return {(x, y) for x, y in found}


def drag(page: Page, side: int, start: tuple[float, float], end: tuple[float, float]) -> None:
    box = page.get_by_test_id("mask-canvas").bounding_box()

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return box["x"] + box["width"] * point[0] / side, box["y"] + box["height"] * point[1] / side

    page.mouse.move(*at(start))
    page.mouse.down()
    page.mouse.move(*at(end), steps=12)
    page.mouse.up()


def save(page: Page) -> None:
    page.locator(".st-key-verdict_submit button").click()
    expect(page.locator(".st-key-verdict_box")).to_contain_text("saved")


@pytest.mark.parametrize(
    ("workspace", "case", "side", "ratio", "width"),
    [
        ("decoy-digits", "d-0011", 28, 1, 1280),
        ("decoy-digits", "d-0012", 28, 2, 900),
        ("radiographs", "chest-9", 512, 1.5, 1400),
    ],
)
def test_rectangle_comes_back_in_the_originals_pixels(address, browser, workspace, case, side, ratio, width):
    first, last = (side - 5, side - 6), (side - 2, side - 3)
    wanted = {(x, y) for x in range(first[0], last[0] + 1) for y in range(first[1], last[1] + 1)}
    with page_of(browser, viewport={"width": width, "height": 760}, device_scale_factor=ratio) as page:
        open_case(page, address, workspace, case)
        commit(page, "1")
        page.get_by_role("button", name="box").click()
        drag(page, side, (first[0] + 0.5, first[1] + 0.5), (last[0] + 0.5, last[1] + 0.5))
        assert marked(page) == wanted
        save(page)
        open_case(page, address, workspace, case)
        expect(page.get_by_test_id("mask-canvas")).to_be_visible()
        page.wait_for_function(
            "() => document.querySelector('.tandem-painter').tandemPainter?.layers.masks.ignore.some(Boolean)"
        )
        assert marked(page) == wanted
        expect(page.locator("[data-tandem=share]")).to_contain_text("marked")
        expect(page.locator(".st-key-mask_artefact input")).to_have_value("corner patch")


def test_zoomed_stroke_lands_where_it_is_drawn(address, browser):
    with page_of(browser) as page:
        open_case(page, address, "radiographs", "chest-10")
        commit(page, "1")
        box = page.get_by_test_id("mask-canvas").bounding_box()
        corner = box["x"] + box["width"] - 2, box["y"] + box["height"] - 2
        page.mouse.move(*corner)
        for _ in range(5):
            page.mouse.wheel(0, -100)
        page.mouse.down()
        page.mouse.up()
        pixels = marked(page)
        assert pixels
        assert min(x for x, _ in pixels) > 495
        assert max(x for x, _ in pixels) == 511


def test_keyboard_alone_reads_paints_saves_undoes_and_goes_on(address, browser):
    with page_of(browser) as page:
        open_case(page, address, "decoy-digits", "d-0015")
        commit(page, "8")
        expect(page.locator(".st-key-prediction_panel")).to_contain_text("you differ")
        page.keyboard.press("e")
        expect(page.locator(".st-key-evidence_panel")).to_contain_text("error reached")
        page.keyboard.press("m")
        expect(page.get_by_test_id("mask-canvas")).to_be_focused()
        for key in ("t", "ArrowRight", "Enter", "ArrowRight", "ArrowDown", "Enter"):
            page.keyboard.press(key)
        assert marked(page) == {(15, 14), (16, 14), (15, 15), (16, 15)}
        page.keyboard.press("k")
        page.keyboard.press("b")
        page.keyboard.press("[")
        page.keyboard.press(" ")
        assert marked(page, "look_here") == {(16, 15)}
        assert marked(page) == {(15, 14), (16, 14), (15, 15)}
        page.keyboard.press("z")
        assert marked(page, "look_here") == set()
        page.keyboard.press("3")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        expect(page.locator(".st-key-verdict_box")).to_contain_text("saved")
        expect(page.locator(".st-key-verdict_label [aria-checked=true]")).to_have_text("3")
        page.keyboard.press("u")
        expect(page.locator(".st-key-verdict_box")).to_contain_text("no verdict yet")
        expect(page.locator("[data-tandem=share]")).to_contain_text("nothing marked")
        assert marked(page) == set()
        page.keyboard.press("n")
        expect(page.locator(".st-key-review_header")).to_contain_text("d-0016")
        expect(page.locator(".st-key-blind_label [aria-checked=true]")).to_have_count(0)


def test_no_key_acts_while_typing_and_enter_leaves_other_buttons_alone(address, browser):
    with page_of(browser) as page:
        open_case(page, address, "decoy-digits", "d-0018")
        commit(page, "8")
        comment = page.locator(".st-key-verdict_comment input")
        comment.fill("")
        comment.press_sequentially("nu3emp")
        expect(comment).to_have_value("nu3emp")
        expect(page.locator(".st-key-review_header")).to_contain_text("d-0018")
        expect(page.locator(".st-key-verdict_label [aria-checked=true]")).to_have_text("8")
        expect(page.locator(".st-key-verdict_box")).to_contain_text("no verdict yet")
        page.get_by_role("button", name="plain").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="plain")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".st-key-verdict_box")).to_contain_text("no verdict yet")
        comment.focus()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".st-key-verdict_box")).to_contain_text("saved")
        expect(comment).to_have_value("nu3emp")


def test_unsaved_strokes_do_not_come_back_on_another_opening(address, browser):
    with page_of(browser) as page:
        open_case(page, address, "decoy-digits", "d-0020")
        commit(page, "1")
        drag(page, 28, (3, 3), (6, 6))
        assert marked(page)
        page.keyboard.press("n")
        expect(page.locator(".st-key-review_header")).to_contain_text("d-0021")
        page.go_back()
        expect(page.locator(".st-key-review_header")).to_contain_text("d-0020")
        expect(page.get_by_test_id("mask-canvas")).to_be_visible()
        assert marked(page) == set()
        save(page)
        assert marked(page) == set()


def test_three_boxes_fit_without_scrolling_and_the_viewer_stays(address, browser):
    with page_of(browser) as page:
        open_case(page, address, "decoy-digits", "d-0022")
        before = page.get_by_test_id("viewer-canvas").bounding_box()
        commit(page, "1")
        page.keyboard.press("e")
        expect(page.locator(".st-key-evidence_panel")).to_contain_text("error reached")
        assert page.get_by_test_id("mask-canvas").bounding_box() == before
        for box in ("read_box", "prediction_panel", "verdict_box", "evidence_panel"):
            shape = page.locator(f".st-key-{box}").bounding_box()
            assert shape["y"] >= 0
            assert shape["y"] + shape["height"] <= 720, box


def test_enter_saves_after_painting_with_the_mouse(address, browser):
    with page_of(browser) as page:
        open_case(page, address, "decoy-digits", "d-0024")
        commit(page, "1")
        drag(page, 28, (24, 24), (26, 26))
        before = marked(page)
        page.keyboard.press("Enter")
        expect(page.locator(".st-key-verdict_box")).to_contain_text("saved")
        assert marked(page) == before


def test_large_marks_are_warned_of(address, browser):
    with page_of(browser) as page:
        open_case(page, address, "decoy-digits", "d-0023")
        commit(page, "1")
        page.get_by_role("button", name="box").click()
        drag(page, 28, (1, 1), (20, 20))
        expect(page.locator("[data-tandem=share]")).to_contain_text("large marks teach badly")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(address, browser, scheme):
    with page_of(browser, color_scheme=scheme) as page:
        for path in ("", "worklist", "retraining", "audit"):
            page.goto(f"{address}/{path}")
            expect(page.locator("h1")).to_be_visible(timeout=30_000)
            page.wait_for_timeout(500)
            assert serious(page) == [], path
        open_case(page, address, "two-questions", "q-1")
        assert serious(page) == []
        open_case(page, address, "radiographs", "chest-20" if scheme == "light" else "chest-21")
        assert serious(page) == []
        commit(page, "1")
        page.keyboard.press("e")
        expect(page.locator(".st-key-evidence_panel")).to_contain_text("error reached")
        assert serious(page) == []
        page.keyboard.press("F1")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert serious(page) == []


def test_nothing_lies_over_the_first_line(address, browser):
    with page_of(browser) as page:
        open_case(page, address, "decoy-digits", "d-0025")
        page.locator("h1").click(timeout=3000)
        page.locator(".st-key-keys_help button").click(timeout=3000)
        expect(page.get_by_role("dialog")).to_contain_text("On the page")
