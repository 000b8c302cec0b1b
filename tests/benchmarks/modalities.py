"""Tables, texts, images and fusion, measured: as good as scikit-learn, and cured by marks?

Everything goes through the services, from a blank home. Each seed moves split and training; the baseline has the same
split. With one seed an interval is that of a bootstrap over groups of ledger cases, with several it is the t interval
of the mean over seeds. Times are those of the first seed, whose home holds no embedding yet.

`--data NAME` measures one workspace alone, or `planted-text`, `planted-table`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.contracts import BenchOptions, Case, Estimate, FieldValue, Figure
from core.learning.metrics import weighted_auroc
from core.learning.statistics import Resampler, estimate
from tests.benchmarks import _baselines as baselines
from tests.benchmarks._figures import mean_figure
from tests.benchmarks._planted import Planted, table_planted, text_planted
from tests.benchmarks._worlds import CHAMPION, World, home, shipped_text, trained

RADIOGRAPHS = "nih-chest-xray"
RESAMPLES = 500
SPLITS = ("train", "validation", "ledger")
Array = NDArray[np.float64]
Measured = Mapping[str, Estimate]


@dataclass(frozen=True)
class Kind:
    """One workspace that is measured."""

    name: str
    baseline: Callable[[World, baselines.Parts], Array]
    folder: str | None = None
    """Folder inside `--data-root`; None for a data set of a package."""
    more: Callable[[World], Measured] = lambda world: {}
    """Further figures of its champion."""


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure everything that `options.data` asks for."""
    seeds = range(1 if options.quick else options.seeds)
    figures: dict[str, Figure] = {}
    for kind in KINDS:
        if options.data in (None, kind.name) and (folder := _folder(kind, options)) is not None:
            figures |= _figures(kind, folder, seeds)
    for name, planted in PLANTED.items():
        if options.data in (None, f"planted-{name}"):
            figures |= _planted_figures(name, [planted(seed) for seed in seeds])
    return figures


def _folder(kind: Kind, options: BenchOptions) -> Path | None:
    """Return the folder to import, or None (said on standard error) when its data are not here."""
    folder = (options.data_root or Path()) / (kind.folder or "")
    if kind.folder is not None and (options.data_root is None or not folder.is_dir()):
        print(f"{kind.name} is skipped: there is no {kind.folder} in --data-root.", file=sys.stderr)
        return None
    return folder


def _figures(kind: Kind, folder: Path, seeds: Sequence[int]) -> dict[str, Figure]:
    prefix = kind.name.replace("-", "_")
    with home() as container:
        worlds = [trained(container, shipped_text(kind.name, seed), folder) for seed in seeds]
        measured = [_measure(kind, world) for world in worlds]
    figures = {_named(prefix, name): _over_seeds([found[name] for found in measured]) for name in measured[0]}
    return figures | {f"{prefix}_train_seconds": Figure(worlds[0].train_seconds)}


def _named(prefix: str, name: str) -> str:
    return name if name.startswith("missing") else f"{prefix}_{name}"


def _over_seeds(found: Sequence[Estimate]) -> Figure:
    """Return one seed's estimate as it is, or the mean over seeds with its t interval."""
    if len(found) == 1:
        return Figure(found[0].value, found[0].low, found[0].high, found[0].n)
    return mean_figure([item.value for item in found], -1.0, 1.0)


def _measure(kind: Kind, world: World) -> Measured:
    """Return the ledger AUROC of champion and baseline, and their paired difference."""
    target = world.spec.targets[0].name
    parts = {split: world.labelled(split, target) for split in SPLITS}
    cases, labels = parts["ledger"]
    ours = world.answers(CHAMPION, cases, target)[:, 1]
    both = np.stack([ours, kind.baseline(world, parts)], axis=1)
    found = {
        "auroc": _estimate(_area(labels, 0), both, cases),
        "baseline_auroc": _estimate(_area(labels, 1), both, cases),
        "minus_baseline": _estimate(lambda s, w: _area(labels, 0)(s, w) - _area(labels, 1)(s, w), both, cases),
    }
    return found | kind.more(world)


def _area(labels: NDArray[np.int64], column: int) -> Callable[[Array, Array], float]:
    return lambda scores, weights: weighted_auroc(scores[:, column], labels == 1, weights)


def _estimate(statistic: Callable[[Array, Array], float], scores: Array, cases: Sequence[Case]) -> Estimate:
    resampler = Resampler.of_groups([case.group for case in cases], resamples=RESAMPLES)
    return estimate(statistic, scores, resampler, len(cases))


def _ledger_area(world: World, target: str, change: Callable[[Case], Case] = lambda case: case) -> Estimate:
    """Return the champion's AUROC on ledger cases that were changed."""
    cases, labels = world.labelled("ledger", target)
    return _estimate(_area(labels, 1), world.answers(CHAMPION, [change(case) for case in cases], target), cases)


def _without(names: Sequence[str], case: Case) -> Case:
    """Return a case whose named fields are missing."""
    return replace(case, fields=tuple(FieldValue(v.field) if v.field in names else v for v in case.fields))


def _fusion_figures(world: World) -> Measured:
    """Return the second target's AUROC, and the first one's with the image hidden, with the table hidden, and both.

    `missing_modality_auroc` is of a ledger in which every case lacks the one or the other, drawn by its id.
    """
    finding, view = (target.name for target in world.spec.targets)
    image, *table = (field.name for field in world.spec.fields)
    return {
        "view_auroc": _ledger_area(world, view),
        "missing_image_auroc": _ledger_area(world, finding, partial(_without, [image])),
        "missing_table_auroc": _ledger_area(world, finding, partial(_without, table)),
        "missing_modality_auroc": _ledger_area(
            world, finding, lambda case: _without([image] if case.id % 2 else table, case)
        ),
    }


def _image_vectors(world: World, parts: baselines.Parts) -> dict[str, NDArray[np.float32]]:
    """Return the frozen backbone's vectors of each split's images [cases, dim]."""
    casebook, network = world.container.review.casebook, world.model().network
    image = next(field.name for field in world.spec.fields if field.kind == "image")

    def vectors(cases: Sequence[Case]) -> NDArray[np.float32]:
        examples, found = casebook.examples(list(cases), world.spec, {}), []
        with torch.no_grad():
            for start in range(0, len(cases), 32):
                rows = range(start, min(start + 32, len(cases)))
                batch = examples.batch(rows, world.container.runtime.device)
                found.append(network.condense(batch)[image].cpu().numpy())
        return np.concatenate(found)

    return {split: vectors(cases) for split, (cases, _) in parts.items()}


def _planted_figures(name: str, found: Sequence[Planted]) -> dict[str, Figure]:
    return {
        f"{name}_{field.name}": mean_figure([getattr(one, field.name) for one in found], 0.0, 1.0)
        for field in fields(Planted)
    }


KINDS = (
    Kind("arrests", lambda world, parts: baselines.boosted_trees(world.spec, parts)),
    Kind("radiology-reports", lambda world, parts: baselines.word_counts(world.spec, parts)),
    Kind(
        "chest-xray",
        lambda world, parts: baselines.embeddings(_image_vectors(world, parts), parts),
        RADIOGRAPHS,
    ),
    Kind(
        "chest-xray-fusion",
        lambda world, parts: baselines.embeddings_and_table(_image_vectors(world, parts), world.spec, parts),
        RADIOGRAPHS,
        _fusion_figures,
    ),
)
PLANTED: Mapping[str, Callable[[int], Planted]] = {"text": text_planted, "table": table_planted}
