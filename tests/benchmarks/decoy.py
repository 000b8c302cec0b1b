"""Feedback that changes the model, measured: a planted shortcut, marks on it, and what each strategy makes of them.

`--data mnist|fashion|cifar10` (with `--artefact corner|position|border`): the recipe of Ross et al. (2017), 4,000
training cases of which a tenth is validation, 1,000 test cases. Figures are accuracies on test cases whose shortcut is
that of a label drawn at random (`_random`), of a misleading one (`_inverted`), or absent (`_clean`). `guidedN` is
retrained from scratch with N marks, `finetuneN` trained on from the fooled weights. `delivered_minus_vanilla` is the
least over seeds and numbers of marks.

`--data chest|text|table`: shares of answers that the shortcut changes, and areas under the ROC curve without it, over
five splits by group. With `chest` go `spread_`, after the marks were spread to all cases that a search finds, and
`seconds1000`: one round with 1,000 corrections on vectors that are kept.

Figures of `auto` have no prefix, those of any other strategy (`--strategy S`, or `all`) begin with its name. Seeds are
measured side by side on all cores; times are taken one seed at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import product

from core.contracts import BenchOptions, Figure
from core.errors import NotFound
from core.learning.strategies.registry import strategies, strategy
from tests.benchmarks._decoy_accuracy import FREE, PARTS, TIMED
from tests.benchmarks._decoy_jobs import CASES, CORRECTIONS, Job, measure, side_by_side
from tests.benchmarks._decoy_pictures import PICTURES
from tests.benchmarks._figures import mean_figure, time_figure

AUTO = "auto"
MASKS = {"chest": (50,), "text": (25,), "table": (25,)}
PICTURE_MASKS = (10, 25, 100)
SPLITS = 5
FROZEN = "chest"
"""Has a frozen backbone, so that a round with many corrections is timed with it."""
LEAST = "delivered_minus_vanilla"


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure everything that `options` ask for."""
    data = options.data or "mnist"
    if data not in (*PICTURES, *CASES):
        raise NotFound(f"No decoy in {data!r}. Known: {', '.join((*PICTURES, *CASES))}.")
    jobs = _case_jobs(options, data) if data in CASES else _picture_jobs(options, data)
    timed = [job for job in jobs if job.part in (*TIMED, CORRECTIONS)]
    rest = [job for job in jobs if job not in timed]
    found = [*zip(rest, side_by_side(rest), strict=True), *((job, measure(job)) for job in timed)]
    return _figures(found)


def _picture_jobs(options: BenchOptions, data: str) -> list[Job]:
    masks = (10,) if options.quick else options.masks or PICTURE_MASKS
    seeds = range(1 if options.quick else options.seeds)
    free = [Job(options, data, part, "", seed, masks) for part, seed in product(FREE, seeds)]
    return free + [
        Job(options, data, part, name, seed, masks) for name, part, seed in product(_names(options), PARTS, seeds)
    ]


def _case_jobs(options: BenchOptions, data: str) -> list[Job]:
    masks = options.masks or MASKS[data]
    seeds = range(1 if options.quick else max(SPLITS, options.seeds))
    jobs = [Job(options, data, "flips", name, seed, masks) for name, seed in product(_names(options), seeds)]
    if data != FROZEN or options.quick:
        return jobs
    jobs += [Job(options, data, "spread", name, seed, masks) for name, seed in product(_names(options), seeds)]
    return jobs + [Job(options, data, CORRECTIONS, name, 0, masks) for name in _names(options)]


def _names(options: BenchOptions) -> tuple[str, ...]:
    """Return the strategies that are measured.

    Raises
    ------
    NotFound
        When there is none of that name.
    """
    if options.strategy == "all":
        return tuple(item.name for item in strategies())
    return (strategy(options.strategy or AUTO).name,)


def _figures(found: Iterable[tuple[Job, Mapping[str, float]]]) -> dict[str, Figure]:
    """Return means over seeds; the same figure of several parts is the least of them."""
    values: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for job, figures in found:
        prefix = "" if job.strategy in ("", AUTO) else f"{job.strategy}_"
        for name, value in figures.items():
            seeds = values[f"{prefix}{name}"]
            seeds[job.seed] = min(value, seeds.get(job.seed, value))
    return {name: _figure(name, list(seeds.values())) for name, seeds in values.items()}


def _figure(name: str, values: list[float]) -> Figure:
    if name.endswith(LEAST):
        return Figure(min(values), n=len(values))
    if "seconds" in name:
        return time_figure(values)
    return mean_figure(values, 0.0, 1.0)
