"""Strategies for fairness on tables with a planted gap: what they aim at, what they reach, how they are resumed."""

from dataclasses import replace

import pytest
import torch

from core.contracts import FairnessAim, FairnessSpec
from core.errors import Refused
from core.fairness.membership import Membership, grouped_by
from core.learning.strategies.fair import OF_POLICY, aim_of
from core.learning.strategies.labels import LabelsStrategy
from core.learning.strategies.registry import strategies, strategy
from core.models.examples import Examples
from core.models.network import build_network
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import context_of, fitted_network
from tests.helpers.model_parts import AGE, spec_of

SPEC = spec_of(
    fields=[AGE, {"name": "dose", "kind": "numeric"}],
    targets=[{"name": "ill", "classes": ["no", "yes"]}],
    encoder=None,
    attributes=[{"name": "sex", "sensitive": True}, {"name": "ward"}],
    training={"batch_size": 128, "seed": 0, "epochs": 25},
)
PLAN = TrainingPlan(seed=0, epochs=25, batch_size=128, learning_rate=1e-2)
FAIR = [item.name for item in strategies() if item.family == "fairness"]


def cases(count: int, seed: int) -> tuple[Examples, torch.Tensor]:
    """Age tells the label, and dose tells the group, of which one is ill more often; every tenth is unknown."""
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randint(2, (count,), generator=generator)
    labels = (torch.rand(count, generator=generator) < 0.3 + 0.3 * codes).long()
    age = labels + 0.7 * torch.randn(count, generator=generator)
    dose = codes + 0.3 * torch.randn(count, generator=generator)
    inputs = {"age": age[:, None].float(), "dose": dose[:, None].float()}
    known = torch.where(torch.arange(count) % 10 == 0, -1, codes)
    return Examples(tuple(range(count)), inputs, {"ill": labels}, tuple(map(str, range(count)))), known


def context(aim: FairnessAim | None = None, spec=SPEC, count: int = 600):
    """A network and its context; groups of sex are known."""
    network = build_network(spec, 0)
    (train, learnt), (validation, held) = cases(count, 1), cases(200, 2)
    groups = (Membership("sex", ("F", "M"), learnt, held),)
    made = context_of(spec, network, 0, train=train, validation=validation, groups=groups, aim=aim)
    fitted_network(network, train)
    return network, made


def learnt(name: str, aim: FairnessAim):
    """The network that a strategy leaves, and its objective."""
    network, made = context(aim)
    objective = strategy(name).objective(made)
    average = getattr(objective, "averaged_steps", 0)
    fit(network, objective, replace(PLAN, average=average))
    return network.eval(), objective


def selection(network, made) -> torch.Tensor:
    """Share of each group of the training cases that is answered `yes`."""
    with torch.no_grad():
        chosen = network(made.train.inputs)["ill"].argmax(dim=1).float()
    codes = made.groups[0].train
    return torch.stack([chosen[codes == group].mean() for group in (0, 1)])


def test_the_aim_is_what_was_asked_for_then_the_policy_then_the_first_sensitive_attribute():
    asked = FairnessAim("sex", "worst_group", 0.3)
    policy = FairnessSpec(attribute="sex", metric="demographic_parity", limit=0.1)
    held = SPEC.model_copy(update={"fairness": (policy,)})
    assert aim_of(held, asked) == replace(asked, target="ill")
    assert aim_of(held, None) == FairnessAim("sex", "demographic_parity", OF_POLICY * 0.1, "ill")
    assert aim_of(SPEC, None) == FairnessAim("sex", target="ill")
    assert aim_of(SPEC.model_copy(update={"attributes": ()}), None) is None
    assert grouped_by(held, FairnessAim("sex & ward")) == ("sex", "sex & ward")


@pytest.mark.parametrize("name", FAIR)
def test_says_what_is_missing(name):
    found = strategy(name)
    _, made = context()
    none_sensitive = replace(made, spec=SPEC.model_copy(update={"attributes": ()}))
    one_group = replace(made, groups=(replace(made.groups[0], train=torch.zeros(600, dtype=torch.int64)),))
    unknown = replace(made, aim=FairnessAim("ward"))
    assert found.fits(made) is None
    for wrong, words in ((none_sensitive, "sensitive"), (one_group, "two groups"), (unknown, "ward")):
        assert words in str(found.fits(wrong))
        with pytest.raises(Refused, match=name):
            found.objective(wrong)


@pytest.mark.parametrize("metric", ["demographic_parity", "equalised_odds"])
def test_a_constraint_keeps_the_gap_within_its_limit_where_labels_alone_do_not(metric):
    aim = FairnessAim("sex", metric, 0.04)
    plain, made = context(aim)
    fit(plain, LabelsStrategy().objective(made), PLAN)
    network, objective = learnt("constrained", aim)
    before, after = objective.told(plain.eval()), objective.told(network)
    assert "beyond the 0.04" in before
    assert "within the 0.04" in after
    with torch.no_grad():
        assert objective.validation_score(network) > 0.5 > objective.validation_score(plain)
    if metric == "demographic_parity":
        (low, high), (less, more) = selection(plain, made), selection(network, made)
        assert abs(more - less) < 0.08 < high - low
        assert 0.2 < less < 0.8


@pytest.mark.parametrize("name", ["reweighing", "fair_group_dro", "adversarial_debiasing"])
def test_the_others_make_the_gap_smaller_and_leave_a_model_that_knows_something(name):
    aim = FairnessAim("sex", "demographic_parity" if name != "fair_group_dro" else "worst_group", 0.0)
    plain, made = context(aim)
    fit(plain, LabelsStrategy().objective(made), PLAN)
    network, objective = learnt(name, aim)
    gaps = [float(objective.told(item).split(" is ")[1].split(",")[0]) for item in (plain.eval(), network)]
    assert gaps[1] < gaps[0]
    with torch.no_grad():
        right = (network(made.validation.inputs)["ill"].argmax(dim=1) == made.validation.labels["ill"]).float().mean()
    assert right > 0.6


def test_a_resumed_training_equals_an_uninterrupted_one():
    aim = FairnessAim("sex", "equalised_odds", 0.05)
    whole, _ = learnt("constrained", aim)
    kept: dict[str, bytes] = {}

    class Files:
        every_seconds = 0.0

        def load(self):
            return kept.get("state")

        def save(self, data):
            if self.steps < 40:
                kept["state"] = data
            self.steps += 1

        steps = 0

    for _ in range(2):
        network, made = context(aim)
        objective = strategy("constrained").objective(made)
        fit(network, objective, replace(PLAN, average=objective.averaged_steps), checkpointer=Files())
    states = whole.trainable_state(), network.trainable_state()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
