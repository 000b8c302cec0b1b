"""Two blind readers, and a lead who settles what they differ on."""

import numpy as np
import pytest

from core.contracts import Actor
from core.errors import BadInput, NotFound, Refused
from core.media.masks import encode_mask
from core.storage import labels
from tests.helpers.reading_parts import ANNA, BEN, LEAD, judge, pool_of, read_as
from tests.helpers.tiny_folder import SIZE
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark, retrain

pytestmark = pytest.mark.slow

CARL = Actor("carl", name="Carl")


def square(top, left, side=4):
    """An *ignore* mark on a square."""
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[top : top + side, left : left + side] = True
    return corner_mark(mask=encode_mask(mask))


def reference(product, case):
    """Return (label, source) of a case."""
    with product.runtime.database.read() as tx:
        workspace, _, stored = product.retraining.catalogue.case(tx, WORKSPACE, case)
        found = labels.references(tx, workspace.id, TARGET, stored.id)[stored.id]
    return found.label, found.source


def settle(product, case, label, actor, reason="seen again"):
    return product.adjudication.settle(WORKSPACE, case, TARGET, label, reason, actor=actor)


@pytest.fixture
def two(product, prepared_home, tmp_path):
    """Every case wants two readers."""
    read_as(product, prepared_home, tmp_path, "readers = 2")
    return product


def test_a_difference_waits_until_somebody_else_settles_it(two):
    case = pool_of(two)[0]
    judge(two, case, "above", ANNA)
    assert two.adjudication.view(WORKSPACE, actor=LEAD).waiting == ()
    with pytest.raises(Refused, match=r"read case .* blind"):
        two.adjudication.open(WORKSPACE, case, TARGET, actor=BEN)
    judge(two, case, "below", BEN)
    view = two.adjudication.view(WORKSPACE, actor=LEAD)
    (dispute,) = view.waiting
    assert [(one.reader, one.label, one.seconds) for one in dispute.opinions] == [
        ("R1", "above", 5.0),
        ("R2", "below", 5.0),
    ]
    assert (dispute.case, dispute.settled, dispute.mark_overlap, view.may) == (case, None, None, True)
    assert reference(two, case)[1] == "data set"
    with pytest.raises(Refused, match="You read case"):
        settle(two, case, "above", ANNA)
    with pytest.raises(BadInput, match="no label"):
        settle(two, case, "unsure", LEAD)
    with pytest.raises(BadInput, match="needs a reason"):
        settle(two, case, "above", LEAD, " ")
    done = settle(two, case, "below", LEAD)
    assert (done.settled, done.settled_by) == ("below", "Lea")
    assert reference(two, case) == ("below", "adjudication")
    assert settle(two, case, "above", CARL, "a better picture").settled == "above"  # a later word supersedes
    assert reference(two, case) == ("above", "adjudication")
    view = two.adjudication.view(WORKSPACE, actor=LEAD)
    assert (view.waiting, [dispute.settled for dispute in view.done]) == ((), ["above"])
    events = two.audit.events(workspace=WORKSPACE, kind="adjudicate")
    assert [dict(row.details)["record"] for row in events] == ["a better picture", "seen again"]
    assert dict(events[0].details)["previous"] == "below"
    assert two.audit.verify().ok


def test_what_was_settled_stays_and_trains(two):
    first, second = pool_of(two)[:2]
    judge(two, first, "above", ANNA)
    judge(two, first, "below", BEN)
    settle(two, first, "below", LEAD)
    two.review.undo(WORKSPACE, first, TARGET, actor=ANNA)
    assert reference(two, first) == ("below", "adjudication")
    judge(two, second, "above", ANNA, (square(0, 0),))
    assert retrain(two) == "v2"
    with two.runtime.database.read() as tx:
        run = two.retraining.run(WORKSPACE)
        used = tx.exec_driver_sql(
            "SELECT COUNT(*) FROM training_cases t JOIN cases c ON c.id = t.case_id WHERE t.run_id = ? AND c.name = ?",
            (run.id, first),
        ).scalar()
    assert used == 1


def test_agreement_is_measured_on_what_was_said_before_the_reveal(two):
    pool = pool_of(two)[:8]
    for place, case in enumerate(pool):
        judge(two, case, ("above", "below")[place % 2], ANNA, (square(0, 0),))
        judge(two, case, ("above", "below")[place % 2 if place < 6 else 0], BEN, (square(0, 2 if place else 8),))
    view = two.adjudication.view(WORKSPACE, actor=LEAD)
    (found,) = view.agreement
    assert (found.same.value, found.same.n) == (7 / 8, 8)
    assert found.kappa.value == pytest.approx(0.75)
    assert found.kappa.low < 0.75 < found.kappa.high
    assert found.overlap.value == pytest.approx((7 * 8 / 24 + 0) / 8)
    assert len(view.waiting) == 8  # marks that hardly overlap are a difference too
    opened = two.adjudication.open(WORKSPACE, pool[0], TARGET, actor=LEAD)
    assert [name for name, _ in opened.pictures] == ["image"]
    assert opened.pictures[0][1].startswith(b"\x89PNG")
    assert [mark.field for one in opened.dispute.opinions for mark in one.marks] == ["image", "image"]


def test_readers_who_agree_leave_nothing_to_settle(two):
    case = pool_of(two)[0]
    judge(two, case, "above", ANNA, (square(0, 0),))
    judge(two, case, "above", BEN, (square(0, 1),))  # 12 of 20 pixels in common
    view = two.adjudication.view(WORKSPACE, actor=LEAD)
    assert (view.waiting, view.done) == ((), ())
    assert view.agreement[0].kappa is None
    assert reference(two, case) == ("above", "agreement")
    with pytest.raises(NotFound, match="Nobody differs"):
        settle(two, case, "above", LEAD)


def test_named_leads_alone_settle(two, prepared_home, tmp_path):
    read_as(two, prepared_home, tmp_path, 'readers = 2\nleads = ["lead"]')
    case = pool_of(two)[0]
    judge(two, case, "above", LEAD)
    judge(two, case, "below", BEN)
    assert two.adjudication.view(WORKSPACE, actor=CARL).why_not.startswith("Differences are settled by lead.")
    with pytest.raises(Refused, match="settled by lead"):
        settle(two, case, "above", CARL)
    assert settle(two, case, "above", LEAD).settled == "above"


def test_some_labels_always_want_two_readers(product, prepared_home, tmp_path):
    read_as(product, prepared_home, tmp_path, "readers = 1", '[guard]\ntwo_readers = ["above"]')
    case = pool_of(product)[0]
    judge(product, case, "above", ANNA)
    assert product.adjudication.view(WORKSPACE, actor=LEAD).waiting == ()
    with product.runtime.database.read() as tx:
        workspace, _ = product.retraining.catalogue.workspace(tx, WORKSPACE)
        waiting = product.review.queueing.waiting(tx, workspace, BEN)
        assert case in {waiting.cases[item.case_id].name for item in waiting.ranked}
    judge(product, case, "below", BEN)
    assert [dispute.case for dispute in product.adjudication.view(WORKSPACE, actor=LEAD).waiting] == [case]


def test_nothing_that_the_first_reader_said_is_told_before_the_second_has_read(two):
    case = pool_of(two)[0]
    judge(two, case, "above", ANNA, (square(0, 0),))

    def told(reader):
        rows = [row for row in two.audit.events(workspace=WORKSPACE, reader=reader) if row.kind in ("read", "verdict")]
        pictures = two.retraining.view(WORKSPACE, reader=reader).feedback.thumbnails
        return {name for row in rows for name, _ in row.details}, [item.case for item in pictures], rows

    names, pictures, rows = told(BEN)
    assert names == {"case", "held back", "hash", "previous hash"}
    assert pictures == []
    assert not any("above" in f"{row.summary}{row.details}" for row in rows)
    assert (two.audit.waits(BEN), two.audit.waits(ANNA)) == (1, 0)
    assert two.retraining.view(WORKSPACE, reader=BEN).feedback.marks == 1
    assert {"label", "record"} <= told(ANNA)[0]
    judge(two, case, "below", BEN)
    names, pictures, _ = told(BEN)
    assert ("label" in names, pictures, two.audit.waits(BEN)) == (True, [case], 0)
    assert two.audit.waits(LEAD) == 0  # as many have read it as it wants
