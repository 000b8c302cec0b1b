"""The served product from outside: health, metrics, allowed hosts, where it listens, how it ends."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.helpers.product import ROOT, environment, free_port, get, serving

pytestmark = pytest.mark.slow


def _websocket_status(port: int, host: str) -> str:
    """First line of the answer to a WebSocket handshake with Streamlit's session endpoint."""
    request = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.encode())
        return connection.recv(200).decode().splitlines()[0]


def test_healthz_names_database_champion_and_cases(served):
    status, body = get(served.port, "/healthz")
    value = json.loads(body)
    assert status == 200
    assert set(value) == {"status", "database", "workspaces"}
    assert value["status"] == "ok"
    assert value["workspaces"]["decoy-digits"]["champion"] == "v1"
    assert value["workspaces"]["decoy-digits"]["cases"] == 5000


def test_metrics_are_prometheus_text(served):
    get(served.port, "/nowhere/at/all")
    families = {
        family.name: family for family in text_string_to_metric_families(get(served.port, "/metrics")[1].decode())
    }
    assert families["tandem_up"].samples[0].value == 1
    assert families["tandem_cases"].samples[0].labels == {"workspace": "decoy-digits"}
    assert families["tandem_champion_info"].samples[0].labels == {"workspace": "decoy-digits", "version": "v1"}
    assert families["tandem_worker_up"].samples[0].value == 1
    jobs = {(s.labels["kind"], s.labels["status"]): s.value for s in families["tandem_jobs"].samples}
    assert jobs["champion", "done"] >= 1  # one for each workspace that other tests imported into this product
    paths = {sample.labels["path"] for sample in families["tandem_requests"].samples}
    assert paths <= {
        "/healthz",
        "/metrics",
        "/worklist",
        "/review",
        "/whatif",
        "/trust",
        "/retraining",
        "/audit",
        "/playground",
        "home",
        "other",
        "session",
    }
    assert {"tandem_engine_batches", "tandem_engine_queue_depth", "tandem_engine_requests"} <= set(families)


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/review", "/_stcore/health", "/_stcore/host-config"])
def test_a_forged_host_is_refused_everywhere(served, path):
    assert get(served.port, path, host="evil.example")[0] == 421
    assert get(served.port, path, host=f"localhost:{served.port}")[0] == 200


def test_a_forged_host_opens_no_session(served):
    assert "101" in _websocket_status(served.port, f"127.0.0.1:{served.port}")
    assert "403" in _websocket_status(served.port, "evil.example")


def test_it_listens_on_this_machine_only(served):
    with open("/proc/net/tcp") as table, open("/proc/net/tcp6") as table6:
        listening = [line.split()[1] for line in [*table, *table6] if line.split()[3] == "0A"]
    suffix = f":{served.port:04X}"
    assert [address for address in listening if address.endswith(suffix)] == [f"0100007F{suffix}"]


def test_every_page_answers(served):
    for path in ("/", "/worklist", "/review", "/whatif", "/trust", "/retraining", "/audit"):
        assert get(served.port, path)[0] == 200


def test_a_port_in_use_is_refused_with_what_to_do(served, tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "core", "serve"],
        cwd=ROOT,
        env=environment(tmp_path, served.port),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert f"Port {served.port} can't be used" in result.stderr
    assert "make run" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_home_that_cannot_be_used_is_refused_with_the_reason(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    result = subprocess.run(
        [sys.executable, "-m", "core", "serve"],
        cwd=ROOT,
        env=environment(blocked / "home", free_port()),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 1
    assert "file" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_demo_is_refused_by_name(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "core", "serve"],
        cwd=ROOT,
        env=environment(tmp_path, free_port(), TANDEM_DEMOS="nope"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 1
    assert "'nope'" in result.stderr


@pytest.mark.kill
def test_no_process_outlives_a_killed_product(tmp_path):
    with serving(tmp_path / "home", demos="") as product:
        processes = _descendants(product.process.pid)
        assert len(processes) == 2, "the web process and its worker"
        product.process.kill()
        product.process.wait()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and any(map(_alive, processes)):
            time.sleep(0.1)
        assert not any(map(_alive, processes))


def _descendants(pid: int) -> list[int]:
    found = []
    for child in _children(pid):
        found += [child, *_descendants(child)]
    return found


def _children(pid: int) -> list[int]:
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
