"""The `Services` protocol in memory, with small real data, for the pages' tests and for looking at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fake_audit import FakeAudit
from fake_data import ARTEFACT, FIGURES, START, image_field, report, target

from core.contracts import (
    Actor,
    CaseView,
    Decision,
    EvidenceView,
    FeedbackView,
    FieldView,
    GateReport,
    HomeView,
    Job,
    LearningCurve,
    MarkView,
    Prediction,
    Progress,
    QueueRow,
    ReadView,
    RevealView,
    RunOutcome,
    RunPlan,
    RunView,
    SavedVerdict,
    TargetAnswer,
    TargetView,
    Trial,
    VerdictForm,
    VerdictView,
    WorklistView,
)
from core.errors import Conflict, NotFound, Refused

FAIRNESS_JOB = 21
LOCAL = Actor("local", "person", "local")
TOUR = "**A five-minute tour.** A patch in the corner tells the label; the model has learnt it. Open a case."


@dataclass
class State:
    """One workspace in memory."""

    name: str
    targets: tuple[TargetView, ...]
    cases: tuple[str, ...]
    side: int = 28
    fields: tuple[FieldView, ...] = ()
    mode: str = "blinded-first"
    reads: dict[str, tuple[ReadView, ...]] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], list[VerdictView]] = field(default_factory=dict)
    champion: str | None = "v3"
    candidate: str | None = "v4"
    run: RunView | None = None
    report: GateReport | None = None
    back: str | None = "v2"
    decisions: list[Decision] = field(default_factory=list)
    preparing: Progress | None = None
    calls: list[str] = field(default_factory=list)
    forms: list[VerdictForm] = field(default_factory=list)
    new: bool = True
    feedback: FeedbackView | None = None
    curve: LearningCurve = field(default_factory=LearningCurve)
    plans: list[RunPlan | None] = field(default_factory=list)
    outcome: RunOutcome | None = None
    steps: int = 8
    withheld: str = ""
    debrief: str = ""
    trials: tuple[Trial, ...] = ()


def digits_state(name: str = "decoy-digits", cases: int = 27, **more: object) -> State:
    names = tuple(f"d-{i:04d}" for i in range(1, cases + 1))
    return State(name, (target(tuple("0123456789")),), names, **({"report": report()} | more))


class FakeWorkspaces:
    def __init__(self, states: dict[str, State]) -> None:
        self.states = states

    def names(self) -> tuple[str, ...]:
        return tuple(self.states)

    def home(self, workspace: str, *, actor: Actor) -> HomeView:
        s = find(self.states, workspace)
        done = sum(1 for v in s.verdicts.values() if v)
        return HomeView(
            s.name, s.name.replace("-", " ").title(), "Handwritten digits with a planted shortcut.", TOUR, s.new,
            len(s.cases) * 10, waiting(s), done, (s.candidate,) if s.candidate else (), (), s.champion,
            START if s.champion else None, "local" if s.champion else None, FIGURES if s.champion else (), s.preparing,
        )  # fmt: skip


def find(states: dict[str, State], workspace: str) -> State:
    if workspace not in states:
        raise NotFound(f"There is no workspace {workspace!r}.")
    return states[workspace]


def waiting(s: State) -> int:
    return sum(1 for case in s.cases if not any(s.verdicts.get((case, t.name)) for t in s.targets))


class FakeReview:
    def __init__(self, states: dict[str, State]) -> None:
        self.states = states

    def worklist(self, workspace, *, actor, strategy=None, limit=200) -> WorklistView:
        s = find(self.states, workspace)
        rows = tuple(
            QueueRow(
                case,
                i + 1,
                "the model is torn between two answers",
                START + timedelta(minutes=i),
                self._state(s, case),
                0,
            )
            for i, case in enumerate(s.cases)
        )
        return WorklistView(workspace, strategy or "margin", rows, waiting(s), len(s.cases) - waiting(s), len(s.cases))

    def _state(self, s: State, case: str) -> str:
        if any(s.verdicts.get((case, t.name)) for t in s.targets):
            return "done"
        return "read" if s.reads.get(case) else "waiting"

    def next_case(self, workspace, *, actor, after=None):
        s = find(self.states, workspace)
        start = s.cases.index(after) + 1 if after in s.cases else 0
        order = s.cases[start:] + s.cases[:start]
        return next((c for c in order if c != after and self._state(s, c) != "done"), None)

    def open(self, workspace, case, *, actor) -> CaseView:
        s = find(self.states, workspace)
        if case not in s.cases:
            raise NotFound(f"There is no case {case!r} in {workspace}. Open the worklist and choose one.")
        s.calls.append(f"open {case}")
        i = s.cases.index(case)
        verdicts = tuple(s.verdicts[case, t.name][-1] for t in s.targets if s.verdicts.get((case, t.name)))
        fields = s.fields or (image_field(i + 1, s.side),)
        return CaseView(
            workspace, case, i + 1, waiting(s), "the model is torn between two answers", s.mode, fields, s.targets,
            s.reads.get(case, ()), verdicts, None, 0.15, (ARTEFACT,),
        )  # fmt: skip

    def commit_read(self, workspace, case, target, label, confidence, *, actor, seconds=None) -> CaseView:
        s = find(self.states, workspace)
        kept = tuple(r for r in s.reads.get(case, ()) if r.target != target)
        s.reads[case] = (*kept, ReadView(target, label, confidence))
        s.calls.append(f"commit {case} {target} {label} {confidence}")
        return self.open(workspace, case, actor=actor)

    def reveal(self, workspace, case, *, actor) -> RevealView:
        s = find(self.states, workspace)
        if not self.open(workspace, case, actor=actor).read_done:
            raise Refused("The model's answer is shown after your own read. Commit your read first.")
        s.calls.append(f"reveal {case}")
        if s.withheld:
            return RevealView(Prediction("", ()), 0, 0.9, (), withheld=s.withheld)
        answers, methods = tuple(self._answer(t) for t in s.targets), ("integrated_gradients", "saliency")
        return RevealView(Prediction(s.champion or "v3", answers), 400, 0.9, methods, debrief=s.debrief)

    def _answer(self, t: TargetView) -> TargetAnswer:
        classes = tuple(c.value for c in t.choices)
        top = min(3, len(classes) - 1)
        rest = 0.19 / (len(classes) - 1)
        shares = tuple(0.81 if i == top else rest for i in range(len(classes)))
        return TargetAnswer(t.name, classes[top], classes, shares, (classes[top], classes[-1]), False, "")

    def explain(self, workspace, case, target, *, actor, method, label=None) -> EvidenceView:
        s = find(self.states, workspace)
        s.calls.append(f"explain {case} {method}")
        from fake_kinds import evidence_of

        fields = self.open(workspace, case, actor=actor).fields
        items = tuple(evidence_of(field, place, s.side) for place, field in enumerate(fields) if not field.missing)
        return EvidenceView(
            "v3", method, method.replace("_", " ").title(), target, label or "3", items, 0.031, True, True,
            "where a change would change the answer most", "not where the disease is", 0.42, 64, False,
        )  # fmt: skip

    def save_verdict(self, form: VerdictForm, *, actor) -> SavedVerdict:
        s = find(self.states, form.workspace)
        s.forms.append(form)
        now = datetime.now(UTC)
        marks = tuple(MarkView(m.field, m.kind, m.artefact, m.mask, m.names, m.spans) for m in form.marks)
        stance = "unsure" if form.label == "unsure" else "override"
        view = VerdictView(
            form.target, form.label, stance, form.confidence, form.comment, now, form.version, marks, True
        )
        s.verdicts.setdefault((form.case, form.target), []).append(view)
        return SavedVerdict(len(s.forms), now, stance, ())

    def undo(self, workspace, case, target, *, actor) -> CaseView:
        s = find(self.states, workspace)
        kept = s.verdicts.get((case, target))
        if not kept:
            raise Conflict("There is no verdict to undo.")
        kept.pop()
        s.calls.append(f"undo {case} {target}")
        return self.open(workspace, case, actor=actor)

    def prefetch(self, workspace, *, actor, after) -> None:
        find(self.states, workspace).calls.append(f"prefetch {after}")


class FakeServices:
    """All verbs, in memory."""

    def __init__(self, *states: State, ok: bool = True) -> None:
        from fake_adjudication import FakeAdjudication
        from fake_evidence import FakeEvidence
        from fake_fairness import FakeFairness
        from fake_guard import FakeGuard
        from fake_retraining import FakeRetraining
        from fake_robustness import FakeRobustness
        from fake_spread import FakeSpread
        from fake_team import FakeTeam
        from fake_trust import FakeTrust
        from fake_whatif import FakeWhatIf

        kept: Mapping[str, State] = {s.name: s for s in states}
        self.states = dict(kept)
        self.workspaces = FakeWorkspaces(self.states)
        self.review = FakeReview(self.states)
        self.evidence = FakeEvidence(self.states, self.review)
        self.retraining = FakeRetraining(self.states)
        self.audit = FakeAudit(ok)
        self.spread = FakeSpread(self.states)
        self.adjudication = FakeAdjudication(self.states)
        self.team = FakeTeam(self.states)
        self.trust = FakeTrust(self.states)
        self.fairness = FakeFairness(self.states)
        self.guard = FakeGuard(self.states)
        self.robustness = FakeRobustness(self.states)
        self.whatif = FakeWhatIf(self.states, self.review)
        self.default_actor = LOCAL

    @property
    def jobs(self):
        return self

    def get(self, job_id: int) -> Job:
        return self.fairness.step(job_id) if job_id == FAIRNESS_JOB else self.trust.step(job_id)
