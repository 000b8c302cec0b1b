"""The guard on the tiny product: judged answers, routing, triage, limits, drift, and the switch."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput, Conflict, Refused
from core.guard.outliers.registry import OUTLIERS
from core.services.guard.readers import readers_wanted
from core.services.shapes import prediction_object
from core.storage import guards, jobs, labels, routings, versions
from tests.helpers.tiny_folder import SIZE, TOML
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of, open_home, verdict

pytestmark = pytest.mark.slow


def work(product) -> None:
    while product.jobs.work_once():
        pass


def declare(product, prepared_home, tmp_path, text: str) -> None:
    """Import the same folder again with more in its TOML, and route anew."""
    toml = tmp_path / "again.toml"
    toml.write_text(TOML + text)
    product.importing.import_folder(toml, prepared_home.parent / "data", actor=product.default_actor)
    work(product)


def routed(product):
    with product.runtime.database.read() as tx:
        found = product.guard.catalogue.workspace(tx, WORKSPACE)[0]
        return routings.of_version(tx, versions.get(tx, found.id, found.champion).id)


def decided(product):
    with product.runtime.database.read() as tx:
        return routings.decided(tx, product.guard.catalogue.workspace(tx, WORKSPACE)[0].id)


def noise(seed: int = 0) -> bytes:
    """A picture unlike all others: black and white at random."""
    pixels = np.random.default_rng(seed).choice([0, 255], (SIZE, SIZE)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_a_champion_comes_with_its_guard_and_routed_cases(product):
    view = product.guard.view(WORKSPACE)
    assert view.version == "v1"
    assert view.cases == len(names_of(product, "pool")) == len(routed(product))
    assert view.deferred == sum(not row.accepted for rows in routed(product).values() for row in rows)
    assert "calibration cases may lie above" in view.outlier_words
    assert view.rules[0].alpha is None
    assert view.rules[0].accepted.n > 0
    assert not decided(product), "only in triage the model decides by itself"


def test_what_is_unlike_the_training_cases_is_left_to_people_and_says_so(product):
    answers = [product.predictions.predict(WORKSPACE, {"image": noise(seed)}).targets[0] for seed in range(4)]
    assert all(answer.defers for answer in answers)
    assert all("outlier" in [one.reason for one in answer.deferrals] for answer in answers)
    assert "distance to the nearest training cases" in answers[0].reason
    counts = product.guard.view(WORKSPACE).cases
    usual = sum(product.predictions.predict(WORKSPACE, name).targets[0].defers for name in names_of(product, "pool"))
    assert usual < counts / 3


def test_every_place_shows_the_same_judgement(product):
    name = names_of(product, "pool")[0]
    actor = product.default_actor
    by_program = product.predictions.predict(WORKSPACE, name)
    product.review.commit_read(WORKSPACE, name, TARGET, "above", "likely", actor=actor)
    assert product.review.reveal(WORKSPACE, name, actor=actor).prediction == by_program
    assert product.whatif.open(WORKSPACE, name, actor=actor).prediction == by_program
    assert product.predictions.answered(WORKSPACE, name).reveal.prediction == by_program
    rows = next(iter(rows for rows in routed(product).values() if rows[0].deferrals or rows[0].accepted))
    assert {row.target for row in rows} == {TARGET}


def test_the_routing_keeps_what_answers_say(product):
    with product.runtime.database.read() as tx:
        workspace = product.guard.catalogue.workspace(tx, WORKSPACE)[0]
        pool = {case.id: case.name for case in product.guard.catalogue.cases(tx, workspace, "pool")}
    for case_id, (row,) in routed(product).items():
        answer = product.predictions.predict(WORKSPACE, pool[case_id]).targets[0]
        assert (row.label, row.accepted) == (answer.label, not answer.defers)
        assert [one.reason for one in row.deferrals] == [one.reason for one in answer.deferrals]


def test_risk_control_keeps_its_promise_on_the_ledger(product, prepared_home, tmp_path):
    declare(product, prepared_home, tmp_path, "\n[guard]\nalpha = 0.3\ndelta = 0.1\n")
    rule = product.guard.view(WORKSPACE).rules[0]
    assert (rule.alpha, rule.delta) == (0.3, 0.1)
    assert rule.threshold is not None
    with product.runtime.database.read() as tx:
        found = product.guard.catalogue.workspace(tx, WORKSPACE)[0]
        truth = {i: one.label for i, one in labels.references(tx, found.id, TARGET).items()}
        ledger = product.guard.catalogue.cases(tx, found, "ledger")
    answers = [(product.predictions.predict(WORKSPACE, case.name).targets[0], truth[case.id]) for case in ledger]
    accepted = [answer.label != label for answer, label in answers if answer.probability >= rule.threshold]
    assert np.mean(accepted) <= 0.3


def test_a_promise_that_no_rule_keeps_leaves_every_case_to_people(product, prepared_home, tmp_path):
    declare(product, prepared_home, tmp_path, "\n[guard]\nalpha = 0.001\n")
    view = product.guard.view(WORKSPACE)
    assert view.rules[0].threshold is None
    assert "every case is left to people" in view.rules[0].words
    assert view.deferred == view.cases
    assert "no rule keeps" in product.predictions.predict(WORKSPACE, names_of(product, "pool")[0]).targets[0].reason


def test_in_triage_the_model_decides_what_it_accepts_and_people_read_the_rest(product, prepared_home, tmp_path):
    read = names_of(product, "pool")[:3]
    for name in read:
        verdict(product, name)
    declare(product, prepared_home, tmp_path, '\n[reading]\nmode = "triage"\n[guard]\nnever_accept = ["below"]\n')
    rows = routed(product)
    automatic = {i for i, (row,) in rows.items() if row.automatic}
    assert automatic
    assert automatic == decided(product)
    assert all(rows[i][0].label == "above" and rows[i][0].accepted for i in automatic)
    with product.runtime.database.read() as tx:
        found = product.guard.catalogue.workspace(tx, WORKSPACE)[0]
        names = {case.id: case.name for case in product.guard.catalogue.cases(tx, found, "pool")}
    assert not {names[i] for i in automatic} & set(read), "what people have read is theirs"
    (event,) = product.audit.events(workspace=WORKSPACE, kind="automatic")
    assert ("decisions", str(len(automatic))) in event.details
    assert "above" not in str(event), "who reads these cases blind while the model is suspended may look at the record"
    waiting = {row.case for row in product.review.worklist(WORKSPACE, actor=product.default_actor).rows if row.position}
    assert not waiting & {names[i] for i in automatic}
    product.guard.suspend(WORKSPACE, "it errs", actor=product.default_actor)
    assert not decided(product), "all wait for people while it is suspended"


def test_no_more_decisions_an_hour_than_the_limit_allows(product, prepared_home, tmp_path):
    declare(product, prepared_home, tmp_path, '\n[reading]\nmode = "triage"\n[guard]\nper_hour = 4\n')
    assert len(decided(product)) == product.guard.view(WORKSPACE).automatic_last_hour == 4
    late = [row for (row,) in routed(product).values() if not row.automatic and "an hour" in str(row.deferrals)]
    assert late
    assert not any(row.accepted for row in late)


def test_routing_again_changes_nothing_that_was_decided(product, prepared_home, tmp_path):
    more = '\n[reading]\nmode = "triage"\n'
    declare(product, prepared_home, tmp_path, more)
    before = routed(product)
    declare(product, prepared_home, tmp_path, more + "\n[guard]\nper_hour = 0\n")
    after = routed(product)
    assert {i for i, (row,) in before.items() if row.automatic} == {i for i, (row,) in after.items() if row.automatic}
    assert len(product.audit.events(workspace=WORKSPACE, kind="automatic")) == 1


def test_another_policy_makes_the_rules_anew(product, prepared_home, tmp_path):
    for name in OUTLIERS:
        declare(product, prepared_home, tmp_path, f'\n[guard]\noutliers = "{name}"\noutlier_share = 0.2\n')
        view = product.guard.view(WORKSPACE)
        assert OUTLIERS[name].title in view.outlier_words
        assert "20 %" in view.outlier_words
    declare(product, prepared_home, tmp_path, '\n[guard]\noutliers = "none"\n')
    assert "does not look" in product.guard.view(WORKSPACE).outlier_words


def test_a_version_without_a_guard_gets_one_from_the_worker(product):
    with product.runtime.database.write() as tx:
        found = product.guard.catalogue.workspace(tx, WORKSPACE)[0]
        guards.forget(tx, found.id)
    name = names_of(product, "pool")[0]
    for _ in range(2):
        product.predictions.predict(WORKSPACE, name)
    with product.runtime.database.read() as tx:
        assert [job.kind for job in jobs.active(tx)] == ["route"]
    assert "being made" in product.guard.view(WORKSPACE).outlier_words
    work(product)
    assert "calibration cases may lie above" in product.guard.view(WORKSPACE).outlier_words


def test_erasing_a_training_case_takes_its_vector_away(product):
    product.maintenance.erase(WORKSPACE, names_of(product, "pool")[0], "withdrawn", actor=product.default_actor)
    assert "being made" not in product.guard.view(WORKSPACE).outlier_words
    product.maintenance.erase(WORKSPACE, names_of(product, "train")[0], "withdrawn", actor=product.default_actor)
    assert "being made" in product.guard.view(WORKSPACE).outlier_words


def test_cases_of_another_kind_raise_the_alarm(product, prepared_home, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "cases.csv").write_text("image,side\n" + "".join(f"x{n:03d}.png,above\n" for n in range(210)))
    for number in range(210):
        (folder / f"x{number:03d}.png").write_bytes(noise(number))
    (folder / "tiny.toml").write_text(TOML)
    product.importing.import_folder(folder / "tiny.toml", folder, actor=product.default_actor)
    work(product)
    view = product.guard.view(WORKSPACE)
    assert "unlike those that the model was calibrated on" in view.alarms[0]
    assert view.alarms[0] in product.workspaces.home(WORKSPACE, actor=product.default_actor).alarms
    assert view.deferred == view.cases == len(names_of(product, "pool"))
    answer = product.predictions.predict(WORKSPACE, names_of(product, "pool")[0]).targets[0]
    assert answer.deferrals[0].reason == "drift"


def test_a_suspended_model_says_nothing_and_people_go_on(product):
    actor, name = product.default_actor, names_of(product, "pool")[0]
    with pytest.raises(BadInput, match="needs a reason"):
        product.guard.suspend(WORKSPACE, "  ", actor=actor)
    product.guard.suspend(WORKSPACE, "a new *scanner*", actor=actor)
    with pytest.raises(Conflict, match="suspended already"):
        product.guard.suspend(WORKSPACE, "again", actor=actor)
    said = prediction_object(name, product.predictions.predict(WORKSPACE, name))["targets"][TARGET]
    assert said == {
        "probabilities": {}, "set": [], "defers": True,
        "reason": "The model is suspended, so people decide alone: a new *scanner*",
    }  # fmt: skip
    product.review.commit_read(WORKSPACE, name, TARGET, "above", "likely", actor=actor)
    shown = product.review.reveal(WORKSPACE, name, actor=actor)
    assert shown.withheld == said["reason"]
    assert (shown.prediction.targets, shown.methods) == ((), ())
    for ask in (
        lambda: product.evidence.methods(WORKSPACE, name, actor=actor),
        lambda: product.review.explain(WORKSPACE, name, TARGET, actor=actor, method="saliency"),
        lambda: product.whatif.open(WORKSPACE, name, actor=actor),
        lambda: product.predictions.explain(WORKSPACE, name),
        lambda: product.predictions.quality(WORKSPACE, name),
        lambda: product.predictions.answered(WORKSPACE, name),
        lambda: product.predictions.evidence(WORKSPACE, name),
    ):
        with pytest.raises(Refused, match="suspended"):
            ask()
    saved = verdict(product, name, version=None)
    assert saved.stance in ("agree", "override")
    for _ in range(2):  # at once, and when the worker has routed
        view = product.guard.view(WORKSPACE)
        assert view.deferred == view.cases == view.counts[0].count
        assert view.counts[0].reason == "suspended"
        work(product)
    product.guard.resume(WORKSPACE, "looked into", actor=actor)
    assert product.guard.view(WORKSPACE).deferred < view.cases
    work(product)
    assert product.review.reveal(WORKSPACE, name, actor=actor).prediction.targets
    assert "suspended" not in [one.reason for one in product.guard.view(WORKSPACE).counts]
    kinds = [event.kind for event in product.audit.events(workspace=WORKSPACE)]
    assert kinds.count("suspend") == kinds.count("resume") == 1


def test_the_switch_works_at_once_in_another_process(product):
    other = open_home(product.settings.home)
    try:
        name = names_of(product, "pool")[0]
        assert other.predictions.predict(WORKSPACE, name).targets[0].classes
        product.guard.suspend(WORKSPACE, "stop", actor=product.default_actor)
        assert not other.predictions.predict(WORKSPACE, name).targets[0].classes
        assert other.guard.suspension(WORKSPACE).reason == "stop"
    finally:
        other.close()


def test_what_a_blind_reader_may_not_know_is_not_listed(product, prepared_home, tmp_path):
    declare(product, prepared_home, tmp_path, "\n[guard]\nalpha = 0.001\n")
    assert product.guard.view(WORKSPACE).recent == ()
    name = names_of(product, "pool")[0]
    verdict(product, name)
    assert [case for case, _ in product.guard.view(WORKSPACE).recent] == [name]
    declare(product, prepared_home, tmp_path, '\n[reading]\nmode = "concurrent"\n[guard]\nalpha = 0.001\n')
    assert len(product.guard.view(WORKSPACE).recent) == 20


def test_two_readers_are_wanted_for_what_the_model_or_a_person_calls_so(product, prepared_home, tmp_path):
    declare(product, prepared_home, tmp_path, '\n[guard]\ntwo_readers = ["below"]\n')
    with product.runtime.database.read() as tx:
        found, spec = product.guard.catalogue.workspace(tx, WORKSPACE)
        wanted = readers_wanted(tx, found, spec)
    assert wanted == {i: 2 for i, (row,) in routed(product).items() if row.label == "below"}
    assert wanted
    assert all(not routed(product)[i][0].accepted for i in wanted)


def test_the_export_says_where_answers_went_and_nothing_of_a_suspended_model(product, tmp_path):
    product.exporting.export(WORKSPACE, tmp_path / "before")
    with (tmp_path / "before" / "routings.csv").open(newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(names_of(product, "pool"))
    for name, row in rows.items():
        answer = product.predictions.predict(WORKSPACE, name).targets[0]
        assert row["way"] == ("left to people" if answer.defers else "accepted")
        assert row["reasons"] == "; ".join(one.words for one in answer.deferrals)
    product.guard.suspend(WORKSPACE, "stop", actor=product.default_actor)
    product.exporting.export(WORKSPACE, tmp_path / "after")
    assert len((tmp_path / "before" / "predictions.csv").read_text().splitlines()) > 1
    assert len((tmp_path / "after" / "predictions.csv").read_text().splitlines()) == 1
