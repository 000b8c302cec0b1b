"""Every registered attack, on linear answers whose robustness is known to the last digit."""

import pytest
import torch

from core.errors import NotFound
from core.guard.robustness.attacks.base import epsilons
from core.guard.robustness.attacks.registry import attack, attacks
from tests.helpers.victims import linear, margins, two_classes, victim_of


@pytest.fixture(params=[one.name for one in attacks()])
def chosen(request):
    return attack(request.param)


def perturbed(chosen, victim, epsilon, steps=20, seed=0):
    return chosen.perturb(victim, epsilon, steps, torch.Generator().manual_seed(seed))


def test_says_in_words_what_it_does(chosen):
    assert chosen.title
    assert chosen.words.endswith(".")


@pytest.mark.parametrize("epsilon", [0.0, 0.05, 0.9])
def test_pixels_stay_within_epsilon_and_the_range_and_what_may_not_change_stays(chosen, epsilon):
    victim = victim_of()
    pixels = perturbed(chosen, victim, epsilons(victim, epsilon))
    assert pixels.shape == victim.pixels.shape
    assert float((pixels - victim.pixels).abs().max()) <= epsilon + 1e-6
    assert float(pixels.min()) >= 0.0
    assert float(pixels.max()) <= 1.0
    assert pixels[0, 3] == victim.pixels[0, 3]


def test_flips_two_linear_classes_where_and_only_where_it_is_possible(chosen):
    victim = victim_of(two_classes)
    limit = margins(victim)
    assert victim.flipped(perturbed(chosen, victim, limit * 1.02 + 1e-5)).all()
    assert not victim.flipped(perturbed(chosen, victim, limit * 0.98)).any()


def test_searches_flip_three_linear_classes_where_it_is_possible(chosen):
    victim = victim_of()
    limit = margins(victim)
    assert not victim.flipped(perturbed(chosen, victim, limit * 0.98)).any()
    if chosen.iterative:
        assert victim.flipped(perturbed(chosen, victim, limit * 1.1 + 1e-3, steps=40)).all()


def test_equal_seeds_give_equal_pixels_and_nothing_is_left_behind(chosen):
    victim = victim_of()
    one, other = (perturbed(chosen, victim, epsilons(victim, 0.1)) for _ in range(2))
    assert torch.equal(one, other)
    assert not one.requires_grad
    assert not victim.pixels.requires_grad


def test_each_case_has_its_own_epsilon(chosen):
    victim = victim_of()
    own = torch.linspace(0.0, 0.2, len(victim))
    reached = (perturbed(chosen, victim, own) - victim.pixels).abs().amax(dim=1)
    assert (reached <= own + 1e-6).all()
    assert reached[-1] > 0.1


def test_stops_when_it_is_told_to(chosen):
    def stop():
        raise InterruptedError

    victim = victim_of(linear)
    stopped = type(victim)(victim.answer, victim.pixels, victim.labels, victim.movable, victim.rows, stop)
    with pytest.raises(InterruptedError):
        perturbed(chosen, stopped, epsilons(victim, 0.1))


def test_unknown_attack_names_the_known():
    with pytest.raises(NotFound, match="fgsm, pgd, auto_pgd"):
        attack("magic")
