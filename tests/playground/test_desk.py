"""What the page asks of the services: nothing of the model for a case that still waits for the person's own read."""

import gradio as gr
import pytest

from pages._playground.desk import EXAMPLES, Desk, told
from tests.helpers.tiny_product import TARGET, WORKSPACE, copy_home, names_of, open_home, prepare_home, truth


@pytest.fixture(scope="module")
def tiny_home(tmp_path_factory):
    """The tiny workspace with its champion."""
    return prepare_home(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def services(tiny_home, tmp_path):
    """The services on a copy of it."""
    container = open_home(copy_home(tiny_home, tmp_path / "home"))
    yield container
    container.close()


@pytest.fixture
def desk(services):
    return Desk(lambda: services)


def read_it(services, name):
    services.review.commit_read(WORKSPACE, name, TARGET, truth(name), "likely", actor=services.default_actor)


def test_no_case_that_waits_for_a_read_is_suggested(desk, services):
    assert desk.cases(WORKSPACE) == sorted(names_of(services, "ledger"))[:EXAMPLES]
    first = min(names_of(services, "pool"))
    read_it(services, first)
    known = sorted({*names_of(services, "ledger"), first})[:EXAMPLES]
    assert desk.cases(WORKSPACE) == known
    assert [desk.ask(WORKSPACE, name).question for name in known[:2]] == known[:2]


def test_a_case_that_waits_is_refused_until_it_is_read(desk, services):
    waiting = names_of(services, "pool")[0]
    with pytest.raises(gr.Error) as refused:
        told(desk.ask)(WORKSPACE, waiting)
    words = str(refused.value)
    assert "The model's answer is shown after your own read. Choose a label and commit it first." in words
    assert "on the review page" in words
    read_it(services, waiting)
    asked = desk.ask(WORKSPACE, waiting)
    assert desk.explain(asked, None, TARGET, None).fields


def test_evidence_for_a_case_that_waits_is_refused_too(desk, services):
    waiting, judging = names_of(services, "pool")[0], names_of(services, "ledger")[0]
    asked = desk.ask(WORKSPACE, judging)
    assert desk.explain(asked, None, TARGET, None).fields
    forged = type(asked)(WORKSPACE, waiting, asked.answered)
    with pytest.raises(gr.Error, match="after your own read"):
        told(desk.explain)(forged, None, TARGET, None)


def test_an_input_of_ones_own_is_answered(desk, tiny_home):
    asked = desk.ask_given(WORKSPACE, [str(tiny_home.parent / "data" / "t001.png")])
    assert asked.answered.reveal.prediction.target(TARGET).label == "below"
    assert desk.explain(asked, None, TARGET, None).fields
