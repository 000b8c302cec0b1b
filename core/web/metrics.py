"""`/metrics`: what the product does, in Prometheus' text format, from a registry of its own."""

import threading
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from core.errors import TandemError
from core.services.guard.counting import Deferrals
from core.storage import routings, suspensions
from core.storage.activity import activity
from core.web.health import Reply
from core.web.hosts import Application, Message, Receive, Scope, Send
from core.web.lifecycle import Product

if TYPE_CHECKING:
    from core.models.engine import EngineStats
    from core.services.container import Container

TEXT = "text/plain; version=0.0.4; charset=utf-8"
KNOWN_PATHS = ("/healthz", "/metrics", "/worklist", "/review", "/whatif", "/trust", "/retraining", "/audit")
PLAYGROUND = "/playground"


class RequestCount:
    """ASGI middleware that counts HTTP requests and opened sessions (WebSockets) by path and status."""

    tally: ClassVar[Tally[tuple[str, str]]] = Tally()
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its answer."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(str(scope["path"]), str(message["status"]))
            elif message["type"] == "websocket.accept":
                self._count("session", "101")
            await send(message)

        await self._app(scope, receive, counting)

    @classmethod
    def _count(cls, path: str, status: str) -> None:
        with cls._lock:
            cls.tally[path_label(path), status] += 1


def path_label(path: str) -> str:
    """Return the label of a path; all unknown ones share one, so that nobody can fill the memory with labels."""
    if path in KNOWN_PATHS or path == "session":
        return path
    if path == PLAYGROUND or path.startswith(f"{PLAYGROUND}/"):
        return PLAYGROUND
    return "home" if path == "/" else "other"


class ProductCollector:
    """Reads the figures from the running product at each scrape; keeps none itself."""

    def __init__(self, product: Product) -> None:
        self._product = product

    def collect(self) -> Iterator[Metric]:
        """Yield all families; only the request counts while the product can't serve."""
        yield _family(
            CounterMetricFamily("tandem_requests", "Requests answered.", labels=("path", "status")),
            (((path, status), count) for (path, status), count in sorted(RequestCount.tally.items())),
        )
        try:
            container = self._product.container()
            report = container.health.report()
        except TandemError:
            yield GaugeMetricFamily("tandem_up", "1 when every workspace has a champion.", value=0.0)
            return
        yield GaugeMetricFamily("tandem_up", "1 when every workspace has a champion.", value=float(report.ok))
        yield _family(
            GaugeMetricFamily("tandem_cases", "Cases of a workspace.", labels=("workspace",)),
            (((name,), item.cases) for name, item in report.workspaces.items()),
        )
        yield _family(
            GaugeMetricFamily("tandem_champion_info", "The version that serves.", labels=("workspace", "version")),
            (((name, item.champion), 1) for name, item in report.workspaces.items() if item.champion),
        )
        yield from _activity(container)
        yield from _guard(container)
        yield from _engine(container.runtime.engine.stats())
        yield from self._worker()

    def _worker(self) -> Iterator[Metric]:
        worker = self._product.worker
        if worker is None:
            return
        yield GaugeMetricFamily("tandem_worker_up", "1 while the worker runs.", value=float(worker.pid is not None))
        yield CounterMetricFamily("tandem_worker_restarts", "Starts after the first.", value=worker.restarts)


def _activity(container: "Container") -> Iterator[Metric]:
    with container.runtime.database.read() as tx:
        counts = activity(tx)
    yield _family(
        GaugeMetricFamily("tandem_jobs", "Jobs by kind and status.", labels=("kind", "status")),
        (((kind, status), count) for kind, status, count in counts.jobs),
    )
    yield _family(
        GaugeMetricFamily("tandem_verdicts", "Verdicts, superseded ones too.", labels=("workspace", "stance")),
        (((workspace, stance), count) for workspace, stance, count in counts.verdicts),
    )


def _guard(container: "Container") -> Iterator[Metric]:
    with container.runtime.database.read() as tx:
        counts, silent = routings.tally(tx), suspensions.suspended(tx)
    yield _family(
        GaugeMetricFamily("tandem_routed", "Answers of the champion to the pool.", labels=("workspace", "decision")),
        (((workspace, decision), count) for workspace, decision, count in counts.cases),
    )
    yield _family(
        GaugeMetricFamily(
            "tandem_deferred", "Answers to the pool left to people, by main reason.", labels=("workspace", "reason")
        ),
        (((workspace, reason), count) for workspace, reason, count in counts.reasons),
    )
    yield _family(
        CounterMetricFamily(
            "tandem_automatic_decisions", "Answers that the model decided by itself.", labels=("workspace",)
        ),
        (((workspace,), count) for workspace, count in counts.automatic),
    )
    yield _family(
        CounterMetricFamily(
            "tandem_deferrals", "Answers given by this process and left to people.", labels=("workspace", "reason")
        ),
        ((key, count) for key, count in sorted(Deferrals.tally.items())),
    )
    yield _family(
        GaugeMetricFamily("tandem_suspended", "1 while people keep the model silent.", labels=("workspace",)),
        (((workspace,), 1) for workspace in silent),
    )


def _engine(stats: "EngineStats") -> Iterator[Metric]:
    counters = {
        "requests": ("Predictions answered.", stats.requests),
        "failures": ("Predictions that failed.", stats.failures),
        "refused": ("Predictions turned away: queue full or deadline passed.", stats.refused),
        "batches": ("Batches run.", stats.batches),
        "latency_seconds": ("Sum of the time from submission to answer.", stats.latency_seconds),
    }
    for name, (words, value) in counters.items():
        yield CounterMetricFamily(f"tandem_engine_{name}", words, value=value)
    yield GaugeMetricFamily("tandem_engine_queue_depth", "Predictions that wait now.", value=stats.queue_depth)


def _family(
    family: CounterMetricFamily | GaugeMetricFamily, samples: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def metrics_reply(product: Product) -> Reply:
    """Return all figures as Prometheus text."""
    registry = CollectorRegistry()
    registry.register(ProductCollector(product))
    return Reply(200, TEXT, generate_latest(registry))
