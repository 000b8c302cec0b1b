"""What a search over strategies has found so far, as safetensors bytes: a killed worker goes on where it was."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from core.contracts import Checkpointer, Suspect, Trial
from core.errors import BadInput
from core.learning.swapped import Judged
from core.models.training import FitResult

JUDGED = ("log_probability", "right", "changed")


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The best training so far."""

    name: str
    """Of the candidate."""
    weights: Mapping[str, Tensor]
    fitted: FitResult
    judged: Judged


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Finished trials by the name of their candidate, the best of them, and the doubtful labels that any found."""

    trials: Mapping[str, Trial] = field(default_factory=dict)
    best: Best | None = None
    suspects: tuple[Suspect, ...] = ()


class Journal:
    """Keeps finished trials, and the checkpoint of the training under way, in one checkpoint.

    Parameters
    ----------
    checkpointer
        Where it is kept; nowhere when None.
    key
        Tells one retraining from another: what was kept under another key is ignored.
    """

    def __init__(self, checkpointer: Checkpointer | None, key: str) -> None:
        self._checkpointer, self._key = checkpointer, key
        self.entries = Entries()
        self._stage, self._inner = "", b""
        data = checkpointer.load() if checkpointer is not None else None
        if data:
            self._read(data)

    def finish(self, name: str, trial: Trial, best: Best | None, suspects: tuple[Suspect, ...] = ()) -> None:
        """Note a finished trial, the best one now, and the doubtful labels that it found."""
        known = self.entries
        self.entries = Entries({**known.trials, name: trial}, best, suspects or known.suspects)
        self.write("", b"")

    @property
    def every_seconds(self) -> float:
        """How often it wants to be saved; never where it is kept nowhere."""
        return math.inf if self._checkpointer is None else self._checkpointer.every_seconds

    def stage(self, name: str) -> "Stage":
        """Return the checkpointer of the training called `name`."""
        return Stage(self, name)

    def inner(self, stage: str) -> bytes | None:
        """Return the checkpoint of a training, if it was the one under way."""
        return self._inner or None if stage == self._stage else None

    def write(self, stage: str, inner: bytes) -> None:
        """Keep everything, with the checkpoint of the training that is under way."""
        self._stage, self._inner = stage, inner
        if self._checkpointer is not None:
            self._checkpointer.save(self._packed())

    def _packed(self) -> bytes:
        best = self.entries.best
        described = {
            "key": self._key,
            "stage": self._stage,
            "trials": {name: asdict(trial) for name, trial in self.entries.trials.items()},
            "suspects": [asdict(suspect) for suspect in self.entries.suspects],
            "best": best and {"name": best.name, "fitted": asdict(best.fitted)},
        }
        tensors = {"described": _bytes(json.dumps(described).encode()), "inner": _bytes(self._inner)}
        if best is not None:
            tensors |= {f"judged/{name}": torch.from_numpy(getattr(best.judged, name)) for name in JUDGED}
            tensors |= {f"weight/{name}": value.detach().cpu() for name, value in best.weights.items()}
        return save({name: value.contiguous().clone() for name, value in tensors.items()})

    def _read(self, data: bytes) -> None:
        try:
            tensors = load(data)
        except Exception as error:
            raise BadInput(f"The checkpoint ({len(data)} bytes) can't be read: {error}. Start anew.") from error
        described = json.loads(_plain(tensors["described"])) if "described" in tensors else {}
        if described.get("key") != self._key:
            return
        self._stage, self._inner = described["stage"], _plain(tensors["inner"])
        trials = {name: Trial(**trial) for name, trial in described["trials"].items()}
        suspects = tuple(Suspect(**suspect) for suspect in described["suspects"])
        self.entries = Entries(trials, _best(described["best"], tensors) if described["best"] else None, suspects)


class Stage:
    """The checkpointer of one training within a search."""

    def __init__(self, journal: Journal, name: str) -> None:
        self._journal, self._name = journal, name

    @property
    def every_seconds(self) -> float:
        """How often the retraining wants to be saved."""
        return self._journal.every_seconds

    def load(self) -> bytes | None:
        """Return the last saved state of this training, or None."""
        return self._journal.inner(self._name)

    def save(self, state: bytes) -> None:
        """Replace the saved state."""
        self._journal.write(self._name, state)


def _best(described: Mapping[str, object], tensors: Mapping[str, Tensor]) -> Best:
    fitted = dict(described["fitted"])  # type: ignore[call-overload]
    fitted["curve"] = tuple((int(step), float(loss), float(score)) for step, loss, score in fitted["curve"])
    judged = Judged(*(np.asarray(tensors[f"judged/{name}"].numpy()) for name in JUDGED))
    weights = {name.removeprefix("weight/"): value for name, value in tensors.items() if name.startswith("weight/")}
    return Best(str(described["name"]), weights, FitResult(**fitted), judged)


def _bytes(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.empty(0, dtype=torch.uint8)


def _plain(tensor: Tensor) -> bytes:
    return tensor.numpy().tobytes()
