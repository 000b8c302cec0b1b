"""What every attack is given and gives, and the moves that they share.

All attacks are untargeted and bounded in the L-infinity norm: no pixel changes by more than epsilon, and all stay
within 0 to 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from core.contracts import AttackName
from core.guard.robustness.pictures import Pictures

Loss = Callable[[Tensor, Tensor], Tensor]
"""Logits [n, K] and class indexes [n] -> loss of each case [n]; an attack raises it."""
Answer = Callable[[Tensor, Tensor], Tensor]
"""Pixels [k, values] and the cases [k] that they belong to -> logits [k, K]."""


def unwatched() -> None:
    """Let the work go on."""


@dataclass(frozen=True, slots=True, eq=False)
class Victim:
    """Cases under attack."""

    answer: Answer
    pixels: Tensor
    """The original pixels [n, values], 0 to 1."""
    labels: Tensor
    """The answers [n] that attacks move away from."""
    movable: Tensor
    """Which pixels may change, bool [n, values]."""
    rows: Tensor
    """Number [n] of each case for `answer`."""
    tick: Callable[[], None] = unwatched
    """Called before every gradient; raises when the work is to stop."""

    @classmethod
    def of(cls, pictures: Pictures, target: str, labels: Tensor, tick: Callable[[], None] = unwatched) -> "Victim":
        """Return laid-open cases with class indexes `labels` [n] under attack at one target."""
        pixels = pictures.pixels

        def answer(changed: Tensor, rows: Tensor) -> Tensor:
            return pictures.logits(changed, rows, target)

        rows = torch.arange(len(pixels), device=pixels.device)
        return cls(answer, pixels, labels.to(pixels.device), pictures.movable, rows, tick)

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.pixels)

    def select(self, chosen: Tensor) -> "Victim":
        """Return the cases `chosen` (bool [n] or numbers)."""
        return replace(
            self, pixels=self.pixels[chosen], labels=self.labels[chosen], movable=self.movable[chosen],
            rows=self.rows[chosen],
        )  # fmt: skip

    def logits(self, pixels: Tensor) -> Tensor:
        """Return the logits [n, K] of changed pixels [n, values]."""
        return self.answer(pixels, self.rows)

    def flipped(self, pixels: Tensor) -> Tensor:
        """Return which cases [n] are answered otherwise with changed pixels."""
        with torch.no_grad():
            return self.logits(pixels).argmax(dim=1) != self.labels

    def slope(self, pixels: Tensor, loss: Loss) -> "Slope":
        """Return loss and gradient at changed pixels; zero where there is no graph from the answer to the pixels."""
        self.tick()
        point = pixels.detach().requires_grad_()
        with torch.enable_grad():
            logits = self.logits(point)
            each = loss(logits, self.labels)
            gradient = torch.zeros_like(point)
            if each.requires_grad:
                (found,) = torch.autograd.grad(each.sum(), [point], allow_unused=True)
                gradient = gradient if found is None else found
        return Slope(each.detach(), gradient * self.movable, logits.detach().argmax(dim=1) != self.labels)

    def within(self, pixels: Tensor, epsilon: Tensor) -> Tensor:
        """Return the allowed pixels next to `pixels`: within `epsilon` [n] of the original and within 0 to 1."""
        reach = epsilon[:, None] * self.movable
        return torch.minimum(torch.maximum(pixels, self.pixels - reach), self.pixels + reach).clamp(0.0, 1.0)

    def random_start(self, epsilon: Tensor, generator: torch.Generator) -> Tensor:
        """Return pixels drawn evenly from what is allowed."""
        noise = torch.rand(self.pixels.shape, generator=generator).to(self.pixels.device)
        return self.within(self.pixels + (2 * noise - 1) * epsilon[:, None], epsilon)


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """Where changed pixels stand."""

    loss: Tensor
    """[n]"""
    gradient: Tensor
    """Of the loss, [n, values]."""
    wrong: Tensor
    """Which answers [n] are wrong."""


@dataclass(slots=True, eq=False)
class Worst:
    """The most harmful pixels so far: those that turn the answer, else those with the highest loss."""

    pixels: Tensor
    loss: Tensor
    wrong: Tensor

    @classmethod
    def begin(cls, victim: Victim) -> "Worst":
        """Begin with the original pixels, which harm least."""
        count, device = len(victim), victim.pixels.device
        return cls(
            victim.pixels.clone(), torch.full((count,), -torch.inf, device=device),
            torch.zeros(count, dtype=torch.bool, device=device),
        )  # fmt: skip

    def take(self, pixels: Tensor, slope: Slope) -> None:
        """Remember pixels where they harm more."""
        more = (slope.wrong & ~self.wrong) | ((slope.wrong == self.wrong) & (slope.loss > self.loss))
        self.pixels = torch.where(more[:, None], pixels, self.pixels)
        self.loss = torch.where(more, slope.loss, self.loss)
        self.wrong = self.wrong | slope.wrong


class Attack(Protocol):
    """A search for harmful pixels."""

    name: AttackName
    title: str
    words: str
    """What it does, in plain words."""
    iterative: bool
    """Whether it takes the steps that it is given; else one."""

    def loss(self, classes: int) -> Loss:
        """Return what it raises on answers of so many classes."""

    def perturb(self, victim: Victim, epsilon: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Return the most harmful pixels [n, values] that it finds within `epsilon` [n]."""


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross entropy of each case [n]."""
    return functional.cross_entropy(logits, labels, reduction="none")


def logits_ratio(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the difference of logits ratio of each case [n]: it does not vanish when the model is very sure.

    Formula: -(z_y - max over i != y of z_i) / (z_first - z_third); needs three classes. Above 0 when the answer is
    wrong.

    Source: Croce and Hein, Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
    attacks, ICML 2020.
    """
    ordered = logits.sort(dim=1, descending=True).values
    own = logits.gather(1, labels[:, None])[:, 0]
    best_other = torch.where(ordered[:, 0] == own, ordered[:, 1], ordered[:, 0])
    return (best_other - own) / (ordered[:, 0] - ordered[:, 2] + 1e-12)


def epsilons(victim: Victim, epsilon: float) -> Tensor:
    """Return `epsilon` for every case [n]."""
    return torch.full((len(victim),), epsilon, device=victim.pixels.device)
