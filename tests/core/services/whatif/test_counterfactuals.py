"""Counterfactuals: real changes that get the wanted answer when they are done, within what may change."""

import dataclasses

import numpy as np
import pytest
import torch

from core.contracts import Constraint
from core.errors import BadInput, NotFound
from core.models.preparation import Geometry
from core.services.whatif.by_picture import to_original
from core.services.whatif.by_table import rules
from core.services.whatif.material import table_of, typical
from core.services.whatif.searching import Changing
from tests.helpers.own_models import mixed as own_mixed
from tests.helpers.own_workspace import write_mixed_folder as write_own_mixed
from tests.helpers.spotted import MIXED, SIDE, TONE, spot
from tests.helpers.tiny_product import open_home

pytestmark = pytest.mark.slow

FIXED = (Constraint("age", "fixed"), Constraint("colour", "fixed"))


def _find(container, case="m004", target=TONE, **more):
    return container.whatif.counterfactuals(MIXED, case, target, actor=container.default_actor, **more)


def _spec(container):
    with container.runtime.database.read() as tx:
        return container.predictions.catalogue.workspace(tx, MIXED)[1]


def _holds(container, case, view):
    """Do what was found, and compare what the model answers."""
    assert view.found
    for one in view.found:
        after = container.whatif.predict(MIXED, case, one.edits, actor=container.default_actor).after
        assert after == one.prediction
        assert (after.target(view.target).label, one.label) == (view.wanted, view.wanted)
        assert one.probability == after.target(view.target).probability
        assert one.changes


def test_a_number_is_raised_within_its_range(shared):
    view = _find(shared)
    _holds(shared, "m004", view)
    (change,) = view.found[0].changes
    assert (change.field, view.wanted) == ("age", "loud")
    assert change.after.endswith(" years")
    edit = view.found[0].edits[0]
    assert edit.number is not None
    assert edit.number.is_integer()
    assert 20 <= edit.number < 80
    assert 0 <= view.found[0].plausibility <= 1
    assert view.tried > 0
    assert "lead" in view.words


def test_what_is_fixed_stays_and_the_text_is_changed_instead(shared):
    view = _find(shared, case="m003", constraints=FIXED)
    _holds(shared, "m003", view)
    note = shared.whatif.open(MIXED, "m003", actor=shared.default_actor).fields[3].text
    for one in view.found:
        assert {edit.field for edit in one.edits} == {"note"}
        assert [note[change.start : change.end] for change in one.changes] == [c.before for c in one.changes]
        assert 0 < one.distance <= 1


def test_a_number_that_may_only_fall_does_not_rise(shared):
    view = _find(shared, constraints=(Constraint("age", "only down"), Constraint("colour", "free")))
    own = shared.whatif.open(MIXED, "m004", actor=shared.default_actor).fields[1].number
    assert all(edit.number is None or edit.number < own for one in view.found for edit in one.edits)


def test_the_smallest_region_lies_on_the_spot(shared):
    view = _find(shared, target=SIDE, limit=1, constraints=FIXED)
    _holds(shared, "m004", view)
    (edit,) = view.found[0].edits
    assert (edit.field, edit.fill in ("blur", "neighbour")) == ("image", True)
    shown = next(one for one in view.found[0].fields if one.name == "image")
    assert shown.image
    assert 0 < view.found[0].distance < 0.4


def test_where_nothing_leads_there_it_says_so(shared):
    view = _find(shared, case="m003", target=SIDE)  # no spot can be painted over into being
    assert view.found == ()
    assert view.words.startswith("Nothing was found that leads to Above. No allowed change of numbers and categories")
    assert "note" in view.words
    assert "image" in view.words
    assert view.tried > 100


def test_what_is_fixed_is_not_searched(shared):
    view = _find(shared, case="m003", target=SIDE, constraints=FIXED)
    assert "Numbers and categories are fixed." in view.words


def test_bad_questions_are_refused(shared):
    with pytest.raises(BadInput, match="answers 'calm' as it is"):
        _find(shared, wanted="calm")
    with pytest.raises(NotFound, match="calm, loud"):
        _find(shared, wanted="furious")
    with pytest.raises(NotFound, match="age, colour"):
        _find(shared, constraints=(Constraint("weight", "fixed"),))
    with pytest.raises(BadInput, match="no number and no category"):
        _find(shared, constraints=(Constraint("note", "fixed"),))
    with pytest.raises(BadInput, match="colour"):
        _find(shared, constraints=(Constraint("colour", "only up"),))


def test_sensitive_fields_are_fixed_unless_they_are_freed(shared):
    spec = _spec(shared)
    assert rules(spec, ()) == {"age": "free", "colour": "fixed"}
    assert rules(spec, (Constraint("colour", "free"),))["colour"] == "free"


def test_a_case_with_gaps_keeps_them(shared):
    view = _find(shared, case="m021", constraints=(Constraint("age", "free"),))
    assert all(edit.field != "age" for one in view.found for edit in one.edits)


def test_changed_rows_texts_and_pictures_are_answered_as_cases_are(shared):
    """The quick way through the network equals a request for each."""
    catalogue, casebook, spec = shared.predictions.catalogue, shared.predictions.casebook, _spec(shared)
    with shared.runtime.database.read() as tx:
        workspace, _, case = catalogue.case(tx, MIXED, "m004")
        other = catalogue.case(tx, MIXED, "m003")[2]
    model = catalogue.model(workspace)
    changing = Changing(model, model.network, casebook, case, TONE)
    inputs = {one.name: one for one in shared.whatif.open(MIXED, "m004", actor=shared.default_actor).fields}
    given = {"image": inputs["image"].image, "age": inputs["age"].number}
    given |= {"colour": inputs["colour"].text, "note": inputs["note"].text}

    def asked(**changes):
        return shared.predictions.predict(MIXED, given | changes).target(TONE).probabilities

    rows = np.array([[55.0, 1.0], [np.nan, np.nan]])
    answers = changing.of_rows(table_of(spec), rows)
    assert answers[0] == pytest.approx(asked(age=55.0, colour="green"), abs=1e-5)
    assert answers[1] == pytest.approx(asked(age=None, colour=None), abs=1e-5)
    texts = changing.of_texts(spec.field("note"), ["a noisy party", " "])
    assert texts[0] == pytest.approx(asked(note="a noisy party"), abs=1e-5)
    assert texts[1] == pytest.approx(asked(note=None), abs=1e-5)
    picture = torch.from_numpy(casebook.inputs(other, spec)["image"]).float() / 255
    png = shared.runtime.blobs.get(casebook.blob(other, "image"))
    pictures = changing.of_pictures(spec.field("image"), picture.expand(9, *picture.shape))
    assert pictures[8] == pytest.approx(asked(image=png), abs=1e-5)


def test_a_model_of_ones_own_that_reads_all_fields_together_hears_each_change(tmp_path):
    toml = write_own_mixed(tmp_path / "own", own_mixed())
    container = open_home(tmp_path / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    catalogue = container.predictions.catalogue
    with container.runtime.database.read() as tx:
        workspace, spec, case = catalogue.case(tx, "tiny", "m001")
    model = catalogue.model(workspace)
    changing = Changing(model, model.network, container.predictions.casebook, case, "view")
    answers = changing.of_rows(table_of(spec), np.array([[21.0, 1.0], [90.0, 1.0]]))
    known = container.predictions.predict("tiny", "m001").target("view").probabilities
    container.close()
    assert answers[0] == pytest.approx(known, abs=1e-5)
    assert not np.allclose(answers[0], answers[1], atol=1e-4)


def test_typical_words_are_told_by_their_odds():
    own = ["noisy party tonight", "noisy party", "noisy street", "noisy"]
    others = ["quiet party", "quiet street", "quiet", "quiet night"]
    assert typical(own, others) == ("noisy",)  # party occurs in two texts of this label alone
    assert typical(own, []) == ()
    assert typical(["!"] * 3, ["?"] * 3) == ()


def test_words_come_from_training_texts_of_the_label(shared):
    material, spec = shared.whatif.searching.material, _spec(shared)
    with shared.runtime.database.read() as tx:
        workspace, _ = shared.predictions.catalogue.workspace(tx, MIXED)
    words = material.words(workspace, spec.target(TONE), spec.field("note"), "loud")
    assert set(words) >= {"noisy", "party"}
    assert not {"quiet", "evening"} & set(words)


def test_a_region_comes_back_in_the_pixels_of_the_original():
    mask = torch.zeros(4, 4, dtype=torch.bool)
    mask[0, 3] = True
    place = Geometry(height=16, width=8, top=4, left=0, crop_height=8, crop_width=8, size=4)
    known = np.zeros((16, 8), dtype=bool)
    known[4:6, 6:8] = True
    assert np.array_equal(to_original(mask, place), known)
    smaller = dataclasses.replace(place, height=2, width=2, top=0, crop_height=2, crop_width=2)
    assert to_original(mask, smaller).tolist() == [[False, True], [False, False]]


def test_the_region_of_a_spot_is_found_by_its_own_geometry():
    place = Geometry(12, 12, 0, 0, 12, 12, 12)
    assert np.array_equal(to_original(torch.from_numpy(spot()), place), spot())
