"""What the serving engine costs and gains: EfficientNet-lite0 at 224 px, prepared inputs, 32 client threads.

Everything is measured in turn within each round, so that a busy machine slows all of it alike; each figure is the
median over rounds.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from core.contracts import BenchOptions, EncoderSpec, FieldSpec, Figure, Prediction, TargetSpec, Version, WorkspaceSpec
from core.models.embedding import embed_field
from core.models.engine import Engine
from core.models.manifest import Manifest, TargetCalibration
from core.models.network import build_network
from core.models.registry import LoadedModel, load_version, save_version
from core.storage.blobs import BlobStore

CLIENTS = 32
IMAGES = 64


@dataclass(frozen=True, slots=True)
class Load:
    """How much is measured."""

    rounds: int
    singles: int
    """Requests of the lone client in one round."""
    each: int
    """Requests of each of the 32 clients in one round."""


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure on the CPU, and once more with the prefix `gpu_` where there is a GPU."""
    load = Load(rounds=1, singles=3, each=1) if options.quick else Load(rounds=21, singles=6, each=2)
    figures = dict(_measure(torch.device("cpu"), load))
    if torch.cuda.is_available():
        heavy = load if options.quick else Load(rounds=21, singles=50, each=20)
        figures |= {f"gpu_{name}": value for name, value in _measure(torch.device("cuda"), heavy).items()}
    return figures


def _measure(device: torch.device, load: Load) -> Mapping[str, Figure]:
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, 1, 224, 224), dtype=np.uint8)
    model = _model(images, device)
    with _engine(max_batch=32) as batched, _engine(max_batch=1) as unbatched:
        for engine in (batched, unbatched):
            _clients(engine, model, images, 1)
        rounds = [_round(batched, unbatched, model, images, load) for _ in range(load.rounds)]
        difference = _max_difference(batched, unbatched, model, images)
    median = {name: statistics.median(item[name] for item in rounds) for name in rounds[0]}
    median.pop("bare_per_second")
    median["batched_over_unbatched"] = statistics.median(
        item["clients32_batched_per_second"] / item["clients32_unbatched_per_second"] for item in rounds
    )
    median["single_latency_ratio"] = statistics.median(
        item["bare_per_second"] / item["single_per_second"] for item in rounds
    )
    return {name: Figure(value) for name, value in {**median, "max_difference": difference}.items()}


@contextmanager
def _engine(max_batch: int) -> Iterator[Engine]:
    engine = Engine(max_batch=max_batch)
    try:
        yield engine
    finally:
        engine.stop()


def _model(images: np.ndarray, device: torch.device) -> LoadedModel:
    """Return a stored and loaded version whose head sees standardised embeddings, as after training."""
    spec = WorkspaceSpec(
        name="bench",
        title="Benchmark",
        fields=(FieldSpec(name="image", kind="image", size=224),),
        targets=(TargetSpec(name="finding", classes=("absent", "present")),),
        encoder=EncoderSpec(name="timm"),
    )
    network = build_network(spec, 0)
    vectors = embed_field(network, "image", torch.from_numpy(images), torch.device("cpu"))
    network.fit_standardiser({"image": vectors})
    calibration = TargetCalibration(target="finding", classes=spec.targets[0].classes)
    manifest = Manifest(workspace="bench", revision=1, spec=spec, targets=(calibration,))
    with tempfile.TemporaryDirectory() as folder:
        blobs = BlobStore(Path(folder))
        saved = save_version(blobs, network, manifest)
        version = Version(
            1, "v1", 1, 1, None, None, saved.weights, saved.manifest, saved.sha256, "champion", datetime.now(UTC)
        )
        return load_version(blobs, version, device)


def _round(
    batched: Engine, unbatched: Engine, model: LoadedModel, images: np.ndarray, load: Load
) -> Mapping[str, float]:
    values = torch.from_numpy(images[:1]).to(model.device)

    def bare() -> None:
        with torch.inference_mode():
            model.network({"image": values})["finding"].cpu()

    def single() -> None:
        batched.predict(model, {"image": images[0]})

    total = CLIENTS * load.each
    pairs = [(_seconds(bare), _seconds(single)) for _ in range(load.singles)]
    return {
        "bare_per_second": 1 / statistics.median(seconds for seconds, _ in pairs),
        "single_per_second": 1 / statistics.median(seconds for _, seconds in pairs),
        "clients32_unbatched_per_second": total / _clients(unbatched, model, images, load.each),
        "clients32_batched_per_second": total / _clients(batched, model, images, load.each),
    }


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _clients(engine: Engine, model: LoadedModel, images: np.ndarray, each: int) -> float:
    """Return the seconds that 32 threads take to get `each` answers, one after another."""

    def client(number: int) -> None:
        for turn in range(each):
            engine.predict(model, {"image": images[(number + turn * CLIENTS) % IMAGES]})

    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        list(pool.map(client, range(CLIENTS)))
        return time.perf_counter() - started


def _max_difference(batched: Engine, unbatched: Engine, model: LoadedModel, images: np.ndarray) -> float:
    """Return the largest difference of a probability between batched, bulk and single answers."""
    futures = [batched.submit(model, {"image": image}) for image in images]
    together = [future.result() for future in futures]
    alone = [unbatched.predict(model, {"image": image}) for image in images]
    bulk = batched.predict_many(model, {"image": images})
    return max(_gap(one, other) for answers in (together, bulk) for one, other in zip(answers, alone, strict=True))


def _gap(one: Prediction, other: Prediction) -> float:
    pairs = zip(one.targets[0].probabilities, other.targets[0].probabilities, strict=True)
    return max(abs(first - second) for first, second in pairs)
