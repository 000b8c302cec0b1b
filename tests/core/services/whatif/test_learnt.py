"""Vectors, influence and concepts on the spotted workspace."""

import numpy as np
import pytest

from core.contracts import EvidenceForm
from core.errors import BadInput, NotFound
from tests.helpers.own_models import convolutional
from tests.helpers.own_workspace import write_own_folder
from tests.helpers.spotted import MIXED, SIDE, TONE, read
from tests.helpers.tiny_product import WORKSPACE, open_home, truth

CASE = "m004"


def _placed(container):
    catalogue = container.predictions.catalogue
    with container.runtime.database.read() as tx:
        workspace, _ = catalogue.workspace(tx, MIXED)
    model = catalogue.model(workspace)
    return model, container.whatif.neighbours.vectors.of_workspace(workspace, model)


def test_vectors_are_what_the_heads_read(shared):
    model, placed = _placed(shared)
    row = [case.name for case in placed.known].index(CASE)
    head = model.network.heads[f"target_{TONE}"]
    logits = head.weight.detach().double().numpy() @ placed.vectors[row] + head.bias.detach().double().numpy()
    heat = model.manifest.target(TONE).temperature
    known = np.exp(logits / heat) / np.exp(logits / heat).sum()
    assert shared.predictions.predict(MIXED, CASE).target(TONE).probabilities == pytest.approx(known, abs=1e-5)
    case = placed.known[row]
    assert shared.whatif.neighbours.vectors.of_case(model, case) == pytest.approx(placed.vectors[row], abs=1e-5)
    assert np.array_equal(placed.rows([case, placed.known[0]]), placed.vectors[[row, 0]])


def test_vectors_are_kept_until_inputs_go(fresh):
    before = _placed(fresh)[1]
    assert _placed(fresh)[1] is before
    fresh.maintenance.erase(MIXED, CASE, "consent withdrawn", actor=fresh.default_actor)
    after = _placed(fresh)[1]
    assert len(after.known) == len(before.known) - 1
    gone = next(case for case in before.known if case.name == CASE)
    assert after.rows([gone]).shape == (0, before.vectors.shape[1])


def _influence(container, label=None, **more):
    form = EvidenceForm(MIXED, CASE, SIDE, label=label)
    return container.evidence.influence(form, actor=container.default_actor, **more)


def test_influence_is_that_of_the_head(shared):
    """By the formula, for one training case: (p_i - y_i) . (p - y) (h_i . h + 1)."""
    model, placed = _placed(shared)
    told = _influence(shared)
    head = model.network.heads[f"target_{SIDE}"]
    weights, bias = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()

    def residual(name, label):
        vector = placed.vectors[[case.name for case in placed.known].index(name)]
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


def test_a_concept_is_collected_and_taken_apart(fresh):
    who = {"actor": fresh.default_actor}
    fresh.evidence.collect(MIXED, "  bright   spot ", "m004", **who)
    fresh.evidence.collect(MIXED, "bright spot", "m006", **who)
    fresh.evidence.collect(MIXED, "bright spot", "m003", present=False, **who)
    fresh.evidence.collect(MIXED, "bright spot", "m006", present=None, **who)
    (concept,) = fresh.evidence.concepts(MIXED)
    assert (concept.name, concept.cases, concept.counter_cases) == ("bright spot", ("m004",), ("m003",))
    events = fresh.audit.events(workspace=MIXED, kind="concept")
    assert len(events) == 4
    assert fresh.audit.verify().ok
    assert "bright" not in fresh.audit.export_text()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_concept_needs_a_name(shared, name):
    with pytest.raises(BadInput, match="1 to 80"):
        shared.evidence.collect(MIXED, name, CASE, actor=shared.default_actor)


def _collected(container, many):
    """Collect pictures with the spot against pictures without it."""
    for number in range(8, 8 + 2 * many):
        read(container, f"m{number:03d}")
        container.evidence.collect(
            MIXED, "spot", f"m{number:03d}", actor=container.default_actor, present=number % 2 == 0
        )


def test_the_spot_raises_the_answer_above(fresh):
    _collected(fresh, 8)
    told = fresh.evidence.concept_sensitivity(MIXED, "spot", SIDE, "above", actor=fresh.default_actor)
    assert told.score.value == 1.0
    assert told.supported
    assert told.p_value < 0.05
    assert told.accuracy.low > 0.5
    below = fresh.evidence.concept_sensitivity(MIXED, "spot", SIDE, "below", actor=fresh.default_actor)
    assert below.score.value == 0.0


def test_a_concept_of_few_cases_says_how_many_are_missing(fresh):
    _collected(fresh, 3)
    with pytest.raises(BadInput, match="add 2 more"):
        fresh.evidence.concept_sensitivity(MIXED, "spot", SIDE, "above", actor=fresh.default_actor)


def test_unknown_concepts_and_labels_are_not_found(shared):
    with pytest.raises(NotFound, match="none yet"):
        shared.evidence.concept_sensitivity(MIXED, "spot", SIDE, "above", actor=shared.default_actor)
    with pytest.raises(NotFound, match="above, below"):
        shared.evidence.concept_sensitivity(MIXED, "spot", SIDE, "sideways", actor=shared.default_actor)
