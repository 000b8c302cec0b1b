"""The loop on decoy-digits, measured: is the champion fooled, do 25 marks cure it, would labels alone have done it?

Everything goes through the services, from a blank home, once per seed (which moves split, patches and training).
The figures are means over seeds with t intervals; every measurement is on ledger digits that no version trained on.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from core.contracts import BenchOptions, Case, Figure, MarkForm, VerdictForm
from core.media.masks import encode_mask
from core.models.registry import LoadedModel
from core.services.container import Container, build_container
from core.services.importing import shipped
from core.settings import load_settings
from core.sources.decoy_digits import patch_box, shade_of
from core.storage import cases, labels
from tests.benchmarks._figures import mean_figure, time_figure

WORKSPACE, TARGET = "decoy-digits", "digit"
VERDICTS = 25


@dataclass(frozen=True)
class Measured:
    """One seed's figures; accuracies and reliances are fractions, times seconds."""

    champion_clean_accuracy: float
    candidate_clean_accuracy: float
    control_clean_accuracy: float
    reliance_before: float
    reliance_after: float
    reliance_control: float
    retrain_seconds: float
    gate_seconds: float
    gate_passes_candidate: float
    gate_passes_control_on_reliance: float


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure the loop over `options.seeds` seeds (1 when quick)."""
    seeds = 1 if options.quick else max(1, options.seeds)
    measured = [_measure(seed) for seed in range(seeds)]
    return {field.name: _figure(field.name, [getattr(m, field.name) for m in measured]) for field in fields(Measured)}


def _figure(name: str, values: list[float]) -> Figure:
    return time_figure(values) if name.endswith("_seconds") else mean_figure(values)


def _measure(seed: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        container = build_container(load_settings({"TANDEM_HOME": str(home), "TANDEM_DEMOS": ""}))
        try:
            return _loop(container, _seeded(home, seed))
        finally:
            container.close()


def _seeded(home: Path, seed: int) -> Path:
    """Write the shipped workspace with another seed for split, patches and training."""
    path = home / "workspace.toml"
    path.write_text(shipped(WORKSPACE).read_text("utf-8").replace("seed = 0", f"seed = {seed}"), encoding="utf-8")
    return path


def _loop(container: Container, toml: Path) -> Measured:
    actor = container.default_actor
    report = container.importing.import_folder(toml, toml.parent, actor=actor)
    container.jobs.wait(report.job_id or 0)
    with container.runtime.database.read() as tx:
        workspace = container.retraining.catalogue.workspace(tx, WORKSPACE)[0]
        pool = {case.name: case for case in cases.list_cases(tx, workspace.id, "pool")}
        truth = {case_id: r.label for case_id, r in labels.references(tx, workspace.id, TARGET).items()}
        ledger = [(case, int(truth[case.id])) for case in cases.list_cases(tx, workspace.id, "ledger")]
    _give_verdicts(container, pool, truth)
    control = _retrain(container, use_regions=False)
    candidate = _retrain(container, use_regions=True)
    models = [_model(container, version) for version in ("v1", candidate[0], control[0])]
    clean = [_clean_accuracy(container, model, ledger) for model in models]
    reliance = [_reliance(container, model, ledger) for model in models]
    started = time.perf_counter()
    passed = container.retraining.gate(WORKSPACE, candidate[0], actor=actor)
    gate_seconds = time.perf_counter() - started
    control_report = container.retraining.gate(WORKSPACE, control[0], actor=actor)
    reliance_checks = [check for check in control_report.checks if check.name.startswith("reliance")]
    return Measured(
        *clean, *reliance, candidate[1], gate_seconds,
        float(passed.verdict == "pass"), float(any(check.verdict == "pass" for check in reliance_checks)),
    )  # fmt: skip


def _give_verdicts(container: Container, pool: Mapping[str, Case], truth: Mapping[int, str]) -> None:
    """Read the first cases of the worklist as a person would: the right label, and a mask on the patch."""
    actor, name = container.default_actor, None
    for _ in range(VERDICTS):
        name = container.review.next_case(WORKSPACE, actor=actor, after=name)
        case = pool[str(name)]
        label = truth[case.id]
        container.review.commit_read(WORKSPACE, case.name, TARGET, label, "certain", actor=actor)
        version = container.review.reveal(WORKSPACE, case.name, actor=actor).prediction.version
        top, left, size = patch_box(case.attributes) or (0, 0, 0)
        mask = np.zeros((28, 28), dtype=bool)
        mask[top : top + size, left : left + size] = True
        mark = MarkForm("image", "ignore", "corner patch", encode_mask(mask))
        form = VerdictForm(WORKSPACE, case.name, TARGET, label, "certain", version, marks=(mark,))
        container.review.save_verdict(form, actor=actor)


def _retrain(container: Container, *, use_regions: bool) -> tuple[str, float]:
    started = time.perf_counter()
    asked = container.retraining.start(WORKSPACE, actor=container.default_actor, use_regions=use_regions)
    container.jobs.wait(asked.job_id or 0)
    seconds = time.perf_counter() - started
    done = container.retraining.run(WORKSPACE)
    while container.jobs.work_once():
        pass
    return str(done.version if done else None), seconds


def _model(container: Container, version: str) -> LoadedModel:
    with container.runtime.database.read() as tx:
        workspace = container.retraining.catalogue.workspace(tx, WORKSPACE)[0]
    return container.retraining.catalogue.model(workspace, version)


def _answers(model: LoadedModel, pixels: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        logits = model.network({"image": torch.from_numpy(pixels).to(model.device)})
    return logits[TARGET].argmax(dim=1).cpu().numpy()


def _pixels(container: Container, rows: list[tuple[Case, int]]) -> np.ndarray:
    casebook = container.review.casebook
    return np.stack([casebook.pixels(case, "image").pixels[None] for case, _ in rows])


def _clean_accuracy(container: Container, model: LoadedModel, ledger: list[tuple[Case, int]]) -> float:
    """Accuracy on ledger digits that carry no patch."""
    rows = [(case, label) for case, label in ledger if case.attributes["patch"] == "none"]
    return float((_answers(model, _pixels(container, rows)) == np.asarray([label for _, label in rows])).mean())


def _reliance(container: Container, model: LoadedModel, ledger: list[tuple[Case, int]]) -> float:
    """Share of answers that change when a patch takes the shade of another label, over all other labels."""
    rows = [(case, label) for case, label in ledger if case.attributes["patch"] != "none"]
    pixels = _pixels(container, rows)
    before = _answers(model, pixels)
    changed = []
    for shift in range(1, 10):
        swapped = pixels.copy()
        for image, (case, _) in zip(swapped, rows, strict=True):
            top, left, size = patch_box(case.attributes) or (0, 0, 0)
            shade = shade_of((int(case.attributes["patch_label"]) + shift) % 10)
            image[0, top : top + size, left : left + size] = shade
        changed.append((_answers(model, swapped) != before).mean())
    return float(np.mean(changed))
