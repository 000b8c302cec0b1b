"""Versions in the blob store: safetensors weights and a JSON manifest, checked by hash."""

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from core.contracts import Version, WorkspaceSpec
from core.errors import BadInput
from core.models.building import shape_of
from core.models.manifest import Manifest, read_manifest
from core.models.network import TandemNetwork
from core.models.own.code import misfits


class Blobs(Protocol):
    """The part of the blob store that versions need."""

    def put(self, data: bytes) -> str:
        """Keep `data` and return its sha256."""

    def get(self, sha: str) -> bytes:
        """Return what is kept under `sha`."""


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """Blobs of a version that has just been stored."""

    weights: str
    manifest: str
    sha256: str
    """Hash over both blobs' hashes: the version's identity."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A version in memory, ready to answer and to be explained."""

    version: str
    """Its name, such as `v3`."""
    key: str
    """Its sha256: equal keys are the same model."""
    network: TandemNetwork
    spec: WorkspaceSpec
    manifest: Manifest
    device: torch.device
    lock: threading.Lock = field(default_factory=threading.Lock)
    """For explainers that put hooks on `network`. Serving never touches `network`: it has a copy of its own."""


def identity(weights: str, manifest: str) -> str:
    """Return the sha256 that ties a version's two blobs together."""
    return hashlib.sha256(f"{weights}\n{manifest}".encode()).hexdigest()


def save_version(blobs: Blobs, network: TandemNetwork, manifest: Manifest) -> SavedVersion:
    """Store weights (safetensors, frozen encoders included) and manifest; return what names them."""
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()}
    weights, described = blobs.put(save(state)), blobs.put(manifest.to_bytes())
    return SavedVersion(weights, described, identity(weights, described))


def load_version(blobs: Blobs, version: Version, device: torch.device | None = None) -> LoadedModel:
    """Load a stored version onto `device` (default CPU), in evaluation mode.

    Raises
    ------
    BadInput
        When a blob is not what the version's hash says, or does not fit the network that the manifest declares; for a
        model of one's own, when its code can't be found or has changed.
    """
    place = device or torch.device("cpu")
    data = {name: _verified(blobs, sha, f"{name} of {version.name}") for name, sha in _named(version).items()}
    if identity(version.weights, version.manifest) != version.sha256:
        raise BadInput(f"{version.name} does not match its own hash. It was changed after training: restore a backup.")
    manifest = read_manifest(data["manifest"])
    network = shape_of(manifest.spec)
    _load_weights(network, data["weights"], version.name)
    network.to(place).eval()
    return LoadedModel(version.name, version.sha256, network, manifest.spec, manifest, place)


def _named(version: Version) -> dict[str, str]:
    return {"weights": version.weights, "manifest": version.manifest}


def _verified(blobs: Blobs, sha: str, what: str) -> bytes:
    data = blobs.get(sha)
    found = hashlib.sha256(data).hexdigest()
    if found != sha:
        raise BadInput(f"The {what} was changed: its hash is {found[:12]}…, expected {sha[:12]}…. Restore a backup.")
    return data


def _load_weights(network: TandemNetwork, data: bytes, name: str) -> None:
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise BadInput(f"The weights of {name} can't be read: {error}. Restore a backup or train anew.") from error
    tensors = _renamed(tensors, network)
    problems = list(misfits(network.state_dict(), tensors))
    if problems:
        raise BadInput(
            f"The weights of {name} do not fit its workspace: {problems[0]} ({len(problems)} such). Train it anew."
        )
    network.load_state_dict(tensors)


def _renamed(tensors: dict[str, Tensor], network: TandemNetwork) -> dict[str, Tensor]:
    """Return the weights under today's names: versions from before several fields had one standardiser for all."""
    old = "standardiser."
    if len(network.fields) != 1:
        return tensors
    new = f"fusion.standardisers.field_{network.fields[0]}."
    return {new + name.removeprefix(old) if name.startswith(old) else name: t for name, t in tensors.items()}
