"""Attributions as people see them: pixels of the original, table fields, words; each with what is hot, in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Case, FieldEvidence, FieldSpec
from core.media.heat import heat_png
from core.models.preparation import Geometry, map_to_original
from core.services.casebook import Casebook
from core.services.evidence.texts import WordValues, word_values
from core.services.evidence.wording import words_of_map, words_of_number, words_of_text
from explain.base import Attribution
from explain.quality import field_shares

Map = NDArray[np.float32] | float | WordValues
"""An image's pixels, a number's or category's one value, a text's words."""
Maps = Mapping[str, Map]
Z95 = 1.96
"""Standard errors on each side of a 95 % interval."""


def maps_of(
    casebook: Casebook,
    case: Case,
    fields: Sequence[FieldSpec],
    values: Sequence[Tensor],
    shrink: Callable[[Geometry], Geometry] = lambda place: place,
) -> dict[str, Map]:
    """Carry attributions back to what people see: pixels of the original, table fields, words of the stored text.

    Parameters
    ----------
    casebook, case, fields
        The case and how it was prepared.
    values
        Attributions of each field's input.
    shrink
        Makes the place of a picture smaller, for maps that need not have every pixel of the original.
    """
    return {item.name: _map(casebook, case, item, value, shrink) for item, value in zip(fields, values, strict=True)}


def _map(
    casebook: Casebook, case: Case, field: FieldSpec, values: Tensor, shrink: Callable[[Geometry], Geometry]
) -> Map:
    stored = casebook.value(case, field.name)
    if field.kind == "image":
        if stored.blob is None:
            return np.zeros((0, 0), dtype=np.float32)
        return map_to_original(values.sum(dim=0), shrink(casebook.geometry(case, field)))
    if field.kind == "text":
        return word_values(stored.text, values.sum(dim=1), field)
    return float(values.sum())


def drawn_fields(
    fields: Sequence[FieldSpec], maps: Maps, texts: Mapping[str, str | None], attribution: Attribution
) -> tuple[FieldEvidence, ...]:
    """Return every field's evidence, ready to draw, with its share, its sum and the sum's interval."""
    shares = field_shares(attribution.values)
    drawn = []
    for place, item in enumerate(fields):
        total = float(attribution.values[place].double().sum())
        spread = None if attribution.standard_errors is None else Z95 * attribution.standard_errors[place]
        drawn.append(
            drawn_field(
                item,
                maps[item.name],
                texts.get(item.name),
                signed=attribution.signed,
                share=shares[place],
                total=total,
                low=None if spread is None else total - spread,
                high=None if spread is None else total + spread,
            )
        )
    return tuple(drawn)


def drawn_field(
    field: FieldSpec,
    values: Map,
    text: str | None,
    *,
    signed: bool,
    share: float,
    total: float,
    low: float | None = None,
    high: float | None = None,
    scale: float | None = None,
) -> FieldEvidence:
    """Return one field's evidence; `scale` is the strength that full colour stands for, the map's own by default."""
    empty = FieldEvidence(field.name, field.kind, share=share, total=total, low=low, high=high)
    if isinstance(values, float):
        words = words_of_number(field.title or field.name, values, share, signed)
        return replace(empty, value=values, words=words)
    if isinstance(values, tuple):
        return replace(empty, spans=values, words=words_of_text(text or "", values, signed))
    heat = heat_png(values, signed, scale) if values.size else None
    return replace(empty, heat=heat, words=words_of_map(values, signed))
