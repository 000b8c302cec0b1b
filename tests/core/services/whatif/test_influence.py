"""The training cases that taught a version its answer."""

import numpy as np
import pytest

from core.contracts import EvidenceForm
from core.errors import BadInput, NotFound
from tests.helpers.own_models import convolutional
from tests.helpers.own_workspace import write_own_folder
from tests.helpers.spotted import MIXED, SIDE, placed
from tests.helpers.tiny_product import WORKSPACE, open_home, truth

CASE = "m004"


def _influence(container, label=None, **more):
    form = EvidenceForm(MIXED, CASE, SIDE, label=label)
    return container.evidence.influence(form, actor=container.default_actor, **more)


def test_influence_is_that_of_the_head(shared):
    """By the formula, for one training case: (p_i - y_i) . (p - y) (h_i . h + 1)."""
    model, known = placed(shared)
    told = _influence(shared)
    head = model.network.heads[f"target_{SIDE}"]
    weights, bias = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()

    def residual(name, label):
        vector = known.vectors[[case.name for case in known.known].index(name)]
        powers = np.exp(weights @ vector + bias)
        return vector, powers / powers.sum() - (np.arange(2) == ("above", "below").index(label))

    vector, own = residual(CASE, told.label)
    for one in (*told.towards, *told.against):
        other, theirs = residual(one.case, one.label)
        assert one.influence == pytest.approx(theirs @ own * (other @ vector + 1), rel=1e-3)


def test_influence_names_training_cases_in_order(shared):
    told = _influence(shared)
    catalogue = shared.predictions.catalogue
    with shared.runtime.database.read() as tx:
        workspace, _ = catalogue.workspace(tx, MIXED)
        train = {case.name for case in catalogue.cases(tx, workspace, "train")}
    assert (told.label, told.target, told.checkpoints) == ("above", SIDE, 1)
    assert told.n == len(train - {CASE})
    assert {one.case for one in (*told.towards, *told.against)} <= train
    sizes = [one.influence for one in told.towards]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) > 0
    falls = [one.influence for one in told.against]
    assert falls == sorted(falls)
    assert max(falls) < 0
    assert told.towards[0].label == "above"
    assert all(one.image and one.caption for one in told.towards)
    assert len(_influence(shared, limit=2).towards) == 2
    assert _influence(shared, "below").towards[0].label == "below"


def test_influence_of_an_unknown_label_is_refused(shared):
    with pytest.raises(NotFound, match="above, below"):
        _influence(shared, "sideways")


def test_a_model_that_was_brought_names_no_training_cases(tmp_path):
    toml = write_own_folder(tmp_path / "data", "convolutional", convolutional())
    container = open_home(tmp_path / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    container.review.commit_read(WORKSPACE, "t001", SIDE, truth("t001"), "likely", actor=container.default_actor)
    try:
        with pytest.raises(BadInput, match="No training cases of v1 are on record"):
            container.evidence.influence(EvidenceForm(WORKSPACE, "t001", SIDE), actor=container.default_actor)
    finally:
        container.close()
