"""Bad questions get an answer that says what is wrong and what there is; nothing comes before the own read."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.contracts import Actor, MarkForm
from core.errors import BadInput, NotFound, Refused, Unavailable
from core.media.masks import encode_mask
from core.services.explaining import Explaining
from explain.errors import Stopped
from tests.helpers.evidence import CASE, MIXED, READ, form, square

OTHER = Actor("eve", "person", "Eve")


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (form(method="magic"), NotFound, "no explanation method 'magic'; known: integrated_gradients"),
        (form(method="grad_cam"), NotFound, "'grad_cam' does not fit .* Methods that do: integrated_gradients"),
        (form(target="weight"), NotFound, "no target 'weight'. Known: side, tone"),
        (form(case="m999"), NotFound, "no case 'm999'"),
        (form(label="purple"), NotFound, "'purple' is no label of 'tone'. Labels: calm, loud"),
        (form(against="purple"), NotFound, "'purple' is no label of 'tone'. Labels: calm, loud"),
        (form(label="calm", against="calm"), BadInput, "'calm' can't be held against itself"),
        (form(baseline="snow"), NotFound, "no baseline 'snow'. Known: neutral, zero"),
        (form(baseline="case"), BadInput, "'case' needs a reference case"),
        (form(baseline="case", reference=CASE), BadInput, "can't be its own baseline"),
        (form(baseline="case", reference="m999"), NotFound, "no case 'm999'"),
        (form(reference="m004"), BadInput, "goes with the baseline 'case' only, got None"),
        (form(method="expected_gradients", baseline="zero"), BadInput, "does not depend on a baseline, got 'zero'"),
        (form(method="occlusion", options={"window": 2.0}), BadInput, r"Occlusion: option window must be 0.02..1, got"),
        (form(method="occlusion", options={"colour": 1}), BadInput, "no option 'colour'; its options: window, stride"),
        (form(method="integrated_gradients", options={"max_steps": 1.5}), BadInput, "must be of type int, got 1.5"),
    ],
)
def test_what_can_not_be_asked_is_said_in_words(shared, asked, error, words):
    with pytest.raises(error, match=words):
        shared.evidence.explain(asked, actor=shared.default_actor)


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (MarkForm("shoe", "ignore", names=("shoe",)), "no field 'shoe'. Fields: image, age, colour, note"),
        (MarkForm("image", "ignore", mask=encode_mask(square(5, 5, 2))), "must be 12 x 12|5 x 5"),
        (MarkForm("image", "ignore", mask=encode_mask(square(12, 12, 0))), "nothing"),
        (MarkForm("age", "ignore", mask=encode_mask(square(12, 12, 2))), "'age' is numeric.*can't be a mask"),
        (MarkForm("age", "ignore", spans=((0, 1),)), "'age' is numeric and has no words"),
        (MarkForm("note", "ignore", spans=((5, 900),)), "goes from 5 to 900"),
    ],
)
def test_a_region_that_does_not_fit_is_refused(shared, region, words):
    with pytest.raises(BadInput, match=words):
        shared.evidence.remove(form(), actor=shared.default_actor, region=(region,))


def test_a_region_of_a_field_that_the_case_lacks_is_refused(shared):
    mark = MarkForm("note", "ignore", names=("note",))
    with pytest.raises(BadInput, match="'m014' has no 'note', so nothing of it can be removed"):
        shared.evidence.remove(form("m014"), actor=shared.default_actor, region=(mark,))


def test_unknown_fills_and_steps_are_refused(shared):
    with pytest.raises(BadInput, match="one of blur, mean, noise, neighbour, got 'glitter'"):
        shared.evidence.remove(form(), actor=shared.default_actor, fill="glitter")
    with pytest.raises(BadInput, match="2 to 48 steps, got 1000"):
        shared.evidence.path(form(), actor=shared.default_actor, steps=1000)


def test_an_explanation_can_be_taken_back(mixed, monkeypatch):
    def endless(self, asked, cancelled):
        while not cancelled():
            pass
        raise Stopped("taken back")

    verbs, actor, asked = mixed.evidence, mixed.default_actor, form(method="occlusion")
    assert not verbs.stop(asked, actor=actor)
    with ThreadPoolExecutor(1) as pool, monkeypatch.context() as patched:
        patched.setattr(Explaining, "_compute", endless)
        waiting = pool.submit(verbs.explain, asked, actor=actor)
        while not verbs.stop(asked, actor=actor):
            assert not waiting.done()
        with pytest.raises(Unavailable, match="taken back"):
            waiting.result(60.0)
    assert not verbs.explain(asked, actor=actor).cached


def test_nothing_comes_before_the_own_read(shared):
    verbs = shared.evidence
    for ask in (verbs.explain, verbs.stop, verbs.coarse, verbs.quality, verbs.remove, verbs.path):
        with pytest.raises(Refused, match="after your own read"):
            ask(form(), actor=OTHER)
    for look in (verbs.methods, verbs.baselines):
        with pytest.raises(Refused, match="after your own read"):
            look(MIXED, CASE, actor=OTHER)


def test_only_what_is_asked_of_one_case_waits_for_the_own_read(shared):
    with pytest.raises(Refused, match="after your own read"):
        shared.evidence.influence(form(), actor=OTHER)
    with pytest.raises(Refused, match="after your own read"):
        shared.evidence.collect(MIXED, "loud words", CASE, actor=OTHER)
    assert shared.evidence.concepts(MIXED) == ()
    with pytest.raises(NotFound, match="no concept 'loud words'"):
        shared.evidence.concept_sensitivity(MIXED, "loud words", "tone", "loud", actor=OTHER)


def test_a_case_that_is_still_to_be_read_blind_is_no_baseline(shared):
    catalogue, actor = shared.retraining.catalogue, shared.default_actor
    with shared.runtime.database.read() as tx:
        found, _ = catalogue.workspace(tx, MIXED)
        pool = [case.name for case in catalogue.cases(tx, found, "pool") if case.name not in READ]
        ledger = catalogue.cases(tx, found, "ledger")[0].name
    verbs = shared.evidence
    asked = form(method="integrated_gradients", baseline="case", reference=pool[0])
    for ask in (verbs.explain, verbs.coarse, verbs.quality, verbs.remove, verbs.path):
        with pytest.raises(Refused, match=f"Case '{pool[0]}' can be a baseline after your own read of it"):
            ask(asked, actor=actor)
    known = form(method="occlusion", baseline="case", reference=ledger)
    assert ledger in verbs.explain(known, actor=actor).baseline
