"""Energy: a case on which all logits are low is unlike what the model learnt from."""

import numpy as np
from scipy.special import logsumexp

from core.contracts import OutlierMethod
from core.guard.outliers.base import Array, Seen, State


class Energy:
    """Score: -log sum over classes of exp(logit), the mean over targets. Higher is less like the training cases.

    Source
    ------
    Liu et al., Energy-based Out-of-distribution Detection, NeurIPS 2020.
    """

    name: OutlierMethod = "energy"
    title = "energy of the answer"

    def fit(self, training: Seen) -> State:
        """Need nothing of the training cases."""
        return {}

    def score(self, state: State, cases: Seen) -> Array:
        """Return the energy of each case [n]."""
        energies = [-logsumexp(logits, axis=1) for logits in cases.logits.values()]
        mean: Array = np.mean(energies, axis=0)
        return mean
