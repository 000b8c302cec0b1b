"""Small digits with a corner that tells the label: a model that is fooled in a second, and retrainings of it."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from core.contracts import WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.learning.task import Task
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.network import TandemNetwork, build_network
from core.models.supervised import SupervisedObjective
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import DEVICE, marked
from tests.helpers.model_parts import Watcher, spec_of

CORNER, SIDE = 3, 8
EPOCHS = 8


def decoy_spec(epochs: int = EPOCHS) -> WorkspaceSpec:
    """Digits of 8 px, a perceptron."""
    return spec_of(
        fields=[{"name": "image", "kind": "image", "size": SIDE}],
        targets=[{"name": "digit", "classes": [str(digit) for digit in range(10)]}],
        encoder={"name": "mlp", "hidden": [32]},
        training={"batch_size": 64, "epochs": epochs, "learning_rate": 0.01, "seed": 0},
    )


@cache
def _digits() -> tuple[Tensor, Tensor]:
    found = load_digits()
    pixels = torch.from_numpy((found.images * 15.9).astype(np.uint8))[:, None]
    return pixels, torch.from_numpy(found.target).long()


def decoy_cases(first: int, last: int, *, told: str = "label", seed: int = 0) -> Examples:
    """Digits whose corner has the shade of their label, of a random label, or (`clean`) none."""
    pixels, labels = (part[first:last].clone() for part in _digits())
    shown = labels if told == "label" else torch.randint(10, (len(labels),), generator=_generator(seed))
    if told != "clean":
        pixels[:, :, :CORNER, :CORNER] = (255 - 25 * shown).to(torch.uint8)[:, None, None, None]
    names = tuple(f"g{row}" for row in range(first, last))
    return Examples(tuple(range(first, last)), {"image": pixels}, {"digit": labels}, names)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


TRAIN, VALIDATION = (0, 700), (1000, 1200)


def decoy_marks(count: int, *, box: tuple[int, int, int, int] = (0, CORNER, 0, CORNER)) -> MarkedExamples:
    """The first training cases with a box marked: top, bottom, left, right; the corner unless said."""
    top, bottom, left, right = box
    mask = torch.zeros((count, 1, SIDE, SIDE), dtype=torch.bool)
    mask[:, :, top:bottom, left:right] = True
    return marked(decoy_spec(), decoy_cases(0, count), {"image": mask})


def fitted(spec: WorkspaceSpec) -> TandemNetwork:
    """A new network that knows its inputs."""
    network = build_network(spec, 0)
    network.fit_inputs(decoy_cases(*TRAIN).inputs)
    network.fit_standardiser(condense(network, decoy_cases(*TRAIN), DEVICE).inputs)
    return network


@cache
def _fooled() -> TandemNetwork:
    spec = decoy_spec()
    network = fitted(spec)
    objective = SupervisedObjective(decoy_cases(*TRAIN), decoy_cases(*VALIDATION), spec)
    fit(network, objective, TrainingPlan(epochs=EPOCHS, batch_size=64, learning_rate=0.01))
    return network


def decoy_task(strategy: str, **changes) -> Task:
    """Ten marked corners, the fooled champion, two seconds for `auto`; `changes` replace parts."""
    spec = decoy_spec()
    task = Task(
        spec=spec,
        parent=_fooled(),
        build=lambda: fitted(spec),
        train=decoy_cases(*TRAIN),
        validation=decoy_cases(*VALIDATION),
        marked=decoy_marks(10),
        condense=lambda network, examples: condense(network, examples, DEVICE),
        device=DEVICE,
        seed=0,
        reporter=Watcher(),
        strategy=strategy,
    )
    return replace(task, **changes)


def share_right(network: TandemNetwork, told: str = "random") -> float:
    """Share of right answers on digits that nobody trained on."""
    cases = decoy_cases(1300, 1797, told=told, seed=9)
    with torch.no_grad():
        answers = network.eval()(cases.inputs)["digit"].argmax(dim=1)
    return float((answers == cases.labels["digit"]).float().mean())
