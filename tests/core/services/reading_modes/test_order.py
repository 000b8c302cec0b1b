"""The queue tells nothing where the mode hides the model: not by its order, not by its reasons."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sqlalchemy import delete

from core.learning.queue import DOUBTFUL, MIXED, margin
from core.storage import cache, cases, routings, versions
from core.storage.routings import Routed
from core.storage.schema import scores
from tests.helpers.reading_parts import ANNA, BEN, judge, pool_of, read_as
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark, verdict

pytestmark = pytest.mark.slow

CHANCE = 0.001
"""A fixed order is allowed to look like this by chance."""


@pytest.fixture
def torn(product):
    """How torn the champion is on each case of the pool, 1 for a tie; no two alike."""
    generator = np.random.default_rng(4)
    with product.runtime.database.write() as tx:
        workspace, _ = product.retraining.catalogue.workspace(tx, WORKSPACE)
        version = versions.get(tx, workspace.id, workspace.champion).id
        stored = product.retraining.catalogue.cases(tx, workspace, "pool")
        likely = {case.id: float(p) for case, p in zip(stored, generator.random(len(stored)), strict=True)}
        tx.execute(delete(scores).where(scores.c.version_id == version))
        cache.put_scores(tx, version, TARGET, {number: (p, 1.0 - p) for number, p in likely.items()})
    return {case.name: margin((likely[case.id], 1.0 - likely[case.id])) for case in stored}


def test_where_the_model_is_hidden_the_place_tells_nothing_and_the_reason_is_the_same(product, torn):
    view = product.review.worklist(WORKSPACE, actor=ANNA)
    shown = [torn[row.case] for row in view.rows if row.position]
    assert {row.reason for row in view.rows} == {MIXED}
    assert 20 == len(shown) < view.waiting == len(pool_of(product))
    assert spearmanr(range(len(shown)), shown).pvalue > CHANCE
    best = sorted(torn.values(), reverse=True)
    assert sum(value >= best[14] for value in shown) == 15  # three quarters are the strategy's
    assert min(shown) < best[19]  # the others are drawn at random
    opened = [product.review.open(WORKSPACE, name, actor=ANNA) for name in torn]
    assert sorted(case.position for case in opened) == list(range(1, view.waiting + 1))
    behind = [(case.position, torn[case.name]) for case in opened if case.position > 20]
    assert spearmanr(*zip(*behind, strict=True)).pvalue > CHANCE
    assert {case.why for case in opened} == {MIXED}


def test_a_batch_does_not_fill_up_while_it_is_read(product):
    rows = [row.case for row in product.review.worklist(WORKSPACE, actor=ANNA).rows]
    judge(product, rows[3], "above", ANNA)
    left = [row.case for row in product.review.worklist(WORKSPACE, actor=ANNA).rows if row.position]
    assert left == [*rows[:3], *rows[4:20]]


def test_in_the_concurrent_mode_the_order_and_the_reason_tell(product, torn, prepared_home, tmp_path):
    read_as(product, prepared_home, tmp_path, 'mode = "concurrent"')
    view = product.review.worklist(WORKSPACE, actor=ANNA)
    shown = [torn[row.case] for row in view.rows]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == view.waiting
    assert view.rows[0].reason.startswith("the model is torn between ")


def test_doubtful_labels_do_not_stand_out(product):
    for name in pool_of(product)[:4]:
        verdict(product, name, marks=(corner_mark(),))
    view = product.review.worklist(WORKSPACE, actor=BEN)
    assert DOUBTFUL not in {row.reason for row in view.rows}


def test_in_the_triage_mode_people_read_what_the_model_leaves_to_them(product, prepared_home, tmp_path):
    first, second, *rest = pool_of(product)
    read_as(product, prepared_home, tmp_path, 'mode = "triage"')
    with product.runtime.database.write() as tx:
        workspace, _ = product.retraining.catalogue.workspace(tx, WORKSPACE)
        version = versions.get(tx, workspace.id, workspace.champion).id
        numbers = {name: cases.get(tx, workspace.id, name).id for name in (first, second)}
        routings.put(
            tx,
            version,
            [
                Routed(numbers[first], TARGET, "above", True, True),
                Routed(numbers[second], TARGET, "above", True, False),
            ],
        )
    view = product.review.worklist(WORKSPACE, actor=ANNA)
    assert view.waiting == len(rest) + 1
    assert {row.case for row in view.rows if row.state == "done"} == {first}
    read_as(product, prepared_home, tmp_path, 'mode = "blinded-first"')
    assert product.review.worklist(WORKSPACE, actor=ANNA).waiting == len(rest) + 2
