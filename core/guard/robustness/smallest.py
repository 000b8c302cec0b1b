"""The smallest change that flips each answer: bisection over epsilon."""

import torch
from torch import Tensor

from core.guard.robustness.attacks.base import Attack, Victim

ROUNDS = 8
STEPS = 20


def smallest_flips(
    victim: Victim, attack: Attack, known: Tensor, generator: torch.Generator, rounds: int = ROUNDS, steps: int = STEPS
) -> Tensor:
    """Return the smallest epsilon [n] found to flip each case: an upper bound of the true one, for attacks may miss it.

    Each round attacks at half of what is left; what counts is the largest change of a pixel that flipped, which may be
    smaller than what was allowed.

    Parameters
    ----------
    victim
        The cases.
    attack
        What searches.
    known
        An epsilon [n] that flips; infinity where none is known: that stays.
    generator
        Of random starts.
    rounds, steps
        Halvings, and steps of each attack.
    """
    found, low = known.clone(), torch.zeros_like(known)
    open_ = torch.isfinite(known).nonzero()[:, 0]
    for _ in range(rounds if len(open_) else 0):
        part = victim.select(open_)
        middle = (low[open_] + found[open_]) / 2
        pixels = attack.perturb(part, middle, steps, generator)
        wrong = part.flipped(pixels)
        reached = (pixels - part.pixels).abs().amax(dim=1)
        found[open_] = torch.where(wrong, torch.minimum(reached, middle), found[open_])
        low[open_] = torch.where(wrong, low[open_], middle)
    return found
