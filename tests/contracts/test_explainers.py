"""What every registered explanation method must keep, on every kind of model."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from explain.base import Attribution, Explainer, OptionValue, Subject
from explain.contrast import contrasted
from explain.errors import ExplainError, Stopped
from explain.quality import field_shares, summed
from explain.registry import compatible, explainers
from tests.helpers.subjects import Question, category, image, numbers, questions, subject, tokens
from tests.helpers.tiny_models import FailingModel, HungryModel, StepModel, convolutional, every_kind

METHODS = {method.name: method for method in explainers()}
QUESTIONS = {question.name: question for question in questions()}
PAIRS = [(q, m) for q in QUESTIONS.values() for m in explainers() if m.is_compatible(q.subject, q.inputs)]
ORDER = ["integrated_gradients", "expected_gradients", "grad_cam", "layer_cam", "occlusion"]
SLOPES = {"saliency", "smooth_grad", "guided_backprop"}
MAY_BE_ZERO = {"grad_cam", "layer_cam"}
"""Methods that show only what speaks for a label."""
PREFERRED = ("convolutional", "text", "linear")


@pytest.fixture(params=PAIRS, ids=[f"{q.name}-{m.name}" for q, m in PAIRS])
def pair(request: pytest.FixtureRequest) -> tuple[Question, Explainer]:
    return request.param


@pytest.fixture(params=METHODS.values(), ids=METHODS)
def method(request: pytest.FixtureRequest) -> Iterator[Explainer]:
    return request.param


@pytest.fixture
def question(method: Explainer) -> Question:
    """Return a question that the method fits."""
    fitting = [q.name for q, m in PAIRS if m is method]
    return QUESTIONS[next(name for name in (*PREFERRED, *fitting) if name in fitting)]


def quick(method: Explainer) -> Mapping[str, OptionValue]:
    """Return options for a method that draws: few samples."""
    return {option.name: max(24, int(option.low or 0)) for option in method.config_spec() if option.name == "samples"}


def asked(method: Explainer, question: Question, label: int = 0, **options: OptionValue) -> Attribution:
    """Ask the question as it stands."""
    return method.explain(question.subject, question.inputs, label, options={**quick(method), **options})


@cache
def found(name: str, method: str, label: int = 0) -> Attribution:
    """Ask a question once for all tests that only look at the answer."""
    return asked(METHODS[method], QUESTIONS[name], label)


def on_module(question: Question, module: nn.Module) -> Question:
    return replace(question, subject=replace(question.subject, module=module))


def assert_same(one: Attribution, other: Attribution) -> None:
    assert all(torch.equal(a, b) for a, b in zip(one.values, other.values, strict=True))
    facts = [(a.completeness_error, a.steps, a.standard_errors) for a in (one, other)]
    assert facts[0] == facts[1]


def assert_close(one: Attribution, other: Attribution, tolerance: float = 1e-5) -> None:
    for a, b in zip(one.values, other.values, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def hooks_of(module: nn.Module) -> int:
    return sum(
        len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks) for part in module.modules()
    )


def state_of(module: nn.Module) -> list[object]:
    modes = [part.training for part in module.modules()]
    needs = [parameter.requires_grad for parameter in module.parameters()]
    grads = [None if p.grad is None else p.grad.clone().tolist() for p in module.parameters()]
    weights = [tensor.clone().tolist() for tensor in module.state_dict().values()]
    return [modes, needs, grads, weights, hooks_of(module)]


def test_every_model_has_a_method_and_the_best_comes_first() -> None:
    assert [m.name for m in explainers()][: len(ORDER)] == ORDER
    assert len(METHODS) == len(explainers())
    for question in QUESTIONS.values():
        names = {m.name for m in compatible(question.subject, question.inputs)}
        assert {"integrated_gradients", "expected_gradients", "occlusion", "input_x_gradient"} <= names
        assert ("saliency" in names) == (set(question.subject.kinds) in ({"image"}, {"text"}))
        assert ("grad_cam" in names) == ("layer_cam" in names) == (question.name == "convolutional")
        assert ("attention_rollout" in names) == (question.name == "text")
        assert ("deep_lift" in names) == ("lrp" in names) == (question.name not in {"table", "text", "attention"})


def test_it_says_what_it_is_and_what_it_is_not(method: Explainer) -> None:
    for text in (method.title, method.what, method.what_not):
        assert len(text) > 2
    for sentence in (method.what, method.what_not):
        assert sentence.endswith(".")
    assert method.what_not.startswith("Not ")
    assert method.family in {"gradient", "activation", "perturbation", "attention"}


def test_its_cost_grows_with_what_it_draws(method: Explainer, question: Question) -> None:
    cost = method.cost(question.subject, question.inputs)
    assert cost.forwards > 0
    assert cost.passes >= cost.forwards
    for option in method.config_spec():
        if option.name == "samples":
            most = method.cost(question.subject, question.inputs, {option.name: int(option.high or 0)})
            assert most.passes >= cost.passes


def test_values_have_the_shape_of_the_inputs(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    result = found(question.name, method.name, 1)
    assert [v.shape for v in result.values] == [item.shape[1:] for item in question.inputs]
    for value in result.values:
        assert value.dtype == torch.float32
        assert value.device.type == "cpu"
        assert not value.requires_grad
        assert value.grad_fn is None
    assert result.signed == method.signed
    assert result.seconds > 0
    assert method.signed or all(bool((value >= 0).all()) for value in result.values)
    assert any(bool(value.any()) for value in result.values) or method.name in MAY_BE_ZERO
    errors = result.standard_errors
    assert errors is None or (len(errors) == len(result.values) and all(error >= 0 for error in errors))


def test_padding_gets_nothing_and_each_input_has_its_share(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    result = found(question.name, method.name)
    for kind, value, item in zip(question.subject.kinds, result.values, question.inputs, strict=True):
        if kind == "text":
            assert not value[~item[0].any(dim=1)].any()
            assert summed(value).shape == item.shape[1:2]
    shares = field_shares(result.values)
    assert sum(shares) == pytest.approx(1.0)
    assert all(share > 0 for share in shares)


def test_a_method_that_does_not_fit_says_so(method: Explainer) -> None:
    for question in QUESTIONS.values():
        if (question, method) not in PAIRS:
            with pytest.raises(ExplainError, match="Try integrated gradients or occlusion"):
                asked(method, question)


def test_it_leaves_module_and_inputs_as_found(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    module = question.subject.module
    for number, parameter in enumerate(module.parameters()):
        parameter.requires_grad_(number % 2 == 0)
        parameter.grad = torch.ones_like(parameter) if number == 0 else None
    held = (*question.inputs, *(question.subject.background or ()))
    kept = [item.clone() for item in held]
    module.train()
    before = state_of(module)
    try:
        result = asked(method, question)
        method.is_compatible(question.subject, question.inputs)
        assert state_of(module) == before
    finally:
        module.eval().requires_grad_(True).zero_grad()
    for item, copy in zip(held, kept, strict=True):
        assert torch.equal(item, copy)
        assert not item.requires_grad
    assert_same(result, found(question.name, method.name))  # neither modes nor frozen parameters change the answer


def test_the_size_of_the_batches_is_irrelevant(
    pair: tuple[Question, Explainer], monkeypatch: pytest.MonkeyPatch
) -> None:
    question, method = pair
    usual = found(question.name, method.name)  # before the batches are changed
    monkeypatch.setattr("explain.validation.rows_for", lambda _: 3)
    assert_close(asked(method, question), usual)


def test_one_row_at_a_time_is_right_too(method: Explainer, question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = found(question.name, method.name)
    monkeypatch.setattr("explain.validation.rows_for", lambda _: 1)
    assert_close(asked(method, question), usual)


def test_the_same_seed_gives_the_same_answer_whatever_others_draw(method: Explainer, question: Question) -> None:
    seeded = any(option.name == "seed" for option in method.config_spec())
    seed = {"seed": 5} if seeded else {}
    torch.manual_seed(1)
    first = asked(method, question, **seed)
    state = torch.manual_seed(2).get_state()
    assert_same(first, asked(method, question, **seed))
    assert torch.equal(torch.get_rng_state(), state)
    if seeded:
        other = asked(method, question, seed=2**31 - 1)
        assert not all(torch.equal(a, b) for a, b in zip(first.values, other.values, strict=True))


@pytest.mark.parametrize("name", ["convolutional", "text"])
def test_eight_threads_on_one_module_get_the_answers_of_one(name: str) -> None:
    shared = QUESTIONS[name]
    module, point = shared.subject.module, shared.inputs[0]
    methods = [m for q, m in PAIRS if q is shared]
    tasks = [(m, point * factor, label) for m in methods for factor in (1.0, 0.6) for label in (0, 1)]

    def run(task: tuple[Explainer, Tensor, int]) -> Tensor:
        return task[0].explain(shared.subject, (task[1],), task[2], options=quick(task[0])).values[0]

    alone = [run(task) for task in tasks]
    serving = threading.Event()

    def serve() -> None:
        while not serving.is_set():
            with torch.inference_mode():
                module(point.expand(4, *point.shape[1:]))

    with ThreadPoolExecutor(9) as pool:
        server = pool.submit(serve)
        try:
            together = list(pool.map(run, tasks))
        finally:
            serving.set()
        server.result()
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))
    assert hooks_of(module) == 0


def test_no_hook_stays_after_a_failure(method: Explainer) -> None:
    module = FailingModel().eval()
    with pytest.raises(ExplainError, match=r"broken on purpose|Try integrated gradients or occlusion"):
        method.explain(subject(module, ("image",), 2), (image(),), 0)
    assert hooks_of(module) == 0
    assert all(parameter.requires_grad and parameter.grad is None for parameter in module.parameters())


def test_it_stops_in_the_middle_when_it_is_asked_to(method: Explainer, question: Question) -> None:
    calls: list[int] = []

    def stopped_at(number: int) -> Question:
        calls.clear()

        def cancelled() -> bool:
            calls.append(1)
            return len(calls) >= number

        return replace(question, subject=replace(question.subject, cancelled=cancelled))

    asked(method, stopped_at(10**9))
    middle = len(calls) // 2 + 1
    with pytest.raises(Stopped, match="was stopped before it was done"):
        asked(method, stopped_at(middle))
    assert len(calls) == middle  # no pass of the model after it
    assert hooks_of(question.subject.module) == 0


def test_running_out_of_memory_halves_the_batch_and_the_answer_stays(
    method: Explainer, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = found(question.name, method.name)
    monkeypatch.setattr("explain.validation.rows_for", lambda _: 16)
    hungry = on_module(question, HungryModel(question.subject.module, 2))
    assert_close(asked(method, hungry), usual)


def test_a_memory_that_is_too_small_for_anything_is_said(method: Explainer, question: Question) -> None:
    class Starved(HungryModel):
        def forward(self, *inputs: Tensor) -> Tensor:
            if torch.is_inference_mode_enabled():  # the check before the method begins
                return super().forward(*inputs)
            raise torch.OutOfMemoryError("nothing left")

    with pytest.raises(ExplainError, match="too much for the memory"):
        asked(method, on_module(question, Starved(question.subject.module, 64)))


def test_it_answers_why_one_label_rather_than_another(method: Explainer, question: Question) -> None:
    contrast = replace(question, subject=contrasted(question.subject, 1, 0))
    result = asked(method, contrast, 1)
    assert [v.shape for v in result.values] == [item.shape[1:] for item in question.inputs]
    plain = found(question.name, method.name, 1).values
    same = all(torch.equal(a, b) for a, b in zip(result.values, plain, strict=True))
    assert same == (method.family == "attention")  # attention is the same whatever is asked
    assert hooks_of(question.subject.module) == 0


def test_a_model_without_slopes_is_said_and_never_shown_as_zeros_or_noise(method: Explainer) -> None:
    steps = nn.Sequential(nn.Flatten(), StepModel()).eval()
    bright = torch.zeros(1, 1, 4, 4)
    bright[0, 0, 1, 2] = 0.9
    asking = replace(subject(steps, ("image",), 2), background=(torch.zeros(3, 1, 4, 4),))
    question = Question("steps", asking, (bright,))
    if method.family == "perturbation":
        assert any(bool(value.any()) for value in asked(method, question).values)
    else:
        with pytest.raises(
            ExplainError, match=r"zero everywhere for this case.*Try occlusion|Try integrated gradients"
        ):
            asked(method, question)


@pytest.mark.parametrize(
    ("inputs", "label", "message"),
    [
        ((torch.full((1, 3, 8, 8), torch.nan),), 0, "input 0 contains NaN or infinity"),
        ((torch.full((1, 3, 8, 8), torch.inf),), 0, "input 0 contains NaN or infinity"),
        ((torch.zeros(2, 3, 8, 8),), 0, r"must be one case, \[1, ...\], got shape \[2, 3, 8, 8\]"),
        ((torch.zeros(1, 8, 8),), 0, r"must be \[1, C, H, W\]"),
        ((torch.zeros(1, 3, 8, 8),) * 2, 0, "has 1 inputs, got 2"),
        ((), 0, "has 1 inputs, got 0"),
        ((torch.zeros(1, 3, 8, 8),), 3, "label must be 0..2, got 3"),
        ((torch.zeros(1, 3, 8, 8),), -1, "label must be 0..2, got -1"),
    ],
)
def test_it_refuses_what_can_not_be_explained(
    method: Explainer, inputs: tuple[Tensor, ...], label: int, message: str
) -> None:
    with pytest.raises(ExplainError, match=message):
        method.explain(subject(convolutional(3), ("image",), 3), inputs, label)


@pytest.mark.parametrize(
    ("number", "wrong", "message"),
    [
        (2, torch.zeros(1, 1, 3), r"input 2 is of kind categorical and must be \[1, K\], got shape \[1, 1, 3\]"),
        (3, torch.zeros(1, 7), r"input 3 is of kind text and must be \[1, T, D\], got shape \[1, 7\]"),
        (1, torch.full((1, 1), torch.nan), "input 1 contains NaN"),
    ],
)
def test_it_refuses_other_inputs_than_its_kinds_say(
    method: Explainer, number: int, wrong: Tensor, message: str
) -> None:
    question = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)
    inputs = [image(), numbers(1), category(), tokens()]
    inputs[number] = wrong
    assert not method.is_compatible(question, tuple(inputs))
    with pytest.raises(ExplainError, match=message):
        method.explain(question, tuple(inputs), 0)


def test_it_refuses_baselines_of_another_shape_or_value(method: Explainer) -> None:
    question = subject(convolutional(3), ("image",), 3)
    with pytest.raises(ExplainError, match="baseline 0 must have its input's shape"):
        method.explain(question, (image(3),), 0, (torch.zeros(1, 1, 8, 8),))
    with pytest.raises(ExplainError, match="baseline 0 contains NaN"):
        method.explain(question, (image(3),), 0, (torch.full((1, 3, 8, 8), torch.nan),))


def test_it_refuses_unknown_options(method: Explainer) -> None:
    question = subject(convolutional(), ("image",), 3)
    unknown = f"{method.name} has no option 'colour'"
    with pytest.raises(ExplainError, match=unknown):
        method.explain(question, (image(),), 0, options={"colour": 1})
    with pytest.raises(ExplainError, match=unknown):
        method.cost(question, (image(),), {"colour": 1})


def test_every_default_is_within_its_range_and_each_range_is_held(method: Explainer) -> None:
    question = subject(convolutional(), ("image",), 3)
    for option in method.config_spec():
        wrongs: tuple[OptionValue, ...] = ("many", True, float("nan"))
        if option.kind == "choice":
            assert option.default in option.choices
        else:
            assert option.low is not None
            assert option.high is not None
            assert option.low <= float(option.default) <= option.high
            wrongs += (option.low - 1, option.high + 1)
        for wrong in wrongs:
            with pytest.raises(ExplainError, match=f"option {option.name} must be"):
                method.explain(question, (image(),), 0, options={option.name: wrong})


def test_it_refuses_a_model_that_answers_nan_or_no_logits(method: Explainer) -> None:
    broken = convolutional()
    with torch.no_grad():
        broken[8].bias.fill_(torch.nan)
    with pytest.raises(ExplainError, match="answers NaN"):
        method.explain(subject(broken, ("image",), 3), (image(),), 0)
    assert not method.is_compatible(subject(broken, ("image",), 3), (image(),))
    with pytest.raises(ExplainError, match=r"must answer with logits \[1, K\]"):
        method.explain(subject(nn.ReLU(), ("image",), 3), (image(),), 0)


def test_it_refuses_a_spread_for_another_number_of_classes(method: Explainer) -> None:
    with pytest.raises(ExplainError, match="output_sd must have one entry for each of 3 classes, got 2"):
        method.explain(Subject(convolutional(), ("image",), (1.0, 1.0)), (image(),), 0)


def test_half_precision_weights_are_explained_in_full_precision(method: Explainer, question: Question) -> None:
    rounded = deepcopy(question.subject.module).bfloat16().float()
    half = deepcopy(question.subject.module).bfloat16()
    assert_close(asked(method, on_module(question, rounded)), asked(method, on_module(question, half)))


def test_a_compiled_module_is_explained_uncompiled(method: Explainer, question: Question) -> None:
    compiled = torch.compile(question.subject.module, backend="eager")
    assert_same(asked(method, on_module(question, compiled)), found(question.name, method.name))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_answer_of_the_cpu(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    on_cpu = found(question.name, method.name, 1)
    module = question.subject.module
    try:
        module.to("cuda")
        on_gpu = asked(method, question, 1)
    finally:
        module.to("cpu")
    for one, other in zip(on_cpu.values, on_gpu.values, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-3)
