"""Coverage of answer sets on the real services."""

import pytest

from core.errors import NotFound
from core.models.calibration.sets.coverage import Promise
from core.services.guard import coverage
from core.storage import cases, labels, workspaces
from tests.helpers.tiny_folder import write_tiny_folder
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of, open_home, truth

pytestmark = pytest.mark.slow

OTHER = {"above": "below", "below": "above"}


def settle(container, names, *, right: bool = True) -> None:
    """Let people settle pool cases, in this order."""
    for name in names:
        with container.runtime.database.write() as tx:
            workspace = workspaces.get(tx, WORKSPACE)
            label = truth(name) if right else OTHER[truth(name)]
            labels.set_reference(tx, cases.get(tx, workspace.id, name).id, TARGET, label, "single verdict")


def test_the_ledger_is_held_against_the_promise(product):
    view = product.guard.coverage(WORKSPACE)
    ledger = names_of(product, "ledger")
    predicted = {name: product.predictions.predict(WORKSPACE, name).target(TARGET) for name in ledger}
    held = [truth(name) in answer.answer_set for name, answer in predicted.items()]
    assert (view.promised, view.calibration_n) == (0.9, len(names_of(product, "calibration")))
    assert view.ledger.value == pytest.approx(sum(held) / len(held))
    assert view.ledger.n == len(ledger)
    assert (view.expected_low, view.expected_high) == Promise(0.9, view.calibration_n).expected(len(ledger))
    assert (view.method, view.groups, view.over_time, view.alarm) == ("least ambiguous sets", (), (), "")
    with pytest.raises(NotFound):
        product.guard.coverage(WORKSPACE, version="v9")


def test_cases_that_people_settle_otherwise_than_expected_raise_an_alarm_everywhere(product, monkeypatch):
    monkeypatch.setattr(coverage, "POINT", 15)
    pool = names_of(product, "pool")
    settle(product, pool[:15])
    view = product.guard.coverage(WORKSPACE)
    assert [point.coverage.n for point in view.over_time] == [15]
    assert view.over_time[0].coverage.value > 0.8
    assert view.over_time[0].expected > 0.8
    assert view.alarm == ""
    settle(product, pool[15:37], right=False)
    view = product.guard.coverage(WORKSPACE)
    assert [point.coverage.n for point in view.over_time] == [15, 15, 7]
    assert view.over_time[0].until <= view.over_time[1].since
    assert view.over_time[1].coverage.value < 0.3
    assert "Of 15 cases settled" in view.alarm
    assert view.alarm in product.workspaces.home(WORKSPACE, actor=product.default_actor).alarms
    assert view.alarm in product.guard.view(WORKSPACE).alarms


def test_a_stretch_that_is_not_full_is_shown_and_not_judged(product, monkeypatch):
    monkeypatch.setattr(coverage, "POINT", 30)
    settle(product, names_of(product, "pool")[:20], right=False)
    view = product.guard.coverage(WORKSPACE)
    assert view.over_time[0].coverage.value < 0.3
    assert view.alarm == ""


def test_before_anything_serves_there_is_nothing_and_what_a_small_split_can_t_do_is_said(tmp_path):
    container = open_home(tmp_path / "home")
    toml = write_tiny_folder(tmp_path / "data")
    more = '\n[[attributes]]\nname = "half"\ncolumn = "side"\n[calibration]\nmethod = "isotonic"\ngroups = "half"\n'
    toml.write_text(toml.read_text() + more)
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    assert container.guard.coverage(WORKSPACE) is None
    container.jobs.wait(report.job_id or 0)
    told = container.trust.view(WORKSPACE).calibrated
    assert told.title.startswith("temperature scaling")
    assert told.before.n == told.after.n == told.n == len(names_of(container, "calibration"))
    assert any("isotonic regression" in note and "needs 200" in note for note in told.notes)
    assert any("groups of half with fewer than 50" in note for note in told.notes)
    view = container.guard.coverage(WORKSPACE)
    assert view.method == "least ambiguous sets within groups of half"
    assert [name for name, _ in view.groups] == ["half=above", "half=below"]
    assert sum(found.n for _, found in view.groups) == view.ledger.n
    container.close()
