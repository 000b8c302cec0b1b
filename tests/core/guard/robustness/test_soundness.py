"""An attack that fails for reasons of its own is said to be broken; one on an undefended network is not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.guard.robustness.screen import Screen
from core.guard.robustness.soundness import Facts, judged
from core.guard.robustness.work import Plan
from core.models.network import TandemNetwork, build_network
from core.models.supervised import SupervisedObjective
from core.models.training import TrainingPlan, fit
from tests.helpers.model_parts import Watcher, cases_of, spec_of

N = 40
GOOD = Facts(
    flat=np.zeros(N, dtype=bool),
    at_will=np.ones(N, dtype=bool),
    swapped=np.ones(N, dtype=bool),
    own=np.arange(N) < 20,
    fewer=np.arange(N) < 18,
    single=np.arange(N) < 12,
)
PLAN = Plan(epsilons=(0.05, 0.3), steps=20)


def some(count: int) -> np.ndarray:
    return np.arange(N) < count


@pytest.fixture(scope="module")
def trained() -> TandemNetwork:
    """A network that nothing defends."""
    spec = spec_of()
    network = build_network(spec, 0)
    objective = SupervisedObjective(cases_of(spec, 120, 1), cases_of(spec, 40, 2), spec)
    fit(network, objective, TrainingPlan(epochs=40, learning_rate=1e-2))
    return network.eval().requires_grad_(False)


def screened(network: TandemNetwork):
    return Screen(network, "shape", cases_of(network.spec, 40, 3), Watcher(), PLAN).run()


def verdicts(found) -> dict[str, bool]:
    return {one.attack: one.soundness.sound for one in found.attacked}


def words(found, attack: str) -> str:
    return next(one.soundness.words for one in found.attacked if one.attack == attack)


def test_good_facts_are_sound():
    assert judged(GOOD).sound
    assert "40 of 40 cases" in judged(GOOD).words


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"flat": some(10)}, "gradient is zero in 10 of 40 cases"),
        ({"at_will": some(20)}, "turns only 20 of 40 cases where pixels may change at will"),
        ({"single": some(30)}, "one step turns more cases (30 of 40 against 20)"),
        ({"fewer": some(27)}, "a quarter of the steps turns more cases (27 of 40 against 20)"),
    ],
)
def test_each_sign_of_a_broken_attack_is_said(change, part):
    found = judged(replace(GOOD, **change))
    assert not found.sound
    assert part in found.words
    assert found.words.startswith("Broken: ")


def test_what_chance_explains_breaks_nothing():
    assert judged(replace(GOOD, fewer=some(22))).sound


def test_where_pictures_hardly_matter_no_attack_is_to_blame():
    found = judged(replace(GOOD, at_will=some(8), swapped=some(5), own=some(6), fewer=some(6), single=some(4)))
    assert found.sound
    assert "hardly hangs on pictures" in found.words


def test_nothing_to_attack_proves_nothing():
    assert not judged(Facts(some(0)[:0], some(0)[:0], some(0)[:0])).sound


def test_on_an_undefended_network_every_attack_is_sound_and_succeeds(trained):
    found = screened(trained)
    assert verdicts(found) == {"fgsm": True, "pgd": True, "auto_pgd": True}
    last = {one.attack: one.flipped.mean() for one in found.attacked if one.epsilon == 0.3}
    assert last["pgd"] > 0.9


def test_rounded_input_hides_the_gradient_and_is_found_out(trained):
    handle = trained.encoder("image").register_forward_pre_hook(
        lambda module, given: ((given[0] * 6).round() / 6, *given[1:])
    )
    try:
        found = screened(trained)
    finally:
        handle.remove()
    assert found.right.mean() > 0.9
    assert verdicts(found) == {"fgsm": False, "pgd": False, "auto_pgd": False}
    assert "the gradient is zero in" in words(found, "pgd")
    assert "while the picture of another case turns" in words(found, "pgd")


def test_a_saturated_answer_hides_the_gradient_of_cross_entropy_alone(trained):
    network = build_network(trained.spec, 0)
    network.load_state_dict(trained.state_dict())
    with torch.no_grad():
        for head in network.heads.values():
            head.weight.mul_(1e5)
            head.bias.mul_(1e5)
    found = screened(network.eval().requires_grad_(False))
    assert verdicts(found) == {"fgsm": False, "pgd": False, "auto_pgd": True}
