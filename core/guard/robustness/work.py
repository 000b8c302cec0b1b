"""All attacks on some of the cases, which go through the network together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.guard.robustness.attacks.base import Attack, Victim, epsilons
from core.guard.robustness.attacks.registry import attack, attacks
from core.guard.robustness.hint import suspicion_of
from core.guard.robustness.pictures import Pictures
from core.guard.robustness.smallest import smallest_flips

Flips = NDArray[np.bool_]
Values = NDArray[np.float64]
SEARCHES = "pgd"
"""The attack that looks for the smallest flips."""
ANY = 1.0
"""Epsilon at which pixels may change at will."""
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Plan:
    """How thorough the screen is."""

    epsilons: tuple[float, ...] = (2 / 255, 8 / 255, 0.1, 0.3)
    """Ascending."""
    steps: int = 40
    seconds: float = 600.0
    """What attacks may take, about; cases that do not fit in are left out of them."""
    fewest: int = 10
    """As many cases are attacked whatever it takes."""
    seed: int = 0
    at_once: int = 64
    """Most cases that are attacked side by side: after each such part it looks whether there is time for more."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What all attacks did to some of the cases."""

    flipped: Mapping[tuple[str, float], Flips]
    fewer: Mapping[tuple[str, float], Flips]
    flat: Mapping[str, Flips]
    at_will: Mapping[str, Flips]
    smallest: Values
    suspicion: Values
    suspicion_attacked: Values

    @classmethod
    def measured(
        cls,
        victim: Victim,
        pictures: Pictures,
        target: str,
        plan: Plan,
        generator: torch.Generator,
        say: Callable[[str], None],
    ) -> "Chunk":
        """Attack some cases in every way."""
        work = _Work(victim, plan, generator)
        for one in attacks():
            say(f"attack: {one.title}")
            work.attack(one)
        say("smallest change that flips")
        smallest = smallest_flips(victim, attack(SEARCHES), work.known, generator)
        before = suspicion_of(pictures, victim.pixels, target)
        after = suspicion_of(pictures, work.broken, target).masked_fill(~work.turned, torch.nan)
        numbers = [values.cpu().numpy().astype(np.float64) for values in (smallest, before, after)]
        return cls(work.flipped, work.fewer, work.flat, work.at_will, *numbers)


class _Work:
    """Attacks some cases, one way after the other, and remembers the first pixels that turned each."""

    def __init__(self, victim: Victim, plan: Plan, generator: torch.Generator) -> None:
        self.victim, self.plan, self.generator = victim, plan, generator
        self.flipped: dict[tuple[str, float], Flips] = {}
        self.fewer: dict[tuple[str, float], Flips] = {}
        self.flat: dict[str, Flips] = {}
        self.at_will: dict[str, Flips] = {}
        device = victim.pixels.device
        self.broken = victim.pixels.clone()
        self.known = torch.full((len(victim),), torch.inf, device=device)

    @property
    def turned(self) -> Tensor:
        """Which cases [n] an attack within the plan's epsilons turned."""
        return self.known <= max(self.plan.epsilons) + ROUNDING

    def attack(self, one: Attack) -> None:
        """Attack within every epsilon, and measure what shows whether the attack can be believed."""
        victim, plan = self.victim, self.plan
        with torch.no_grad():
            classes = victim.logits(victim.pixels).shape[1]
        gradient = victim.slope(victim.pixels, one.loss(classes)).gradient
        self.flat[one.name] = (gradient == 0).all(dim=1).cpu().numpy()
        turned = torch.zeros(len(victim), dtype=torch.bool, device=victim.pixels.device)
        fewer = turned
        for epsilon in plan.epsilons:
            turned = turned | self._turned(one, epsilon, plan.steps, ~turned)
            self.flipped[one.name, epsilon] = turned.cpu().numpy()
            if one.iterative:
                fewer = fewer | self._turned(one, epsilon, plan.steps // 4, ~fewer)
                self.fewer[one.name, epsilon] = fewer.cpu().numpy()
        at_will = turned | self._turned(one, ANY, plan.steps, ~turned) if one.iterative else turned
        self.at_will[one.name] = at_will.cpu().numpy()

    def _turned(self, one: Attack, epsilon: float, steps: int, chosen: Tensor) -> Tensor:
        """Return which cases [n] it turns, of the chosen ones that no smaller epsilon turned."""
        found = torch.zeros_like(chosen)
        if bool(chosen.any()):
            part = self.victim.select(chosen)
            pixels = one.perturb(part, epsilons(part, epsilon), steps, self.generator)
            found[chosen] = part.flipped(pixels)
            self._remember(chosen, pixels, found)
        return found

    def _remember(self, chosen: Tensor, pixels: Tensor, found: Tensor) -> None:
        changed = self.victim.pixels.clone()
        changed[chosen] = pixels
        reached = (changed - self.victim.pixels).abs().amax(dim=1)
        nearer = found & (reached < self.known)
        self.broken = torch.where(nearer[:, None], changed, self.broken)
        self.known = torch.where(nearer, reached, self.known)
