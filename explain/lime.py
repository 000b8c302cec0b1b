"""LIME: a weighted linear model of the answer, fitted around one case."""

from dataclasses import dataclass

import numpy as np

from explain.base import Option
from explain.coalitions import CoalitionMethod, Coalitions, Game, Numbers, Solution, sampling_options
from explain.errors import ExplainError
from explain.method import Chosen

REFITS = 20
"""Fits to drawn-again samples that give the standard errors."""
ROWS_A_PLAYER = 2
"""Fewest rows for each player."""


class Lime(CoalitionMethod):
    """Weights of a linear model of which features are there, fitted to answers near the case.

    Features are switched off at random, each with probability one half. A sample's weight is exp(-d^2 / width^2), with
    d the cosine distance between its features and all features. The linear model is penalised: ridge, or lasso for
    few features. Features and logits are standardised for the fit, so that `penalty` means the same for every model:
    ridge divides a lone weight by 1 + penalty, lasso drops a lone feature whose correlation is below it.

    References
    ----------
    Ribeiro, Singh, Guestrin: "Why Should I Trust You?", 2016. Fitted by scikit-learn.
    """

    name = "lime"
    title = "LIME (local linear model)"
    what = "How much each superpixel, field or word counts in a linear model that imitates this one near the case."
    what_not = "Not the model itself: where it is far from linear, the imitation is poor and so are its weights."

    def config_spec(self) -> tuple[Option, ...]:
        """Return superpixels, rows, the fit's settings and the seed."""
        return sampling_options(
            32,
            Option("model", "Linear model", "choice", "ridge", choices=("ridge", "lasso")),
            Option("penalty", "Penalty on weights", "float", 0.01, 0.0001, 1.0),
            Option("width", "Width of the kernel, in cosine distance", "float", 0.25, 0.05, 5.0),
        )

    def rows(self, players: int, chosen: Chosen) -> int:
        """Return the coalitions that are tried, and the row of the check."""
        return 1 + min(1 << players, _rows(players, int(chosen["samples"])))

    def solve(self, game: Game, chosen: Chosen) -> Solution:
        """Return the weights of the linear model."""
        fit = _Fit(str(chosen["model"]), float(chosen["penalty"]))
        rows, generator = _rows(game.count, int(chosen["samples"])), np.random.default_rng(int(chosen["seed"]))
        return _solved(game, fit, rows, float(chosen["width"]), generator)


@dataclass(frozen=True, slots=True)
class _Fit:
    """A penalised linear model."""

    model: str
    penalty: float

    def weights(self, there: Coalitions, answers: Numbers, nearness: Numbers) -> Numbers:
        """Return one weight a player, [players]: least squares, and a penalty on squares (ridge) or sizes (lasso)."""
        from sklearn.linear_model import Lasso, Ridge  # loads slowly

        columns, spreads = _standardised(there.astype(np.float64), nearness)
        wanted, (spread,) = _standardised(answers[:, None], nearness)
        if self.model == "ridge":
            fitted = Ridge(alpha=self.penalty * nearness.sum(), fit_intercept=False)
        else:
            fitted = Lasso(alpha=self.penalty, fit_intercept=False, max_iter=10_000)
        fitted.fit(columns, wanted[:, 0], sample_weight=nearness)
        weights: Numbers = np.asarray(fitted.coef_, dtype=np.float64) * spread / spreads
        return weights


def _standardised(columns: Numbers, nearness: Numbers) -> tuple[Numbers, Numbers]:
    """Return columns of weighted mean 0 and standard deviation 1, and the deviations (1 where nothing differs)."""
    centred = columns - np.average(columns, axis=0, weights=nearness)
    spreads = np.sqrt(np.average(centred**2, axis=0, weights=nearness))
    spreads = np.where(spreads > 0, spreads, 1.0)
    return centred / spreads, spreads


def _rows(players: int, samples: int) -> int:
    return max(samples, ROWS_A_PLAYER * players)


def _solved(game: Game, fit: _Fit, rows: int, width: float, generator: np.random.Generator) -> Solution:
    there = generator.random((rows, game.count)) < 0.5
    there[0] = True  # the case itself
    answers = game.logits(there)
    nearness = np.exp(-((1 - np.sqrt(there.mean(axis=1))) ** 2) / width**2)
    weights = fit.weights(there, answers, nearness)
    if not weights.any() and answers.std() > 0:
        raise ExplainError(f"a penalty of {fit.penalty:g} leaves no feature in the linear model. Choose a lower one.")
    again = [generator.integers(rows, size=rows) for _ in range(REFITS)]
    refits = np.array([fit.weights(there[drawn], answers[drawn], nearness[drawn]) for drawn in again])
    errors = game.by_input(refits).std(axis=0, ddof=1)
    return Solution(weights, adds_up=False, errors=errors)
