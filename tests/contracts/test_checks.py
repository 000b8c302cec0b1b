"""Every registered gate check, on two untrained models."""

import math

import pytest

from core.learning.checks.registry import checks
from tests.helpers.gate_parts import gate_context
from tests.helpers.model_parts import spec_of

SPEC = spec_of(
    attributes=[{"name": "sex", "sensitive": True}],
    costs=[{"target": "shape", "truth": "a", "answer": "b", "cost": 3.0}],
)


@pytest.fixture(params=[check.name for check in checks()])
def check(request):
    return next(item for item in checks() if item.name == request.param)


def test_gives_lines_with_n_interval_verdict_and_reason(check):
    lines = check.run(gate_context(SPEC))
    assert lines
    for line in lines:
        assert line.name.startswith(check.name)
        assert line.reason
        assert line.verdict in ("pass", "fail", "not assessable")
        assert line.n > 0
        if line.difference is not None:
            assert line.low <= line.high
            assert line.difference == pytest.approx(line.candidate - line.champion, abs=1e-9)


def test_a_candidate_equal_to_the_champion_never_fails(check):
    context = gate_context(SPEC)
    same = gate_context(SPEC, champion=context.champion, candidate=context.champion)
    for line in check.run(same):
        assert line.verdict != "fail"
        if line.difference is not None and not math.isnan(line.difference):
            assert line.difference == 0


def test_is_repeatable(check):
    context = gate_context(SPEC)
    assert check.run(context) == check.run(context)
