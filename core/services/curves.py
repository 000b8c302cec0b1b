"""The learning curve of a workspace, from the reports of its gate."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import CurvePoint, Estimate, GateReport, LearningCurve, Run, Version
from core.fairness.intervals import wilson
from core.learning.curve import learning_curve
from core.storage import gates, regions, runs, versions

IMPORTED = "import"
"""What stands for the strategy of a first champion."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """Versions of a workspace with their latest gate reports."""

    stored: dict[str, Version]
    reports: dict[str, GateReport]


def curve_of(tx: Connection, workspace_id: int) -> LearningCurve:
    """Return the curve over the rounds that the gate has measured; the champion of the first is its start."""
    rounds = Rounds(
        {version.name: version for version in versions.list_versions(tx, workspace_id)},
        gates.of_workspace(tx, workspace_id),
    )
    points = [_start(tx, rounds), *(_point(tx, rounds, name, "candidate") for name in rounds.reports)]
    return learning_curve([point for point in points if point is not None])


def _start(tx: Connection, rounds: Rounds) -> CurvePoint | None:
    """Return the first champion, as the first report measured it."""
    first = next(iter(rounds.reports.values()), None)
    if first is None or first.champion in rounds.reports:
        return None
    return _point(tx, rounds, first.champion, "champion", first)


def _point(
    tx: Connection, rounds: Rounds, name: str, side: str, measured: GateReport | None = None
) -> CurvePoint | None:
    version, report = rounds.stored.get(name), measured or rounds.reports.get(name)
    if version is None or report is None:
        return None
    accuracy = _mean(_shares(report, "accuracy", side))
    if accuracy is None:
        return None
    run = runs.get(tx, version.run_id) if version.run_id is not None else None
    return CurvePoint(
        version=name,
        strategy=_strategy(run),
        marks=_marks(tx, run),
        verdicts=len(run.verdict_ids) if run else 0,
        accuracy=accuracy,
        reliance=_mean(_reliance(report, side)),
        created=version.created,
    )


def _strategy(run: Run | None) -> str:
    if run is None or run.kind != "retrain":
        return IMPORTED
    return run.outcome.delivered if run.outcome else run.strategy


def _marks(tx: Connection, run: Run | None) -> int:
    """Return how many marked cases a run learnt from."""
    if run is None or not run.use_regions:
        return 0
    return run.outcome.marks if run.outcome else len({region.case_id for region in regions.of_run(tx, run.id)})


def _reliance(report: GateReport, side: str) -> list[Estimate]:
    """Return the share of answers that inserted content changes, per artefact and target."""
    if report.proof is None:
        return _shares(report, "reliance", side)
    lines = [line for one in report.proof.artefacts for line in one.lines if line.name == "insert"]
    return [line.champion if side == "champion" else line.candidate for line in lines]


def _shares(report: GateReport, check: str, side: str) -> list[Estimate]:
    """Return one side's figure of all lines of a check, with Wilson's interval."""
    own = [line for line in report.checks if line.name.partition("@")[0].partition(":")[0] == check]
    found = [(line.champion if side == "champion" else line.candidate, line.n) for line in own]
    return [wilson(round(value * n), n) for value, n in found if value is not None and n > 0]


def _mean(estimates: Sequence[Estimate]) -> Estimate | None:
    """Return the mean over artefacts or targets; its interval is the mean interval, as for figures that go together."""
    if not estimates:
        return None
    count = len(estimates)

    def mean(values: Iterable[float]) -> float:
        return math.fsum(values) / count

    return Estimate(
        mean(one.value for one in estimates),
        mean(one.low for one in estimates),
        mean(one.high for one in estimates),
        min(one.n for one in estimates),
    )
