"""Import, home, health, status, audit, export: what people and programs see."""

import csv
import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from core.contracts import Actor
from core.errors import BadInput, Conflict, ImportRefused
from core.storage import jobs
from tests.helpers.tiny_folder import write_tiny_folder
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark, names_of, open_home, retrain, verdict

pytestmark = pytest.mark.slow

ACTOR = Actor("lead", "person", "Lead")


@pytest.fixture
def folder(tmp_path):
    return write_tiny_folder(tmp_path / "data").parent


def _import(product, folder):
    return product.importing.import_folder(folder / "tiny.toml", folder, actor=ACTOR)


def test_importing_twice_adds_nothing(product, folder):
    report = _import(product, folder)
    assert (report.added, report.unchanged, report.conflicts, report.job_id) == (0, 240, (), None)


def test_changed_content_is_listed_and_left_as_it_was(product, folder):
    Image.fromarray(np.full((12, 12), 9, np.uint8)).save(folder / "t003.png")
    before = product.predictions.predict(WORKSPACE, "t003")
    report = _import(product, folder)
    assert report.conflicts == ("t003",)
    assert product.predictions.predict(WORKSPACE, "t003") == before


def test_rows_that_can_not_be_used_are_listed_and_the_rest_is_imported(product, folder):
    with (folder / "cases.csv").open("a", newline="") as file:
        csv.writer(file).writerows([["missing.png", "above"], ["../t901.png", "above"], ["new.png", "sideways"]])
    shutil.copy(folder / "t000.png", folder / "new.png")
    report = _import(product, folder)
    assert [(p.line, p.column) for p in report.problems] == [(242, "image"), (243, "image"), (244, "side")]
    assert report.added == 0


def test_an_unusable_folder_changes_nothing(product, folder):
    (folder / "cases.csv").write_text("picture,side\nt000.png,above\n")
    with pytest.raises(ImportRefused, match="image"):
        _import(product, folder)
    assert product.workspaces.status()["workspaces"][WORKSPACE]["cases"] == 240


def test_fields_and_splits_can_not_change_once_verdicts_exist(product, folder):
    toml = folder / "tiny.toml"
    toml.write_text(toml.read_text().replace('["above", "below"]', '["above", "below", "none"]'))
    verdict(product, names_of(product, "pool")[0])
    with pytest.raises(Conflict, match="already has verdicts, so its targets can't change"):
        _import(product, folder)


def test_what_the_serving_version_answers_can_not_change_under_it(product, folder):
    toml = folder / "tiny.toml"
    toml.write_text(toml.read_text().replace('["above", "below"]', '["above", "below", "none"]'))
    with pytest.raises(Conflict, match="already has a version that serves, so its targets can't change"):
        _import(product, folder)
    assert product.workspaces.home(WORKSPACE, actor=ACTOR).figures


def _arrive(folder, *names):
    with (folder / "cases.csv").open("a", newline="") as file:
        csv.writer(file).writerows([name, "above"] for name in names)
    for number, name in enumerate(names):
        Image.fromarray(np.full((12, 12), number, np.uint8)).save(folder / name)


def test_cases_that_arrive_later_go_to_the_pool_and_are_scored(product, folder):
    """Half of them would train by the hash alone."""
    names = [f"late{number}.png" for number in range(12)]
    _arrive(folder, *names)
    assert _import(product, folder).added == 12
    assert {f"late{number}" for number in range(12)} <= set(names_of(product, "pool"))
    with product.runtime.database.read() as tx:
        workspace, _ = product.retraining.catalogue.workspace(tx, WORKSPACE)
        ranked = product.review.queueing.waiting(tx, workspace, ACTOR).ranked
    assert not [item.case_id for item in ranked if "has not seen" in item.reason]


def test_the_queue_follows_when_one_case_goes_and_another_comes(product, folder):
    """As many inputs as before, and yet another pool."""
    gone = product.review.worklist(WORKSPACE, actor=ACTOR).rows[0].case
    product.maintenance.erase(WORKSPACE, gone, "consent withdrawn", actor=ACTOR)
    _arrive(folder, "late.png")
    _import(product, folder)
    with product.runtime.database.read() as tx:
        workspace, _ = product.retraining.catalogue.workspace(tx, WORKSPACE)
        state = product.review.queueing.waiting(tx, workspace, ACTOR)
    waiting = {state.cases[item.case_id].name for item in state.ranked}
    assert "late" in waiting
    assert gone not in waiting


def test_figures_follow_a_corrected_ledger_label(product):
    name = names_of(product, "ledger")[0]
    answer = product.predictions.predict(WORKSPACE, name).target(TARGET).label
    other = "below" if answer == "above" else "above"
    before = product.workspaces.status()["workspaces"][WORKSPACE]["metrics"]
    verdict(product, name, other)
    assert product.workspaces.status()["workspaces"][WORKSPACE]["metrics"] != before


def test_the_gate_policy_may_change_and_makes_a_revision(product, folder):
    verdict(product, names_of(product, "pool")[0])
    toml = folder / "tiny.toml"
    toml.write_text(toml.read_text() + "\n[gate]\naccuracy_margin = 0.5\n")
    _import(product, folder)
    assert product.workspaces.spec(WORKSPACE).gate.accuracy_margin == 0.5
    assert dict(product.audit.events(kind="import")[0].details)["revision"] == "2"


def test_home_of_a_new_workspace_and_after_the_first_verdict(product):
    home = product.workspaces.home(WORKSPACE, actor=product.default_actor)
    assert (home.is_new, home.champion, home.champion_by, home.preparing) == (True, "v1", "local", None)
    assert [name for name, _ in home.figures] == ["Accuracy", "AUROC", "Calibration error"]
    verdict(product, names_of(product, "pool")[0])
    assert not product.workspaces.home(WORKSPACE, actor=product.default_actor).is_new


def test_status_has_what_the_contract_says(product):
    status = product.workspaces.status()["workspaces"][WORKSPACE]
    assert status["champion"] == "v1"
    assert status["cases"] == 240
    assert status["waiting"] == len(names_of(product, "pool"))
    assert set(status["metrics"][TARGET]) == {"accuracy", "auroc"}
    assert set(status["metrics"][TARGET]["accuracy"]) == {"value", "low", "high", "n"}


def test_health_is_ok_only_when_every_workspace_serves(product, tmp_path):
    assert product.health.report().ok
    blank = open_home(tmp_path / "blank", TANDEM_DEMOS="decoy-digits")
    report = blank.health.report()
    blank.close()
    assert not report.ok
    assert "decoy-digits" in report.reason


def test_a_failed_import_does_not_keep_the_others_from_serving(product, folder):
    toml = folder / "other.toml"
    toml.write_text((folder / "tiny.toml").read_text().replace('"tiny"', '"other"', 1))
    job = product.importing.import_folder(toml, folder, actor=ACTOR).job_id
    assert not product.health.report().ok
    with product.runtime.database.write() as tx:
        jobs.request_cancel(tx, job)
    report = product.health.report()
    assert report.ok
    assert report.workspaces["other"].champion is None


def test_a_folder_that_can_not_be_written_is_said(product, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for export in (product.audit.export, lambda folder: product.exporting.export(WORKSPACE, folder)):
        with pytest.raises(BadInput, match="Can't write into"):
            export(tmp_path / "file")


def test_audit_rows_are_readable_and_filter(product):
    name = names_of(product, "pool")[0]
    verdict(product, name)
    row = product.audit.events(kind="verdict")[0]
    assert name in row.summary
    assert dict(row.details)["version"] == "v1"
    assert json.loads(dict(row.details)["record"])["version"] == "v1"
    assert product.audit.events(actor_id="nobody") == ()
    assert set(product.audit.kinds()) >= {"import", "promote", "read", "verdict"}


def test_the_exported_chain_is_whole(product, tmp_path):
    path = product.audit.export(tmp_path / "out")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(later["previous_hash"] == earlier["hash"] for earlier, later in pairwise(lines))


def test_export_writes_cases_verdicts_masks_and_decisions(product, tmp_path):
    name = names_of(product, "pool")[0]
    verdict(product, name, comment="=HYPERLINK(1)", marks=(corner_mark("../../evil"),))
    files = product.exporting.export(WORKSPACE, tmp_path / "out")
    assert {path.name for path in files} >= {"workspace.toml", "cases.csv", "verdicts.csv", "decisions.csv"}
    with (tmp_path / "out" / "verdicts.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert row["comment"] == "'=HYPERLINK(1)"
    assert np.asarray(Image.open(tmp_path / "out" / row["masks"])).sum() == 9
    assert [path.name for path in tmp_path.iterdir() if "evil" in path.name] == []


def test_explanations_for_programs_are_in_the_originals_pixels(product):
    explained = product.predictions.explain(WORKSPACE, "t000", "saliency")
    assert explained.attributions["image"].shape == (12, 12)
    assert explained.label in ("above", "below")


def test_garbage_keeps_everything_that_is_named(product):
    report = product.maintenance.collect_garbage()
    assert report.removed == 0
    assert report.kept >= 240
    product.predictions.predict(WORKSPACE, "t000")


def test_what_was_erased_is_not_shown_from_memory(product):
    name = names_of(product, "pool")[0]
    product.review.open(WORKSPACE, name, actor=ACTOR)
    product.maintenance.erase(WORKSPACE, name, "consent withdrawn", actor=ACTOR)
    with pytest.raises(BadInput, match=f"Nothing is left of case '{name}': it was erased"):
        product.review.open(WORKSPACE, name, actor=ACTOR)


def test_an_erased_case_is_gone_for_all_and_the_chain_still_verifies(product):
    name, other = names_of(product, "pool")[:2]
    verdict(product, name, comment="Mrs Smith", marks=(corner_mark(),))
    verdict(product, other, marks=(corner_mark(),))
    product.maintenance.erase(WORKSPACE, name, "consent withdrawn", actor=ACTOR)
    with pytest.raises(BadInput, match="has no 'image'"):
        product.predictions.predict(WORKSPACE, name)
    assert name not in {row.case for row in product.review.worklist(WORKSPACE, actor=ACTOR).rows}
    assert "Smith" not in product.audit.export_text()
    assert retrain(product) == "v2"
    assert product.retraining.view(WORKSPACE).report is not None
    assert product.audit.verify().ok
    with pytest.raises(BadInput, match="needs a reason"):
        product.maintenance.erase(WORKSPACE, other, " ", actor=ACTOR)
