"""KernelSHAP: Shapley values of features as a weighted regression on coalitions."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from explain.base import Option
from explain.coalitions import CoalitionMethod, Coalitions, Game, Numbers, Solution, sampling_options
from explain.method import Chosen

ROWS_A_PLAYER = 4
"""Fewest rows for each player: two pairs of a coalition and its complement."""
WHOLE = -1
"""Pair number of coalitions that were not drawn."""


class KernelShap(CoalitionMethod):
    """Shapley values as the weighted least-squares fit of the answer by which features are there.

    The weight of a coalition of s among n features is (n - 1) / (comb(n, s) s (n - s)), and the values are constrained
    to add up to F(x) - F(b). Sizes that can be tried whole are; of the others, coalitions are drawn with their
    complements. When all are tried, the values are exact Shapley values.

    References
    ----------
    Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, 2017; Covert, Lee: Improving KernelSHAP, 2021
    (pairs, standard errors).
    """

    name = "kernel_shap"
    title = "KernelSHAP"
    what = "How much each superpixel, field or word moved this answer, by the sum that fits many combinations best."
    what_not = "Not exact while combinations are sampled, and most combinations are themselves unusual inputs."

    def config_spec(self) -> tuple[Option, ...]:
        """Return superpixels, rows and seed."""
        return sampling_options(20)

    def rows(self, players: int, chosen: Chosen) -> int:
        """Return the coalitions that are tried; both ends are asked twice."""
        return 4 + min(1 << players, _rows(players, int(chosen["samples"])))

    def solve(self, game: Game, chosen: Chosen) -> Solution:
        """Return the values of the weighted regression."""
        rows, generator = _rows(game.count, int(chosen["samples"])), np.random.default_rng(int(chosen["seed"]))
        return _solved(game, _drawn(game.count, rows, generator))


@dataclass(frozen=True, slots=True, eq=False)
class _Design:
    """Coalitions to try, neither empty nor whole."""

    coalitions: Coalitions
    weights: Numbers
    """[N]; they add up to 1."""
    pairs: NDArray[np.int64]
    """[N]: the draw that a coalition came from; `WHOLE` where its size was tried whole."""


def _rows(players: int, samples: int) -> int:
    return max(samples, ROWS_A_PLAYER * players)


def _drawn(players: int, rows: int, generator: np.random.Generator) -> _Design:
    """Return sizes tried whole, from the outermost on, then pairs drawn from the sizes between."""
    masses = {s: _mass(players, s) for s in range(1, players // 2 + 1)}  # of size s with its complements
    left, mass_left, taken = rows, sum(masses.values()), 0
    whole: list[tuple[Coalitions, float]] = []
    for size, mass in masses.items():
        count = math.comb(players, size) * (1 if 2 * size == players else 2)
        if left * mass < count * mass_left * (1 - 1e-9):
            break
        whole.append((_of_size(players, size), mass))
        left, mass_left, taken = left - count, mass_left - mass, size
    sizes = [size for size in masses if size > taken]
    drawn = _pairs(players, sizes, [masses[size] for size in sizes], left // 2, generator)
    return _joined(whole, drawn, sum(masses[size] for size in sizes), players)


def _joined(whole: list[tuple[Coalitions, float]], drawn: Coalitions, mass: float, players: int) -> _Design:
    parts = [part for part, _ in whole] + [drawn]
    shares = [of_size for _, of_size in whole] + [mass]
    weights = [np.full(len(part), share / max(1, len(part))) for part, share in zip(parts, shares, strict=True)]
    first = sum(len(part) for part, _ in whole)
    pairs = np.concatenate([np.full(first, WHOLE), np.arange(len(drawn)) // 2])
    together = np.concatenate(weights)
    return _Design(np.concatenate([part.reshape(-1, players) for part in parts]), together / together.sum(), pairs)


def _mass(players: int, size: int) -> float:
    """Return the kernel's weight of all coalitions of `size` or of `players - size`."""
    return (1 if 2 * size == players else 2) * (players - 1) / (size * (players - size))


def _of_size(players: int, size: int) -> Coalitions:
    """Return all coalitions of `size`, and their complements unless these are the same."""
    members = np.array(list(combinations(range(players), size)))
    found = np.zeros((len(members), players), dtype=bool)
    np.put_along_axis(found, members, True, axis=1)
    return found if 2 * size == players else np.concatenate([found, ~found])


def _pairs(
    players: int, sizes: list[int], masses: list[float], count: int, generator: np.random.Generator
) -> Coalitions:
    """Return `count` drawn coalitions, each followed by its complement."""
    if not sizes:
        return np.zeros((0, players), dtype=bool)
    drawn = generator.choice(sizes, size=count, p=np.array(masses) / sum(masses))
    ranks = np.argsort(generator.random((count, players)), axis=1)
    found = ranks < drawn[:, None]
    return np.stack([found, ~found], axis=1).reshape(-1, players)


def _solved(game: Game, design: _Design) -> Solution:
    """Minimise sum w (v(S) - v(empty) - sum of S's values)^2 with the values adding up to v(all) - v(empty)."""
    nobody, everybody = game.ends()
    if game.count == 1:
        return Solution(np.array([everybody - nobody]), adds_up=True, errors=np.zeros(len(game.masks)))
    there = design.coalitions.astype(np.float64)
    gains = game.logits(design.coalitions) - nobody
    inverse = np.linalg.pinv(there.T @ (there * design.weights[:, None]), hermitian=True)
    free = inverse @ (there.T @ (design.weights * gains))
    toll = inverse.sum(axis=1)
    values = free - toll * (free.sum() - (everybody - nobody)) / toll.sum()
    moves = (there * (design.weights * (gains - there @ values))[:, None]) @ (
        inverse - np.outer(toll, toll) / toll.sum()
    )
    return Solution(values, adds_up=True, errors=_errors(game, moves, design.pairs))


def _errors(game: Game, moves: Numbers, pairs: NDArray[np.int64]) -> Numbers:
    """Return the standard error of each input's sum, by how far each drawn pair moves it (the robust estimate)."""
    count = int(pairs.max()) + 1
    sums = np.zeros((max(1, count), len(game.masks)))
    np.add.at(sums, pairs[pairs != WHOLE], game.by_input(moves[pairs != WHOLE]))
    errors: Numbers = np.sqrt((sums**2).sum(axis=0) * count / max(1, count - 1))
    return errors
