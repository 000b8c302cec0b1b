"""The five-minute tour by mouse: catch the model that cheats, cure it, prove it, promote it, send it back."""

import numpy as np
import pytest

from tests.helpers.persons import MousePerson
from tests.helpers.stored import Stored
from tests.helpers.tour import Seen, audit_tells, patch_is_marked, read_gate
from tests.helpers.workbench import Workbench

CASES = 12
ARTEFACT = "corner patch"


def test_tour_by_mouse(bench: Workbench, stored: Stored) -> None:
    person = MousePerson(bench)
    champion = look_around(person)
    seen = [review_one(person, stored, place) for place in range(CASES)]
    assert {one.answer.version for one in seen} == {champion}
    assert np.median([one.heat_ratio for one in seen]) > 3, "the heat lies on the patch"
    for one in seen:
        patch_is_marked(stored, one.case, ARTEFACT)

    candidate = retrain(person)
    read_gate(bench, ARTEFACT, candidate)
    person.decide("promote", "It answers without the corner patch.")
    wrong = [one for one in seen if one.answer.label != one.truth]
    assert wrong, "the champion was wrong about none of the cases"
    right_now = [one for one in wrong if answers(person, one, candidate) == one.truth]
    assert len(right_now) >= 0.8 * len(wrong)

    person.go("retraining")
    person.decide("rollback", "Only to see the difference.")
    for one in right_now[:2]:
        assert answers(person, one, champion) == one.answer.label != one.truth
    person.go("audit")
    audit_tells(person, CASES, candidate)


def look_around(person: MousePerson) -> str:
    """Read the home page and open the worklist; return the champion's name."""
    bench = person.bench
    bench.visit("")
    bench.says("tour", "one planted shortcut")
    person.go("worklist")
    person.press("open_next")
    bench.wait_for_blind()
    return bench.champion()


def review_one(person: MousePerson, stored: Stored, place: int) -> Seen:
    """Read, commit, ask for evidence, paint, correct, save, go on."""
    bench, case = person.bench, person.bench.wait_for_blind()
    truth = stored.truth(case)
    person.commit(truth)
    answer = bench.answer()
    person.ask_evidence()
    heat, patch = bench.heat_cells(person.toggle_plain, 28), stored.patch_pixels(case)
    person.paint(*stored.patch(case), tool="brush" if place == 0 else "rectangle")
    person.name_artefact(ARTEFACT)
    person.choose("verdict_label", truth)
    person.save()
    person.next(case)
    return Seen(case, truth, answer, float(heat[patch].mean() / max(heat[~patch].mean(), 1e-9)))


def retrain(person: MousePerson) -> str:
    """Start a run, watch it, wait for the gate report; return the candidate's name."""
    person.go("retraining")
    person.press("retrain_start")
    return person.bench.watch_run()


def answers(person: MousePerson, one: Seen, version: str) -> str:
    """Open an earlier case again; return what the model answers now."""
    person.bench.open_case(one.case)
    person.bench.wait_for_reveal()
    answer = person.bench.answer()
    assert answer.version == version
    return answer.label


@pytest.fixture(autouse=True)
def _untouched(stored: Stored) -> None:
    (count,) = stored.rows("SELECT COUNT(*) FROM verdicts")[0]
    assert count == 0, "the tour starts with a workspace that nobody has touched"
