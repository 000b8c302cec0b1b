"""`serve`: the port, the wait for `/healthz`, the end of the child; the child is a real HTTP server."""

import os
import signal
import socket
import sys
import threading
import time

import pytest

from core.cli.serving import Serving, ask_health, require_free, web_command
from core.errors import Unavailable, UserError
from core.settings import load_settings

WEB = """
import http.server, json, sys
replies = json.loads(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = replies.pop(0) if len(replies) > 1 else replies[0]
        self.send_response(status); self.end_headers(); self.wfile.write(json.dumps(body).encode())
    def log_message(self, *arguments): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
PREPARING = (
    '[503, {"status": "preparing", "reason": "decoy-digits has no champion yet", "progress": "import 10 of 20"}]'
)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _serving(port, script, *arguments):
    said = []
    settings = load_settings({"PORT": str(port)})
    return Serving(settings, said.append, (sys.executable, "-c", script, *arguments)), said


def test_a_port_in_use_is_named_with_what_to_do(port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(Unavailable, match=rf"Port {port} .*PORT={port + 1} make run"):
            require_free(port)
    require_free(port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(port):
    with pytest.raises(UserError, match=f"got {port}"):
        require_free(port)


def test_it_tells_the_progress_then_the_address_once_and_stops_on_a_signal(port):
    serving, said = _serving(port, WEB, str(port), f'[{PREPARING}, {PREPARING}, [200, {{"status": "ok"}}]]')
    ready = []

    def when_ready(url):
        ready.append(url)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()

    before = signal.getsignal(signal.SIGTERM)
    serving.run(when_ready)
    assert ready == [f"http://127.0.0.1:{port}"]
    assert said.count("  import 10 of 20") == 1
    assert signal.getsignal(signal.SIGTERM) == before
    assert ask_health(port).status == 0


def test_a_product_that_cannot_serve_ends_with_its_reason(port):
    serving, _ = _serving(port, WEB, str(port), '[[503, {"status": "unavailable", "reason": "the disk is full"}]]')
    with pytest.raises(Unavailable, match="the disk is full"):
        serving.run(pytest.fail)
    assert ask_health(port).status == 0


@pytest.mark.parametrize(
    ("script", "how"),
    [("import sys; sys.exit(3)", "code 3"), ("import os; os.kill(os.getpid(), 9)", "signal 9")],
)
def test_a_web_process_that_ends_by_itself_is_reported(port, script, how):
    serving, _ = _serving(port, script)
    started = time.monotonic()
    with pytest.raises(Unavailable, match=how):
        serving.run(pytest.fail)
    assert time.monotonic() - started < 60


def test_the_web_process_listens_on_this_machine_only():
    command = web_command(8600, 42)
    assert "--server.address=127.0.0.1" in command
    assert "--server.port=8600" in command
    assert command[-3:] == ("--", "--parent", "42")
