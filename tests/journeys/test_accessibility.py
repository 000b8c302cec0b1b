"""Every page as axe sees it, in both themes: nothing serious or critical."""

from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as Late

from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.stored import Stored
from tests.helpers.workbench import PATIENCE, Workbench


def test_home_and_worklist(bench: Workbench, looker: Looker):
    bench.visit("")
    bench.reads("How good it is")
    looker.look("home")
    bench.visit("worklist")
    expect(bench.key("queue_table").locator("canvas").first).to_be_visible(timeout=PATIENCE)
    looker.look("worklist")


def test_review_before_and_after_the_commit_and_with_evidence(bench: Workbench, stored: Stored, looker: Looker):
    person = MousePerson(bench)
    bench.open_case(stored.unread())
    bench.wait_for_blind()
    looker.look("review-blind")
    person.commit("3")
    looker.look("review-committed")
    person.ask_evidence()
    person.paint(2, 2, 4)
    looker.look("review-evidence")


def test_list_of_keys(bench: Workbench, stored: Stored, looker: Looker):
    bench.open_case(stored.unread())
    bench.wait_for_blind()
    dialog = bench.page.get_by_role("dialog")
    bench.page.keyboard.press("F1")
    if not appears(dialog):  # on a busy machine a key may come while the sidebar is drawn again: a person presses twice
        bench.page.keyboard.press("F1")
    expect(dialog).to_contain_text("next case", timeout=PATIENCE)
    looker.look("review-keys")


def appears(element: Locator, seconds: float = 10) -> bool:
    """Whether an element is there within some seconds."""
    try:
        element.wait_for(timeout=1000 * seconds)
    except Late:
        return False
    return True


def test_retraining_and_audit(bench: Workbench, looker: Looker):
    bench.visit("retraining")
    expect(bench.button("retrain_start")).to_be_visible(timeout=PATIENCE)
    looker.look("retraining")
    bench.visit("audit")
    expect(bench.key("audit_table").locator("canvas").first).to_be_visible(timeout=PATIENCE)
    MousePerson(bench).press("audit_verify")
    bench.reads("hold together")
    looker.look("audit")


def test_a_link_to_nothing(bench: Workbench, looker: Looker):
    bench.visit("review", case="nobody-knows")
    expect(bench.page.get_by_role("alert").first).to_contain_text("nobody-knows", timeout=PATIENCE)
    looker.look("review-unknown")
