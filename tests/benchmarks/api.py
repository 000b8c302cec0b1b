"""What the API and MCP cost over the engine's own time: one prediction at a time, on the real served product.

`rest_overhead_seconds` is the time of a POST to `/playground/api/predict` less what the engine took for it (which the
product tells at `/metrics`); `mcp_overhead_seconds` the same for the tool `predict` over streamable HTTP. Both on kept
connections, in turn, so that a busy machine slows them alike; medians with bootstrap 95 % intervals.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import httpx
import numpy as np
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from prometheus_client.parser import text_string_to_metric_families

from core.contracts import BenchOptions, Figure
from tests.helpers.product import serving
from tests.helpers.programs import Program, program
from tests.helpers.tiny_product import WORKSPACE, prepare_home

CALLS, QUICK_CALLS, WARM_UP = 200, 10, 5
CASE = "t001"
DRAWS = 2000
Ask = Callable[[], Awaitable[None]]


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure on a small workspace whose network costs next to nothing."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        home = prepare_home(Path(folder))
        with serving(home, demos="") as served:
            calls = QUICK_CALLS if options.quick else CALLS
            rest, mcp, engine = asyncio.run(_measure(program(served, "bench"), calls))
    return {
        "rest_overhead_seconds": median(rest),
        "mcp_overhead_seconds": median(mcp),
        "engine_seconds": median(engine),
    }


async def _measure(robot: Program, calls: int) -> tuple[list[float], list[float], list[float]]:
    """Return the overheads of both ways, and the engine's own times, call by call."""
    async with (
        httpx.AsyncClient(headers=robot.headers, timeout=60) as client,
        streamable_http_client(f"{robot.url}/gradio_api/mcp/", http_client=client) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()

        async def by_rest() -> None:
            answer = await client.post(f"{robot.url}/api/predict", json={"workspace": WORKSPACE, "case": CASE})
            answer.raise_for_status()

        async def by_mcp() -> None:
            result = await session.call_tool("predict", {"workspace": WORKSPACE, "case": CASE})
            if result.isError:
                raise RuntimeError(str(result.content))

        rest, mcp, engine = [], [], []
        for number in range(WARM_UP + calls):
            for ask, overheads in ((by_rest, rest), (by_mcp, mcp)):
                whole, inside = await _timed(ask, client, robot)
                if number >= WARM_UP:
                    overheads.append(whole - inside)
                    engine.append(inside)
    return rest, mcp, engine


async def _timed(ask: Ask, client: httpx.AsyncClient, robot: Program) -> tuple[float, float]:
    """Return the seconds of one call, and those of them that the engine took."""
    before = await _engine_seconds(client, robot)
    started = time.perf_counter()
    await ask()
    whole = time.perf_counter() - started
    return whole, await _engine_seconds(client, robot) - before


async def _engine_seconds(client: httpx.AsyncClient, robot: Program) -> float:
    text = (await client.get(f"{robot.served.url}/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return float(families["tandem_engine_latency_seconds"].samples[0].value)


def median(values: list[float]) -> Figure:
    """Return the median with its seeded bootstrap 95 % interval."""
    found = np.asarray(values)
    draws = np.random.default_rng(0).choice(found, (DRAWS, len(found)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return Figure(float(np.median(found)), float(low), float(high), len(found))
