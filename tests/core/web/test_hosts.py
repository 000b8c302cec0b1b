"""The allow-list of hosts, on a real Starlette app."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core.settings import LOOPBACK_HOSTS
from core.web.hosts import HostAllowList, host_name


async def _page(request):
    return PlainTextResponse("page")


async def _socket(websocket):
    await websocket.accept()
    await websocket.send_text("open")
    await websocket.close()


@pytest.fixture
def client():
    app = Starlette(
        routes=[Route("/", _page), WebSocketRoute("/socket", _socket)],
        middleware=[Middleware(HostAllowList, allowed=LOOPBACK_HOSTS)],
    )
    return TestClient(app)


@pytest.mark.parametrize(
    ("header", "name"),
    [("127.0.0.1:8501", "127.0.0.1"), ("LOCALHOST", "localhost"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("", "")],
)
def test_host_name_drops_the_port(header, name):
    assert host_name(header) == name


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8501", "localhost:8501", "LocalHost", "[::1]:8501"])
def test_allowed_hosts_pass(client, host):
    assert client.get("/", headers={"host": host}).text == "page"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8501", "127.0.0.1.evil.example", "evil.example@127.0.0.1", "[::1", "", "0.0.0.0"],
)
def test_forged_hosts_are_refused(client, host):
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "127.0.0.1" in answer.text


def test_forged_host_gets_no_websocket(client):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/socket", headers={"host": "evil.example"}):
        pass
    with client.websocket_connect("/socket", headers={"host": "localhost:1"}) as websocket:
        assert websocket.receive_text() == "open"


@pytest.mark.parametrize("headers", [[], [(b"host", b"localhost"), (b"host", b"evil.example")]])
def test_no_host_and_two_hosts_are_refused(headers):
    sent = []

    async def send(message):
        sent.append(message)

    async def unreachable(scope, receive, send):
        raise AssertionError("passed on")

    asyncio.run(HostAllowList(unreachable, LOOPBACK_HOSTS)({"type": "http", "headers": headers}, None, send))
    assert sent[0]["status"] == 421
