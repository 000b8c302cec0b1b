"""The trade-off on the real services: search, cancel and go on, choose, decide by rules."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete
from typer.testing import CliRunner

from core.cli import app
from core.contracts import Progress
from core.errors import Cancelled, Conflict, NotFound, Refused
from core.fairness.gaps import gap
from core.models.deciding import known_of
from core.services.container import Container
from core.services.fairness.asked import question
from core.services.fairness.steps import THRESHOLDS, steps
from core.storage import jobs, labels, runs, trade_points, versions, workspaces
from core.storage.cases import list_cases
from core.storage.schema import case_attributes
from tests.helpers.loans import LOANS, REPAID, TOML, finish, prepare_loans
from tests.helpers.tiny_product import open_home

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def searched_home(tmp_path_factory) -> Path:
    """Loans with a finished search for models with a smaller parity gap."""
    home = prepare_loans(tmp_path_factory.mktemp("loans"))
    told = CliRunner(env={"TANDEM_HOME": str(home), "TANDEM_THREADS": "1"}).invoke(
        app, ["tradeoff", LOANS, "--metric", "demographic_parity", "--wait", "--json"]
    )
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout.splitlines()[-1])["status"] == "done"
    return home


@pytest.fixture
def loans(searched_home, tmp_path) -> Iterator[Container]:
    container = open_home(Path(shutil.copytree(searched_home, tmp_path / "home")))
    yield container
    container.close()


def the_rule(container: Container) -> int:
    points = container.fairness.trade_off(LOANS, metric="demographic_parity").points
    return next(one.id for one in points if one.strategy == THRESHOLDS)


def test_every_way_is_measured_beside_the_model_that_serves(loans):
    view = loans.fairness.trade_off(LOANS, metric="demographic_parity")
    assert [(one.strategy, one.limit) for one in view.points] == [
        ("labels", None), (THRESHOLDS, None), ("reweighing", None), ("constrained", 0.1), ("constrained", 0.05),
        ("constrained", 0.02), ("constrained", 0.005),
    ]  # fmt: skip
    assert (view.points[0].id, view.points[0].version, view.error) == (None, "v1", None)
    for point in view.points:
        for figure in (point.accuracy, point.demographic_parity, point.equalised_odds):
            assert figure.low <= figure.value <= figure.high
            assert figure.n == view.n > 150
    serves, rule = view.points[0], view.points[1]
    assert rule.demographic_parity.value < 0.1 < serves.demographic_parity.value
    assert rule.words.startswith("Needs sex of every case")
    assert rule.efficient
    assert "no weights learnt from them" in view.measured_on


def test_a_chosen_model_is_a_candidate_with_its_cases_on_record_and_a_gate(loans):
    point, actor = the_rule(loans), loans.default_actor
    run = loans.fairness.choose(LOANS, point, actor=actor)
    assert (run.status, run.strategy, run.version) == ("done", THRESHOLDS, "v2")
    assert loans.fairness.choose(LOANS, point, actor=actor) == run
    with loans.runtime.database.read() as tx:
        found = workspaces.get(tx, LOANS)
        assert [one.name for one in versions.list_versions(tx, found.id)] == ["v1", "v2"]
        assert versions.get(tx, found.id, "v2").parent == "v1"
        learnt = runs.training_case_ids(tx, run.id)
        splits = {case.split for case in list_cases(tx, found.id) if case.id in learnt}
        assert jobs.latest(tx, LOANS, "gate").status == "queued"
    assert splits == {"train", "validation"}
    event = loans.audit.events(workspace=LOANS, kind="trade-off")[0]
    assert dict(event.details)["version"] == "v2"
    finish(loans)
    seen = loans.retraining.view(LOANS)
    assert (seen.candidate, seen.report.version) == ("v2", "v2")
    assert "Needs sex of every case" in seen.run.outcome.words
    shown = loans.fairness.trade_off(LOANS)
    assert [(one.title, one.version) for one in shown.points if one.version] == [
        ("v1, which serves", "v1"),
        ("A rule for each group, after training: v2, which waits for a decision", "v2"),
    ]


def test_a_version_with_rules_answers_by_them_wherever_its_answer_counts(loans):
    loans.fairness.choose(LOANS, the_rule(loans), actor=loans.default_actor)
    finish(loans)
    catalogue, engine = loans.retraining.catalogue, loans.runtime.engine
    with loans.runtime.database.read() as tx:
        found, spec = catalogue.workspace(tx, LOANS)
        ledger = list(catalogue.cases(tx, found, "ledger"))
        truth = labels.references(tx, found.id, REPAID)
    model = catalogue.model(found, "v2")
    inputs = loans.retraining.gating.casebook.examples(ledger, spec, {}).inputs
    answers = engine.predict_many(model, inputs, attributes=[known_of(case) for case in ledger])
    given = [answer.target(REPAID) for answer in answers]
    selected = np.asarray([one.label == "yes" for one in given])
    codes = np.asarray([case.attributes["sex"] == "M" for case in ledger]).astype(int)
    real = np.asarray([truth[case.id].label == "yes" for case in ledger])
    plain = np.asarray([one.probabilities[1] > 0.5 for one in given])
    assert (selected != plain).any()
    assert gap("demographic_parity", selected, real, codes) < gap("demographic_parity", plain, real, codes)
    assert all(one.label in one.answer_set for one in given)
    assert "decided by the rule for sex" in given[0].reason
    alone = engine.predict_many(model, inputs)[0].target(REPAID)
    assert "its sex is not known" in alone.reason
    accuracy = loans.retraining.metrics(LOANS, "v2")[REPAID]["accuracy"].value
    assert accuracy == pytest.approx((selected == real).mean())
    line = next(one for one in loans.retraining.view(LOANS).report.checks if one.name == "accuracy")
    assert line.candidate == pytest.approx(accuracy)
    rates = loans.fairness.view(LOANS, version="v2").attributes[0]
    shares = {row.group: next(r for r in row.rates if r.rate == "selection_rate").estimate for row in rates.groups}
    assert shares["M"].value == pytest.approx(selected[codes == 1].mean())


def test_home_and_trust_say_what_the_rules_need(loans):
    loans.fairness.choose(LOANS, the_rule(loans), actor=loans.default_actor)
    finish(loans)
    loans.retraining.decide(
        LOANS, "promote", "v2", "fairer", actor=loans.default_actor, override=True, acknowledge=True
    )
    assert "Needs sex of every case" in loans.trust.view(LOANS).calibrated.notes[-1]
    assert not [one for one in loans.workspaces.home(LOANS, actor=loans.default_actor).alarms if "rule" in one]
    with loans.runtime.database.write() as tx:
        found = workspaces.get(tx, LOANS)
        pool = list_cases(tx, found.id, "pool")
        tx.execute(delete(case_attributes).where(case_attributes.c.case_id == pool[0].id))
    (alarm,) = [one for one in loans.workspaces.home(LOANS, actor=loans.default_actor).alarms if "rule" in one]
    assert f"1 of {len(pool)} cases of the pool have no sex" in alarm


def test_a_cancelled_search_keeps_what_it_found_and_a_new_attempt_goes_on(loans):
    actor = loans.default_actor
    view = loans.fairness.search(LOANS, actor=actor, metric="equalised_odds")
    assert loans.fairness.search(LOANS, actor=actor, metric="worst_group").job_id == view.job_id
    with loans.runtime.database.write() as tx:
        job = jobs.claim_next(tx, "worker", 60.0)
    stages: list[str] = []

    class Context:
        worker = "worker"
        every_seconds = 60.0

        def report(self, progress: Progress) -> None:
            stages.append(progress.stage)
            if progress.stage == "model 3 of 6" and stages.count("model 1 of 6"):
                raise Cancelled("stop")

        def flush(self) -> None: ...

        def load(self) -> bytes | None:
            return None

        def save(self, state: bytes) -> None: ...

    with pytest.raises(Cancelled):
        loans.fairness.trade.work(job, Context())
    with loans.runtime.database.read() as tx:
        kept = [one.what.strategy for one in trade_points.of_job(tx, job.id)]
    assert kept == [THRESHOLDS, "reweighing"]
    stages.clear()
    loans.fairness.trade.work(job, Context())
    assert sorted(set(stages)) == [f"model {place} of 6" for place in (3, 4, 5, 6)]
    assert loans.fairness.trade_off(LOANS).status == "done"
    with pytest.raises(Conflict):
        loans.fairness.cancel(LOANS, actor=actor)


def test_what_can_not_be_is_refused(loans):
    actor = loans.default_actor
    with pytest.raises(NotFound, match="no model number 99"):
        loans.fairness.choose(LOANS, 99, actor=actor)
    with pytest.raises(NotFound, match="colour"):
        loans.fairness.search(LOANS, actor=actor, attribute="colour")
    with loans.runtime.database.write() as tx:
        changed = TOML.replace('name = "district"\nkind = "numeric"', 'name = "income2"\nkind = "numeric"')
        workspaces.ensure(tx, LOANS, changed, actor.id)
    with pytest.raises(Refused, match="changed since"):
        loans.fairness.choose(LOANS, the_rule_stored(loans), actor=actor)


def the_rule_stored(container: Container) -> int:
    with container.runtime.database.read() as tx:
        found = workspaces.get(tx, LOANS)
        return trade_points.latest(tx, found.id, REPAID, "sex")[0].id


def test_without_a_sensitive_attribute_it_says_what_to_write(loans):
    with loans.runtime.database.write() as tx:
        workspaces.ensure(tx, LOANS, TOML.replace("sensitive = true", ""), loans.default_actor.id)
    assert "sensitive" in loans.fairness.trade_off(LOANS).note
    with pytest.raises(Refused, match="sensitive"):
        loans.fairness.search(LOANS, actor=loans.default_actor)


def test_more_than_two_classes_and_the_worst_group_get_no_rules(loans):
    with loans.runtime.database.read() as tx:
        spec = loans.retraining.catalogue.workspace(tx, LOANS)[1]
    several = spec.targets[0].model_copy(update={"classes": ("a", "b", "yes")})
    asked = question(spec.model_copy(update={"targets": (several,)}))
    assert THRESHOLDS not in [step.strategy for step in steps(asked)]
    assert [step.strategy for step in steps(question(spec, metric="worst_group"))] == ["fair_group_dro", "reweighing"]
