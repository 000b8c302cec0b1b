"""Each mistake in a workspace file becomes one sentence: file, key, got, wanted."""

from pathlib import Path

import pytest

from core.errors import WorkspaceFileError
from core.sources import load_workspace, parse_workspace

ASSETS = Path(__file__).resolve().parents[3] / "assets" / "workspaces"
GOOD = """
name = "small"
title = "Small"

[[fields]]
name = "image"
kind = "image"
size = 28

[[targets]]
name = "finding"
classes = ["no", "yes"]

[targets.display]
yes = "Pneumonia"

[[attributes]]
name = "age"
bins = [40, 65]

[split]
group = "patient"
pool = 0.1

[encoder]
name = "mlp"
hidden = [50, 30]

[training]
learning_rate = 1e-3

[reading]
queue = "margin"

[[costs]]
target = "finding"
truth = "yes"
answer = "no"
cost = 5
"""

MISTAKES = [
    ("size = 28", "siez = 28", "fields.image.siez: unknown key, did you mean size?"),
    ("size = 28", 'size = "28"', 'fields.image.size: got "28", wanted a whole number'),
    ("size = 28", "size = 28.5", "fields.image.size: got 28.5, wanted a whole number"),
    ("size = 28", "size = 0", "fields.image.size: got 0, wanted at least 1"),
    ("size = 28", "central_crop = 0", "fields.image.central_crop: got 0, wanted more than 0"),
    ("size = 28", "equalise = 1", "fields.image.equalise: got 1, wanted true or false"),
    ('kind = "image"', 'kind = "picture"', "fields.image.kind: got \"picture\", wanted 'image', 'numeric'"),
    ('kind = "image"', "", "fields.image.kind: the key is missing, wanted one of image, numeric, categorical, text"),
    ('name = "image"', "", "fields.entry 1.name: the key is missing, wanted text in quotes"),
    ('title = "Small"', "", "title: the key is missing, wanted text in quotes"),
    ('title = "Small"', "title = [1]", "title: got a list in [ ] with 1 entry, wanted text in quotes"),
    ('name = "small"', 'name = "Small one"', 'name: got "Small one", wanted 1 to 64 lower-case letters'),
    ("[[targets]]", "[[target]]", "target: unknown key, did you mean targets?"),
    ("[split]", "[split]\nencoder = 1", "split.encoder: unknown key in this section; it is a key of the whole"),
    ("[split]", "[split]\nfoo = 1", "split.foo: unknown key; known keys: calibration, group, ledger, pool, seed"),
    ("hidden = [50, 30]", "hidden = 50", "encoder.hidden: got 50, wanted a list in [ ]"),
    ("hidden = [50, 30]", 'hidden = [50, "a"]', 'encoder.hidden.entry 2: got "a", wanted a whole number'),
    ("hidden = [50, 30]", "hidden = [50, 0]", "encoder.hidden: got [50, 0], wanted layer widths of at least 1"),
    ("1e-3", "inf", "training.learning_rate: got inf, wanted a finite number"),
    ("cost = 5", "cost = nan", "costs.entry 1.cost: got nan, wanted a finite number"),
    ("1e-3", '"fast"', 'training.learning_rate: got "fast", wanted a number'),
    ("pool = 0.1", "pool = 0.5", "split: train + calibration + ledger + pool must be 1, got 1.4"),
    ("pool = 0.1", "train = 0.0\nledger = 0.9\ncalibration = 0.0", "split.train: got 0, wanted a share above 0"),
    ('queue = "margin"', 'queue = "best"', "reading.queue: got \"best\", wanted 'margin', 'entropy' or 'random'"),
    ('["no", "yes"]', '["no"]', "targets.finding.classes: got a list in [ ] with 1 entry, wanted at least 2 entries"),
    ('["no", "yes"]', '["yes", "yes"]', "targets.finding.classes: a class appears twice"),
    ('["no", "yes"]', '["unsure", "yes"]', 'targets.finding.classes: got "unsure", wanted text'),
    ('["no", "yes"]', '[" no", "yes"]', 'targets.finding.classes: got " no", wanted text'),
    ('["no", "yes"]', '["no", "pneumonia"]', 'targets.finding.display: got "yes", wanted one of no, pneumonia'),
    ("[40, 65]", "[65, 40]", "attributes.age.bins: got [65.0, 40.0], wanted numbers that rise"),
    ('group = "patient"', 'group = "finding"', 'split.group: got "finding", wanted a column such as patient_id'),
    ('truth = "yes"', 'truth = "maybe"', 'costs.entry 1.truth: got "maybe", wanted one of no, yes'),
    ('target = "finding"', 'target = "found"', 'costs.entry 1.target: got "found", wanted one of finding'),
    ("[reading]", '[calibration]\nsets = "aps"\n[reading]', 'calibration.sets: got "aps" with two classes in finding'),
    ("[encoder]", '[source]\ncsv = "../x.csv"\n[encoder]', 'source.csv: got "../x.csv", wanted the name of a file'),
    ("[encoder]", '[source]\ncsv = "C:/x.csv"\n[encoder]', 'source.csv: got "C:/x.csv", wanted the name of a file'),
    ("[encoder]", '[source]\nkind = "package"\n[encoder]', "source.dataset: the key is missing, wanted the name of"),
    ("[encoder]", '[source]\ndataset = "x"\n[encoder]', 'source.dataset: got "x", wanted no such key'),
    ("[encoder]", "[encoder", "not valid TOML: Expected ']' at the end of a table declaration (at line 25, column 9)"),
]


def refused(text: str) -> str:
    with pytest.raises(WorkspaceFileError) as caught:
        parse_workspace(text, "small.toml")
    return str(caught.value)


def test_a_good_file():
    spec = parse_workspace(GOOD, "small.toml")
    assert (spec.name, spec.fields[0].size, spec.split.group) == ("small", 28, "patient")
    assert spec.targets[0].classes == ("no", "yes")


@pytest.mark.parametrize(("found", "replaced", "sentence"), MISTAKES, ids=[mistake[2][:40] for mistake in MISTAKES])
def test_each_mistake_is_one_sentence(found, replaced, sentence):
    assert found in GOOD
    lines = refused(GOOD.replace(found, replaced, 1)).splitlines()
    assert any(line.startswith(f"small.toml: {sentence}") for line in lines), lines


@pytest.mark.parametrize("sentence", ["fields.image.size", "targets.finding.classes.entry 2"])
def test_one_mistake_gives_one_line(sentence):
    text = GOOD.replace("size = 28", "size = -1") if "size" in sentence else GOOD.replace('"yes"]', "1]")
    lines = refused(text).splitlines()
    assert [line.split(": ")[1] for line in lines] == [sentence]


def test_every_mistake_is_listed():
    lines = refused(GOOD.replace("size = 28", "siez = 28").replace('title = "Small"', "")).splitlines()
    assert sorted(line.split(": ")[1] for line in lines) == ["fields.image.siez", "title"]


def test_an_empty_file_names_what_is_needed():
    assert [line.split(": ")[1] for line in refused("").splitlines()] == [
        "name",
        "title",
        "fields",
        "targets",
    ]
    assert "fields: the key is missing, wanted a section [[fields]] with the keys name, kind" in refused("")


def test_a_long_value_is_cut():
    assert len(refused(GOOD.replace("size = 28", f'size = "{"x" * 5_000}"'))) < 200


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(WorkspaceFileError, match=r"no\.toml: the workspace file can't be read"):
        load_workspace(tmp_path / "no.toml")
    (tmp_path / "latin.toml").write_bytes('title = "Größe"'.encode("latin-1"))
    with pytest.raises(WorkspaceFileError, match="byte 11 is not UTF-8"):
        load_workspace(tmp_path / "latin.toml")


def test_text_comes_back_unchanged(tmp_path):
    (tmp_path / "small.toml").write_text(GOOD, encoding="utf-8")
    spec, text = load_workspace(tmp_path / "small.toml")
    assert text == GOOD
    assert spec == parse_workspace(GOOD, "small.toml")


@pytest.mark.parametrize("file", sorted(ASSETS.glob("*.toml")), ids=lambda file: file.stem)
def test_shipped_workspaces_are_sound(file):
    spec, _ = load_workspace(file)
    assert spec.name == file.stem
    assert spec.description.strip()
    assert spec.tour.strip()
