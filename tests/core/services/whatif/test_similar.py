"""Similar cases: near by the version's own vectors, and nothing of what is still to be read blind."""

import numpy as np
import pytest

from core.contracts import VerdictForm
from core.services.unread import unread
from tests.helpers.spotted import ANNA, MIXED, SIDE, TONE, paint_over, read

CASE = "m004"


def _similar(container, case=CASE, target=SIDE, **more):
    return container.whatif.similar(MIXED, case, target, actor=more.pop("actor", container.default_actor), **more)


def _cases(container, split=None):
    catalogue = container.predictions.catalogue
    with container.runtime.database.read() as tx:
        workspace, _ = catalogue.workspace(tx, MIXED)
        return {case.name: case for case in catalogue.cases(tx, workspace, split)}


def _names(view) -> set[str]:
    shown = [*view.similar, *(case for _, some in view.prototypes for case in some)]
    return {case.case for case in shown} | ({view.other_class.case} if view.other_class else set())


def test_neighbours_are_the_nearest_by_standardised_vectors(shared):
    view = _similar(shared, limit=5)
    placed = shared.whatif.neighbours.vectors
    with shared.runtime.database.read() as tx:
        workspace, _ = shared.predictions.catalogue.workspace(tx, MIXED)
    placed = placed.of_workspace(workspace, shared.predictions.catalogue.model(workspace))
    known = [case.name for case in placed.known]
    standard = (placed.vectors - placed.vectors.mean(axis=0)) / np.maximum(placed.vectors.std(axis=0), 1e-12)
    units = standard / np.linalg.norm(standard, axis=1, keepdims=True)
    cosines = dict(zip(known, units @ units[known.index(CASE)], strict=True))
    pool = set(_cases(shared, "pool")) - {"m003", "m004", "m005", "m006", "m007", "m021"}
    allowed = sorted((name for name in known if name not in pool and name != CASE), key=lambda name: -cosines[name])
    assert [one.similarity for one in view.similar] == pytest.approx([cosines[n] for n in allowed[:5]], abs=1e-5)
    assert view.n == len(allowed)


def test_outcomes_are_told(shared):
    view = _similar(shared)
    assert all(one.label == ("above", "below")[int(one.case[1:]) % 2] for one in view.similar)
    assert {one.label_source for one in view.similar} == {"data set"}
    for one in view.similar[:3]:
        assert one.answer == shared.predictions.predict(MIXED, one.case).target(SIDE).label
    assert view.agreement == pytest.approx(np.mean([one.label == "above" for one in view.similar]))
    assert view.other_class is not None
    assert view.other_class.label == "below"
    assert [label for label, _ in view.prototypes] == ["above", "below"]
    assert all(case.label == label for label, some in view.prototypes for case in some)
    assert all(one.image and one.caption for one in view.similar)


def test_an_edited_case_has_other_neighbours(shared):
    view = _similar(shared, edits=(paint_over(),))
    assert [one.label for one in view.similar[:3]] == ["below"] * 3
    assert view.other_class is not None
    assert view.other_class.label == "above"
    assert CASE not in _names(view)


def test_what_is_still_to_be_read_blind_is_not_shown(fresh):
    pool = [name for name in _cases(fresh, "pool") if name != CASE]
    unseen = [name for name in pool if name not in ("m003", "m005", "m006", "m007", "m021")]
    for name in unseen[:5]:
        read(fresh, name, ANNA)
        form = VerdictForm(MIXED, name, SIDE, "below", "certain", "v1", comment="dark, says Anna")
        fresh.review.save_verdict(form, actor=ANNA)
    assert not set(unseen) & _names(_similar(fresh, limit=50))
    for name in unseen[:5]:
        read(fresh, name)
    told = {one.case: one for one in _similar(fresh, limit=50).similar} | {
        one.case: one for one in _similar(fresh, "m003", limit=50).similar
    }
    shown = [name for name in unseen[:5] if name in told]
    assert shown
    for name in shown:
        assert told[name].said == (("Anna", "below", "dark, says Anna"),)
        assert told[name].label == "below"
        assert told[name].label_source != "data set"


def test_unread_are_cases_of_the_pool_that_lack_a_read(shared):
    catalogue, anna = shared.predictions.catalogue, ANNA
    with shared.runtime.database.read() as tx:
        workspace, spec = catalogue.workspace(tx, MIXED)
        known = catalogue.cases(tx, workspace)
        pool = {case.id for case in known if case.split == "pool"}
        done = {case.id for case in known if case.name in ("m003", "m004", "m005", "m006", "m007", "m021")}
        assert unread(tx, workspace, spec, known, anna) == pool
        assert unread(tx, workspace, spec, known, shared.default_actor) == pool - done
        concurrent = spec.model_copy(update={"reading": spec.reading.model_copy(update={"mode": "concurrent"})})
        assert unread(tx, workspace, concurrent, known, anna) == frozenset()


def test_other_targets_have_their_own_outcomes(shared):
    view = _similar(shared, target=TONE)
    assert {one.label for one in view.similar} <= {"calm", "loud"}
    assert [label for label, _ in view.prototypes] == ["calm", "loud"]
