"""The serving engine: one thread that answers queued requests in micro-batches."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from core.contracts import Prediction
from core.errors import Unavailable
from core.models import serving
from core.models.batching import cases_per_pass
from core.models.recent import Recent
from core.models.registry import LoadedModel
from core.models.serving import Attributes, Inputs, ServedModel

KEPT_MODELS = 8
"""Loaded versions that stay in memory, most recently used."""


@dataclass(frozen=True, slots=True)
class EngineStats:
    """What the engine has done since it started."""

    requests: int = 0
    """Requests answered, failed ones included."""
    failures: int = 0
    refused: int = 0
    """Requests turned away because the queue was full, or dropped at their deadline."""
    batches: int = 0
    queue_depth: int = 0
    latency_seconds: float = 0.0
    """Sum over answered requests, from submission to answer."""


@dataclass(slots=True, eq=False)
class _Request:
    model: LoadedModel
    inputs: dict[str, Tensor]
    submitted: float
    attributes: Attributes = None
    future: Future[Prediction] = field(default_factory=Future)


class Engine:
    """Answers requests in micro-batches on its own thread; any thread may submit.

    A lone request never waits: the engine takes what is queued, and lingers for a fuller batch only within
    `max_wait_seconds` of its last answer, while clients that were just answered may come back. A request is answered
    by the version that it came with, however the served version changes meanwhile.

    Parameters
    ----------
    max_batch
        Most requests in one batch; never more than one forward pass takes on the version's device.
    max_wait_seconds
        How long after an answer the engine may linger for a fuller batch.
    queue_size
        Most requests that wait.
    deadline_seconds
        A request older than this is dropped.
    """

    def __init__(
        self,
        *,
        max_batch: int = 32,
        max_wait_seconds: float = 0.002,
        queue_size: int = 1024,
        deadline_seconds: float = 30.0,
    ) -> None:
        self.max_batch, self.max_wait_seconds = max_batch, max_wait_seconds
        self.queue_size, self.deadline_seconds = queue_size, deadline_seconds
        self._models: Recent[LoadedModel] = Recent(KEPT_MODELS)
        self._served: Recent[ServedModel] = Recent(KEPT_MODELS)
        self._loading = threading.Lock()
        self._queue: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._clients = 0
        self._linger_until = 0.0
        self._stats = EngineStats()
        self._thread = threading.Thread(target=self._serve, name="tandem-engine", daemon=True)
        self._thread.start()

    def get(self, key: str, loader: Callable[[], LoadedModel]) -> LoadedModel:
        """Return the version kept under `key` (its sha256), loading it first when it is not in memory.

        Loading and preparing happen in the calling thread, so that requests on other versions go on meanwhile.
        """
        model = self._models.get(key)
        if model is None:
            with self._loading:
                model = self._models.get(key)
                if model is None:
                    model = loader()
                    self._setup(model)
                    self._models.put(key, model)
        return model

    def submit(self, model: LoadedModel, inputs: Inputs, *, attributes: Attributes = None) -> Future[Prediction]:
        """Queue one case, with its attributes where they are known, and return the future of its answer.

        The future raises `BadInput` when the inputs do not fit the version, and `Unavailable` when the queue is full,
        the deadline has passed or the engine has stopped.
        """
        request = _Request(model, {}, time.monotonic(), attributes)
        try:
            request.inputs = serving.decode(model, inputs)
            self._enqueue(request)
        except Exception as error:  # noqa: BLE001 - the future carries it to whoever asked
            request.future.set_exception(error)
        return request.future

    def predict(self, model: LoadedModel, inputs: Inputs, *, attributes: Attributes = None) -> Prediction:
        """Answer one case, with its attributes where they are known.

        Raises
        ------
        BadInput
            When the inputs do not fit the version.
        Unavailable
            When the queue is full, the deadline has passed or the engine has stopped.
        """
        future = self.submit(model, inputs, attributes=attributes)
        try:
            return future.result(timeout=self.deadline_seconds)
        except TimeoutError:
            future.cancel()
            raise self._late() from None

    def predict_many(
        self, model: LoadedModel, inputs: Inputs, *, attributes: Sequence[Attributes] | None = None
    ) -> list[Prediction]:
        """Answer many cases (inputs [cases, ...]) in the calling thread, with the same arithmetic as `predict`.

        Raises
        ------
        BadInput
            When the inputs do not fit the version.
        """
        tensors = serving.decode(model, inputs, batched=True)
        if not len(next(iter(tensors.values()))):
            return []
        return serving.encode(model, serving.predict(self._setup(model), tensors), attributes=attributes)

    def stats(self) -> EngineStats:
        """Return what the engine has done so far."""
        with self._changed:
            return replace(self._stats, queue_depth=len(self._queue))

    def stop(self) -> None:
        """Stop the thread; requests that still wait get `Unavailable`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def _setup(self, model: LoadedModel) -> ServedModel:
        served = self._served.get(model.key)
        if served is None:
            served = serving.setup(model)
            self._served.put(model.key, served)
        return served

    def _enqueue(self, request: _Request) -> None:
        with self._changed:
            if self._stopped:
                raise Unavailable("The prediction engine has stopped. Start the program again.")
            if len(self._queue) >= self.queue_size:
                self._stats = replace(self._stats, refused=self._stats.refused + 1)
                raise Unavailable(
                    f"The prediction queue is full ({self.queue_size} requests wait). Try again in a few seconds."
                )
            self._queue.append(request)
            self._changed.notify_all()

    def _late(self) -> Unavailable:
        return Unavailable(
            f"No answer within {self.deadline_seconds:g} seconds: the engine is overloaded. Try again in a few seconds."
        )

    def _serve(self) -> None:
        while (batch := self._next_batch()) is not None:
            if batch:
                self._answer(batch)

    def _next_batch(self) -> list[_Request] | None:
        """Wait for requests; return those of one version, oldest first, or None when the engine stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopped)
            if not self._stopped:
                wanted = min(self._clients, self._room(self._queue[0]))
                left = self._linger_until - time.monotonic()
                self._changed.wait_for(lambda: len(self._queue) >= wanted or self._stopped, max(0.0, left))
            if self._stopped:
                self._turn_away(list(self._queue), Unavailable("The prediction engine has stopped."))
                return None
            return self._take()

    def _room(self, request: _Request) -> int:
        """Return how many requests like this one a batch takes: one forward pass, at most `max_batch`."""
        single = {name: tensor[None] for name, tensor in request.inputs.items()}
        return min(self.max_batch, cases_per_pass(single, request.model.device))

    def _take(self) -> list[_Request]:
        """Drop late requests and take a batch off the queue; the caller holds the lock."""
        late = time.monotonic() - self.deadline_seconds
        self._turn_away([request for request in self._queue if request.submitted < late], self._late())
        waiting = [request for request in self._queue if request.submitted >= late]
        same = [request for request in waiting if request.model.key == waiting[0].model.key]
        batch = same[: self._room(same[0])] if same else []
        taken = {id(request) for request in batch}
        self._queue = deque(request for request in waiting if id(request) not in taken)
        return [request for request in batch if request.future.set_running_or_notify_cancel()]

    def _turn_away(self, requests: list[_Request], error: Unavailable) -> None:
        for request in requests:
            if request.future.set_running_or_notify_cancel():
                request.future.set_exception(error)
        self._stats = replace(self._stats, refused=self._stats.refused + len(requests))

    def _answer(self, batch: list[_Request]) -> None:
        try:
            answers: list[Prediction | Exception] = list(self._predict(batch))
        except Exception as error:  # noqa: BLE001 - the thread must live on, whatever a request brings
            answers = [error] if len(batch) == 1 else [self._alone(request) for request in batch]
        self._record(batch, sum(isinstance(answer, Exception) for answer in answers))
        for request, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                request.future.set_exception(answer)
            else:
                request.future.set_result(answer)

    def _record(self, batch: list[_Request], failures: int) -> None:
        """Count a batch, and expect its clients back soon: whoever waits now may share a batch with them."""
        now = time.monotonic()
        with self._changed:
            stats = self._stats
            self._stats = replace(
                stats,
                requests=stats.requests + len(batch),
                failures=stats.failures + failures,
                batches=stats.batches + 1,
                latency_seconds=stats.latency_seconds + sum(now - request.submitted for request in batch),
            )
            self._clients = len(batch) + len(self._queue)
            self._linger_until = now + self.max_wait_seconds

    def _alone(self, request: _Request) -> Prediction | Exception:
        try:
            return self._predict([request])[0]
        except Exception as error:  # noqa: BLE001 - one request fails alone
            return error

    def _predict(self, batch: list[_Request]) -> list[Prediction]:
        served = self._setup(batch[0].model)
        names = batch[0].inputs
        inputs = {name: torch.stack([request.inputs[name] for request in batch]) for name in names}
        attributes = [request.attributes for request in batch]
        return serving.encode(served.model, serving.predict(served, inputs), attributes=attributes)
