"""Labels on record that may be wrong: found by a run, read blind, and gone once somebody has judged."""

import pytest

from core.contracts import Actor
from core.learning.queue import MIXED
from core.storage import labels, runs
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of, retrain, truth, verdict

pytestmark = pytest.mark.slow

OTHER = Actor("rosa", "person", "Rosa")
PLANTED = 3


def _wrong(name: str) -> str:
    return {"above": "below", "below": "above"}[truth(name)]


def _reference(product, name):
    with product.runtime.database.read() as tx:
        workspace, _, case = product.retraining.catalogue.case(tx, WORKSPACE, name)
        return labels.references(tx, workspace.id, TARGET).get(case.id)


@pytest.fixture
def doubted(product):
    """Three training cases came with the wrong label, and a run looked for such; returns what it found."""
    planted = names_of(product, "train")[:PLANTED]
    with product.runtime.database.write() as tx:
        for name in planted:
            _, _, case = product.retraining.catalogue.case(tx, WORKSPACE, name)
            labels.set_reference(tx, case.id, TARGET, _wrong(name), "data set")
    verdict(product, names_of(product, "pool")[0])
    retrain(product, strategy="confident")
    found = _suspects(product)
    assert {suspect.case for suspect in found} <= set(planted)
    assert len(found) >= PLANTED - 1
    assert all(suspect.suggested == truth(suspect.case) for suspect in found)
    return {suspect.case for suspect in found}


def _suspects(product):
    with product.runtime.database.read() as tx:
        workspace = product.retraining.catalogue.workspace(tx, WORKSPACE)[0]
        return runs.latest(tx, workspace.id, "retrain").outcome.suspects


def _worklist(product, actor=None):
    return product.review.worklist(WORKSPACE, actor=actor or product.default_actor)


def test_a_doubtful_label_is_read_judged_and_learnt_anew(product, doubted):
    rows = [row for row in _worklist(product).rows if row.case in doubted]
    assert {row.case for row in rows} == doubted
    assert {row.reason for row in rows} == {MIXED}  # that a label is doubtful would tell what the model says
    assert 1 <= rows[0].position <= 22

    first = rows[0].case
    view = product.review.open(WORKSPACE, first, actor=product.default_actor)
    assert (view.position, view.why) == (rows[0].position, MIXED)
    assert product.review.next_case(WORKSPACE, actor=OTHER) != first
    verdict(product, first)
    assert (_reference(product, first).label, _reference(product, first).source) == (truth(first), "single verdict")
    for actor in (product.default_actor, OTHER):
        assert first not in {row.case for row in _worklist(product, actor).rows}

    retrain(product, strategy="confident")
    assert first not in {suspect.case for suspect in _suspects(product)}


def test_without_suspects_only_the_pool_waits(product):
    view = _worklist(product)
    pool = set(names_of(product, "pool"))
    assert {row.case for row in view.rows} <= pool
    assert view.total == len(pool)
