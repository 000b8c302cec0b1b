"""The five-minute tour, whoever takes it: what is done in which order, and what must be seen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.helpers.persons import Person
from tests.helpers.stored import Stored
from tests.helpers.workbench import Answer, Workbench

ARTEFACT = "corner patch"
STEPS = ("read", "verdict", "retrain", "version", "gate", "promote", "rollback")
"""Kinds of event that a whole tour leaves behind."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A case that was reviewed, and what was seen of the model then."""

    case: str
    truth: str
    answer: Answer
    heat_ratio: float
    """Heat per pixel on the patch over heat per pixel elsewhere."""

    @property
    def wrong(self) -> bool:
        """Whether the model was wrong."""
        return self.answer.label != self.truth


def review_one(person: Person, stored: Stored, tool: str = "rectangle") -> Seen:
    """Read the case on the screen, commit, ask for evidence, correct, paint over the patch, save."""
    case = person.bench.wait_for_blind()
    truth = stored.truth(case)
    person.commit(truth)
    answer = person.bench.answer()
    person.ask_evidence()
    heat, patch = person.bench.heat_cells(person.toggle_plain, 28), stored.patch_pixels(case)
    person.choose("verdict_label", truth)
    person.paint(*stored.patch(case), tool=tool)
    person.name_artefact(ARTEFACT)
    person.save()
    return Seen(case, truth, answer, float(heat[patch].mean() / max(heat[~patch].mean(), 1e-9)))


def patch_is_marked(stored: Stored, case: str) -> None:
    """Check that the newest verdict's mark lies on the patch: nearly all of it, and little beside it."""
    (mark,) = stored.marks(case)
    patch = stored.patch_pixels(case)
    assert (mark.kind, mark.artefact) == ("ignore", ARTEFACT)
    assert mark.pixels.shape == patch.shape
    assert (mark.pixels & patch).sum() >= 0.9 * patch.sum()
    assert (mark.pixels & ~patch).sum() <= 0.25 * patch.sum()


def retrain(person: Person) -> str:
    """Start a run, watch it live, read the gate report; return the candidate's name."""
    person.press("retrain_start")
    candidate = person.bench.watch_run()
    read_gate(person.bench, candidate)
    return candidate


def read_gate(bench: Workbench, candidate: str) -> None:
    """Read the gate report: accuracy, reliance and a line per class, each passed, and passed in all."""
    for line in ("Accuracy", f"Reliance on {ARTEFACT}", *(f"Recall of {digit}" for digit in range(10))):
        assert bench.gate_verdict(line) == "pass", line
    bench.says("gate_report", re.compile(r"pass in all"))
    assert candidate in bench.button("promote").inner_text()


def promote_and_roll_back(person: Person, seen: Sequence[Seen], candidate: str, champion: str) -> None:
    """Promote: earlier wrong cases are answered right now. Roll back: wrong again."""
    person.decide("promote", "It answers without the corner patch.")
    wrong = [one for one in seen if one.wrong]
    assert wrong, "the champion was wrong about none of the cases"
    right_now = [one for one in wrong if answer_now(person.bench, one.case, candidate) == one.truth]
    assert len(right_now) >= 0.8 * len(wrong)
    person.go("retraining")
    person.decide("rollback", "Only to see the difference.")
    for one in right_now[:2]:
        assert answer_now(person.bench, one.case, champion) == one.answer.label


def answer_now(bench: Workbench, case: str, version: str) -> str:
    """Open an earlier case again; return what the model answers now."""
    bench.open_case(case)
    bench.wait_for_reveal()
    answer = bench.answer()
    assert answer.version == version
    return answer.label


def audit_tells(person: Person, reviewed: int, candidate: str) -> None:
    """Read the audit page: each step of the tour is there, and the chain is whole."""
    person.go("audit")
    for kind in STEPS:
        rows = person.audit_rows(kind)
        if kind in ("read", "verdict"):
            assert person.bench.audit_count() >= reviewed, kind
        elif kind in ("version", "gate", "promote"):
            assert any(candidate in row for row in rows), kind
    person.press("audit_verify")
    person.bench.reads(re.compile(r"Verified: all \d+ events hold together"))
