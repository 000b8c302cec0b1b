"""The real Gradio client and the real MCP client, over both of MCP's transports, use every endpoint."""

import asyncio
import base64
import json
import warnings
from datetime import timedelta

import pytest

pytestmark = pytest.mark.slow

NAMES = {"predict", "explain", "next_case", "record_verdict", "status"}
WAIT = timedelta(seconds=60)


@pytest.fixture(scope="module")
def gradio(robot):
    """The Gradio client with a token."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from gradio_client import Client

        client = Client(robot.url, headers=robot.headers, verbose=False, analytics_enabled=False)
    yield client
    client.close()


def test_the_gradio_client_sees_exactly_five_endpoints(gradio):
    found = gradio.view_api(return_format="dict", print_info=False)
    assert set(found["named_endpoints"]) == {f"/{name}" for name in NAMES}
    assert found["unnamed_endpoints"] == {}


def test_the_gradio_client_uses_every_endpoint(gradio, robot, image):
    inputs = {"image": base64.b64encode(image).decode()}
    predicted = gradio.predict("tiny", None, inputs, api_name="/predict")
    assert predicted["targets"] == robot.post("predict", workspace="tiny", case="t001").json()["targets"]
    explained = gradio.predict("mixed", case="m003", target="tone", method="occlusion", api_name="/explain")
    assert explained["method"] == "occlusion"
    opened = gradio.predict("tiny", api_name="/next_case")
    saved = gradio.predict("tiny", opened["case"], "above", ignore=None, api_name="/record_verdict")
    assert saved["label"] == "above"
    assert set(gradio.predict(api_name="/status")["workspaces"]) == {"tiny", "mixed"}


def test_the_gradio_client_gets_sentences(gradio):
    with pytest.raises(Exception, match="no case 'nope'"):
        gradio.predict("tiny", case="nope", api_name="/predict")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer tdm_wrong"}])
def test_the_gradio_client_stays_out_without_a_token(robot, headers):
    from gradio_client import Client
    from gradio_client.exceptions import AuthenticationError

    with pytest.raises(AuthenticationError):
        Client(robot.url, headers=headers, verbose=False, analytics_enabled=False)


def transport(robot, name, headers):
    """One of MCP's two transports."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mcp.client.sse import sse_client
        from mcp.client.streamable_http import streamablehttp_client

        if name == "sse":
            return sse_client(f"{robot.url}/gradio_api/mcp/sse", headers=headers)
        return streamablehttp_client(f"{robot.url}/gradio_api/mcp/", headers=headers)


async def with_session(robot, name, work, headers=None):
    """Run `work` in an MCP session."""
    from mcp import ClientSession

    async with (
        transport(robot, name, robot.headers if headers is None else headers) as streams,
        ClientSession(streams[0], streams[1], read_timeout_seconds=WAIT) as session,
    ):
        await session.initialize()
        return await work(session)


async def call(session, name, **arguments):
    """Call a tool; return whether it failed, and its text."""
    result = await session.call_tool(name, arguments)
    return result.isError, result.content[0].text


@pytest.mark.parametrize("name", ["http", "sse"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_mcp_client_uses_every_tool(robot, image, name):
    async def work(session):
        tools = (await session.list_tools()).tools
        assert {tool.name for tool in tools} == NAMES
        for tool in tools:
            assert len(tool.description) > 40
            assert all("description" in schema for schema in tool.inputSchema.get("properties", {}).values()), tool.name
        inputs = {"image": base64.b64encode(image).decode()}
        answers = [
            await call(session, "predict", workspace="tiny", case="t001"),
            await call(session, "predict", workspace="tiny", inputs=inputs),
            await call(session, "explain", workspace="mixed", case="m003", target="tone"),
            await call(session, "next_case", workspace="mixed"),
            await call(session, "record_verdict", workspace="tiny", case="t003", label="below", idempotency_key=name),
            await call(session, "status"),
        ]
        assert not any(failed for failed, _ in answers), answers
        stored, given, explained, opened, saved, state = (json.loads(text) for _, text in answers)
        assert stored["targets"] == given["targets"]
        assert set(explained["attributions"]) == {"image", "age", "colour", "note"}
        assert "probabilities" not in opened
        assert saved["case"] == "t003"
        assert set(state["workspaces"]) == {"tiny", "mixed"}
        refused = [
            await call(session, "predict", workspace="tiny", case="nope"),
            await call(session, "predict", workspace=5),
            await call(session, "erase_everything"),
        ]
        assert all(failed for failed, _ in refused)
        assert refused[0][1] == "There is no case 'nope' in this workspace. Open one from the worklist."
        assert not any("Traceback" in text for _, text in refused)

    asyncio.run(with_session(robot, name, work))


@pytest.mark.parametrize("name", ["http", "sse"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer tdm_wrong"}])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_mcp_client_stays_out_without_a_token(robot, name, headers):
    async def work(session):
        pytest.fail("came in")

    with pytest.raises(BaseExceptionGroup) as raised:
        asyncio.run(with_session(robot, name, work, headers))
    assert "401" in str(_leaves(raised.value))


def _leaves(error):
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
