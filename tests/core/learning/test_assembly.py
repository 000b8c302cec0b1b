"""Which cases may train."""

from datetime import UTC, datetime

import pytest

from core.contracts import Case, NewRegion, ReferenceLabel, Region
from core.errors import Refused
from core.learning.assembly import assemble, refuse_untrainable


def _case(case_id, split):
    return Case(case_id, f"c{case_id}", f"g{case_id}", split, (), {}, "", datetime(2026, 1, 1, tzinfo=UTC))


def _label(case_id, source="data set"):
    return ReferenceLabel(case_id, "t", "a", source, 1)


def _region(case_id):
    return Region(case_id, case_id, 1, "local", NewRegion("image", "ignore", "patch", "0" * 64))


CASES = [_case(1, "train"), _case(2, "validation"), _case(3, "pool"), _case(4, "pool"), _case(5, "ledger"),
         _case(6, "calibration"), _case(7, "train")]  # fmt: skip


def _chosen(**changes):
    labels = {i: _label(i) for i in (1, 2, 3, 4, 5, 6)}
    labels[4] = _label(4, "single verdict")
    labels[5] = _label(5, "single verdict")
    labels[6] = _label(6, "adjudication")
    marks = [_region(i) for i in (3, 4, 5, 6, 1)]
    return assemble(CASES, {"t": labels}, marks, use_regions=changes.get("use_regions", True))


def test_only_train_and_person_labelled_pool_cases_train():
    chosen = _chosen()
    assert chosen.train == (1,)
    assert chosen.validation == (2,)
    assert chosen.feedback == (4,)


def test_corrected_ledger_and_calibration_cases_never_train():
    assert not {5, 6} & set(_chosen().everything)


def test_marks_count_on_trainable_cases_only_and_can_be_left_out():
    assert _chosen().marked == (1, 4)
    assert _chosen(use_regions=False).marked == ()


def test_nothing_to_train_on_is_refused():
    with pytest.raises(Refused, match="Nothing to train on: 0 labelled training"):
        assemble([_case(5, "ledger")], {"t": {5: _label(5)}}, [], use_regions=False)


@pytest.mark.parametrize("split", ["ledger", "calibration"])
def test_the_last_guard_names_the_case(split):
    with pytest.raises(Refused, match=f"'c9' is in the {split} split"):
        refuse_untrainable([_case(1, "train"), _case(9, split)])
