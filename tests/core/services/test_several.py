"""Several targets, several readers, and PostgreSQL: the same verbs."""

import pytest

from core.contracts import Actor, EvidenceForm, VerdictForm
from core.errors import BadInput, Refused
from core.storage import labels
from tests.helpers.postgres import NoPostgres, postgres_server
from tests.helpers.tiny_folder import write_tiny_folder
from tests.helpers.tiny_product import WORKSPACE, corner_mark, names_of, open_home, retrain, truth, verdict

pytestmark = pytest.mark.slow

TWO_TARGETS = """
[[targets]]
name = "half"
column = "side"
classes = ["above", "below"]
"""
ANNA, BERT = Actor("anna", "person", "Anna"), Actor("bert", "person", "Bert")


def _product(tmp_path, change):
    toml = write_tiny_folder(tmp_path / "data")
    toml.write_text(change(toml.read_text()))
    container = open_home(tmp_path / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id)
    return container


@pytest.fixture
def two_targets(tmp_path):
    container = _product(tmp_path, lambda text: text.replace("[split]", TWO_TARGETS + "\n[split]"))
    yield container
    container.close()


@pytest.fixture
def two_readers(tmp_path):
    container = _product(tmp_path, lambda text: text + "\n[reading]\nreaders = 2\n")
    yield container
    container.close()


def _judge(product, case, target, label, actor):
    form = VerdictForm(WORKSPACE, case, target, label, "certain", None)
    return product.review.save_verdict(form, actor=actor)


def test_the_second_reader_speaks_on_the_targets_where_it_differs(tmp_path):
    reading = '\n[reading]\nmode = "second-reader"\n'
    product = _product(tmp_path, lambda text: text.replace("[split]", TWO_TARGETS + "\n[split]") + reading)
    case = names_of(product, "pool")[0]
    answer = product.predictions.predict(WORKSPACE, case)
    labels_said = {"side": answer.target("side").label, "half": "unsure"}
    for target, label in labels_said.items():
        product.review.commit_read(WORKSPACE, case, target, label, "likely", actor=ANNA)
    shown = product.review.reveal(WORKSPACE, case, actor=ANNA)
    assert ([one.target for one in shown.prediction.targets], shown.withheld) == (["half"], "")
    assert product.evidence.methods(WORKSPACE, case, actor=ANNA)
    assert product.evidence.explain(EvidenceForm(WORKSPACE, case, "half"), actor=ANNA).target == "half"
    for ask in (
        lambda: product.evidence.explain(EvidenceForm(WORKSPACE, case, "side"), actor=ANNA),
        lambda: product.whatif.open(WORKSPACE, case, actor=ANNA),
    ):
        with pytest.raises(Refused, match="No objection"):
            ask()
    product.close()


def test_every_target_is_read_before_the_reveal(two_targets):
    actor, case = two_targets.default_actor, names_of(two_targets, "pool")[0]
    two_targets.review.commit_read(WORKSPACE, case, "side", "above", "likely", actor=actor)
    with pytest.raises(Refused):
        two_targets.review.reveal(WORKSPACE, case, actor=actor)
    two_targets.review.commit_read(WORKSPACE, case, "half", "below", "likely", actor=actor)
    prediction = two_targets.review.reveal(WORKSPACE, case, actor=actor).prediction
    assert [answer.target for answer in prediction.targets] == ["side", "half"]


def test_a_case_is_done_when_every_target_has_its_verdict(two_targets):
    actor, case = two_targets.default_actor, names_of(two_targets, "pool")[0]
    _judge(two_targets, case, "side", "above", actor)
    assert two_targets.review.worklist(WORKSPACE, actor=actor).done == 0
    _judge(two_targets, case, "half", "above", actor)
    assert two_targets.review.worklist(WORKSPACE, actor=actor).done == 1


def test_the_gate_judges_every_target_and_programs_must_name_one(two_targets):
    _judge(two_targets, names_of(two_targets, "pool")[0], "side", "above", two_targets.default_actor)
    retrain(two_targets)
    names = {check.name for check in two_targets.retraining.view(WORKSPACE).report.checks}
    assert {"accuracy@side", "accuracy@half"} <= names
    with pytest.raises(BadInput, match="several targets"):
        two_targets.predictions.explain(WORKSPACE, "t000", "saliency")
    assert set(two_targets.workspaces.status()["workspaces"][WORKSPACE]["metrics"]) == {"side", "half"}


def _reference(product, case):
    with product.runtime.database.read() as tx:
        workspace, _, stored = product.retraining.catalogue.case(tx, WORKSPACE, case)
        return labels.references(tx, workspace.id, "side")[stored.id]


def test_two_readers_who_agree_settle_the_label(two_readers):
    case = names_of(two_readers, "pool")[0]
    other = "below" if truth(case) == "above" else "above"
    _judge(two_readers, case, "side", other, ANNA)
    assert _reference(two_readers, case).source == "data set"
    assert two_readers.review.worklist(WORKSPACE, actor=ANNA).done == 1
    assert two_readers.review.worklist(WORKSPACE, actor=BERT).done == 0
    _judge(two_readers, case, "side", other, BERT)
    assert (_reference(two_readers, case).label, _reference(two_readers, case).source) == (other, "agreement")


def test_two_readers_who_differ_settle_nothing(two_readers):
    case = names_of(two_readers, "pool")[0]
    _judge(two_readers, case, "side", "above", ANNA)
    _judge(two_readers, case, "side", "below", BERT)
    assert _reference(two_readers, case).source == "data set"


def test_a_case_that_wants_two_readers_is_held_by_two(two_readers):
    name = two_readers.review.next_case(WORKSPACE, actor=ANNA)
    two_readers.review.open(WORKSPACE, name, actor=ANNA)
    assert two_readers.review.next_case(WORKSPACE, actor=BERT) == name
    _judge(two_readers, name, "side", "above", ANNA)
    two_readers.review.open(WORKSPACE, name, actor=BERT)
    assert two_readers.review.next_case(WORKSPACE, actor=Actor("carl")) != name


def test_a_label_that_two_readers_settled_is_open_again_when_one_of_them_leaves(two_readers):
    case = names_of(two_readers, "pool")[0]
    other = "below" if truth(case) == "above" else "above"
    for reader in (ANNA, BERT):
        _judge(two_readers, case, "side", other, reader)
    _judge(two_readers, case, "side", truth(case), BERT)
    assert (_reference(two_readers, case).label, _reference(two_readers, case).source) == (truth(case), "data set")
    _judge(two_readers, case, "side", other, BERT)
    assert _reference(two_readers, case).source == "agreement"
    two_readers.review.undo(WORKSPACE, case, "side", actor=ANNA)
    assert _reference(two_readers, case).source == "data set"


@pytest.mark.slow
def test_the_whole_loop_on_postgresql(tmp_path):
    try:
        with postgres_server() as address:
            _loop(tmp_path, address)
    except NoPostgres as missing:
        pytest.skip(str(missing))


def _loop(tmp_path, address):
    import psycopg

    with psycopg.connect(address.format(name="postgres").replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("CREATE DATABASE loop")
    toml = write_tiny_folder(tmp_path / "data")
    container = open_home(tmp_path / "home", TANDEM_DATABASE_URL=address.format(name="loop"))
    try:
        report = container.importing.import_folder(toml, toml.parent, actor=ANNA)
        container.jobs.wait(report.job_id)
        for case in names_of(container, "pool")[:6]:
            verdict(container, case, marks=(corner_mark(),))
        candidate = retrain(container)
        container.retraining.decide(
            WORKSPACE, "promote", candidate, "good", actor=ANNA, override=True, acknowledge=True
        )
        assert container.predictions.predict(WORKSPACE, "t000").version == candidate
        assert container.audit.verify().ok
    finally:
        container.close()
