"""Reading a DICOM file that nobody vouches for: its tags as text, and the pixels that a person sees."""

import io
import logging
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image, UnidentifiedImageError
from pydicom import Dataset, dcmread
from pydicom.datadict import keyword_for_tag
from pydicom.encaps import get_frame
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset, read_preamble
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import get_expected_length, pixel_array
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, RLELossless

from core.errors import BadInput
from core.media.dicom_window import displayed
from core.media.images import Pixels
from core.media.opening import LIMIT_PIXELS

MAGIC = b"DICM"
MAGIC_AT = 128
"""Byte at which a DICOM file says that it is one."""
LARGEST_INFLATED = 512 * 1024 * 1024
"""Bytes that a deflated file may unpack to."""
_PIXEL_KEYS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_QUOTED = r"'[^']*'|\"[^\"]*\""
_NOT_TEXT = frozenset({"SQ", "OB", "OW", "OF", "OD", "OL", "OV", "UN", "OB or OW"})
_BROKEN = (
    InvalidDicomError,
    BytesLengthException,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    AttributeError,
    OverflowError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its messages hold values of tags
_ONE_AT_A_TIME = threading.Lock()
"""What collects warnings changes the whole process."""


@dataclass(frozen=True, slots=True)
class DicomTags:
    """What a DICOM file says besides its pixels. Names and numbers of people are among it."""

    values: Mapping[str, str]
    """DICOM keyword -> text of its value, several values joined by a backslash; top level, standard tags alone."""
    private: int
    """How many tags are no standard ones."""
    notes: tuple[str, ...]
    """What pydicom found odd, without the values."""


def is_dicom(head: bytes) -> bool:
    """Return whether a file that begins with these bytes (132 at least) says that it is DICOM."""
    return head[MAGIC_AT : MAGIC_AT + len(MAGIC)] == MAGIC


def read_tags(data: bytes, what: str) -> DicomTags:
    """Read the tags of a DICOM file; its pixels are neither looked at nor judged.

    Raises
    ------
    BadInput
        No DICOM, or damaged.
    """
    with _warnings_kept() as caught:
        dataset = _opened(data, what, pixels=False)
        values = MappingProxyType(dict(_texts(dataset)))
    private = sum(1 for tag in dataset.keys() if tag.is_private)  # noqa: SIM118
    return DicomTags(values, private, tuple(dict.fromkeys(map(_without_values, caught))))


def read_pixels(data: bytes, what: str) -> Pixels:
    """Read the picture of a DICOM file of one frame: uint8, grey [H, W] or red, green, blue [H, W, 3].

    Grey values go through the rescale slope and intercept (or the modality table), then through the first window (or
    table) of the file, else from percentile 0.5 to 99.5 onto 0 to 255; MONOCHROME1 is inverted. Palettes, RGB and YBR
    become red, green, blue. Overlays and colour profiles are not drawn.

    Parameters
    ----------
    data : bytes
        The file.
    what : str
        What to call it in a message.

    Raises
    ------
    BadInput
        No DICOM, cut short, no picture, several frames, a declared size above `LIMIT_PIXELS` or other than what is
        there, a transfer syntax that can't be decoded. The size is judged before any pixel is unpacked.

    Source: DICOM PS3.3 C.7.6.3 and C.11, PS3.5.
    """
    with _warnings_kept():
        return _decoded(_opened(data, what, pixels=True), what)


@contextmanager
def _warnings_kept() -> Iterator[list[str]]:
    """Keep warnings from leaking; yield the list that they are in afterwards."""
    texts: list[str] = []
    with _ONE_AT_A_TIME, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield texts
        texts += [str(item.message) for item in caught]


def _opened(data: bytes, what: str, *, pixels: bool) -> Dataset:
    if not is_dicom(data):
        raise BadInput(
            f"{what}: this is no DICOM file: it has no DICM at byte {MAGIC_AT}, got {len(data):,} bytes that start "
            f"with {data[:8]!r}. Export it again as DICOM part 10."
        )
    try:
        _check_inflated(data, what)
        return dcmread(io.BytesIO(data), stop_before_pixels=not pixels)
    except _BROKEN as error:
        raise _damaged(what, error) from None


def _check_inflated(data: bytes, what: str) -> None:
    """Refuse a deflated file that unpacks to more than `LARGEST_INFLATED`, without keeping what is unpacked."""
    file = io.BytesIO(data)
    read_preamble(file, force=False)
    meta = read_dataset(file, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    unpacker, rest, total = zlib.decompressobj(-zlib.MAX_WBITS), file.read(), 0
    while rest and not unpacker.eof:
        total += len(unpacker.decompress(rest, 1 << 20))
        rest = unpacker.unconsumed_tail
        if total > LARGEST_INFLATED:
            raise BadInput(f"{what}: it unpacks to more than {LARGEST_INFLATED:,} bytes. Save it without compression.")


def _decoded(dataset: Dataset, what: str) -> Pixels:
    """Check what the file declares, then decode it."""
    try:
        if not any(key in dataset for key in _PIXEL_KEYS):
            kind = dataset.get("Modality") or "unknown"
            raise BadInput(f"{what}: there is no picture in it (modality {kind}). Give files with pixel data.")
        rows, columns = _size(dataset, what)
        _check_codec(dataset.file_meta.get("TransferSyntaxUID"), what)
        _check_length(dataset, rows, columns, what)
        return displayed(pixel_array(dataset), dataset)
    except _BROKEN as error:
        raise _damaged(what, error) from None


def _size(dataset: Dataset, what: str) -> tuple[int, int]:
    """Return rows and columns of the only frame."""
    rows, columns, frames = (_whole(dataset, key, what) for key in ("Rows", "Columns", "NumberOfFrames"))
    if frames != 1:
        raise BadInput(
            f"{what}: it holds {frames} frames; one picture a file is read. Export the frame that matters as a file "
            "of its own."
        )
    if rows * columns > LIMIT_PIXELS:
        raise BadInput(
            f"{what}: the image is too large. At most {LIMIT_PIXELS:,} pixels are opened, got {columns} x {rows} = "
            f"{rows * columns:,} declared. Scale it down first."
        )
    return rows, columns


def _whole(dataset: Dataset, key: str, what: str) -> int:
    value = dataset.get(key)
    if value is None and key == "NumberOfFrames":
        return 1
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if number < 1:
        got = "nothing" if value is None else repr(str(value))
        raise BadInput(f"{what}: {key} must be a whole number of at least 1, got {got}. Export it again.")
    return number


def _check_codec(syntax: UID | None, what: str) -> None:
    if syntax is None:
        raise BadInput(f"{what}: it does not name its transfer syntax. Export it again as DICOM part 10.")
    try:
        usable = get_decoder(syntax).is_available
    except NotImplementedError:
        usable = False
    if not usable:
        named = f"{syntax.name} ({syntax})" if syntax.name != syntax else str(syntax)
        raise BadInput(
            f"{what}: its transfer syntax {named} can't be decoded here. Save it uncompressed, or as RLE, JPEG "
            "baseline or JPEG 2000."
        )


def _check_length(dataset: Dataset, rows: int, columns: int, what: str) -> None:
    """Refuse pixel data that does not unpack to the declared size, before it is unpacked."""
    if "PixelData" not in dataset:
        return
    syntax, wanted = dataset.file_meta.TransferSyntaxUID, get_expected_length(dataset)
    if not syntax.is_encapsulated:
        got = len(dataset.PixelData)
        if got < wanted:
            raise BadInput(
                f"{what}: it is cut short: {columns} x {rows} pixels need {wanted:,} bytes, got {got:,}. Copy or "
                "export it again."
            )
        return
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    if syntax == RLELossless:
        _check_run_lengths(frame, wanted, what)
        return
    try:
        found = Image.open(io.BytesIO(frame), formats=("JPEG", "JPEG2000")).size
    except UnidentifiedImageError:
        raise BadInput(
            f"{what}: the compressed picture inside can't be decoded here; JPEG of 12 bits can't. Save it uncompressed."
        ) from None
    if found != (columns, rows):
        raise BadInput(
            f"{what}: it declares {columns} x {rows} pixels, the picture inside has {found[0]} x {found[1]}. "
            "Export it again."
        )


def _check_run_lengths(frame: bytes, wanted: int, what: str) -> None:
    """Count what an RLE frame unpacks to (PS3.5 annex G); some writers pad each segment by a byte or so."""
    starts = struct.unpack("<16L", frame[:64])
    ends = [*starts[2 : starts[0] + 1], len(frame)]
    room = wanted + 64 + wanted // 64
    for start, end in zip(starts[1 : starts[0] + 1], ends, strict=True):
        room -= _run_length(frame[start:end], room)
        if room < 0:
            raise BadInput(f"{what}: its RLE data unpacks to more than the {wanted:,} bytes declared. Export it again.")


def _run_length(segment: bytes, most: int) -> int:
    """Return how many bytes a segment unpacks to; counting ends above `most`."""
    total = at = 0
    while at + 1 < len(segment) and total <= most:
        head = segment[at]
        literal = head < 128
        total += head + 1 if literal else 0 if head == 128 else 257 - head
        at += 2 + head if literal else 1 if head == 128 else 2
    return total


def _texts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Yield keyword and text of the standard tags of the top level; one that can't be read counts as empty."""
    for tag in dataset.keys():  # noqa: SIM118
        keyword = "" if tag.is_private else keyword_for_tag(tag)
        if not keyword or keyword in _PIXEL_KEYS:
            continue
        try:
            element = dataset[tag]
            value = element.value
        except _BROKEN:
            yield keyword, ""
            continue
        if element.VR not in _NOT_TEXT:
            several = value if isinstance(value, (list, tuple)) or element.VM > 1 else [value]
            yield keyword, "\\".join("" if item is None else str(item) for item in several).strip()


def _without_values(message: str) -> str:
    """Return a message of pydicom without the values of tags that it quotes."""
    return re.sub(_QUOTED, "'...'", message)


def _damaged(what: str, error: BaseException) -> BadInput:
    if isinstance(error, BadInput):
        return error
    reason = _without_values(" ".join(str(error).split()))[:200] or type(error).__name__
    return BadInput(f"{what}: the DICOM file is damaged or cut short ({reason}). Export it again.")
