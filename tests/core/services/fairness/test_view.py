"""The fairness page, and the gate's say on a candidate that is more accurate and less fair, on the real services."""

import json

import pytest
from fairlearn import metrics
from typer.testing import CliRunner

from core.cli import app
from core.errors import BadInput, NotFound, Refused
from tests.helpers.tiny_product import WORKSPACE, open_home
from tests.helpers.unfair_folder import NAME, SIZES, TARGET, label_the_pool, write_unfair_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unfair(tmp_path_factory):
    """The champion, and a candidate that learnt from the labelled pool."""
    folder = tmp_path_factory.mktemp("unfair")
    toml = write_unfair_folder(folder / "data")
    container = open_home(folder / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id)
    assert label_the_pool(container) == SIZES["pool"]
    run = container.retraining.start(NAME, actor=container.default_actor, strategy="labels")
    container.jobs.wait(run.job_id)
    while container.jobs.work_once():
        pass
    yield container
    container.close()


def rate(view, attribute, group, name):
    found = next(one for one in view.attributes if one.attribute == attribute)
    row = next(row for row in found.groups if row.group == group)
    return next(rate for rate in row.rates if rate.rate == name)


def test_rates_and_gaps_are_those_of_the_ledger(unfair):
    view = unfair.fairness.view(NAME, version="v2")
    assert (view.version, view.versions, view.positive, view.classes) == ("v2", ("v2", "v1"), "yes", ("no", "yes"))
    assert view.n == SIZES["ledger"]
    assert [one.attribute for one in view.attributes] == ["sex", "site", "sex & site"]
    selected, truth, sexes = answers(unfair, "v2")
    gap = next(gap for gap in view.attributes[0].gaps if gap.metric == "equalised_odds")
    expected = metrics.equalized_odds_difference(truth, selected, sensitive_features=sexes)
    assert gap.difference.value == pytest.approx(expected)
    assert (gap.limit, gap.highest, gap.lowest) == (0.1, "F", "M")
    assert "false alarm" in gap.title
    assert gap.difference.low > 0.1
    assert gap.p_value < 0.01
    assert all(one.limit is None for one in view.attributes[1].gaps)
    women = rate(view, "sex", "F", "true_positive_rate").estimate
    assert women.n == sum(t and s == "F" for t, s in zip(truth, sexes, strict=True))
    whole = [rate(view, "sex", group, "coverage").estimate for group in "FM"]
    assert sum(one.n for one in whole) == SIZES["ledger"]
    assert sum(one.value * one.n for one in whole) / SIZES["ledger"] == pytest.approx(0.9, abs=0.06)
    assert any("sex is F" in one.words for one in view.missed)
    assert any("sex is F" in one.words for one in view.false_alarms)


def answers(container, version):
    from core.services.trust.judging import judged_on
    from core.storage import versions

    with container.runtime.database.read() as tx:
        workspace, spec = container.fairness.catalogue.workspace(tx, NAME)
        stored = versions.get(tx, workspace.id, version)
        _, judged, _ = judged_on(tx, container.fairness.catalogue, workspace, spec.target(TARGET), stored)
    return judged.answers == 1, judged.truth == 1, [case.attributes["sex"] for case in judged.cases]


def test_the_other_class_is_seen_from_its_side(unfair):
    yes, no = (unfair.fairness.view(NAME, positive=label) for label in ("yes", "no"))
    found, cleared = (
        rate(yes, "sex", "M", "true_positive_rate").estimate,
        rate(no, "sex", "M", "true_negative_rate").estimate,
    )
    assert (found.value, found.n) == (cleared.value, cleared.n)
    with pytest.raises(BadInput, match=r"'maybe' is no class of hired\. Classes: no, yes"):
        unfair.fairness.view(NAME, positive="maybe")
    with pytest.raises(NotFound):
        unfair.fairness.view(NAME, version="v9")


def test_a_more_accurate_candidate_that_widens_the_gap_is_blocked_and_the_override_is_on_record(unfair):
    report = unfair.retraining.view(NAME).report
    lines = {line.name: line for line in report.checks}
    assert lines["accuracy"].verdict == "pass"
    assert lines["accuracy"].low > 0
    gap = lines["fairness:equalised_odds:sex"]
    assert gap.verdict == report.verdict == "fail"
    assert gap.low > 0
    assert {line.name for line in report.checks if line.verdict == "fail"} == {gap.name}
    actor = unfair.default_actor
    for given in ({}, {"acknowledge": True}):
        with pytest.raises(Refused, match="override"):
            unfair.retraining.decide(NAME, "promote", "v2", "It is more accurate.", actor=actor, **given)
    agreed = {"override": True, "acknowledge": True}
    unfair.retraining.decide(NAME, "promote", "v2", "A stopgap, agreed.", actor=actor, **agreed)
    assert dict(unfair.audit.events(kind="promote")[0].details)["overridden"] == "True"


def test_the_command_tells_the_same_in_words_and_as_json(unfair):
    view = unfair.fairness.view(NAME, version="v1")
    home = {"TANDEM_HOME": str(unfair.settings.home), "TANDEM_DEMOS": ""}
    told = CliRunner().invoke(app, ["fairness", NAME, "--version", "v1", "--json"], env=home)
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout.splitlines()[-1])
    assert found["attributes"][0]["gaps"][0]["difference"]["value"] == view.attributes[0].gaps[0].difference.value
    assert found["positive"] == "yes"
    words = CliRunner().invoke(app, ["fairness", NAME, "--version", "v1"], env=home).stdout
    for gap in view.attributes[0].gaps:
        assert gap.words in words
    assert "  F n=350, positive" in words
    refused = CliRunner().invoke(app, ["fairness", NAME, "--positive", "maybe"], env=home)
    assert refused.exit_code == 1
    assert "no class of hired" in refused.stderr


def test_without_sensitive_attributes_the_page_says_what_to_write(product):
    view = product.fairness.view(WORKSPACE)
    assert view.attributes == ()
    assert "sensitive = true" in view.note
    assert view.slice_note
