"""The gate's gaps and groups on chosen answers: pass, fail, not assessable, and what gets worse for whom."""

import dataclasses

import numpy as np
import pytest
import torch

from core.learning.checks.fairness import FairnessCheck
from core.models.examples import Examples
from tests.helpers.gate_parts import gate_context
from tests.helpers.model_parts import AGE, spec_of

CASES = 800
POLICY = {"attribute": "sex", "metric": "equal_opportunity", "limit": 0.1, "worse_by": 0.05}


def context_of(before, after, policies=(POLICY,), cases=CASES):
    """A gate whose models find positives of M and F with chosen chances (and nothing else); half are positive."""
    spec = spec_of(
        fields=[AGE], encoder=None, targets=[{"name": "shape", "classes": ["no", "yes"]}],
        attributes=[{"name": name, "sensitive": True} for name in ("sex", "view")], fairness=list(policies),
    )  # fmt: skip
    rows = [{"sex": "FM"[i % 2], "view": ("AP", "PA")[i // 4 % 2]} for i in range(cases)]
    truth = torch.tensor([i // 2 % 2 for i in range(cases)])
    drawn = np.random.default_rng(0).random(cases)
    ledger = Examples(
        tuple(range(cases)), {"age": torch.zeros(cases, 1)}, {"shape": truth}, tuple(map(str, range(cases)))
    )
    answers = tuple(_logits(truth, rows, drawn, chances) for chances in (before, after))
    return dataclasses.replace(gate_context(spec, ledger=ledger), attributes=rows, answers=answers)


def _logits(truth, rows, drawn, chances):
    found = torch.tensor([draw < chances[row["sex"]] for draw, row in zip(drawn, rows, strict=True)])
    return {"shape": torch.nn.functional.one_hot((found & (truth == 1)).long(), 2).float() * 4}


def lines_of(*given, **more):
    return {line.name: line for line in FairnessCheck().run(context_of(*given, **more))}


FAIR, UNFAIR = {"F": 0.8, "M": 0.8}, {"F": 0.6, "M": 0.95}


def test_a_candidate_that_widens_a_gap_over_the_limit_fails_though_it_is_more_accurate():
    found = lines_of({"F": 0.6, "M": 0.55}, UNFAIR)
    gap = found["fairness:equal_opportunity:sex"]
    assert gap.verdict == "fail"
    assert gap.candidate == pytest.approx(0.35, abs=0.1)
    assert gap.difference == pytest.approx(gap.candidate - gap.champion)
    assert gap.low < gap.difference < gap.high
    assert gap.limit == pytest.approx(0.1 - gap.champion)
    assert gap.reason.startswith("gap of the candidate +0.")
    assert "limit +0.100" in gap.reason
    assert [found[f"fairness:sex={group}"].verdict for group in "FM"] == ["pass", "pass"]
    assert found["fairness:sex=M"].difference > 0.2
    assert (gap.n, found["fairness:sex=M"].n) == (400, 200)  # positives


def test_a_candidate_that_closes_the_gap_passes_it_but_not_where_a_group_got_worse():
    found = lines_of(UNFAIR, {"F": 0.7, "M": 0.62}, policies=({**POLICY, "limit": 0.2},))
    assert found["fairness:equal_opportunity:sex"].verdict == "pass"
    assert found["fairness:sex=F"].verdict == "pass"
    assert found["fairness:sex=M"].verdict == "fail"
    assert found["fairness:sex=M"].title == "Found positives where sex is M"
    assert found["fairness:sex=M"].limit == -0.05


def test_too_few_cases_can_not_be_told_and_say_how_many_would():
    found = lines_of(FAIR, {"F": 0.72, "M": 0.8}, cases=160)
    gap = found["fairness:equal_opportunity:sex"]
    assert gap.verdict == "not assessable"
    assert gap.needed is None or gap.needed > 160


def test_groups_with_few_positives_are_listed_and_not_compared():
    found = lines_of(FAIR, UNFAIR, cases=60)
    assert {line.verdict for line in found.values()} == {"not assessable"}
    assert "Fewer than two groups have 20" in found["fairness:equal_opportunity:sex"].reason
    assert "listed, not judged" in found["fairness:sex=F"].reason


def test_each_policy_has_its_lines_and_intersections_are_groups():
    policies = (POLICY, {**POLICY, "metric": "equalised_odds"}, {"attribute": "sex & view", "metric": "worst_group"})
    names = list(lines_of(FAIR, UNFAIR, policies=policies))
    assert names[0] == "fairness:equal_opportunity:sex"
    assert "fairness:equal_opportunity:sex=F" in names
    assert "fairness:equalised_odds:sex=F" in names
    assert "fairness:sex & view=F & AP" in names
    assert len(names) == len(set(names)) == 3 + 2 + 2 + 4


def test_a_worst_group_is_held_against_its_error():
    found = lines_of(FAIR, UNFAIR, policies=({"attribute": "sex", "metric": "worst_group", "limit": 0.3},))
    worst = found["fairness:worst_group:sex"]
    assert worst.candidate == pytest.approx(0.2, abs=0.05)  # half of the women are positive, two in five are missed
    assert worst.verdict == "pass"


def test_cases_without_the_attribute_are_in_no_group():
    context = context_of(FAIR, UNFAIR)
    nobody = dataclasses.replace(context, attributes=[{**row, "sex": ""} for row in context.attributes])
    (line,) = FairnessCheck().run(nobody)
    assert line.verdict == "not assessable"


def test_without_a_policy_there_is_no_line():
    assert FairnessCheck().run(context_of(FAIR, UNFAIR, policies=())) == ()
