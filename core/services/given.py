"""Inputs that are no stored case: checked like rows of a table, kept in memory alone, gone with the request."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from core.contracts import Case, FieldSpec, WorkspaceSpec
from core.errors import BadInput
from core.formats.tables import Embedded
from core.services.casebook import Casebook
from core.services.runtime import Runtime
from core.sources.rows import CellError, parse_row
from core.storage.blobs import BlobStore
from core.storage.columns import now

Given = Mapping[str, object]
"""Field -> number, text, None where it is missing, or an image file: bytes, or base64 as text."""
NAME = "given input"


@dataclass(frozen=True, slots=True)
class GivenCase:
    """A case that exists for one request, and the casebook that can read it."""

    case: Case
    casebook: Casebook
    runtime: Runtime


class GivenBlobs(BlobStore):
    """The stored blobs, and some that are in memory only."""

    def __init__(self, stored: BlobStore, given: Mapping[str, bytes]) -> None:
        super().__init__(stored.root)
        self._given = given

    def get(self, sha: str) -> bytes:
        """Return a given blob, else a stored one."""
        return self._given[sha] if sha in self._given else super().get(sha)


def given_case(runtime: Runtime, spec: WorkspaceSpec, inputs: Given) -> GivenCase:
    """Return `inputs` as a case that is stored nowhere.

    Raises
    ------
    BadInput
        At the first value that can't be used: an unknown field or category, a number out of range or not finite,
        no image, a required field that is missing.
    """
    known = {field.name: field for field in spec.fields}
    unknown = sorted(set(inputs) - set(known))
    if unknown:
        raise BadInput(f"{spec.name} has no field {unknown[0][:40]!r}. Fields: {', '.join(known)}.")
    files = {name: image_bytes(name, value) for name, value in inputs.items() if _is_image(known[name], value)}
    row: dict[str, object] = {spec.split.group: NAME} if spec.split.group else {}
    row |= {known[name].source_column: value for name, value in inputs.items()}
    row |= {known[name].source_column: Embedded("", _reader(data)) for name, data in files.items()}
    try:
        parts = parse_row(spec, row, NAME)
    except CellError as error:
        raise BadInput(f"{error.column}: {error.reason}.") from None
    blobs = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    fields = tuple(replace(v, blob=blobs[v.field], text=None) if v.field in blobs else v for v in parts.fields)
    case = Case(0, NAME, NAME, "pool", fields, {}, "", now())
    stored = replace(runtime, blobs=GivenBlobs(runtime.blobs, {blobs[name]: files[name] for name in files}))
    return GivenCase(case, Casebook(stored), stored)


def image_bytes(field: str, value: object) -> bytes:
    """Return an image file's bytes, which may come as base64 text or as a data URL.

    Raises
    ------
    BadInput
        When it is neither.
    """
    if isinstance(value, bytes):
        return value
    wanted = f"{field!r} is an image: send the file's bytes as base64 text, got"
    if not isinstance(value, str):
        raise BadInput(f"{wanted} {type(value).__name__}.")
    text = value.partition(",")[2] if value.startswith("data:") else value
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(f"{wanted} text that is not base64.") from None


def _is_image(field: FieldSpec, value: object) -> bool:
    return field.kind == "image" and value is not None and value != ""


def _reader(data: bytes) -> Callable[[], bytes]:
    return lambda: data
