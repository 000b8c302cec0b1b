"""Reads with what the model answers to the same cases, ready for the rules of deferral."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.contracts import TargetSpec, Version, WorkspaceSpec
from core.models.calibration import answer_sets
from core.models.deciding import known_of
from core.services.catalogue import Catalogue
from core.services.team.material import Row
from core.team.deferral.base import Reads
from core.team.outcomes import Array, Integers

MOST_GROUPS = 12
"""An attribute with more groups than this says little of each of them."""


def reads_of(
    rows: Sequence[Row], catalogue: Catalogue, spec: WorkspaceSpec, target: TargetSpec, versions: Mapping[str, Version]
) -> Reads:
    """Return the reads of cases whose probabilities are known; `versions` are those that answered, by name."""
    known = [row for row in rows if row.scores is not None and row.version in versions]
    scores = np.asarray([row.scores for row in known], dtype=np.float64).reshape(len(known), len(target.classes))
    answers, sizes = _answers(known, scores, catalogue, target, versions)
    return Reads(
        readers=np.asarray([row.reader for row in known], dtype=np.str_),
        cases=np.asarray([row.case.id for row in known], dtype=np.int64),
        groups=np.asarray([row.case.group for row in known], dtype=np.str_),
        truth=np.asarray([row.truth for row in known], dtype=np.int64),
        read=np.asarray([row.read for row in known], dtype=np.int64),
        probabilities=scores,
        answer=answers,
        set_size=sizes,
        attributes=_attributes(known, spec),
        seconds=np.asarray([row.seconds for row in known], dtype=np.float64),
    )


def _answers(
    rows: Sequence[Row], scores: Array, catalogue: Catalogue, target: TargetSpec, versions: Mapping[str, Version]
) -> tuple[Integers, Integers]:
    """Return each version's answers, by its own rules, and how many labels it could not rule out [n]."""
    answers, sizes = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    for name, version in versions.items():
        own = [place for place, row in enumerate(rows) if row.version == name]
        if own:
            cases = [rows[place].case for place in own]
            answers[own] = catalogue.decided(version, target, cases, scores[own])
            item = catalogue.manifest(version).target(target.name)
            sets = answer_sets(item, scores[own], [known_of(case) for case in cases])
            sets[np.arange(len(own)), answers[own]] = True
            sizes[own] = sets.sum(axis=1)
    return answers, sizes


def _attributes(rows: Sequence[Row], spec: WorkspaceSpec) -> Array:
    """Return attributes as zeros and ones, a column for each group of each attribute [n, groups]."""
    columns = []
    for attribute in spec.attributes:
        values = [row.case.attributes.get(attribute.name, "") for row in rows]
        groups = sorted(set(values))
        if 1 < len(groups) <= MOST_GROUPS:
            columns += [[float(value == group) for value in values] for group in groups]
    return np.asarray(columns, dtype=np.float64).reshape(len(columns), len(rows)).T
