"""Stored cases as prepared examples, pictures and marks."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Case, FieldSpec, FieldValue, ReferenceLabel, Region, WorkspaceSpec
from core.errors import BadInput
from core.learning.marks import MarkedExamples
from core.media.images import ImagePixels, decode_image
from core.media.masks import decode_mask
from core.models.examples import NO_LABEL, Examples
from core.models.preparation import Geometry, geometry_of, mask_to_input, preparation_key, prepare_image
from core.services.runtime import Cache, Runtime

Prepared = NDArray[np.uint8]
THREADS = 4
KEPT_INPUTS = 6000
References = Mapping[str, Mapping[int, ReferenceLabel]]


class Casebook:
    """Reads inputs of cases from blobs and prepares them for networks; keeps what was prepared last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._prepared: Cache[tuple[str, str], Prepared] = Cache(KEPT_INPUTS)
        self._sizes: Cache[str, tuple[int, int]] = Cache(KEPT_INPUTS)

    def value(self, case: Case, field: str) -> FieldValue:
        """Return one input of a case; a missing one raises `BadInput`."""
        for value in case.fields:
            if value.field == field and value.blob is not None:
                return value
        raise BadInput(f"Case {case.name!r} has no {field!r}: it was erased, or never came. Go on with another case.")

    def pixels(self, case: Case, field: str) -> ImagePixels:
        """Return the decoded, EXIF-corrected image of a case."""
        blob = self.value(case, field).blob or ""
        return decode_image(self._runtime.blobs.get(blob), f"image {field!r} of case {case.name!r}")

    def size(self, case: Case, field: str) -> tuple[int, int]:
        """Return (height, width) of the EXIF-corrected original."""

        def read() -> tuple[int, int]:
            pixels = self.pixels(case, field)
            return pixels.height, pixels.width

        return self._sizes.get(self.value(case, field).blob or "", read)

    def geometry(self, case: Case, field: FieldSpec) -> Geometry:
        """Return where the network's input lies in the original image."""
        return geometry_of(*self.size(case, field.name), field)

    def inputs(self, case: Case, spec: WorkspaceSpec) -> dict[str, Prepared]:
        """Return the prepared inputs of one case by field, uint8."""
        return {field.name: self._input(case, field) for field in spec.fields}

    def _input(self, case: Case, field: FieldSpec) -> Prepared:
        blob = self.value(case, field.name).blob or ""
        return self._prepared.get(
            (blob, preparation_key(field)), lambda: prepare_image(self.pixels(case, field.name).pixels, field)
        )

    def examples(self, cases: Sequence[Case], spec: WorkspaceSpec, references: References) -> Examples:
        """Return prepared examples with their reference labels (-1 where there is none)."""
        with ThreadPoolExecutor(THREADS) as pool:
            rows = list(pool.map(lambda case: self.inputs(case, spec), cases))
        inputs = {field.name: _stack([row[field.name] for row in rows]) for field in spec.fields}
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
        """Return the marked rows: one per case and artefact, the masks of all readers joined."""
        rows: dict[tuple[int, str | None], list[Region]] = {}
        for region in regions:
            rows.setdefault((region.case_id, region.mark.artefact), []).append(region)
        keys = sorted(rows, key=lambda key: (key[0], key[1] or ""))
        chosen = [cases[case_id] for case_id, _ in keys]
        masks = {
            kind: {
                field.name: _stack_masks([self._mask(cases[key[0]], field, rows[key], kind) for key in keys], field)
                for field in spec.fields
            }
            for kind in ("ignore", "look_here")
        }
        examples = self.examples(chosen, spec, references)
        return MarkedExamples(examples, masks["ignore"], masks["look_here"], tuple(artefact for _, artefact in keys))

    def _mask(self, case: Case, field: FieldSpec, regions: Sequence[Region], kind: str) -> NDArray[np.bool_]:
        """Return the union of the marks of one kind, in the network's input."""
        union = np.zeros((field.size, field.size), dtype=bool)
        for region in regions:
            if region.mark.field == field.name and region.mark.kind == kind and region.mark.mask:
                height, width = self.size(case, field.name)
                png = self._runtime.blobs.get(region.mark.mask)
                mask = decode_mask(png, width, height, f"mark on case {case.name!r}")
                union |= mask_to_input(mask, self.geometry(case, field))
        return union


def _stack(arrays: Sequence[Prepared]) -> Tensor:
    return torch.from_numpy(np.stack(arrays)) if arrays else torch.empty(0, dtype=torch.uint8)


def _stack_masks(masks: Sequence[NDArray[np.bool_]], field: FieldSpec) -> Tensor:
    """Stack masks [S, S] to [rows, 1, S, S] so that they broadcast over channels."""
    if not masks:
        return torch.zeros((0, 1, field.size, field.size), dtype=torch.bool)
    return torch.from_numpy(np.stack(masks))[:, None]


def _index(reference: ReferenceLabel | None, classes: Sequence[str]) -> int:
    if reference is None or reference.label not in classes:
        return NO_LABEL
    return classes.index(reference.label)
