from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from core.errors import BadInput
from core.models.network import LogitModule, TandemNetwork, build_network
from tests.helpers.model_parts import IMAGE, RANDOM_BACKBONE, cases_of, spec_of

TWO_TARGETS = [{"name": "shape", "classes": ["a", "b", "c"]}, {"name": "bright", "classes": ["no", "yes"]}]
TWO_FIELDS = [IMAGE, {"name": "second", "kind": "image", "size": 4, "colour": "rgb"}]


def same(one: TandemNetwork, other: TandemNetwork) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


@pytest.mark.parametrize("encoder", [{"name": "mlp"}, {"name": "cnn", "hidden": [4, 6]}, RANDOM_BACKBONE])
def test_weights_depend_on_the_seed_alone(encoder):
    spec = spec_of(encoder=encoder, fields=[{**IMAGE, "size": 32}])
    torch.manual_seed(1)
    first = build_network(spec, 5)
    torch.manual_seed(2)
    assert same(first, build_network(spec, 5))
    assert not same(first, build_network(spec, 6))


def test_networks_built_by_many_threads_at_once_are_what_their_seeds_say():
    spec = spec_of()
    alone = [build_network(spec, seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda seed: build_network(spec, seed), range(8)))
    assert all(same(one, other) for one, other in zip(alone, together, strict=True))


def test_initial_weights_have_the_spread_that_torch_gives_them():
    spec = spec_of(fields=[{**IMAGE, "size": 28}], encoder={"name": "mlp", "hidden": [400]})
    ours = build_network(spec, 0).encoder("image").layers[1]
    reference = torch.nn.Linear(784, 400)
    assert float(ours.weight.std().detach()) == pytest.approx(float(reference.weight.std().detach()), rel=0.02)
    assert float(ours.bias.detach().abs().max()) <= 1 / 28


def test_fields_are_fused_and_every_target_has_its_head():
    spec = spec_of(fields=TWO_FIELDS, targets=TWO_TARGETS, fusion={"hidden": []})
    network, inputs = build_network(spec, 0), cases_of(spec, 3).batch(range(3))
    embedding = network.embed(inputs)
    assert embedding.shape == (3, 10)
    assert torch.equal(embedding[:, 5:], network.encoder("second")(inputs["second"] / 255.0))
    answers = network(inputs)
    assert {name: tuple(value.shape) for name, value in answers.items()} == {"shape": (3, 3), "bright": (3, 2)}
    module = LogitModule(network, "bright")
    assert torch.equal(module(inputs["image"] / 255.0, inputs["second"] / 255.0), answers["bright"])


def test_several_fields_meet_in_a_trunk_of_64_and_one_field_in_none():
    several = build_network(spec_of(fields=TWO_FIELDS), 0)
    assert [layer.out_features for layer in several.fusion.trunk if hasattr(layer, "out_features")] == [64]
    assert len(build_network(spec_of(), 0).fusion.trunk) == 0


def test_field_and_target_names_may_be_any_name():
    fields = [{**IMAGE, "name": name} for name in ("keys", "a-b", "0", "training")]
    spec = spec_of(fields=fields, targets=[{"name": "values", "classes": ["x", "y"]}])
    answer = build_network(spec, 0)(cases_of(spec, 2).batch([0, 1]))
    assert answer["values"].shape == (2, 2)


def frozen(**field):
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32, **field}])
    return build_network(spec, 0), cases_of(spec, 6)


def test_frozen_backbone_has_no_gradient_and_does_not_drift():
    network, cases = frozen()
    before = {name: tensor.clone() for name, tensor in network.encoder("image").state_dict().items()}
    network.train()
    optimiser = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=0.1)
    for _ in range(3):
        network(cases.batch(range(6)))["shape"].sum().backward()
        optimiser.step()
    assert network.frozen
    assert all(parameter.grad is None for parameter in network.encoder("image").parameters())
    after = network.encoder("image").state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(module.training for module in network.encoder("image").modules())


def test_gradients_reach_the_input_through_a_frozen_backbone():
    network, cases = frozen()
    values = (cases.batch([0])["image"] / 255.0).requires_grad_(True)
    (gradient,) = torch.autograd.grad(network({"image": values})["shape"][0, 0], values)
    assert gradient.shape == (1, 1, 32, 32)
    assert float(gradient.abs().sum()) > 0


def test_grey_counts_as_three_equal_channels():
    grey, cases = frozen()
    colour, _ = frozen(colour="rgb")
    values = cases.batch(range(4))["image"]
    with torch.no_grad():
        expected = colour.embed({"image": values.repeat(1, 3, 1, 1)})
        assert torch.allclose(grey.embed({"image": values}), expected, atol=1e-6)


def test_parts_that_fit_the_cache_give_the_same_embedding():
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 224}])
    network, values = build_network(spec, 0), cases_of(spec, 7).batch(range(7))
    with torch.no_grad():
        parts = network.embed(values)
    assert torch.allclose(parts, network.embed(values), rtol=1e-3, atol=1e-4)


def test_head_on_a_frozen_backbone_is_a_logistic_regression_on_standardised_embeddings():
    network, cases = frozen()
    with torch.no_grad():
        vectors = network.condense(cases.batch(range(6)))
        network.fit_standardiser(vectors)
        embedding = vectors["image"]
        scale = embedding.std(dim=0, correction=0)
        scaled = (embedding - embedding.mean(dim=0)) / torch.where(scale > 1e-6, scale, 1.0)
        head = network.heads["target_shape"]
        expected = scaled @ head.weight.T + head.bias
        assert torch.allclose(network(vectors)["shape"], expected, atol=1e-4)


def test_trainable_state_leaves_frozen_encoders_out():
    network, _ = frozen()
    assert sorted(network.trainable_state()) == [
        "fusion.standardisers.field_image.mean",
        "fusion.standardisers.field_image.scale",
        "heads.target_shape.bias",
        "heads.target_shape.weight",
    ]
    plain = build_network(spec_of(), 0)
    assert plain.trainable_state().keys() == plain.state_dict().keys()


def test_embedding_key_changes_with_weights_and_preparation():
    network, _ = frozen()
    key = network.embedding_key
    assert key == frozen()[0].embedding_key
    assert key != frozen(equalise=True)[0].embedding_key
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    next(tensor for name, tensor in state.items() if "conv" in name).add_(1.0)
    network.load_state_dict(state)
    assert network.embedding_key != key


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ({"name": "magic"}, "'magic', which is unknown. Use one of: mlp, cnn, timm"),
        (
            {"name": "transformer"},
            "'transformer' reads fields of kind text; field 'image' is image. Use .* mlp, cnn, timm",
        ),
        ({"name": "timm", "backbone": "no_such_net"}, "'no_such_net' is not in timm"),
        ({"name": "timm", "backbone": "test_byobnet", "weights": "package:numpy"}, "'package:numpy', which is unknown"),
        ({"name": "timm", "backbone": "test_byobnet"}, "not of 'test_byobnet'"),
    ],
)
def test_encoders_that_can_not_be_built_say_why(encoder, message):
    with pytest.raises(BadInput, match=message):
        build_network(spec_of(encoder=encoder), 0)
