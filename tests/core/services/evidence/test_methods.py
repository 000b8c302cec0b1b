"""Which methods are offered, in which order, and what an explanation says of itself."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from torch import nn

from core.contracts import Estimate, MethodReport, QualityReport, Support
from core.errors import BadInput, NotFound
from core.services.evidence.methods import fitting_methods, found_fits
from core.services.evidence.questions import Question
from core.services.evidence.texts import word_values
from core.storage import quality, versions
from explain.registry import explainers
from tests.helpers.evidence import CASE, MIXED, TONE, form, question, stored
from tests.helpers.subjects import subject
from tests.helpers.tiny_product import WORKSPACE


def keep_report(container, *told: tuple[str, Support, str], target: str = TONE) -> None:
    """Store a quality report that says this of some methods."""
    methods = tuple(
        MethodReport(name, name, support, reason, (), Estimate(1.0, 1.0, 1.0, 5)) for name, support, reason in told
    )
    report = QualityReport(MIXED, "v1", target, datetime.now(UTC), 5, methods, (), 1.0)
    with container.runtime.database.write() as tx:
        version = versions.get(tx, container.retraining.catalogue.workspace(tx, MIXED)[0].id, "v1")
        quality.add(tx, version.id, report, container.default_actor.id)


def test_methods_say_what_they_are_and_what_they_cost(shared):
    views = shared.evidence.methods(MIXED, CASE, actor=shared.default_actor)
    order = [method.name for method in explainers()]
    assert [view.name for view in views] == sorted((view.name for view in views), key=order.index)
    assert {"integrated_gradients", "occlusion", "feature_ablation"} <= {view.name for view in views}
    assert "grad_cam" not in {view.name for view in views}
    for view in views:
        assert view.support == "not assessed"
        assert view.seconds > 0
        assert view.what_not.startswith("Not")
    options = {option.name: option for option in views[0].options}
    assert (options["tolerance"].low, options["tolerance"].high) == (0.001, 0.5)


def test_the_report_orders_the_methods_and_chooses_the_default(mixed):
    actor = mixed.default_actor
    keep_report(
        mixed,
        ("occlusion", "supported", ""),
        ("feature_ablation", "supported", ""),
        ("integrated_gradients", "not supported", "no better than random"),
        target="side",
    )
    views = mixed.evidence.methods(MIXED, CASE, actor=actor)
    assert [view.name for view in views[:3]] == ["occlusion", "feature_ablation", "expected_gradients"]
    assert (views[-1].name, views[-1].support) == ("integrated_gradients", "not supported")
    assert views[-1].reason == "no better than random"
    assert mixed.review.reveal(MIXED, CASE, actor=actor).methods == tuple(view.name for view in views)
    assert mixed.evidence.explain(form(target="side"), actor=actor).method == "occlusion"
    assert mixed.evidence.explain(form(target=TONE), actor=actor).method == "integrated_gradients"
    assert mixed.predictions.explain(MIXED, CASE, target="side").method == "occlusion"
    keep_report(mixed, ("feature_ablation", "supported", ""), target="side")
    assert mixed.evidence.methods(MIXED, CASE, actor=actor)[0].name == "feature_ablation"


def test_a_wish_for_a_baseline_takes_a_method_that_reads_one(mixed):
    keep_report(mixed, ("expected_gradients", "supported", ""))
    view = mixed.evidence.explain(form(baseline="mean"), actor=mixed.default_actor)
    assert (view.method, view.baseline.split(":")[0]) == ("integrated_gradients", "Mean")


def test_baselines_change_the_map_and_are_told(shared):
    actor = shared.default_actor
    names = [view.name for view in shared.evidence.baselines(MIXED, CASE, actor=actor)]
    assert names[0] == "neutral"
    assert {"zero", "mean", "blur", "median", "background", "case"} <= set(names)
    views = {name: shared.evidence.explain(form(method="occlusion", baseline=name), actor=actor) for name in names[:-1]}
    chosen = form(method="occlusion", baseline="case", reference="m004")
    views["case"] = shared.evidence.explain(chosen, actor=actor)
    assert len({view.fields[0].total for view in views.values()}) >= 4
    assert "(m004)" in views["case"].baseline
    assert shared.evidence.explain(form(method="occlusion"), actor=actor).fields == views["neutral"].fields
    assert shared.evidence.explain(form(method="expected_gradients"), actor=actor).baseline == ""


def test_why_this_rather_than_that(shared):
    actor = shared.default_actor
    pro, contra = (
        shared.evidence.explain(form(method="occlusion", label=label), actor=actor) for label in ("loud", "calm")
    )
    both = shared.evidence.explain(form(method="occlusion", label="loud", against="calm"), actor=actor)
    assert (both.label, both.against) == ("loud", "calm")
    for one, other, told in zip(pro.fields, contra.fields, both.fields, strict=True):
        assert told.total == pytest.approx(one.total - other.total, abs=1e-4)


def test_fields_carry_sums_intervals_and_words(shared):
    view = shared.evidence.explain(form(method="shapley_sampling"), actor=shared.default_actor)
    fields = {item.field: item for item in view.fields}
    assert fields["note"].total == pytest.approx(sum(value for _, _, value in fields["note"].spans), abs=1e-4)
    assert fields["age"].value == pytest.approx(fields["age"].total)
    for item in view.fields:
        assert item.low <= item.total <= item.high
        assert item.words
    assert fields["note"].words.startswith("for: ")
    exact = shared.evidence.explain(form(method="integrated_gradients"), actor=shared.default_actor)
    assert {(item.low, item.high) for item in exact.fields} == {(None, None)}
    assert exact.completeness_error <= 0.05


def test_background_and_words_reach_the_methods(shared):
    model, case = stored(shared)
    asked = shared.review.explaining.question(model, case, TONE)
    assert [tuple(part.shape[1:]) for part in asked.subject.background] == [
        tuple(part.shape[1:]) for part in asked.inputs
    ]
    assert len(asked.subject.background[0]) == 32
    words = asked.subject.words[3]
    text = shared.review.casebook.value(case, "note").text
    count = len(word_values(text, asked.inputs[3][0, :, 0], model.spec.field("note")))
    assert words[:count].tolist() == list(range(count))
    assert set(words[count:].tolist()) == {-1}
    gap = shared.review.explaining.question(*stored(shared, "m021"), TONE)
    assert len(gap.subject.background[0]) < 32  # few cases lack an age
    again = shared.review.explaining.question(model, case, TONE)
    assert all(np.array_equal(a, b) for a, b in zip(asked.subject.background, again.subject.background, strict=True))


def test_a_quick_map_stands_in_for_a_slow_one(pictures, monkeypatch):
    name, actor = "t000", pictures.default_actor
    pictures.review.commit_read(WORKSPACE, name, "side", "above", "likely", actor=actor)
    slow = form(name, "integrated_gradients", "side")
    slow = type(slow)(WORKSPACE, name, "side", "integrated_gradients")
    assert pictures.evidence.coarse(slow, actor=actor) is None  # quick enough itself
    monkeypatch.setattr("core.services.evidence.verbs.QUICK_SECONDS", 0.0)
    coarse = pictures.evidence.coarse(slow, actor=actor)
    assert (coarse.method, coarse.coarse) == ("grad_cam", True)
    assert coarse.fields[0].heat
    exact = pictures.evidence.explain(slow, actor=actor)
    assert (exact.method, exact.coarse, exact.label) == ("integrated_gradients", False, coarse.label)
    assert pictures.evidence.coarse(slow, actor=actor) is None  # the exact one is at hand
    assert pictures.evidence.coarse(type(slow)(WORKSPACE, name, "side", "grad_cam"), actor=actor) is None


def test_a_method_that_fits_no_more_is_named_with_those_that_do(shared):
    with pytest.raises(NotFound, match="Methods that do"):
        shared.review.explaining.explain(question(shared, method="grad_cam"))


class Ramp(nn.Module):
    """Two logits that rise with the first number above 1 and are flat below."""

    def forward(self, number: torch.Tensor) -> torch.Tensor:
        risen = torch.relu(number[:, :1] - 1.0)
        return torch.cat([risen, -risen], dim=1)


@pytest.mark.parametrize(
    ("own", "others", "fits"),
    [(0.0, (2.0, 3.0), True), (2.0, (0.0, 3.0), True), (2.0, (0.0, -1.0), False), (0.0, (-1.0, -2.0), False)],
)
def test_one_case_at_which_the_model_is_flat_does_not_decide_what_fits(own, others, fits):
    background = (torch.tensor(others)[:, None],)
    asked = replace(subject(Ramp().eval(), ("numeric",), 2), background=background)
    point = (torch.full((1, 1), own),)
    names = {method.name for method in fitting_methods(Question(asked, point, (torch.zeros(1, 1),)))}
    assert ("input_x_gradient" in names) == fits
    assert "occlusion" in names


def test_without_other_cases_the_asked_one_decides_what_fits():
    question = Question(subject(Ramp().eval(), ("numeric",), 2), (torch.full((1, 1), 2.0),), (torch.zeros(1, 1),))
    assert "input_x_gradient" in {method.name for method in fitting_methods(question)}


def test_a_model_that_fails_is_said_in_words():
    class Broken(nn.Module):
        def forward(self, number: torch.Tensor) -> torch.Tensor:
            raise ValueError("broken on purpose")

    with pytest.raises(BadInput, match="The model can't be explained: broken on purpose"):
        found_fits(Question(subject(Broken().eval(), ("numeric",), 2), (torch.ones(1, 1),), (torch.zeros(1, 1),)))
