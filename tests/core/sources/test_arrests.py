"""Arrests: every row of the package, and equal rows in one split."""

import csv
import io
import zipfile
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ImportRefused
from core.sources import arrests, load_workspace, source_of
from core.sources.package_data import package_file
from tests.helpers.source_parts import Listener, MemoryBlobs

pytestmark = pytest.mark.slow

FILE = Path(__file__).resolve().parents[3] / "assets" / "workspaces" / "arrests.toml"
SPEC = load_workspace(FILE)[0]
DATA = "data/arrests.zip"


@pytest.fixture(scope="module")
def cases():
    result = source_of(SPEC).read(SPEC, MemoryBlobs(), Listener())
    assert result.problems == ()
    return result.cases


@pytest.fixture(scope="module")
def originals():
    with zipfile.ZipFile(package_file("arrests", "sklego", "scikit-lego", DATA)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(arrests.MEMBER).decode())))


def values(case):
    return {value.field: value.text if value.number is None else value.number for value in case.fields}


def test_every_row_is_a_case_in_its_order(cases, originals):
    assert len(cases) == len(originals) == 5_226
    assert [case.name for case in cases[:2]] == ["a00001", "a00002"]
    for case, row in zip(cases, originals, strict=True):
        assert values(case) == {
            "age": float(row["age"]), "checks": float(row["checks"]), "employed": row["employed"],
            "citizen": row["citizen"], "colour": row["colour"], "sex": row["sex"],
        }  # fmt: skip
        assert case.labels == {"released": row["released"]}


def test_known_rates(cases):
    rates = defaultdict(list)
    for case in cases:
        rates[case.attributes["colour"]].append(case.labels["released"] == "Yes")
    assert {colour: round(sum(found) / len(found), 2) for colour, found in rates.items()} == {
        "White": 0.86,
        "Black": 0.74,
    }


def test_equal_rows_share_a_group_and_a_split_and_no_others_do(cases):
    groups, splits = defaultdict(set), defaultdict(set)
    for case in cases:
        groups[tuple(sorted(values(case).items()))].add(case.group)
        splits[case.group].add(case.split)
    assert len(groups) == len(splits) == 1_222
    assert all(len(found) == 1 for found in (*groups.values(), *splits.values()))
    assert sum(size for size in Counter(case.group for case in cases).values() if size > 1) == 4_655


def test_the_label_and_the_year_are_no_inputs_and_the_sensitive_ones_are_attributes_too(cases):
    assert {"released", "year"}.isdisjoint(field.name for field in SPEC.fields)
    assert {attribute.name for attribute in SPEC.attributes if attribute.sensitive} == {"age", "colour", "sex"}
    assert {case.attributes["age"] for case in cases} == {"<18", "18-25", "25-40", ">=40"}
    assert set(cases[0].attributes) == {"age", "colour", "sex", "year"}


def test_every_split_has_enough_of_both_classes(cases):
    counts = Counter((case.split, case.labels["released"]) for case in cases)
    assert all(counts[split, "No"] >= 50 for split in ("train", "validation", "calibration", "ledger", "pool"))


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_a_broken_archive_is_refused(content, tmp_path, monkeypatch):
    (tmp_path / "sklego" / "data").mkdir(parents=True)
    (tmp_path / "sklego" / "data" / "arrests.zip").write_bytes(content)
    monkeypatch.setattr(arrests, "package_file", lambda *_: tmp_path / "sklego" / "data" / "arrests.zip")
    with pytest.raises(ImportRefused, match=r"arrests\.zip can't be read"):
        source_of(SPEC).read(SPEC, MemoryBlobs(), Listener())


def test_a_table_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "arrests.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(arrests.MEMBER, b"0" * (arrests.LARGEST_TABLE + 1))
    monkeypatch.setattr(arrests, "package_file", lambda *_: tmp_path / "arrests.zip")
    with pytest.raises(ImportRefused, match="4,000,001 bytes"):
        source_of(SPEC).read(SPEC, MemoryBlobs(), Listener())


def test_a_package_that_is_not_here_is_named():
    with pytest.raises(ImportRefused, match="needs the package scikit-lego, which is not here"):
        package_file("arrests", "sklego_is_missing", "scikit-lego", DATA)
    with pytest.raises(ImportRefused, match=r"the file data/none.zip of the package scikit-lego"):
        package_file("arrests", "sklego", "scikit-lego", "data/none.zip")


def test_a_group_that_the_data_set_does_not_have_is_refused():
    spec = SPEC.model_copy(update={"split": SPEC.split.model_copy(update={"group": "colour"})})
    with pytest.raises(ImportRefused, match=r"got 'colour'.*Use same_inputs"):
        source_of(spec).read(spec, MemoryBlobs(), Listener())


def test_without_a_group_each_row_is_its_own(cases):
    spec = SPEC.model_copy(update={"split": SPEC.split.model_copy(update={"group": None})})
    alone = source_of(spec).read(spec, MemoryBlobs(), Listener()).cases
    assert len({case.group for case in alone}) == 5_226
    assert replace(alone[0], group=cases[0].group, split=cases[0].split, content_hash="") == replace(
        cases[0], content_hash=""
    )
