"""What `explain.assessment` found, as the contracts tell it."""

from collections.abc import Sequence

from core.contracts import Agreement, Estimate, MethodReport, MethodTest
from explain.assessment.intervals import Estimate as Found
from explain.assessment.report import MethodAgreement, MethodAssessment
from explain.assessment.support import Outcome

Artefacts = tuple[tuple[str, Estimate, Estimate], ...]


def method_report(found: MethodAssessment, marked: Sequence[Outcome], artefacts: Artefacts, cases: int) -> MethodReport:
    """Return what the tests say of a method.

    Parameters
    ----------
    found
        The tests.
    marked
        Tests on marked cases, which take the place of tests of the same name.
    artefacts
        (artefact, share of the map inside, its chance level).
    cases
        How many cases were tried.
    """
    instead = {one.name: one for one in marked}
    tests = tuple(_test(instead.get(one.name, one)) for one in found.tests)
    failed = cases - found.cases
    note = f"It could not explain {failed} of {cases} cases: {found.failures[0]}" if failed and found.failures else ""
    reason = " ".join(part for part in (found.reason, note) if part)
    return MethodReport(found.method, found.title, found.support, reason, tests, figure(found.seconds), artefacts)


def agreement(found: MethodAgreement) -> Agreement:
    """Return how alike the maps of two methods are."""
    return Agreement(found.one, found.other, figure(found.correlation), figure(found.overlap))


def figure(found: Found) -> Estimate:
    """Return a figure with its interval."""
    return Estimate(found.value, found.low, found.high, found.n)


def _test(one: Outcome) -> MethodTest:
    return MethodTest(
        name=one.name,
        title=one.title,
        value=None if one.value is None else figure(one.value),
        limit=one.limit,
        better=one.better,
        chance=None if one.chance is None else figure(one.chance),
        verdict=one.verdict,
        counts=one.counts,
        reason=one.reason,
    )
