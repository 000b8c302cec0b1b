"""The gate's rules: pass, fail, not assessable, and the n that would settle it."""

import dataclasses

import numpy as np
import pytest
import torch

from core.learning.checks.accuracy import AccuracyCheck
from core.learning.checks.attribution import AttributionCheck
from core.learning.checks.base import Line, holm_stretch, judge, needed_cases
from core.learning.checks.classes import ClassCheck
from core.learning.checks.costs import CostCheck
from core.learning.checks.groups import GroupCheck
from core.learning.checks.reliance import RelianceCheck
from core.learning.gate import changed_cases, ledger_hash, overall, run_gate, titled
from core.learning.statistics import Difference, Resampler
from core.models.examples import Examples
from tests.helpers.gate_parts import gate_context, zeroed
from tests.helpers.learning_parts import marked_of
from tests.helpers.model_parts import model_of, spec_of

SD = (1.0, 1.0, 1.0)


def _line(low, high, limit=-0.02, better="higher", n=100):
    middle = (low + high) / 2
    return Line(
        "x", "X", 0.5, 0.5 + middle, Difference(middle, low, high, n, np.linspace(low, high, 999)), limit, better
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.01, 0.1, "pass"), (-0.2, -0.05, "fail"), (-0.05, 0.05, "not assessable"), (0.0, 0.0, "pass")],
)
def test_the_interval_decides(low, high, verdict):
    assert judge(_line(low, high)).verdict == verdict


def test_where_lower_is_better_the_sides_change():
    assert judge(_line(-0.5, -0.2, limit=-0.1, better="lower")).verdict == "pass"
    assert judge(_line(-0.05, 0.05, limit=-0.1, better="lower")).verdict == "fail"
    assert judge(_line(-0.15, -0.05, limit=-0.1, better="lower")).verdict == "not assessable"


def test_needed_cases_by_hand():
    difference = Difference(0.01, -0.03, 0.05, 100, np.zeros(1))
    assert needed_cases(difference, -0.02) == 178  # 100 * (0.04 / 0.03) ** 2
    assert needed_cases(dataclasses.replace(difference, value=-0.02), -0.02) is None


def test_holm_spares_one_bad_class_among_many_by_chance():
    assert judge(_line(-0.5, -0.11, limit=-0.1), adjusted_p=0.2).verdict == "not assessable"


def test_a_line_that_holm_spares_is_not_said_to_hold_the_limit():
    spared = judge(_line(-0.5, -0.11, limit=-0.1), adjusted_p=0.2, lines=10)
    assert "the interval holds the limit" not in spared.reason
    assert "on the bad side" in spared.reason
    assert spared.needed == needed_cases(_line(-0.5, -0.11).difference, -0.1, holm_stretch(10)) > 101


def test_more_certainty_is_needed_among_more_lines():
    assert holm_stretch(1) == 1.0
    assert holm_stretch(10) == pytest.approx(2.807 / 1.96, abs=1e-3)  # z of .0025 over z of .025


def test_one_patient_proves_nothing():
    """Forty cases of one group: every resample has the same mean, so the interval has no width."""
    spec = spec_of()
    context = gate_context(spec, count=40, candidate=zeroed(model_of(spec, 1, "v2", output_sd=SD)))
    alone = dataclasses.replace(context, resampler=Resampler.of_groups(["p"] * 40))
    line = AccuracyCheck().run(alone)[0]
    assert line.low == line.high != 0.0
    assert line.verdict == "not assessable"
    assert "1 independent groups" in line.reason


def test_groups_are_counted():
    assert Resampler.of_groups(["a", "a", "b", "c"]).groups == 3
    assert Resampler.of_groups([]).groups == 0


def test_costs_without_a_labelled_ledger_case_are_not_assessable():
    spec = spec_of(costs=[{"target": "shape", "truth": "a", "answer": "b", "cost": 5.0}])
    context = gate_context(spec)
    context.ledger.labels["shape"][:] = -1
    assert CostCheck().run(context)[0].verdict == "not assessable"


def test_overall_is_the_worst_line():
    lines = [judge(_line(0.0, 0.1)), judge(_line(-0.05, 0.05)), judge(_line(-0.2, -0.05))]
    assert overall(lines[:1]) == "pass"
    assert overall(lines[:2]) == "not assessable"
    assert overall(lines) == "fail"


def test_a_constant_candidate_fails_accuracy_and_the_classes_it_gave_up():
    spec = spec_of()
    ledger = gate_context(spec).ledger
    perfect = {"shape": torch.nn.functional.one_hot(ledger.labels["shape"], 3).float() * 9}
    context = gate_context(spec, candidate=zeroed(model_of(spec, 1, "v2", output_sd=SD)))
    context = dataclasses.replace(context, answers=(perfect, context.answers[1]))
    assert AccuracyCheck().run(context)[0].verdict == "fail"
    by_name = {line.name: line.verdict for line in ClassCheck().run(context)}
    assert by_name == {"class:a": "pass", "class:b": "fail", "class:c": "fail"}
    assert all(line.verdict == "fail" for line in GroupCheck().run(_with_groups(context)))


def _with_groups(context):
    return dataclasses.replace(context, spec=spec_of(attributes=[{"name": "sex", "sensitive": True}]))


def test_a_constant_candidate_does_not_rely_on_anything():
    spec = spec_of()
    context = gate_context(spec, candidate=zeroed(model_of(spec, 1, "v2", output_sd=SD)))
    line = RelianceCheck().run(context)[0]
    assert line.candidate == 0.0
    assert line.verdict == "pass"


def test_reliance_of_a_model_that_reads_only_the_corner():
    """Weights on the marked corner alone: pasting other corners must change answers as often as they differ."""
    spec = spec_of(targets=[{"name": "shape", "classes": ["a", "b"]}], encoder={"name": "mlp", "hidden": []})
    reader = zeroed(model_of(spec, 0, "v1", output_sd=(1.0, 1.0)))
    with torch.no_grad():
        head = reader.network.heads["target_shape"]
        head.bias[:] = torch.tensor([0.5, 0.0])
        head.weight[1, 0] = 1.0  # answers b when the top left pixel is brighter than one half
    ledger_pixels = torch.zeros(60, 1, 6, 6, dtype=torch.uint8)
    ledger = Examples(tuple(range(60)), {"image": ledger_pixels}, {"shape": torch.zeros(60, dtype=torch.int64)},
                      tuple(map(str, range(60))))  # fmt: skip
    marked = marked_of(spec, 2)
    marked.examples.inputs["image"][:] = 0
    marked.examples.inputs["image"][0, :, :2, :2] = 255
    constant = zeroed(model_of(spec, 1, "v2", output_sd=(1.0, 1.0)))
    context = gate_context(spec, champion=reader, candidate=constant, marked=marked, ledger=ledger)
    line = RelianceCheck().run(context)[0]
    assert line.champion == pytest.approx(0.5, abs=0.1)  # half of the pastes are bright
    assert line.candidate == 0.0
    share = AttributionCheck().run(context)[0]
    assert share.champion == pytest.approx(
        0.5, abs=0.1
    )  # all of it where the paste is bright, nothing to find where it is dark
    assert share.candidate == 0.0


def test_without_marks_reliance_is_not_assessable():
    spec = spec_of()
    context = gate_context(spec, marked=marked_of(spec, 0))
    line = RelianceCheck().run(context)[0]
    assert line.verdict == "not assessable"
    assert "Nobody has marked" in line.reason


def test_small_classes_are_listed_not_judged():
    spec = spec_of(gate={"minimum_group": 500})
    lines = ClassCheck().run(gate_context(spec))
    assert all(line.verdict == "not assessable" and "listed, not judged" in line.reason for line in lines)


def test_costs_by_hand():
    spec = spec_of(costs=[{"target": "shape", "truth": "a", "answer": "b", "cost": 5.0}])
    context = gate_context(spec, candidate=zeroed(model_of(spec, 1, "v2", output_sd=SD), favourite=1))
    labels = context.ledger.labels["shape"]
    expected = float(((labels == 0) * 5.0 + (labels == 2) * 1.0).mean())
    assert CostCheck().run(context)[0].candidate == pytest.approx(expected)


def test_the_report_lists_changed_cases_right_to_wrong_first():
    spec = spec_of()
    context = gate_context(spec)
    names = [f"n{i}" for i in range(len(context.ledger))]
    report = run_gate(context, names, names, judged=3)
    kinds = [(c.champion == c.reference, c.candidate == c.reference) for c in report.changed]
    order = [0 if before else 1 if after else 2 for before, after in kinds]
    assert order == sorted(order)
    assert report.changed == changed_cases(context, names)
    assert (report.version, report.champion, report.judged) == ("v2", "v1", 3)


def test_the_ledger_hash_follows_content_and_labels_but_not_order():
    spec = spec_of()
    context = gate_context(spec)
    names = [f"n{i}" for i in range(len(context.ledger))]
    same = ledger_hash(context, names)
    reverse = list(range(len(names)))[::-1]
    turned = dataclasses.replace(context, ledger=context.ledger.select(reverse))
    assert ledger_hash(turned, names[::-1]) == same
    assert ledger_hash(context, ["other", *names[1:]]) != same
    context.ledger.labels["shape"][0] = (context.ledger.labels["shape"][0] + 1) % 3
    assert ledger_hash(context, names) != same


def test_a_title_says_which_target_where_there_are_several():
    one, line = spec_of(), judge(_line(-0.01, 0.1))
    first = one.targets[0]
    two = one.model_copy(update={"targets": (first, first.model_copy(update={"name": "view", "title": "View"}))})
    about = dataclasses.replace(line, name="recall:a@b@view", title="Recall of a@b")
    assert titled(about, two).title == "View: Recall of a@b"
    assert titled(about, one).title == "Recall of a@b"
    assert titled(line, two).title == line.title
