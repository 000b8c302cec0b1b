"""The proof of a real run on the tiny workspace: with its control, in the report that is kept."""

import pytest

from tests.helpers.tiny_product import WORKSPACE, corner_mark, names_of, retrain, verdict

pytestmark = pytest.mark.slow


@pytest.fixture
def measured(product):
    """A retraining on eight marked cases, gated."""
    for name in names_of(product, "pool")[:8]:
        verdict(product, name, marks=(corner_mark(),))
    retrain(product, strategy="guided")
    return product


def test_the_report_holds_a_proof_against_the_control(measured):
    report = measured.retraining.view(WORKSPACE).report
    proof = report.proof
    assert proof.has_control
    (artefact,) = proof.artefacts
    assert (artefact.artefact, artefact.target, artefact.marks) == ("corner", "side", 8)
    ledger = len(names_of(measured, "ledger"))
    assert {line.name: line.candidate.n for line in artefact.lines} == {
        "insert": ledger,
        "remove": ledger,
        "swap": ledger,
        "attribution": min(60, ledger),
    }
    assert all(line.control is not None for line in artefact.lines)
    assert {line.name for line in proof.price} >= {"clean accuracy", "accuracy", "calibration error"}
    marks = next(check for check in report.checks if check.name == "marks:corner")
    assert marks.difference == artefact.lines[0].claimed.value
    assert proof.words
    assert proof.seconds < report.seconds


def test_the_gate_knows_what_trained_the_candidate(measured):
    context, _ = measured.retraining.gating._context(WORKSPACE, "v2", None)
    assert context.strategy == "guided"
    assert context.control.version == "control of v2"
    assert len(context.models) == len(context.plain) == 3
