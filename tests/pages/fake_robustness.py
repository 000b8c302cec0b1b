"""The robustness verbs in memory, with figures made by hand."""

from dataclasses import replace
from datetime import UTC, datetime

from fake_services import State, find

from core.contracts import AttackLine, CorruptionLine, Estimate, Progress, RobustnessReport, RobustnessView
from core.errors import Conflict

EPSILONS = (2 / 255, 8 / 255, 0.1, 0.3)
ATTACKS = (
    ("fgsm", "Fast gradient sign", 1, (0.07, 0.41, 0.86, 0.93)),
    ("pgd", "Projected gradient", 40, (0.08, 0.47, 0.97, 1.0)),
    ("auto_pgd", "Automatic projected gradient", 40, (0.08, 0.48, 0.98, 1.0)),
)
CORRUPTIONS = (("noise", "Noise", 0.06), ("blur", "Blur", 0.02), ("jpeg", "JPEG", 0.01),
               ("contrast", "Low contrast", 0.09), ("rotation", "Rotation", 0.11))  # fmt: skip
NOTE = "An attack shows what can go wrong; one that fails does not show that nothing can."


def around(value: float, n: int) -> Estimate:
    return Estimate(value, max(0.0, value - 0.08), min(1.0, value + 0.08), n)


def robustness_report(
    workspace: str, version: str, target: str, cases: int = 100, *, broken: bool = False
) -> RobustnessReport:
    attacks = tuple(
        AttackLine(
            name, title, epsilon, steps, around(success, 92), not (broken and name == "pgd"),
            "Broken: the gradient is zero in 92 of 92 cases." if broken and name == "pgd" else "It turns 92 of 92.",
        )
        for name, title, steps, successes in ATTACKS
        for epsilon, success in zip(EPSILONS, successes, strict=True)
    )  # fmt: skip
    corruptions = tuple(
        CorruptionLine(name, title, severity, around(0.92 - fall * severity, cases), around(fall * severity, cases))
        for name, title, fall in CORRUPTIONS
        for severity in range(1, 6)
    )
    smallest = tuple(0.01 + 0.002 * place for place in range(88))
    return RobustnessReport(
        workspace, version, target, datetime.now(UTC), cases, around(0.92, cases), attacks, corruptions, smallest, 4,
        Estimate(0.81, 0.76, 0.86, 180), 42.0, (NOTE,),
    )  # fmt: skip


class FakeRobustness:
    """Reports are made in three looks; each look at a running one is a step."""

    def __init__(self, states: dict[str, State]) -> None:
        self.states = states
        self.reports: dict[tuple[str, str, str], RobustnessReport] = {}
        self.views: dict[str, RobustnessView] = {}
        self.asked: list[tuple[str | None, int]] = []

    def view(self, workspace, *, version=None, target=None) -> RobustnessView:
        s = find(self.states, workspace)
        version, target = version or s.champion, target or s.targets[0].name
        view = self.views.get(workspace, RobustnessView(version, target, None, None, None, None, None))
        if view.status == "running":
            view = self._stepped(workspace, view)
        note = "" if any(field.kind == "image" for field in s.fields) or not s.fields else "There is no image field."
        report = self.reports.get((workspace, version or "", target))
        return replace(view, version=version, target=target, report=report, note=note)

    def _stepped(self, workspace: str, view: RobustnessView) -> RobustnessView:
        done = view.progress.done + 1
        if done >= 3:
            view = replace(view, status="done", progress=None)
            key = (workspace, view.version, view.target)
            self.reports[key] = robustness_report(*key, cases=self.asked[-1][1])
        else:
            view = replace(view, progress=replace(view.progress, done=done))
        self.views[workspace] = view
        return view

    def start(self, workspace, *, actor, version=None, target=None, cases=100) -> RobustnessView:
        self.asked.append((version, cases))
        left = Progress("attack: Projected gradient", 0, 3, "case 1 of 3", seconds_left=20.0)
        self.views[workspace] = RobustnessView(version, target, None, 12, "running", left, None)
        return self.views[workspace]

    def cancel(self, workspace, *, actor) -> None:
        if workspace not in self.views:
            raise Conflict("No robustness report is under way.")
        self.views[workspace] = replace(self.views[workspace], status="cancelled", progress=None)
