"""One result of a Label Studio annotation: a choice, a part of an image, words of a text, a comment."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from core.formats.label_studio_masks import Mask, brush_mask, ellipse_mask, polygon_mask, rectangle_mask

OWN = "tandem"
"""Key inside the `meta` of a result under which our export keeps what Label Studio has no place for."""
SHOWN = 60
"""Characters of a wrong value that a message repeats."""
SHAPES = {
    "brushlabels": "brush",
    "rectanglelabels": "rectangle",
    "ellipselabels": "ellipse",
    "polygonlabels": "polygon",
}
_OUTSIDE = 1.0
"""Percent by which a shape may lie outside the image; what lies outside is cut off."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A part of an image, drawn when its size has been checked."""

    width: int
    height: int
    """Size of the image that it was drawn on, in pixels."""
    draw: Callable[[int, int], Mask]
    """From width and height to the mask; ValueError when it can't be drawn."""


@dataclass(frozen=True, slots=True)
class Words:
    """A part of a text as it was written down: offsets, and the words themselves where they are kept."""

    start: int
    end: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """One answer or mark. `labels` are the chosen ones; `outline` or `words` is set when it is a mark."""

    id: str
    control: str
    """Name of the control it was given with (`from_name`)."""
    shown: str
    """Name of what it was given on (`to_name`)."""
    source: str
    """The key of the data behind that, where the file says so."""
    labels: tuple[str, ...]
    outline: Outline | None = None
    words: Words | None = None
    comment: str = ""
    own: Mapping[str, str] = field(default_factory=dict)
    """What our own export added."""

    @property
    def is_mark(self) -> bool:
        """Whether it marks a part of the input."""
        return self.outline is not None or self.words is not None


class Unreadable(Exception):
    """A result that can't be read; the message says why."""


def read_result(entry: object) -> Result:
    """Read one entry of `result`.

    Raises
    ------
    Unreadable
        When it is of a kind that is not read, or broken.
    """
    value = entry.get("value") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(value, dict):
        raise Unreadable("a result has no object `value`")
    kind = str(entry.get("type"))
    meta = entry.get("meta") if isinstance(entry.get("meta"), dict) else {}
    own = meta.get(OWN) if isinstance(meta, dict) else None
    notes = meta.get("text") if isinstance(meta, dict) else None
    comment = notes if kind != "textarea" else value.get("text")
    outline = _outline(kind, entry, value)
    return Result(
        id=str(entry.get("id", "")),
        control=str(entry.get("from_name", "")),
        shown=str(entry.get("to_name", "")),
        source=str(entry.get("source", "")).removeprefix("$"),
        labels=_labels(kind, value),
        outline=outline,
        words=_words(value) if outline is None and "start" in value else None,
        comment="\n".join(map(str, comment)) if isinstance(comment, list) else str(comment or ""),
        own={key: str(value) for key, value in own.items() if value} if isinstance(own, dict) else {},
    )


def _labels(kind: str, value: Mapping[str, object]) -> tuple[str, ...]:
    found = value.get(kind)
    if kind == "choices" and ("x" in value or "start" in value):
        raise Unreadable("is a choice about a part of the input; only choices about the whole case are read")
    if kind not in ("choices", "labels", "textarea", *SHAPES, *SHAPES.values()):
        raise Unreadable(f"results of type {kind[:SHOWN]!r} are not read; choices, marks on images and on texts are")
    if kind == "choices" and (not isinstance(found, list) or not found):
        raise Unreadable("has no choices")
    return tuple(str(item) for item in found) if isinstance(found, list) else ()


def _outline(kind: str, entry: Mapping[str, object], value: Mapping[str, object]) -> Outline | None:
    shape = SHAPES.get(kind, kind)
    if kind == "labels" and "start" not in value:
        shape = next(
            (
                name
                for key, name in (("rle", "brush"), ("points", "polygon"), ("radiusX", "ellipse"), ("x", "rectangle"))
                if key in value
            ),
            "",
        )
    if shape not in SHAPES.values():
        return None
    width, height = (_whole(entry, key) for key in ("original_width", "original_height"))
    if entry.get("image_rotation", 0) not in (0, 0.0, None):
        raise Unreadable("was drawn on a turned image; turn the image back in Label Studio and draw again")
    return Outline(width, height, _DRAW[shape](value))


def _brush(value: Mapping[str, object]) -> Callable[[int, int], Mask]:
    rle = value.get("rle")
    if value.get("format", "rle") != "rle" or not isinstance(rle, list):
        raise Unreadable("is a brush without `rle`")
    if not all(isinstance(item, int) and 0 <= item <= 255 for item in rle):
        raise Unreadable("is a brush whose `rle` are no bytes")
    return partial(brush_mask, rle)


def _rectangle(value: Mapping[str, object]) -> Callable[[int, int], Mask]:
    x, y, w, h = (_number(value, key) for key in ("x", "y", "width", "height"))
    if w <= 0 or h <= 0:
        raise Unreadable(f"is a box of {w:g} x {h:g} percent; wanted a width and height above 0")
    rotation = _number(value, "rotation", 0.0)
    if not rotation:
        _check_inside((x, x + w), (y, y + h))
    return partial(rectangle_mask, x, y, w, h, rotation)


def _ellipse(value: Mapping[str, object]) -> Callable[[int, int], Mask]:
    x, y, rx, ry = (_number(value, key) for key in ("x", "y", "radiusX", "radiusY"))
    if rx <= 0 or ry <= 0:
        raise Unreadable(f"is an ellipse with radii {rx:g} and {ry:g}; wanted radii above 0")
    _check_inside((x,), (y,))
    return partial(ellipse_mask, x, y, rx, ry, _number(value, "rotation", 0.0))


def _polygon(value: Mapping[str, object]) -> Callable[[int, int], Mask]:
    points = value.get("points")
    if not isinstance(points, list) or len(points) < 3 or not all(isinstance(p, list) and len(p) == 2 for p in points):
        raise Unreadable("is a polygon without three points")
    pairs = [(_number({"x": x}, "x"), _number({"y": y}, "y")) for x, y in points]
    _check_inside([x for x, _ in pairs], [y for _, y in pairs])
    return partial(polygon_mask, pairs)


_DRAW: Mapping[str, Callable[[Mapping[str, object]], Callable[[int, int], Mask]]] = {
    "brush": _brush,
    "rectangle": _rectangle,
    "ellipse": _ellipse,
    "polygon": _polygon,
}


def _check_inside(across: Sequence[float], down: Sequence[float]) -> None:
    least, most = min(*across, *down), max(*across, *down)
    if least < -_OUTSIDE or most > 100 + _OUTSIDE:
        raise Unreadable(f"lies outside the image: it reaches from {least:g} to {most:g} percent")


def _words(value: Mapping[str, object]) -> Words:
    offsets = value.get("globalOffsets")
    where = offsets if isinstance(offsets, dict) else value
    text = value.get("text")
    return Words(_whole(where, "start"), _whole(where, "end"), text if isinstance(text, str) else None)


def _number(value: Mapping[str, object], key: str, default: float | None = None) -> float:
    found = value.get(key, default)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not math.isfinite(found):
        raise Unreadable(f"{key} is {str(found)[:SHOWN]!r}; wanted a number")
    return float(found)


def _whole(value: Mapping[str, object], key: str) -> int:
    found = value.get(key)
    if isinstance(found, str) and found.isdecimal() and len(found) < 10:
        return int(found)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise Unreadable(f"{key} is {str(found)[:SHOWN]!r}; wanted a whole number")
    return found
