"""The table of a case's numbers and categories: values, place among the training cases, evidence, marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.contracts import FieldEvidence, FieldView, MarkForm, MarkView, PopulationView
from pages._ui.components import KINDS, came_back, component
from pages._ui.format import number, percent, signed, value_words

KEY = "marked_fields"
"""Session key that holds which fields were marked."""
_component = component(
    "tandem_fields",
    "fields/fields.html",
    ("marking/marking.css", "fields/fields.css"),
    ("marking/marking.js", "fields/fields.js"),
)


def draw_fields(
    fields: tuple[FieldView, ...],
    *,
    opening: str,
    paint: bool,
    evidence: Mapping[str, FieldEvidence] | None = None,
    two_ways: bool = True,
    marks: tuple[MarkView, ...] = (),
    compact: bool = False,
    description: str = "",
) -> None:
    """Draw the table; `paint` lets the person mark its fields, `compact` keeps it small beside other fields."""
    named = {kind: sorted({mark.field for mark in marks if mark.kind == kind and mark.names}) for kind in KINDS}
    _component(
        key=KEY,
        data={
            "opening": opening,
            "paint": paint,
            "title": "Values" if compact else "",
            "rows": [_row(field) for field in fields],
            "pulls": _pulls(fields, evidence, two_ways) if evidence else None,
            "marks": named,
            "compact": compact,
            "description": description,
        },
        on_marks_change=lambda: None,
    )


def marked_field(field: str, opening: str, artefact: str | None) -> tuple[MarkForm, ...] | None:
    """Return how one field of the table was marked in this opening; None when the table was not touched in it."""
    value = came_back(KEY, opening)
    if value is None:
        return None
    return tuple(
        MarkForm(field, kind, artefact if kind == "ignore" else None, names=(field,))
        for kind in KINDS
        if field in value.get(kind, ())
    )


def shown_value(field: FieldView) -> str | None:
    """Return a field's value in words, without its unit; None when it is missing."""
    if field.number is not None:
        return value_words(field.number)
    return (field.words or field.text) if field.text is not None else None


def _row(field: FieldView) -> dict[str, Any]:
    place, title = place_words(field)
    return {
        "name": field.name, "title": field.title, "value": shown_value(field), "unit": field.unit,
        "strip": _strip(field), "place": place, "place_title": title,
    }  # fmt: skip


def place_words(field: FieldView) -> tuple[str, str]:
    """Return where a value lies among the training cases: in few words, and in full."""
    population = field.population
    if population is None:
        return "", ""
    everyone = population.n + population.missing
    without = f"; {population.missing:,} have no value" if population.missing else ""
    basis = f" of {population.n:,} training cases{without}"
    if field.missing:
        share = percent(population.missing, everyone)
        return f"missing in {share}", f"missing in {share} of {everyone:,} training cases"
    if field.kind == "numeric":
        share = percent(population.below, 1) if population.below is not None else "–"
        return f"above {share}", f"above {share}{basis}"
    same = percent(_same(field, population), population.n)
    return f"{same} share it", f"{same}{basis} have this category"


def _same(field: FieldView, population: PopulationView) -> int:
    words = field.words or field.text
    return population.counts[population.categories.index(words)] if words in population.categories else 0


def _strip(field: FieldView) -> dict[str, Any] | None:
    """Return the bars of the population, with the bar or the place of this case."""
    population = field.population
    if population is None or not population.counts:
        return None
    here, needle = None, None
    if field.kind == "categorical":
        words = field.words or field.text
        here = population.categories.index(words) if words in population.categories else None
    elif field.number is not None:
        low, high = population.edges[0], population.edges[-1]
        needle = min(1.0, max(0.0, (field.number - low) / (high - low)))
    return {"counts": list(population.counts), "here": here, "needle": needle}


def _pulls(fields: tuple[FieldView, ...], evidence: Mapping[str, FieldEvidence], two_ways: bool) -> dict[str, Any]:
    """Return each field's pull; bars are as long as the field's share beside the largest of all kinds of field."""
    largest = max((item.share for item in evidence.values()), default=0.0) or 1.0
    return {
        field.name: _pull(evidence[field.name].value or 0.0, evidence[field.name].share / largest, two_ways)
        for field in fields
        if field.name in evidence
    }


def _pull(value: float, size: float, two_ways: bool) -> dict[str, Any]:
    if not two_ways:
        return {
            "value": abs(value), "size": size, "words": number(abs(value)), "title": "how much the answer hangs on it"
        }  # fmt: skip
    way = "for" if value > 0 else "against" if value < 0 else "neither for nor against"
    return {"value": value, "size": size, "words": signed(value), "title": f"pulls {way} the answer"}
