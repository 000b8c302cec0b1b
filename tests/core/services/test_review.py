"""Reading a case: what is shown when, what is stored, what is said."""

import json

import pytest

from core.contracts import Actor, MarkForm, VerdictForm
from core.errors import BadInput, Conflict, NotFound, Refused
from core.storage import labels, verdicts
from tests.helpers.tiny_product import (
    TARGET,
    WORKSPACE,
    corner_mark,
    corner_mask,
    names_of,
    retrain,
    truth,
    verdict,
)

OTHER = Actor("rosa", "person", "Rosa")


@pytest.fixture
def name(product):
    return product.review.next_case(WORKSPACE, actor=product.default_actor)


def _reference(product, name):
    with product.runtime.database.read() as tx:
        workspace, _, case = product.retraining.catalogue.case(tx, WORKSPACE, name)
        return labels.references(tx, workspace.id, TARGET).get(case.id)


def _stored(product, name):
    with product.runtime.database.read() as tx:
        _, _, case = product.retraining.catalogue.case(tx, WORKSPACE, name)
        return verdicts.history(tx, case.id, TARGET, product.default_actor.id)


def test_an_opened_case_shows_its_input_and_nothing_of_the_model(product, name):
    view = product.review.open(WORKSPACE, name, actor=product.default_actor)
    assert (view.fields[0].width, view.fields[0].height) == (12, 12)
    assert view.fields[0].image[:4] == b"\x89PNG"
    assert view.position == 1
    assert not view.read_done
    assert "above" not in view.why
    assert "below" not in view.why


def test_the_answer_comes_after_the_read(product, name):
    with pytest.raises(Refused, match="after your own read"):
        product.review.reveal(WORKSPACE, name, actor=product.default_actor)
    with pytest.raises(Refused, match="after your own read"):
        product.review.explain(WORKSPACE, name, TARGET, actor=product.default_actor, method="saliency")
    view = product.review.commit_read(WORKSPACE, name, TARGET, "above", "guess", actor=product.default_actor)
    assert view.read_done
    revealed = product.review.reveal(WORKSPACE, name, actor=product.default_actor)
    answer = revealed.prediction.target(TARGET)
    assert sum(answer.probabilities) == pytest.approx(1.0)
    assert answer.label in answer.answer_set
    assert revealed.calibration_n > 0


def test_another_persons_read_does_not_reveal(product, name):
    product.review.commit_read(WORKSPACE, name, TARGET, "above", "guess", actor=OTHER)
    with pytest.raises(Refused):
        product.review.reveal(WORKSPACE, name, actor=product.default_actor)


def test_a_committed_read_never_changes(product, name):
    actor = product.default_actor
    product.review.commit_read(WORKSPACE, name, TARGET, "above", "guess", actor=actor)
    view = product.review.commit_read(WORKSPACE, name, TARGET, "below", "certain", actor=actor)
    assert [(read.label, read.confidence) for read in view.reads] == [("above", "guess")]
    assert [row.kind for row in product.audit.events(kind="read")] == ["read"]


def test_labels_and_confidences_that_do_not_exist(product, name):
    with pytest.raises(BadInput, match="'left' is no label here"):
        product.review.commit_read(WORKSPACE, name, TARGET, "left", "guess", actor=product.default_actor)
    with pytest.raises(BadInput, match="Confidence must be one of"):
        product.review.commit_read(WORKSPACE, name, TARGET, "above", "very", actor=product.default_actor)


@pytest.mark.parametrize(("workspace", "case"), [("nowhere", "t001"), (WORKSPACE, "t999")])
def test_unknown_workspace_or_case(product, workspace, case):
    with pytest.raises(NotFound):
        product.review.open(workspace, case, actor=product.default_actor)


def test_the_stance_follows_from_what_was_shown(product, name):
    actor = product.default_actor
    product.review.commit_read(WORKSPACE, name, TARGET, truth(name), "likely", actor=actor)
    shown = product.review.reveal(WORKSPACE, name, actor=actor).prediction.target(TARGET).label
    other = "below" if shown == "above" else "above"
    assert verdict(product, name, shown).stance == "agree"
    assert verdict(product, name, other).stance == "override"
    assert verdict(product, name, "unsure").stance == "unsure"


def test_a_verdict_moves_the_case_out_of_the_queue_and_sets_the_reference(product, name):
    before = product.review.worklist(WORKSPACE, actor=product.default_actor)
    verdict(product, name, "below")
    after = product.review.worklist(WORKSPACE, actor=product.default_actor)
    assert (after.waiting, after.done) == (before.waiting - 1, 1)
    assert product.review.next_case(WORKSPACE, actor=product.default_actor) != name
    assert (_reference(product, name).label, _reference(product, name).source) == ("below", "single verdict")


def test_unsure_never_becomes_a_training_label(product, name):
    verdict(product, name, "unsure")
    assert _reference(product, name).source == "data set"


def test_undo_restores_the_verdict_before_then_withdraws(product, name):
    actor = product.default_actor
    verdict(product, name, "above", comment="first", marks=(corner_mark(),))
    verdict(product, name, "below", comment="second")
    view = product.review.undo(WORKSPACE, name, TARGET, actor=actor)
    assert (view.verdicts[0].label, view.verdicts[0].comment) == ("above", "first")
    assert view.verdicts[0].marks[0].artefact == "corner"
    assert len(_stored(product, name)) == 3


def test_undoing_the_only_verdict_withdraws_it_and_restores_the_label(product, name):
    actor = product.default_actor
    wrong = "below" if truth(name) == "above" else "above"
    verdict(product, name, wrong)
    view = product.review.undo(WORKSPACE, name, TARGET, actor=actor)
    assert view.verdicts == ()
    assert (_reference(product, name).label, _reference(product, name).source) == (truth(name), "data set")
    assert product.review.worklist(WORKSPACE, actor=actor).done == 0
    with pytest.raises(Conflict, match="no verdict of yours"):
        product.review.undo(WORKSPACE, name, TARGET, actor=actor)


def test_the_same_key_saves_once(product, name):
    first = verdict(product, name, idempotency_key="k1")
    again = verdict(product, name, idempotency_key="k1")
    assert first.verdict_id == again.verdict_id
    assert len(_stored(product, name)) == 1


def test_marks_come_back_as_they_were_painted(product, name):
    verdict(product, name, marks=(corner_mark("side marker"), MarkForm("image", "look_here", None, corner_mask())))
    view = product.review.open(WORKSPACE, name, actor=product.default_actor)
    kinds = {(mark.kind, mark.artefact) for mark in view.verdicts[0].marks}
    assert kinds == {("ignore", "side marker"), ("look_here", None)}
    assert view.verdicts[0].marks[0].mask == corner_mask()
    assert [(item.name, item.marks) for item in view.artefacts] == [("side marker", 1)]


def test_a_large_mark_is_said_not_refused(product, name):
    import numpy as np

    from core.media.masks import encode_mask

    large = encode_mask(np.ones((12, 12), dtype=bool))
    saved = verdict(product, name, marks=(corner_mark(mask=large),))
    assert any("covers 100%" in note for note in saved.notes)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (corner_mark(mask=corner_mask(10)), "10 x 10"),
        (corner_mark(mask=b"no image"), "mark on case"),
        (MarkForm("image", "ignore", "x"), "A mark is empty"),
        (MarkForm("image", "ignore", "x", names=("image",)), "needs a mask"),
        (MarkForm("age", "ignore", "x", corner_mask()), "has no field 'age'"),
        (corner_mark("x" * 200), "at most 100"),
    ],
)
def test_a_bad_mark_is_refused_and_nothing_is_stored(product, name, mark, message):
    with pytest.raises(BadInput, match=message):
        verdict(product, name, marks=(mark,))
    assert _stored(product, name) == ()


def test_a_ledger_case_says_that_it_never_trains(product):
    saved = verdict(product, names_of(product, "ledger")[0])
    assert any("never trains" in note for note in saved.notes)
    assert product.review.worklist(WORKSPACE, actor=product.default_actor).done == 0


def test_a_verdict_on_a_replaced_version_is_kept_with_what_was_shown(product, name):
    verdict(product, name, marks=(corner_mark(),))
    candidate = retrain(product)
    product.retraining.decide(
        WORKSPACE, "promote", candidate, "test", actor=product.default_actor, override=True, acknowledge=True
    )
    other = product.review.next_case(WORKSPACE, actor=product.default_actor)
    saved = verdict(product, other, version="v1")
    assert any(f"{candidate} serves since you saw v1" in note for note in saved.notes)
    assert json.loads(_stored(product, other)[-1].shown)["version"] == "v1"


def test_a_version_that_never_was_is_refused(product, name):
    form = VerdictForm(WORKSPACE, name, TARGET, "above", "certain", "v77")
    with pytest.raises(NotFound, match="v77"):
        product.review.save_verdict(form, actor=product.default_actor)


def test_two_readers_do_not_get_the_same_case(product, name):
    product.review.open(WORKSPACE, name, actor=product.default_actor)
    assert product.review.next_case(WORKSPACE, actor=OTHER) != name
    assert product.review.open(WORKSPACE, name, actor=OTHER).claimed_by == "local"


def test_evidence_is_computed_once_and_its_error_is_shown(product, name):
    actor = product.default_actor
    product.review.commit_read(WORKSPACE, name, TARGET, "above", "likely", actor=actor)
    first = product.review.explain(WORKSPACE, name, TARGET, actor=actor, method="integrated_gradients")
    again = product.review.explain(WORKSPACE, name, TARGET, actor=actor, method="integrated_gradients")
    assert (first.cached, again.cached) == (False, True)
    assert first.completeness_error == again.completeness_error <= 0.05
    assert first.fields[0].heat == again.fields[0].heat
    assert first.fields[0].share == pytest.approx(1.0)


def test_a_method_that_does_not_fit_is_not_offered_and_says_so(product, name):
    actor = product.default_actor
    product.review.commit_read(WORKSPACE, name, TARGET, "above", "likely", actor=actor)
    assert "grad_cam" not in product.review.reveal(WORKSPACE, name, actor=actor).methods
    with pytest.raises(NotFound, match="does not fit"):
        product.review.explain(WORKSPACE, name, TARGET, actor=actor, method="grad_cam")
    with pytest.raises(NotFound, match="known"):
        product.review.explain(WORKSPACE, name, TARGET, actor=actor, method="magic")


def test_the_same_key_is_one_act_on_record(product, name):
    for _ in range(2):
        verdict(product, name, "below", idempotency_key="k1")
    assert [row.kind for row in product.audit.events(kind="verdict")] == ["verdict"]


def test_a_late_repetition_does_not_bring_back_what_was_undone(product, name):
    wrong = "below" if truth(name) == "above" else "above"
    verdict(product, name, wrong, idempotency_key="k1")
    product.review.undo(WORKSPACE, name, TARGET, actor=product.default_actor)
    verdict(product, name, wrong, idempotency_key="k1")
    assert (_reference(product, name).label, _reference(product, name).source) == (truth(name), "data set")


def test_undoing_step_by_step_ends_with_nothing(product, name):
    actor = product.default_actor
    for label in ("above", "below", "unsure"):
        verdict(product, name, label)
    seen = [product.review.undo(WORKSPACE, name, TARGET, actor=actor).verdicts for _ in range(3)]
    assert [[item.label for item in views] for views in seen] == [["below"], ["above"], []]
    verdict(product, name, "below")
    assert product.review.undo(WORKSPACE, name, TARGET, actor=actor).verdicts == ()


def test_no_verdict_claims_an_answer_that_is_not_due_yet(product, name):
    form = VerdictForm(WORKSPACE, name, TARGET, "above", "certain", "v1")
    with pytest.raises(Refused, match="after your own read"):
        product.review.save_verdict(form, actor=product.default_actor)
    assert _stored(product, name) == ()


def test_a_model_is_not_loaded_while_others_wait_to_save(product, monkeypatch):
    """The label that was shown is looked up before the one writer's turn begins."""
    name, inside = names_of(product, "train")[0], []
    database = product.runtime.database
    known = type(product.runtime.engine).predict

    def predict(engine, *arguments, **more):
        inside.append(database._owner is not None)
        return known(engine, *arguments, **more)

    monkeypatch.setattr(type(product.runtime.engine), "predict", predict)
    verdict(product, name)
    assert inside
    assert not any(inside)


def test_skipping_goes_down_the_list_and_starts_again_at_its_end(product):
    actor = product.default_actor
    rows = [row.case for row in product.review.worklist(WORKSPACE, actor=actor).rows]
    assert product.review.next_case(WORKSPACE, actor=actor, after=rows[0]) == rows[1]
    assert product.review.next_case(WORKSPACE, actor=actor, after=rows[1]) == rows[2]
    assert product.review.next_case(WORKSPACE, actor=actor, after=rows[-1]) == rows[0]
    verdict(product, rows[1])
    assert product.review.next_case(WORKSPACE, actor=actor, after=rows[1]) == rows[0]
