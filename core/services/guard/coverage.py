"""Whether the answer sets of a version hold the right answer as often as they say: on the ledger and since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from core.contracts import Case, CoveragePoint, CoverageView, Estimate, TargetSpec, Version, Workspace
from core.fairness.intervals import resampled, wilson
from core.models.calibration import answer_sets, set_rule
from core.models.calibration.sets.coverage import Promise, design_effect, look_level, too_many_missed
from core.models.grouping import group_of
from core.models.manifest import TargetCalibration
from core.services.catalogue import Catalogue, target_of
from core.services.runtime import Cache, Runtime
from core.services.scoring import Scoring
from core.services.trust.answers import Judged
from core.services.trust.errors import Key
from core.services.trust.judging import judged_on
from core.storage import cache, cases, labels, versions

Booleans = NDArray[np.bool_]
Array = NDArray[np.float64]
POINT = 50
"""Settled cases in one stretch of time; a stretch is judged once it is full."""
MOST_STRATA = 4
FEWEST_IN_STRATUM = 25
FEWEST_SHOWN = 5
MOST_GROUPS = 12
LOOKS = 0.5
"""Share of the alarm's level that the one look at the ledger has; the looks over time share the rest."""
WHAT_TO_DO = "Look at these cases, then retrain, which calibrates anew; until then don't rely on sets of one."


@dataclass(frozen=True, slots=True, eq=False)
class _Settled:
    """Cases that people settled after the version was made, in that order, with its kept answers."""

    judged: Judged
    moments: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of a version's answer sets."""

    runtime: Runtime
    catalogue: Catalogue
    scoring: Scoring
    kept: Cache[Key, CoverageView] = field(default_factory=lambda: Cache(32))

    def view(self, workspace: str, *, version: str | None = None, target: str | None = None) -> CoverageView | None:
        """Return what the sets of a version (the champion when none is named) promise and keep; None before it serves.

        Raises
        ------
        NotFound
            When there is no such workspace, version or target.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            name = version or found.champion
            stored = None if name is None else versions.get(tx, found.id, name)
        asked = spec.targets[0] if target is None else target_of(spec, target)
        return None if stored is None else self._view(found, asked, stored)

    def alarms(self, workspace: str) -> tuple[str, ...]:
        """Return the champion's alarms, of all targets."""
        with self.runtime.database.read() as tx:
            spec = self.catalogue.workspace(tx, workspace)[1]
        views = (self.view(workspace, target=one.name) for one in spec.targets)
        return tuple(view.alarm for view in views if view is not None and view.alarm)

    def _view(self, workspace: Workspace, target: TargetSpec, version: Version) -> CoverageView:
        with self.runtime.database.read() as tx:
            key = version.id, target.name, labels.newest(tx, workspace.id), cases.state_of_inputs(tx, workspace.id)
        return self.kept.get(key, lambda: self._made(workspace, target, version))

    def _made(self, workspace: Workspace, target: TargetSpec, version: Version) -> CoverageView:
        self.scoring.score(workspace.name, version.name)
        with self.runtime.database.read() as tx:
            _, ledger, _ = judged_on(tx, self.catalogue, workspace, target, version)
            since = labels.settled(tx, workspace.id, target.name, version.created)
            known = cache.scores(tx, version.id, target.name)
            pool = {case.id: case for case in self.catalogue.cases(tx, workspace, "pool")}
        settled = _settled(target, since, known, pool)
        item = self.catalogue.model(workspace, version.name).manifest.target(ledger.target.name)
        covered, level = covers(item, ledger), self.runtime.spec(workspace).guard.coverage_alarm
        points = _points(item, ledger, covered, settled)
        low, high = promise(item).expected(independent(ledger, covered))
        return CoverageView(
            target=item.target,
            promised=item.coverage,
            method=_method(item),
            calibration_n=item.calibration_n,
            expected_low=low,
            expected_high=high,
            ledger=share(covered, ledger.cases) if len(covered) else None,
            groups=_groups(item, ledger.cases, covered),
            over_time=tuple(point for point, _ in points),
            alarm=_alarm(version.name, item, ledger, covered, points, level),
        )


def covers(item: TargetCalibration, judged: Judged) -> Booleans:
    """Return whether each case's set holds its reference label, [cases]."""
    sets = answer_sets(item, judged.probabilities, [case.attributes for case in judged.cases])
    return np.asarray(sets[np.arange(len(judged.truth)), judged.truth], dtype=bool)


def promise(item: TargetCalibration) -> Promise:
    """Return what the sets of a version promise."""
    return Promise(item.coverage, item.calibration_n, item.design_effect)


def independent(judged: Judged, covered: Booleans) -> float:
    """Return how many independent cases would say as much of the coverage."""
    return len(covered) / design_effect(covered, [case.group for case in judged.cases])


def share(covered: Booleans, judged: Sequence[Case]) -> Estimate:
    """Return the share that is covered, with the wider of Wilson's interval and a bootstrap of groups (patients)."""
    plain = wilson(int(covered.sum()), len(covered))
    alone = [case.group for case in judged]
    if len(set(alone)) == len(alone):
        return plain
    weights = resampled(alone, 0)
    low, high = np.quantile((weights @ covered) / np.maximum(weights.sum(axis=1), 1.0), [0.025, 0.975])
    return Estimate(plain.value, min(plain.low, float(low)), max(plain.high, float(high)), plain.n)


def _settled(
    target: TargetSpec,
    since: Mapping[int, tuple[str, datetime]],
    known: Mapping[int, tuple[float, ...]],
    pool: Mapping[int, Case],
) -> _Settled:
    chosen = [i for i, (label, _) in since.items() if i in known and i in pool and label in target.classes]
    rows = np.asarray([known[i] for i in chosen], dtype=np.float64).reshape(len(chosen), len(target.classes))
    truth = np.asarray([target.classes.index(since[i][0]) for i in chosen], dtype=np.int64)
    judged = Judged(target, tuple(pool[i] for i in chosen), rows, truth)
    return _Settled(judged, tuple(since[i][1] for i in chosen))


def _groups(item: TargetCalibration, judged: Sequence[Case], covered: Booleans) -> tuple[tuple[str, Estimate], ...]:
    """Return coverage in the groups of each attribute with few values, and of what the sets are made within."""
    names = {name for case in judged for name in case.attributes}
    names |= set() if item.set_groups is None else {item.set_groups.attribute}
    rows = []
    for name in sorted(names):
        values = np.asarray([group_of(case.attributes, name) or "" for case in judged])
        groups = sorted(set(values.tolist()) - {""})
        for value in groups if len(groups) <= MOST_GROUPS else ():
            inside = np.flatnonzero(values == value).tolist()
            rows.append((f"{name}={value}", share(covered[inside], [judged[i] for i in inside])))
    return tuple(rows)


def _points(
    item: TargetCalibration, ledger: Judged, covered: Booleans, settled: _Settled
) -> list[tuple[CoveragePoint, float]]:
    """Return coverage in stretches of 50 settled cases, each with the chance of so many misses (1 where not judged)."""
    now, sure = covers(item, settled.judged), settled.judged.probabilities.max(axis=1, initial=0.0)
    effect = design_effect(covered, [case.group for case in ledger.cases])
    strata = _Strata.of(ledger.probabilities.max(axis=1, initial=0.0), covered, effect)
    found = []
    for start in range(0, len(now), POINT):
        part = slice(start, start + POINT)
        if len(now[part]) < FEWEST_SHOWN:
            continue
        alone = [case.group for case in settled.judged.cases[part]]
        expected, chance = strata.held_against(sure[part], now[part], design_effect(now[part], alone))
        moments = settled.moments[part]
        point = CoveragePoint(moments[0], moments[-1], share(now[part], settled.judged.cases[part]), expected)
        found.append((point, chance if len(now[part]) == POINT else 1.0))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Strata:
    """Ledger cases in strata of like probability of the top label: how often each is missed."""

    edges: Array
    counts: tuple[float, ...]
    """Ledger cases, as so many independent ones."""
    misses: tuple[float, ...]

    @classmethod
    def of(cls, sure: Array, covered: Booleans, effect: float) -> "_Strata":
        """Count the ledger's misses; `effect` is the design effect of the ledger."""
        number = max(1, min(MOST_STRATA, len(sure) // FEWEST_IN_STRATUM))
        edges = np.unique(np.quantile(sure, np.arange(1, number) / number)) if len(sure) else np.empty(0)
        place = np.searchsorted(edges, sure, side="right")
        rows = range(len(edges) + 1)
        return cls(
            edges,
            tuple(float((place == row).sum() / effect) for row in rows),
            tuple(float((~covered[place == row]).sum() / effect) for row in rows),
        )

    def held_against(self, sure: Array, covered: Booleans, effect: float) -> tuple[float | None, float]:
        """Return the coverage to expect of cases with these top probabilities, and the chance of so many misses.

        `effect` is the design effect of these cases: they are counted as so many independent ones.
        """
        if not sum(self.counts):
            return None, 1.0
        place = np.bincount(np.searchsorted(self.edges, sure, side="right"), minlength=len(self.counts)).tolist()
        strata = list(zip(place, self.counts, self.misses, strict=True))
        missed = sum(count * (misses + 0.5) / (earlier + 1.0) for count, earlier, misses in strata)
        fewer = [(round(count / effect), earlier, misses) for count, earlier, misses in strata]
        return 1.0 - missed / len(covered), too_many_missed(int((~covered).sum() / effect), fewer)


def _method(item: TargetCalibration) -> str:
    """Return how the sets are made, in words."""
    title = set_rule(item.sets).title
    return title if item.set_groups is None else f"{title} within groups of {item.set_groups.attribute}"


def _alarm(
    version: str,
    item: TargetCalibration,
    ledger: Judged,
    covered: Booleans,
    points: Sequence[tuple[CoveragePoint, float]],
    level: float,
) -> str:
    """Return what is wrong; the looks together raise a false alarm with a chance of at most `level`."""
    if len(covered) and promise(item).broken(float(covered.mean()), independent(ledger, covered)) < LOOKS * level:
        return (
            f"The sets of {version} hold the right answer of {item.target} in {covered.mean():.2f} of {len(covered)} "
            f"cases the model never trained on, {item.coverage:.2f} was promised. {WHAT_TO_DO}"
        )
    late = [p for look, (p, chance) in enumerate(points, 1) if chance < look_level((1 - LOOKS) * level, look)]
    if not late:
        return ""
    last = late[-1]
    return (
        f"Of {last.coverage.n} cases settled from {last.since:%Y-%m-%d} to {last.until:%Y-%m-%d} the sets of {version} "
        f"hold the right answer of {item.target} in {last.coverage.value:.2f}; {last.expected or 0.0:.2f} was to be "
        f"expected of cases on which it is as sure. {WHAT_TO_DO}"
    )
