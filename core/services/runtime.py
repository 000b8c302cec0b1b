"""What every service works with: settings, database, blobs, engine, device, and short-lived caches."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch

from core.contracts import Actor, Workspace, WorkspaceSpec
from core.models.engine import Engine
from core.settings import Settings
from core.sources.workspace_file import parse_workspace
from core.storage.blobs import BlobStore
from core.storage.database import Database

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """A small thread-safe least-recently-used cache for values that never change under their key."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def peek(self, key: Key) -> Value | None:
        """Return the value under `key`, or None when it is absent."""
        with self._lock:
            return self._items.get(key)

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value under `key`, making it first when it is absent."""
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                return self._items[key]
        value = make()
        with self._lock:
            self._items[key] = value
            while len(self._items) > self._size:
                self._items.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that services share; made once per process by `core.services.container`."""

    settings: Settings
    database: Database
    blobs: BlobStore
    engine: Engine
    device: torch.device
    actor: Actor
    specs: Cache[int, WorkspaceSpec] = field(default_factory=lambda: Cache(64))

    def spec(self, workspace: Workspace) -> WorkspaceSpec:
        """Return what the workspace's present revision declares."""
        return self.specs.get(workspace.revision_id, lambda: parse_workspace(workspace.toml, workspace.name))
