"""Every registered gate check, on two untrained models."""

import math
from dataclasses import replace

import pytest

from core.contracts import WorkspaceSpec
from core.learning.checks.base import GateContext
from core.learning.checks.registry import checks
from core.learning.marks import MarkedExamples
from tests.helpers.gate_parts import gate_context
from tests.helpers.learning_parts import marked_of
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, SMALL_TRANSFORMER, model_of, spec_of

pytestmark = pytest.mark.slow

KINDS = {
    "image": {},
    "text": {"fields": [NOTE], "encoder": SMALL_TRANSFORMER},
    "table": {"fields": [AGE, COLOUR], "encoder": None},
    "fusion": {
        "fields": [{**item, "required": False} for item in (IMAGE, AGE, COLOUR, NOTE)],
        "encoders": {"note": SMALL_TRANSFORMER},
    },
}


@pytest.fixture(params=sorted(KINDS), scope="module")
def spec(request) -> WorkspaceSpec:
    return spec_of(
        **KINDS[request.param],
        attributes=[{"name": "sex", "sensitive": True}],
        costs=[{"target": "shape", "truth": "a", "answer": "b", "cost": 3.0}],
        fairness=[{"attribute": "sex", "limit": 1.0}],
    )


MAY_STAY = 0.05
"""Reliance that is clearly larger than nothing has to fall: a candidate that relies as much as before may fail."""
COUNT = {"image": 120}
"""Ledger cases; fewer where each takes longer to explain."""


def marks_on_one_field(spec: WorkspaceSpec) -> MarkedExamples:
    """Marks on the first field alone: what a person would leave out."""
    rows = marked_of(spec, 6)
    for field in spec.fields[1:]:
        rows.ignore[field.name][:] = False
    return rows


@pytest.fixture(scope="module")
def context(spec) -> GateContext:
    count = COUNT.get(spec.fields[0].kind if len(spec.fields) == 1 else "", 40)
    control = model_of(spec, 2, "control", output_sd=(1.0,) * len(spec.targets[0].classes))
    return gate_context(spec, count=count, marked=marks_on_one_field(spec), control=control)


@pytest.fixture(params=[check.name for check in checks()])
def check(request):
    return next(item for item in checks() if item.name == request.param)


def test_gives_lines_with_n_interval_verdict_and_reason(check, context):
    lines = check.run(context)
    assert lines
    for line in lines:
        assert line.name.startswith(check.name)
        assert line.reason
        assert line.verdict in ("pass", "fail", "not assessable")
        assert line.n > 0
        if line.difference is not None:
            assert line.low <= line.high
            assert line.difference == pytest.approx(line.candidate - line.champion, abs=1e-9)


def test_a_candidate_equal_to_the_champion_never_fails(check, context):
    one, answers = context.champion, context.answers[0]
    same = replace(context, candidate=one, answers=(answers, answers), control=one, control_answers=answers)
    for line in check.run(same):
        assert line.verdict != "fail" or (check.name == "reliance" and line.candidate > MAY_STAY)
        if line.difference is not None and not math.isnan(line.difference):
            assert line.difference == 0


def test_is_repeatable(check, context):
    assert check.run(context) == check.run(context)
