"""Trust page and report where cases have all kinds of field, missing values and two targets."""

import numpy as np
import pytest

from core.contracts import MarkForm, VerdictForm
from core.fairness.columns import Column
from core.services.trust.columns import cluster
from core.services.trust.material import ReportQuestion
from core.services.trust.reports import QualityReports
from core.storage import cases
from explain.assessment.questions import Plan
from explain.registry import explainer
from tests.helpers.tiny_mixed import write_mixed_folder
from tests.helpers.tiny_product import open_home

pytestmark = pytest.mark.slow

WORKSPACE = "mixed"
LIGHT = Plan(steps=4, orders=2, cells=6, stages=1, stage_cases=2, repeat_cases=2)


class Silent:
    def report(self, progress) -> None:
        pass


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    root = tmp_path_factory.mktemp("mixed")
    toml = write_mixed_folder(root / "data")
    container = open_home(root / "home")
    container.jobs.wait(container.importing.import_folder(toml, toml.parent, actor=container.default_actor).job_id)
    yield container
    container.close()


def test_each_target_has_its_page(mixed):
    for target in ("side", "tone"):
        view = mixed.trust.view(WORKSPACE, target=target)
        assert (view.target, view.targets) == (target, ("side", "tone"))
        assert len(view.confusion.classes) == 2
        assert "subgroups were looked at" in view.slice_note or "no answer" in view.slice_note
    assert mixed.trust.view(WORKSPACE).confusion.classes == ("Above", "Below")


def test_columns_of_every_kind(mixed):
    trust = mixed.trust
    with mixed.runtime.database.read() as tx:
        workspace, spec = trust.catalogue.workspace(tx, WORKSPACE)
        known = cases.list_cases(tx, workspace.id, "ledger")
    of = trust.errors.columns
    columns: dict[str, Column] = {c.name: c for field in spec.fields for c in of._of_field(known, field)}
    assert set(columns) == {"mean brightness of image", "age", "colour", "length of note"}
    assert set(columns["colour"].categories) <= {"Red", "Green", "Blue", None}
    assert columns["age"].unit == "years"
    bright = columns["mean brightness of image"].numbers
    assert ((bright > 25) & (bright < 45)).all()
    assert columns["length of note"].numbers[0] > 5


def test_clusters_are_named_by_their_most_typical_vector():
    generator = np.random.default_rng(0)
    vectors = np.concatenate([generator.normal(0, 0.1, (20, 3)), generator.normal(5, 0.1, (20, 3))])
    found = cluster(vectors, 2)
    assert len(set(found.places[:20])) == len(set(found.places[20:])) == 1
    assert sorted(index < 20 for index in found.typical.values()) == [False, True]


def test_a_report_on_fields_and_words_with_marks_on_them(mixed):
    actor = mixed.default_actor
    with mixed.runtime.database.read() as tx:
        workspace, _ = mixed.trust.catalogue.workspace(tx, WORKSPACE)
        pool = cases.list_cases(tx, workspace.id, "pool")
    whole = [
        one for one in pool if len([value for value in one.fields if value.blob or value.text or value.number]) == 4
    ]
    for case, kind in zip(whole[:4], ("ignore", "ignore", "look_here", "look_here"), strict=True):
        for target in ("side", "tone"):
            label = "above" if target == "side" else "loud"
            mixed.review.commit_read(WORKSPACE, case.name, target, label, "certain", actor=actor)
        marks = (MarkForm("note", kind, "house" if kind == "ignore" else None, spans=((0, 6),)),)
        marks += (MarkForm("age", kind, "house" if kind == "ignore" else None, names=("age",)),)
        mixed.review.save_verdict(
            VerdictForm(WORKSPACE, case.name, "tone", "loud", "certain", "v1", marks=marks), actor=actor
        )
    trust = mixed.trust
    chosen = tuple(explainer(name) for name in ("feature_ablation", "saliency"))
    reports = QualityReports(trust.catalogue, trust.explaining.casebook, trust.explaining, lambda: chosen, LIGHT)
    report = reports.measure(ReportQuestion(WORKSPACE, "v1", "tone", cases=6), Silent())
    assert report.skipped == ()
    for method in report.methods:
        ((artefact, mass, chance),) = method.artefacts
        assert artefact == "house"
        assert 0 <= mass.value <= 1
        assert 0 < chance.value < 1
        assert {test.name: test for test in method.tests}["mass"].value.n == 2
