"""Feature ablation: what the answer loses when one superpixel, field or word is absent."""

import numpy as np

from explain.base import Option
from explain.coalitions import CoalitionMethod, Game, Solution, segments_option
from explain.method import Chosen


class FeatureAblation(CoalitionMethod):
    """F(x) - F(x with one feature replaced by the baseline), for every feature.

    Features follow the case: superpixels of an image, a field of a table, a word of a text. A feature's value is shared
    evenly by its elements.

    References
    ----------
    Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2013 (the idea); Kokhlikyan et al.: Captum,
    2020 (features).
    """

    name = "feature_ablation"
    title = "Feature ablation"
    what = "How much this answer falls (or rises) when one superpixel, field or word is absent."
    what_not = "Not the effect of parts together: of two parts that say the same, neither is missed."

    def config_spec(self) -> tuple[Option, ...]:
        """Return the number of superpixels."""
        return (segments_option(64),)

    def rows(self, players: int, chosen: Chosen) -> int:
        """Return a row for each feature, one for the whole and one for the check."""
        return 2 + players

    def solve(self, game: Game, chosen: Chosen) -> Solution:
        """Return what the answer loses without each feature."""
        rows = np.concatenate([np.ones((1, game.count), dtype=bool), ~np.eye(game.count, dtype=bool)])
        whole, *others = game.logits(rows)
        return Solution(whole - np.array(others), adds_up=False)
