"""Every registered rule of deferral."""

from dataclasses import replace

import numpy as np
import pytest

from core.team.deferral.registry import deferral_rules
from tests.helpers.team_parts import simulated_reads

pytestmark = pytest.mark.slow


@pytest.fixture(params=[rule.name for rule in deferral_rules()])
def rule(request):
    return next(one for one in deferral_rules() if one.name == request.param)


def test_orders_cases_the_same_way_every_time(rule):
    reads = simulated_reads()
    found = rule.need(reads)
    assert rule.title
    assert found.shape == reads.cases.shape
    assert np.isfinite(found).all()
    assert (found == rule.need(reads)).all()
    assert len(np.unique(found)) > 20


def test_all_reads_of_a_case_are_alike(rule):
    reads = simulated_reads()
    found = rule.need(reads)
    for case in np.unique(reads.cases)[::5]:
        assert len(np.unique(found[reads.cases == case])) == 1


def test_never_looks_at_the_read_or_truth_of_the_case_itself(rule):
    reads = simulated_reads()
    own = reads.groups == reads.groups[20]
    other = replace(
        reads, read=np.where(own, 1 - reads.read, reads.read), truth=np.where(own, 1 - reads.truth, reads.truth)
    )
    assert (rule.need(reads)[own] == rule.need(other)[own]).all()


def test_beats_chance_where_the_models_certainty_is_honest(rule):
    reads = simulated_reads(600)
    first = rule.need(reads) >= np.median(rule.need(reads))
    gained = reads.person_right.astype(float) - reads.model_right
    assert gained[first].mean() > gained[~first].mean() + 0.05
