"""Parts of an image as Label Studio writes them: brush strokes as bits, shapes in percent of the image."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.formats.coco_shapes import ShapeError, shape_mask

Mask = NDArray[np.bool_]
"""bool [height, width]; True is marked."""
CHANNELS = 4
"""A brush is kept as red, green, blue and alpha of each pixel; alpha says what was painted."""
RUN_BITS = (3, 4, 8, 16)
"""How many bits say how long a run is; each run chooses one of the four."""
WORD_BITS = 8
LONGEST_RUN = 2 ** RUN_BITS[-1]


class _Bits:
    """Reads whole numbers of some bits each, the highest bit first."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, count: int) -> int:
        first, last = self.at // 8, (self.at + count + 7) // 8
        if last > len(self.data):
            raise ValueError("the brush ends early")
        self.at += count
        whole = int.from_bytes(self.data[first:last], "big")
        return (whole >> (8 * last - self.at)) & ((1 << count) - 1)

    def words(self, count: int, size: int) -> NDArray[np.uint8]:
        """Read `count` numbers of `size` bits (at most 8) at once."""
        first, last = self.at // 8, (self.at + count * size + 7) // 8
        if last > len(self.data):
            raise ValueError("the brush ends early")
        bits = np.unpackbits(np.frombuffer(self.data[first:last], np.uint8))[self.at % 8 :][: count * size]
        self.at += count * size
        weights = (1 << np.arange(size - 1, -1, -1)).astype(np.uint8)
        return np.asarray((bits.reshape(count, size) * weights).sum(axis=1), dtype=np.uint8)


def brush_mask(rle: Sequence[int], width: int, height: int) -> Mask:
    """Return what a brush painted: the pixels whose alpha is above 0.

    Layout: 32 bits count of values, 5 bits word size - 1, four times 4 bits run sizes - 1; then runs: 1 bit (1 for a
    run of one value, 0 for a list of values), 2 bits which run size, that many bits length - 1, the value or values.

    Parameters
    ----------
    rle : sequence of int
        Bytes, 0 to 255.
    width, height : int
        Size of the image in pixels; what is written must be of just this size.

    Raises
    ------
    ValueError
        When it is of another size, ends early, or is no such list.

    Source: thi.ng/rle-pack, which Label Studio uses.
    """
    bits = _Bits(bytes(rle))
    count, size = bits.read(32), bits.read(5) + 1
    if count != CHANNELS * width * height or size > WORD_BITS:
        raise ValueError(
            f"the brush has {count:,} values of {size} bits; {width} x {height} pixels need "
            f"{CHANNELS * width * height:,} of {WORD_BITS}"
        )
    run_bits = [bits.read(4) + 1 for _ in range(4)]
    values = np.zeros(count, dtype=np.uint8)
    at = 0
    while at < count:
        same = bits.read(1)
        length = bits.read(run_bits[bits.read(2)]) + 1
        end = min(at + length, count)
        values[at:end] = bits.read(size) if same else bits.words(length, size)[: end - at]
        at = end
    return np.asarray(values.reshape(height, width, CHANNELS)[:, :, 3] > 0)


def brush_rle(mask: Mask) -> list[int]:
    """Return a mask as Label Studio's brush; `brush_mask` gives the same mask back."""
    values = np.repeat(mask.ravel(), CHANNELS)
    edges = np.flatnonzero(np.diff(values.view(np.uint8))) + 1
    starts = np.concatenate([[0], edges]).tolist()
    ends = np.concatenate([edges, [len(values)]]).tolist()
    head = f"{len(values):032b}{WORD_BITS - 1:05b}" + "".join(f"{size - 1:04b}" for size in RUN_BITS)
    runs = [
        _run(length, bool(values[start]))
        for start, end in zip(starts, ends, strict=True)
        for length in _cut(end - start)
    ]
    text = head + "".join(runs)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def _cut(length: int) -> Iterator[int]:
    while length > LONGEST_RUN:
        yield LONGEST_RUN
        length -= LONGEST_RUN
    yield length


def _run(length: int, marked: bool) -> str:
    which = next(index for index, size in enumerate(RUN_BITS) if length <= 2**size)
    return f"1{which:02b}{length - 1:0{RUN_BITS[which]}b}{255 if marked else 0:0{WORD_BITS}b}"


def rectangle_mask(x: float, y: float, w: float, h: float, rotation: float, width: int, height: int) -> Mask:
    """Return the pixels whose centre lies in a rectangle; all in percent of the image, turned about its first corner.

    Examples
    --------
    >>> rectangle_mask(50, 0, 50, 100, 0, 4, 1).tolist()
    [[False, False, True, True]]
    """
    across, down = _turned(x, y, rotation, width, height)
    inside = (across >= 0) & (across < w * width / 100) & (down >= 0) & (down < h * height / 100)
    return np.asarray(inside)


def ellipse_mask(x: float, y: float, rx: float, ry: float, rotation: float, width: int, height: int) -> Mask:
    """Return the pixels whose centre lies in an ellipse: centre and radii in percent of the image."""
    across, down = _turned(x, y, rotation, width, height)
    a, b = rx * width / 100, ry * height / 100
    return np.asarray((across / a) ** 2 + (down / b) ** 2 <= 1.0)


def polygon_mask(points: Sequence[tuple[float, float]], width: int, height: int) -> Mask:
    """Return the pixels inside a polygon, drawn as COCO draws them; points in percent of the image.

    Raises
    ------
    ValueError
        When it marks no pixel.
    """
    flat = [min(max(number, 0.0), 100.0) * side / 100 for x, y in points for number, side in ((x, width), (y, height))]
    try:
        mask = shape_mask([flat], None, width, height)
    except ShapeError as error:
        raise ValueError(error.reason) from None
    return np.zeros((height, width), dtype=bool) if mask is None else mask


def _turned(
    x: float, y: float, rotation: float, width: int, height: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far each pixel's centre lies from a point (percent), along the turned axes, in pixels."""
    across = np.arange(width)[None, :] + 0.5 - x * width / 100
    down = np.arange(height)[:, None] + 0.5 - y * height / 100
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    return across * cos + down * sin, down * cos - across * sin
