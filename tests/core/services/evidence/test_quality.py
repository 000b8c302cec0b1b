"""How far one explanation can be trusted: figures from the parts, warnings in plain words."""

import re
from dataclasses import replace

import pytest
import torch

from core.contracts import BaselineDependence, Comparison, Estimate
from core.services.evidence.quality import warnings
from explain.base import Attribution
from explain.errors import ExplainError
from explain.integrated_gradients import IntegratedGradients
from tests.helpers.evidence import form

MAP = Attribution((torch.zeros(1),), 0.01, True, 4, True, 0.1)
FINE = Estimate(0.9, 0.8, 1.0, 5)


def compared(better=True, curve="deletion", area=0.2, edge=None):
    return Comparison(curve, "mean", area, Estimate(0.5, 0.4, 0.6, 10), edge, better)


def test_the_figures_of_a_map(shared):
    actor = shared.default_actor
    asked = form(method="integrated_gradients")
    explained, view = shared.evidence.explain(asked, actor=actor), shared.evidence.quality(asked, actor=actor)
    assert view.completeness_error == explained.completeness_error
    assert {(one.name, one.fill) for one in view.curves} == {
        (name, fill) for name in ("deletion", "insertion") for fill in ("mean", "blur")
    }
    deletion = next(one for one in view.comparisons if one.curve == "deletion")
    assert deletion.better_than_random
    assert deletion.area < deletion.random.value
    curve = view.curves[0]
    assert (curve.shares[0], curve.shares[-1]) == (0.0, 1.0)
    answer = shared.review.reveal("mixed", "m003", actor=actor).prediction.target("tone")
    assert curve.values[0] == pytest.approx(answer.probability, abs=1e-4)  # calibrated as the prediction is
    assert view.stability.value > 0.8
    assert {one.baseline for one in view.dependence} <= {"zero", "mean", "blur", "median"}
    assert len(view.dependence) >= 2
    assert shared.evidence.quality(asked, actor=actor) == view


def test_a_method_without_a_baseline_depends_on_none(shared):
    view = shared.evidence.quality(form(method="expected_gradients"), actor=shared.default_actor)
    assert view.dependence == ()
    assert view.stability is not None


def test_a_baseline_that_the_method_refuses_takes_nothing_from_the_other_figures(mixed, monkeypatch):
    plain = IntegratedGradients.explain

    def refusing(self, subject, inputs, label, baselines=None, options=None):
        if not any(bool(item.any()) for item in baselines):
            raise ExplainError("a step of the model has no rule.")
        return plain(self, subject, inputs, label, baselines, options)

    monkeypatch.setattr(IntegratedGradients, "explain", refusing)
    view = mixed.evidence.quality(form(method="integrated_gradients"), actor=mixed.default_actor)
    assert view.comparisons
    assert "zero" not in {one.baseline for one in view.dependence}
    assert view.dependence


def test_a_contrast_is_measured_too(shared):
    asked = form(method="occlusion", label="loud", against="calm")
    assert shared.evidence.quality(asked, actor=shared.default_actor).comparisons


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ((MAP, (), None, ()), []),
        ((MAP, (compared(),), FINE, (BaselineDependence("zero", 0.9),)), []),
        (
            (replace(MAP, completeness_error=0.31, reached=False), (), None, ()),
            ["miss what they should add up to by 31 %"],
        ),
        (
            (MAP, (compared(None),), None, ()),
            ["Not shown to be better than random maps: deletion, filled with the mean."],
        ),
        ((MAP, (compared(False),), None, ()), ["Worse than random maps: deletion"]),
        ((MAP, (compared(edge=0.1),), None, ()), ["No better than a map of the picture's edges: deletion"]),
        ((MAP, (compared(curve="insertion", area=0.8, edge=0.1),), None, ()), []),
        ((MAP, (), Estimate(0.2, 0.0, 0.4, 5), ()), ["Not stable: .* rank correlation of 0.20"]),
        (
            (MAP, (), None, (BaselineDependence("zero", 0.9), BaselineDependence("mean", -0.1))),
            ["depends on what 'absent' means: with the baseline 'mean' its rank correlation is -0.10"],
        ),
    ],
)
def test_warnings_in_plain_words(found, words):
    told = warnings(*found)
    assert len(told) == len(words)
    for sentence, pattern in zip(told, words, strict=True):
        assert re.search(pattern, sentence), sentence
