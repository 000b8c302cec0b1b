import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core.errors import BadInput, Unavailable
from core.models import engine as engine_module
from core.models import serving
from core.models.calibration import answer_sets, softmax
from core.models.engine import Engine
from core.models.manifest import SetGroups
from tests.helpers.model_parts import IMAGE, RANDOM_BACKBONE, cases_of, model_of, spec_of

SPEC = spec_of()
CASES = cases_of(SPEC, 64).inputs["image"].numpy()


@pytest.fixture
def engine():
    made = Engine()
    yield made
    made.stop()


@pytest.fixture
def gate(monkeypatch):
    """Holds the engine's thread before each forward pass until it is opened."""
    opened, reached = threading.Event(), threading.Event()
    forward = serving.predict

    def held(served, inputs):
        reached.set()
        opened.wait(10)
        return forward(served, inputs)

    monkeypatch.setattr(serving, "predict", held)
    yield opened, reached
    opened.set()


def ask(engine, model, row=0):
    return engine.submit(model, {"image": CASES[row]})


def gap(one, other) -> float:
    return max(
        abs(a - b)
        for first, second in zip(one.targets, other.targets, strict=True)
        for a, b in zip(first.probabilities, second.probabilities, strict=True)
    )


def test_answer_is_the_calibrated_answer_of_the_network(engine):
    model = model_of(SPEC, temperature=2.0, threshold=0.66)
    answer = engine.predict(model, {"image": CASES[0]}).targets[0]
    with torch.no_grad():
        logits = model.network({"image": torch.from_numpy(CASES[:1])})["shape"][0].numpy()
    expected = softmax(logits, 2.0)
    assert answer.probabilities == pytest.approx(expected.tolist(), abs=1e-6)
    assert answer.label == "abc"[int(expected.argmax())]
    chosen = answer_sets(model.manifest.targets[0], expected[None])[0]
    assert answer.answer_set == tuple("abc"[index] for index in np.argsort(-expected) if chosen[index])


@pytest.mark.parametrize("encoder", [{"name": "mlp"}, {"name": "cnn", "hidden": [4]}, RANDOM_BACKBONE])
def test_batched_bulk_and_single_answers_are_equal(engine, encoder):
    spec = spec_of(encoder=encoder, fields=[{**IMAGE, "size": 96}])
    model, images = model_of(spec), cases_of(spec, 40).inputs["image"].numpy()
    alone = [engine.predict(model, {"image": image}) for image in images]
    futures = [engine.submit(model, {"image": image}) for image in images]
    together = [future.result(30) for future in futures]
    bulk = engine.predict_many(model, {"image": images})
    assert engine.stats().batches < 80
    for answers in (together, bulk):
        assert max(gap(one, other) for one, other in zip(alone, answers, strict=True)) <= 1e-4


def test_queued_requests_share_a_batch(engine, gate):
    opened, reached = gate
    model = model_of(SPEC)
    first = ask(engine, model)
    assert reached.wait(10)
    futures = [ask(engine, model, row) for row in range(20)]
    opened.set()
    for future in [first, *futures]:
        future.result(10)
    assert engine.stats().batches == 2
    assert engine.stats().requests == 21


def test_batches_are_no_larger_than_asked(gate):
    opened, reached = gate
    small = Engine(max_batch=4)
    try:
        model = model_of(SPEC)
        first = ask(small, model)
        assert reached.wait(10)
        futures = [ask(small, model, row) for row in range(10)]
        opened.set()
        for future in [first, *futures]:
            future.result(10)
        assert small.stats().batches == 1 + 3
    finally:
        small.stop()


def test_lone_client_does_not_wait_for_company():
    """With a linger of a minute, answers one after another would take minutes if the engine waited."""
    patient = Engine(max_wait_seconds=60.0)
    try:
        model = model_of(SPEC)
        for row in range(5):
            patient.predict(model, {"image": CASES[row]})
        assert patient.stats().batches == 5
    finally:
        patient.stop()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"image": np.zeros((1, 5, 6), dtype=np.uint8)},
            r"needs torch.uint8 input of shape \[1, 6, 6\], got torch.uint8 \[1, 5, 6\]",
        ),
        ({"image": np.zeros((1, 6, 6), dtype=np.float32)}, "got torch.float32"),
        ({}, r"v1 needs the fields \['image'\], got \[\]"),
        ({"image": CASES[0], "more": CASES[0]}, r"got \['image', 'more'\]"),
    ],
)
def test_bad_request_fails_alone(engine, gate, inputs, message):
    opened, _ = gate
    model = model_of(SPEC)
    futures = [ask(engine, model, row) for row in range(3)]
    bad = engine.submit(model, inputs)
    opened.set()
    with pytest.raises(BadInput, match=message):
        bad.result(10)
    assert all(future.result(10).version == "v1" for future in futures)


def test_request_that_breaks_the_forward_pass_fails_alone(engine, gate, monkeypatch):
    opened, reached = gate
    model = model_of(SPEC)
    forward = serving._forward

    def fragile(served, inputs, size):
        if bool((inputs["image"] == 255).all(dim=(1, 2, 3)).any()):
            raise RuntimeError("no such picture")
        return forward(served, inputs, size)

    monkeypatch.setattr(serving, "_forward", fragile)
    first = ask(engine, model)
    assert reached.wait(10)
    bad = engine.submit(model, {"image": np.full((1, 6, 6), 255, dtype=np.uint8)})
    good = [ask(engine, model, row) for row in range(3)]
    opened.set()
    with pytest.raises(RuntimeError, match="no such picture"):
        bad.result(10)
    assert all(future.result(10).version == "v1" for future in [first, *good])
    assert engine.stats().failures == 1
    assert engine.predict(model, {"image": CASES[0]}).version == "v1"


def test_full_queue_refuses_and_says_so(gate):
    opened, reached = gate
    small = Engine(queue_size=2)
    try:
        model = model_of(SPEC)
        first = ask(small, model)
        assert reached.wait(10)
        waiting = [ask(small, model), ask(small, model)]
        with pytest.raises(Unavailable, match=r"queue is full \(2 requests wait\)"):
            small.predict(model, {"image": CASES[0]})
        assert small.stats().queue_depth == 2
        assert small.stats().refused == 1
        opened.set()
        assert all(future.result(10) for future in [first, *waiting])
    finally:
        opened.set()
        small.stop()


def test_late_answer_is_refused_and_late_request_dropped(gate):
    opened, reached = gate
    hasty = Engine(deadline_seconds=0.5)
    try:
        model = model_of(SPEC)
        first = ask(hasty, model)
        assert reached.wait(10)
        late = ask(hasty, model)
        with pytest.raises(Unavailable, match=r"No answer within 0.5 seconds"):
            hasty.predict(model, {"image": CASES[0]})
        time.sleep(0.55)
        opened.set()
        assert first.result(10).version == "v1"
        with pytest.raises(Unavailable, match="No answer within"):
            late.result(10)
    finally:
        opened.set()
        hasty.stop()


def test_stopping_answers_everyone_and_ends_the_thread(gate):
    opened, reached = gate
    stopping = Engine()
    model = model_of(SPEC)
    first = ask(stopping, model)
    assert reached.wait(10)
    waiting = ask(stopping, model)
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(stopping.stop)
        opened.set()
        stopped.result(10)
    assert first.result(0).version == "v1"
    with pytest.raises(Unavailable, match="has stopped"):
        waiting.result(0)
    with pytest.raises(Unavailable, match="has stopped"):
        stopping.predict(model, {"image": CASES[0]})
    assert not any(thread.name == "tandem-engine" and thread is stopping._thread for thread in threading.enumerate())


def test_switch_of_version_under_load_drops_nothing(engine):
    versions = [model_of(SPEC, seed=seed, name=f"v{seed}") for seed in range(4)]
    expected = {m.version: engine.predict_many(m, {"image": CASES}) for m in versions}
    served = {"now": versions[0]}
    seen = set()

    def client(number: int) -> int:
        for turn in range(60):
            if number == 0 and turn in (15, 30, 45):
                served["now"] = versions[turn // 15]
            row, model = (number * 7 + turn) % 64, served["now"]
            answer = engine.predict(model, {"image": CASES[row]})
            assert answer.version == model.version
            assert gap(answer, expected[model.version][row]) <= 1e-4
            seen.add(answer.version)
        return 60

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(client, range(16))) == 16 * 60
    assert seen == {"v0", "v1", "v2", "v3"}
    stats = engine.stats()
    assert (stats.requests, stats.failures, stats.refused, stats.queue_depth) == (16 * 60, 0, 0, 0)
    assert stats.latency_seconds > 0


def test_versions_are_loaded_once_by_many_threads_and_forgotten_oldest_first(engine, monkeypatch):
    monkeypatch.setattr(engine_module, "KEPT_MODELS", 8)
    loads = []

    def loader(seed):
        def load():
            loads.append(seed)
            return model_of(SPEC, seed=seed)

        return load

    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: engine.get("first", loader(0)), range(16)))
    assert len({id(model) for model in models}) == 1
    for seed in range(1, 9):
        engine.get(f"key {seed}", loader(seed))
    engine.get("key 8", loader(8))
    engine.get("first", loader(0))
    assert loads == [0, *range(1, 9), 0]


def test_failed_load_is_tried_again(engine):
    def broken():
        raise BadInput("The weights of v1 can't be read")

    with pytest.raises(BadInput):
        engine.get("key", broken)
    assert engine.get("key", lambda: model_of(SPEC)).version == "v1"


def test_hooks_of_explainers_do_not_reach_serving(engine):
    model = model_of(SPEC)
    before = engine.predict(model, {"image": CASES[0]})
    handle = model.network.encoder("image").layers[1].register_forward_hook(lambda _, inputs, out: out * 0)
    assert engine.predict(model, {"image": CASES[0]}) == before
    handle.remove()


def test_bulk_of_nothing_and_of_wrong_shape(engine):
    model = model_of(SPEC)
    assert engine.predict_many(model, {"image": CASES[:0]}) == []
    with pytest.raises(BadInput, match=r"got torch.uint8 \[6, 6\]"):
        engine.predict_many(model, {"image": CASES[0]})


def test_several_targets_are_answered_together(engine):
    targets = [{"name": "shape", "classes": ["a", "b", "c"]}, {"name": "bright", "classes": ["no", "yes"]}]
    model = model_of(spec_of(targets=targets))
    prediction = engine.predict(model, {"image": CASES[0]})
    assert [answer.target for answer in prediction.targets] == ["shape", "bright"]
    assert sum(prediction.target("bright").probabilities) == pytest.approx(1)


def test_sets_within_groups_go_by_the_attributes_that_come_with_the_question(engine):
    groups = SetGroups(attribute="view", thresholds={"AP": 1.0}, cases={"AP": 90})
    model = model_of(SPEC, name="grouped", threshold=0.0, coverage=0.1, set_groups=groups)
    known = [{"view": "AP"}, {"view": "PA"}, None]
    sizes = [len(engine.predict(model, {"image": CASES[0]}, attributes=one).targets[0].answer_set) for one in known]
    bulk = engine.predict_many(model, {"image": CASES[:1].repeat(3, axis=0)}, attributes=known)
    assert sizes == [len(one.targets[0].answer_set) for one in bulk] == [3, 1, 1]
