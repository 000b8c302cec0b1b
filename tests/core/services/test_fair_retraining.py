"""Retraining under a limit on a gap, from the command line to the candidate; what can't be aimed at is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.contracts import FairnessAim, RunPlan
from core.errors import Refused
from core.services.container import build_container
from core.settings import load_settings
from tests.helpers.loans import LOANS, prepare_loans

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Loans with a champion."""
    return prepare_loans(tmp_path_factory.mktemp("loans"))


@pytest.fixture
def container(home):
    """The product on that home."""
    made = build_container(load_settings({"TANDEM_HOME": str(home), "TANDEM_DEMOS": ""}))
    yield made
    made.close()


SEX = FairnessAim("sex", "demographic_parity", 0.05)


@pytest.mark.parametrize(
    ("strategy", "aim", "words"),
    [
        ("labels", SEX, "does not look at groups"),
        ("constrained", replace(SEX, attribute="district"), "Known: sex"),
        ("constrained", replace(SEX, target="ill"), "Known: repaid"),
        ("constrained", replace(SEX, limit=1.5), "from 0 to 1"),
        ("labels", None, "at least one verdict"),
    ],
)
def test_what_cannot_be_aimed_at_is_refused_in_words(container, strategy, aim, words):
    with pytest.raises(Refused, match=words):
        container.retraining.start(LOANS, actor=container.default_actor, strategy=strategy, plan=RunPlan(aim=aim))


def test_the_page_offers_the_strategies_where_there_are_groups(container):
    choices = {choice.name: choice for choice in container.retraining.view(LOANS).feedback.strategies}
    fair = [choice for choice in choices.values() if choice.family == "fairness"]
    assert len(fair) == 4
    assert all(choice.reason is None for choice in fair)


def test_a_gap_is_aimed_at_without_a_verdict_and_the_outcome_says_what_was_reached(home):
    arguments = ["retrain", LOANS, "--attribute", "sex", "--metric", "demographic_parity", "--limit", "0.05", "--wait"]
    environment = {"TANDEM_HOME": str(home), "TANDEM_THREADS": "1", "TANDEM_DEMOS": ""}
    result = CliRunner(env=environment).invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout.splitlines()[-1])
    assert (found["version"], found["strategy"], found["outcome"]) == ("v2", "constrained", "delivered")
    assert "the gap between groups of sex (demographic parity) is" in found["words"]
    assert "the 0.05 that was asked for" in found["words"]
