"""What training for fairness is made of, by hand: cells, multipliers, scores of steps, weights, the adversary."""

import numpy as np
import pytest
import torch

from core.fairness.gaps import gap
from core.fairness.training.adversary import Adversary
from core.fairness.training.cells import SMALLEST, Answers, cells_of, hard_answers, smooth_answers
from core.fairness.training.constraint import CAP, GroupConstraint
from core.fairness.training.judging import Reached, accuracy, reached, step_score
from core.fairness.training.reweighing import reweighing_weights

NAMES = ("a", "b")
LABELS = torch.tensor([1, 0] * 20)
CODES = torch.tensor([0] * 20 + [1] * 20)
EVERYONE = torch.arange(40)


def selecting(*chosen: int) -> torch.Tensor:
    """Logits that answer 1 in these cases and 0 in all others."""
    logits = torch.zeros(40, 2)
    logits[:, 0] = 1.0
    logits[list(chosen), 1] = 2.0
    return logits


@pytest.mark.parametrize("metric", ["demographic_parity", "equal_opportunity", "equalised_odds", "worst_group"])
def test_the_gap_of_answers_is_that_of_reports(metric):
    generator = torch.Generator().manual_seed(3)
    labels, codes = (torch.randint(2, (300,), generator=generator) for _ in range(2))
    logits = torch.randn(300, 2, generator=generator)
    cells = cells_of(metric, labels, 1, codes, NAMES)
    selected = (logits.argmax(dim=1) == 1).numpy()
    expected = gap(metric, selected, labels.numpy() == 1, codes.numpy().astype(np.int64))
    assert cells.gap(hard_answers(logits, labels, 1)) == pytest.approx(expected, abs=1e-6)


def test_cases_without_group_or_label_count_nowhere_and_small_groups_are_left_out():
    codes, labels = CODES.clone(), LABELS.clone()
    codes[0], labels[2] = -1, -1
    codes[36:] = 2
    cells = cells_of("demographic_parity", labels, 1, codes, ("a", "b", "c"))
    assert cells.codes[0, [0, 2]].tolist() == [-1, -1]
    assert cells.sizes.tolist() == [[18.0, 16.0, 0.0]]
    assert SMALLEST > 4
    everything_in_c = hard_answers(selecting(36, 37, 38, 39), labels, 1)
    assert cells.gap(everything_in_c) == 0.0


def test_probabilities_of_the_positive_and_of_the_true_class():
    logits = torch.tensor([[0.0, np.log(3.0)], [0.0, np.log(3.0)]], dtype=torch.float32)
    found = smooth_answers(logits, torch.tensor([1, 0]), 1)
    assert found.positive.tolist() == pytest.approx([0.75, 0.75])
    assert found.right.tolist() == pytest.approx([0.75, 0.25])


def test_the_pull_lowers_the_rate_of_the_group_above_and_raises_the_other():
    """Half of a is selected, none of b: distances .25 and -.25 to the middle; allowed .75 x .2 / 2."""
    cells = cells_of("demographic_parity", LABELS, 1, CODES, NAMES)
    constraint = GroupConstraint(cells, 0.2, steps=60, steps_per_epoch=1)
    logits = selecting(*range(10)).requires_grad_()
    hard, smooth = hard_answers(logits, LABELS, 1), smooth_answers(logits, LABELS, 1)
    constraint.penalty(smooth, hard, EVERYONE).backward()
    assert constraint.above[0, 0] > 0.0 == constraint.above[0, 1]
    assert constraint.below[0, 1] == pytest.approx(float(constraint.above[0, 0]))
    assert logits.grad is not None
    assert (logits.grad[:20, 1] > 0).all()
    assert (logits.grad[20:, 1] < 0).all()


def test_multipliers_fall_to_zero_within_the_limit_and_stay_below_the_cap():
    cells = cells_of("equalised_odds", LABELS, 1, CODES, NAMES)
    constraint = GroupConstraint(cells, 0.1, steps=10, steps_per_epoch=1)
    unfair, fair = selecting(*range(0, 20, 2)), selecting(*range(0, 40, 2))
    for _ in range(200):
        constraint.penalty(smooth_answers(unfair, LABELS, 1), hard_answers(unfair, LABELS, 1), EVERYONE)
    assert float(constraint.above.max()) == CAP
    for _ in range(200):
        constraint.penalty(smooth_answers(fair, LABELS, 1), hard_answers(fair, LABELS, 1), EVERYONE)
    assert float(constraint.pull().abs().max()) == 0.0


def test_the_worst_group_is_pulled_towards_right_answers():
    cells = cells_of("worst_group", LABELS, 1, CODES, NAMES)
    constraint = GroupConstraint(cells, 0.1, steps=60, steps_per_epoch=1)
    right_in_a = Answers(torch.zeros(40), (CODES == 0).float())
    constraint.penalty(right_in_a, right_in_a, EVERYONE)
    assert constraint.pull()[0, 0] == 0.0
    assert constraint.pull()[0, 1] < 0.0


def test_what_a_constraint_remembers_lets_another_one_go_on():
    cells = cells_of("demographic_parity", LABELS, 1, CODES, NAMES)
    one, other = (GroupConstraint(cells, 0.1, steps=60, steps_per_epoch=4) for _ in range(2))
    unfair = selecting(*range(10))
    parts = smooth_answers(unfair, LABELS, 1), hard_answers(unfair, LABELS, 1), EVERYONE
    one.penalty(*parts)
    other.recall(one.memory())
    assert torch.equal(one.penalty(*parts), other.penalty(*parts))


def test_the_best_step_is_the_most_accurate_within_the_limit_and_constant_answers_come_last():
    limit = 0.05
    within, better, beyond = Reached(0.04, True), Reached(0.02, True), Reached(0.08, True)
    assert step_score(within, limit, 0.9) > step_score(better, limit, 0.8)
    assert step_score(better, limit, 0.7) > step_score(beyond, limit, 0.99)
    assert step_score(beyond, limit, 0.8) > step_score(Reached(0.2, True), limit, 0.85)
    early = step_score(better, limit, 0.77, settled=False)
    assert step_score(Reached(0.06, True), limit, 0.84) > early
    constant = Reached(0.0, False)
    assert step_score(beyond, limit, 0.8) > step_score(constant, limit, 0.99)
    cells = cells_of("demographic_parity", LABELS, 1, CODES, NAMES)
    assert reached(cells, selecting(), LABELS, 1) == constant
    assert reached(cells, selecting(*range(0, 40, 2)), LABELS, 1) == Reached(0.0, True)


def test_accuracy_leaves_out_cases_without_label():
    logits = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert accuracy(logits, torch.tensor([0, 1, -1])) == 0.5


def test_reweighing_makes_label_and_group_independent():
    labels, codes = torch.tensor([1] * 6 + [0] * 2 + [1] * 2 + [0] * 2), torch.tensor([0] * 8 + [1] * 4)
    weights = reweighing_weights(labels, codes, 2, 2)
    shares = [
        float(weights[(codes == group) & (labels == 1)].sum() / weights[codes == group].sum()) for group in (0, 1)
    ]
    assert shares == pytest.approx([8 / 12, 8 / 12])
    assert float(weights.mean()) == pytest.approx(1.0)


def test_an_adversary_learns_the_group_and_its_gradient_is_reversed():
    codes = CODES
    read = torch.stack([codes * 2.0 - 1.0, torch.zeros(40)], dim=1)
    adversary, even = Adversary(2, 2, seed=0), torch.ones(2)
    losses = [float(adversary.loss(read, codes, even)) for _ in range(200)]
    assert losses[-1] < 0.1 < losses[0]
    told = read.clone().requires_grad_()
    adversary.loss(told, codes, even).backward()
    assert told.grad is not None
    assert (told.grad[codes == 1, 0] > 0).all()
    assert (told.grad[codes == 0, 0] < 0).all()
