"""The page in a real browser, light and dark: a stored case, an image, other kinds of field, and what goes wrong."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.slow, pytest.mark.journey]
TIMEOUT = 60_000


@pytest.fixture(params=["light", "dark"])
def page(chromium, robot, request):
    """The playground, opened; fails when the page asks anybody else, or is refused something."""
    context = chromium.new_context(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    bad = []
    page.on("response", lambda answer: bad.append((answer.status, answer.url)) if answer.status >= 400 else None)
    page.on("request", lambda asked: _own(asked.url, robot.served.url) or bad.append(("foreign", asked.url)))
    page.goto(f"{robot.served.url}/playground")
    page.wait_for_function("document.querySelector('#playground-case input')?.value")
    yield page
    assert bad == []
    context.close()


def _own(url, base):
    return url.startswith((base, "data:", "blob:"))


def assert_accessible(page):
    """Nothing that axe calls serious or critical."""
    found = Axe().run(page).response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")
    ] == []


def choose_workspace(page, title):
    page.click("#playground-workspace input")
    page.get_by_role("option", name=title).click()


def test_a_stored_case_gets_an_answer_and_evidence(page):
    page.fill("#playground-case input", "t001")
    page.keyboard.press("Enter")
    page.click("#playground-predict-case")
    page.wait_for_selector(".playground-answer >> text=below")
    assert "Calibrated on" in page.inner_text(".gradio-container")
    page.click("#playground-explain")
    page.wait_for_selector(".playground-layers img[alt='the evidence over it']")
    assert "Error reached" in page.inner_text(".gradio-container")
    assert_accessible(page)


def test_an_uploaded_image_gets_the_same_answer_and_leaves_no_file_behind(page, robot, playground_folder):
    page.get_by_role("tab", name="Your own input").click()
    page.set_input_files("input[type=file]", playground_folder / "write_tiny_folder" / "t001.png")
    page.wait_for_selector("img[alt='']", state="attached")
    page.wait_for_timeout(500)
    page.click("#playground-predict-own")
    page.wait_for_selector(".playground-answer >> text=below")
    page.click("#playground-explain")
    page.wait_for_selector(".playground-layers img[alt='the evidence over it']")
    uploads = robot.served.home / "uploads"
    assert uploads.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in uploads.rglob("*.png")] == ["t001.png"]


def test_numbers_categories_and_words_are_asked_for_and_explained(page):
    choose_workspace(page, "Four kinds of field")
    page.get_by_role("tab", name="Your own input").click()
    page.get_by_label("note").last.fill("A <b>noisy</b> party, <img src=x onerror=alert(1)> **bold**")
    page.get_by_label("age (years)").fill("300")
    page.click("#playground-predict-own")
    page.wait_for_selector("text=300 is out of range")
    page.get_by_label("age (years)").fill("70")
    page.click("#playground-predict-own")
    page.wait_for_selector(".playground-answer >> text=loud")
    page.click("#playground-explain")
    page.wait_for_selector(".playground-words >> text=noisy")
    assert page.locator(".playground-words b, .playground-words img, .playground-words strong").count() == 0
    assert "70 years" in page.inner_text(".gradio-container")
    page.wait_for_selector("text=300 is out of range", state="detached")
    assert_accessible(page)


def test_a_case_that_waits_for_a_read_is_neither_suggested_nor_answered(page, robot):
    waiting = robot.post("next_case", workspace="tiny").json()["case"]
    page.click("#playground-case input")
    suggested = page.get_by_role("option").all_inner_texts()
    assert suggested
    assert not any(waiting in words for words in suggested)
    page.fill("#playground-case input", waiting)
    page.keyboard.press("Enter")
    page.click("#playground-predict-case")
    page.wait_for_selector("text=The model's answer is shown after your own read")
    page.wait_for_selector("text=The answer appears here.")
    assert page.locator(".playground-answer").count() == 0
    assert not page.locator("#playground-explain").is_visible()


def test_what_goes_wrong_is_said_on_the_page(page):
    page.fill("#playground-case input", "nope")
    page.keyboard.press("Enter")
    page.click("#playground-predict-case")
    page.wait_for_selector("text=There is no case 'nope'")
    assert "Traceback" not in page.content()
