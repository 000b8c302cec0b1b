"""The split is decided by a hash, once and for ever; content decides the content hash."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contracts import FieldValue, SplitSpec
from core.sources import content_hash, split_of
from core.sources.base import uniform

SPLIT = SplitSpec(train=0.5, validation=0.2, calibration=0.1, ledger=0.25, pool=0.15)


@pytest.mark.parametrize(
    ("seed", "group", "split"),
    [(0, "61", "validation"), (0, "150", "train"), (7, "61", "train"), (0, "patient ü", "pool")],
)
def test_split_never_changes(seed, group, split):
    """Frozen answers: a change would move cases of existing workspaces between splits."""
    assert split_of(seed, group, SPLIT) == split


@given(seed=st.integers(), group=st.text())
def test_split_depends_on_seed_and_group_alone(seed, group):
    assert split_of(seed, group, SPLIT) == split_of(seed, str(group), SplitSpec(**SPLIT.model_dump()))


@given(group=st.text(), more=st.floats(0.0, 0.1))
def test_a_larger_train_share_takes_no_case_out_of_train(group, more):
    larger = SplitSpec(train=0.5 + more, validation=0.2, calibration=0.1, ledger=0.25, pool=0.15 - more)
    if split_of(0, group, SPLIT) in ("train", "validation"):
        assert split_of(0, group, larger) == split_of(0, group, SPLIT)


def test_shares_are_kept():
    counts = Counter(split_of(3, str(number), SPLIT) for number in range(20_000))
    wanted = {"train": 0.4, "validation": 0.1, "calibration": 0.1, "ledger": 0.25, "pool": 0.15}
    assert {name: count / 20_000 for name, count in counts.items()} == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("only", ["calibration", "ledger", "pool"])
def test_a_share_of_one_takes_all(only):
    shares = dict.fromkeys(("train", "calibration", "ledger", "pool"), 0.0) | {only: 1.0}
    assert {split_of(0, str(number), SplitSpec(**shares)) for number in range(300)} == {only}


@given(seed=st.integers(), purpose=st.text(), key=st.text())
def test_uniform_stays_in_range(seed, purpose, key):
    assert 0.0 <= uniform(seed, purpose, key) < 1.0


def test_purposes_are_independent():
    both = Counter((uniform(0, "a", str(n)) < 0.5, uniform(0, "b", str(n)) < 0.5) for n in range(8_000))
    assert all(count == pytest.approx(2_000, abs=150) for count in both.values())


FIELDS = (FieldValue("image", blob="ab"), FieldValue("age", number=61.0))


def test_content_hash_ignores_order():
    first = content_hash(FIELDS, {"a": "1", "b": "2"}, {"sex": "F", "view": "AP"}, "61")
    assert first == content_hash(FIELDS[::-1], {"b": "2", "a": "1"}, {"view": "AP", "sex": "F"}, "61")
    assert len(first) == 64


@pytest.mark.parametrize(
    "other",
    [
        ((FIELDS[0],), {"a": "1"}, {}, "61"),
        ((FIELDS[0], FieldValue("age", number=62.0)), {"a": "1"}, {}, "61"),
        ((FIELDS[0], FieldValue("age", text="61.0")), {"a": "1"}, {}, "61"),
        (FIELDS, {"a": "2"}, {}, "61"),
        (FIELDS, {}, {"a": "1"}, "61"),
        (FIELDS, {"a": "1"}, {}, "62"),
    ],
    ids=["field gone", "number", "kind", "label", "label as attribute", "group"],
)
def test_content_hash_notices_every_change(other):
    assert content_hash(*other) != content_hash(FIELDS, {"a": "1"}, {}, "61")
