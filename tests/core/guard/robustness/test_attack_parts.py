"""Parts of attacks, worked out by hand: the looks of AutoPGD, its loss, the smallest flips."""

import pytest
import torch

from core.guard.robustness.attacks.auto_pgd import AutoProjectedGradient, looks
from core.guard.robustness.attacks.base import cross_entropy, epsilons, logits_ratio
from core.guard.robustness.attacks.pgd import ProjectedGradient
from core.guard.robustness.smallest import smallest_flips
from tests.helpers.victims import margins, saturated, two_classes, victim_of


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_looks_come_closer_together():
    """0.22 and then steps shorter by .03 down to .06: .22, .41, .57, .70, .80, .87, .93, .99."""
    assert looks(100) == (22, 41, 57, 70, 80, 87, 93, 99)


def test_logits_ratio_by_hand():
    """-(5 - 3) / (5 - 1) where the answer is right, -(1 - 5) / (5 - 1) where the label is the least likely."""
    logits = torch.tensor([[5.0, 3.0, 1.0], [5.0, 3.0, 1.0]])
    assert logits_ratio(logits, torch.tensor([0, 2])).tolist() == pytest.approx([-0.5, 1.0])


def test_logits_ratio_has_a_gradient_where_cross_entropy_has_none():
    victim = victim_of(saturated)
    assert (victim.slope(victim.pixels, cross_entropy).gradient == 0).all()
    assert (victim.slope(victim.pixels, logits_ratio).gradient != 0).any(dim=1).all()
    reach = epsilons(victim, 0.3)
    flips = [
        int(victim.flipped(one.perturb(victim, reach, 20, generator())).sum())
        for one in (ProjectedGradient(), AutoProjectedGradient())
    ]
    assert flips[1] > flips[0]


def test_two_classes_are_attacked_with_cross_entropy():
    assert AutoProjectedGradient().loss(2) is cross_entropy
    assert AutoProjectedGradient().loss(3) is logits_ratio


def test_smallest_flips_of_two_linear_classes_are_their_margins():
    victim = victim_of(two_classes)
    found = smallest_flips(victim, ProjectedGradient(), torch.full((12,), 0.7), generator(), rounds=10)
    assert (found >= margins(victim) - 1e-6).all()
    assert torch.allclose(found, margins(victim), atol=0.7 / 2**9)


def test_what_is_not_known_to_flip_stays_so():
    victim = victim_of(two_classes)
    known = torch.full((12,), torch.inf)
    known[3] = 0.9
    found = smallest_flips(victim, ProjectedGradient(), known, generator())
    assert torch.isfinite(found).nonzero()[:, 0].tolist() == [3]
