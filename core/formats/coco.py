"""COCO annotation files: images, categories and annotations as frozen records.

What COCO has no place for lies in a key `attributes` of an image or an annotation, as CVAT writes it: an object of
names and plain values. Other readers pass over it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import ImportRefused
from core.formats.tables import RowProblem

LARGEST_FILE = 1024 * 1024 * 1024
"""Bytes that an annotation file may have."""


@dataclass(frozen=True, slots=True)
class CocoImage:
    """An entry of `images`; `entry` counts them from 1."""

    entry: int
    id: object
    file_name: str
    width: int | None
    height: int | None
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CocoCategory:
    """An entry of `categories`."""

    id: object
    name: str
    supercategory: str


@dataclass(frozen=True, slots=True)
class CocoAnnotation:
    """An entry of `annotations`; the shape is as it was found, `core.formats.coco_shapes` reads it."""

    entry: int
    image_id: object
    category_id: object
    segmentation: object
    bbox: object
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Coco:
    """An annotation file, and its entries that can't be read."""

    file: str
    images: tuple[CocoImage, ...]
    categories: tuple[CocoCategory, ...]
    annotations: tuple[CocoAnnotation, ...]
    problems: tuple[RowProblem, ...]


def read_coco(path: Path) -> Coco:
    """Read an annotation file.

    Raises
    ------
    ImportRefused
        No such file, not readable, no JSON, or no COCO: `images` is missing or empty.
    """
    document = _document(path)
    problems: list[RowProblem] = []
    images = [_image(number, item) for number, item in _entries(document, "images", problems)]
    if not images:
        keys = ", ".join(map(str, list(document)[:8])) or "nothing"
        raise ImportRefused(f"{path.name}: no COCO file with images; wanted a list `images`, got {keys}.")
    return Coco(
        file=path.name,
        images=tuple(images),
        categories=tuple(
            CocoCategory(item.get("id"), str(item.get("name", "")), str(item.get("supercategory", "")))
            for _, item in _entries(document, "categories", problems)
        ),
        annotations=tuple(_annotation(number, item) for number, item in _entries(document, "annotations", problems)),
        problems=tuple(problems),
    )


def write_coco(
    path: Path,
    images: Iterable[Mapping[str, object]],
    categories: Iterable[Mapping[str, object]],
    annotations: Iterable[Mapping[str, object]],
    description: str,
) -> Path:
    """Write an annotation file and return the path."""
    document = {
        "info": {"description": description},
        "licenses": [],
        "images": list(images),
        "categories": list(categories),
        "annotations": list(annotations),
    }
    path.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8")
    return path


def _document(path: Path) -> Mapping[str, object]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ImportRefused(f"{path.name} has {path.stat().st_size:,} bytes; at most {LARGEST_FILE:,} are read.")
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ImportRefused(
            f"{path.name}: the file can't be read ({error.strerror}) in folder {path.parent}. "
            "Name the folder that holds it, or set `source.file` in the workspace file."
        ) from None
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{path.name}: no JSON that can be read ({error}). Export it again.") from None
    if not isinstance(found, dict):
        raise ImportRefused(f"{path.name}: no COCO file but a JSON {type(found).__name__}; wanted an object.")
    return found


def _entries(
    document: Mapping[str, object], key: str, problems: list[RowProblem]
) -> list[tuple[int, Mapping[str, object]]]:
    """Return the entries of a list that are objects, each with its number."""
    items = document.get(key, [])
    if not isinstance(items, list):
        problems.append(RowProblem(0, key, f"wanted a list, got {type(items).__name__}"))
        return []
    found: list[tuple[int, Mapping[str, object]]] = []
    for number, item in enumerate(items, start=1):
        if isinstance(item, dict):
            found.append((number, item))
        else:
            problems.append(RowProblem(number, key, "the entry is no object"))
    return found


def _image(number: int, item: Mapping[str, object]) -> CocoImage:
    name = item.get("file_name")
    return CocoImage(
        entry=number,
        id=item.get("id"),
        file_name=name if isinstance(name, str) else "",
        width=_whole(item.get("width")),
        height=_whole(item.get("height")),
        attributes=_attributes(item),
    )


def _annotation(number: int, item: Mapping[str, object]) -> CocoAnnotation:
    return CocoAnnotation(
        entry=number,
        image_id=item.get("image_id"),
        category_id=item.get("category_id"),
        segmentation=item.get("segmentation"),
        bbox=item.get("bbox"),
        attributes=_attributes(item),
    )


def _attributes(item: Mapping[str, object]) -> Mapping[str, object]:
    found = item.get("attributes")
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
