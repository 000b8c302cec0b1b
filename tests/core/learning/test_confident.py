"""Confident learning: planted wrong labels among real digits are found, and the run learns without them."""

import pytest
import torch
from sklearn.datasets import load_digits

from core.learning.strategies.confident import FOLDS, ConfidentStrategy, folds_of, forgetful
from core.models.examples import Examples
from core.models.network import build_network
from tests.helpers.learning_parts import context_of
from tests.helpers.model_parts import cases_of, spec_of

DIGITS = spec_of(
    fields=[{"name": "image", "kind": "image", "size": 8}],
    targets=[{"name": "digit", "classes": [str(digit) for digit in range(10)]}],
    encoder={"name": "mlp", "hidden": [32]},
    training={"batch_size": 64, "seed": 0, "learning_rate": 1e-2},
)
WRONG = 0.1


def digits() -> tuple[Examples, torch.Tensor]:
    """Eight hundred digits of 8 x 8 pixels, a tenth of them with a wrong label, and which."""
    data = load_digits()
    count = 800
    pixels = torch.tensor(data.images[:count] * 15.9).to(torch.uint8)[:, None]
    labels, generator = torch.tensor(data.target[:count]), torch.Generator().manual_seed(0)
    wrong = torch.rand(count, generator=generator) < WRONG
    other = (labels + torch.randint(1, 10, (count,), generator=generator)) % 10
    given = torch.where(wrong, other, labels)
    groups = tuple(f"g{row}" for row in range(count))
    return Examples(tuple(range(count)), {"image": pixels}, {"digit": given}, groups), wrong


@pytest.mark.slow
def test_planted_wrong_labels_are_found_and_left_out():
    train, wrong = digits()
    network = build_network(DIGITS, 0)
    known = frozenset(torch.nonzero(wrong).flatten().tolist()[:3])
    context = context_of(DIGITS, network, 0, train=train, validation=train.select(range(100)), confirmed=known)
    objective = ConfidentStrategy().objective(context)
    found = {int(suspect.case) for suspect in objective.suspects}
    planted = set(torch.nonzero(wrong).flatten().tolist())
    assert len(found & planted) / len(found) >= 0.8
    assert len(found & planted) / len(planted) >= 0.6
    assert not found & known
    assert set(torch.nonzero(objective.label_weights["digit"] == 0).flatten().tolist()) == found
    first = objective.suspects[0]
    assert first.label == str(int(train.labels["digit"][int(first.case)]))
    assert first.suggested != first.label


def test_cases_of_a_group_share_a_fold_and_all_folds_are_used():
    cases = cases_of(spec_of(), 40)
    pairs = Examples(cases.case_ids, cases.inputs, cases.labels, tuple(f"g{row // 2}" for row in range(40)))
    folds = folds_of(pairs, 0)
    assert torch.equal(folds[::2], folds[1::2])
    assert set(folds.tolist()) == set(range(FOLDS))


def test_a_forgetful_copy_has_other_weights_and_the_original_keeps_its_own():
    network = build_network(spec_of(), 0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    fresh = forgetful(network, 1)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert not any(torch.equal(before[name], weight) for name, weight in fresh.named_parameters())
