"""Feature squeezing: what it does to a picture, what it says of attacked ones, and its threshold."""

import numpy as np
import pytest
import torch

from core.guard.robustness.attacks.base import Victim, epsilons
from core.guard.robustness.attacks.pgd import ProjectedGradient
from core.guard.robustness.hint import fewer_shades, fit_threshold, median, suspicion, suspicion_of
from core.guard.robustness.pictures import open_pictures
from core.learning.metrics import weighted_auroc
from core.models.network import build_network
from tests.benchmarks._guard_digits import digits
from tests.helpers.model_parts import AGE, IMAGE, cases_of, spec_of


def test_median_takes_a_single_bright_pixel_away():
    picture = torch.zeros(1, 1, 5, 5)
    picture[0, 0, 2, 2] = 1.0
    assert not median(picture).any()
    assert torch.equal(median(torch.full((1, 3, 4, 4), 0.3)), torch.full((1, 3, 4, 4), 0.3))


def test_two_shades_for_what_nearly_has_two_else_eight():
    nearly, rich = torch.full((1, 1, 2, 2), 0.1), torch.full((1, 1, 2, 2), 0.3)
    found = fewer_shades(torch.cat([nearly, rich]))
    assert found[0].unique().tolist() == [0.0]
    assert found[1].unique().tolist() == pytest.approx([2 / 7])


def test_threshold_is_the_conformal_quantile():
    """19 scores, share .1: the 18th smallest; ten can't promise a share of .05."""
    assert fit_threshold(torch.arange(1.0, 20.0), 0.1) == 18.0
    assert fit_threshold(torch.arange(10.0), 0.05) == float("inf")
    generator = torch.Generator().manual_seed(0)
    beyond = [
        float(
            (torch.rand(200, generator=generator) > fit_threshold(torch.rand(199, generator=generator), 0.1))
            .float()
            .mean()
        )
        for _ in range(200)
    ]
    assert np.mean(beyond) == pytest.approx(0.1, abs=0.01)


def test_without_a_picture_nothing_is_suspicious_and_with_one_it_lies_between_zero_and_two():
    table = spec_of(fields=[AGE], encoder=None)
    assert not suspicion(build_network(table, 0).eval(), "shape", cases_of(table, 5).inputs).any()
    spec = spec_of(fields=[IMAGE, AGE])
    found = suspicion(build_network(spec, 0).eval(), "shape", cases_of(spec, 30).inputs)
    assert found.shape == (30,)
    assert ((found >= 0) & (found <= 2)).all()


@pytest.mark.slow
def test_attacked_digits_are_told_from_honest_ones():
    data = digits(0, quick=True)
    network = data.trained(0)
    pictures = open_pictures(network, data.test.inputs)
    victim = Victim.of(pictures, "class", data.test.labels["class"])
    right = ~victim.flipped(victim.pixels)
    pixels = ProjectedGradient().perturb(victim, epsilons(victim, 0.1), 20, torch.Generator().manual_seed(0))
    turned = right & victim.flipped(pixels)
    honest = suspicion(network, "class", data.test.inputs)[right]
    attacked = suspicion_of(pictures, pixels, "class")[turned]
    scores = torch.cat([honest, attacked]).double().numpy()
    labels = np.repeat([False, True], [len(honest), len(attacked)])
    assert weighted_auroc(scores, labels, np.ones(len(scores))) > 0.9
