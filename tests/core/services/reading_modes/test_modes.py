"""Reading modes on the tiny workspace: what a person may know, from the services to the record."""

import json

import pytest

from core.contracts import EvidenceForm, VerdictForm
from core.errors import Refused
from core.services.reading_modes.arms import chance
from core.services.reading_modes.revealing import AI_OFF, NO_OBJECTION, READ_FIRST, TRAINING
from core.storage import arms, labels, verdicts
from tests.helpers.reading_parts import ANNA, BEN, commit, judge, other, own_answer, pool_of, read_as
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark

pytestmark = pytest.mark.slow


def refusals(product, case, actor):
    """Return what each verb that could tell of the model says to this person."""
    form = EvidenceForm(WORKSPACE, case, TARGET)
    asked = {
        "reveal": lambda: product.review.reveal(WORKSPACE, case, actor=actor),
        "methods": lambda: product.evidence.methods(WORKSPACE, case, actor=actor),
        "explain": lambda: product.evidence.explain(form, actor=actor),
        "quality": lambda: product.evidence.quality(form, actor=actor),
        "remove": lambda: product.evidence.remove(form, actor=actor),
        "influence": lambda: product.evidence.influence(form, actor=actor),
        "what if": lambda: product.whatif.open(WORKSPACE, case, actor=actor),
        "similar": lambda: product.whatif.similar(WORKSPACE, case, TARGET, actor=actor),
        "playground": lambda: product.predictions.answered(WORKSPACE, case, reader=actor),
    }
    said = {}
    for name, ask in asked.items():
        try:
            ask()
        except Refused as error:
            said[name] = str(error)
    return said


def test_before_the_own_read_no_verb_tells_in_any_blind_mode(product, prepared_home, tmp_path):
    case = pool_of(product)[0]
    for mode in ("blinded-first", "second-reader", "triage"):
        read_as(product, prepared_home, tmp_path, f'mode = "{mode}"')
        said = refusals(product, case, ANNA)
        assert len(said) == 9
        assert all(words.startswith(READ_FIRST) for words in said.values())


def test_the_second_reader_speaks_only_where_it_differs(product, prepared_home, tmp_path):
    read_as(product, prepared_home, tmp_path, 'mode = "second-reader"')
    same, differs, unsure = pool_of(product)[:3]
    shown = judge(product, same, own_answer(product, same), ANNA)
    assert (shown.withheld, shown.prediction.targets, shown.methods) == (NO_OBJECTION, (), ())
    said = refusals(product, same, ANNA)
    assert set(said) == {"methods", "explain", "quality", "remove", "influence", "what if", "similar", "playground"}
    for case, label in ((differs, other(own_answer(product, differs))), (unsure, "unsure")):
        commit(product, case, label, ANNA)
        shown = product.review.reveal(WORKSPACE, case, actor=ANNA)
        assert shown.withheld == ""
        assert shown.prediction.target(TARGET).label == own_answer(product, case)
        assert refusals(product, case, ANNA) == {}


def test_with_the_model_off_a_person_never_learns_the_answer(product, prepared_home, tmp_path):
    read_as(product, prepared_home, tmp_path, "ai_off = 0.5")
    pool = pool_of(product)
    with product.runtime.database.read() as tx:
        workspace, spec = product.retraining.catalogue.workspace(tx, WORKSPACE)
        stored = {case.name: case for case in product.retraining.catalogue.cases(tx, workspace, "pool")}
    off = [name for name in pool if chance(spec.split.seed, stored[name].id, "anna") < 0.5]
    assert 0.25 < len(off) / len(pool) < 0.75
    commit(product, off[0], "above", ANNA)
    commit(product, next(name for name in pool if name not in off), "above", ANNA)
    shown = judge(product, off[0], "above", ANNA)
    assert (shown.withheld, shown.prediction.version, shown.prediction.targets) == (AI_OFF, "", ())
    assert set(refusals(product, off[0], ANNA)) == set(refusals(product, off[1], BEN)) - {"reveal"}  # after the verdict
    form = VerdictForm(WORKSPACE, off[0], TARGET, "above", "likely", "v1")
    with pytest.raises(Refused, match="can't name a version"):
        product.review.save_verdict(form, actor=ANNA)
    read_as(product, prepared_home, tmp_path, "ai_off = 0.0")
    assert product.review.reveal(WORKSPACE, off[0], actor=ANNA).withheld == AI_OFF  # it stays as it was drawn
    with product.runtime.database.read() as tx:
        drawn = arms.of_workspace(tx, workspace.id)
        said = verdicts.standing(tx, workspace.id)[0]
    assert sorted(drawn.values()) == ["ai off", "usual"]
    assert (said.version, json.loads(said.shown)["arm"]) == (None, "ai off")


def test_off_holds_in_the_concurrent_mode_too(product, prepared_home, tmp_path):
    read_as(product, prepared_home, tmp_path, 'mode = "concurrent"\nai_off = 1.0')
    case = pool_of(product)[0]
    assert product.review.reveal(WORKSPACE, case, actor=ANNA).withheld == AI_OFF  # though it was never opened
    assert len(refusals(product, case, ANNA)) == 8


@pytest.fixture
def training(product, prepared_home, tmp_path):
    """Anna is in training, and all cases with a known label are shown wrong."""
    read_as(product, prepared_home, tmp_path, 'known_wrong = 1.0\ntraining = ["anna"]')
    return product


def test_a_wrong_answer_is_shown_with_its_evidence_and_told_afterwards(training):
    case = next(name for name in pool_of(training) if own_answer(training, name) == "above")
    real = training.predictions.predict(WORKSPACE, case).target(TARGET)
    commit(training, case, "above", ANNA)
    shown = training.review.reveal(WORKSPACE, case, actor=ANNA)
    answer = shown.prediction.target(TARGET)
    assert (answer.label, answer.probability, shown.debrief) == ("below", pytest.approx(real.probability), "")
    assert answer.probabilities == pytest.approx(real.probabilities[::-1])
    evidence = training.evidence.explain(EvidenceForm(WORKSPACE, case, TARGET), actor=ANNA)
    assert evidence.label == "below"
    for form in (
        EvidenceForm(WORKSPACE, case, TARGET, label="above"),
        EvidenceForm(WORKSPACE, case, TARGET, against="above"),
    ):
        with pytest.raises(Refused, match="in training"):
            training.evidence.explain(form, actor=ANNA)
    said = refusals(training, case, ANNA)
    assert set(said) == {"quality", "remove", "influence", "what if", "similar", "playground"}
    assert all(words.startswith(TRAINING) for words in said.values())
    judge(training, case, "below", ANNA, (corner_mark(),))
    after = training.review.reveal(WORKSPACE, case, actor=ANNA)
    assert after.prediction.target(TARGET).label == "above"
    assert "below that you were shown was wrong on purpose; the model itself says above" in after.debrief
    assert refusals(training, case, ANNA) == {}
    training.review.undo(WORKSPACE, case, TARGET, actor=ANNA)
    assert training.review.reveal(WORKSPACE, case, actor=ANNA).debrief == after.debrief


def test_what_training_taught_teaches_no_model(training):
    case = next(name for name in pool_of(training) if own_answer(training, name) == "above")
    judge(training, case, "below", ANNA, (corner_mark(),))
    with training.runtime.database.read() as tx:
        workspace, _, stored = training.retraining.catalogue.case(tx, WORKSPACE, case)
        reference = labels.references(tx, workspace.id, TARGET, stored.id)[stored.id]
        said = verdicts.current(tx, stored.id, TARGET, "anna")
        assert verdicts.standing(tx, workspace.id) == ()
    assert (reference.label, reference.source) == ("above", "data set")
    assert json.loads(said.shown) == {"arm": "known wrong", "label": "below", "shown": ["prediction"], "version": "v1"}
    assert said.stance == "agree"
    feedback = training.retraining.view(WORKSPACE).feedback
    assert (feedback.verdicts, feedback.marks, feedback.thumbnails) == (0, 0, ())
    assert training.review.next_case(WORKSPACE, actor=BEN) is not None
    rows = {row.case: row.state for row in training.review.worklist(WORKSPACE, actor=BEN).rows}
    assert rows.get(case, "waiting") == "waiting"  # somebody who is not in training still reads it
    assert [event.kind for event in training.audit.events(workspace=WORKSPACE)][:2] == ["debrief", "verdict"]


def test_others_are_shown_what_the_model_says(training):
    case = pool_of(training)[0]
    shown = judge(training, case, "above", BEN)
    assert shown.prediction.target(TARGET).label == own_answer(training, case)
    assert shown.debrief == ""


def test_who_is_in_training_cannot_tell_by_what_is_refused(product, prepared_home, tmp_path):
    read_as(product, prepared_home, tmp_path, 'known_wrong = 0.000001\ntraining = ["anna"]')
    case = pool_of(product)[0]
    commit(product, case, "above", ANNA)
    assert product.review.reveal(WORKSPACE, case, actor=ANNA).prediction.target(TARGET).label == own_answer(
        product, case
    )
    assert set(refusals(product, case, ANNA)) == {"quality", "remove", "influence", "what if", "similar", "playground"}
