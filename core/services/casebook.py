"""Stored cases as prepared examples, pictures and marks."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Case, FieldSpec, FieldValue, MarkKind, ReferenceLabel, Region, WorkspaceSpec
from core.errors import BadInput
from core.learning.agreement import mark_weight
from core.learning.marks import MarkedExamples
from core.media.images import ImagePixels, decode_image
from core.media.masks import decode_mask
from core.models.examples import NO_LABEL, Examples
from core.models.preparation import Geometry, geometry_of, mask_to_input
from core.models.preparers import Value, preparation_key, prepare, preparer
from core.models.preparers.text import read_tokens
from core.services.runtime import Cache, Runtime

Prepared = NDArray[Any]
THREADS = 4
KEPT_INPUTS = 6000
KEPT_MASKS = 1000
References = Mapping[str, Mapping[int, ReferenceLabel]]
KINDS: tuple[MarkKind, ...] = ("ignore", "look_here")
Readers = Mapping[tuple[MarkKind, str], NDArray[np.bool_]]
"""(Kind of mark, reader) -> what the reader marked."""


class Casebook:
    """Reads inputs of cases from blobs and prepares them for networks; keeps what was prepared last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._prepared: Cache[tuple[str, str], Prepared] = Cache(KEPT_INPUTS)
        self._sizes: Cache[str, tuple[int, int]] = Cache(KEPT_INPUTS)
        self._masks: Cache[tuple[str, int, int, str], NDArray[np.bool_]] = Cache(KEPT_MASKS)

    def value(self, case: Case, field: str) -> FieldValue:
        """Return one input of a case; a field that holds nothing when it is missing."""
        return next((value for value in case.fields if value.field == field), FieldValue(field))

    def blob(self, case: Case, field: str) -> str:
        """Return the blob of a case's image.

        Raises
        ------
        BadInput
            When the case has none.
        """
        blob = self.value(case, field).blob
        if blob is None:
            raise _gone(case, field)
        return blob

    def pixels(self, case: Case, field: str) -> ImagePixels:
        """Return the decoded, EXIF-corrected image of a case."""
        data = self._runtime.blobs.get(self.blob(case, field))
        return decode_image(data, f"image {field!r} of case {case.name!r}")

    def size(self, case: Case, field: str) -> tuple[int, int]:
        """Return (height, width) of the EXIF-corrected original."""

        def read() -> tuple[int, int]:
            pixels = self.pixels(case, field)
            return pixels.height, pixels.width

        return self._sizes.get(self.blob(case, field), read)

    def geometry(self, case: Case, field: FieldSpec) -> Geometry:
        """Return where the network's input lies in the original image."""
        return geometry_of(*self.size(case, field.name), field)

    def inputs(self, case: Case, spec: WorkspaceSpec) -> dict[str, Prepared]:
        """Return the prepared inputs of one case by field.

        Raises
        ------
        BadInput
            When a required field is missing, or a value can't be prepared.
        """
        return {field.name: self._input(case, field) for field in spec.fields}

    def _input(self, case: Case, field: FieldSpec) -> Prepared:
        value = self.value(case, field.name)
        if field.required and value == FieldValue(field.name):
            raise _gone(case, field.name)
        if field.kind == "image":
            if value.blob is None:
                return prepare(None, field)
            key = (value.blob, preparation_key(field))
            return self._prepared.get(key, lambda: prepare(self.pixels(case, field.name).pixels, field))
        if field.kind == "text" and value.text is not None:
            text = value.text
            digest = hashlib.sha256(text.encode()).hexdigest()  # an erased text must not stay behind as a key
            return self._prepared.get((digest, preparation_key(field)), lambda: prepare(text, field))
        return prepare(scalar(value), field)

    def examples(self, cases: Sequence[Case], spec: WorkspaceSpec, references: References) -> Examples:
        """Return prepared examples with their reference labels (-1 where there is none)."""
        with ThreadPoolExecutor(THREADS) as pool:
            rows = list(pool.map(lambda case: self.inputs(case, spec), cases))
        inputs = {field.name: _stack([row[field.name] for row in rows], field) for field in spec.fields}
        labels = {
            target.name: torch.tensor(
                [_index(references.get(target.name, {}).get(case.id), target.classes) for case in cases],
                dtype=torch.int64,
            )
            for target in spec.targets
        }
        return Examples(tuple(case.id for case in cases), inputs, labels, tuple(case.group for case in cases))

    def marked(
        self, cases: Mapping[int, Case], regions: Sequence[Region], spec: WorkspaceSpec, references: References
    ) -> MarkedExamples:
        """Return the marked rows: one per case and artefact, the masks of all readers joined.

        Where readers' marks hardly overlap, the row's weight is their mean overlap (`core.learning.agreement`).
        """
        rows: dict[tuple[int, str | None], list[Region]] = {}
        for region in regions:
            rows.setdefault((region.case_id, region.mark.artefact), []).append(region)
        keys = sorted(rows, key=lambda key: (key[0], key[1] or ""))
        drawn = [[self._by_reader(cases[key[0]], field, rows[key]) for field in spec.fields] for key in keys]
        masks = {
            kind: {
                field.name: _stack_masks([_union(row[place], kind, field) for row in drawn], field)
                for place, field in enumerate(spec.fields)
            }
            for kind in KINDS
        }
        examples = self.examples([cases[case_id] for case_id, _ in keys], spec, references)
        return MarkedExamples(
            examples,
            masks["ignore"],
            masks["look_here"],
            artefacts=tuple(artefact for _, artefact in keys),
            kinds={field.name: field.kind for field in spec.fields},
            weights=torch.tensor([_trust(row) for row in drawn], dtype=torch.float32),
        )

    def _by_reader(self, case: Case, field: FieldSpec, regions: Sequence[Region]) -> Readers:
        """Return each reader's marks of a field, by kind and actor, in the network's input."""
        found: dict[tuple[MarkKind, str], NDArray[np.bool_]] = {}
        for region in regions:
            if _concerns(region, field):
                key, mask = (region.mark.kind, region.actor_id), self._marked(case, field, region)
                found[key] = found[key] | mask if key in found else mask
        return found

    def _marked(self, case: Case, field: FieldSpec, region: Region) -> NDArray[np.bool_]:
        if field.kind == "image":
            if not region.mark.mask:
                return np.zeros(mask_shape(field), dtype=bool)
            key = (region.mark.mask, *self.size(case, field.name), preparation_key(field))
            return self._masks.get(key, lambda: self._mask(case, field, str(region.mark.mask)))
        if field.kind == "text":
            return mark_tokens(self.value(case, field.name).text, region.mark.spans, field)
        return np.ones(mask_shape(field), dtype=bool)

    def _mask(self, case: Case, field: FieldSpec, blob: str) -> NDArray[np.bool_]:
        """Return a stored mask in the network's input; cases of one size may share it."""
        height, width = self.size(case, field.name)
        mask = decode_mask(self._runtime.blobs.get(blob), width, height, f"mark on case {case.name!r}")
        return mask_to_input(mask, self.geometry(case, field))[None]


def _gone(case: Case, field: str) -> BadInput:
    return BadInput(f"Case {case.name!r} has no {field!r}: it was erased, or never came. Go on with another case.")


def require_inputs(case: Case) -> None:
    """Refuse a case that holds nothing.

    Raises
    ------
    BadInput
        When nothing is left of it.
    """
    if all(value == FieldValue(value.field) for value in case.fields):
        raise BadInput(f"Nothing is left of case {case.name!r}: it was erased. Go on with another case.")


def scalar(value: FieldValue) -> Value | None:
    """Return the number, category or text of a field, None when it is missing."""
    return value.number if value.number is not None else value.text


def mask_shape(field: FieldSpec) -> tuple[int, ...]:
    """Return the shape of a mark on a field's input: image [1, size, size], number and category [1], text [tokens]."""
    return (1, field.size, field.size) if field.kind == "image" else preparer(field).shape(field)


def mark_tokens(text: str | None, spans: Sequence[tuple[int, int]], field: FieldSpec) -> NDArray[np.bool_]:
    """Return which tokens of a text lie in marked spans of code points, bool [tokens]; one that is touched counts."""
    mask = np.zeros(field.tokens, dtype=bool)
    if text is not None:
        for place, token in enumerate(read_tokens(text, field)):
            mask[place] = any(start < token.end and token.start < end for start, end in spans)
    return mask


def _union(readers: Readers, kind: MarkKind, field: FieldSpec) -> NDArray[np.bool_]:
    """Return what any reader marked."""
    union = np.zeros(mask_shape(field), dtype=bool)
    for (marked, _), mask in readers.items():
        if marked == kind:
            union |= mask
    return union


def _trust(row: Sequence[Readers]) -> float:
    """Return how far a row is trusted: the least over fields and kinds of mark."""
    return min(
        mark_weight([mask for (marked, _), mask in readers.items() if marked == kind])
        for readers in row
        for kind in KINDS
    )


def _concerns(region: Region, field: FieldSpec) -> bool:
    return region.mark.field == field.name or field.name in region.mark.names


def _stack(arrays: Sequence[Prepared], field: FieldSpec) -> Tensor:
    if not arrays:
        return torch.empty(0, *preparer(field).shape(field), dtype=preparer(field).dtype)
    return torch.from_numpy(np.stack(arrays))


def _stack_masks(masks: Sequence[NDArray[np.bool_]], field: FieldSpec) -> Tensor:
    if not masks:
        return torch.zeros((0, *mask_shape(field)), dtype=torch.bool)
    return torch.from_numpy(np.stack(masks))


def _index(reference: ReferenceLabel | None, classes: Sequence[str]) -> int:
    if reference is None or reference.label not in classes:
        return NO_LABEL
    return classes.index(reference.label)
