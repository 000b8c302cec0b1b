"""Edits of a case: what its fields may become, and its inputs with the edits done."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Case, Edit, FieldRange, FieldSpec, FieldValue, Fill, PopulationView, WorkspaceSpec
from core.errors import BadInput
from core.media.images import encode_png
from core.media.masks import decode_mask
from core.services.casebook import Casebook, scalar
from core.services.given import Given
from core.services.population import category_words
from core.services.runtime import Runtime
from explain.assessment.imputation import fill_picture

SEED = 0
"""Of painted noise: the same edit gives the same answer."""
STEPS = 100
"""Steps of a slider over a field's range, about; rounded to 1, 2 or 5 of a power of ten."""

WHOLE = 200
"""Widest range of whole numbers that a slider goes through one by one."""


def ranges(spec: WorkspaceSpec, populations: Mapping[str, PopulationView]) -> tuple[FieldRange, ...]:
    """Return what each field may be set to: what the workspace declares, else what training cases reach."""
    found = (_range(item, populations.get(item.name)) for item in spec.fields)
    return tuple(replace(one, sensitive=is_sensitive(item, spec)) for item, one in zip(spec.fields, found, strict=True))


def is_sensitive(item: FieldSpec, spec: WorkspaceSpec) -> bool:
    """Tell whether a field is fed from the same column as a sensitive attribute."""
    return any(one.sensitive and one.source_column == item.source_column for one in spec.attributes)


def whole_numbers(values: Sequence[float]) -> bool:
    """Tell whether all values are whole numbers."""
    return all(float(value).is_integer() for value in values)


def _range(item: FieldSpec, population: PopulationView | None) -> FieldRange:
    if item.kind == "categorical":
        words = tuple((value, category_words(item, value)) for value in item.categories)
        return FieldRange(item.name, categories=words, can_be_missing=not item.required)
    if item.kind != "numeric":
        return FieldRange(item.name, can_be_missing=not item.required)
    edges = population.edges if population else ()
    low = item.minimum if item.minimum is not None else edges[0] if edges else None
    high = item.maximum if item.maximum is not None else edges[-1] if edges else None
    return FieldRange(item.name, low, high, _step(low, high, edges), can_be_missing=not item.required)


def _step(low: float | None, high: float | None, edges: Sequence[float]) -> float | None:
    if low is None or high is None or high <= low:
        return None
    exact = (high - low) / STEPS
    power = 10.0 ** math.floor(math.log10(exact))
    step: float = next(power * size for size in (1, 2, 5, 10) if power * size >= exact * (1 - 1e-9))
    if not whole_numbers((low, high)) or not whole_numbers([edge * 2 for edge in edges]):
        return step
    return 1.0 if high - low <= WHOLE else max(1.0, step)


def inputs_of(case: Case, spec: WorkspaceSpec, casebook: Casebook, runtime: Runtime) -> dict[str, object]:
    """Return a stored case's inputs as they would be given anew: numbers, texts, image files, None where missing."""
    return {item.name: _stored(casebook.value(case, item.name), runtime) for item in spec.fields}


def _stored(value: FieldValue, runtime: Runtime) -> object:
    return runtime.blobs.get(value.blob) if value.blob is not None else scalar(value)


def edited(case: Case, spec: WorkspaceSpec, edits: Sequence[Edit], casebook: Casebook, runtime: Runtime) -> Given:
    """Return the inputs of a case with edits done in order; several on one picture add up.

    Raises
    ------
    BadInput
        When a field does not exist, an edit does not suit its kind or says nothing, or a mask has another size.
    """
    known = {item.name: item for item in spec.fields}
    given = inputs_of(case, spec, casebook, runtime)
    pictures: dict[str, Tensor] = {}
    for edit in edits:
        item = known.get(edit.field)
        if item is None:
            raise BadInput(f"Workspace {spec.name!r} has no field {edit.field!r}. Fields: {', '.join(known)}.")
        if edit.mask is not None:
            pictures[edit.field] = _painted(case, item, edit, pictures.get(edit.field), casebook)
        else:
            given[edit.field] = _value(item, edit)
    return given | {name: encode_png(_pixels(picture)) for name, picture in pictures.items()}


def _value(item: FieldSpec, edit: Edit) -> object:
    if edit.missing:
        return None
    value = edit.number if item.kind == "numeric" else edit.text
    if value is None or item.kind == "image":
        wanted = {"numeric": "a number", "image": "a mask of what is painted over"}.get(item.kind, "a text")
        raise BadInput(f"The edit of {item.name!r} ({item.kind}) needs {wanted}, or 'missing'.")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInput(f"{item.name!r} must be a finite number, got {value}.")
    return value


def _pixels(picture: Tensor) -> NDArray[np.uint8]:
    """Return [H, W] or [H, W, 3] of a picture [C, H, W] in 0..1."""
    pixels: NDArray[np.uint8] = (picture * 255.0).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def _painted(case: Case, item: FieldSpec, edit: Edit, before: Tensor | None, casebook: Casebook) -> Tensor:
    """Return the picture [C, H, W] in 0..1 with the masked part painted over."""
    if item.kind != "image":
        raise BadInput(f"{item.name!r} is {item.kind}, so it can't be painted over.")
    if edit.fill not in get_args(Fill):
        raise BadInput(f"A region is filled with one of {', '.join(get_args(Fill))}, got {edit.fill!r}.")
    if before is None:
        pixels = torch.from_numpy(casebook.pixels(case, item.name).pixels.copy())
        before = pixels.reshape(*pixels.shape[:2], -1).permute(2, 0, 1).float() / 255.0
    mask = decode_mask(edit.mask or b"", before.shape[2], before.shape[1], f"the region on case {case.name!r}")
    return fill_picture(before, torch.from_numpy(mask), edit.fill, SEED)
