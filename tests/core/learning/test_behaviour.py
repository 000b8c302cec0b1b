"""Answers to altered cases are those that the version gives: calibrated."""

import torch

from core.learning.behaviour import Alteration, answers_to_altered, logits, probabilities, top_labels
from core.models.manifest import VectorNumbers
from tests.helpers.model_parts import cases_of, model_of, spec_of

SPEC = spec_of()
CPU = torch.device("cpu")


def darker(inputs, rows, generator):
    return {"image": inputs["image"] // 4}


def test_a_calibration_that_moves_classes_apart_decides_what_counts_as_changed_and_right():
    plain = model_of(SPEC)
    always_c = model_of(SPEC, method="vector", vector=VectorNumbers(scale=(1, 1, 1), bias=(0, 0, 1e3)))
    examples = cases_of(SPEC, 24)
    before = logits([plain, always_c], examples, CPU)
    altered = answers_to_altered(
        [plain, always_c], examples, before, Alteration(torch.arange(24), darker), device=CPU, seed=0
    )
    assert (altered.changed[1]["shape"] == 0).all()
    assert (altered.right[1]["shape"] == (examples.labels["shape"] == 2).numpy()).all()
    assert not (altered.right[0]["shape"] == altered.right[1]["shape"]).all()
    for model, own in zip((plain, always_c), before, strict=True):
        top = top_labels(model, "shape", own["shape"])
        assert top.tolist() == probabilities(model, own, "shape").argmax(axis=1).tolist()
