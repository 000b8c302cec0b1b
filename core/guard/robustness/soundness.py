"""Whether an attack may be believed: one that fails for reasons of its own says nothing about the model.

Source: Athalye, Carlini and Wagner, Obfuscated Gradients Give a False Sense of Security, ICML 2018; Carlini et al., On
Evaluating Adversarial Robustness, 2019.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

Flips = NDArray[np.bool_]
NOISE = 0.05
"""Below this probability, losing to a weaker attack is no chance."""
ALL = 0.95
"""Share of cases that any picture at all must be able to turn."""
HIDDEN = 0.10
"""Largest share of cases whose gradient may be zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What one attack did on the same cases [n] under different conditions."""

    flat: Flips
    """Whose gradient is zero everywhere."""
    at_will: Flips
    """What it flips where pixels may change at will."""
    swapped: Flips
    """What another case's picture in place of their own flips."""
    own: Flips | None = None
    """What it flips at one epsilon; None for an attack of one step."""
    fewer: Flips | None = None
    """What it flips there with a quarter of the steps."""
    single: Flips | None = None
    """What the attack of one step flips there."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """Whether an attack may be believed, and why."""

    sound: bool
    words: str


def judged(facts: Facts) -> Soundness:
    """Return whether an attack may be believed."""
    n = len(facts.flat)
    if not n:
        return Soundness(False, "No case was answered correctly, so there is nothing to attack.")
    found = [problem for problem in (_hidden(facts), _failing(facts), *_losing(facts)) if problem]
    if found:
        return Soundness(False, f"Broken: {'; '.join(found)}. Its figures say nothing about the model.")
    if facts.own is not None and facts.swapped.mean() < ALL and facts.at_will.mean() < ALL:
        return Soundness(
            True,
            f"Where pixels may change at will, it turns {_of(facts.at_will)}: the answer hardly hangs on pictures.",
        )
    checked = "Its gradients are not zero."
    if facts.own is not None:
        checked = (
            f"It turns {_of(facts.at_will)} where pixels may change at will, and does no worse than one step or fewer "
            "steps."
        )
    return Soundness(True, checked)


def _hidden(facts: Facts) -> str:
    if facts.flat.mean() <= HIDDEN:
        return ""
    return (
        f"the gradient is zero in {_of(facts.flat)}: something hides it, such as a rounded input or a saturated answer"
    )


def _failing(facts: Facts) -> str:
    """Return what is wrong where pixels may change at will and it still fails, though other pictures turn answers."""
    wanted = min(ALL, float(facts.swapped.mean()))
    if facts.own is None or facts.at_will.mean() >= wanted:
        return ""
    return (
        f"it turns only {_of(facts.at_will)} where pixels may change at will, while the picture of another case turns "
        f"{_of(facts.swapped)}"
    )


def _losing(facts: Facts) -> list[str]:
    if facts.own is None:
        return []
    weaker = (("one step", facts.single), ("a quarter of the steps", facts.fewer))
    return [
        f"{name} turns more cases ({int(other.sum()):,} of {len(other):,} against {int(facts.own.sum()):,})"
        for name, other in weaker
        if other is not None and _loses(facts.own, other)
    ]


def _loses(own: Flips, other: Flips) -> bool:
    """Tell whether the other flips more, beyond chance: one-sided sign test on cases that only one of them flips."""
    theirs, ours = int((other & ~own).sum()), int((own & ~other).sum())
    return theirs > 0 and binomtest(theirs, theirs + ours, alternative="greater").pvalue < NOISE


def _of(flips: Flips) -> str:
    return f"{int(flips.sum()):,} of {len(flips):,} cases"
