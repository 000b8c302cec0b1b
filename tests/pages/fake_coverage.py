"""Coverage of answer sets in memory, with figures made by hand."""

from datetime import UTC, datetime, timedelta

from fake_services import State, find

from core.contracts import CoveragePoint, CoverageView, Estimate
from core.errors import NotFound

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALARM = (
    "Of 50 cases settled from 2026-03-16 to 2026-03-22 the sets of v3 hold the right answer of digit in 0.62; 0.84 was "
    "to be expected of cases on which it is as sure. Look at these cases, then retrain, which calibrates anew; "
    "until then don't rely on sets of one."
)


def around(value: float, half: float, n: int) -> Estimate:
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n)


def point(week: int, value: float, expected: float | None, n: int = 50) -> CoveragePoint:
    since = START + timedelta(weeks=week)
    return CoveragePoint(since, since + timedelta(days=6), around(value, 0.7 / n**0.5, n), expected)


def coverage_view(target: str = "digit", *, alarm: bool = False, settled: bool = True) -> CoverageView:
    points = (
        point(0, 0.9, 0.86),
        point(1, 0.84, 0.85),
        point(2, 0.62 if alarm else 0.88, 0.84),
        point(3, 0.8, 0.9, 10),
    )
    return CoverageView(
        target=target,
        promised=0.9,
        method="least ambiguous sets within groups of view",
        calibration_n=512,
        expected_low=0.86,
        expected_high=0.935,
        ledger=around(0.912, 0.025, 500),
        groups=(
            ("view=AP", around(0.84, 0.05, 180)),
            ("view=PA", around(0.95, 0.02, 312)),
            ("sex=<b>F</b>", around(0.9, 0.2, 8)),
        ),
        over_time=points if settled else (),
        alarm=ALARM if alarm else "",
    )


class FakeCoverage:
    """The sets keep their promise unless a workspace is in `views`."""

    def __init__(self, states: dict[str, State]) -> None:
        self.states = states
        self.views: dict[str, CoverageView] = {}

    def coverage(self, workspace, *, version=None, target=None) -> CoverageView | None:
        state = find(self.states, workspace)
        if state.champion is None and version is None:
            return None
        if target not in (None, *(one.name for one in state.targets)):
            raise NotFound(f"There is no target {target!r}.")
        return self.views.get(workspace, coverage_view(target or state.targets[0].name))
