"""Files that people bring: images of every kind, tables, masks. Each is used, or refused in words, or listed."""

import csv
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.faults.consistency import problems
from tests.faults.desk import Desk, refused
from tests.helpers.tiny_folder import SIZE, write_tiny_folder
from tests.helpers.tiny_product import WORKSPACE

GREY = np.tile(np.linspace(0, 255, 20).astype(np.uint8), (30, 1))
"""An image of 30 x 20 pixels (height, width)."""


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    """Return the bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def bomb() -> bytes:
    """A small PNG whose header claims 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def turned() -> bytes:
    """A JPEG that EXIF says to turn by 90 degrees: 20 wide as stored, 30 wide as seen."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.fromarray(GREY), "JPEG", exif=exif)


COLOUR = Image.fromarray(np.stack([GREY, GREY.T.copy().reshape(30, 20), GREY], axis=2))
ODD_BUT_FINE = {
    "deep.png": (encoded(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"), (30, 20)),
    "cmyk.jpg": (encoded(COLOUR.convert("CMYK"), "JPEG"), (30, 20)),
    "alpha.png": (encoded(Image.merge("LA", [Image.fromarray(GREY)] * 2), "PNG"), (30, 20)),
    "turned.jpg": (turned(), (20, 30)),
    "pixel.png": (encoded(Image.new("L", (1, 1), 77), "PNG"), (1, 1)),
}
"""File -> (bytes, height and width as a person sees it)."""
UNUSABLE = {
    "words.png": (b"this is no image", "no image that can be read"),
    "empty.png": (b"", "the file is empty"),
    "bomb.png": (bomb(), "too large"),
    "cut.png": (encoded(COLOUR, "PNG")[:-60], "damaged or cut short"),
    "page.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no image that can be read"),
}
"""File -> (bytes, what the list says)."""


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files and a table that names them; return the workspace file of the tiny workspace."""
    toml = write_tiny_folder(folder)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["image", "side"], *([name, "above"] for name in files)])
    return toml


def last_json(text: str) -> dict:
    """Return the JSON object on the last line."""
    return json.loads(text.splitlines()[-1])


def test_odd_images_are_used_and_unusable_ones_are_listed_by_line(tiny, tmp_path):
    files = {name: data for name, (data, _) in (ODD_BUT_FINE | UNUSABLE).items()}
    toml = write_folder(tmp_path / "odd", files)
    result = tiny.run("import", str(toml), str(toml.parent), "--json")
    assert result.returncode == 0, result.stderr
    said = last_json(result.stdout)
    assert said["added"] == len(ODD_BUT_FINE)
    assert [(p["line"], p["column"]) for p in said["problems"]] == [(7 + i, "image") for i in range(len(UNUSABLE))]
    for problem, (name, (_, words)) in zip(said["problems"], UNUSABLE.items(), strict=True):
        assert words in problem["reason"]
        assert name in problem["reason"]
        assert f"line {problem['line']}" in result.stderr
    assert tiny.rows("SELECT count(*) FROM cases WHERE name IN ('words', 'empty', 'bomb', 'cut', 'page')") == [(0,)]
    assert problems(tiny) == []


@pytest.fixture(scope="module")
def odd(tiny_home, tmp_path_factory) -> Desk:
    """The tiny workspace with the odd images in it."""
    folder = tmp_path_factory.mktemp("odd")
    desk = Desk(tiny_home).copy(folder / "home")
    toml = write_folder(folder / "data", {name: data for name, (data, _) in ODD_BUT_FINE.items()})
    with desk.services() as services:
        assert services.importing.import_folder(toml, toml.parent, actor=services.default_actor).added == 5
    return desk


def mask(path: Path, height: int, width: int, marked: bool = True) -> Path:
    """Write a mask that marks the first pixel, or nothing."""
    pixels = np.zeros((height, width), dtype=bool)
    pixels[0, 0] = marked
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("name", ODD_BUT_FINE)
def test_an_odd_image_is_predicted_explained_shown_and_marked_as_it_is_seen(odd, name, tmp_path):
    height, width = ODD_BUT_FINE[name][1]
    case = Path(name).stem
    with odd.services() as services:
        assert services.predictions.predict(WORKSPACE, case).version == "v1"
        attribution = services.predictions.explain(WORKSPACE, case, "integrated_gradients").attributions["image"]
        assert attribution.shape == (height, width)
        view = services.review.open(WORKSPACE, case, actor=services.default_actor).fields[0]
        assert (view.height, view.width) == (height, width)
        assert Image.open(io.BytesIO(view.image)).size == (width, height)
    path = mask(tmp_path / "mask.png", height, width)
    result = odd.run("verdict", WORKSPACE, case, "--label", "above", "--ignore", str(path), "--artefact", "first pixel")
    assert result.returncode == 0, result.stderr


def _bad_mask(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.png"
    if kind == "words":
        path.write_text("no image")
    elif kind == "bomb":
        path.write_bytes(bomb())
    elif kind == "folder":
        path.mkdir()
    elif kind != "nowhere":
        mask(path, SIZE + (kind == "another size"), SIZE, marked=kind != "empty")
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("another size", f"the mask is {SIZE} x {SIZE + 1} pixels, the image is {SIZE} x {SIZE}"),
        ("empty", "marks nothing"),
        ("words", "no image that can be read"),
        ("bomb", "too large"),
        ("folder", "Can't read the mask"),
        ("nowhere", "Can't read the mask"),
    ],
)
def test_a_bad_mask_is_refused_and_nothing_is_stored(tiny, tmp_path, kind, words):
    before, events = tiny.files(), tiny.rows("SELECT count(*) FROM audit_events")
    path = _bad_mask(tmp_path, kind)
    result = tiny.run("verdict", WORKSPACE, "t002", "--label", "above", "--ignore", str(path), "--artefact", "corner")
    assert words in refused(result)
    assert tiny.rows("SELECT count(*) FROM verdicts") == [(0,)]
    assert tiny.rows("SELECT count(*) FROM artefacts") == [(0,)]
    assert tiny.rows("SELECT count(*) FROM audit_events") == events
    assert tiny.files() == before


TABLES = {
    "a missing column": ("image,other\nt000.png,above\n", "missing column 'side' (target side)"),
    "two missing columns": ("picture,Side\nt000.png,above\n", "missing columns 'image' (field image)"),
    "no rows": ("image,side\n", "no row under it"),
    "nothing": ("", "the file is empty"),
    "a column twice": ("image,side,side\nt000.png,above,above\n", "appears twice"),
    "no usable row": ("image,side\n../../etc/passwd,above\n", "lies outside the folder"),
    "an unknown label": ("image,side\nt000.png,sideways\n", "sideways"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_that_cannot_be_used_imports_nothing(tmp_path, kind):
    content, words = TABLES[kind]
    toml = write_tiny_folder(tmp_path / "data")
    (tmp_path / "data" / "cases.csv").write_text(content)
    desk = Desk(tmp_path / "home")
    assert words in refused(desk.run("import", str(toml), str(tmp_path / "data")))
    for table in ("workspaces", "cases", "jobs", "audit_events"):
        assert desk.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert desk.files() == {}


def test_a_table_that_lost_a_column_leaves_the_workspace_as_it_was(tiny, tmp_path):
    toml = write_tiny_folder(tmp_path / "data")
    (tmp_path / "data" / "cases.csv").write_text("image\nt000.png\n")
    before = tiny.rows("SELECT * FROM cases"), tiny.rows("SELECT * FROM workspace_revisions")
    assert "missing column 'side'" in refused(tiny.run("import", str(toml), str(tmp_path / "data")))
    assert (tiny.rows("SELECT * FROM cases"), tiny.rows("SELECT * FROM workspace_revisions")) == before
