"""Whether a mark that came with the data fits the case that it is on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.contracts import FieldSpec, NewCase, WorkspaceSpec
from core.errors import BadInput
from core.media import decode_mask, encode_mask
from core.sources.base import SourceRegion
from core.sources.cells import CellError, one_of, unstorable

LONGEST_ARTEFACT = 100
"""Characters that the name of an artefact may have."""


@dataclass(frozen=True, slots=True)
class RegionChecker:
    """Checks marks against fields, sizes of images and lengths of texts."""

    spec: WorkspaceSpec
    cases: Mapping[str, NewCase]
    """Name -> case."""
    sizes: Mapping[tuple[str, str], tuple[int, int]]
    """(case, field) -> width and height of the upright image in pixels."""

    def checked(self, region: SourceRegion) -> SourceRegion:
        """Return the mark as it is stored: a mask as a 1-bit PNG, spans in order.

        Raises
        ------
        CellError
            When there is no such field, the mark is not of the field's kind, has another size than the image, lies
            outside the text, or marks nothing; or when the artefact's name is too long or can't be stored.
        """
        if reason := unstorable(region.artefact or ""):
            raise CellError("artefact", reason)
        if len(" ".join((region.artefact or "").split())) > LONGEST_ARTEFACT:
            raise CellError("artefact", f"has a name of more than {LONGEST_ARTEFACT} characters; shorten it")
        names = tuple(field.name for field in self.spec.fields)
        if not one_of("field", region.field, names, "field"):
            raise CellError("field", f"is empty; wanted one of {', '.join(names)}")
        field = self.spec.field(region.field)
        given = [what for what in ("mask", "names", "spans") if getattr(region, what)]
        if len(given) != 1:
            raise CellError("field", f"a mark is one of mask, names and spans; got {' and '.join(given) or 'none'}")
        if given[0] == "mask":
            return self._mask(region, field)
        return self._names(region, field) if given[0] == "names" else self._spans(region, field)

    def _mask(self, region: SourceRegion, field: FieldSpec) -> SourceRegion:
        size = self.sizes.get((region.case, field.name))
        if field.kind != "image" or size is None:
            raise CellError("mask", f"case {region.case!r} has no image {field.name!r} that a mask could lie on")
        try:
            mask = decode_mask(region.mask or b"", *size, f"the mask on case {region.case!r}")
        except BadInput as error:
            raise CellError("mask", str(error)) from None
        return replace(region, mask=encode_mask(mask))

    def _names(self, region: SourceRegion, field: FieldSpec) -> SourceRegion:
        if field.kind == "image":
            raise CellError("names", f"{field.name!r} is an image, so a mark on it needs a mask")
        if region.names != (field.name,):
            raise CellError("names", f"a mark on {field.name!r} names that field, got {', '.join(region.names)}")
        return region

    def _spans(self, region: SourceRegion, field: FieldSpec) -> SourceRegion:
        if field.kind != "text":
            raise CellError("spans", f"{field.name!r} is {field.kind}, so it has no words that spans could mark")
        case = self.cases[region.case]
        length = len(next((value.text for value in case.fields if value.field == field.name), None) or "")
        wrong = [f"{start}:{end}" for start, end in region.spans if not 0 <= start < end <= length]
        if wrong:
            raise CellError("spans", f"{wrong[0]} lies outside the text, which has {length:,} characters")
        return replace(region, spans=tuple(sorted(region.spans)))
