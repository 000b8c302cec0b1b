from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load

from core.contracts import TargetSpec
from core.errors import BadInput, Cancelled, Interrupted, UserError
from core.models import training
from core.models.embedding import condense
from core.models.examples import Examples, concatenate
from core.models.network import build_network
from core.models.randomness import epoch_rows, generator_for
from core.models.supervised import SupervisedObjective, class_weights_of
from core.models.training import TrainingPlan, fit
from tests.helpers.model_parts import (
    AGE,
    COLOUR,
    IMAGE,
    NOTE,
    RANDOM_BACKBONE,
    SMALL_TRANSFORMER,
    Keeper,
    Watcher,
    cases_of,
    spec_of,
)

PLAN = TrainingPlan(seed=1, epochs=6, batch_size=8, learning_rate=0.01, evaluate_every=4)


@pytest.fixture
def every_step(monkeypatch) -> None:
    """Report and save after every step instead of by the clock."""
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)


def parts(spec=None):
    spec = spec or spec_of()
    cases = cases_of(spec, 60)
    return spec, cases.select(range(40)), cases.select(range(40, 60))


class NoisyObjective(SupervisedObjective):
    """Draws from the step's generator, as guided objectives do."""

    def loss(self, network, step, generator):
        return super().loss(network, step, generator) * (0.5 + torch.rand((), generator=generator))


def trained(reporter=None, keeper=None, plan=PLAN, kind=NoisyObjective):
    spec, train, validation = parts()
    network = build_network(spec, 0)
    result = fit(network, kind(train, validation, spec), plan, reporter, keeper)
    return network, result


def equal(one, other) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


@pytest.mark.slow
def test_training_learns_and_repeats_to_the_bit():
    network, result = trained(plan=TrainingPlan(epochs=80, batch_size=8, learning_rate=0.01))
    _, _, validation = parts()
    answers = network(validation.batch(range(20)))["shape"].argmax(dim=1)
    assert float((answers == validation.labels["shape"]).float().mean()) >= 0.9
    again, other = trained(plan=TrainingPlan(epochs=80, batch_size=8, learning_rate=0.01))
    assert equal(network, again)
    assert (result.best_step, result.best_score, result.curve) == (other.best_step, other.best_score, other.curve)


def test_another_seed_trains_another_network():
    network, _ = trained()
    assert not equal(network, trained(plan=TrainingPlan(seed=2, epochs=6, learning_rate=0.01, evaluate_every=4))[0])


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("stops", [(2,), (7,), (12, 3), (5, 5, 5, 2)])
def test_cancelled_and_resumed_training_equals_uninterrupted(stops):
    whole, expected = trained()
    keeper = Keeper()
    for stop in stops:
        with pytest.raises(Cancelled):
            trained(Watcher(cancel_at=stop), keeper)
    watcher = Watcher()
    network, result = trained(watcher, keeper)
    assert watcher.reports[0].done > 0 or stops == (1,)
    assert equal(network, whole)
    assert (result.best_step, result.best_score, result.curve) == (
        expected.best_step,
        expected.best_score,
        expected.curve,
    )


def test_killed_training_resumes_from_its_last_periodic_checkpoint():
    whole, _ = trained()

    class Killed(Keeper):
        def save(self, state):
            super().save(state)
            if self.saves == 9:
                raise KeyboardInterrupt

    keeper = Killed(every_seconds=0.0)
    with pytest.raises(KeyboardInterrupt):
        trained(keeper=keeper)
    watcher = Watcher()
    network, _ = trained(watcher, Keeper(keeper.state))
    assert watcher.reports[0].done == 9
    assert equal(network, whole)


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("stop", [Cancelled, Interrupted])
def test_stopped_work_is_kept_at_the_step_it_had_reached(stop):
    class Stopper(Watcher):
        def report(self, progress):
            super().report(progress)
            if progress.done == 3:
                raise stop("stop")

    keeper = Keeper()
    with pytest.raises(stop):
        trained(Stopper(), keeper)
    watcher = Watcher()
    trained(watcher, Keeper(keeper.state))
    assert watcher.reports[0].done == 3


@pytest.mark.usefixtures("every_step")
def test_checkpoint_of_another_plan_is_not_used():
    keeper = Keeper()
    with pytest.raises(Cancelled):
        trained(Watcher(cancel_at=9), keeper)
    other = TrainingPlan(seed=9, epochs=2, learning_rate=0.01)
    watcher = Watcher()
    network, _ = trained(watcher, keeper, other)
    assert watcher.reports[0].done == 0
    assert equal(network, trained(plan=other)[0])


def test_checkpoint_that_is_none_is_refused():
    with pytest.raises(BadInput, match="checkpoint \\(7 bytes\\)"):
        trained(keeper=Keeper(b"garbage"))


@pytest.mark.usefixtures("every_step")
def test_progress_tells_stage_steps_and_curve():
    watcher = Watcher()
    _, result = trained(watcher)
    first, last = watcher.reports[0], watcher.reports[-1]
    assert (first.stage, first.done, first.total, first.curve) == ("Training", 0, 30, ())
    assert last.done == last.total == 30
    assert last.curve == result.curve
    assert [point[0] for point in result.curve] == [4, 8, 12, 16, 20, 24, 28, 30]
    assert last.seconds_left == 0.0
    assert len(watcher.reports) > 10


def test_nothing_is_reported_between_first_and_last_before_it_is_time(monkeypatch):
    monkeypatch.setattr(training, "REPORT_SECONDS", 1e9)
    watcher = Watcher()
    trained(watcher)
    assert [report.done for report in watcher.reports] == [0, 30]


def test_long_curves_are_thinned_in_reports_and_keep_their_ends():
    curve = [(step, 0.5, 0.5) for step in range(1, 1002)]
    thinned = training._thinned(curve)
    assert len(thinned) <= training.CURVE_POINTS + 1
    assert (thinned[0], thinned[-1]) == (curve[0], curve[-1])
    assert training._thinned([]) == ()


class Scripted(SupervisedObjective):
    """Scores as told, so that the best step is known."""

    scores = (0.1, 0.7, 0.3, 0.7, 0.2)

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.seen = []

    def validation_score(self, network):
        self.seen.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return self.scores[len(self.seen) - 1]


def test_the_first_best_step_is_kept():
    spec, train, validation = parts()
    network, objective = build_network(spec, 0), Scripted(train, validation, spec)
    result = fit(network, objective, TrainingPlan(epochs=5))
    assert (result.best_step, result.best_score) == (10, 0.7)
    assert all(torch.equal(tensor, objective.seen[1][name]) for name, tensor in network.state_dict().items())
    assert not network.training


class Exploding(Scripted):
    """Its loss is no number from step 17 on."""

    def loss(self, network, step, generator):
        return super().loss(network, step, generator) * (float("nan") if step >= 17 else 1.0)


def test_diverging_loss_stops_with_a_message_and_keeps_the_best_step():
    spec, train, validation = parts()
    network, objective = build_network(spec, 0), Exploding(train, validation, spec)
    message = r"diverged at step 17 of 25: .* nan, and the best step so far was 10. Lower training.learning_rate"
    with pytest.raises(UserError, match=message):
        fit(network, objective, TrainingPlan(epochs=5))
    assert all(torch.equal(tensor, objective.seen[1][name]) for name, tensor in network.state_dict().items())


def frozen_parts():
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32}])
    network = build_network(spec, 0)
    train, validation = cases_of(spec, 40), cases_of(spec, 15, seed=1)
    condensed = [condense(network, cases, torch.device("cpu")) for cases in (train, validation)]
    network.fit_standardiser(condensed[0].inputs)
    return spec, network, train, validation, condensed


def test_frozen_network_trains_its_heads_on_vectors_alone():
    spec, network, _, _, condensed = frozen_parts()
    encoder = {name: tensor.clone() for name, tensor in network.encoder("image").state_dict().items()}
    head = network.heads["target_shape"].weight.detach().clone()
    objective = SupervisedObjective(*condensed, spec)
    keeper = Keeper()
    result = fit(network, objective, TrainingPlan(epochs=40, learning_rate=0.05), checkpointer=keeper)
    assert result.best_score > 0.6
    assert all(torch.equal(t, encoder[name]) for name, t in network.encoder("image").state_dict().items())
    assert not torch.equal(network.heads["target_shape"].weight, head)


def test_vectors_and_inputs_give_the_same_loss_and_score():
    spec, network, train, validation, condensed = frozen_parts()
    quick = SupervisedObjective(*condensed, spec)
    slow = SupervisedObjective(train, validation, spec)
    generator = generator_for(0, "unused")
    with torch.no_grad():
        for step in range(3):
            expected = quick.loss(network, step, generator)
            assert torch.allclose(slow.loss(network, step, generator), expected, atol=1e-3)
        assert slow.validation_score(network) == pytest.approx(quick.validation_score(network), abs=1e-3)


def test_checkpoint_holds_weights_that_train_and_no_frozen_ones(every_step):
    spec, network, _, _, condensed = frozen_parts()
    objective = SupervisedObjective(*condensed, spec)
    keeper = Keeper()
    with pytest.raises(Cancelled):
        fit(network, objective, TrainingPlan(epochs=4), Watcher(cancel_at=4), keeper)
    weights = {name for name in load(keeper.state) if name.startswith("weight/")}
    assert weights == {"weight/heads.target_shape.weight", "weight/heads.target_shape.bias"}


@pytest.mark.slow
def test_logistic_head_equals_scikit_learn():
    """Without decay, on cases that no line separates, both reach the one best fit."""
    from sklearn.linear_model import LogisticRegression

    spec = spec_of(fields=[{**IMAGE, "size": 2}], encoder={"name": "mlp", "hidden": []})
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (120, 1, 2, 2), generator=generator).to(torch.uint8)
    noise = torch.randint(0, 500, (120,), generator=generator)
    labels = ((images[:, 0, 0, 0].long() + noise) // 252).clamp(max=2)
    cases = Examples(tuple(range(120)), {"image": images}, {"shape": labels}, ("g",) * 120)
    network = build_network(
        spec.model_copy(update={"training": spec.training.model_copy(update={"batch_size": 120})}), 0
    )
    objective = SupervisedObjective(cases, cases, network.spec)
    fit(network, objective, TrainingPlan(epochs=3000, learning_rate=0.03, weight_decay=0.0, evaluate_every=500))
    ours = torch.softmax(network(cases.batch(range(120)))["shape"], dim=1).detach().numpy()
    flat = (images / 255.0).flatten(1).numpy()
    reference = LogisticRegression(C=np.inf, tol=1e-8, max_iter=5000).fit(flat, labels.numpy())
    assert np.abs(ours - reference.predict_proba(flat)).max() < 0.01


def test_class_weights_equal_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    labels = torch.tensor([0] * 7 + [1] * 2 + [2] + [-1] * 4)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels[:10].numpy())
    assert class_weights_of(labels, 3).tolist() == pytest.approx(expected.tolist())
    assert class_weights_of(torch.tensor([-1]), 2).tolist() == [0.0, 0.0]


def test_loss_by_hand_leaves_unlabelled_cases_out_and_weighs_targets():
    targets = [{"name": "shape", "classes": ["a", "b"]}, {"name": "size", "classes": ["x", "y"], "weight": 3.0}]
    spec = spec_of(targets=targets)
    cases = cases_of(spec, 4)
    objective = SupervisedObjective(cases, cases, spec)
    logits = {"shape": torch.tensor([[0.0, 0.0], [9.0, 0.0]]), "size": torch.tensor([[1.0, 1.0], [0.0, 0.0]])}
    labels = {"shape": torch.tensor([1, -1]), "size": torch.tensor([0, 1])}
    assert float(objective.cross_entropy(logits, labels)) == pytest.approx(4 * np.log(2))
    none = {name: torch.tensor([-1, -1]) for name in labels}
    assert float(objective.cross_entropy(logits, none)) == 0.0


TWO_TARGETS = [{"name": "shape", "classes": ["a", "b"]}, {"name": "size", "classes": ["x", "y"], "weight": 3.0}]
LEARNT = {"batch_size": 8, "seed": 3, "weighting": "uncertainty"}


def test_learnt_weights_by_hand():
    """exp(-s) x loss + s / 2 for each target, times its weight."""
    spec = spec_of(targets=TWO_TARGETS, training=LEARNT)
    cases = cases_of(spec, 4)
    objective = SupervisedObjective(cases, cases, spec)
    logits = {"shape": torch.zeros(2, 2), "size": torch.zeros(2, 2)}
    labels = {"shape": torch.tensor([1, 0]), "size": torch.tensor([0, 1])}
    s = torch.tensor([1.0, -2.0])
    expected = np.exp(-1) * np.log(2) + 0.5 + 3 * (np.exp(2) * np.log(2) - 1.0)
    assert float(objective.cross_entropy(logits, labels, s)) == pytest.approx(expected, rel=1e-5)


def test_learnt_weights_are_learnt_and_stay_out_of_the_score():
    spec = spec_of(targets=TWO_TARGETS, training=LEARNT)
    network, cases = build_network(spec, 0), cases_of(spec, 40)
    objective = SupervisedObjective(cases, cases, spec)
    with torch.no_grad():
        before = objective.validation_score(network)
        network.log_variances.fill_(5.0)
        assert objective.validation_score(network) == before
        network.log_variances.zero_()
    fit(network, objective, TrainingPlan(epochs=3, batch_size=8, learning_rate=0.05))
    assert (network.log_variances != 0).all()
    assert build_network(spec_of(training=LEARNT), 0).log_variances is None


def test_what_penalties_are_held_against_is_never_negative():
    """Learnt weights make the loss negative once a target is easy; a cap of that sign would reward the penalty."""
    spec = spec_of(targets=TWO_TARGETS, training=LEARNT)
    network, cases = build_network(spec, 0), cases_of(spec, 16)
    with torch.no_grad():
        network.log_variances.fill_(-20.0)
        for head in network.heads.values():
            head.weight.zero_()
            head.bias.copy_(torch.tensor([0.0, 60.0]))
    labels = {name: torch.ones(16, dtype=torch.int64) for name in ("shape", "size")}
    with torch.no_grad():
        found = SupervisedObjective(cases, cases, spec).losses(network, cases.inputs, labels)
    assert float(found.loss) < 0 <= float(found.entropy)


EVERYTHING = [
    {**IMAGE, "required": False},
    {**AGE, "required": False},
    {**COLOUR, "required": False},
    {**NOTE, "required": False},
]


def trained_on_everything(reporter=None, keeper=None):
    """Every kind of field, dropout in the transformer and the trunk, hidden fields, alignment, learnt weights."""
    spec = spec_of(
        fields=EVERYTHING,
        targets=TWO_TARGETS,
        encoders={"note": {**SMALL_TRANSFORMER, "dropout": 0.3}},
        fusion={"dropout": 0.3, "missing": 0.3, "alignment": 0.1},
        training=LEARNT,
    )
    train, validation = cases_of(spec, 40), cases_of(spec, 20, seed=1)
    network = build_network(spec, 0)
    network.fit_inputs(train.inputs)
    plan = TrainingPlan(seed=1, epochs=4, batch_size=8, learning_rate=0.01, evaluate_every=3)
    return network, fit(network, SupervisedObjective(train, validation, spec), plan, reporter, keeper)


@pytest.mark.usefixtures("every_step")
def test_interrupted_training_with_dropout_equals_the_uninterrupted_one():
    whole, expected = trained_on_everything()
    keeper = Keeper()
    for stop in (4, 9):
        torch.manual_seed(stop)  # what the process drew before must not matter
        with pytest.raises(Cancelled):
            trained_on_everything(Watcher(cancel_at=stop), keeper)
    torch.manual_seed(99)
    watcher = Watcher()
    network, result = trained_on_everything(watcher, keeper)
    assert watcher.reports[0].done > 3
    assert equal(network, whole)
    assert (result.best_score, result.curve) == (expected.best_score, expected.curve)


def test_training_leaves_the_process_s_random_numbers_alone():
    network, _ = trained_on_everything()
    cases = cases_of(network.spec, 20)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(network, SupervisedObjective(cases, cases, network.spec), TrainingPlan(epochs=2, batch_size=8))
    assert torch.equal(torch.rand(3), expected)


def test_validation_score_is_the_typical_probability_of_the_right_answer():
    spec, train, validation = parts()
    network = build_network(spec, 0)
    with torch.no_grad():
        for head in network.heads.values():
            head.weight.zero_()
            head.bias.zero_()
        score = SupervisedObjective(train, validation, spec).validation_score(network)
    assert score == pytest.approx(1 / 3)


def test_splits_without_labels_are_refused():
    spec, train, validation = parts()
    empty = Examples(validation.case_ids, validation.inputs, {"shape": torch.full((20,), -1)}, validation.groups)
    with pytest.raises(BadInput, match=r"No case of the validation split has a label for shape \(20 cases\)"):
        SupervisedObjective(train, empty, spec)


def test_every_epoch_sees_every_case_once_in_a_new_order():
    epochs = [torch.cat([epoch_rows(10, 4, 3 * epoch + part, seed=5) for part in range(3)]) for epoch in (0, 1)]
    assert all(sorted(rows.tolist()) == list(range(10)) for rows in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()
    assert [len(epoch_rows(10, 4, part, seed=5)) for part in range(3)] == [4, 3, 3]


def test_examples_select_and_join():
    spec = spec_of(targets=[TargetSpec(name="shape", classes=("a", "b")).model_dump()])
    cases = cases_of(spec, 5)
    joined = concatenate([cases.select([3, 1]), cases.select(torch.tensor([0]))])
    assert joined.case_ids == (3, 1, 0)
    assert joined.groups == ("g3", "g1", "g0")
    assert torch.equal(joined.inputs["image"][1], cases.inputs["image"][1])
    assert joined.batch_labels([2])["shape"].tolist() == [int(cases.labels["shape"][0])]
    assert torch.equal(joined.batch([0])["image"][0], cases.inputs["image"][3])
    with pytest.raises(BadInput, match=r"one row per case \(2\).*'groups': 1"):
        Examples((1, 2), {}, {}, ("g",))
    with pytest.raises(BadInput, match="no examples"):
        concatenate([])


def test_averaged_weights_are_the_mean_of_those_after_each_step():
    steps, last = 4, {}
    for count in range(1, steps + 1):
        last[count], _ = trained(plan=replace(PLAN, steps=count, evaluate_every=steps, keep_last=True))
    averaged, _ = trained(plan=replace(PLAN, steps=steps, evaluate_every=steps, keep_last=True, average=steps))
    for name, weight in averaged.named_parameters():
        mean = torch.stack([dict(last[count].named_parameters())[name] for count in last]).mean(dim=0)
        assert torch.allclose(weight, mean, atol=1e-6)
