"""The five-minute tour by mouse: catch the model that cheats, cure it, prove it, promote it, send it back."""

import numpy as np

from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.stored import Stored
from tests.helpers.tour import audit_tells, patch_is_marked, promote_and_roll_back, retrain, review_one
from tests.helpers.workbench import Workbench

CASES = 12


def test_tour_by_mouse(bench: Workbench, stored: Stored, looker: Looker) -> None:
    person = MousePerson(bench)
    assert stored.rows("SELECT COUNT(*) FROM verdicts") == [(0,)], "the tour needs a workspace that nobody touched"
    bench.visit("")
    bench.says("tour", "one planted shortcut")
    looker.look("home-new")
    champion = bench.champion()
    person.go("worklist")
    person.press("open_next")

    seen = []
    for place in range(CASES):
        seen.append(review_one(person, stored, tool="rectangle" if place else "brush"))
        person.next(seen[-1].case)
    assert {one.answer.version for one in seen} == {champion}
    assert np.median([one.heat_ratio for one in seen]) > 3, "the heat lies on the patch"
    for one in seen:
        patch_is_marked(stored, one.case)

    person.go("retraining")
    looker.look("retraining-feedback")
    candidate = retrain(person)
    looker.look("retraining-gate")
    promote_and_roll_back(person, seen, candidate, champion)
    looker.look("review-verdict")
    audit_tells(person, CASES, candidate)
    person.go("retraining")
    looker.look("retraining-decided")
