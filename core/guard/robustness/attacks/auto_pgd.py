"""Projected gradient ascent with momentum that halves its own steps: no step length to choose, nothing to get wrong.

Source: Croce and Hein, Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
attacks, ICML 2020.
"""

import math

import torch
from torch import Tensor

from core.contracts import AttackName
from core.guard.robustness.attacks.base import Loss, Slope, Victim, Worst, cross_entropy, logits_ratio

MOMENTUM = 0.75
RISING = 0.75
"""Below this share of rising steps since the last look, steps are halved."""


def looks(steps: int) -> tuple[int, ...]:
    """Return the steps at which it looks whether to halve: farther apart at first.

    Example
    -------
    >>> looks(40)
    (9, 17, 23, 28, 32, 35, 38, 40)
    """
    places, before = [0.0, 0.22], 0.0
    while places[-1] < 1.0:
        before, last = places[-2], places[-1]
        places.append(last + max(last - before - 0.03, 0.06))
    return tuple(dict.fromkeys(math.ceil(round(place * steps, 6)) for place in places[1:-1]))


class _Climb:
    """One ascent: where it is, where it was best, how long its steps are [n]; each case for itself."""

    def __init__(self, victim: Victim, epsilon: Tensor, loss: Loss, start: Tensor) -> None:
        self.victim, self.epsilon, self.loss = victim, epsilon, loss
        self.pixels = self.before = self.best = start
        self.length = 2 * epsilon
        self.slope = self.top = victim.slope(start, loss)
        self.seen = self.top.loss
        self.rises = torch.zeros_like(epsilon)
        self.halved = torch.ones_like(epsilon, dtype=torch.bool)

    def step(self, first: bool) -> None:
        """Go one step on, with momentum after the first."""
        share = 1.0 if first else MOMENTUM
        uphill = self.victim.within(self.pixels + self.length[:, None] * self.slope.gradient.sign(), self.epsilon)
        moved = self.pixels + share * (uphill - self.pixels) + (1 - share) * (self.pixels - self.before)
        self.before, self.pixels = self.pixels, self.victim.within(moved, self.epsilon)
        lower = self.slope.loss
        self.slope = self.victim.slope(self.pixels, self.loss)
        self.rises += self.slope.loss > lower
        better = self.slope.loss > self.top.loss
        self.best = torch.where(better[:, None], self.pixels, self.best)
        self.top = _mixed(better, self.slope, self.top)

    def look(self, since: int) -> None:
        """Halve the steps of cases that rose too seldom or stand still, and take them to their best."""
        few = self.rises < RISING * since
        still = ~self.halved & (self.top.loss <= self.seen)
        self.halved, self.seen = few | still, self.top.loss
        self.rises = torch.zeros_like(self.rises)
        self.length = torch.where(self.halved, self.length / 2, self.length)
        back = self.halved[:, None]
        self.pixels, self.before = torch.where(back, self.best, self.pixels), torch.where(back, self.best, self.before)
        self.slope = _mixed(self.halved, self.top, self.slope)


def _mixed(chosen: Tensor, one: Slope, other: Slope) -> Slope:
    return Slope(
        torch.where(chosen, one.loss, other.loss),
        torch.where(chosen[:, None], one.gradient, other.gradient),
        torch.where(chosen, one.wrong, other.wrong),
    )


class AutoProjectedGradient:
    """Long steps first, halved where they no longer help; raises a loss that does not vanish when the model is sure."""

    name: AttackName = "auto_pgd"
    title = "Automatic projected gradient"
    words = "Like projected gradient, with momentum, and steps that shorten themselves where they no longer help."
    iterative = True

    def loss(self, classes: int) -> Loss:
        """Return the difference of logits ratio, which needs three classes; else cross entropy."""
        return logits_ratio if classes > 2 else cross_entropy

    def perturb(self, victim: Victim, epsilon: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Return the worst pixels on the way; it ends as soon as every answer is wrong."""
        with torch.no_grad():
            classes = victim.logits(victim.pixels).shape[1]
        start = victim.random_start(epsilon, generator)
        climb = _Climb(victim, epsilon, self.loss(classes), start)
        worst, last, places = Worst.begin(victim), 0, looks(steps)
        worst.take(climb.pixels, climb.slope)
        for step in range(1, steps + 1):
            if bool(worst.wrong.all()):
                break
            climb.step(first=step == 1)
            worst.take(climb.pixels, climb.slope)
            if step in places:
                climb.look(step - last)
                last = step
        return worst.pixels
