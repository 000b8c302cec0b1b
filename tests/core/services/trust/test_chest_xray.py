"""On the real radiographs, the search finds for whom the shipped model errs: pneumonia in bedside (AP) views."""

import pytest

from tests.helpers.nih_boxes import ASSETS
from tests.helpers.tiny_product import open_home


@pytest.fixture(scope="module")
def shipped(tmp_path_factory, shared_data):
    """The shipped workspace with its champion."""
    folder = shared_data / "nih-chest-xray"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/nih-chest-xray")
    container = open_home(tmp_path_factory.mktemp("chest") / "home")
    report = container.importing.import_folder(ASSETS / "chest-xray.toml", folder, actor=container.default_actor)
    container.jobs.wait(report.job_id)
    yield container
    container.close()


@pytest.mark.slow
def test_missed_pneumonia_in_bedside_views_is_the_worst_subgroup(shipped):
    view = shipped.trust.view("chest-xray")
    worst = view.slices[0].words if view.slices else view.slice_note
    assert "view is AP" in worst
    assert "Pneumonia" in worst


@pytest.mark.slow
def test_the_gap_of_missed_pneumonia_is_found_without_being_told(shipped):
    """Positives that are missed: 16 of 34 in AP views, 1 of 36 in PA views."""
    view = shipped.fairness.view("chest-xray")
    assert view.positive == "pneumonia"
    worst = view.missed[0]
    assert worst.words == "view is AP"
    assert worst.p_value <= 0.05
    assert worst.difference.low > 0.1
    attribute = next(one for one in view.attributes if one.attribute == "view")
    gap = next(gap for gap in attribute.gaps if gap.metric == "equal_opportunity")
    assert (gap.lowest, gap.highest) == ("AP", "PA")
    assert gap.difference.low > 0.1
    assert gap.p_value <= 0.05
