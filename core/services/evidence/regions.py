"""Which part of a case goes: what a person marked, or the hottest part of a map.

A region is a mask for each field that holds something: an image's pixels [size, size] of the network's input, a text's
words [words] (those that the model reads), a table field's [1].
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.contracts import Case, FieldSpec, MarkForm, WorkspaceSpec
from core.errors import BadInput
from core.media.masks import decode_mask
from core.models.preparation import mask_to_input
from core.services.casebook import Casebook
from core.services.caseviews import is_missing
from core.services.evidence.questions import Question
from core.services.evidence.texts import words_of_tokens
from core.services.spans import checked_spans
from explain.assessment.parts import parts_of
from explain.assessment.removal import ranked
from explain.base import Attribution

Mask = NDArray[np.bool_]
HOTTEST = 0.05
"""Share of a case that is its hottest part."""


def blank(case: Case, spec: WorkspaceSpec, casebook: Casebook) -> dict[str, Mask]:
    """Return masks of everything that can go from a case, by field, nothing marked; missing fields have none."""
    held = {item.name: casebook.value(case, item.name) for item in spec.fields}
    return {
        item.name: np.zeros(_shape(item, held[item.name].text), dtype=bool)
        for item in spec.fields
        if not is_missing(held[item.name])
    }


def _shape(item: FieldSpec, text: str | None) -> tuple[int, ...]:
    if item.kind == "image":
        return (item.size, item.size)
    if item.kind == "text":
        return (1 + max(words_of_tokens(text, item)[1]),)
    return (1,)


def marked(forms: Sequence[MarkForm], case: Case, spec: WorkspaceSpec, casebook: Casebook) -> dict[str, Mask]:
    """Return what a person marked.

    Raises
    ------
    BadInput
        When a field does not exist or holds nothing, a mask has another size or is empty, or spans leave the text.
    """
    masks = blank(case, spec, casebook)
    for form in forms:
        for name in form.names or (form.field,):
            item = _field(name, case, spec, masks)
            masks[name] |= _mark(form, item, case, casebook, masks[name].shape)
    if not any(mask.any() for mask in masks.values()):
        raise BadInput("The region holds nothing that the model reads. Mark a part of the input that it sees.")
    return masks


def _field(name: str, case: Case, spec: WorkspaceSpec, masks: Mapping[str, Mask]) -> FieldSpec:
    known = {item.name: item for item in spec.fields}
    if name not in known:
        raise BadInput(f"Workspace {spec.name!r} has no field {name!r}. Fields: {', '.join(known)}.")
    if name not in masks:
        raise BadInput(f"Case {case.name!r} has no {name!r}, so nothing of it can be removed.")
    return known[name]


def _mark(form: MarkForm, item: FieldSpec, case: Case, casebook: Casebook, shape: tuple[int, ...]) -> Mask:
    if item.kind == "image" and form.mask is not None:
        height, width = casebook.size(case, item.name)
        mask = decode_mask(form.mask, width, height, f"the region on case {case.name!r}")
        return mask_to_input(mask, casebook.geometry(case, item))
    if form.mask is not None:
        raise BadInput(f"{item.name!r} is {item.kind}, so a region of it can't be a mask. Name what goes.")
    if item.kind == "text" and form.spans:
        text = casebook.value(case, item.name).text
        return _touched(words_of_tokens(text, item)[0][: shape[0]], checked_spans(form.spans, text, item.name))
    if form.spans:
        raise BadInput(f"{item.name!r} is {item.kind} and has no words. Name the field, or send a mask for a picture.")
    return np.ones(shape, dtype=bool)


def _touched(words: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> Mask:
    return np.array([any(start < last and first < end for start, end in spans) for first, last in words], dtype=bool)


def hottest(
    attribution: Attribution, question: Question, case: Case, spec: WorkspaceSpec, casebook: Casebook
) -> dict[str, Mask]:
    """Return the hottest part of a map: its hottest cells, words and table fields that make a twentieth of the case.

    Every field that holds something is one unit, shared evenly by its parts; the last part may go beyond the twentieth.
    """
    parts = parts_of(question.subject, question.inputs)
    masks = blank(case, spec, casebook)
    weights = np.zeros(parts.count)
    for item, places in zip(spec.fields, parts.places, strict=True):
        own = np.unique(places[places >= 0].numpy())
        weights[own] = 1.0 / max(1, len(own)) if item.name in masks else np.inf
    order = ranked(parts.totals(attribution.values), seed=0).numpy()
    order = order[np.isfinite(weights[order])]
    chosen = np.zeros(parts.count, dtype=bool)
    before = np.cumsum(weights[order]) - weights[order]
    chosen[order[before < HOTTEST * len(masks) - 1e-9]] = True
    for item, places in zip(spec.fields, parts.places, strict=True):
        if item.name in masks:
            masks[item.name] |= _chosen(chosen, places.numpy(), item, casebook.value(case, item.name).text)
    return masks


def _chosen(chosen: Mask, places: NDArray[np.int64], item: FieldSpec, text: str | None) -> Mask:
    """Return the chosen parts of one field as a mask; `places` holds each place's part, -1 for padding."""
    hot: Mask = np.append(chosen, False)[np.atleast_1d(places)]
    if item.kind != "text":
        return hot if item.kind == "image" else np.array([bool(hot.any())])
    words = np.array(words_of_tokens(text, item)[1])
    mask = np.zeros(1 + words.max(), dtype=bool)
    mask[words[hot[: len(words)]]] = True
    return mask
