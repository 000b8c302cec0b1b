"""Runs, the gate and decisions on the real services."""

import pytest

from core.contracts import Actor
from core.errors import BadInput, Conflict, NotFound, Refused, UserError
from core.storage import runs
from tests.helpers.tiny_folder import write_tiny_folder
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark, names_of, retrain, verdict

pytestmark = pytest.mark.slow

LEAD = Actor("lead", "person", "Lead")


@pytest.fixture
def taught(product):
    """Eight verdicts with marks."""
    for name in names_of(product, "pool")[:8]:
        verdict(product, name, marks=(corner_mark(),))
    return product


def _decide(product, kind, version=None, **options):
    return product.retraining.decide(WORKSPACE, kind, version, "because", actor=LEAD, **options)


def _accept(product, version=None):
    return _decide(product, "promote", version, override=True, acknowledge=True)


def test_nothing_to_learn_from_is_refused(product):
    with pytest.raises(Refused, match="at least one verdict"):
        product.retraining.start(WORKSPACE, actor=LEAD)


def test_unknown_strategy(taught):
    with pytest.raises(NotFound, match="guided"):
        taught.retraining.start(WORKSPACE, actor=LEAD, strategy="magic")


def test_starting_twice_is_one_run(taught):
    first = taught.retraining.start(WORKSPACE, actor=LEAD)
    assert taught.retraining.start(WORKSPACE, actor=LEAD).id == first.id
    assert (first.status, first.verdicts, first.marks) == ("queued", 8, 8)


def test_the_run_delivers_a_candidate_with_a_report(taught):
    candidate = retrain(taught)
    view = taught.retraining.view(WORKSPACE)
    assert (candidate, view.candidate, view.champion) == ("v2", "v2", "v1")
    assert view.report.version == "v2"
    assert {check.name.split(":")[0] for check in view.report.checks} >= {
        "accuracy",
        "reliance",
        "attribution",
        "class",
    }
    assert view.run.progress.curve
    assert [v.status for v in view.versions] == ["candidate", "champion"]
    assert all(estimate.n > 0 for _, estimate in view.versions[0].figures)


def test_feedback_counts_what_the_champion_has_not_seen(taught):
    feedback = taught.retraining.view(WORKSPACE).feedback
    assert (feedback.verdicts, feedback.marks, feedback.ledger) == (8, 8, 0)
    assert feedback.thumbnails[0].image[:4] == b"\x89PNG"
    retrain(taught)
    _accept(taught)
    assert taught.retraining.view(WORKSPACE).feedback.verdicts == 0


def test_a_corrected_ledger_case_is_in_no_training_set(taught):
    ledger = names_of(taught, "ledger")[0]
    verdict(taught, ledger, "below", marks=(corner_mark(),))
    retrain(taught)
    with taught.runtime.database.read() as tx:
        workspace, _, case = taught.retraining.catalogue.case(tx, WORKSPACE, ledger)
        run = runs.latest(tx, workspace.id, "retrain")
        used = runs.training_case_ids(tx, run.id)
        pool = taught.retraining.catalogue.case(tx, WORKSPACE, names_of(taught, "pool")[0])[2]
    assert pool.id in used
    assert case.id not in used


def test_a_cancelled_run_leaves_no_version(taught):
    run = taught.retraining.start(WORKSPACE, actor=LEAD)
    taught.retraining.cancel(WORKSPACE, actor=LEAD)
    with pytest.raises(UserError, match="cancelled"):
        taught.jobs.wait(run.job_id)
    assert taught.retraining.view(WORKSPACE).candidate is None
    assert taught.retraining.run(WORKSPACE).status == "cancelled"
    with pytest.raises(Conflict, match="No retraining is under way"):
        taught.retraining.cancel(WORKSPACE, actor=LEAD)


def test_promote_serves_at_once_and_roll_back_restores(taught):
    name = names_of(taught, "ledger")[0]
    before = taught.predictions.predict(WORKSPACE, name)
    retrain(taught)
    decision = _accept(taught)
    after = taught.predictions.predict(WORKSPACE, name)
    assert (decision.previous, before.version, after.version) == ("v1", "v1", "v2")
    assert taught.retraining.view(WORKSPACE).can_roll_back_to == "v1"
    _decide(taught, "rollback")
    assert taught.predictions.predict(WORKSPACE, name) == before
    assert taught.retraining.view(WORKSPACE).decisions[0].kind == "rollback"


def test_a_decision_needs_a_reason(taught):
    retrain(taught)
    with pytest.raises(BadInput, match="needs a reason"):
        taught.retraining.decide(WORKSPACE, "promote", None, "  ", actor=LEAD, override=True)


def _revise(product, tmp_path, old, new):
    toml = write_tiny_folder(tmp_path / "revised")
    toml.write_text(toml.read_text().replace(old, new))
    product.importing.import_folder(toml, toml.parent, actor=LEAD)


def test_what_the_gate_could_not_assess_needs_an_acknowledgement(taught, tmp_path):
    _revise(taught, tmp_path, "[training]", "[gate]\nminimum_group = 200\n[training]")
    retrain(taught)
    assert taught.retraining.view(WORKSPACE).report.verdict == "not assessable"
    with pytest.raises(Refused, match="could not assess for v2: Recall of above"):
        _decide(taught, "promote")
    assert taught.retraining.view(WORKSPACE).champion == "v1"
    assert _decide(taught, "promote", acknowledge=True).acknowledged


def test_what_the_gate_failed_needs_an_override(taught, tmp_path):
    _revise(taught, tmp_path, "learning_rate = 0.01", "learning_rate = 1e-9")  # a candidate that learns nothing
    retrain(taught)
    report = taught.retraining.view(WORKSPACE).report
    assert "accuracy" in [check.name for check in report.checks if check.verdict == "fail"]
    with pytest.raises(Refused, match="The gate failed v2 on: Accuracy"):
        _decide(taught, "promote", acknowledge=True)
    decision = _decide(taught, "promote", override=True, acknowledge=True)
    unknown = any(check.verdict == "not assessable" for check in report.checks)
    assert (decision.overridden, decision.acknowledged) == (True, unknown)


def test_an_override_does_not_stand_for_an_acknowledgement(taught, tmp_path):
    _revise(taught, tmp_path, "[training]", "[gate]\nminimum_group = 200\n[training]")
    retrain(taught)
    with pytest.raises(Refused, match="needs an acknowledgement"):
        _decide(taught, "promote", override=True)
    decision = _decide(taught, "promote", override=True, acknowledge=True)
    assert (decision.overridden, decision.acknowledged) == (False, True)  # nothing had failed


def test_a_run_learns_from_what_it_was_asked_for(taught):
    """One verdict comes and one is taken back while the job waits."""
    first, late = names_of(taught, "pool")[0], names_of(taught, "pool")[8]
    taught.retraining.start(WORKSPACE, actor=LEAD)
    verdict(taught, late, marks=(corner_mark(),))
    taught.review.undo(WORKSPACE, first, TARGET, actor=taught.default_actor)
    taught.jobs.work_once()
    with taught.runtime.database.read() as tx:
        workspace, _, case = taught.retraining.catalogue.case(tx, WORKSPACE, first)
        later = taught.retraining.catalogue.case(tx, WORKSPACE, late)[2]
        used = runs.training_case_ids(tx, runs.latest(tx, workspace.id, "retrain").id)
    assert case.id in used
    assert later.id not in used


def test_promoting_without_a_report_is_refused(taught):
    run = taught.retraining.start(WORKSPACE, actor=LEAD)
    taught.jobs.work_once()  # the retraining; its gate is still queued
    assert taught.retraining.run(WORKSPACE).id == run.id
    with pytest.raises(Refused, match="no gate report yet"):
        _accept(taught)


def test_the_second_decision_on_a_candidate_is_told_who_was_first(taught):
    retrain(taught)
    _decide(taught, "reject")
    with pytest.raises(Conflict, match="already decided on: it is rejected"):
        _accept(taught, "v2")
    with pytest.raises(Conflict, match="No candidate waits"):
        _accept(taught)


def test_a_stale_page_can_not_promote(taught):
    retrain(taught)
    with pytest.raises(Conflict, match="Somebody decided first: v1 serves now, not v9"):
        _decide(taught, "promote", override=True, expected_champion="v9")


def test_nothing_to_roll_back_to(product):
    with pytest.raises(Conflict, match="no earlier version"):
        _decide(product, "rollback")


def test_the_champion_is_not_gated_against_itself(product):
    with pytest.raises(Conflict, match="serves already"):
        product.retraining.gate(WORKSPACE, "v1", actor=LEAD)


def test_the_report_counts_how_often_the_ledger_has_judged(taught):
    retrain(taught)
    retrain(taught, strategy="labels")
    assert taught.retraining.view(WORKSPACE).report.judged == 2


def test_every_step_is_on_record_and_the_chain_verifies(taught):
    retrain(taught)
    _accept(taught)
    kinds = [row.kind for row in taught.audit.events()]
    assert kinds[:4] == ["promote", "gate", "version", "retrain"]
    check = taught.audit.verify()
    assert check.ok
    assert check.events == len(kinds)


def test_a_worker_that_is_asked_to_end_gives_its_job_back(taught):
    run = taught.retraining.start(WORKSPACE, actor=LEAD)
    taught.jobs.stopping.set()
    taught.jobs.work_once()
    job = taught.jobs.get(run.job_id)
    assert (job.status, job.attempt) == ("queued", 0)
    taught.jobs.stopping.clear()
    assert taught.jobs.wait(run.job_id).status == "done"
