"""What every registered explanation method must keep, on every kind of model."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from explain.base import Explainer, Subject
from explain.errors import ExplainError
from explain.quality import field_shares, summed
from explain.registry import compatible, explainers
from tests.helpers.subjects import Question, category, image, numbers, questions, subject, tokens
from tests.helpers.tiny_models import FailingModel, convolutional, every_kind

METHODS = {method.name: method for method in explainers()}
PAIRS = [(q, m) for q in questions() for m in explainers() if m.is_compatible(q.subject, q.inputs)]


@pytest.fixture(params=PAIRS, ids=[f"{q.name}-{m.name}" for q, m in PAIRS])
def pair(request: pytest.FixtureRequest) -> tuple[Question, Explainer]:
    return request.param


@pytest.fixture(params=METHODS.values(), ids=METHODS)
def method(request: pytest.FixtureRequest) -> Iterator[Explainer]:
    return request.param


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
    assert [m.name for m in explainers()] == ["integrated_gradients", "grad_cam", "occlusion", "saliency"]
    for question in questions():
        names = [m.name for m in compatible(question.subject, question.inputs)]
        assert names[0] == "integrated_gradients"
        assert "occlusion" in names
        assert ("saliency" in names) == (set(question.subject.kinds) in ({"image"}, {"text"}))
        assert ("grad_cam" in names) == (question.name == "convolutional")


def test_it_says_what_it_is_and_what_it_is_not(method: Explainer) -> None:
    for text in (method.title, method.what, method.what_not):
        assert len(text) > 5
    assert method.what.endswith(".")
    assert method.what_not.startswith("Not ")


def test_values_have_the_shape_of_the_inputs(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    result = method.explain(question.subject, question.inputs, 1)
    assert [v.shape for v in result.values] == [item.shape[1:] for item in question.inputs]
    for value in result.values:
        assert value.dtype == torch.float32
        assert value.device.type == "cpu"
        assert not value.requires_grad
        assert value.grad_fn is None
    assert result.signed == method.signed
    assert result.seconds > 0
    assert method.signed or all(bool((value >= 0).all()) for value in result.values)
    assert any(bool(value.any()) for value in result.values) or method.name == "grad_cam"


def test_padding_gets_nothing_and_each_input_has_its_share(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    result = method.explain(question.subject, question.inputs, 0)
    for kind, value, item in zip(question.subject.kinds, result.values, question.inputs, strict=True):
        if kind == "text":
            assert not value[~item[0].any(dim=1)].any()
            assert summed(value).shape == item.shape[1:2]
    shares = field_shares(result.values)
    assert sum(shares) == pytest.approx(1.0)
    assert all(share > 0 for share in shares)


def test_a_method_that_does_not_fit_says_so(method: Explainer) -> None:
    for question in questions():
        if not method.is_compatible(question.subject, question.inputs):
            with pytest.raises(ExplainError, match="Try integrated gradients or occlusion"):
                method.explain(question.subject, question.inputs, 0)


def test_it_leaves_module_and_inputs_as_found(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    module = question.subject.module
    for number, parameter in enumerate(module.parameters()):
        parameter.requires_grad_(number % 2 == 0)
        parameter.grad = torch.ones_like(parameter) if number == 0 else None
    kept = [item.clone() for item in question.inputs]
    before = state_of(module)
    try:
        method.explain(question.subject, question.inputs, 0)
        assert state_of(module) == before
        module.train()
        before = state_of(module)
        method.explain(question.subject, question.inputs, 0)
        method.is_compatible(question.subject, question.inputs)
        assert state_of(module) == before
    finally:
        module.eval().requires_grad_(True).zero_grad()
    for item, copy in zip(question.inputs, kept, strict=True):
        assert torch.equal(item, copy)
        assert not item.requires_grad


def test_training_mode_gives_the_answer_of_eval_mode(method: Explainer) -> None:
    module = convolutional()
    question = subject(module, ("image",), 3)
    calm = method.explain(question, (image(),), 0)
    module.train()
    assert torch.equal(method.explain(question, (image(),), 0).values[0], calm.values[0])


def test_frozen_parameters_change_nothing(method: Explainer) -> None:
    module = convolutional()
    question = subject(module, ("image",), 3)
    inputs = (image(),)
    free = method.explain(question, inputs, 1)
    module.requires_grad_(False)
    for one, other in zip(free.values, method.explain(question, inputs, 1).values, strict=True):
        assert torch.equal(one, other)


def test_it_works_where_the_caller_has_gradients_off_or_autocast_on(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    plain = method.explain(question.subject, question.inputs, 0)
    with torch.no_grad():
        quiet = method.explain(question.subject, question.inputs, 0)
    with torch.inference_mode():
        inference = method.explain(question.subject, tuple(item.clone() for item in question.inputs), 0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = method.explain(question.subject, question.inputs, 0)
    for other in (quiet, inference, half):
        assert all(torch.equal(a, b) for a, b in zip(plain.values, other.values, strict=True))


def test_it_is_deterministic(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    first = method.explain(question.subject, question.inputs, 0)
    second = method.explain(question.subject, question.inputs, 0)
    assert all(torch.equal(a, b) for a, b in zip(first.values, second.values, strict=True))
    assert (first.completeness_error, first.steps) == (second.completeness_error, second.steps)


def test_eight_threads_on_one_module_get_the_answers_of_one() -> None:
    module = convolutional()
    shared = subject(module, ("image",), 3)
    cases = [image(seed=seed) for seed in range(12)]
    tasks = [(m, case, label) for m in explainers() for case in cases for label in (0, 2)]

    def run(task: tuple[Explainer, Tensor, int]) -> Tensor:
        return task[0].explain(shared, (task[1],), task[2]).values[0]

    alone = [run(task) for task in tasks]
    serving = threading.Event()

    def serve() -> None:
        while not serving.is_set():
            with torch.inference_mode():
                module(torch.rand(4, 1, 8, 8))

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
    with pytest.raises(ExplainError, match="FailingModel failed while it was explained: broken on purpose"):
        method.explain(subject(module, ("image",), 2), (image(),), 0)
    assert hooks_of(module) == 0
    assert all(parameter.requires_grad and parameter.grad is None for parameter in module.parameters())


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
    with pytest.raises(ExplainError, match=f"{method.name} has no option 'colour'"):
        method.explain(subject(convolutional(), ("image",), 3), (image(),), 0, options={"colour": 1})


def test_every_default_is_within_its_range_and_each_range_is_held(method: Explainer) -> None:
    question = subject(convolutional(), ("image",), 3)
    for option in method.config_spec():
        assert option.low is not None
        assert option.high is not None
        assert option.low <= float(option.default) <= option.high
        for wrong in (option.low - 1, option.high + 1, "many", True, float("nan")):
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


def test_half_precision_weights_are_explained_in_full_precision(method: Explainer) -> None:
    rounded = convolutional().bfloat16().float()
    full = method.explain(subject(rounded, ("image",), 3), (image(),), 1)
    half = method.explain(subject(convolutional().bfloat16(), ("image",), 3), (image(),), 1)
    torch.testing.assert_close(full.values[0], half.values[0])


def test_a_compiled_module_is_explained_uncompiled(method: Explainer) -> None:
    module = convolutional()
    plain = method.explain(subject(module, ("image",), 3), (image(),), 1)
    compiled = torch.compile(module, backend="eager")
    assert torch.equal(method.explain(subject(compiled, ("image",), 3), (image(),), 1).values[0], plain.values[0])
    inside = nn.Sequential(torch.compile(module, backend="eager"))
    assert torch.equal(method.explain(subject(inside, ("image",), 3), (image(),), 1).values[0], plain.values[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_answer_of_the_cpu(pair: tuple[Question, Explainer]) -> None:
    question, method = pair
    on_cpu = method.explain(question.subject, question.inputs, 1)
    module = question.subject.module
    try:
        module.to("cuda")
        on_gpu = method.explain(question.subject, question.inputs, 1)
    finally:
        module.to("cpu")
    for one, other in zip(on_cpu.values, on_gpu.values, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-3)
