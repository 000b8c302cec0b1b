"""Cross entropy whose labels are trusted to different degrees, by hand."""

import math

import pytest
import torch

from core.errors import BadInput
from core.models.network import build_network
from core.models.supervised import SupervisedObjective
from tests.helpers.model_parts import cases_of, spec_of

LOGITS = {"shape": torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.1, 0.1, 0.8]]))}
LABELS = {"shape": torch.tensor([0, 0, -1])}


def objective(weights=None, **changes) -> SupervisedObjective:
    spec = spec_of(**changes)
    cases = cases_of(spec, 12)
    return SupervisedObjective(cases, cases, spec, label_weights=weights)


@pytest.mark.parametrize("class_weights", [False, True])
def test_a_label_of_half_the_trust_pulls_half_as_hard(class_weights):
    """Both labels are of one class, so its weight cancels out; the case without a label counts nowhere."""
    plain = objective(training={"batch_size": 8, "class_weights": class_weights})
    trusted = plain.cross_entropy(LOGITS, LABELS, trust={"shape": torch.tensor([1.0, 0.5, 1.0])})
    assert float(trusted) == pytest.approx((math.log(2) + 0.5 * math.log(4)) / 2)


def test_full_trust_changes_nothing():
    plain = objective(training={"batch_size": 8, "class_weights": True})
    full = plain.cross_entropy(LOGITS, LABELS, trust={"shape": torch.ones(3)})
    assert float(full) == pytest.approx(float(plain.cross_entropy(LOGITS, LABELS)))


def test_labels_without_trust_teach_nothing():
    found = objective({"shape": torch.zeros(12)})
    network = build_network(spec_of(), 0)
    found.loss(network, 0, torch.Generator()).backward()
    assert all(float(p.grad.abs().sum()) == 0 for p in network.heads.parameters())


def test_one_weight_per_case_is_needed():
    with pytest.raises(BadInput, match=r"one weight per case \(12\), got \[3\]"):
        objective({"shape": torch.ones(3)})
