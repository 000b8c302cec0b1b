"""The gate on a real Starlette app: who comes in, what is refused and how, what the app behind it sees."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from core.contracts import ACTOR_SCOPE, Actor
from core.errors import Unavailable
from core.settings import LOOPBACK_HOSTS
from core.web.access import Access, access_of
from core.web.gate import Gate
from core.web.hosts import HostAllowList
from core.web.sessions import COOKIE, LIFETIME_SECONDS, PageSessions

ROBOT = Actor("service:robot", "service", "robot")
OWN = {"origin": "http://testserver"}
TOKEN = {"authorization": "Bearer tdm_right"}
LIMIT = 1000


async def _echo(request):
    actor = request.scope[ACTOR_SCOPE]
    body = await request.body()
    seen = {"actor": actor and actor.id, "headers": sorted(request.headers), "length": len(body)}
    return JSONResponse(seen, headers={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"})


def _actor_of(secret):
    if secret == "tdm_broken":
        raise Unavailable("The database is busy. Try again.")
    return ROBOT if secret == "tdm_right" else None


@pytest.fixture
def app():
    inner = Starlette(routes=[Route("/{path:path}", _echo, methods=["GET", "POST", "OPTIONS"])])
    return Starlette(
        routes=[Mount("/playground", Gate(inner, _actor_of, "/playground", largest_body=LIMIT))],
        middleware=[Middleware(HostAllowList, allowed=LOOPBACK_HOSTS)],
    )


@pytest.fixture
def client(app):
    return TestClient(app)


@pytest.mark.parametrize(
    ("method", "path", "access"),
    [
        ("GET", "/", Access.OPEN),
        ("HEAD", "/", Access.OPEN),
        ("POST", "/", Access.PROGRAMS),
        ("GET", "/assets/index.js", Access.OPEN),
        ("GET", "/assets/../gradio_api/info", Access.PROGRAMS),
        ("GET", "/assets//x", Access.PROGRAMS),
        ("POST", "/assets/x", Access.PROGRAMS),
        ("GET", "/config", Access.PAGE),
        ("POST", "/gradio_api/queue/join", Access.PAGE),
        ("GET", "/gradio_api/queue/join", Access.PROGRAMS),
        ("GET", "/gradio_api/file=/tmp/x.png", Access.PAGE),
        ("POST", "/gradio_api/upload", Access.PAGE),
        ("POST", "/gradio_api/call/predict", Access.PROGRAMS),
        ("POST", "/gradio_api/run/predict", Access.PROGRAMS),
        ("POST", "/gradio_api/mcp", Access.PROGRAMS),
        ("GET", "/gradio_api/mcp/sse", Access.PROGRAMS),
        ("POST", "/api/predict", Access.PROGRAMS),
        ("GET", "/a/route/of/tomorrow", Access.PROGRAMS),
    ],
)
def test_what_a_path_needs(method, path, access):
    assert access_of(method, path) is access


@pytest.mark.parametrize("headers", [{}, {"cookie": f"{COOKIE}=1.x.y"}, {"authorization": ""}])
def test_without_a_token_programs_get_401(client, headers):
    answer = client.post("/playground/api/predict", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "token create" in answer.json()["error"]


@pytest.mark.parametrize(
    "value", ["Bearer tdm_wrong", "Bearer", "Basic dXNlcjpwYXNz", "tdm_right", "Bearer tdm_right, x"]
)
def test_a_wrong_token_gets_401_even_with_the_pages_cookie(client, value):
    client.get("/playground/")
    answer = client.get("/playground/config", headers={"authorization": value} | OWN)
    assert answer.status_code == 401
    assert "tdm_right" not in answer.text


def test_a_token_comes_in_as_its_service(client):
    answer = client.post("/playground/api/predict", headers=TOKEN, content=b"x")
    assert answer.json()["actor"] == "service:robot"
    assert client.get("/playground/gradio_api/mcp/sse", headers={"Authorization": "bearer tdm_right"}).is_success


def test_the_app_behind_sees_no_secret_and_no_invented_address(client):
    client.get("/playground/")
    sent = TOKEN | {"x-forwarded-host": "evil.example", "forwarded": "host=evil", "x-gradio-user": "mcp", "x-kept": "1"}
    seen = client.get("/playground/gradio_api/info", headers=sent).json()["headers"]
    assert "x-kept" in seen
    assert not {"authorization", "cookie", "x-forwarded-host", "forwarded", "x-gradio-user"} & set(seen)


def test_the_page_gets_a_cookie_and_reaches_what_it_needs_from_the_same_origin_alone(client):
    document = client.get("/playground/")
    cookie = document.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/playground", "Max-Age=43200"))
    join = "/playground/gradio_api/queue/join"
    assert client.post(join, headers=OWN).json()["actor"] is None
    assert client.get("/playground/config", headers={"sec-fetch-site": "same-origin"}).status_code == 200
    assert client.post(join).status_code == 401, "nothing says that the page itself asks"
    assert client.post("/playground/api/predict", headers=OWN).status_code == 401
    assert client.post("/playground/gradio_api/call/predict", headers=OWN).status_code == 401


@pytest.mark.parametrize("origin", ["http://evil.example", "http://testserver:81", "https://testserver", "null", ""])
def test_other_sites_are_refused_with_and_without_a_token(client, origin):
    for path in ("/playground/api/predict", "/playground/gradio_api/queue/join", "/playground/gradio_api/mcp"):
        answer = client.post(path, headers={"origin": origin} | TOKEN)
        assert answer.status_code == 403, (path, origin)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_may_link_to_the_page_and_embed_nothing(client, site):
    assert client.get("/playground/", headers={"sec-fetch-site": site}).status_code == 200
    assert client.get("/playground/config", headers={"sec-fetch-site": site}).status_code == 403
    assert "frame-ancestors 'none'" in client.get("/playground/").headers["content-security-policy"]


@pytest.mark.parametrize("origin", ["http://evil.example", "http://testserver"])
def test_a_preflight_is_refused(client, origin):
    asked = {"origin": origin, "access-control-request-method": "POST"}
    answer = client.options("/playground/api/predict", headers=asked)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_cors_headers_of_the_app_behind_never_leave(client):
    answer = client.post("/playground/api/predict", headers=TOKEN | OWN)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_forged_host_gets_421(client):
    assert client.post("/playground/api/predict", headers={"host": "evil.example"} | TOKEN).status_code == 421


@pytest.mark.parametrize(
    "path", ["proxy=http://evil.example", "deep_link", "vibe-code/", "process_recording", "run-history/connect"]
)
def test_parts_of_gradio_that_are_not_used_are_closed(client, path):
    assert client.get(f"/playground/gradio_api/{path}", headers=TOKEN).status_code == 404
    assert client.get(f"/playground/gradio_api/{path}").status_code == 401


def test_a_body_that_is_too_large_gets_413(client):
    assert client.post("/playground/api/x", headers=TOKEN, content=b"x" * LIMIT).json()["length"] == LIMIT
    assert client.post("/playground/api/x", headers=TOKEN, content=b"x" * (LIMIT + 1)).status_code == 413
    chunks = (b"x" * 100 for _ in range(11))
    answer = client.post("/playground/api/x", headers=TOKEN, content=chunks)
    assert answer.status_code == 413
    assert "larger than" in answer.json()["error"]


def test_a_database_that_is_busy_gets_503(client):
    answer = client.post("/playground/api/x", headers={"authorization": "Bearer tdm_broken"})
    assert (answer.status_code, answer.json()) == (503, {"error": "The database is busy. Try again."})


def test_there_are_no_websockets_behind_the_gate():
    sent = []

    async def send(message):
        sent.append(message)

    gate = Gate(PlainTextResponse("never"), _actor_of, "/playground")
    asyncio.run(gate({"type": "websocket", "headers": [], "path": "/playground/"}, None, send))
    assert sent[0]["type"] == "websocket.close"


@pytest.mark.parametrize("change", ["x", "later", "other key", "future"])
def test_a_cookie_that_was_changed_has_run_out_or_is_of_another_process_is_none(change):
    now = [1000.0]
    sessions = PageSessions(lambda: now[0])
    cookie = sessions.issue("/playground").partition(";")[0]
    assert sessions.is_valid(f"other=1; {cookie}")
    if change == "x":
        cookie = cookie.replace("=1", "=2", 1)
    elif change == "later":
        now[0] += LIFETIME_SECONDS + 1
    elif change == "future":
        now[0] -= 120
    else:
        sessions = PageSessions(lambda: now[0])
    assert not sessions.is_valid(cookie)


@pytest.mark.parametrize("header", ["", "x", f"{COOKIE}=", f"{COOKIE}=a.b.c", f"{COOKIE}=é", f"{COOKIE}=.."])
def test_what_is_no_cookie_of_ours_is_refused(header):
    assert not PageSessions().is_valid(header)
