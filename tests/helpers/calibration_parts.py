"""Logits with labels drawn from honest probabilities, and MAPIE's own sets."""

import numpy as np

from core.models.calibration import softmax
from core.models.calibration.fitting import CalibrationCases
from core.models.manifest import TargetCalibration


def sample(count: int, classes: int = 4, sharpness: float = 2.0, seed: int = 0, shift: float = 0.0):
    """Logits that are `sharpness` times too sure, and labels drawn from the honest probabilities.

    With `shift` the network says the last labels less often than they come.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, classes)) * 1.5
    honest = softmax(logits + shift * np.linspace(-1, 1, classes)) if count else logits
    labels = np.array([rng.choice(classes, p=row) for row in honest], dtype=np.int64)
    return logits * sharpness, labels


def blank(classes: int = 4, **changes) -> TargetCalibration:
    """A target before its calibration."""
    return TargetCalibration(target="t", classes=tuple("abcdefghijkl"[:classes]), **changes)


def cases_of(logits, labels, attributes=None, groups=None) -> CalibrationCases:
    """Calibration cases, each alone unless groups are given."""
    known = [{} for _ in labels] if attributes is None else attributes
    return CalibrationCases(logits, labels, groups or [str(row) for row in range(len(labels))], known)


def mapie_sets(calibration, labels, probabilities, coverage, score="lac", **options):
    """Sets of MAPIE's own split conformal classifier, bool [cases, classes]; `options` go to its sets."""
    from mapie.classification import SplitConformalClassifier
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Given(ClassifierMixin, BaseEstimator):
        def fit(self, values, truth):
            self.classes_, self.fitted_ = np.arange(values.shape[1]), True
            return self

        def predict_proba(self, values):
            return values

        def predict(self, values):
            return values.argmax(axis=1)

    seed = options.pop("seed", None)
    mapie = SplitConformalClassifier(
        Given().fit(calibration, labels), confidence_level=coverage, conformity_score=score, prefit=True,
        random_state=seed,
    )  # fmt: skip
    mapie.conformalize(calibration, labels)
    return mapie.predict_set(probabilities, conformity_score_params=options or None)[1][:, :, 0]
