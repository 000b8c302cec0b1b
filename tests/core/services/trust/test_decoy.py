"""On decoy-digits, the report tells the fooled champion from a candidate that was guided away from the patch."""

import pytest

from core.contracts import MarkForm, VerdictForm
from core.media.masks import encode_mask
from core.services.trust.material import ReportQuestion
from core.services.trust.reports import QualityReports
from core.storage import cases, labels
from explain.assessment.questions import Plan
from explain.registry import explainer
from tests.helpers.planted_methods import random_map
from tests.helpers.stored import Stored
from tests.helpers.tiny_product import open_home

WORKSPACE, TARGET, MARKS = "decoy-digits", "digit", 25
LIGHT = Plan(steps=8, orders=4, stages=2, stage_cases=8, repeat_cases=5)
METHODS = ("integrated_gradients", "occlusion", "feature_ablation")


class Silent:
    def report(self, progress) -> None:
        pass


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """The demo with its champion v1 and, after 25 marks of the patch, a guided candidate v2."""
    home = tmp_path_factory.mktemp("decoy") / "home"
    container = open_home(home)
    container.jobs.wait(container.importing.import_demo(WORKSPACE, Silent()).job_id)
    with container.runtime.database.read() as tx:
        workspace = container.retraining.catalogue.workspace(tx, WORKSPACE)[0]
        pool = cases.list_cases(tx, workspace.id, "pool")
        truth = labels.references(tx, workspace.id, TARGET)
    for case in [case for case in pool if case.attributes["patch_corner"] != "none"][:MARKS]:
        actor, label = container.default_actor, truth[case.id].label
        container.review.commit_read(WORKSPACE, case.name, TARGET, label, "certain", actor=actor)
        mark = MarkForm("image", "ignore", "patch", encode_mask(Stored(home, WORKSPACE).patch_pixels(case.name)))
        form = VerdictForm(WORKSPACE, case.name, TARGET, label, "certain", "v1", marks=(mark,))
        container.review.save_verdict(form, actor=actor)
    run = container.retraining.start(WORKSPACE, actor=container.default_actor)
    container.jobs.wait(run.job_id)
    yield container
    container.close()


def report(container, version):
    trust = container.trust
    chosen = (*(explainer(name) for name in METHODS), random_map())
    reports = QualityReports(trust.catalogue, trust.explaining.casebook, trust.explaining, lambda: chosen, LIGHT)
    return reports.measure(ReportQuestion(WORKSPACE, version, TARGET, cases=30), Silent())


@pytest.mark.slow
def test_mass_and_flips_inside_the_patch_fall_with_guidance(taught):
    fooled, guided = report(taught, "v1"), report(taught, "v2")
    for name in METHODS:
        before, after = (next(m for m in one.methods if m.method == name) for one in (fooled, guided))
        (_, mass, chance), (_, less, same) = before.artefacts[0], after.artefacts[0]
        assert chance == same
        assert mass.low > 2 * chance.high
        assert less.high < mass.low
    ((artefact, many),), ((_, few),) = fooled.flips, guided.flips
    assert artefact == "patch"
    assert many.low > few.high
    for one in (fooled, guided):
        support = {m.method: m for m in one.methods}
        assert support["random_map"].support == "not supported"
        assert support["integrated_gradients"].support == "supported"
        forgotten = {t.name: t for t in support["integrated_gradients"].tests}["randomisation"]
        assert forgotten.verdict == "pass"
    assert fooled.default != "random_map"


@pytest.mark.slow
def test_the_planted_patch_is_found_as_a_subgroup(taught):
    view = taught.trust.view(WORKSPACE, version="v1")
    assert any("patch" in one.words and one.p_value <= 0.01 for one in view.slices)
    assert any("patch" in node.words for node in view.tree)
