"""Fairness in memory: two groups, a few gaps, and a search along the trade-off that takes six looks."""

from dataclasses import replace
from datetime import UTC, datetime

from fake_data import START
from fake_services import FAIRNESS_JOB, State

from core.contracts import (
    AttributeFairness,
    Estimate,
    FairnessView,
    Gap,
    GroupRate,
    GroupRow,
    Job,
    Progress,
    RunView,
    SliceView,
    TradeOffView,
    TradePoint,
)
from core.errors import Conflict, NotFound
from core.services.fairness.asked import NO_ATTRIBUTE

RATES = (
    "selection_rate", "true_positive_rate", "false_positive_rate", "true_negative_rate", "false_negative_rate",
    "accuracy", "auroc", "calibration_error", "coverage", "deferral",
)  # fmt: skip
LOOKS = 6
FAIR = "loans"
NEEDS = (
    "Needs sex of every case when it answers: each group is decided by a rule of its own. A case without it gets the "
    "ordinary decision."
)
INPUTS = "Answers from the inputs alone: sex was needed while it was trained, not when it answers."


def about(value: float, half: float = 0.05, n: int = 400) -> Estimate:
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n)


def row(group: str, n: int, shift: float, small: bool = False) -> GroupRow:
    rates = tuple(
        GroupRate(name, None if small and name == "auroc" else about(0.5 + shift, n=n), small) for name in RATES
    )
    return GroupRow(group, n, n // 2, small, rates)


def gap(metric: str, title: str, value: float, limit: float | None = None) -> Gap:
    return Gap(metric, title, about(value), about(0.7), 0.002, limit, "M", "F", f"{title} is {value:.2f}.")


def attributes() -> tuple[AttributeFairness, ...]:
    gaps = (
        gap("demographic_parity", "Demographic parity: selection", 0.29),
        gap("equalised_odds", "Equalised odds: the larger gap, here of positives found", 0.23, 0.1),
    )
    groups = (row("M", 210, 0.15), row("F", 190, -0.1), row("<b>x</b>", 6, 0.3, small=True))
    joint = (row("M & old", 120, 0.1), row("F & old", 90, -0.1))
    return (
        AttributeFairness("sex", groups, gaps, "1 group with fewer than 20 cases is left out of the gaps."),
        AttributeFairness("sex & age", joint, gaps[:1], ""),
    )


def points() -> tuple[TradePoint, ...]:
    def point(number, title, limit, accuracy, parity, odds, efficient, words=INPUTS, version=None):
        strategy = "thresholds" if words == NEEDS else "constrained"
        return TradePoint(
            number, strategy, title, limit, about(accuracy, 0.03), about(parity), about(odds), version, efficient, words
        )

    return (
        point(None, "v3, which serves", None, 0.84, 0.29, 0.23, True, "", "v3"),
        point(1, "A rule for each group, after training", None, 0.83, 0.02, 0.25, False, NEEDS),
        point(2, "Weighed by group and label", None, 0.82, 0.10, 0.16, False),
        point(3, "Gap under a limit of 0.05", 0.05, 0.82, 0.05, 0.12, True),
        point(4, "Gap under a limit of 0.02", 0.02, 0.80, 0.03, 0.08, True),
    )


class FakeFairness:
    """The workspace `loans` has a sensitive attribute; the others have none."""

    def __init__(self, states: dict[str, State]) -> None:
        self.states = states
        self.found: dict[str, int] = {}
        self.status: str | None = None
        self.looks = 0
        self.asked: list[tuple[str | None, str | None]] = []
        self.chosen: dict[int, str] = {}

    def view(self, workspace, *, version=None, target=None, positive=None) -> FairnessView:
        s = self.states[workspace]
        if version not in (None, "v2", "v3", "v4"):
            raise NotFound(f"There is no version {version!r}.")
        fair, about_target = workspace == FAIR, s.targets[0]
        classes = tuple(choice.value for choice in about_target.choices)
        name = version or s.champion
        worst = (SliceView("income under 20", about(0.4, 0.1), about(0.1, 0.02), about(0.3, 0.1), 0.003, s.cases[:3]),)
        return FairnessView(
            workspace, name, ("v4", "v3", "v2") if name else (), about_target.name,
            tuple(one.name for one in s.targets), positive or classes[-1], classes, attributes() if fair else (),
            worst if fair else (), (), (), "86 subgroups were looked at.", 400, "" if fair else NO_ATTRIBUTE,
        )  # fmt: skip

    def trade_off(self, workspace, *, target=None, attribute=None, metric=None) -> TradeOffView:
        fair = workspace == FAIR
        shown = tuple(replace(one, version=self.chosen.get(one.id or 0, one.version)) for one in points())
        running = self.status in ("queued", "running")
        return TradeOffView(
            workspace, target or "repaid", "sex" if fair else None, ("sex", "sex & age") if fair else (),
            metric or "equalised_odds", shown[: 1 + self.found.get(workspace, 0)] if fair else (), 400,
            "validation cases: no weights learnt from them.", FAIRNESS_JOB if self.status else None, self.status,
            self._progress() if running else None, None, START if self.status else None, "" if fair else NO_ATTRIBUTE,
        )  # fmt: skip

    def search(self, workspace, *, actor, target=None, attribute=None, metric="equalised_odds") -> TradeOffView:
        self.asked.append((attribute, metric))
        self.status, self.looks, self.found[workspace] = "running", 0, 0
        return self.trade_off(workspace, target=target, attribute=attribute, metric=metric)

    def cancel(self, workspace, *, actor) -> None:
        if self.status != "running":
            raise Conflict("No search along the trade-off is under way.")
        self.status = "cancelled"

    def choose(self, workspace, point, *, actor) -> RunView:
        self.chosen[point] = "v5"
        now = datetime.now(UTC)
        return RunView(31, None, "thresholds", "done", Progress(), "v5", None, now, 0, 0)

    def _progress(self) -> Progress:
        place = self.looks // 2 + 1
        return Progress(f"model {place} of 3", 100 * self.looks // 2, 300, "Gap under a limit: training")

    def step(self, job_id: int) -> Job:
        """Return the search's job after one more look."""
        if self.status == "running":
            self.looks += 1
            self.found[FAIR] = max(self.found.get(FAIR, 0), min(4, self.looks))
            self.status = "done" if self.looks >= LOOKS else "running"
        now = datetime.now(UTC)
        return Job(
            job_id, "tradeoff", FAIR, {}, "local", self.status or "done", 1, False, self._progress(), None, None, now,
            now, None,
        )  # fmt: skip
