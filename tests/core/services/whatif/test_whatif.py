"""What if: nothing before the own read, nothing stored, what is said of odd inputs."""

import pytest

from core.contracts import Constraint, Edit, EvidenceForm
from core.errors import BadInput, NotFound, Refused
from tests.helpers.spotted import ANNA, MIXED, TONE
from tests.helpers.tiny_product import corner_mask, names_of, truth

CASE = "m004"
VERBS = {
    "open": lambda c, **who: c.whatif.open(MIXED, CASE, **who),
    "predict": lambda c, **who: c.whatif.predict(MIXED, CASE, (), **who),
    "explain": lambda c, **who: c.whatif.explain(MIXED, CASE, (), TONE, **who),
    "counterfactuals": lambda c, **who: c.whatif.counterfactuals(MIXED, CASE, TONE, **who),
    "similar": lambda c, **who: c.whatif.similar(MIXED, CASE, TONE, **who),
    "influence": lambda c, **who: c.evidence.influence(EvidenceForm(MIXED, CASE, TONE), **who),
    "collect": lambda c, **who: c.evidence.collect(MIXED, "odd", CASE, **who),
}


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_told_before_the_own_read(shared, verb):
    with pytest.raises(Refused):
        VERBS[verb](shared, actor=ANNA)


def test_an_opened_case_shows_inputs_and_answer(shared):
    opened = shared.whatif.open(MIXED, CASE, actor=shared.default_actor)
    assert [one.name for one in opened.fields] == ["image", "age", "colour", "note"]
    assert opened.prediction == shared.predictions.predict(MIXED, CASE)
    assert (opened.version, opened.case) == ("v1", CASE)
    assert [one.name for one in opened.targets] == ["side", "tone"]
    assert opened.methods


def _warnings(container, *edits):
    return container.whatif.predict(MIXED, CASE, edits, actor=container.default_actor).warnings


def test_values_beyond_the_training_cases_are_told(shared):
    assert _warnings(shared) == ()
    beyond, far = _warnings(shared, Edit("age", number=120.0))
    assert "beyond nearly all cases" in beyond
    assert "far from those of the training cases" in far


def test_what_the_model_does_not_read_is_told(shared):
    (told,) = _warnings(shared, Edit("note", text="word " * 20))
    assert "up to character 79" in told


def test_the_edited_case_is_explained(shared):
    who = {"actor": shared.default_actor, "method": "feature_ablation"}
    before = shared.whatif.explain(MIXED, CASE, (), TONE, **who)
    after = shared.whatif.explain(MIXED, CASE, (Edit("note", missing=True),), TONE, **who)
    assert before.method == after.method == "feature_ablation"
    assert {one.field: one.value for one in before.fields} != {one.field: one.value for one in after.fields}


def test_nothing_is_stored(fresh):
    def rows() -> dict[str, int]:
        with fresh.runtime.database.read() as tx:
            names = tx.exec_driver_sql("select name from sqlite_master where type = 'table'").scalars().all()
            return {name: tx.exec_driver_sql(f'select count(*) from "{name}"').scalar_one() for name in names}

    who, edits = {"actor": fresh.default_actor}, (Edit("age", number=72.0),)
    fresh.whatif.open(MIXED, CASE, **who)
    before = rows()
    fresh.whatif.predict(MIXED, CASE, edits, **who)
    fresh.whatif.explain(MIXED, CASE, edits, TONE, **who)
    fresh.whatif.counterfactuals(MIXED, CASE, TONE, **who)
    fresh.whatif.similar(MIXED, CASE, TONE, edits=edits, **who)
    assert rows() == before


def test_an_erased_case_is_gone(fresh):
    who = {"actor": fresh.default_actor}
    n = fresh.whatif.similar(MIXED, "m005", TONE, **who).n
    fresh.maintenance.erase(MIXED, CASE, "consent withdrawn", **who)
    for verb in ("open", "predict", "explain", "counterfactuals", "similar", "influence"):
        with pytest.raises(BadInput, match="erased"):
            VERBS[verb](fresh, **who)
    assert fresh.whatif.similar(MIXED, "m005", TONE, **who).n == n - 1


@pytest.mark.parametrize("limit", [0, -1, 51])
def test_how_many_has_limits(shared, limit):
    who = {"actor": shared.default_actor, "limit": limit}
    for ask in (shared.whatif.counterfactuals, shared.whatif.similar):
        with pytest.raises(BadInput, match="50"):
            ask(MIXED, CASE, TONE, **who)
    with pytest.raises(BadInput, match="50"):
        shared.evidence.influence(EvidenceForm(MIXED, CASE, TONE), **who)


def test_an_unknown_target_is_not_found(shared):
    for ask in (shared.whatif.counterfactuals, shared.whatif.similar):
        with pytest.raises(NotFound, match="side, tone"):
            ask(MIXED, CASE, "mood", actor=shared.default_actor)


def test_a_workspace_of_pictures_alone(product):
    name, who = names_of(product, "train")[0], {"actor": product.default_actor}
    product.review.commit_read("tiny", name, "side", truth(name), "likely", **who)
    edits = (Edit("image", mask=corner_mask(), fill="noise"),)
    view = product.whatif.predict("tiny", name, edits, **who)
    assert (view.warnings, len(view.fields)) == ((), 1)
    assert product.whatif.similar("tiny", name, "side", edits=edits, **who).similar
    assert product.whatif.counterfactuals("tiny", name, "side", **who).tried > 0
    with pytest.raises(NotFound, match="no field 'age'"):
        product.whatif.counterfactuals("tiny", name, "side", constraints=(Constraint("age", "fixed"),), **who)
