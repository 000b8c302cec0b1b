"""Groups by class and marked content: weights by hand, and what they do for the worst group."""

import math

import pytest
import torch

from core.learning.strategies.counterexamples import with_other_labels
from core.learning.strategies.dfr import LastLayerObjective, LastLayerStrategy
from core.learning.strategies.group_dro import WorstGroupStrategy, group_weights, row_weights
from core.learning.strategies.grouped import GROUP, GroupedObjective, Grouping
from core.learning.strategies.labels import LabelsStrategy
from core.models.examples import Examples
from core.models.network import build_network
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import DEVICE, context_of, fitted_network, marked, marked_of
from tests.helpers.model_parts import cases_of, spec_of

EPOCHS = 25
SPEC = spec_of(
    targets=[{"name": "shape", "classes": ["dark", "bright"]}],
    encoder={"name": "mlp", "hidden": [16]},
    training={"batch_size": 32, "seed": 0, "epochs": EPOCHS},
)


def test_weights_of_groups_by_hand():
    weights = group_weights(torch.tensor([0.0, math.log(3)]), torch.tensor([4, 4]))
    assert weights.tolist() == pytest.approx([0.25, 0.75])
    small = group_weights(torch.zeros(2), torch.tensor([4, 1]))
    assert small[1] / small[0] == pytest.approx(math.exp(1 - 1 / 2))


def test_row_weights_give_the_weighted_sum_of_group_means():
    """Groups of two rows and one, the third absent: means log 3 and 0, weights 3/4 and 1/4."""
    each, groups = torch.tensor([math.log(3), math.log(3), 0.0]), torch.tensor([0, 0, 1])
    weights = row_weights(each, groups, torch.tensor([4, 4, 4]))
    assert weights.tolist() == pytest.approx([3 * 0.75 / 2, 3 * 0.75 / 2, 3 * 0.25])
    assert float((weights * each).mean()) == pytest.approx(0.75 * math.log(3))


def test_each_group_is_drawn_equally_often():
    grouping = Grouping("shape", (torch.arange(90), torch.arange(90, 100)))
    rows, groups = grouping.draw(2000, torch.Generator().manual_seed(0))
    assert float(groups.float().mean()) == pytest.approx(0.5, abs=0.05)
    assert torch.equal(rows >= 90, groups == 1)


def test_another_case_has_another_label():
    cases = cases_of(SPEC, 40)
    rows = with_other_labels(cases, cases, torch.Generator().manual_seed(0))
    assert (cases.labels["shape"][rows] != cases.labels["shape"]).float().mean() > 0.9


def _cornered(count: int, seed: int, agreement: float) -> Examples:
    """Images whose centre shows the class, less plainly than a corner that agrees with it so often."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=generator)
    corner = torch.where(torch.rand(count, generator=generator) < agreement, labels, 1 - labels)
    pixels = torch.randint(60, 140, (count, 1, 6, 6), generator=generator)
    pixels[:, :, 3:5, 3:5] += (labels * 25).view(-1, 1, 1, 1)
    pixels[:, :, :2, :2] = (corner * 255).view(-1, 1, 1, 1)
    return Examples(
        tuple(range(count)), {"image": pixels.to(torch.uint8)}, {"shape": labels}, tuple(f"g{i}" for i in range(count))
    )


def _context(network):
    cases = _cornered(10, 3, 0.5)
    marks = marked(SPEC, cases, marked_of(SPEC, 10).ignore)
    parts = {"train": _cornered(400, 1, 0.95), "validation": _cornered(80, 2, 0.95), "marked": marks}
    return context_of(SPEC, network, **parts)


def test_small_groups_are_filled_with_copies():
    network = build_network(SPEC, 0)
    objective = GroupedObjective(_context(network))
    (grouping,) = objective.groupings
    assert all(len(members) >= GROUP for members in grouping.members)
    assert sum(len(members) for members in grouping.members) == len(objective.pool)
    for members in grouping.members:
        assert len(objective.pool.labels["shape"][members].unique()) == 1


def _worst_group(strategy) -> float:
    """Accuracy of the worse half of test cases: the corner agrees with the class, or does not."""
    network = build_network(SPEC, 0)
    context = _context(network)
    fitted_network(network, context.train)
    fit(network, strategy.objective(context), TrainingPlan(epochs=EPOCHS, batch_size=32, learning_rate=1e-2))
    found = []
    for agreement in (1.0, 0.0):
        test = _cornered(400, 4, agreement)
        with torch.no_grad():
            answers = network(test.batch(range(400), DEVICE))["shape"].argmax(dim=1)
        found.append(float((answers == test.labels["shape"]).float().mean()))
    return min(found)


@pytest.mark.slow
def test_groups_lift_the_worst_group_above_plain_training():
    plain = _worst_group(LabelsStrategy())
    assert plain < 0.4
    assert _worst_group(WorstGroupStrategy()) > plain + 0.3
    assert _worst_group(LastLayerStrategy()) > plain + 0.2


def test_the_balanced_last_layer_leaves_the_encoder_as_it_is_in_its_second_half():
    network = build_network(SPEC, 0)
    objective = LastLayerObjective(_context(network))
    assert objective.first == EPOCHS // 2 * objective.steps_per_epoch
    network.train()
    objective.loss(network, objective.first, torch.Generator().manual_seed(0)).backward()
    assert all(weight.grad is None for weight in network.encoders.parameters())
    assert all(weight.grad.abs().sum() > 0 for weight in network.heads.parameters())
