"""Concepts: how a class's answer moves when cases move towards something that a person collected examples of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explain.assessment.intervals import Estimate
from explain.base import never
from explain.errors import ExplainError, Stopped

if TYPE_CHECKING:
    from sklearn.linear_model import RidgeClassifier

Array = NDArray[np.float64]
FEWEST = 5
"""Cases of a concept, and of its counter-examples, below which nothing is said."""
MOST_RANDOM = 500
"""Random cases that are used: more would cost time and change little."""
RANDOM_CONCEPTS = 40
RESAMPLES = 40
FOLDS = 5
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class ConceptSensitivity:
    """How a class's answer depends on a concept."""

    score: Estimate
    """TCAV score: share of cases whose answer rises towards the concept, 0 to 1; the interval is over concept vectors
    from resampled cases; n cases."""
    random: Estimate
    """The same of random concepts: mean, the middle 95 % of them, how many."""
    slope: float
    """Mean directional derivative towards the concept, per standard deviation of the vectors."""
    accuracy: Estimate
    """Balanced accuracy on held-out cases with and without the concept; 0.5 is chance; n cases."""
    p_value: float
    """Two-sided t-test of `slope` against the slopes of random concepts."""
    supported: bool
    """Whether the concept can be told (accuracy above chance) and differs from random concepts (p < .05)."""
    words: str


def concept_sensitivity(
    present: Array,
    absent: Array | None,
    pool: Array,
    cases: Array,
    gradients: Callable[[Array], Array],
    *,
    seed: int = 0,
    cancelled: Callable[[], bool] = never,
) -> ConceptSensitivity:
    r"""Return how the answer moves when `cases` move towards a concept (TCAV).

    A linear classifier tells vectors with the concept from those without; its unit normal :math:`v` is the concept
    vector. A case's sensitivity is the directional derivative :math:`\nabla f(h) \cdot v`; the score is the share of
    cases where it is positive. All in standardised vectors (mean 0, standard deviation 1 over the pool).

    Whether that is more than chance is told by random concepts: as many random cases each, against equally many others.
    Each counts as one concept, compared by its mean sensitivity. (A t-test over many vectors of the *same* few concept
    cases would call most random concepts significant, and a score alone says little under a linear head, where all
    cases have the same sign.)

    Parameters
    ----------
    present
        Vectors of cases with the concept, [m, d], m >= 5.
    absent
        Vectors of counter-examples [k, d], k >= 5 (relative concept vector); None takes the pool.
    pool
        Vectors of random cases [n, d], at least twice the concept's; 500 of them are drawn.
    cases
        Vectors of the cases whose answers are looked at (those of the class, say), [c, d].
    gradients
        From vectors [c, d] to the gradient of the class's answer by each, [c, d]. Under a linear head the log
        probability says more than the logit, whose gradient is the same for all cases.
    seed
        The same seed gives the same answer.
    cancelled
        Asked before every classifier.

    Raises
    ------
    ExplainError
        When there are too few cases (says how many are needed), or sizes or numbers can't be used.

    References
    ----------
    Kim et al.: Interpretability Beyond Feature Attribution: Quantitative Testing with Concept Activation Vectors, 2018.
    """
    _check(present, absent, pool, cases)
    generator = np.random.default_rng(seed)
    pool = _drawn_from(pool, max(MOST_RANDOM, _least(present, absent)), generator)
    mean, spread = pool.mean(axis=0), pool.std(axis=0)
    factor = np.where(spread > 1e-9, 1.0 / np.maximum(spread, 1e-9), 0.0)
    study = _Study(
        positive=(present - mean) * factor,
        negative=None if absent is None else (absent - mean) * factor,
        pool=(pool - mean) * factor,
        slopes=_checked_gradients(gradients(cases), cases) * spread,
        generator=generator,
        cancelled=cancelled,
    )
    return study.told()


@dataclass(frozen=True, slots=True, eq=False)
class _Study:
    """One concept and one answer, in standardised vectors."""

    positive: Array
    negative: Array | None
    pool: Array
    slopes: Array
    """Gradients by standardised vectors, [c, d]."""
    generator: np.random.Generator
    cancelled: Callable[[], bool]

    def told(self) -> ConceptSensitivity:
        own = self.sensitivities(self.positive, self.others)  # [c]
        chance = np.stack([self._random() for _ in range(RANDOM_CONCEPTS)])  # [R, c]
        again = np.stack([self._resampled() for _ in range(RESAMPLES)])  # [S, c]
        p_value = _p_value(float(own.mean()), chance.mean(axis=1))
        accuracy = self._accuracy()
        score = _around(_share(own), _share(again), len(own))
        random = _around(float(_share(chance).mean()), _share(chance), RANDOM_CONCEPTS)
        supported = p_value < SIGNIFICANT and accuracy.low > 0.5
        words = _words(score, random, accuracy, p_value)
        return ConceptSensitivity(score, random, float(own.mean()), accuracy, p_value, supported, words)

    @property
    def others(self) -> Array:
        return self.pool if self.negative is None else self.negative

    def sensitivities(self, positive: Array, negative: Array) -> Array:
        """Return the directional derivative of each case's answer towards the concept, [c]."""
        if self.cancelled():
            raise Stopped("the concept's test was stopped before it was done.")
        classifier = _classifier(positive.shape[1]).fit(*_labelled(positive, negative))
        vector: Array = np.ravel(classifier.coef_)
        length = float(np.linalg.norm(vector))
        result: Array = self.slopes @ vector / (length or 1.0)
        return result

    def _random(self) -> Array:
        """Return the sensitivities for as many random cases, against as many others."""
        order = self.generator.permutation(len(self.pool))
        m = len(self.positive)
        end = None if self.negative is None else m + len(self.negative)
        return self.sensitivities(self.pool[order[:m]], self.pool[order[m:end]])

    def _resampled(self) -> Array:
        """Return the sensitivities for a bootstrap sample of the concept and of what it is told from."""
        return self.sensitivities(*(self._drawn(part) for part in (self.positive, self.others)))

    def _drawn(self, vectors: Array) -> Array:
        drawn: Array = vectors[self.generator.integers(0, len(vectors), len(vectors))]
        return drawn

    def _accuracy(self) -> Estimate:
        """Return the balanced accuracy in cross-validation, with the interval of two binomial shares (Jeffreys)."""
        from sklearn.model_selection import StratifiedKFold, cross_val_predict

        vectors, labels = _labelled(self.positive, self.others)
        folds = StratifiedKFold(min(FOLDS, *np.bincount(labels)), shuffle=True, random_state=0)
        hits = cross_val_predict(_classifier(vectors.shape[1]), vectors, labels, cv=folds) == labels
        rates, draws = [], []
        for label in (0, 1):
            right, n = int(hits[labels == label].sum()), int((labels == label).sum())
            rates.append(right / n)
            draws.append(self.generator.beta(right + 0.5, n - right + 0.5, 4000))
        return _around(float(np.mean(rates)), np.mean(draws, axis=0), len(labels))


def _classifier(width: int) -> "RidgeClassifier":
    """Return the linear classifier; the penalty is of the size of a standardised vector's squared length."""
    from sklearn.linear_model import RidgeClassifier

    return RidgeClassifier(alpha=float(width), class_weight="balanced")


def _least(present: Array, absent: Array | None) -> int:
    """Return how many random cases one random concept takes."""
    return len(present) + (len(present) if absent is None else len(absent))


def _drawn_from(pool: Array, most: int, generator: np.random.Generator) -> Array:
    if len(pool) <= most:
        return pool
    drawn: Array = pool[generator.choice(len(pool), most, replace=False)]
    return drawn


def _labelled(positive: Array, negative: Array) -> tuple[Array, NDArray[np.int64]]:
    labels = np.repeat(np.array([1, 0]), [len(positive), len(negative)])
    return np.concatenate([positive, negative]), labels


def _share(sensitivities: Array) -> Array:
    share: Array = (sensitivities > 0).mean(axis=-1)
    return share


def _around(value: float | Array, draws: Array, n: int) -> Estimate:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(float(value), min(float(value), float(low)), max(float(value), float(high)), n)


def _p_value(slope: float, random: Array) -> float:
    """Return the two-sided p of one observation against a sample of others (Student)."""
    from scipy.special import stdtr

    spread = float(random.std(ddof=1)) * float(np.sqrt(1 + 1 / len(random)))
    if spread == 0:
        return 1.0 if slope == float(random.mean()) else 0.0
    t = (slope - float(random.mean())) / spread
    return float(2 * stdtr(len(random) - 1, -abs(t)))


def _words(score: Estimate, random: Estimate, accuracy: Estimate, p_value: float) -> str:
    told = (
        f"Moving towards the concept raises this answer in {score.value:.0%} of {score.n} cases "
        f"(random concepts: {random.value:.0%})."
    )
    if accuracy.low <= 0.5:
        return f"{told} The concept can't be told from other cases by the model's vectors: collect more cases."
    if p_value >= SIGNIFICANT:
        return f"{told} Random concepts move it as much (p = {p_value:.2f})."
    return f"{told} Random concepts do not move it so (p {'< 0.001' if p_value < 0.001 else f'= {p_value:.3f}'})."


def _check(present: Array, absent: Array | None, pool: Array, cases: Array) -> None:
    for name, vectors in (("with the concept", present), ("without the concept", absent)):
        if vectors is not None and len(vectors) < FEWEST:
            raise ExplainError(
                f"a concept needs at least {FEWEST} cases {name}, got {len(vectors)}: add {FEWEST - len(vectors)} more."
            )
    if len(pool) < (least := _least(present, absent)):
        raise ExplainError(f"random concepts of this size need {least} cases, there are {len(pool)}: use fewer.")
    if not len(cases):
        raise ExplainError("there is no case whose answer could be looked at: score or label some of this class first.")
    shapes = [np.shape(vectors) for vectors in (present, pool, cases, present if absent is None else absent)]
    if any(len(shape) != 2 or shape[1] != shapes[0][-1] for shape in shapes):
        raise ExplainError(f"the vectors must be [n, d] with one d, got {shapes}.")
    if not all(np.isfinite(vectors).all() for vectors in (present, pool, cases, present if absent is None else absent)):
        raise ExplainError("a vector holds NaN or infinity: leave that case out.")


def _checked_gradients(gradients: Array, cases: Array) -> Array:
    values = np.asarray(gradients, dtype=np.float64)
    if values.shape != cases.shape or not np.isfinite(values).all():
        raise ExplainError(f"the gradients must be finite, {cases.shape}, got {values.shape}.")
    if not values.any():
        raise ExplainError("the answer's gradient is zero for every case: it does not depend on these vectors.")
    return values
