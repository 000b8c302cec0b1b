"""The parts of the decoy benchmark, each done by a process of its own."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import torch

from core.contracts import BenchOptions
from core.errors import NotFound
from tests.benchmarks import _decoy_accuracy as accuracy
from tests.benchmarks import _decoy_chest as chest
from tests.benchmarks import _decoy_flips as flips
from tests.benchmarks import _decoy_speed as speed
from tests.benchmarks import _decoy_table as table
from tests.benchmarks import _decoy_text as text
from tests.benchmarks._decoy_artefacts import ARTEFACTS
from tests.benchmarks._decoy_images import PictureDecoy, picture_spec
from tests.benchmarks._decoy_pictures import PICTURES
from tests.benchmarks._decoy_recipe import Recipe

ENCODERS: Mapping[str, dict[str, object]] = {
    "mnist": {"name": "mlp", "hidden": [50, 30]},
    "fashion": {"name": "mlp", "hidden": [50, 30]},
    "cifar10": {"name": "mlp", "hidden": [256, 64]},
}
EPOCHS, QUICK_EPOCHS = 50, 4
QUICK_CASES = 1000
"""Training cases of a quick run; a quarter as many test it."""
CASE_PARTS = {"flips": flips.measured, "spread": flips.spread_measured}
CORRECTIONS = "corrections"
"""The part that times a round with 1,000 corrections."""
CASES: Mapping[str, Callable[[BenchOptions, int], Recipe]] = {
    "chest": chest.recipe,
    "text": text.recipe,
    "table": table.recipe,
}
"""Decoys in other kinds of cases: (options, seed) -> one split by group."""


@dataclass(frozen=True)
class Job:
    """A part of the benchmark: one seed and one strategy."""

    options: BenchOptions
    data: str
    part: str
    strategy: str
    seed: int
    masks: tuple[int, ...]


def measure(job: Job) -> Mapping[str, float]:
    """Return the figures of a job, on one core."""
    torch.set_num_threads(1)
    if job.part == CORRECTIONS:
        return {"seconds1000": speed.seconds(job.strategy)}
    if job.data in CASES:
        return flips.measured(CASES[job.data](job.options, job.seed), job.strategy, job.masks)
    return accuracy.ALL[job.part](_decoy(job), job.strategy, job.masks)


def side_by_side(jobs: Sequence[Job]) -> list[Mapping[str, float]]:
    """Measure jobs on all cores, and return their figures in order."""
    workers = min(len(jobs), os.cpu_count() or 1)
    if workers < 2:
        return [measure(job) for job in jobs]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(measure, jobs))


def _decoy(job: Job) -> PictureDecoy:
    name = job.options.artefact or "corner"
    if name not in ARTEFACTS:
        raise NotFound(f"No artefact {name!r} in pictures. Known: {', '.join(ARTEFACTS)}.")
    pictures = PICTURES[job.data](job.options.data_root, job.seed)
    if job.options.quick:
        pictures = pictures.first(QUICK_CASES, QUICK_CASES // 4)
    channels, side = pictures.train.shape[1:3]
    epochs = QUICK_EPOCHS if job.options.quick else EPOCHS
    return PictureDecoy(
        pictures, ARTEFACTS[name], picture_spec(side, channels, ENCODERS[job.data], epochs, job.seed), job.seed
    )
