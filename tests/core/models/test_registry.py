from dataclasses import replace

import pytest
import torch
from safetensors.torch import load, save

from core.errors import BadInput
from core.models.manifest import library_versions, read_manifest
from core.models.network import build_network
from core.models.registry import identity, load_version, save_version
from tests.helpers.model_parts import (
    AGE,
    COLOUR,
    IMAGE,
    NOTE,
    RANDOM_BACKBONE,
    SMALL_TRANSFORMER,
    cases_of,
    manifest_of,
    model_of,
    spec_of,
    stored,
)


@pytest.mark.parametrize("encoder", [{"name": "mlp"}, RANDOM_BACKBONE])
def test_stored_version_answers_to_the_bit(encoder):
    spec = spec_of(encoder=encoder, fields=[{**IMAGE, "size": 32}])
    network, cases = build_network(spec, 4).eval(), cases_of(spec, 3)
    with torch.no_grad():
        network.fit_standardiser(network.condense(cases.batch(range(3))))
        expected = network(cases.batch(range(3)))["shape"]
        loaded = load_version(*stored(network, "v7", temperature=1.5, threshold=0.25))
        assert torch.equal(loaded.network(cases.batch(range(3)))["shape"], expected)
    assert loaded.version == "v7"
    assert loaded.manifest.target("shape").temperature == 1.5
    assert loaded.spec == spec
    assert not loaded.network.training
    assert loaded.network.embedding_key == network.embedding_key


def test_versions_from_before_several_fields_still_load():
    """They had one standardiser for all, named `standardiser`."""
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32}])
    network, cases = build_network(spec, 4).eval(), cases_of(spec, 3)
    network.fit_standardiser(network.condense(cases.inputs))
    new = "fusion.standardisers.field_image."
    old = {name.replace(new, "standardiser."): tensor for name, tensor in network.state_dict().items()}
    assert {"standardiser.mean", "standardiser.scale"} <= set(old)
    blobs, version = stored(network)
    sha = blobs.put(save({name: tensor.contiguous() for name, tensor in old.items()}))
    loaded = load_version(blobs, replace(version, weights=sha, sha256=identity(sha, version.manifest)))
    with torch.no_grad():
        assert torch.equal(loaded.network(cases.inputs)["shape"], network(cases.inputs)["shape"])


EVERYTHING = [{**IMAGE, "required": False}, AGE, {**COLOUR, "required": False}, NOTE]


def test_a_version_of_every_kind_of_field_answers_to_the_bit():
    """Bins, shares, vocabularies and learned vectors are stored, too."""
    spec = spec_of(fields=EVERYTHING, encoders={"note": SMALL_TRANSFORMER}, fusion={"alignment": 0.1})
    network, cases = build_network(spec, 0), cases_of(spec, 12)
    network.fit_inputs(cases_of(spec, 40, seed=1).inputs)
    with torch.no_grad():
        for vector in network.fusion.missing.values():
            vector.fill_(0.3)
        expected = network.eval()(cases.inputs)["shape"]
        assert torch.equal(load_version(*stored(network)).network(cases.inputs)["shape"], expected)


def test_backbone_weights_come_from_the_version_not_from_the_package(monkeypatch):
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32}])
    blobs, version = stored(build_network(spec, 0))
    monkeypatch.setattr("core.models.encoders.timm_backbone._fill", None)
    assert load_version(blobs, version).network.frozen


def test_equal_content_is_one_version_and_other_content_another():
    spec = spec_of()
    blobs, version = stored(build_network(spec, 0))
    again = save_version(blobs, build_network(spec, 0), manifest_of(spec))
    other = save_version(blobs, build_network(spec, 1), manifest_of(spec))
    assert again.sha256 == version.sha256
    assert other.sha256 != version.sha256
    assert len(blobs) == 3


def test_manifest_survives_its_text():
    manifest = manifest_of(spec_of(), temperature=2.0, output_sd=(1.0, 2.0, 3.0), calibration_n=5)
    assert read_manifest(manifest.to_bytes()) == manifest
    assert library_versions()["torch"].split("+")[0] == torch.__version__.split("+")[0]


@pytest.mark.parametrize("part", ["weights", "manifest"])
def test_changed_blob_is_found(part):
    blobs, version = stored(build_network(spec_of(), 0))
    sha = getattr(version, part)
    changed = bytearray(blobs[sha])
    changed[-3] ^= 1
    blobs[sha] = bytes(changed)
    with pytest.raises(BadInput, match=f"The {part} of v1 was changed"):
        load_version(blobs, version)


def test_exchanged_blobs_are_found():
    spec = spec_of()
    blobs, version = stored(build_network(spec, 0))
    other = save_version(blobs, build_network(spec, 1), manifest_of(spec))
    with pytest.raises(BadInput, match="v1 does not match its own hash"):
        load_version(blobs, replace(version, weights=other.weights))


def forged(weights: bytes):
    """A version whose hashes are right and whose weights are not."""
    blobs, version = stored(build_network(spec_of(), 0))
    sha = blobs.put(weights)
    return blobs, replace(version, weights=sha, sha256=identity(sha, version.manifest))


def test_weights_of_another_shape_name_the_tensor():
    weights = save({name: tensor.detach() for name, tensor in build_network(spec_of(), 0).state_dict().items()})
    with pytest.raises(BadInput, match=r"heads.target_shape.bias has shape \[9\], expected \[3\] \(1 such\)"):
        load_version(*forged(save({**load(weights), "heads.target_shape.bias": torch.zeros(9)})))


def test_missing_weights_name_the_tensor():
    with pytest.raises(BadInput, match=r"layers.1.bias is missing \(5 such\)"):
        load_version(*forged(save({"heads.target_shape.bias": torch.zeros(3)})))


@pytest.mark.parametrize("weights", [b"", b"no weights at all", b"\x80\x04pickle"])
def test_other_bytes_are_no_weights(weights):
    with pytest.raises(BadInput, match="weights of v1 can't be read"):
        load_version(*forged(weights))


def test_other_text_is_no_manifest():
    with pytest.raises(BadInput, match="manifest can't be read: workspace"):
        read_manifest(b'{"revision": 1}')
    with pytest.raises(BadInput, match="manifest can't be read: the whole text"):
        read_manifest(b"\xff")


def test_loaded_versions_have_a_lock_of_their_own():
    one, other = model_of(spec_of()), model_of(spec_of())
    assert one.lock is not other.lock
    assert one.key == other.key
