"""A model of one's own from a workspace's folder to a version: find its weights, check it on real cases, adopt it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from core.contracts import Case, ModelSpec, NewCase, WorkspaceSpec
from core.errors import BadInput
from core.models.own import OwnNetwork, adopt
from core.models.registry import LoadedModel, load_version
from core.services.casebook import Casebook
from core.services.runtime import Runtime
from core.storage import versions
from core.storage.columns import now

TRIED = 6
"""Real cases on which a model is checked, besides those that lack a field."""
TRIED_WITH_GAPS = 2


@dataclass(frozen=True, slots=True)
class Offered:
    """A model that has passed its checks, not registered yet."""

    weights: str
    """Blob of the safetensors file."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnModels:
    """Checks and adopts models of one's own."""

    runtime: Runtime
    casebook: Casebook

    def check(self, spec: WorkspaceSpec, places: Sequence[Path], new: Sequence[NewCase]) -> Offered | None:
        """Check the model that a workspace declares on its own cases; None when it declares none.

        Raises
        ------
        BadInput
            When the weights or the code can't be found or used, or a check fails; nothing is registered then.
        """
        if spec.model is None:
            return None
        data = read_weights(spec.model, places)
        _, notes = self.adopted(spec, data, [_as_case(case) for case in new])
        return Offered(self.runtime.blobs.put(data), notes)

    def adopted(self, spec: WorkspaceSpec, data: bytes, known: Sequence[Case]) -> tuple[OwnNetwork, tuple[str, ...]]:
        """Return the network of a model that passes its checks on some of `known`, and notes."""
        chosen = _some(known)
        prepared: Mapping[str, Tensor] = self.casebook.examples(chosen, spec, {}).inputs
        return adopt(spec, data, prepared, self.runtime.device)

    def of_version(self, workspace_id: int, version: str) -> OwnNetwork:
        """Return a fresh copy of a version's network, to retrain its head."""
        with self.runtime.database.read() as tx:
            stored = versions.get(tx, workspace_id, version)
        network = load_version(self.runtime.blobs, stored, self.runtime.device).network
        if not isinstance(network, OwnNetwork):
            raise BadInput(f"{version} is no model of one's own. Import the workspace under another name.")
        return network


def read_weights(model: ModelSpec, places: Sequence[Path]) -> bytes:
    """Return the bytes of the weights file, from the first of `places` that has it.

    Raises
    ------
    BadInput
        When no place has it, or it can't be read.
    """
    found = next((place / model.weights for place in places if (place / model.weights).is_file()), None)
    if found is None:
        looked = ", ".join(str(place) for place in places)
        raise BadInput(f"model.weights is {model.weights!r}, but there is no such file in {looked}. Put it there.")
    try:
        return found.read_bytes()
    except OSError as error:
        raise BadInput(f"{found} can't be read: {error.strerror}. Check the file and its permissions.") from error


def write_weights(model: LoadedModel, file: Path) -> Path:
    """Write the tensors of a version of one's own model as its code wants them, and return the file."""
    if not isinstance(model.network, OwnNetwork):
        raise BadInput(f"{model.version} is no model of one's own, so it has no weights to give back.")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(save(model.network.module_state()))
    return file


def _as_case(new: NewCase) -> Case:
    return Case(0, new.name, new.group, new.split, new.fields, new.attributes, new.content_hash, now())


def _some(known: Sequence[Case]) -> list[Case]:
    """Return cases spread evenly over `known`, and some that lack a field."""
    step = max(1, len(known) // TRIED)
    return [*known[::step][:TRIED], *islice(filter(_has_gap, known), TRIED_WITH_GAPS)]


def _has_gap(case: Case) -> bool:
    return any(value.blob is None and value.number is None and value.text is None for value in case.fields)
