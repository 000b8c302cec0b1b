"""The outlier detectors, by name."""

from core.contracts import OutlierMethod
from core.guard.outliers.base import OutlierDetector
from core.guard.outliers.energy import Energy
from core.guard.outliers.knn import NearestNeighbours
from core.guard.outliers.mahalanobis import Mahalanobis

OUTLIERS: dict[OutlierMethod, OutlierDetector] = {
    detector.name: detector for detector in (NearestNeighbours(), Mahalanobis(), Energy())
}
