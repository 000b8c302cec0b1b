"""What a retraining leaves on the real services: its plan and outcome, a control run, or no effect at all."""

import json

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.contracts import Actor, RunPlan
from core.errors import Refused
from core.services.jobs import JobContext
from core.storage import controls, jobs, runs
from tests.helpers.tiny_folder import write_tiny_folder
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark, names_of, retrain, verdict

pytestmark = pytest.mark.slow

LEAD = Actor("lead", "person", "Lead")
FROM_CHAMPION = RunPlan(start="champion", budget_seconds=0.001)


@pytest.fixture
def taught(product):
    """Eight verdicts with marks on a corner that tells nothing."""
    for name in names_of(product, "pool")[:8]:
        verdict(product, name, marks=(corner_mark(),))
    return product


def test_the_plan_and_the_outcome_are_on_record(taught):
    plan = RunPlan(start="champion", budget_seconds=30.0)
    asked = taught.retraining.start(WORKSPACE, actor=LEAD, strategy="counterexamples", plan=plan)
    assert (asked.plan, asked.outcome) == (plan, None)
    taught.jobs.wait(asked.job_id)
    done = taught.retraining.run(WORKSPACE)
    assert done.outcome.marks == 8
    assert [trial.strategy for trial in done.outcome.trials] == ["counterexamples"]
    assert done.outcome.parent.strategy == "parent"


def test_a_run_with_marks_leaves_a_control_that_serves_nobody(taught):
    version = retrain(taught, strategy="guided")
    catalogue = taught.retraining.catalogue
    with taught.runtime.database.read() as tx:
        workspace, _ = catalogue.workspace(tx, WORKSPACE)
    control = catalogue.control(workspace, version)
    candidate = catalogue.model(workspace, version)
    assert (control.version, control.manifest.strategy) == (f"control of {version}", "control")
    assert control.manifest.target(TARGET).calibration_n > 0
    assert control.key != candidate.key
    assert [view.name for view in taught.retraining.view(WORKSPACE).versions] == [version, "v1"]
    assert catalogue.control(workspace, "v1") is None


@pytest.fixture
def idle(taught, tmp_path):
    """Trainings change next to nothing any more: they learn too slowly."""
    toml = write_tiny_folder(tmp_path / "again")
    toml.write_text(toml.read_text().replace("learning_rate = 0.01", "learning_rate = 1e-9"))
    taught.importing.import_folder(toml, toml.parent, actor=LEAD)
    return taught


@pytest.mark.parametrize("options", [{"strategy": "labels"}, {"use_regions": False}])
def test_a_run_without_marks_needs_no_control(taught, options):
    retrain(taught, **options)
    with taught.runtime.database.read() as tx:
        workspace, _ = taught.retraining.catalogue.workspace(tx, WORKSPACE)
        assert controls.get(tx, runs.latest(tx, workspace.id, "retrain").id) is None


def test_no_effect_keeps_the_champion_and_is_a_normal_result(idle):
    asked = idle.retraining.start(WORKSPACE, actor=LEAD, strategy="auto", plan=FROM_CHAMPION)
    assert idle.jobs.wait(asked.job_id).status == "done"
    view = idle.retraining.view(WORKSPACE)
    assert (view.run.status, view.run.version, view.run.outcome.no_effect) == ("done", "v1", True)
    assert view.run.outcome.words.startswith("No effect: none of ")
    assert ([version.name for version in view.versions], view.candidate) == (["v1"], None)
    with idle.runtime.database.read() as tx:
        assert jobs.latest(tx, WORKSPACE, "gate") is None
    assert idle.audit.events()[0].kind == "no effect"
    assert "the champion stays" in idle.audit.events()[0].summary
    assert idle.audit.verify().ok


def test_no_effect_on_the_command_line_ends_well(idle):
    home = str(idle.runtime.settings.home)
    options = ["--strategy", "auto", "--start", "champion", "--budget", "1", "--wait", "--json"]
    result = CliRunner(env={"TANDEM_HOME": home}).invoke(app, ["retrain", WORKSPACE, *options])
    assert result.exit_code == 0, result.output
    left = json.loads(result.stdout.splitlines()[-1])
    assert (left["version"], left["outcome"], left["strategy"]) == ("v1", "no effect", "parent")
    assert left["metrics"][TARGET]["accuracy"]["n"] > 0
    assert {trial["verdict"] for trial in left["trials"]} >= {"tried", "skipped"}


def test_what_can_not_be_asked_for_is_refused(taught):
    with pytest.raises(Refused, match="0 seconds"):
        taught.retraining.start(WORKSPACE, actor=LEAD, plan=RunPlan(budget_seconds=0.0))


def test_a_worker_that_ends_during_the_control_run_does_not_train_the_candidate_anew(taught, monkeypatch):
    stages: list[str] = []
    monkeypatch.setattr(JobContext, "report", _watched(JobContext.report, stages))
    asked = taught.retraining.start(WORKSPACE, actor=LEAD, strategy="guided")
    taught.jobs.work_once()
    job = taught.jobs.get(asked.job_id)
    assert (job.status, stages.count("control run")) == ("queued", 1)
    assert "Training" in stages
    stages.clear()
    taught.jobs.stopping.clear()
    assert taught.jobs.wait(asked.job_id).status == "done"
    assert "Training" not in stages
    assert taught.retraining.run(WORKSPACE).version == "v2"


def _watched(report, stages):
    """Note each stage; at the first report of the control run, the worker is asked to end."""

    def noted(self, progress):
        if progress.stage == "control run" and "control run" not in stages and "Training" in stages:
            self._stopping.set()
        stages.append(progress.stage)
        report(self, progress)

    return noted
