"""What training cases teach a search: rows like the case's, and how usual a row is."""

import numpy as np
import pytest

from tests.helpers.spotted import MIXED, placed


@pytest.fixture
def material(shared):
    """The material and the workspace with its spec."""
    with shared.runtime.database.read() as tx:
        workspace, spec = shared.predictions.catalogue.workspace(tx, MIXED)
    return shared.whatif.searching.material, workspace, spec


def test_rows_are_training_cases_that_hold_the_same(shared, material):
    found, workspace, spec = material
    rows = found.rows(workspace, spec, np.array([30.0, 1.0]))
    train = [case for case in placed(shared)[1].known if case.split == "train"]
    known = {case.name: {v.field: v for v in case.fields} for case in train}
    complete = {n: v for n, v in known.items() if v["age"].number is not None and v["colour"].text is not None}
    colours = ("red", "green", "blue")
    wanted = sorted((v["age"].number, float(colours.index(v["colour"].text))) for v in complete.values())
    assert 50 <= len(wanted) < len(train)
    assert sorted(map(tuple, rows.tolist())) == wanted


def test_where_few_hold_the_same_all_rows_count(shared, material):
    found, workspace, spec = material
    rows = found.rows(workspace, spec, np.array([np.nan, 1.0]))
    assert len(rows) == sum(case.split == "train" for case in placed(shared)[1].known)
    assert np.isnan(rows).any(axis=0).all()


def test_a_usual_row_lies_denser_than_an_odd_one(material):
    found, workspace, spec = material
    usual, odd = (found.plausibility(workspace, spec, np.array([age, 1.0])) for age in (40.0, 120.0))
    assert usual > 0.2
    assert odd == 0.0
