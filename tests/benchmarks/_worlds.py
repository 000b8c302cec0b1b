"""A workspace in a home of its own, driven through the services as a person would drive it."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import Case, MarkForm, VerdictForm, WorkspaceSpec
from core.learning.behaviour import logits, probabilities
from core.models.registry import LoadedModel
from core.services.container import Container, build_container
from core.services.importing import SHIPPED
from core.settings import load_settings

CHAMPION = "v1"
MOST_READS = 400
Answers = NDArray[np.float64]
Change = Callable[[Case], Case]


@dataclass(frozen=True)
class World:
    """One workspace with its first champion."""

    container: Container
    name: str
    train_seconds: float
    """From asking for the first champion until it serves; embeddings included."""

    @property
    def spec(self) -> WorkspaceSpec:
        """What the workspace declares."""
        with self.container.runtime.database.read() as tx:
            return self.container.retraining.catalogue.workspace(tx, self.name)[1]

    def labelled(self, split: str, target: str) -> tuple[list[Case], NDArray[np.int64]]:
        """Return the cases of a split that the data set has a label for, and their class indexes."""
        catalogue = self.container.retraining.catalogue
        with self.container.runtime.database.read() as tx:
            workspace, spec = catalogue.workspace(tx, self.name)
            references = catalogue.references(tx, workspace)[target]
            found = [case for case in catalogue.cases(tx, workspace) if case.split == split and case.id in references]
        classes = spec.target(target).classes
        return found, np.array([classes.index(references[case.id].label) for case in found], dtype=np.int64)

    def model(self, version: str = CHAMPION) -> LoadedModel:
        """Return a version in memory."""
        catalogue = self.container.retraining.catalogue
        with self.container.runtime.database.read() as tx:
            workspace, _ = catalogue.workspace(tx, self.name)
        return catalogue.model(workspace, version)

    def answers(self, version: str, cases: Sequence[Case], target: str) -> Answers:
        """Return a version's probabilities [cases, classes] for cases, which may differ from what is stored."""
        model = self.model(version)
        examples = self.container.review.casebook.examples(list(cases), self.spec, {})
        return probabilities(model, logits([model], examples, self.container.runtime.device)[0], target)

    def read(self, marks_of: Callable[[Case], tuple[MarkForm, ...]], wanted: int) -> int:
        """Read cases in the order of the worklist, right, and mark what is to be ignored, until `wanted` are marked.

        Returns
        -------
        int
            How many cases were marked; fewer than `wanted` when the worklist is empty before.
        """
        target = self.spec.targets[0].name
        cases, labels = self.labelled("pool", target)
        truth = {
            case.name: (case, self.spec.target(target).classes[label])
            for case, label in zip(cases, labels, strict=True)
        }
        name, marked = None, 0
        for _ in range(MOST_READS):
            name = self.container.review.next_case(self.name, actor=self.container.default_actor, after=name)
            if name is None or marked >= wanted:
                break
            if name in truth:
                case, label = truth[name]
                marks = marks_of(case)
                self._decide(case, target, label, marks)
                marked += bool(marks)
        return marked

    def _decide(self, case: Case, target: str, label: str, marks: tuple[MarkForm, ...]) -> None:
        review, actor = self.container.review, self.container.default_actor
        review.commit_read(self.name, case.name, target, label, "certain", actor=actor)
        shown = review.reveal(self.name, case.name, actor=actor).prediction.version
        form = VerdictForm(self.name, case.name, target, label, "certain", shown, marks=marks)
        review.save_verdict(form, actor=actor)

    def retrain(self, *, use_regions: bool = True) -> str:
        """Retrain on what was said, wait for run and gate, return the new version's name."""
        asked = self.container.retraining.start(self.name, actor=self.container.default_actor, use_regions=use_regions)
        self.container.jobs.wait(asked.job_id or 0)
        done = self.container.retraining.run(self.name)
        while self.container.jobs.work_once():
            pass
        return str(done.version if done else None)


@contextmanager
def home() -> Iterator[Container]:
    """Yield a product with nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        container = build_container(load_settings({"TANDEM_HOME": folder, "TANDEM_DEMOS": ""}))
        try:
            yield container
        finally:
            container.close()


def shipped_text(name: str, seed: int, **replaced: str) -> str:
    """Return a shipped workspace file with another seed for split and training, under a name that tells the seed.

    `replaced` are keys of the file and the values, as TOML, that they get instead.
    """
    text = (SHIPPED / f"{name}.toml").read_text("utf-8").replace("seed = 0", f"seed = {seed}")
    text = text.replace(f'name = "{name}"', f'name = "{name}-{seed}"')
    for key, value in replaced.items():
        lines = [f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in text.split("\n")]
        text = "\n".join(lines)
    return text


def trained(container: Container, text: str, folder: Path) -> World:
    """Import a workspace from `folder`, train its first champion, and return it."""
    with tempfile.TemporaryDirectory() as place:
        toml = Path(place) / "workspace.toml"
        toml.write_text(text, encoding="utf-8")
        report = container.importing.import_folder(toml, folder, actor=container.default_actor)
    started = time.perf_counter()
    container.jobs.wait(report.job_id or 0)
    return World(container, report.workspace, time.perf_counter() - started)
