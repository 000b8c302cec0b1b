"""The lead's verbs in memory: feedback, runs, decisions; and what a retraining page can show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fake_data import ARTEFACT, FIGURES, START, report, thumbnails
from fake_services import State, digits_state, find

from core.contracts import (
    Artefact,
    CurvePoint,
    Decision,
    Estimate,
    FeedbackView,
    GateReport,
    LearningCurve,
    MarkWarning,
    Progress,
    RetrainingView,
    RunOutcome,
    RunPlan,
    RunView,
    StrategyChoice,
    Suspect,
    Trial,
    VersionView,
)
from core.errors import Conflict, Refused
from core.learning.curve import learning_curve

FIXED = "The image is read by a frozen backbone, so gradients can't change what it looks at. Choose counterexamples."
_OFFERED = (
    ("auto", "Automatic", "Tries the strategies that fit in the time and delivers the best.", "search", 6.0, None),
    ("guided", "Guided by marks", "Trains again and keeps the model off what people marked.", "gradient", 2.5, None),
    ("grad_cam", "Last feature map", "Keeps the last feature map off what was marked.", "gradient", 3.0, FIXED),
    ("counterexamples", "Changed copies", "Adds copies whose marked content is replaced.", "examples", 2.0, None),
    ("dfr", "Last layer, balanced", "Retrains the last layer on balanced cases.", "last layer", 0.5, None),
    ("labels", "Labels only", "Retrains on the corrected labels. Marks are not used.", "labels", 1.0, None),
)
STRATEGIES = tuple(StrategyChoice(*one) for one in _OFFERED)


class FakeRetraining:
    def __init__(self, states: dict[str, State]) -> None:
        self.states = states

    def view(self, workspace, *, reader=None) -> RetrainingView:
        s = find(self.states, workspace)
        names = tuple(s.cases[:6])
        feedback = s.feedback or feedback_of(names, sum(1 for v in s.verdicts.values() if v) + 9)
        versions = (
            VersionView("v4", "candidate", START, "v3", FIGURES),
            VersionView("v3", "champion", START, None, FIGURES),
        )
        shown = s.report if s.candidate else None
        changed = thumbnails(("d-0003", "d-0004"), "was right (3), now 8") if shown else ()
        return RetrainingView(
            workspace, s.champion, feedback, self.run(workspace), s.candidate, None, shown, changed, versions,
            tuple(reversed(s.decisions)), s.back, s.curve,
        )  # fmt: skip

    def start(self, workspace, *, actor, strategy=None, use_regions=True, plan=None) -> RunView:
        s = find(self.states, workspace)
        s.plans.append(plan)
        s.calls.append(f"start {strategy}")
        s.run = RunView(
            7,
            7,
            strategy or "guided",
            "running",
            Progress("training", 0, 8),
            None,
            None,
            datetime.now(UTC),
            12,
            9,
            plan or RunPlan(),
        )
        return s.run

    def run(self, workspace) -> RunView | None:
        s = find(self.states, workspace)
        if s.run is not None and s.run.status == "running":
            done = s.run.progress.done + 1
            curve = tuple((i, 2.0 / (i + 1), 0.9 - 0.5 / (i + 1)) for i in range(done))
            status = "done" if done > s.steps else "running"
            progress = Progress(
                "training", min(done, s.steps), s.steps, f"epoch {done} of {s.steps}", curve, 8.0, s.trials
            )
            version = None if status == "running" else s.champion if s.candidate is None else s.candidate
            outcome = s.outcome if status == "done" else None
            s.run = replace(s.run, status=status, version=version, progress=progress, outcome=outcome)
        return s.run

    def cancel(self, workspace, *, actor) -> None:
        s = find(self.states, workspace)
        s.run = replace(s.run, status="cancelled") if s.run else None

    def gate(self, workspace, version, *, actor) -> GateReport:
        return report()

    def decide(
        self, workspace, kind, version, reason, *, actor, override=False, acknowledge=False, expected_champion=None
    ) -> Decision:
        s = find(self.states, workspace)
        if not reason.strip():
            raise Refused("A decision needs a reason. Write one sentence and decide again.")
        if kind == "promote" and s.report and not acknowledge:
            raise Refused("2 checks are not assessable. Acknowledge that, or reject the candidate.")
        if expected_champion != s.champion:
            raise Conflict(f"Somebody decided first: {s.champion} serves now.")
        made = Decision(
            1, workspace, version, s.champion, kind, reason, override, acknowledge, actor.id, datetime.now(UTC)
        )
        s.decisions.append(made)
        if kind == "promote":
            s.back, s.champion, s.candidate = s.champion, version, None
        elif kind == "reject":
            s.candidate = None
        else:
            s.champion, s.back = version, None
        return made


def feedback_of(names: tuple[str, ...], verdicts: int = 9, **more: object) -> FeedbackView:
    pictures = thumbnails(names, "ignore: corner patch")
    values = {"artefacts": (ARTEFACT,), "thumbnails": pictures, "strategies": STRATEGIES, "default_strategy": "guided"}
    return FeedbackView(**{"verdicts": verdicts, "overrides": 7, "marks": 9, "ledger": 1} | values | more)


def warnings_on(cases: tuple[str, ...], artefact: str = "corner patch") -> tuple[MarkWarning, ...]:
    """One of each kind, on these cases."""
    large = (
        f"{len(cases)} of 9 marks of “{artefact}” are about 4.0 times as large as what differs there from other cases; "
        "the rest looks as it does elsewhere. Open them and paint it smaller."
    )
    odd = f"1 of 9 marks of “{artefact}” look unlike the other marks: likeness 0.12, the typical mark has 0.97."
    both = "The same place is to be ignored and to be looked at in 1 case. Open them and take one of the two away."
    return (
        MarkWarning("contradictory", artefact, cases[:1], 0.8, 0.1, both),
        MarkWarning("misplaced", artefact, cases[1:2], 0.12, 0.97, odd),
        MarkWarning("oversized", artefact, cases, 4.0, 2.0, large),
    )


def trial(name: str, title: str, score: float | None, verdict: str, reason: str) -> Trial:
    low, high = (None, None) if score is None else (score - 0.02, score + 0.02)
    return Trial(name, title, score, low, high, 400, 0.0 if score is None else 4.2, verdict, reason)


PARENT = trial("parent", "The champion, v3", 0.412, "tried", "Scored in the same way.")
NOTHING = (
    "None of 3 strategies was better than v3 with swapped content (best: Guided by marks, +.004 [−.010, +.018]). Try "
    "ten more marks, smaller marks, or another strategy; the artefact may also carry real signal."
)


def good_outcome(trials: int = 5) -> RunOutcome:
    """Guided training won; one strategy was stopped, one did not fit in the time."""
    found = [
        trial(
            "guided", "Guided by marks", 0.874, "delivered", "Best on validation, and simpler than what ties with it."
        ),
        trial("counterexamples", "Changed copies", 0.861, "tried", "Within the interval of the best."),
        trial("labels", "Labels only", 0.431, "tried", "Relies on what was marked."),
        trial("rrr", "Input gradients", 0.102, "stopped", "Ordinary cases were answered no better than by chance."),
        trial("dfr", "Last layer, balanced", None, "skipped", "Would have taken 80 s of the 12 s that were left."),
    ]
    more = [trial(f"s{i}", f"{LONG} {i}", 0.5 + i / 100, "tried", "Within the interval.") for i in range(trials - 5)]
    suspects = tuple(Suspect(f"d-{i:04d}", "digit", "8", "3", 0.97) for i in range(1, 4))
    words = "Guided by marks was delivered: .87 with swapped content against .41 of v3."
    return RunOutcome("guided", PARENT, (*found, *more), (), suspects, 25, words)


def empty_outcome() -> RunOutcome:
    """Nothing was better than the champion."""
    found = tuple(replace(one, verdict="tried", score=0.41, low=0.39, high=0.43) for one in good_outcome().trials[:3])
    return RunOutcome("parent", PARENT, found, (), (), 9, NOTHING)


def curve(rounds: int = 4) -> LearningCurve:
    """Rounds with more and more marks."""
    marks, accuracy, reliance = (0, 10, 25, 60, 100, 150), (0.47, 0.81, 0.88, 0.9, 0.9, 0.91), (0.62, 0.2, 0.1, 0.06)
    points = tuple(
        CurvePoint(
            f"v{i + 1}", "guided" if i else "import", marks[i], marks[i], around(accuracy[i]),
            around(reliance[min(i, 3)]), START + timedelta(hours=i),
        )
        for i in range(rounds)
    )  # fmt: skip
    return learning_curve(points)


def around(value: float, half: float = 0.03) -> Estimate:
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), 500)


LONG = "A strategy whose name goes on and on because somebody meant to say everything that it does"
LONG_STRATEGIES = (
    *STRATEGIES,
    *(StrategyChoice(f"s{i}", f"{LONG} {i}", f"{LONG}. " * 3, "examples", 2.0, LONG) for i in range(6)),
)
LONG_CASE = "a-case-name-that-is-as-long-as-some-hospital-makes-it/" + "x" * 60
MANY = Artefact(2, "an artefact with a long name, as people give them when they want to be sure, and <b>odd</b>", 3)


def ended(outcome: RunOutcome, version: str = "v4") -> RunView:
    """A run that was carried out with `auto`."""
    return RunView(
        7, 7, "auto", "done", Progress(), version, None, datetime.now(UTC), 12, 9, RunPlan(budget_seconds=60), outcome
    )


def retraining_states() -> tuple[State, ...]:
    """Workspaces as the retraining page may find them: a good run, one without effect, long names, none, no model."""
    names = tuple(f"d-{i:04d}" for i in range(1, 9))
    long = tuple(f"{LONG_CASE}{i}" for i in range(30))
    warned = feedback_of(names, 25, warnings=warnings_on(names))
    full = feedback_of(
        long, 25, warnings=warnings_on(long, MANY.name), artefacts=(ARTEFACT, MANY), strategies=LONG_STRATEGIES
    )
    return (
        digits_state("good-run", feedback=warned, run=ended(good_outcome()), curve=curve()),
        digits_state(
            "no-effect", report=None, candidate=None, run=ended(empty_outcome(), "v3"), curve=curve(2), feedback=warned
        ),
        digits_state("long-names", feedback=full, run=ended(good_outcome(12)), curve=curve(6)),
        digits_state("no-feedback", feedback=feedback_of((), 0), report=None, candidate=None),
        digits_state("no-champion", feedback=feedback_of(()), report=None, candidate=None, champion=None, back=None),
    )
