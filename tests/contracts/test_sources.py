"""What holds for every source: complete, repeatable cases whose content is stored under its hash."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from core.contracts import WorkspaceSpec
from core.errors import Cancelled
from core.formats.coco import write_coco
from core.formats.json_lines import write_json_lines
from core.formats.parquet import write_parquet
from core.media import decode_image, encode_png
from core.sources import SOURCES, content_hash, load_workspace, source_of
from core.sources.package import DATASETS
from tests.helpers.dicom_files import write_patient
from tests.helpers.source_parts import Listener, MemoryBlobs, small_spec

pytestmark = pytest.mark.slow

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "workspaces"


def _folder(path: Path) -> tuple[WorkspaceSpec, Path | None]:
    spec, _ = load_workspace(ASSETS / "chest-xray.toml")
    rows = [f"{n}.png,{'pneumonia' if n % 2 else 'no_finding'},{n // 2},{n},F,AP" for n in range(8)]
    for number in range(8):
        (path / f"{number}.png").write_bytes(encode_png(np.full((3, 3), number, np.uint8)))
    (path / "cases.csv").write_text("\n".join(["image,finding,patient_id,age,sex,view", *rows]), encoding="utf-8")
    return spec, path


CHEST_COLUMNS = ("image", "finding", "patient_id", "age", "sex", "view")


def _chest(path: Path, kind: str) -> tuple[WorkspaceSpec, list[dict[str, object]]]:
    """Write eight images; return a workspace of this kind and the rows of its table."""
    spec, _ = load_workspace(ASSETS / "chest-xray.toml")
    for number in range(8):
        (path / f"{number}.png").write_bytes(encode_png(np.full((3, 3), number, np.uint8)))
    cells = [(f"{n}.png", "pneumonia" if n % 2 else "no_finding", str(n // 2), float(n), "F", "AP") for n in range(8)]
    source = spec.source.model_copy(update={"kind": kind})
    rows: list[dict[str, object]] = [dict(zip(CHEST_COLUMNS, row, strict=True)) for row in cells]
    return spec.model_copy(update={"source": source}), rows


def _parquet(path: Path) -> tuple[WorkspaceSpec, Path | None]:
    spec, rows = _chest(path, "parquet")
    write_parquet(path / "cases.parquet", CHEST_COLUMNS, rows)
    return spec, path


def _json_lines(path: Path) -> tuple[WorkspaceSpec, Path | None]:
    spec, rows = _chest(path, "jsonl")
    write_json_lines(path / "cases.jsonl", rows)
    return spec, path


def _coco(path: Path) -> tuple[WorkspaceSpec, Path | None]:
    spec, rows = _chest(path, "coco")
    images = [{"id": n, "file_name": row["image"], "attributes": row} for n, row in enumerate(rows)]
    write_coco(path / "annotations.json", images, [], [], "chest")
    return spec, path


def _images(path: Path) -> tuple[WorkspaceSpec, Path | None]:
    for number in range(8):
        file = path / ("no", "yes")[number % 2] / f"{number}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(encode_png(np.full((3, 3), number, np.uint8)))
    return small_spec(source={"kind": "images"}, attributes=[], split={}), path


def _package(_path: Path) -> tuple[WorkspaceSpec, Path | None]:
    return load_workspace(ASSETS / "decoy-digits.toml")[0], None


def _dicom(path: Path) -> tuple[WorkspaceSpec, Path | None]:
    spec, _ = load_workspace(ASSETS / "chest-xray.toml")
    source = spec.source.model_copy(update={"kind": "dicom", "file": "cases.csv"})
    rows = [f"{n}.dcm,{'pneumonia' if n % 2 else 'no_finding'},{n // 2},{n},F,AP" for n in range(8)]
    for number in range(8):
        write_patient(path / f"{number}.dcm", number)
    (path / "cases.csv").write_text("\n".join(["file,finding,patient_id,age,sex,view", *rows]), encoding="utf-8")
    return spec.model_copy(update={"source": source}), path


def _label_studio(path: Path) -> tuple[WorkspaceSpec, Path | None]:
    spec, _ = load_workspace(ASSETS / "chest-xray.toml")
    source = spec.source.model_copy(update={"kind": "label-studio", "file": "tasks.json"})
    tasks = []
    for number in range(8):
        (path / f"{number}.png").write_bytes(encode_png(np.full((3, 3), number, np.uint8)))
        finding = "pneumonia" if number % 2 else "no_finding"
        said = {"type": "choices", "from_name": "finding", "to_name": "image", "value": {"choices": [finding]}}
        data = {
            "image": f"/data/upload/1/{number}.png",
            "patient_id": number // 2,
            "age": number,
            "sex": "F",
            "view": "AP",
        }
        tasks.append({"id": number, "data": data, "annotations": [{"completed_by": 1, "result": [said]}]})
    (path / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    return spec.model_copy(update={"source": source}), path


EXAMPLES = {
    "folder": _folder,
    "parquet": _parquet,
    "jsonl": _json_lines,
    "images": _images,
    "coco": _coco,
    "package": _package,
    "dicom": _dicom,
    "label-studio": _label_studio,
}


def test_every_source_has_an_example():
    assert set(EXAMPLES) == set(SOURCES)
    assert set(DATASETS) == {path.stem for path in ASSETS.glob("*.toml") if 'kind = "package"' in path.read_text()}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_keeps_its_word(kind, tmp_path):
    spec, folder = EXAMPLES[kind](tmp_path)
    assert spec.source.kind == kind
    blobs, listener = MemoryBlobs(), Listener()
    result = source_of(spec, folder).read(spec, blobs, listener)
    assert result.cases
    assert result.problems == ()
    assert len({case.name for case in result.cases}) == len(result.cases)
    assert listener.seen[-1].done == listener.seen[-1].total == len(result.cases)
    for case in result.cases:
        assert [value.field for value in case.fields] == [field.name for field in spec.fields]
        assert set(case.labels) == {target.name for target in spec.targets}
        assert case.content_hash == content_hash(case.fields, case.labels, case.attributes, case.group)
    for key in {value.blob for case in result.cases[:50] for value in case.fields}:
        assert hashlib.sha256(blobs.items[key]).hexdigest() == key
        assert decode_image(blobs.items[key], kind).width > 0
    assert source_of(spec, folder).read(spec, MemoryBlobs(), Listener()) == result


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_stops_when_asked(kind, tmp_path):
    spec, folder = EXAMPLES[kind](tmp_path)
    with pytest.raises(Cancelled):
        source_of(spec, folder).read(spec, MemoryBlobs(), Listener(stop_at=1))
