"""One step of ours is one step of Captum's."""

import pytest
import torch
from captum.robust import FGSM, PGD
from torch import Tensor, nn

from core.guard.robustness.attacks.base import Victim, cross_entropy, epsilons
from core.guard.robustness.attacks.fgsm import FastGradientSign
from core.guard.robustness.attacks.pgd import REACH, ascent
from tests.helpers.tiny_models import mlp

pytestmark = pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients")
LOSS = nn.CrossEntropyLoss(reduction="none")
EPSILON, STEPS = 0.08, 10


@pytest.fixture
def victim() -> Victim:
    """Cases before a smooth network of three classes."""
    network, pixels = mlp(), torch.rand(20, 6, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        labels = network(pixels).argmax(dim=1)

    def answer(changed: Tensor, rows: Tensor) -> Tensor:
        return network(changed)

    return Victim(answer, pixels, labels, torch.ones_like(pixels, dtype=torch.bool), torch.arange(20))


def _model(victim: Victim):
    return lambda pixels: victim.answer(pixels, victim.rows)


def test_fast_gradient_sign(victim):
    theirs = FGSM(_model(victim), LOSS, lower_bound=0.0, upper_bound=1.0).perturb(
        victim.pixels.clone(), EPSILON, victim.labels
    )
    ours = FastGradientSign().perturb(victim, epsilons(victim, EPSILON), 1, torch.Generator())
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_projected_gradient_from_the_same_start(victim):
    theirs = PGD(_model(victim), LOSS, lower_bound=0.0, upper_bound=1.0).perturb(
        victim.pixels.clone(), EPSILON, REACH * EPSILON / STEPS, STEPS, victim.labels, norm="Linf"
    )
    *_, (ours, slope) = ascent(victim, victim.pixels, epsilons(victim, EPSILON), STEPS)
    assert torch.allclose(ours, theirs, atol=1e-6)
    with torch.no_grad():
        assert torch.allclose(slope.loss, cross_entropy(victim.logits(theirs), victim.labels), atol=1e-6)
