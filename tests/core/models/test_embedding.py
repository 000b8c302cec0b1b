import numpy as np
import pytest
import torch

from core.errors import Cancelled
from core.models import embedding
from core.models.embedding import condense, embedding_keys
from core.models.network import build_network
from tests.helpers.model_parts import AGE, IMAGE, NOTE, RANDOM_BACKBONE, Watcher, cases_of, spec_of

CPU = torch.device("cpu")


class MemoryCache(dict):
    """An embedding cache in memory."""

    def get(self, keys):
        return {key: self[key] for key in keys if key in self}

    def put(self, keys, vectors):
        assert vectors.dtype == np.float32
        self.update(zip(keys, vectors.copy(), strict=True))


@pytest.fixture
def parts():
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32}])
    return build_network(spec, 0), cases_of(spec, 10)


def vectors_of(network, cases, reporter=None, cache=None):
    """The vectors of the one frozen image field."""
    caches = None if cache is None else lambda key: cache
    return condense(network, cases, CPU, reporter, caches).inputs["image"]


def keys_of(network, cases):
    return embedding_keys(network, "image", cases.inputs["image"])


def test_vectors_are_those_of_the_network_in_order(parts):
    network, cases = parts
    vectors = vectors_of(network, cases)
    with torch.no_grad():
        for row in (0, 7):
            assert torch.allclose(vectors[row], network.encode(cases.batch([row]))["image"][0], atol=1e-5)
    assert vectors_of(network, cases.select([])).shape == (0, network.dim)


def test_cached_vectors_are_not_computed_again(parts):
    network, cases = parts
    cache = MemoryCache()
    vectors_of(network, cases.select(range(6)), cache=cache)
    marked = {key: np.full(network.dim, 7, dtype=np.float32) for key in list(cache)}
    cache.update(marked)
    vectors = vectors_of(network, cases, cache=cache)
    assert (vectors[:6] == 7).all()
    assert torch.allclose(vectors[6:], vectors_of(network, cases.select(range(6, 10))), atol=1e-5)
    assert len(cache) == 10


def test_keys_follow_content_encoder_and_preparation(parts):
    network, cases = parts
    keys = keys_of(network, cases)
    assert len(set(keys)) == 10
    assert keys_of(network, cases.select([4])) == [keys[4]]
    other = build_network(spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32, "equalise": True}]), 0)
    assert not set(keys_of(other, cases)) & set(keys)


def test_fields_that_train_are_never_cached():
    spec = spec_of()
    cache, cases = MemoryCache(), cases_of(spec, 3)
    assert torch.equal(vectors_of(build_network(spec, 0), cases, cache=cache), cases.inputs["image"])
    assert not cache


def test_cancelled_embedding_keeps_what_is_done(parts, monkeypatch):
    network, cases = parts
    monkeypatch.setattr(embedding, "KEEP_EVERY", 4)
    cache, watcher = MemoryCache(), Watcher(cancel_at=3)
    with pytest.raises(Cancelled):
        vectors_of(network, cases, watcher, cache)
    assert [report.done for report in watcher.reports] == [0, 4, 8]
    assert len(cache) == 8
    again = Watcher()
    vectors_of(network, cases, again, cache)
    assert [report.done for report in again.reports] == [8, 10]
    assert again.reports[-1].total == 10


MINILM = {**NOTE, "tokeniser": "wordpiece", "required": False}


@pytest.fixture(scope="module")
def fusion_parts():
    spec = spec_of(
        fields=[{**IMAGE, "size": 32, "required": False}, AGE, MINILM],
        encoder=RANDOM_BACKBONE,
        encoders={"note": {"name": "minilm"}},
    )
    return build_network(spec, 0), cases_of(spec, 10)


def test_each_frozen_field_has_a_cache_of_its_own(fusion_parts):
    network, cases = fusion_parts
    caches = {}
    found = condense(network, cases, CPU, caches=lambda key: caches.setdefault(key, MemoryCache()))
    assert sorted(caches) == sorted(network.encoder_key(field) for field in ("image", "note"))
    assert {next(iter(cache.values())).shape[0] for cache in caches.values()} == {
        network.encoder("image").dim,
        network.encoder("note").dim,
    }
    assert found.inputs["age"] is cases.inputs["age"]
    assert (found.case_ids, found.groups) == (cases.case_ids, cases.groups)


def test_rows_without_a_value_are_not_numbers_and_come_back_so_from_the_cache(fusion_parts):
    network, cases = fusion_parts
    caches = {}
    first = condense(network, cases, CPU, caches=lambda key: caches.setdefault(key, MemoryCache()))
    again = condense(network, cases, CPU, caches=caches.__getitem__)
    for found in (first, again):
        assert found.inputs["image"].isnan().all(dim=1).tolist() == [row % 5 == 0 for row in range(10)]
        assert found.inputs["note"].isnan().any(dim=1).tolist() == [row % 5 == 2 for row in range(10)]
    assert torch.equal(first.inputs["note"].nan_to_num(9), again.inputs["note"].nan_to_num(9))


def test_what_is_condensed_is_not_condensed_again(fusion_parts):
    network, cases = fusion_parts
    once = condense(network, cases, CPU)
    twice = condense(network, once, CPU)
    assert all(twice.inputs[name] is once.inputs[name] for name in ("image", "note"))
