"""How fast and how right explanations are, beside plain Captum: EfficientNet-lite0 at 224 px on radiographs.

The model is the chest-xray workspace's (frozen backbone, trained head), asked as the services ask it. For each case,
Captum and we take turns, so that a busy machine slows both alike. Captum's integrated gradients are called as its
documentation shows, on the same network; its steps are doubled from 50 until the completeness error is at most 5 %, at
most 400, and only the last of its runs counts. Our time holds all checks and copies.

Without radiographs (`--data-root`), two photographs of scikit-learn, cut in pieces, stand in. `--quick` takes few
images of 64 px: it shows that everything works, its figures mean nothing.
"""

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from captum.attr import IntegratedGradients as PlainIntegratedGradients
from torch import Tensor, nn

from core.contracts import BenchOptions, EvidenceForm, Figure
from core.models.network import LogitModule
from explain.assessment.questions import Plan, Question
from explain.assessment.report import Assessor
from explain.base import Attribution, Explainer, Subject
from explain.batches import rows_for
from explain.gradients import gradients_of
from explain.quality import completeness_error
from explain.registry import explainer
from tests.benchmarks._pictures import pictures
from tests.benchmarks._worlds import World, home, shipped_text, trained

TARGET = "finding"
EXACT = "integrated_gradients"
FIRST = "grad_cam"
AIM = 0.05
CAPTUM_STEPS = (50, 100, 200, 400)
CAPTUM_ROWS = 16
THREADS = 8
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Load:
    """How much is measured."""

    images: int
    """Cases that are imported."""
    size: int
    """Pixels of an image's side."""
    cases: int
    """Cases whose maps are compared."""
    repeats: int
    """How often a short time is taken."""
    reference: int
    """Steps of the map that ours is compared with."""
    report_cases: int
    report_methods: tuple[str, ...]


FULL = Load(240, 224, cases=6, repeats=9, reference=1000, report_cases=3, report_methods=(FIRST, "saliency", EXACT))
QUICK = Load(60, 64, cases=2, repeats=3, reference=200, report_cases=1, report_methods=(FIRST, "saliency"))


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure on the CPU, and the figures `gpu_*` where there is a GPU."""
    load = QUICK if options.quick else FULL
    with home() as container, pictures(options.data_root, load.images) as folder:
        world = trained(container, shipped_text("chest-xray", 0, size=str(load.size)), folder)
        asked = _questions(world, max(load.cases, THREADS))
        there = [_moved(question, torch.device("cpu")) for question in asked]
        plain = _plain(world)
        figures = _against_captum(plain, there[: load.cases], load.reference)
        figures["first_map_forward_passes"] = _first_map(plain, there[: load.cases], load.repeats)
        figures |= _cached(world, load.repeats)
        figures |= _threads(there[:THREADS])
        figures["report_maps_per_second"] = _report(there[: load.report_cases], load.report_methods)
        if torch.cuda.is_available():
            figures |= _on_gpu([_moved(question, torch.device("cuda")) for question in asked])
    return figures


def _questions(world: World, count: int) -> list[Question]:
    """Return ledger cases as the services ask of them, each for the model's own label."""
    model, explaining = world.model(), world.container.evidence.explaining
    cases, _ = world.labelled("ledger", TARGET)
    random.Random(0).shuffle(cases)
    asked = [explaining.question(model, case, TARGET) for case in cases[:count]]
    found = []
    for item in asked:
        with torch.inference_mode():
            label = int(item.subject.module(*item.inputs).argmax())
        found.append(Question(item.subject, item.inputs, label, 1 - label, item.neutral))
    return found


def _moved(question: Question, device: torch.device) -> Question:
    subject = replace(question.subject, module=question.subject.module.to(device))
    inputs, baselines = ([item.to(device) for item in items] for items in (question.inputs, question.baselines))
    return replace(question, subject=subject, inputs=tuple(inputs), baselines=tuple(baselines))


def _plain(world: World) -> nn.Module:
    """Return the network as it was trained, for Captum."""
    return LogitModule(world.model().network, TARGET).cpu().eval()


def _against_captum(plain: nn.Module, questions: Sequence[Question], reference: int) -> dict[str, Figure]:
    """Return time, completeness error and cosine of our integrated gradients, and their cost beside Captum's."""
    pairs = [_one_case(plain, question) for question in questions]
    ours, captums = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    errors = [float(one.completeness_error or 0.0) for one in ours]
    cosines = [
        _cosine(one.values[0], _captum(plain, q, reference).values) for one, q in zip(ours, questions, strict=True)
    ]
    n = len(questions)
    return {
        "ig_seconds_ratio": _median([one.seconds / other.seconds for one, other in zip(ours, captums, strict=True)]),
        "ig_completeness_error": Figure(float(np.quantile(errors, 0.9)), n=n),
        "ig_cosine": Figure(min(cosines), n=n),
        "ig_seconds": _median([one.seconds for one in ours]),
        "ig_steps": _median([float(one.steps or 0) for one in ours]),
        "captum_seconds": _median([one.seconds for one in captums]),
        "captum_steps": _median([float(one.steps) for one in captums]),
        "captum_completeness_error": Figure(float(np.quantile([one.error for one in captums], 0.9)), n=n),
    }


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One run of Captum's integrated gradients."""

    steps: int
    seconds: float
    error: float
    values: Tensor


def _one_case(plain: nn.Module, question: Question) -> tuple[Attribution, Run]:
    """Return our map with the median of its times, and Captum's last run; they take turns."""
    found, times = _ours(question), []  # the first one warms up
    for steps in CAPTUM_STEPS:
        run = _captum(plain, question, steps)
        found = _ours(question)
        times.append(found.seconds)
        if run.error <= AIM:
            break
    return replace(found, seconds=statistics.median(times)), run


def _ours(question: Question, method: str = EXACT) -> Attribution:
    return explainer(method).explain(question.subject, question.inputs, question.label, question.baselines)


def _captum(plain: nn.Module, question: Question, steps: int) -> Run:
    started = time.perf_counter()
    values = PlainIntegratedGradients(plain).attribute(
        question.inputs, question.baselines, target=question.label, n_steps=steps, internal_batch_size=CAPTUM_ROWS
    )[0]
    seconds = time.perf_counter() - started
    with torch.inference_mode():
        ends = [float(plain(*place)[0, question.label]) for place in (question.inputs, question.baselines)]
    total, scale = float(values.double().sum()), question.subject.output_sd[question.label]
    return Run(steps, seconds, completeness_error(total, ends[0] - ends[1], scale), values.detach()[0])


def _cosine(one: Tensor, other: Tensor) -> float:
    return float(nn.functional.cosine_similarity(one.double().flatten(), other.double().flatten(), dim=0))


def _first_map(plain: nn.Module, questions: Sequence[Question], repeats: int) -> Figure:
    """Return Grad-CAM's time, all checks included, in forward passes of one image."""

    def forward(question: Question) -> None:
        with torch.inference_mode():
            plain(*question.inputs)

    ratios = []
    for question in questions:
        pairs = [
            (_seconds(partial(_ours, question, FIRST)), _seconds(partial(forward, question))) for _ in range(repeats)
        ]
        ratios.append(statistics.median(p[0] for p in pairs) / statistics.median(p[1] for p in pairs))
    return _median(ratios)


def _cached(world: World, repeats: int) -> dict[str, Figure]:
    """Return the time to show kept evidence, and how many modules ran a forward pass meanwhile."""
    actor, evidence = world.container.default_actor, world.container.evidence
    case = world.labelled("pool", TARGET)[0][0].name
    world.container.review.commit_read(world.name, case, TARGET, "pneumonia", "certain", actor=actor)
    form = EvidenceForm(world.name, case, TARGET, method=EXACT)
    evidence.explain(form, actor=actor)
    ran: list[str] = []
    handle = nn.modules.module.register_module_forward_pre_hook(lambda module, _: ran.append(type(module).__name__))
    try:
        times = [_seconds(lambda: evidence.explain(form, actor=actor)) for _ in range(repeats)]
    finally:
        handle.remove()
    return {"cached_seconds": _median(times), "cached_forward_passes": Figure(float(len(ran)))}


def _threads(questions: Sequence[Question]) -> dict[str, Figure]:
    """Return whether 8 threads at once answer bit for bit as one alone, and how much sooner; both take turns."""
    runs: dict[int, list[list[Attribution]]] = {1: [], THREADS: []}
    times = {1: 0.0, THREADS: 0.0}
    for threads in (1, THREADS, THREADS, 1):
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            runs[threads].append(list(pool.map(_ours, questions)))
        times[threads] += time.perf_counter() - started
    same = all(_same(runs[1][0], other) for others in runs.values() for other in others)
    speedup = Figure(times[1] / times[THREADS])
    return {"threads8_identical": Figure(float(same), n=len(questions)), "threads8_speedup": speedup}


def _same(first: Sequence[Attribution], second: Sequence[Attribution]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(torch.equal(one.values[0], other.values[0]) and one.steps == other.steps for one, other in pairs)


class Counted:
    """A method that counts its maps."""

    def __init__(self, method: Explainer) -> None:
        self._method = method
        self.maps = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._method, name)

    def explain(self, *asked: object, **options: object) -> Attribution:
        """Explain, and count."""
        self.maps += 1
        return self._method.explain(*asked, **options)  # type: ignore[arg-type]


def _report(questions: Sequence[Question], names: Sequence[str]) -> Figure:
    """Return the maps a second of a small quality report, with everything that judges them."""
    methods = [Counted(explainer(name)) for name in names]
    assessor = Assessor(questions, Plan(stage_cases=1, repeat_cases=1))
    started = time.perf_counter()
    for method in methods:
        assessor.assess(method)  # type: ignore[arg-type]
    maps = sum(method.maps for method in methods)
    return Figure(maps / (time.perf_counter() - started), n=maps)


def _on_gpu(questions: Sequence[Question]) -> dict[str, Figure]:
    """Return maps a second of integrated gradients, and their share of what its gradients take at full batch."""
    for question in questions:
        _ours(question)
    found = [_ours(question) for question in questions]
    rate = len(found) / sum(one.seconds for one in found)
    steps = statistics.fmean(one.steps or 0 for one in found)
    rows = rows_for(questions[0].inputs)
    seconds = min(_seconds(lambda: _full_batch(questions[0].subject, questions[0].inputs, rows)) for _ in range(5))
    return {
        "gpu_ig_maps_per_second": Figure(rate, n=len(found)),
        "gpu_share_of_ceiling": Figure(rate * steps * seconds / rows, n=len(found)),
    }


def _full_batch(subject: Subject, inputs: tuple[Tensor, ...], rows: int) -> None:
    points = tuple(item.expand(rows, *item.shape[1:]).clone().requires_grad_() for item in inputs)
    gradients_of(subject.module(*points)[:, 0].sum(), points)
    torch.cuda.synchronize()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _median(values: Sequence[float]) -> Figure:
    """Return the median over cases with its percentile bootstrap interval."""
    found = np.asarray(values)
    drawn = np.random.default_rng(0).integers(0, len(found), (RESAMPLES, len(found)))
    low, high = np.quantile(np.median(found[drawn], axis=1), [0.025, 0.975])
    return Figure(float(np.median(found)), float(low), float(high), len(found))
