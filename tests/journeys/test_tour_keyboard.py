"""The same tour by keyboard alone: nothing on the way needs a mouse."""

from tests.helpers.persons import KeyboardPerson
from tests.helpers.stored import Stored
from tests.helpers.tour import audit_tells, patch_is_marked, promote_and_roll_back, retrain, review_one
from tests.helpers.workbench import Workbench

CASES = 6
NO_MOUSE = "addEventListener('pointerdown', () => { throw new Error('somebody used a mouse'); }, true);"


def test_tour_by_keyboard(bench: Workbench, stored: Stored) -> None:
    bench.page.add_init_script(NO_MOUSE)
    person = KeyboardPerson(bench)
    bench.visit("")
    champion = bench.champion()
    person.go("worklist")
    person.press("open_next")
    bench.wait_for_blind()
    keys = person.read_keys()
    for words in (
        "pick the label",
        "commit your read",
        "show evidence",
        "undo the last verdict",
        "paint at the cursor",
    ):
        assert words in keys

    seen = []
    for place in range(CASES):
        seen.append(review_one(person, stored, tool="rectangle" if place else "brush"))
        if place == 1:
            save_again_after_undo(person, stored, seen[-1].case)
        person.next(seen[-1].case)
    for one in seen:
        patch_is_marked(stored, one.case)

    person.go("retraining")
    candidate = retrain(person)
    promote_and_roll_back(person, seen, candidate, champion)
    audit_tells(person, CASES, candidate)


def save_again_after_undo(person: KeyboardPerson, stored: Stored, case: str) -> None:
    """Take the verdict back with one key, see that its mark went with it, and give it again."""
    person.undo()
    person.bench.wait_for_marks("nothing marked")
    assert stored.marks(case) == []
    person.choose("verdict_label", stored.truth(case))
    person.paint(*stored.patch(case))
    person.name_artefact("corner patch")
    person.save()
