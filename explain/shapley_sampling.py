"""Shapley values of features, sampled over orders in which they come in."""

import itertools
import math

import numpy as np

from explain.base import Option
from explain.coalitions import CoalitionMethod, Coalitions, Game, Numbers, Solution, sampling_options
from explain.method import Chosen

FEWEST_PAIRS = 2
"""Pairs of orders without which there is no standard error."""


class ShapleySampling(CoalitionMethod):
    """A feature's mean contribution when features come in one after the other, in random order.

    Orders come in pairs, one the reverse of the other, so that what is early in one is late in the other. The values of
    each order add up to F(x) - F(b), so the completeness error is rounding alone. When there are at most `samples`
    combinations, each is tried once and the values are exact Shapley values.

    References
    ----------
    Castro, Gomez, Tejada: Polynomial calculation of the Shapley value based on sampling, 2009; Mitchell et al.:
    Sampling Permutations for Shapley Value Estimation, 2022 (pairs).
    """

    name = "shapley_sampling"
    title = "Shapley value sampling"
    what = "How much each superpixel, field or word moved this answer, on average over orders in which they come in."
    what_not = "Not exact while combinations are sampled, and most combinations are themselves unusual inputs."

    def config_spec(self) -> tuple[Option, ...]:
        """Return superpixels, rows and seed."""
        return sampling_options(20)

    def rows(self, players: int, chosen: Chosen) -> int:
        """Return the coalitions of all orders, or all there are; both ends are asked twice."""
        samples = int(chosen["samples"])
        if _all_fit(players, samples):
            return 2 + (1 << players)
        return 4 + 2 * _pairs(players, samples) * (players - 1)

    def solve(self, game: Game, chosen: Chosen) -> Solution:
        """Return the mean contributions, exact where all coalitions are tried."""
        samples = int(chosen["samples"])
        return _enumerated(game) if _all_fit(game.count, samples) else _sampled(game, samples, int(chosen["seed"]))


def every_coalition(players: int) -> Coalitions:
    """Return all 2^players coalitions; coalition n holds the players whose bit is set in n."""
    numbers = np.arange(2**players)
    found: Coalitions = (numbers[:, None] >> np.arange(players)) & 1 == 1
    return found


def shapley_values(worths: Numbers) -> Numbers:
    """Return the exact Shapley values [players] of the worths of `every_coalition`, [2^players].

    `phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S and i) - v(S))`.

    Examples
    --------
    >>> shapley_values(np.array([0.0, 1.0, 2.0, 5.0]))
    array([2., 3.])
    """
    players = len(worths).bit_length() - 1
    numbers = np.arange(len(worths))
    sizes = np.bitwise_count(numbers)
    weights = np.array([1 / (players * math.comb(players - 1, size)) for size in range(players)])
    values = np.zeros(players)
    for player in range(players):
        without = numbers[numbers >> player & 1 == 0]
        gains = worths[without | 1 << player] - worths[without]
        values[player] = (weights[sizes[without]] * gains).sum()
    return values


def _all_fit(players: int, samples: int) -> bool:
    return players <= math.log2(samples)


def _pairs(players: int, samples: int) -> int:
    """Return how many pairs of orders `samples` rows pay for; two at least."""
    return max(FEWEST_PAIRS, (samples - 2) // max(1, 2 * (players - 1)))


def _enumerated(game: Game) -> Solution:
    values = shapley_values(game.logits(every_coalition(game.count)))
    return Solution(values, adds_up=True, errors=np.zeros(len(game.masks)))


def _sampled(game: Game, samples: int, seed: int) -> Solution:
    generator = np.random.default_rng(seed)
    pairs = _pairs(game.count, samples)
    drawn = [generator.permutation(game.count) for _ in range(pairs)]
    orders = np.array(list(itertools.chain.from_iterable((order, order[::-1]) for order in drawn)))
    of_pairs = _contributions(game, orders).reshape(pairs, 2, game.count).mean(axis=1)
    spread = game.by_input(of_pairs).std(axis=0, ddof=1)
    return Solution(of_pairs.mean(axis=0), adds_up=True, errors=spread / math.sqrt(pairs))


def _contributions(game: Game, orders: Numbers) -> Numbers:
    """Return what each player added when it came in, [orders, players]."""
    count = game.count
    ranks = np.argsort(orders, axis=1)  # when each player comes in
    before = ranks[:, None, :] < np.arange(1, count)[None, :, None]  # [orders, count - 1, players]
    nobody, everybody = game.ends()
    between = game.logits(before.reshape(-1, count)).reshape(len(orders), count - 1)
    worths = np.pad(between, ((0, 0), (1, 1)), constant_values=((0, 0), (nobody, everybody)))
    gains: Numbers = np.take_along_axis(np.diff(worths, axis=1), ranks, axis=1)
    return gains
