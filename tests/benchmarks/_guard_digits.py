"""A small undefended network on real handwritten digits, and digits that it never saw."""

from dataclasses import dataclass

import torch

from core.contracts import WorkspaceSpec
from core.models.examples import Examples
from core.models.network import TandemNetwork, build_network
from core.models.supervised import SupervisedObjective
from core.models.training import TrainingPlan, fit
from tests.benchmarks._decoy_images import FIELD, TARGET, picture_spec
from tests.benchmarks._decoy_pictures import Labels, Pixels, mnist

HIDDEN = [50, 30]
EPOCHS = 30
QUICK_TRAIN, QUICK_TEST = 1000, 200


@dataclass(frozen=True)
class Digits:
    """One seed of the digits: 3,600 cases to train on, 400 to choose the step, 1,000 for tests."""

    spec: WorkspaceSpec
    train: Examples
    validation: Examples
    test: Examples

    def trained(self, seed: int) -> TandemNetwork:
        """Return the perceptron 784-50-30-10 trained on clean digits with nothing against attacks."""
        network = build_network(self.spec, seed)
        network.fit_inputs(self.train.inputs)
        training = self.spec.training
        plan = TrainingPlan(seed, training.epochs, training.batch_size, training.learning_rate, training.weight_decay)
        fit(network, SupervisedObjective(self.train, self.validation, self.spec, seed=seed), plan)
        return network.eval().requires_grad_(False)


def digits(seed: int, *, quick: bool = False) -> Digits:
    """Return the digits of one seed, a quarter of them when `quick`."""
    pictures = mnist(None, seed)
    if quick:
        pictures = pictures.first(QUICK_TRAIN, QUICK_TEST)
    held = len(pictures.train) // 10
    return Digits(
        picture_spec(28, 1, {"name": "mlp", "hidden": HIDDEN}, EPOCHS, seed),
        _examples(pictures.train[held:], pictures.train_labels[held:]),
        _examples(pictures.train[:held], pictures.train_labels[:held]),
        _examples(pictures.test, pictures.test_labels),
    )


def _examples(pixels: Pixels, labels: Labels) -> Examples:
    return Examples(
        tuple(range(len(labels))),
        {FIELD: torch.from_numpy(pixels)},
        {TARGET: torch.from_numpy(labels)},
        tuple(f"digit {row}" for row in range(len(labels))),
    )
