"""What of a network trains: head, last blocks, all; and that keys follow weights."""

import pytest

from core.models.embedding import condense
from core.models.network import build_network
from core.models.registry import load_version
from core.models.scope import close_scope, open_scope, opened_backbones, trained_parameters
from core.models.supervised import SupervisedObjective
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import DEVICE
from tests.helpers.model_parts import IMAGE, NOTE, RANDOM_BACKBONE, SMALL_TRANSFORMER, cases_of, spec_of, stored

HEAD = {"heads.target_shape.weight", "heads.target_shape.bias"}


def opened(scope, **sections):
    network = build_network(spec_of(**sections), 0)
    open_scope(network, scope)
    return network


@pytest.mark.parametrize(
    ("encoder", "fields", "last"),
    [
        ({"name": "mlp", "hidden": [8, 5]}, [IMAGE], {"layers.3.weight", "layers.3.bias"}),
        ({"name": "cnn", "hidden": [4, 5]}, [IMAGE], {"layers.2.weight", "layers.2.bias"}),
        (SMALL_TRANSFORMER, [NOTE], None),
        (RANDOM_BACKBONE, [{**IMAGE, "size": 32}], None),
    ],
)
def test_the_last_blocks_are_the_end_of_each_encoder(encoder, fields, last):
    network = opened("last blocks", encoder=encoder, fields=fields)
    prefix = f"encoders.field_{fields[0]['name']}."
    trained = {name.removeprefix(prefix) for name in trained_parameters(network)} - HEAD
    rest = {name.removeprefix(prefix) for name, _ in network.named_parameters() if name.startswith(prefix)} - trained
    assert trained
    assert rest
    assert last is None or trained == last
    names = [name for name, _ in network.encoder(fields[0]["name"]).named_parameters()]
    first = min(names.index(name) for name in trained)
    assert set(names[first:]) == trained  # nothing before the end, nothing of the end left out


def test_the_head_is_what_follows_the_encoders():
    assert set(trained_parameters(opened("head"))) == HEAD
    everything = opened("all")
    assert len(trained_parameters(everything)) == len(list(everything.parameters()))


def test_a_backbone_that_trained_has_another_key_in_memory_and_when_it_is_loaded():
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32}])
    network, cases = build_network(spec, 0), cases_of(spec, 12)
    before = network.embedding_key
    vectors = condense(network, cases, DEVICE).inputs["image"]
    network.fit_standardiser({"image": vectors})
    open_scope(network, "last blocks")
    assert (opened_backbones(network), network.embedding_key) == (("image",), "")  # no vector of before is read
    assert condense(network, cases, DEVICE).inputs["image"] is cases.inputs["image"]
    fit(network, SupervisedObjective(cases, cases, spec), TrainingPlan(epochs=2, learning_rate=0.01, batch_size=8))
    close_scope(network)
    assert network.embedding_key not in ("", before)
    loaded = load_version(*stored(network)).network
    assert (loaded.embedding_key, loaded.frozen_fields) == (network.embedding_key, ("image",))
    assert not condense(loaded, cases, DEVICE).inputs["image"].equal(vectors)
    assert set(trained_parameters(loaded)) == HEAD
