"""On real radiographs with radiologists' boxes: how often maps point into them, next to chance."""

import pytest

from core.services.trust.material import ReportQuestion
from core.services.trust.reports import QualityReports
from explain.assessment.questions import Plan
from explain.registry import explainer
from tests.helpers.nih_boxes import write_nih_boxes
from tests.helpers.tiny_product import open_home

METHODS = ("grad_cam", "saliency", "input_x_gradient")
LIGHT = Plan(steps=4, orders=2, cells=8, stages=1, stage_cases=2, repeat_cases=2)


class Silent:
    def report(self, progress) -> None:
        pass


@pytest.fixture(scope="module")
def boxes(tmp_path_factory, shared_data):
    folder = shared_data / "nih-chest-xray"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/nih-chest-xray")
    root = tmp_path_factory.mktemp("boxes")
    toml = write_nih_boxes(folder, root / "folder")
    container = open_home(root / "home")
    imported = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    assert imported.problems == ()
    assert imported.verdicts == 29
    container.jobs.wait(imported.job_id)
    yield container
    container.close()


@pytest.mark.slow
def test_pointing_game_and_mass_against_chance(boxes):
    trust = boxes.trust
    chosen = tuple(explainer(name) for name in METHODS)
    reports = QualityReports(trust.catalogue, trust.explaining.casebook, trust.explaining, lambda: chosen, LIGHT)
    report = reports.measure(ReportQuestion("boxes", "v1", "finding", cases=12), Silent())
    assert {one.method for one in report.methods} == set(METHODS)
    for method in report.methods:
        tests = {test.name: test for test in method.tests}
        for name in ("pointing", "mass"):
            test = tests[name]
            assert test.value.n >= 8
            assert 0 <= test.value.low <= test.value.value <= test.value.high <= 1
            assert 0 < test.chance.low <= test.chance.value <= test.chance.high < 0.5
            assert test.verdict in ("pass", "fail")
    view = trust.view("boxes")
    assert (view.cases_available > 60, len(view.tree) > 0 or view.slice_note != "") == (True, True)
