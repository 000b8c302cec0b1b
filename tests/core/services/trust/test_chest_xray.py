"""On the real radiographs, the search finds for whom the shipped model errs: pneumonia in bedside (AP) views."""

import pytest

from tests.helpers.nih_boxes import ASSETS
from tests.helpers.tiny_product import open_home


@pytest.mark.slow
def test_missed_pneumonia_in_bedside_views_is_the_worst_subgroup(tmp_path, shared_data):
    folder = shared_data / "nih-chest-xray"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/nih-chest-xray")
    container = open_home(tmp_path / "home")
    toml = ASSETS / "chest-xray.toml"
    report = container.importing.import_folder(toml, folder, actor=container.default_actor)
    container.jobs.wait(report.job_id)
    view = container.trust.view("chest-xray")
    container.close()
    worst = view.slices[0].words if view.slices else view.slice_note
    assert "view is AP" in worst
    assert "Pneumonia" in worst
