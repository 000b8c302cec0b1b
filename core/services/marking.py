"""Marks as a person sends them, checked and stored: a mask for an image, names for a table, spans for a text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contracts import Case, FieldSpec, MarkForm, MarkKind, NewRegion, WorkspaceSpec
from core.errors import BadInput
from core.media.masks import decode_mask, encode_mask, share
from core.services.casebook import Casebook
from core.services.spans import checked_spans, share_of_words
from core.services.wording import require_storable
from core.sources.regions import LONGEST_ARTEFACT
from core.storage.blobs import BlobStore

BoolMask = NDArray[np.bool_]
DEFAULT_ARTEFACT = "unnamed artefact"


@dataclass(frozen=True, slots=True)
class Marks:
    """Checked marks with their blobs stored, and what to say about them."""

    regions: tuple[NewRegion, ...]
    notes: tuple[str, ...]


def checked_marks(
    forms: Sequence[MarkForm], case: Case, spec: WorkspaceSpec, casebook: Casebook, blobs: BlobStore
) -> Marks:
    """Check the marks of one verdict and store their masks.

    Raises
    ------
    BadInput
        When the field does not exist, or a mark is empty, of another size, or not of the field's kind.
    """
    regions, notes = [], []
    for form in forms:
        region, covered = _region(form, _field(spec, form.field), case, casebook, blobs)
        regions.append(region)
        if covered > spec.reading.mark_warning:
            notes.append(
                f"The mark covers {covered:.0%} of the input. Marks that are too large teach the wrong thing: "
                "keep to what the model should not use."
            )
    return Marks(tuple(regions), tuple(notes))


def _field(spec: WorkspaceSpec, name: str) -> FieldSpec:
    for field in spec.fields:
        if field.name == name:
            return field
    known = ", ".join(field.name for field in spec.fields)
    raise BadInput(f"Workspace {spec.name!r} has no field {name!r} to mark. Fields: {known}.")


def _region(
    form: MarkForm, field: FieldSpec, case: Case, casebook: Casebook, blobs: BlobStore
) -> tuple[NewRegion, float]:
    """Return a checked mark and the share of the field that it covers."""
    artefact = artefact_name(form.kind, form.artefact)
    if form.mask is None and not form.names and not form.spans:
        raise BadInput("A mark is empty: mark something, or leave the mark out.")
    if field.kind == "image":
        mask = _mask(form, case, casebook)
        return NewRegion(form.field, form.kind, artefact, mask=blobs.put(encode_mask(mask))), share(mask)
    if form.mask is not None:
        raise BadInput(
            f"{field.name!r} is {field.kind}, so a mark on it can't be a mask. Name what should not be used."
        )
    if field.kind == "text":
        text = casebook.value(case, field.name).text
        spans = checked_spans(form.spans or ((0, len(text or "")),), text, field.name)
        return NewRegion(form.field, form.kind, artefact, spans=spans), share_of_words(spans, text or "")
    if form.spans or any(name != field.name for name in form.names):
        raise BadInput(
            f"{field.name!r} is {field.kind}: a mark on it is the field itself, so name {field.name!r} alone."
        )
    return NewRegion(form.field, form.kind, artefact, names=(field.name,)), 0.0


def _mask(form: MarkForm, case: Case, casebook: Casebook) -> BoolMask:
    if form.mask is None:
        raise BadInput(f"{form.field!r} is an image, so a mark on it needs a mask: a PNG of the image's size.")
    height, width = casebook.size(case, form.field)
    return decode_mask(form.mask, width, height, f"the mark on case {case.name!r}")


def artefact_name(kind: MarkKind, given: str | None) -> str | None:
    """Return the name of the artefact that an *ignore* mark belongs to; unnamed ones share a name.

    Raises
    ------
    BadInput
        When the name is too long, or can't be stored.
    """
    if kind != "ignore":
        return None
    name = " ".join((given or DEFAULT_ARTEFACT).split())
    require_storable("The artefact's name", name)
    if len(name) > LONGEST_ARTEFACT:
        raise BadInput(f"The artefact's name has {len(name)} characters, at most {LONGEST_ARTEFACT} fit. Shorten it.")
    return name or DEFAULT_ARTEFACT
