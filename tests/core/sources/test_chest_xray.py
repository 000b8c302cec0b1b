"""The shipped chest-xray workspace on the real radiographs."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from core.sources import load_workspace, source_of
from tests.helpers.source_parts import Listener, MemoryBlobs

SPEC = load_workspace(Path(__file__).resolve().parents[3] / "assets" / "workspaces" / "chest-xray.toml")[0]


@pytest.fixture(scope="module")
def result(shared_data):
    folder = shared_data / "nih-chest-xray"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/nih-chest-xray")
    return source_of(SPEC, folder).read(SPEC, MemoryBlobs(), Listener())


def test_all_cases_of_all_patients(result):
    assert result.problems == ()
    assert len({case.name for case in result.cases}) == len(result.cases) == 738
    assert len({case.group for case in result.cases}) == 492


def test_no_patient_is_in_two_splits(result):
    splits = defaultdict(set)
    for case in result.cases:
        splits[case.group].add(case.split)
    assert max(len(found) for found in splits.values()) == 1


def test_every_split_has_enough_of_both_classes(result):
    counts = Counter((case.split, case.labels["finding"]) for case in result.cases)
    assert all(counts["ledger", label] >= 60 for label in SPEC.targets[0].classes)
    assert all(counts["calibration", label] >= 25 for label in SPEC.targets[0].classes)
    assert all(counts["pool", label] >= 15 for label in SPEC.targets[0].classes)


def test_groups(result):
    assert {case.attributes["age"] for case in result.cases} == {"<40", "40-65", ">=65"}
    assert {case.attributes["sex"] for case in result.cases} == {"F", "M"}
    assert {case.attributes["view"] for case in result.cases} == {"AP", "PA"}
