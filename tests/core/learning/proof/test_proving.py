"""From figures to words: effect, no effect, harm, what to try next, and the marks check of the gate."""

import dataclasses

import numpy as np
import pytest
import torch

from core.contracts import Estimate, MarkWarning
from core.learning.checks.marks import MarksCheck
from core.learning.gate import run_gate
from core.learning.proof.attribution import JUDGES, TRAINED_ON, judge_of
from core.learning.proof.effects import effect_of, overall_effect
from core.learning.proof.lines import line_of
from core.learning.proof.proving import prove
from core.learning.proof.words import percent, points
from core.learning.statistics import Resampler
from core.learning.strategies.registry import strategies
from tests.core.learning.proof.test_measures import corner_marks, corner_reader, pictures, two_classes
from tests.helpers.gate_parts import gate_context, zeroed
from tests.helpers.model_parts import model_of

SD = (1.0, 1.0)
EVERYONE = Resampler.of_groups([str(i) for i in range(200)])


def values(share, count=200):
    """Zeros and ones, evenly mixed, of which `share` are one."""
    return np.asarray([float((i * 7) % count < share * count) for i in range(count)])


def line(champion, candidate, control=None, name="insert"):
    models = [values(one) for one in (champion, candidate, control) if one is not None]
    return line_of(name, name, models, EVERYONE)


@pytest.mark.parametrize(
    ("lines", "effect"),
    [
        ([line(0.6, 0.1, 0.55)], "effect"),
        ([line(0.6, 0.1, 0.1)], "no effect"),  # the control fell as much: the labels did it
        ([line(0.6, 0.6, 0.6)], "no effect"),
        ([line(0.2, 0.6, 0.2)], "harm"),
        ([line(0.2, 0.6, 0.9)], "harm"),  # more than the champion, whatever the control did
        ([line(0.0, 0.05, 0.0)], "no effect"),  # rose, and stays below the policy's floor
        ([line(0.6, 0.6, 0.6), line(0.6, 0.1, 0.55, "swap")], "effect"),
        ([], "not assessable"),
    ],
)
def test_the_intervals_decide(lines, effect):
    assert effect_of(lines, floor=0.1) == effect


def test_few_groups_tell_nothing():
    few = Resampler.of_groups(["a", "b"] * 100)
    one = line_of("insert", "Put in", [values(0.9), values(0.1), values(0.9)], few)
    assert effect_of([one], floor=0.1) == "not assessable"


def test_the_weakest_artefact_speaks_for_all():
    assert overall_effect(["effect", "no effect"], price_beyond_policy=False) == "no effect"
    assert overall_effect(["effect", "not assessable"], price_beyond_policy=False) == "not assessable"
    assert overall_effect(["effect", "effect"], price_beyond_policy=False) == "effect"
    assert overall_effect(["effect"], price_beyond_policy=True) == "harm"


def test_figures_in_words():
    assert percent(0.0049) == "under 1 %"
    assert points(Estimate(-0.004, -0.02, 0.014, 9)) == "0 points [-2, +1]"


def comparison(candidate, control=None, champion=None, labels=None, marks=6):
    """The corner reader serves; the ledger's corners say nothing of the label, which the models can't know."""
    spec = two_classes()
    ledger = pictures(200, 100)
    if labels is not None:
        ledger.labels["shape"][:] = labels
    first = champion or corner_reader(spec)
    return gate_context(
        spec, champion=first, candidate=candidate(spec), control=control and control(spec), ledger=ledger,
        marked=corner_marks(spec, pictures(marks, marks // 2)),
    )  # fmt: skip


def constant(spec):
    """Answers a to everything, and is sure of it."""
    model = zeroed(model_of(spec, 1, "v2", output_sd=SD))
    with torch.no_grad():
        model.network.heads["target_shape"].bias[0] = 9.0
    return model


def test_a_good_run_is_proven_against_the_control():
    context = comparison(constant, control=corner_reader)
    proof = prove(context)
    assert proof.effect == "effect"
    assert proof.has_control
    assert proof.explainer == "Occlusion"
    (artefact,) = proof.artefacts
    by_name = {one.name: one for one in artefact.lines}
    assert list(by_name) == ["insert", "remove", "swap", "attribution"]
    assert by_name["insert"].candidate.value == 0.0
    assert by_name["insert"].claimed.value == -by_name["insert"].control.value < -0.3
    assert by_name["attribution"].chance == pytest.approx(4 / 36)
    assert (
        "The 6 marks of corner took effect. Putting it in changes the candidate's answer in 0 % of cases"
        in artefact.words
    )
    assert "candidate minus control" in artefact.words
    assert "n 200" in artefact.words
    assert artefact.next_steps == ()
    assert proof.words.startswith("The marks changed what the model uses (corner).")


def test_without_a_control_the_claim_is_against_the_champion_and_says_so():
    proof = prove(comparison(constant))
    assert not proof.has_control
    assert proof.artefacts[0].effect == "effect"
    assert "there is no control" in proof.artefacts[0].words
    assert proof.artefacts[0].lines[0].control is None


def test_what_the_control_does_as_well_is_no_effect_of_the_marks():
    proof = prove(comparison(constant, control=constant))
    assert proof.effect == "no effect"
    assert "had no effect that can be told" in proof.words
    assert "Something else made it better, such as corrected labels: accuracy without the marked content" in proof.words


def test_no_effect_says_what_to_try():
    context = comparison(corner_reader, control=corner_reader)
    warning = MarkWarning("oversized", "corner", (), 0.4, 0.15, "too large")
    proof = prove(dataclasses.replace(context, warnings=(warning,)))
    assert proof.words.endswith("Keep the champion, or try what is proposed.")
    steps = proof.artefacts[0].next_steps
    assert [step.split(" of corner")[0] for step in steps] == [
        "Paint the marks",
        "Mark more cases: at least 10 more",
        "Try another strategy: auto tries several and delivers the best.",
    ]


def test_where_nothing_was_relied_on_there_is_nothing_to_gain():
    context = comparison(constant, control=constant, champion=zeroed(model_of(two_classes(), 0, "v1", output_sd=SD)))
    steps = prove(context).artefacts[0].next_steps
    assert len(steps) == 1
    assert "hardly relied on corner" in steps[0]


def test_a_price_beyond_the_policy_is_harm_and_asks_about_real_signal():
    """The label is the corner itself: a model that no longer looks there loses half of its answers."""
    labels = torch.tensor([1] * 100 + [0] * 100)
    proof = prove(comparison(constant, control=corner_reader, labels=labels))
    assert proof.artefacts[0].effect == "effect"
    assert proof.effect == "harm"
    assert "accuracy on cases as they are went from 100 % to 50 %" in proof.words
    assert "Keep the champion." in proof.words
    assert {one.name for one in proof.price if one.worse} >= {"accuracy", "class b"}
    assert "may carry real signal" in " ".join(proof.artefacts[0].next_steps)


def test_without_marks_there_is_no_proof():
    context = comparison(constant)
    assert prove(dataclasses.replace(context, marked=context.marked.rows([]))) is None


def test_the_gate_reports_the_proof_and_it_is_repeatable():
    context = comparison(constant, control=corner_reader)
    names = [f"n{i}" for i in range(len(context.ledger))]
    report = run_gate(context, names, names, judged=1)
    again = run_gate(dataclasses.replace(context), names, names, judged=1)
    assert report.proof.artefacts == again.proof.artefacts
    assert report.proof.price == again.proof.price
    marks = next(one for one in report.checks if one.name == "marks:corner")
    insert = report.proof.artefacts[0].lines[0]
    assert marks.verdict == "pass"
    assert (marks.difference, marks.low, marks.high) == (
        insert.claimed.value,
        insert.claimed.low,
        insert.claimed.high,
    )


@pytest.mark.parametrize(
    ("candidate", "control", "verdict"),
    [
        (constant, corner_reader, "pass"),
        (corner_reader, constant, "fail"),
        (constant, constant, "pass"),  # both below the floor
        (corner_reader, corner_reader, "not assessable"),  # the marks changed nothing
        (constant, None, "not assessable"),
    ],
)
def test_the_marks_check(candidate, control, verdict):
    (check,) = MarksCheck().run(comparison(candidate, control))
    assert check.name == "marks:corner"
    assert check.verdict == verdict
    assert check.n == 200


@pytest.mark.parametrize("name", [item.name for item in strategies()])
def test_no_strategy_trained_on_its_judge(name):
    assert judge_of(name).name in JUDGES
    assert judge_of(name).name not in TRAINED_ON.get(name, ())


def test_who_trained_on_occlusion_is_judged_by_another(monkeypatch):
    monkeypatch.setitem(TRAINED_ON, "occluding", ("occlusion",))
    assert judge_of("occluding").name == "shapley_sampling"
    assert judge_of(None).name == "occlusion"
