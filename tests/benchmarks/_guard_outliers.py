"""Whether cases unlike the training cases are told from test cases, on a network of digits.

The network 784-50-30-10 learns the digits 0 to 7; test digits 0 to 7 are what it knows. Unlike them are: the digits 8
and 9 (`held_out`), test digits with their pixels shuffled (`shuffled`), pixels at random (`noise`), and grey pictures
of CIFAR-10 where they are (`objects`). `ood_auroc` and `ood_fpr95` (share of unlike cases that pass where 95 % of the
known ones do) are the means over these sets for the product's default detector; `ood_*_METHOD` for each detector,
`ood_auroc_SET` for each set. Means over seeds. `ood_false_alarms`: share of known digits above the product's own
threshold, which 1 % of the calibration digits exceed.
"""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import roc_auc_score

from core.contracts import BenchOptions, Figure, GuardSpec, OutlierMethod
from core.guard.outliers.base import Array, Seen
from core.guard.outliers.fitting import FittedOutliers, fit_outliers
from core.guard.outliers.registry import OUTLIERS
from core.models.examples import Examples
from core.models.network import TandemNetwork
from tests.benchmarks._decoy_images import FIELD, TARGET
from tests.benchmarks._figures import mean_figure
from tests.benchmarks._guard_digits import Digits, digits

KNOWN = 8
"""Digits below it are learnt."""
SIDE, OBJECTS = 28, 1000
PASSING = 0.95
Pixels = NDArray[np.uint8]
Scores = dict[str, tuple[float, float]]
"""Set -> (AUROC, false positives at 95 %)."""


def outlier_figures(options: BenchOptions) -> Mapping[str, Figure]:
    """Return the figures of all detectors over all seeds."""
    seeds = range(1 if options.quick else options.seeds)
    found = [_measured(seed, options) for seed in seeds]
    default = GuardSpec().outliers
    figures = {"ood_auroc": _mean(found, default, 0), "ood_fpr95": _mean(found, default, 1)}
    for name in OUTLIERS:
        figures |= {f"ood_auroc_{name}": _mean(found, name, 0), f"ood_fpr95_{name}": _mean(found, name, 1)}
    for kind in found[0][default][0]:
        figures[f"ood_auroc_{kind}"] = mean_figure([one[default][0][kind][0] for one in found], 0.0, 1.0)
    alarms = mean_figure([one[default][1] for one in found], 0.0, 1.0)
    return {**figures, "ood_false_alarms": alarms}


def _mean(found: list[dict[OutlierMethod, tuple[Scores, float]]], name: OutlierMethod, which: int) -> Figure:
    values = [float(np.mean([pair[which] for pair in one[name][0].values()])) for one in found]
    return mean_figure(values, 0.0, 1.0)


def _measured(seed: int, options: BenchOptions) -> dict[OutlierMethod, tuple[Scores, float]]:
    """Return each detector's scores by set, and its false alarms."""
    data = digits(seed, quick=options.quick)
    learnt = Digits(data.spec, _known(data.train), _known(data.validation), data.test)
    network = learnt.trained(seed)
    test = _known(data.test)
    half = np.random.default_rng(seed).permutation(len(test))
    calibration, new = (_seen(network, test.select(torch.from_numpy(part))) for part in np.array_split(half, 2))
    training = _seen(network, learnt.train)
    odd = {
        name: _seen(network, _pictures(pixels)) for name, pixels in _unlike(data.test, seed, options.data_root).items()
    }
    found = {}
    for name in OUTLIERS:
        fitted = fit_outliers(name, training, calibration, GuardSpec().outlier_share)
        if fitted is not None:
            found[name] = (_told(fitted, new, odd), float(np.mean(fitted.score(new) > fitted.threshold)))
    return found


def _told(fitted: FittedOutliers, usual: Seen, odd: Mapping[str, Seen]) -> Scores:
    known = fitted.score(usual)
    return {name: _separation(known, fitted.score(cases)) for name, cases in odd.items()}


def _separation(known: Array, odd: Array) -> tuple[float, float]:
    """Return AUROC, and the share of unlike cases that score no higher than 95 % of the known ones do."""
    truth = np.repeat([0, 1], [len(known), len(odd)])
    limit = np.quantile(known, PASSING)
    return float(roc_auc_score(truth, np.concatenate([known, odd]))), float(np.mean(odd <= limit))


def _seen(network: TandemNetwork, examples: Examples) -> Seen:
    with torch.no_grad():
        vectors = network.embed(examples.inputs)
        logits = network.decide(vectors)
    return Seen(
        vectors.double().numpy(),
        {name: values.double().numpy() for name, values in logits.items()},
        examples.labels[TARGET].numpy(),
    )


def _known(examples: Examples) -> Examples:
    return examples.select(torch.nonzero(examples.labels[TARGET] < KNOWN)[:, 0])


def _unlike(test: Examples, seed: int, root: Path | None) -> dict[str, Pixels]:
    """Return pictures that are no digits from 0 to 7, by what they are."""
    draw = np.random.default_rng(seed)
    pixels, labels = test.inputs[FIELD].numpy(), test.labels[TARGET].numpy()
    order = draw.permutation(SIDE * SIDE)
    found = {
        "held_out": pixels[labels >= KNOWN],
        "shuffled": pixels.reshape(len(pixels), -1)[:, order].reshape(pixels.shape),
        "noise": draw.integers(0, 256, pixels.shape).astype(np.uint8),
    }
    file = (root or Path()) / "cifar10" / "test.parquet"
    return {**found, "objects": _objects(file)} if root is not None and file.is_file() else found


def _objects(file: Path) -> Pixels:
    import pandas

    stored = pandas.read_parquet(file, columns=["jpeg"])["jpeg"][:OBJECTS]
    grey = [Image.open(io.BytesIO(data)).convert("L").resize((SIDE, SIDE)) for data in stored]
    return np.stack([np.asarray(picture, dtype=np.uint8) for picture in grey])[:, None]


def _pictures(pixels: Pixels) -> Examples:
    count = len(pixels)
    return Examples(
        tuple(range(count)),
        {FIELD: torch.from_numpy(np.ascontiguousarray(pixels))},
        {TARGET: torch.full((count,), -1)},
        tuple(f"picture {row}" for row in range(count)),
    )
