"""Before the own read nothing of the model is in the browser: not on the page, not in what the server sent."""

import re
import struct

import pytest
from playwright.sync_api import Page, WebSocket, expect
from scipy.stats import spearmanr

from core.learning.queue import MIXED, margin
from tests.helpers.persons import MousePerson
from tests.helpers.stored import Stored
from tests.helpers.workbench import PATIENCE, Workbench

CASES = 16
CHANCE = 0.01
"""A fixed order is allowed to look like this by chance."""
TELLING = ("method_select", "an't rule out", "calibrated on", "left to you", "very likely",
           "more likely than not", "Integrated gradients", "integrated_gradients", "Grad-CAM", "grad_cam", "Saliency",
           "What if :gray", "you differ", "you agree", "The model** ")  # fmt: skip
"""Words of what comes after the commit, and of nothing before."""
SCORES = """
    SELECT cases.name, probabilities FROM scores JOIN cases ON cases.id = scores.case_id
    JOIN workspaces ON workspaces.id = cases.workspace_id JOIN versions ON versions.id = scores.version_id
    WHERE workspaces.name = ? AND versions.status = 'champion' AND split = 'pool'
"""


def scores_of(stored: Stored) -> dict[str, tuple[float, ...]]:
    """Return case -> the champion's probabilities, as they are kept."""
    rows = stored.rows(SCORES, stored.workspace)
    return {name: struct.unpack(f"<{len(data) // 8}d", data) for name, data in rows}


@pytest.fixture
def frames(page: Page) -> list[bytes]:
    """Everything that the server sends to this tab from now on."""
    heard: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: heard.append(data if isinstance(data, bytes) else data.encode()))

    page.on("websocket", listen)
    page.on("response", lambda answer: heard.append(answer.url.encode()))
    return heard


def leaks(frames: list[bytes], probabilities: tuple[float, ...]) -> set[str]:
    """Return which words, and which of the model's numbers, are in what was sent."""
    sent = b"\0".join(frames)
    words = {word for word in TELLING if word.encode() in sent}
    top = max(probabilities)
    numbers = {f"{top:.17g}".encode(), struct.pack("<d", top), struct.pack("<f", top), f"{top:.4f}".encode()}
    return words | {f"probability {top}" for number in numbers if number in sent}


def test_nothing_is_told_before_the_commit(bench: Workbench, page: Page, stored: Stored, frames: list[bytes]) -> None:
    scores, person = scores_of(stored), MousePerson(bench)
    bench.visit("worklist")
    expect(bench.key("queue_table")).to_be_visible(timeout=PATIENCE)
    case = stored.unread()
    bench.open_case(case)
    bench.wait_for_blind()
    assert leaks(frames, scores[case]) == set()
    content = page.content()
    assert [word for word in TELLING if word in content] == []
    assert page.locator(".st-key-prediction_panel, .st-key-verdict_box").count() == 0
    offered = bench.key("blind_label").get_by_role("radio")
    assert [one.get_attribute("aria-checked") for one in offered.all()] == ["false"] * offered.count()
    bench.visit("whatif", case=case)
    bench.reads("is shown after your own read")
    assert leaks(frames, scores[case]) == set()
    before = len(frames)
    bench.open_case(case)
    person.commit(stored.truth(case))
    heard = leaks(frames[before:], scores[case])
    assert {"method_select", "an't rule out", "calibrated on", "The model** "} <= heard  # so it would have been heard


def test_the_order_of_the_queue_tells_nothing(bench: Workbench, page: Page, stored: Stored) -> None:
    scores = scores_of(stored)
    bench.visit("worklist")
    bench.button("open_next").click()
    seen: list[str] = []
    for _ in range(CASES):
        seen.append(bench.wait_for_blind(seen[-1] if seen else None))
        expect(bench.key("review_header")).to_contain_text(f"why next: {MIXED}", timeout=PATIENCE)
        page.keyboard.press("n")
    assert len(set(seen)) == CASES
    torn = [margin(scores[case]) for case in seen]
    assert spearmanr(range(CASES), torn).pvalue > CHANCE
    places = re.compile(r"^\d+ of \d+ waiting")
    assert places.search(bench.key("review_header").inner_text().partition(" · ")[2])
