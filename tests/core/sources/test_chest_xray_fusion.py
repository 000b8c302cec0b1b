"""The shipped fusion workspace: image, age and sex of the real radiographs, two targets, the split of chest-xray."""

from pathlib import Path

import pytest

from core.errors import WorkspaceFileError
from core.sources import load_workspace, parse_workspace, source_of
from tests.helpers.source_parts import Listener, MemoryBlobs

ASSETS = Path(__file__).resolve().parents[3] / "assets" / "workspaces"
SPEC, TEXT = load_workspace(ASSETS / "chest-xray-fusion.toml")


@pytest.fixture(scope="module")
def folder(shared_data):
    path = shared_data / "nih-chest-xray"
    if not path.is_dir():
        pytest.skip("needs ../shared/data/nih-chest-xray")
    return path


def test_fields_and_targets():
    assert [(field.name, field.kind, field.required) for field in SPEC.fields] == [
        ("image", "image", False),
        ("age", "numeric", False),
        ("sex", "categorical", False),
    ]
    assert [target.name for target in SPEC.targets] == ["finding", "view"]
    assert {"finding", "view"}.isdisjoint(field.source_column for field in SPEC.fields)


def test_a_target_that_is_an_input_as_well_is_refused():
    field = '[[fields]]\nname = "seen"\nkind = "categorical"\ncolumn = "view"\ncategories = ["AP", "PA"]\n\n[[targets]]'
    with pytest.raises(WorkspaceFileError, match=r"targets.view: column 'view' is also an input field"):
        parse_workspace(TEXT.replace("[[targets]]", field, 1), "fusion.toml")


def test_the_split_is_that_of_the_images_alone():
    image = load_workspace(ASSETS / "chest-xray.toml")[0]
    assert SPEC.split == image.split
    assert SPEC.fields[0].model_copy(update={"required": True}) == image.fields[0]
    assert (SPEC.encoder, SPEC.gate, SPEC.costs) == (image.encoder, image.gate, image.costs)


def test_every_case_has_all_inputs_and_both_labels(folder):
    result = source_of(SPEC, folder).read(SPEC, MemoryBlobs(), Listener())
    assert result.problems == ()
    assert len(result.cases) == 738
    for case in result.cases:
        image, age, sex = case.fields
        assert image.blob
        assert 0 <= age.number <= 120
        assert sex.text in ("F", "M")
        assert set(case.labels) == {"finding", "view"}
