"""The app that is built late: once, on the first request or by itself, with its lifespan around it."""

import asyncio

import pytest

from core.web.lazy import LazyApplication
from core.web.sockets import send_at_once
from core.web.uploads import emptied, removed


class Inner:
    """An ASGI app that remembers what happened to it."""

    def __init__(self, fails=False):
        self.log = []
        self._fails = fails

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            self.log.append((await receive())["type"])
            await send({"type": "lifespan.startup.failed" if self._fails else "lifespan.startup.complete"})
            if not self._fails:
                self.log.append((await receive())["type"])
            return
        self.log.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def ask(app, count=1):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": "/x", "headers": []}
    await asyncio.gather(*(app(scope, None, send) for _ in range(count)))
    return [message["status"] for message in sent if message["type"] == "http.response.start"]


def test_the_first_requests_build_it_once_and_its_lifespan_ends_with_ours():
    built = []

    async def run():
        app = LazyApplication(lambda: built.append(Inner()) or built[0], after=60)
        async with app.running():
            assert built == []
            assert await ask(app, 3) == [200, 200, 200]
        return built[0].log

    assert asyncio.run(run()) == ["lifespan.startup", "/x", "/x", "/x", "lifespan.shutdown"]
    assert len(built) == 1


def test_it_builds_itself_after_a_while():
    inner = Inner()

    async def run():
        app = LazyApplication(lambda: inner, after=0.01)
        async with app.running():
            while not inner.log:
                await asyncio.sleep(0.01)

    asyncio.run(run())
    assert inner.log == ["lifespan.startup", "lifespan.shutdown"]


def test_it_is_never_built_when_nobody_asks():
    async def run():
        async with LazyApplication(lambda: pytest.fail("built"), after=60).running():
            await asyncio.sleep(0)

    asyncio.run(run())


@pytest.mark.parametrize("build", [lambda: 1 / 0, lambda: Inner(fails=True)])
def test_one_that_can_not_start_answers_503(build):
    async def run():
        app = LazyApplication(build, after=60)
        async with app.running():
            return await ask(app)

    assert asyncio.run(run()) == [503]


def test_the_uploads_folder_is_private_and_empty(tmp_path):
    folder = tmp_path / "home" / "uploads"
    for _ in range(2):
        assert emptied(folder) == folder
        assert folder.stat().st_mode & 0o777 == 0o700
        assert list(folder.iterdir()) == []
        (folder / "left.png").write_bytes(b"x")
    removed(folder)
    removed(folder)
    assert not folder.exists()


def test_listening_sockets_send_at_once():
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not server.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert send_at_once() >= 1
        with socket.create_connection(server.getsockname()) as client, server.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert client.fileno() > 0
