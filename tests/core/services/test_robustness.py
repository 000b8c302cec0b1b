"""Robustness reports on the real services: asked for, made by the worker, kept, cancelled; and on the command line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.cli.robustness import report_lines
from core.contracts import Estimate
from core.errors import BadInput, Cancelled, Conflict, NotFound, Refused
from core.fairness.intervals import wilson
from core.guard.robustness.work import Plan
from core.services.robustness_reports import RobustnessQuestion, RobustnessReports, share
from core.storage import robustness, versions
from tests.helpers.model_parts import Watcher
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of, retrain, verdict

QUESTION = RobustnessQuestion(WORKSPACE, "v1", TARGET, 20)
LIGHT = Plan(epsilons=(0.1, 0.5), steps=10)


def reports(product, plan=LIGHT) -> RobustnessReports:
    parts = product.robustness.reports
    return RobustnessReports(parts.catalogue, parts.casebook, plan)


def test_a_report_is_made_by_the_worker_kept_recorded_and_shown(product):
    asked = product.robustness.start(WORKSPACE, actor=product.default_actor, cases=20)
    assert (asked.version, asked.target, asked.status, asked.report) == ("v1", TARGET, "queued", None)
    again = product.robustness.start(WORKSPACE, actor=product.default_actor, cases=20)
    assert again.job_id == asked.job_id
    with pytest.raises(Conflict, match="20 cases"):
        product.robustness.start(WORKSPACE, actor=product.default_actor, cases=10)
    product.jobs.wait(asked.job_id)
    view = product.robustness.view(WORKSPACE)
    report = view.report
    assert view.status == "done"
    assert (report.version, report.target, report.cases, report.clean.n) == ("v1", TARGET, 20, 20)
    assert {one.attack for one in report.attacks} == {"fgsm", "pgd", "auto_pgd"}
    assert all(one.sound for one in report.attacks)
    assert all(one.success.low <= one.success.value <= one.success.high for one in report.attacks)
    strong = [one.success.value for one in report.attacks if one.attack == "pgd"]
    assert strong == sorted(strong)
    assert strong[-1] > 0.9
    assert len(report.corruptions) == 25
    assert list(report.smallest) == sorted(report.smallest)
    assert len(report.smallest) + report.unflipped == report.attacks[0].success.n
    assert 0 <= report.hint.low <= report.hint.value <= report.hint.high <= 1
    assert any("Only 20 cases were attacked" in note for note in report.notes)
    event = product.audit.events(kind="robustness")[0]
    assert "measured how easily a version is thrown off" in event.summary
    with product.runtime.database.read() as tx:
        workspace = product.retraining.catalogue.workspace(tx, WORKSPACE)[0]
        assert robustness.get(tx, versions.get(tx, workspace.id, "v1").id, TARGET) == report
    assert "NOT SOUND" not in " ".join(report_lines(report))
    broken = replace(report, attacks=(replace(report.attacks[0], sound=False, words="Broken: so."),))
    assert "NOT SOUND: Broken: so." in " ".join(report_lines(broken))


def test_two_reports_of_the_same_say_the_same(product):
    one, other = (reports(product).measure(QUESTION, Watcher()) for _ in range(2))
    assert (one.attacks, one.corruptions, one.smallest, one.hint) == (
        other.attacks, other.corruptions, other.smallest, other.hint,
    )  # fmt: skip


def test_only_ledger_cases_with_a_label_are_attacked_and_fewer_where_time_is_short(product):
    ledger = len(names_of(product, "ledger"))
    watcher = Watcher()
    hurried = reports(product, Plan(epsilons=(0.3,), steps=4, seconds=0.0, fewest=5, at_once=5))
    report = hurried.measure(replace(QUESTION, cases=10_000), watcher)
    assert report.cases == report.clean.n == ledger
    attacked = report.attacks[0].success.n
    assert 5 <= attacked < 10
    assert any(note.startswith(f"Attacks ran on {attacked} of the ") for note in report.notes)
    assert {one.stage for one in watcher.reports} >= {"attack: Projected gradient", "corruption: Noise"}


def test_it_is_cancelled_in_the_middle_and_leaves_no_report(product):
    with pytest.raises(Cancelled):
        reports(product).measure(QUESTION, Watcher(cancel_at=20))
    with pytest.raises(Conflict, match="No robustness report"):
        product.robustness.cancel(WORKSPACE, actor=product.default_actor)
    product.robustness.start(WORKSPACE, actor=product.default_actor, cases=20)
    product.robustness.cancel(WORKSPACE, actor=product.default_actor)
    while product.jobs.work_once():
        pass
    view = product.robustness.view(WORKSPACE)
    assert (view.status, view.report) == ("cancelled", None)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"cases": 0}, BadInput, "at least 1 case"),
        ({"version": "v9"}, NotFound, "no version 'v9'"),
        ({"target": "mood"}, NotFound, "no target 'mood'"),
    ],
)
def test_what_is_wrong_is_refused(product, options, error, words):
    with pytest.raises(error, match=words):
        product.robustness.start(WORKSPACE, actor=product.default_actor, **options)


def test_without_a_picture_there_is_nothing_to_attack(product, monkeypatch):
    monkeypatch.setattr("core.services.robustness.image_fields", lambda spec: ())
    assert "no image field" in product.robustness.view(WORKSPACE).note
    with pytest.raises(Refused, match="no image field"):
        product.robustness.start(WORKSPACE, actor=product.default_actor)


def test_intervals_know_that_cases_of_one_group_are_not_independent():
    flags = np.arange(40) % 4 == 0
    alone, together = [str(n) for n in range(40)], [str(n // 10) for n in range(40)]
    assert share(flags, alone, 0) == wilson(10, 40)
    assert share(np.ones(40, dtype=bool), together, 0) == Estimate(1.0, wilson(4, 4).low, 1.0, 40)
    lumpy = np.arange(40) < 10
    assert share(lumpy, together, 0).high > share(lumpy, alone, 0).high


@pytest.mark.slow
def test_on_the_command_line(prepared_home, tmp_path):
    from tests.helpers.tiny_product import copy_home

    home = copy_home(prepared_home, tmp_path / "home")
    runner = CliRunner(env={"TANDEM_HOME": str(home), "TANDEM_THREADS": "1", "TANDEM_ACTOR": "ada"})
    done = runner.invoke(app, ["robustness", WORKSPACE, "--version", "v1", "--cases", "12", "--wait", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["version"], found["cases"], len(found["attacks"])) == ("v1", 12, 12)
    words = runner.invoke(app, ["robustness", WORKSPACE, "--cases", "12", "--wait"])
    assert "v1, side, 12 cases, right as they are: " in words.stdout
    assert "Projected gradient, epsilon 0.300: turns " in words.stdout
    refused = runner.invoke(app, ["robustness", WORKSPACE, "--version", "v9"])
    assert refused.exit_code == 1
    assert "no version 'v9'" in refused.stderr


@pytest.mark.slow
def test_a_hardened_candidate_is_trained_and_measured_beside_the_champion(product):
    verdict(product, names_of(product, "pool")[0])
    candidate = retrain(product, strategy="adversarial_training")
    assert candidate != "v1"
    own = [reports(product).measure(replace(QUESTION, version=name, cases=40), Watcher()) for name in ("v1", candidate)]
    flips = [sum(value < 0.15 for value in one.smallest) for one in own]
    assert flips[1] <= flips[0]
