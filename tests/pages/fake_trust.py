"""The trust verbs in memory, with figures made by hand."""

from dataclasses import replace
from datetime import UTC, datetime

from fake_data import FIGURES
from fake_services import State, find

from core.contracts import (
    Agreement,
    CalibrationBin,
    CalibrationView,
    ConfusionView,
    ErrorNode,
    Estimate,
    Job,
    MethodReport,
    MethodTest,
    Progress,
    QualityReport,
    ReportRun,
    SliceView,
    TrustView,
)
from core.errors import NotFound

METHODS = (
    ("integrated_gradients", "Integrated gradients"),
    ("grad_cam", "Grad-CAM"),
    ("shapley_sampling", "Shapley value sampling"),
    ("guided_backprop", "Guided backpropagation"),
    ("random_map", "Random map"),
)
TESTS = (
    ("deletion_random", "Deletion against random", 0.0, "higher", True, (0.21, 0.17, 0.12, 0.09, 0.00)),
    ("insertion_random", "Insertion against random", 0.0, "higher", True, (0.18, 0.2, 0.1, 0.02, -0.01)),
    ("deletion_edge", "Deletion against an edge map", 0.0, "higher", False, (0.11, 0.05, 0.02, -0.03, -0.07)),
    ("randomisation", "Weight randomisation", 0.3, "lower", True, (0.08, 0.04, 0.11, 0.86, 0.01)),
    ("class_sensitivity", "Class sensitivity", 0.9, "lower", False, (0.3, 0.2, 0.25, 0.95, 0.02)),
    ("repeatability", "Repeatability", 0.9, "higher", True, (1.0, 1.0, 0.93, 1.0, 0.01)),
    ("pointing", "Pointing game", None, "higher", False, (0.61, 0.55, 0.5, 0.3, 0.18)),
)
REASONS = (
    "",
    "",
    "",
    "its map hardly changes when the model's weights are drawn anew, so it does not show what the model learnt",
    "removing what it marks hurts no more than removing random parts; two runs give different maps",
)


CALIBRATED = CalibrationView(
    "temperature scaling (one number for all labels)",
    150,
    Estimate(0.121, 0.09, 0.15, 150),
    Estimate(0.031, 0.02, 0.06, 150),
    ("isotonic regression needs 200 calibration cases and there are 150: temperature scaling was used",),
)


def around(value: float, half: float, n: int) -> Estimate:
    return Estimate(value, value - half, value + half, n)


def one_test(name, title, limit, better, counts, value, n) -> MethodTest:
    figure = Estimate(value, value - 0.06, value + 0.06, n)
    chance = Estimate(0.17, 0.12, 0.22, n) if name == "pointing" else None
    if limit is None:
        verdict = "pass" if figure.low > 0.17 else "not assessable"
    elif better == "higher":
        verdict = "pass" if figure.low > limit - 0.001 or value == 1.0 else "fail"
    else:
        verdict = "pass" if figure.high < limit else "fail"
    return MethodTest(name, title, figure, limit, better, chance, verdict, counts, "the interval lies on that side")


def quality_report(workspace: str, version: str, target: str, cases: int = 40) -> QualityReport:
    methods = tuple(
        MethodReport(
            name, title, "not supported" if REASONS[place] else "supported", REASONS[place],
            tuple(one_test(*test[:5], test[5][place], cases) for test in TESTS), Estimate(0.2 + place, 0.1, 0.9, cases),
            (("corner patch", Estimate(0.5 - 0.1 * place, 0.3 - 0.1 * place, 0.6 - 0.1 * place, cases),
              Estimate(0.04, 0.03, 0.05, cases)),),
        )
        for place, (name, title) in enumerate(METHODS)
    )  # fmt: skip
    agreement = tuple(
        Agreement(one, other, around(0.8 - 0.3 * j, 0.2, cases), around(0.3, 0.1, cases))
        for i, (one, _) in enumerate(METHODS)
        for j, (other, _) in enumerate(METHODS[i + 1 :])
    )  # fmt: skip
    skipped = (("deep_lift", "its attributions do not add up on this model"),)
    return QualityReport(workspace, version, target, datetime.now(UTC), cases, methods, agreement, 184.0, skipped)


def bins() -> tuple[CalibrationBin, ...]:
    rows = (
        (0.3, 0.5, 0.42, 0.3, 12),
        (0.5, 0.7, 0.61, 0.52, 60),
        (0.7, 0.9, 0.82, 0.7, 140),
        (0.9, 1, 0.96, 0.91, 288),
    )
    return tuple(
        CalibrationBin(a, b, m, Estimate(r, r - 2 / n**0.5 / 2, min(1, r + 1 / n**0.5), n)) for a, b, m, r, n in rows
    )


def confusion(classes: tuple[str, ...]) -> ConfusionView:
    size = len(classes)
    counts = tuple(
        tuple(
            40 if i == j else (9 if (i * 7 + 3) % size == j else (i * j) % 3 if size < 20 else 0) for j in range(size)
        )
        for i in range(size)
    )
    recall = tuple(Estimate(0.7, 0.6, 0.8, sum(row)) if i else None for i, row in enumerate(counts))
    return ConfusionView(classes, counts, recall)


def slices(cases: tuple[str, ...]) -> tuple[SliceView, ...]:
    words = ("patch shade is 160 and digit is 8", "age over 61 and <b>sex</b> is **F**")
    return tuple(
        SliceView(
            text, Estimate(0.62 - 0.2 * i, 0.5 - 0.2 * i, 0.71 - 0.2 * i, 48), Estimate(0.31, 0.27, 0.35, 452),
            Estimate(0.31 - 0.2 * i, 0.2 - 0.2 * i, 0.41 - 0.2 * i, 500), 0.003 + i * 0.03, cases[:5],
        )
        for i, text in enumerate(words)
    )  # fmt: skip


def tree() -> tuple[ErrorNode, ...]:
    rows = (
        (0, None, "all cases", 500, 160),
        (1, 0, "patch shade over 128", 250, 130),
        (2, 0, "patch shade up to 128", 250, 30),
        (3, 1, "digit is one of 3, 8, 9", 90, 72),
        (4, 1, "digit is another", 160, 58),
        (5, 2, "<i>stroke</i> is thin", 50, 20),
        (6, 2, "stroke is not thin", 200, 10),
    )
    return tuple(
        ErrorNode(number, parent, words, n, wrong, Estimate(wrong / n, wrong / n - 0.05, wrong / n + 0.05, n))
        for number, parent, words, n, wrong in rows
    )


class FakeTrust:
    """Reports are made in eight looks; each look at a running one is a step."""

    def __init__(self, states: dict[str, State]) -> None:
        self.states = states
        self.reports: dict[tuple[str, str, str], QualityReport] = {}
        self.runs: dict[str, ReportRun] = {}
        self.asked: list[tuple[str, tuple[str, ...], int]] = []

    def view(self, workspace, *, version=None, target=None) -> TrustView:
        s = find(self.states, workspace)
        targets = tuple(one.name for one in s.targets)
        if version not in (None, "v3", "v4") or target not in (None, *targets):
            raise NotFound(f"There is no version {version!r} with a target {target!r} in {workspace}.")
        version, target = version or s.champion, target or targets[0]
        known = tuple(one for one in (s.champion, s.candidate) if one)
        classes = next(tuple(choice.words for choice in one.choices) for one in s.targets if one.name == target)
        empty = version is None
        return TrustView(
            workspace, version, known, target, targets, () if empty else FIGURES,
            self.reports.get((workspace, version, target)), self.runs.get(workspace), () if empty else bins(),
            None if empty else Estimate(0.0457, 0.031, 0.062, 500), None if empty else confusion(classes),
            () if empty else slices(s.cases), "nothing was scored yet" if empty else "86 subgroups were looked at",
            () if empty else tree(), METHODS, 500 if not empty else 0, None if empty else CALIBRATED,
        )  # fmt: skip

    def start_report(self, workspace, *, actor, version=None, target=None, methods=(), cases=40) -> ReportRun:
        self.asked.append((version, methods, cases))
        left = Progress("integrated gradients", 1, 8, "case 4 of 40", seconds_left=150.0)
        self.runs[workspace] = ReportRun(11, "running", left, None)
        self.made = (workspace, version, target or self.states[workspace].targets[0].name, cases)
        return self.runs[workspace]

    def step(self, job_id: int) -> Job:
        """Return the job of the running report after one more step."""
        for workspace, run in self.runs.items():
            if run.job_id == job_id:
                run = self._stepped(workspace, run)
                now = datetime.now(UTC)
                return Job(
                    11, "quality", workspace, {}, "local", run.status, 1, False, run.progress, None, run.error,
                    now, now, None,
                )  # fmt: skip
        raise NotFound(f"There is no job {job_id}.")

    def _stepped(self, workspace: str, run: ReportRun) -> ReportRun:
        if run.status == "running":
            done = run.progress.done + 1
            status = "done" if done >= 8 else "running"
            run = replace(run, status=status, progress=replace(run.progress, done=done, seconds_left=8.0 - done))
            self.runs[workspace] = run
            if status == "done":
                where, version, target, cases = self.made
                self.reports[where, version, target] = quality_report(where, version, target, cases)
        return run

    def cancel_report(self, workspace, *, actor) -> None:
        self.runs[workspace] = replace(self.runs[workspace], status="cancelled")
