"""People read where they were found to do better than the model."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.team.deferral.base import Reads
from core.team.outcomes import Array, Booleans, Integers

FOLDS = 5
FEWEST = 50
"""Reads, and a fifth of that groups, below which nothing is learnt."""
STRENGTH = 0.1
"""Inverse of the penalty: strong, for there are hundreds of reads and not thousands."""


class Learned:
    """How probable it is that a person is right, less how probable it is that the model is.

    Both are logistic regressions on the model's probabilities, its set and the case's attributes; a case's value comes
    from models that saw no case of its group.

    Source
    ------
    Madras, Pitassi and Zemel, Predict Responsibly: Improving Fairness and Accuracy by Learning to Defer, 2018;
    Raghu et al., The Algorithmic Automation Problem: Prediction, Triage, and Human Effort, 2019 (two error models).
    """

    name = "learned"
    title = "Where people do better (learned)"

    def need(self, reads: Reads) -> Array | None:
        """Return the difference of both probabilities, -1 to 1; None with fewer than 50 reads or 10 groups."""
        groups = np.unique(reads.groups)
        if len(reads.truth) < FEWEST or len(groups) < FEWEST // FOLDS:
            return None
        features, found = features_of(reads), np.empty(len(reads.truth))
        for known, held in GroupKFold(FOLDS, shuffle=True, random_state=0).split(features, groups=reads.groups):
            found[held] = _chance(reads.person_right, features, known, held)
            found[held] -= _chance(reads.model_right, features, known, held)
        return found


def features_of(reads: Reads) -> Array:
    """Return what the rule looks at [n, features]: certainty, lead over the runner-up, set, answer, attributes."""
    ranked = np.sort(reads.probabilities, axis=1)
    answers = np.eye(reads.probabilities.shape[1])[reads.answer]
    lead = ranked[:, -1] - ranked[:, -2]
    sureness = np.log(np.clip(ranked[:, -1], 1e-6, 1 - 1e-6)) - np.log1p(-np.clip(ranked[:, -1], 1e-6, 1 - 1e-6))
    return np.column_stack([ranked[:, -1], sureness, lead, reads.set_size, answers, reads.attributes])


def _chance(right: Booleans, features: Array, known: Integers, held: Integers) -> Array:
    """Return how probable it is that the `held` rows are right, learnt from the `known` ones."""
    if right[known].all() or not right[known].any():
        return np.full(len(held), float(right[known].mean()))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=1000))
    model.fit(features[known], right[known])
    return np.asarray(model.predict_proba(features[held])[:, 1])
