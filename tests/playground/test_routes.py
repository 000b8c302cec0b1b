"""Every route of the playground as it really is: no token, a wrong one, a right one, a forged Host, a foreign site.

The routes are read from the app itself, so that one that a new release of Gradio adds is tested without anybody
knowing of it.
"""

import subprocess
import sys

import httpx
import pytest

from core.web.access import Access, access_of, is_closed
from tests.helpers.product import ROOT

pytestmark = pytest.mark.slow

LIST_ROUTES = """
import re, warnings
warnings.simplefilter("ignore")
from starlette.routing import Mount
from pages._playground.app import build

def walk(routes, prefix=""):
    for route in routes:
        if isinstance(route, Mount):
            inner = getattr(route, "routes", None)
            yield from walk(inner, prefix + route.path) if inner else [("POST", prefix + route.path + "/")]
            continue
        if hasattr(route, "original_router"):
            yield from walk(route.original_router.routes, prefix)
            continue
        for method in sorted(route.methods or {"GET"}):
            yield method, re.sub(r"{[^}]*}", "x", prefix + route.path)

for method, path in sorted(set(walk(build(lambda: None).routes))):
    print(method, path)
"""
WRONG = {"Authorization": "Bearer tdm_" + "x" * 43}
FEWEST = 60
"""Gradio alone has more routes than this."""
EXPECTED_WITH_TOKEN = {
    ("POST", "/api/status"): 200,
    ("POST", "/api/predict"): 422,
    ("POST", "/gradio_api/run/predict"): 422,
    ("POST", "/gradio_api/call/predict"): 422,
    ("POST", "/gradio_api/call/x"): 422,
    ("GET", "/gradio_api/info"): 200,
    ("GET", "/config"): 200,
    ("GET", "/gradio_api/mcp/schema"): 200,
    ("GET", "/gradio_api/mcp/sse"): 200,
    ("POST", "/gradio_api/mcp"): 307,
    ("POST", "/gradio_api/mcp/"): 400,
    ("GET", "/"): 200,
    ("GET", "/gradio_api/proxy=x"): 404,
    ("GET", "/monitoring"): 404,
    ("GET", "/gradio_api/runs"): 404,
}


@pytest.fixture(scope="module")
def routes():
    """(method, path) of every route."""
    found = subprocess.run(
        [sys.executable, "-c", LIST_ROUTES], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    listed = [tuple(line.split(" ", 1)) for line in found.stdout.splitlines()]
    extra = [("POST", "/gradio_api/mcp"), ("POST", "/gradio_api/mcp/"), ("POST", "/gradio_api/call/predict")]
    return sorted({*listed, *extra, ("POST", "/gradio_api/run/predict")})


def status(client, robot, method, path, headers):
    """The status alone: streams are not read."""
    with client.stream(method, robot.url + path, headers=headers) as answer:
        return answer.status_code


@pytest.fixture
def client():
    with httpx.Client(timeout=60) as made:
        yield made


def needs_token(method, path):
    return access_of(method, path.rstrip("/") or "/") is not Access.OPEN


def test_the_list_is_whole(routes):
    assert len(routes) > FEWEST
    assert set(EXPECTED_WITH_TOKEN) - set(routes) <= {("POST", "/gradio_api/call/x")}
    opened = {path for method, path in routes if not needs_token(method, path)}
    assert opened == {
        "/", "/assets/x", "/favicon.ico", "/gradio_api/theme.css", "/manifest.json", "/robots.txt", "/static/x",
        "/svelte/x", "/theme.css",
    }  # fmt: skip


@pytest.mark.parametrize("headers", [{}, WRONG], ids=["no token", "wrong token"])
def test_without_a_right_token(robot, client, routes, headers):
    for method, path in routes:
        found = status(client, robot, method, path, headers)
        if method == "OPTIONS":
            assert found == 403, (method, path)
        elif needs_token(method, path):
            assert found == 401, (method, path)
        else:
            assert found in (200, 404), (method, path)


def test_with_a_token(robot, client, routes):
    for method, path in routes:
        if "heartbeat" in path or "queue/data" in path:
            continue
        found = status(client, robot, method, path, robot.headers)
        refused_by_gradio = "/file" in path  # its own rule: only files that were uploaded
        assert found not in (401, 413, 421), (method, path)
        assert found != 403 or refused_by_gradio, (method, path)
        if is_closed(path):
            assert found == 404, (method, path)
        expected = EXPECTED_WITH_TOKEN.get((method, path))
        assert expected in (None, found), (method, path, found)


def test_with_a_forged_host(robot, client, routes):
    for method, path in routes:
        for headers in ({}, robot.headers):
            assert status(client, robot, method, path, headers | {"Host": "evil.example"}) == 421, (method, path)


def test_with_a_foreign_origin(robot, client, routes):
    for method, path in routes:
        foreign = robot.headers | {"Origin": "http://evil.example"}
        with client.stream(method, robot.url + path, headers=foreign) as answer:
            assert answer.status_code == 403, (method, path)
            assert "access-control-allow-origin" not in answer.headers
