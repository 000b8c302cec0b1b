"""Concepts: collected by people, measured on the champion."""

import pytest

from core.errors import BadInput, NotFound
from tests.helpers.spotted import MIXED, SIDE, read

pytestmark = pytest.mark.slow

CASE = "m004"


def test_a_concept_is_collected_and_taken_apart(fresh):
    who = {"actor": fresh.default_actor}
    fresh.evidence.collect(MIXED, "  bright   spot ", "m004", **who)
    fresh.evidence.collect(MIXED, "bright spot", "m006", **who)
    fresh.evidence.collect(MIXED, "bright spot", "m003", present=False, **who)
    fresh.evidence.collect(MIXED, "bright spot", "m006", present=None, **who)
    (concept,) = fresh.evidence.concepts(MIXED)
    assert (concept.name, concept.cases, concept.counter_cases) == ("bright spot", ("m004",), ("m003",))
    events = fresh.audit.events(workspace=MIXED, kind="concept")
    assert len(events) == 4
    assert fresh.audit.verify().ok
    assert "bright" not in fresh.audit.export_text()


def test_taking_a_case_out_makes_no_concept(fresh):
    who = {"actor": fresh.default_actor}
    fresh.evidence.collect(MIXED, "bright spot", "m004", **who)
    with pytest.raises(NotFound, match=r"no concept 'bright sport'\. Concepts: bright spot"):
        fresh.evidence.collect(MIXED, "bright sport", "m004", present=None, **who)
    assert [concept.name for concept in fresh.evidence.concepts(MIXED)] == ["bright spot"]
    assert len(fresh.audit.events(workspace=MIXED, kind="concept")) == 1


def test_an_erased_case_is_named_by_no_concept(fresh):
    who = {"actor": fresh.default_actor}
    for name in ("m004", "m006"):
        fresh.evidence.collect(MIXED, "bright spot", name, **who)
    fresh.maintenance.erase(MIXED, "m004", "consent withdrawn", **who)
    (concept,) = fresh.evidence.concepts(MIXED)
    assert concept.cases == ("m006",)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_concept_needs_a_name(shared, name):
    with pytest.raises(BadInput, match="1 to 80"):
        shared.evidence.collect(MIXED, name, CASE, actor=shared.default_actor)


def _collected(container, many):
    """Collect pictures with the spot against pictures without it."""
    for number in range(8, 8 + 2 * many):
        read(container, f"m{number:03d}")
        container.evidence.collect(
            MIXED, "spot", f"m{number:03d}", actor=container.default_actor, present=number % 2 == 0
        )


def test_the_spot_raises_the_answer_above(fresh):
    _collected(fresh, 8)
    told = fresh.evidence.concept_sensitivity(MIXED, "spot", SIDE, "above", actor=fresh.default_actor)
    assert told.score.value == 1.0
    assert told.supported
    assert told.p_value < 0.05
    assert told.accuracy.low > 0.5
    below = fresh.evidence.concept_sensitivity(MIXED, "spot", SIDE, "below", actor=fresh.default_actor)
    assert below.score.value == 0.0


def test_a_concept_of_few_cases_says_how_many_are_missing(fresh):
    _collected(fresh, 3)
    with pytest.raises(BadInput, match="add 2 more"):
        fresh.evidence.concept_sensitivity(MIXED, "spot", SIDE, "above", actor=fresh.default_actor)


def test_unknown_concepts_and_labels_are_not_found(shared):
    with pytest.raises(NotFound, match="none yet"):
        shared.evidence.concept_sensitivity(MIXED, "spot", SIDE, "above", actor=shared.default_actor)
    with pytest.raises(NotFound, match="above, below"):
        shared.evidence.concept_sensitivity(MIXED, "spot", SIDE, "sideways", actor=shared.default_actor)
