"""Reads with what the model answers to the same cases, ready for the rules of deferral."""

from collections.abc import Sequence

import numpy as np

from core.contracts import TargetSpec, WorkspaceSpec
from core.models.calibration import answer_sets
from core.models.manifest import Manifest
from core.services.team.material import Row
from core.team.deferral.base import Reads
from core.team.outcomes import Array, Integers

MOST_GROUPS = 12
"""An attribute with more groups than this says little of each of them."""


def reads_of(rows: Sequence[Row], target: TargetSpec, spec: WorkspaceSpec, manifests: dict[str, Manifest]) -> Reads:
    """Return the reads of cases whose probabilities are known; `manifests` has those of the versions that answered."""
    known = [row for row in rows if row.scores is not None and row.version in manifests]
    scores = np.asarray([row.scores for row in known], dtype=np.float64).reshape(len(known), len(target.classes))
    return Reads(
        readers=np.asarray([row.reader for row in known], dtype=np.str_),
        cases=np.asarray([row.case.id for row in known], dtype=np.int64),
        groups=np.asarray([row.case.group for row in known], dtype=np.str_),
        truth=np.asarray([row.truth for row in known], dtype=np.int64),
        read=np.asarray([row.read for row in known], dtype=np.int64),
        probabilities=scores,
        set_size=_set_sizes(known, scores, target, manifests),
        attributes=_attributes(known, spec),
        seconds=np.asarray([row.seconds for row in known], dtype=np.float64),
    )


def _set_sizes(rows: Sequence[Row], scores: Array, target: TargetSpec, manifests: dict[str, Manifest]) -> Integers:
    """Return how many labels each version could not rule out [n]."""
    sizes = np.zeros(len(rows), dtype=np.int64)
    for version, manifest in manifests.items():
        own = np.asarray([row.version == version for row in rows], dtype=bool)
        if own.any():
            calibration = manifest.target(target.name)
            attributes = [rows[place].case.attributes for place in np.flatnonzero(own).tolist()]
            sizes[own] = answer_sets(calibration, scores[own], attributes).sum(axis=1)
    return sizes


def _attributes(rows: Sequence[Row], spec: WorkspaceSpec) -> Array:
    """Return attributes as zeros and ones, a column for each group of each attribute [n, groups]."""
    columns = []
    for attribute in spec.attributes:
        values = [row.case.attributes.get(attribute.name, "") for row in rows]
        groups = sorted(set(values))
        if 1 < len(groups) <= MOST_GROUPS:
            columns += [[float(value == group) for value in values] for group in groups]
    return np.asarray(columns, dtype=np.float64).reshape(len(columns), len(rows)).T
