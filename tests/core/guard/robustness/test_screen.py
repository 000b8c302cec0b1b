"""The screen on tiny networks: fields, frozen encoders, missing pictures, progress and stopping."""

import numpy as np
import pytest
import torch

from core.errors import Cancelled
from core.guard.robustness.pictures import open_pictures
from core.guard.robustness.screen import Screen
from core.guard.robustness.work import Plan
from core.models.examples import Examples
from core.models.network import build_network
from core.models.own.network import OwnNetwork
from tests.helpers.learning_parts import fitted_network
from tests.helpers.model_parts import (
    AGE,
    COLOUR,
    IMAGE,
    NOTE,
    RANDOM_BACKBONE,
    SMALL_TRANSFORMER,
    Watcher,
    cases_of,
    spec_of,
)
from tests.helpers.own_models import HERE, SIDE

PLAN = Plan(epsilons=(0.05, 0.3), steps=8)
FUSION = {
    "fields": [{**item, "required": False} for item in (IMAGE, AGE, COLOUR, NOTE)],
    "encoders": {"note": SMALL_TRANSFORMER},
}
OWN = {
    "fields": [{**IMAGE, "size": SIDE}],
    "targets": [{"name": "side", "classes": ["above", "below"]}],
    "encoder": None,
}
FROZEN = {"encoder": RANDOM_BACKBONE, "fields": [{**IMAGE, "size": 32}]}


def network_of(spec, examples):
    return fitted_network(build_network(spec, 0), examples).eval().requires_grad_(False)


@pytest.mark.parametrize("changes", [{}, FUSION, FROZEN])
def test_laid_open_cases_are_answered_as_by_the_network(changes):
    spec = spec_of(**changes)
    examples = cases_of(spec, 10)
    network = network_of(spec, examples)
    pictures = open_pictures(network, examples.inputs)
    rows = torch.tensor([7, 2, 5])
    with torch.no_grad():
        expected = network(examples.inputs)["shape"][rows]
        found = pictures.logits(pictures.pixels[rows], rows, "shape")
    assert torch.allclose(found, expected, atol=1e-5)
    there = (examples.inputs["image"] != 0).flatten(1).any(dim=1)
    assert torch.equal(pictures.movable.all(dim=1), there)


@pytest.mark.parametrize(
    ("changes", "count"), [(FUSION, 24), pytest.param(FROZEN, 5, marks=pytest.mark.slow)], ids=["fusion", "frozen"]
)
def test_all_cases_are_screened_and_a_missing_picture_is_left_alone(changes, count):
    spec = spec_of(**changes)
    examples = cases_of(spec, count, seed=3)
    network = network_of(spec, examples)
    with torch.no_grad():
        own = network(examples.inputs)["shape"].argmax(dim=1)
    examples = type(examples)(examples.case_ids, examples.inputs, {"shape": own}, examples.groups)
    found = Screen(network, "shape", examples, Watcher(), PLAN).run()
    missing = ~(examples.inputs["image"] != 0).flatten(1).any(dim=1).numpy()
    assert found.right.all()
    assert found.attacked_rows.tolist() == list(range(count))
    assert {(one.attack, one.epsilon) for one in found.attacked} >= {("fgsm", 0.05), ("auto_pgd", 0.3)}
    assert not any(one.flipped[missing].any() for one in found.attacked)
    assert not any(one.changed[missing].any() for one in found.corrupted)
    assert len(found.corrupted) == 25
    assert np.isinf(found.smallest[missing]).all()


def test_larger_epsilons_flip_what_smaller_ones_did_and_smallest_flips_agree():
    spec = spec_of()
    examples = cases_of(spec, 40, seed=3)
    found = Screen(network_of(spec, examples), "shape", examples, Watcher(), PLAN).run()
    for small, large in zip(found.attacked[::2], found.attacked[1::2], strict=True):
        assert small.attack == large.attack
        assert not (small.flipped & ~large.flipped).any()
        assert (found.smallest[small.flipped] <= small.epsilon + 1e-6).all()
    turned = np.isfinite(found.suspicion_attacked)
    assert np.array_equal(turned, np.logical_or.reduce([one.flipped for one in found.attacked]))


def test_two_runs_say_the_same_and_slow_networks_are_attacked_on_fewer_cases():
    spec = spec_of()
    examples = cases_of(spec, 40, seed=3)
    network = network_of(spec, examples)
    one, other = (Screen(network, "shape", examples, Watcher(), PLAN).run() for _ in range(2))
    assert np.array_equal(one.smallest, other.smallest)
    assert all(np.array_equal(a.flipped, b.flipped) for a, b in zip(one.attacked, other.attacked, strict=True))
    hurried = Screen(network, "shape", examples, Watcher(), Plan(seconds=0.0, fewest=3, steps=8, at_once=3)).run()
    assert 3 <= len(hurried.attacked_rows) <= 5
    assert len(hurried.smallest) == len(hurried.attacked_rows)
    assert len(hurried.right) == 40


@pytest.mark.parametrize(("function", "sound"), [("convolutional", True), ("detached", False)])
def test_a_model_of_ones_own_is_attacked_and_one_without_a_graph_is_found_out(function, sound):
    network = OwnNetwork(spec_of(**OWN, model={"callable": f"{HERE}:{function}", "weights": "own.safetensors"})).eval()
    pixels = torch.randint(0, 256, (30, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    with torch.no_grad():
        own = network({"image": pixels})["side"].argmax(dim=1)
    examples = Examples(tuple(range(30)), {"image": pixels}, {"side": own}, tuple("abcdefghijklmnopqrstuvwxyzABCD"))
    found = Screen(network.requires_grad_(False), "side", examples, Watcher(), PLAN).run()
    assert found.right.all()
    assert {one.soundness.sound for one in found.attacked} == {sound}


@pytest.mark.parametrize("after", [1, 30])
def test_it_can_be_stopped_in_the_middle_of_an_attack(after):
    spec = spec_of()
    examples = cases_of(spec, 40, seed=3)
    watcher = Watcher(cancel_at=after)
    with pytest.raises(Cancelled):
        Screen(network_of(spec, examples), "shape", examples, watcher, PLAN).run()
    assert len(watcher.reports) == after
    assert watcher.reports[-1].stage


def test_a_network_that_is_never_right_has_nothing_to_attack():
    spec = spec_of()
    examples = cases_of(spec, 6)
    network = network_of(spec, examples)
    with torch.no_grad():
        wrong = (network(examples.inputs)["shape"].argmax(dim=1) + 1) % 3
    examples = type(examples)(examples.case_ids, examples.inputs, {"shape": wrong}, examples.groups)
    found = Screen(network, "shape", examples, Watcher(), PLAN).run()
    assert len(found.attacked_rows) == 0
    assert all(len(one.flipped) == 0 and not one.soundness.sound for one in found.attacked)
