"""Feature ablation: what the answer loses when one superpixel, field or word is absent."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.coalitions import Game, Solution, explain_game, is_playable, segments_option
from explain.features import expected_features
from explain.validation import checked_options


class FeatureAblation:
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
    signed = True
    family: Family = "perturbation"
    reads_baseline = True

    def config_spec(self) -> tuple[Option, ...]:
        """Return the number of superpixels."""
        return (segments_option(64),)

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map."""
        segments = int(checked_options(self, options)["segments"])
        return Cost(2 + expected_features(subject, inputs, segments=segments))

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
        """Return the shared-out differences; see `explain.base.Explainer.explain`."""
        segments = int(checked_options(self, options)["segments"])
        return explain_game(self, subject, inputs, label, baselines, segments=segments, solve=_without_each)


def _without_each(game: Game) -> Solution:
    rows = np.concatenate([np.ones((1, game.count), dtype=bool), ~np.eye(game.count, dtype=bool)])
    whole, *others = game.logits(rows)
    return Solution(whole - np.array(others), adds_up=False)
