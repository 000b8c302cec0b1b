"""Words and values in real Chromium: marking by mouse and by keyboard, emoji, right-to-left text, long texts."""

from itertools import count

import pytest
from browsing import page_of, serious
from fake_kinds import FAMILY, FLAG, ODD
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.journey

SPANS = """() => {
  const view = document.querySelector(".tandem-words").tandemWords;
  const found = { ignore: [], look_here: [] };
  view.marking.states.forEach((kind, i) => kind && found[kind].push(view.units[i]));
  return found;
}"""
ANSWERS = {
    "arrests": ("yes",),
    "forty": ("yes",),
    "reports": ("normal",),
    "long-text": ("a",),
    "all-kinds": ("no finding", "AP"),
    "all-missing-but-one": ("no finding", "AP"),
}
BACKGROUND = "(one) => getComputedStyle(one).backgroundColor"
fresh_case = count(1)


@pytest.fixture
def case() -> str:
    """A case that no test before has touched; the served pages remember reads and verdicts."""
    return f"case-{next(fresh_case)}"


def open_case(page: Page, address: str, workspace: str, case: str, *answers: str) -> None:
    """Open a case and, with answers, commit them."""
    page.goto(f"{address}/review?workspace={workspace}&case={case}")
    expect(page.locator(".st-key-blind_submit button")).to_be_visible(timeout=30_000)
    for name, answer in zip(("blind_label", "blind_label_view"), answers, strict=False):
        page.locator(f".st-key-{name}").get_by_role("radio", name=answer).first.click()
    if answers:
        page.locator(".st-key-blind_submit button").click()
        expect(page.locator(".st-key-verdict_submit button")).to_be_visible(timeout=15_000)


def text_of(page: Page) -> Locator:
    found = page.get_by_test_id("text-marks")
    expect(found).to_be_visible(timeout=15_000)
    return found


def word(page: Page, letters: str) -> Locator:
    return page.locator("[data-word]").filter(has_text=letters).first


def marked(page: Page, kind: str = "ignore") -> list[str]:
    """The marked words, cut from the stored text by code points."""
    shown = page.evaluate("() => document.querySelector('.tandem-words').tandemWords.points.join('')")
    return [shown[start:end] for start, end in page.evaluate(SPANS)[kind]]


def save(page: Page) -> None:
    page.locator(".st-key-verdict_submit button").click()
    expect(page.locator(".st-key-verdict_box")).to_contain_text("saved", timeout=15_000)


def test_words_by_click_and_drag_stay_when_the_case_is_opened_again(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "reports", case)
        expect(page.get_by_test_id("viewer-text")).to_be_visible()
        word(page, "heart").click()
        assert page.evaluate(SPANS) == {"ignore": [], "look_here": []}
        open_case(page, address, "reports", case, "normal")
        text = text_of(page)
        word(page, "heart").click()
        page.get_by_role("radio", name="look here").first.click()
        word(page, "focal").hover()
        page.mouse.down()
        word(page, "opacity").hover()
        page.mouse.up()
        assert marked(page) == ["heart"]
        assert marked(page, "look_here") == ["focal", "airspace", "opacity"]
        word(page, "airspace").click()
        assert marked(page, "look_here") == ["focal", "opacity"]
        text.press("z")
        assert marked(page, "look_here") == ["focal", "airspace", "opacity"]
        save(page)
        page.goto(f"{address}/review?workspace=reports&case={case}")
        text_of(page)
        page.wait_for_function("() => document.querySelector('[data-mark=look_here]')")
        assert marked(page) == ["heart"]
        assert marked(page, "look_here") == ["focal", "airspace", "opacity"]
        page.locator(".st-key-verdict_undo button").click()
        expect(page.locator(".st-key-verdict_box")).to_contain_text("no verdict yet")
        expect(page.locator("[data-mark]")).to_have_count(0)


def test_words_by_keyboard(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "reports", case, "abnormal")
        text_of(page)
        page.keyboard.press("m")
        expect(page.get_by_test_id("text-marks")).to_be_focused(timeout=10_000)
        for key in ("ArrowRight", " ", "ArrowRight", "k", "Shift+ArrowRight", " "):
            page.keyboard.press(key)
        assert marked(page) == ["heart"]
        assert marked(page, "look_here") == ["is", "normal"]
        expect(page.locator(".tandem-words [data-tandem=cursor]")).to_have_text("word 4 of 28: normal, look here")
        page.keyboard.press("End")
        page.keyboard.press("i")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Home")
        page.keyboard.press(" ")
        assert marked(page) == ["The", "heart"]
        page.keyboard.press("Delete")
        assert marked(page) == []
        page.keyboard.press("Enter")
        expect(page.locator(".st-key-verdict_box")).to_contain_text("saved", timeout=15_000)
        assert marked(page, "look_here") == ["is", "normal"]


def test_signs_are_never_split_and_right_to_left_reads_so(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "odd-words", case, "a")
        text = text_of(page)
        assert text.evaluate("(one) => [...one.querySelectorAll('p')].map((p) => p.matches(':dir(rtl)'))") == [
            False, True, False,
        ]  # fmt: skip
        assert text.locator("b").count() == 0
        shown = text.evaluate("(one) => [...one.querySelectorAll('p')].map((p) => p.textContent).join('\\n\\n')")
        assert shown == ODD
        words = page.locator("[data-word]").all_text_contents()
        assert [
            sign for sign in ("Cafe\u0301", FAMILY, FLAG, "\U0001f44d\U0001f3fd", "שלום") if sign not in words
        ] == []
        word(page, FLAG).click()
        word(page, "רופא").click()
        assert marked(page) == [FLAG, "רופא"]
        assert page.evaluate(SPANS)["ignore"][0] == [ODD.index(FLAG), ODD.index(FLAG) + 2]
        text.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press(" ")
        assert marked(page) == [FLAG, "רופא", "טוב"]


def test_three_thousand_words_stay_quick(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "long-text", case, "a")
        text_of(page)
        assert page.locator("[data-word]").count() == 3000
        expect(page.locator(".tandem-cut")).to_have_count(1)
        expect(page.locator(".tandem-unread").first).to_be_attached()
        word(page, "word3").hover()
        page.mouse.down()
        word(page, "word40").hover()
        page.mouse.up()
        spent = page.evaluate(
            """() => {
              const view = document.querySelector(".tandem-words").tandemWords;
              const before = performance.now();
              for (let i = 0; i < 100; i += 1) view.marking.toggle(i);
              return performance.now() - before;
            }"""
        )
        assert spent < 5000, "a hundred marks take far less, even on a loaded machine"
        assert page.locator(".tandem-text").evaluate("(one) => one.scrollHeight > one.clientHeight")


def test_evidence_colours_words_and_says_so(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "reports", case, "normal")
        expect(page.locator(".tandem-words [data-tandem=plain]")).to_be_disabled()
        page.locator(".st-key-evidence_show button").click()
        first = page.locator("[data-word='0']")
        expect(first).to_have_attribute("title", "for 0.41", timeout=15_000)
        expect(page.locator("[data-word='3']")).to_have_attribute("title", "against 0.20")
        assert first.evaluate("(one) => getComputedStyle(one).backgroundColor") not in (
            "rgba(0, 0, 0, 0)",
            "transparent",
        )
        page.keyboard.press("p")
        expect(page.locator(".tandem-words [data-tandem=plain]")).to_have_attribute("aria-pressed", "true")
        assert first.evaluate(BACKGROUND) == "rgba(0, 0, 0, 0)"


def test_fields_by_mouse_and_keyboard(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "arrests", case)
        expect(page.locator("tr[data-field=sex]")).to_contain_text("missing")
        expect(page.locator("tr[data-field=age]")).to_contain_text("43 years")
        expect(page.locator("tr[data-field=age]")).to_contain_text("above 62 %")
        expect(page.get_by_test_id("field-mark-age")).to_be_hidden()
        open_case(page, address, "arrests", case, "yes")
        page.get_by_test_id("field-mark-age").click()
        page.locator(".st-key-mask_kind").get_by_role("radio", name="look here").click()
        page.get_by_test_id("field-mark-colour").click()
        assert states(page) == ["ignore", "look_here", "", "", ""]
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Space")
        assert states(page) == ["ignore", "look_here", "ignore", "", ""]
        page.keyboard.press("z")
        assert states(page) == ["ignore", "look_here", "", "", ""]
        save(page)
        page.goto(f"{address}/review?workspace=arrests&case={case}")
        expect(page.locator("tr[data-field=age]")).to_have_attribute("data-mark", "ignore", timeout=15_000)
        assert states(page) == ["ignore", "look_here", "", "", ""]


def states(page: Page) -> list[str]:
    return page.evaluate("() => document.querySelector('.tandem-fields').tandemFields.marking.states")


def test_pull_of_each_field_on_the_answer(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "arrests", case, "no")
        page.locator(".st-key-evidence_show button").click()
        expect(page.locator("tr[data-field=age] .tandem-evidence")).to_contain_text("+0.42", timeout=15_000)
        expect(page.locator("tr[data-field=colour] .tandem-evidence")).to_contain_text("−0.21")
        expect(page.locator("tr[data-field=colour] .tandem-down")).to_have_count(1)


def test_a_long_table_scrolls_inside(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "forty", case, "yes")
        rows = page.locator(".tandem-rows")
        assert rows.evaluate("(one) => one.scrollHeight > one.clientHeight && one.scrollWidth <= one.clientWidth")
        assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTop") == 0
        page.keyboard.press("m")
        expect(page.get_by_test_id("field-mark-lab-0")).to_be_focused(timeout=10_000)
        for _ in range(12):
            page.keyboard.press("ArrowDown")
        expect(page.get_by_test_id("field-mark-lab-12")).to_be_focused()
        expect(page.get_by_test_id("field-mark-lab-12")).to_be_in_viewport()


def test_digits_go_from_question_to_question_and_everything_fits(address, browser, case):
    with page_of(browser) as page:
        open_case(page, address, "fusion", case)
        page.wait_for_function("() => document.activeElement?.className.includes('st-key-read_box')")
        for key in ("2", "1", "Enter"):
            page.keyboard.press(key)
        expect(page.locator(".st-key-read_box")).to_contain_text("Finding: pneumonia, likely; View: AP", timeout=15_000)
        page.keyboard.press("e")
        expect(page.locator(".st-key-evidence_panel")).to_contain_text("moved by Image 61 %, Age 30 %", timeout=15_000)
        for box in ("read_box", "prediction_panel", "verdict_box", "evidence_panel"):
            shape = page.locator(f".st-key-{box}").bounding_box()
            assert shape["y"] + shape["height"] <= 720, box
        page.keyboard.press("m")
        expect(page.get_by_test_id("mask-canvas")).to_be_focused()
        page.keyboard.press("m")
        expect(page.get_by_test_id("field-mark-age")).to_be_focused()
        page.keyboard.press("Space")
        page.locator(".st-key-verdict_label_view [role=radio]").first.focus()
        page.keyboard.press("2")
        expect(page.locator(".st-key-verdict_label_view [aria-checked=true]")).to_contain_text("PA")
        save(page)
        assert states(page) == ["ignore", ""]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(address, browser, scheme):
    with page_of(browser, color_scheme=scheme) as page:
        for workspace in ("arrests", "all-kinds", "all-missing-but-one"):
            name = f"case-{next(fresh_case)}"
            open_case(page, address, workspace, name)
            page.wait_for_timeout(300)
            assert serious(page) == [], f"{workspace} before the commit"
            open_case(page, address, workspace, name, *ANSWERS[workspace])
            page.locator(".st-key-evidence_show button").click()
            expect(page.locator(".st-key-evidence_panel")).to_contain_text("error reached", timeout=15_000)
            if page.locator("[data-word='0']").count():
                page.locator("[data-word='0']").click()
            if page.get_by_test_id("field-mark-age").count():
                page.get_by_test_id("field-mark-age").click()
            assert serious(page) == [], workspace


@pytest.mark.parametrize("workspace", ["arrests", "forty", "reports", "all-kinds"])
def test_nothing_overflows_sideways_on_a_narrow_screen(address, browser, workspace, case):
    with page_of(browser, viewport={"width": 768, "height": 1024}) as page:
        open_case(page, address, workspace, case, *ANSWERS[workspace])
        wide = page.evaluate(
            """() => [...document.querySelectorAll("[data-testid=stMain] *")]
              .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
                && !one.closest(".tandem-unseen, .tandem-rows svg"))
              .map((one) => one.outerHTML.slice(0, 100))"""
        )
        assert wide == []
