"""Health and metrics on a real container, and on one that can't be built."""

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.errors import Unavailable
from core.services.container import build_container
from core.settings import load_settings
from core.web.health import health_reply
from core.web.lifecycle import Product, parent_in
from core.web.metrics import RequestCount, metrics_reply, path_label


@pytest.fixture
def product(tmp_path):
    """A product without demos whose storage can be taken away by removing `usable`."""
    usable = tmp_path / "usable"
    usable.touch()

    def build():
        if not usable.exists():
            raise Unavailable("The disk is full. Free some space.")
        return build_container(load_settings({"TANDEM_HOME": str(tmp_path / "home"), "TANDEM_DEMOS": ""}))

    product = Product(build)
    yield product, usable
    product.stop()


def test_health_without_workspaces_is_ok(product):
    running, _ = product
    running.start()
    reply = health_reply(running)
    assert (reply.status, reply.media_type) == (200, "application/json")
    assert json.loads(reply.body) == {"status": "ok", "database": "ok", "workspaces": {}}
    assert running.worker.pid is not None or running.worker.restarts == 0


def test_health_tells_why_it_cannot_serve_and_recovers(product):
    running, usable = product
    usable.unlink()
    running.start()
    reply = health_reply(running)
    assert reply.status == 503
    value = json.loads(reply.body)
    assert value == {"status": "unavailable", "reason": "The disk is full. Free some space.", "progress": ""}
    families = {f.name: f for f in text_string_to_metric_families(metrics_reply(running).body.decode())}
    assert families["tandem_up"].samples[0].value == 0
    usable.touch()
    assert health_reply(running).status == 200


def test_health_is_503_while_a_workspace_has_no_champion(tmp_path):
    settings = load_settings({"TANDEM_HOME": str(tmp_path / "home"), "TANDEM_DEMOS": "decoy-digits"})
    container = build_container(settings)
    try:
        report = container.health.report()
    finally:
        container.close()
    assert (report.ok, report.status) == (False, "preparing")
    assert "decoy-digits" in report.reason
    assert report.progress


def test_stopping_ends_the_worker_and_the_product_can_be_stopped_twice(product):
    running, _ = product
    running.start()
    worker = running.worker
    running.stop()
    running.stop()
    assert worker.pid is None
    assert running.worker is None


@pytest.mark.parametrize(
    ("arguments", "parent"),
    [(["app.py", "--parent", "42"], 42), (["app.py"], None), (["--parent"], None), (["--parent", "x"], None)],
)
def test_parent_in(arguments, parent):
    assert parent_in(arguments) == parent


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "home"),
        ("/review", "/review"),
        ("/x/../etc", "other"),
        ("session", "session"),
        ("/review/9", "other"),
        ("/playground/api/x", "/playground"),
    ],
)
def test_paths_get_a_bounded_number_of_labels(path, label):
    assert path_label(path) == label


def test_counted_requests_appear_in_the_metrics(product):
    running, _ = product
    before = RequestCount.tally["/audit", "418"]
    RequestCount._count("/audit", "418")
    text = metrics_reply(running).body.decode()
    assert f'tandem_requests_total{{path="/audit",status="418"}} {before + 1}.0' in text
