"""Rounds of feedback on the real services: marks that are looked at before they train, and the learning curve."""

import numpy as np
import pytest

from core.contracts import MarkForm
from core.media.masks import encode_mask
from tests.helpers.tiny_folder import SIZE
from tests.helpers.tiny_product import WORKSPACE, corner_mark, names_of, retrain, verdict

pytestmark = pytest.mark.slow
WHOLE = encode_mask(np.ones((SIZE, SIZE), dtype=bool))


@pytest.fixture
def marked(product):
    """Six marks of a corner, one of them over the whole picture, and one on a ledger case."""
    pool = names_of(product, "pool")[:6]
    verdict(product, pool[0], marks=(corner_mark(mask=WHOLE),))
    for name in pool[1:]:
        verdict(product, name, marks=(corner_mark(),))
    verdict(product, names_of(product, "ledger")[0], marks=(corner_mark(mask=WHOLE),))
    return product


def test_marks_are_looked_at_before_they_train_and_named_by_case(marked):
    first = names_of(marked, "pool")[0]
    feedback = marked.retraining.view(WORKSPACE).feedback
    whole = [one for one in feedback.warnings if one.problem == "contradictory"]
    assert [one.cases for one in whole] == [(first,)]  # what is on the ledger case trains nothing
    assert first in [item.case for item in feedback.thumbnails[:4]]
    retrain(marked, strategy="guided")
    outcome = marked.retraining.run(WORKSPACE).outcome
    assert first in {case for one in outcome.warnings for case in one.cases}


def test_a_mark_that_was_painted_anew_is_no_longer_warned_of(marked):
    first = names_of(marked, "pool")[0]
    assert marked.retraining.view(WORKSPACE).feedback.warnings
    verdict(marked, first, marks=(corner_mark(),))
    problems = [one.problem for one in marked.retraining.view(WORKSPACE).feedback.warnings]
    assert "contradictory" not in problems


def test_strategies_say_what_they_are_and_whether_they_fit(product):
    name = names_of(product, "pool")[0]
    verdict(product, name)
    before = {one.name: one for one in product.retraining.view(WORKSPACE).feedback.strategies}
    assert before["labels"].reason is None
    assert "Nobody has marked anything" in before["guided"].reason
    assert before["guided"].family == "gradient"
    verdict(product, name, marks=(MarkForm("image", "ignore", "corner", corner_mark().mask),))
    after = {one.name: one for one in product.retraining.view(WORKSPACE).feedback.strategies}
    assert after["guided"].reason is None


def test_the_curve_begins_with_the_first_champion(marked):
    assert marked.retraining.view(WORKSPACE).curve.points == ()
    retrain(marked, strategy="guided")
    curve = marked.retraining.view(WORKSPACE).curve
    assert [(point.version, point.strategy, point.marks) for point in curve.points] == [
        ("v1", "import", 0),
        ("v2", "guided", marked.retraining.run(WORKSPACE).outcome.marks),
    ]
    ledger = len(names_of(marked, "ledger"))
    for point in curve.points:
        assert point.accuracy.low <= point.accuracy.value <= point.accuracy.high
        assert point.accuracy.n == ledger
        assert 0 <= point.reliance.value <= 1
    assert curve.worth_of_ten is None
    assert "after 1 more" in curve.words
