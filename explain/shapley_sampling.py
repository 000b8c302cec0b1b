"""Shapley values of features, sampled over orders in which they come in."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
from torch import Tensor

from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.coalitions import (
    Coalitions,
    Game,
    Numbers,
    Solution,
    explain_game,
    is_playable,
    samples_option,
    seed_option,
    segments_option,
)
from explain.features import expected_features
from explain.validation import checked_options

FEWEST_PAIRS = 2
"""Pairs of orders without which there is no standard error."""


class ShapleySampling:
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
    signed = True
    family: Family = "perturbation"
    reads_baseline = True

    def config_spec(self) -> tuple[Option, ...]:
        """Return superpixels, rows and seed."""
        return (segments_option(20), samples_option(320), seed_option())

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map."""
        chosen = checked_options(self, options)
        players = expected_features(subject, inputs, segments=int(chosen["segments"]))
        if _all_fit(players, int(chosen["samples"])):
            return Cost(2 + 2**players)
        return Cost(4 + 2 * _pairs(players, int(chosen["samples"])) * (players - 1))

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the model answers with finite logits and the case has a feature."""
        return is_playable(subject, inputs)

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Return the shared-out Shapley values; see `explain.base.Explainer.explain`."""
        chosen = checked_options(self, options)
        samples, seed = int(chosen["samples"]), int(chosen["seed"])

        def solve(game: Game) -> Solution:
            return _enumerated(game) if _all_fit(game.count, samples) else _sampled(game, samples, seed)

        segments = int(chosen["segments"])
        return explain_game(self, subject, inputs, label, baselines, segments=segments, solve=solve)


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
