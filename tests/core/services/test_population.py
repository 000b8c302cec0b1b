"""Where a value lies among the training cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contracts import FieldSpec, FieldValue, NewCase
from core.services.caseviews import is_missing
from core.services.population import Populations, share, summarise
from core.storage import cases, values, workspaces
from tests.helpers.tiny_product import WORKSPACE

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


def test_share_below_counts_ties_half():
    found = summarise((1.0, 2.0, 2.0, 3.0, None))
    assert found.view(2.0).below == 0.5
    assert found.view(0.0).below == 0.0
    assert found.view(9.0).below == 1.0
    assert found.view(None).below is None
    assert (found.view(2.0).n, found.view(2.0).missing) == (4, 1)


def test_whole_numbers_get_bins_of_equal_many_values():
    found = summarise(tuple(float(age) for age in range(18, 66)))
    assert {right - left for left, right in zip(found.edges, found.edges[1:], strict=False)} == {2.0}
    assert sum(found.counts) == 48


def test_an_outlier_does_not_squeeze_the_others():
    found = summarise((*np.linspace(0.0, 1.0, 500), 1e9))
    assert found.edges[-1] <= 1.0
    assert sum(found.counts) == 501


@given(st.lists(st.one_of(FINITE, st.none()), max_size=60))
def test_every_known_value_is_counted_once(found):
    known = [value for value in found if value is not None]
    summary = summarise(tuple(found))
    assert sum(summary.counts) == len(known)
    assert summary.missing == len(found) - len(known)
    assert len(summary.edges) == (len(summary.counts) + 1 if known else 0)
    for value in known:
        expected = (sum(one < value for one in known) + 0.5 * sum(one == value for one in known)) / len(known)
        assert summary.view(value).below == pytest.approx(expected)


def test_nobody_has_a_value():
    found = summarise((None, None)).view(3.0)
    assert (found.n, found.missing, found.below, found.counts) == (0, 2, None, ())


def test_categories_most_frequent_first_in_words():
    field = FieldSpec(name="sex", kind="categorical", categories=("F", "M", "X"), display={"F": "Female", "M": "Male"})
    found = share({"M": 7, "F": 9, None: 2}, field)
    assert found.categories == ("Female", "Male", "X")
    assert found.counts == (9, 7, 0)
    assert (found.n, found.missing) == (16, 2)


def test_only_cases_that_train_count_and_new_ones_are_seen(product):
    field = FieldSpec(name="age", kind="numeric", required=False)
    with product.runtime.database.write() as tx:
        workspace = workspaces.get(tx, WORKSPACE)
        before = len(values.numbers(tx, workspace.id, "age"))
        rows = (("train", 30.0), ("validation", 40.0), ("ledger", 50.0), ("pool", 60.0), ("train", None))
        new = [
            NewCase(f"n{place}", f"n{place}", split, (FieldValue("age", number=age),), {}, {}, f"hash{place}")
            for place, (split, age) in enumerate(rows)
        ]
        cases.add_many(tx, workspace.id, workspace.revision_id, new)
    with product.runtime.database.read() as tx:
        found = values.numbers(tx, workspace.id, "age")
        assert sorted(value for value in found if value is not None) == [30.0, 40.0]
        assert len(found) == before + 3
        spec = product.runtime.spec(workspace)
        stored = cases.get(tx, workspace.id, "n2")
        table = spec.model_copy(update={"fields": (*spec.fields, field)})
        view = Populations().of_case(tx, workspace, table, stored)["age"]
    assert (view.n, view.below) == (2, 1.0)


def test_what_is_missing():
    assert is_missing(FieldValue("a"))
    assert not is_missing(FieldValue("a", number=0.0))
    assert not is_missing(FieldValue("a", text=""))
