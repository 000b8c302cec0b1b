"""What every tour expects to see, whoever takes it."""

import re
from dataclasses import dataclass

from tests.helpers.persons import Person
from tests.helpers.stored import Stored
from tests.helpers.workbench import Answer, Workbench

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


def patch_is_marked(stored: Stored, case: str, artefact: str) -> None:
    """Check that the newest verdict's mark lies on the patch: nearly all of it, and little beside it."""
    (mark,) = stored.marks(case)
    patch = stored.patch_pixels(case)
    assert (mark.kind, mark.artefact) == ("ignore", artefact)
    assert mark.pixels.shape == patch.shape
    assert (mark.pixels & patch).sum() >= 0.9 * patch.sum()
    assert (mark.pixels & ~patch).sum() <= 0.25 * patch.sum()


def read_gate(bench: Workbench, artefact: str, candidate: str) -> None:
    """Read the gate report: accuracy, reliance and a line per class, each passed, and passed in all."""
    for line in ("Accuracy", f"Reliance on {artefact}", *(f"Recall of {digit}" for digit in range(10))):
        assert bench.gate_verdict(line) == "pass", line
    bench.says("gate_report", re.compile(r"pass in all"))
    assert candidate in bench.button("promote").inner_text()


def audit_tells(person: Person, reviewed: int, candidate: str) -> None:
    """Read the audit page: each step of the tour is there, and the chain is whole."""
    for kind in STEPS:
        rows = person.audit_rows(kind)
        if kind in ("read", "verdict"):
            assert person.bench.audit_count() >= reviewed, kind
        elif kind in ("version", "gate", "promote"):
            assert any(candidate in row for row in rows), kind
    person.press("audit_verify")
    person.bench.reads(re.compile(r"Verified: all \d+ events hold together"))
