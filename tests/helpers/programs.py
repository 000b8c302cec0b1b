"""What programs bring to the served product: a token, and an HTTP connection that says what came back."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.helpers.product import ROOT, Served, environment

PLAYGROUND = "/playground"


@dataclass(frozen=True, slots=True)
class Program:
    """A program with its token."""

    served: Served
    token: str

    @property
    def url(self) -> str:
        """Where the playground is."""
        return self.served.url + PLAYGROUND

    @property
    def headers(self) -> dict[str, str]:
        """What lets it in."""
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, name: str, **arguments: object) -> httpx.Response:
        """Call one of the five verbs."""
        return httpx.post(f"{self.url}/api/{name}", json=arguments, headers=self.headers, timeout=60)


def token_command(home: Path, *arguments: str) -> dict:
    """Run `python -m core token …` on a home and return its JSON."""
    result = subprocess.run(
        [sys.executable, "-m", "core", "token", *arguments, "--json"],
        cwd=ROOT,
        env=environment(home, 1, TANDEM_DEMOS=""),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(result.stdout.splitlines()[-1])


def program(served: Served, name: str = "robot") -> Program:
    """Make a token for a served product whose playground is there: its first request waits until it is built."""
    httpx.get(f"{served.url}{PLAYGROUND}/", timeout=120).raise_for_status()
    return Program(served, token_command(served.home, "create", name)["secret"])
