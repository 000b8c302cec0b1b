"""Strategies by gradient and by perturbation: by hand, by their own promises, and that they do what they are for."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from core.learning.strategies.cdep import DecompositionObjective, decomposed
from core.learning.strategies.entries import LOOK_WEIGHT, gradient_penalty, opened, weighted_mean, wrong_region
from core.learning.strategies.expected_gradients import ExpectedGradientsObjective
from core.learning.strategies.perturbations import PERTURBATIONS
from core.learning.strategies.r4 import WorstPerturbationObjective
from core.learning.strategies.random_r4 import RandomPerturbationObjective, drawn, squared_change
from core.learning.strategies.registry import strategy
from core.models.encoders.base import Entry
from core.models.network import build_network
from core.models.scope import open_scope
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import DEVICE, context_of, fitted_network, marked_of
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, RANDOM_BACKBONE, SMALL_TRANSFORMER, cases_of, spec_of
from tests.helpers.planted import marked_rows, marked_texts, rows, table_spec, text_spec, texts

EVERYTHING = {"fields": [IMAGE, AGE, COLOUR, NOTE], "encoders": {"note": SMALL_TRANSFORMER}}
LOGITS = [torch.log_softmax(torch.tensor([[1.0, 2.0], [0.0, 0.0]]), dim=1)]


def _look_here(marked):
    return replace(marked, ignore=marked.look, look=marked.ignore)


def _network(spec):
    return fitted_network(build_network(spec, 0), cases_of(spec, 40, seed=1))


def test_squared_change_by_hand():
    """Log-probabilities move by -.5 and +.5 in the first row, and not at all in the second."""
    moved = [LOGITS[0] + torch.tensor([[-0.5, 0.5], [0.0, 0.0]])]
    assert squared_change(LOGITS, moved).tolist() == pytest.approx([0.25, 0.0])
    assert squared_change(LOGITS * 2, moved * 2).tolist() == pytest.approx([0.5, 0.0])


def test_rows_count_by_the_trust_in_their_marks():
    marked = replace(marked_of(spec_of(), 2), weights=torch.tensor([1.0, 0.25]))
    assert float(weighted_mean(torch.tensor([2.0, 4.0]), marked)) == pytest.approx(1.5)


def test_a_distrusted_mark_costs_less():
    spec = spec_of()
    network, marked = _network(spec), marked_of(spec, 3)
    whole = gradient_penalty(network, marked, marked.examples.inputs)
    half = gradient_penalty(network, replace(marked, weights=torch.full((3,), 0.5)), marked.examples.inputs)
    assert float(half.detach()) == pytest.approx(float(whole.detach()) / 2, rel=1e-5)


def test_the_wrong_region_is_the_ignored_one_or_what_lies_outside_look_here():
    spec = spec_of()
    network, marked = _network(spec), marked_of(spec, 2)
    batch = opened(network, marked.examples.inputs)
    places, weights = wrong_region(marked, batch)
    assert places["image"].flatten(1).sum(dim=1).tolist() == [4, 4]
    assert weights.tolist() == [1.0, 1.0]
    places, weights = wrong_region(_look_here(marked), batch)
    assert places["image"].flatten(1).sum(dim=1).tolist() == [32, 32]
    assert weights.tolist() == pytest.approx([LOOK_WEIGHT] * 2)


def test_drawn_values_stand_at_the_wrong_places_alone():
    spec = spec_of(**EVERYTHING)
    network, marked = _network(spec), marked_of(spec, 4)
    batch = opened(network, marked.examples.inputs)
    places, _ = wrong_region(marked, batch)
    values = drawn(network, batch, places, torch.Generator().manual_seed(0))
    for field, value in values.items():
        differs = (value != batch.values[field]) & ~places[field]
        assert not bool(differs.any())
    assert bool((values["image"] != batch.values["image"]).any())


@pytest.mark.parametrize("field", ["image", "age", "colour", "note"])
def test_perturbed_values_are_plausible(field):
    spec = spec_of(**EVERYTHING)
    network = _network(spec)
    encoder = network.encoder(field)
    entry = encoder.enter(cases_of(spec, 8, seed=3).inputs[field])
    entry = Entry(entry.values.detach(), entry.present)
    kind = PERTURBATIONS[spec.field(field).kind]
    values = kind.draw(entry, encoder, torch.Generator().manual_seed(1))
    far = kind.plausible(values + 100.0 * kind.step(entry, encoder), entry, encoder)
    assert values.shape == far.shape == entry.values.shape
    if field == "image":
        assert 0.0 <= float(values.min()) <= float(far.max()) <= 1.0
    if field == "age":
        assert float((far - encoder.neutral(far)).abs().max()) <= 3.0 * encoder.spread() + 1e-4
    if field == "colour":
        assert values.sum(dim=1).tolist() == [1.0] * 8
        assert far.sum(dim=1).tolist() == pytest.approx([1.0] * 8)
    if field == "note":
        assert float(far.norm(dim=2).max()) <= float(entry.values.norm(dim=2).max()) + 1e-5


def test_the_worst_values_move_the_answer_more_than_random_ones():
    spec = spec_of(**EVERYTHING)
    network = _network(spec)
    context = context_of(spec, network)
    penalties = [
        float(objective(context).penalty(network, context.marked, torch.Generator().manual_seed(2)).detach())
        for objective in (RandomPerturbationObjective, WorstPerturbationObjective)
    ]
    assert penalties[1] > penalties[0] > 0


def test_expected_gradients_vanish_where_all_cases_are_equal():
    """Attribution is (x - reference) x gradient: nothing tells a case from references that equal it."""
    spec = spec_of()
    network, marked = _network(spec), marked_of(spec, 4)
    alike = marked.examples.inputs["image"]
    alike[:, :, :2, :2] = 7
    train = cases_of(spec, 40, seed=1)
    for corner, zero in ((7, True), (200, False)):
        train.inputs["image"][:, :, :2, :2] = corner
        objective = ExpectedGradientsObjective(context_of(spec, network, train=train, marked=marked))
        penalty = float(objective.penalty(network, marked, torch.Generator().manual_seed(0)).detach())
        assert (penalty == 0.0) == zero


def test_parts_of_a_perceptron_sum_to_its_answer():
    torch.manual_seed(0)
    layers = [nn.Flatten(), nn.Linear(9, 5), nn.ReLU(), nn.Dropout(0.0), nn.Linear(5, 3)]
    pixels, place = torch.rand(4, 1, 3, 3), torch.rand(4, 1, 3, 3) < 0.4
    marked, rest = decomposed(layers, (pixels * place, pixels * ~place))
    assert torch.allclose(marked + rest, nn.Sequential(*layers)(pixels), atol=1e-6)


def test_contribution_through_a_rectifier_by_hand():
    """3 from the mark and -2 from the rest: alone the mark gives 3, on top of the rest 1, in the mean 2."""
    marked, rest = decomposed([nn.ReLU()], (torch.tensor([[3.0, -4.0]]), torch.tensor([[-2.0, 3.0]])))
    assert marked.tolist() == [[2.0, -1.5]]  # the second: it switches 3 off when it comes last, and adds nothing alone
    assert rest.tolist() == [[-1.0, 1.5]]


def test_nothing_marked_contributes_nothing():
    spec = spec_of(encoder={"name": "mlp", "hidden": [8, 5]})
    network, marked = _network(spec), marked_of(spec, 4)
    nothing = replace(marked, ignore=marked.look)
    objective = DecompositionObjective(context_of(spec, network, marked=marked))
    generator = torch.Generator()
    assert float(objective.penalty(network, nothing, generator).detach()) == 0.0
    assert float(objective.penalty(network, marked, generator).detach()) > 0.0


def test_says_why_it_does_not_fit():
    text = spec_of(fields=[NOTE], encoder=SMALL_TRANSFORMER)
    context = context_of(text, build_network(text, 0))
    assert "Use encoder cnn" in strategy("grad_cam").fits(context)
    assert "encoder mlp" in strategy("cdep").fits(context)
    assert strategy("r4").fits(context) is None
    assert "Nobody has marked" in strategy("r4").fits(context_of(text, build_network(text, 0), marks=0))


@pytest.mark.parametrize("name", ["guided", "rrr", "random_r4", "grad_cam"])
def test_the_last_blocks_of_a_backbone_learn_in_small_batches(name):
    """Marks reach through an opened backbone; as many annotated cases as ordinary ones, for the sake of memory."""
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32}], training={"batch_size": 4, "seed": 0})
    network = build_network(spec, 0)
    context = context_of(spec, network)
    assert name == "guided" or "frozen" in strategy(name).fits(context)
    open_scope(network, "last blocks")
    objective = strategy(name).objective(context)
    assert len(objective.drawn(torch.Generator())) == 4
    objective.loss(network.train(), 0, torch.Generator().manual_seed(0)).backward()
    gradients = [p.grad for p in network.encoder("image").parameters() if p.requires_grad]
    assert gradients
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


PLANTED = {
    "a word": (text_spec(), texts, marked_texts, 10, 0.95),
    "a leaked field": (table_spec(), rows, marked_rows, 20, 0.85),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(PLANTED))
@pytest.mark.parametrize("name", ["random_r4", "r4", "expected_gradients", "cdep"])
def test_eight_marks_turn_a_model_from_a_planted_word_or_field(kind, name):
    spec, cases, marks_of, epochs, cured = PLANTED[kind]
    parts = {"train": cases(300, 1, telling=True), "validation": cases(60, 2, telling=True)}
    test, network = cases(300, 4, telling=False), build_network(spec, 0)
    context = context_of(spec, network, **parts, marked=marks_of(spec, 8))
    if strategy(name).fits(context) is not None:
        pytest.skip("says that it does not fit")
    fitted_network(network, context.train)
    plan = TrainingPlan(epochs=epochs, batch_size=32, learning_rate=1e-2)
    fit(network, strategy(name).objective(context), plan)
    with torch.no_grad():
        answers = network(test.batch(range(300), DEVICE))["shape"].argmax(dim=1)
    assert float((answers == test.labels["shape"]).float().mean()) > cured
