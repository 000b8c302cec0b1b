"""The one place that reads the environment."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import UserError

SHORTEST_LEASE = 0.1
"""Seconds; a lease of nothing would give every job to every worker."""
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]", "testserver")


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a person can set from outside; passed by argument, never looked up elsewhere."""

    home: Path
    """`TANDEM_HOME` (default `.tandem`): database and blobs."""
    database_url: str
    """`TANDEM_DATABASE_URL` (default SQLite in the home)."""
    actor: str
    """`TANDEM_ACTOR` (default `local`): who acts."""
    port: int
    """`PORT` (default 8501): where the workbench listens."""
    demos: tuple[str, ...]
    """`TANDEM_DEMOS` (default `decoy-digits,arrests`, comma separated, may be empty): prepared at start."""
    lease_seconds: float
    """`TANDEM_LEASE_SECONDS` (default 15): a silent worker's job is taken over after this."""
    checkpoint_seconds: float
    """`TANDEM_CHECKPOINT_SECONDS` (default 5): how much work a killed training loses at most."""
    threads: int
    """`TANDEM_THREADS` (default 0: torch decides): CPU threads of one process."""
    allowed_hosts: tuple[str, ...] = field(default=LOOPBACK_HOSTS)
    models: tuple[Path, ...] = ()
    """`TANDEM_MODELS` (default none, separated as in PATH): folders that hold the code of models of one's own. What is
    in them runs with the program's rights; nothing that people upload is ever run."""


def _number(environment: Mapping[str, str], key: str, default: str, lowest: float) -> float:
    value = environment.get(key, default)
    try:
        number = float(value)
    except ValueError:
        raise UserError(f"{key} must be a number, got {value!r}. Correct or unset it.") from None
    if not lowest <= number < math.inf:
        raise UserError(f"{key} must be a number of at least {lowest:g}, got {value!r}. Correct or unset it.")
    return number


def _whole(environment: Mapping[str, str], key: str, default: str, lowest: int) -> int:
    number = _number(environment, key, default, lowest)
    if number != int(number):
        raise UserError(f"{key} must be a whole number, got {number:g}. Correct or unset it.")
    return int(number)


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environment` (default: the process's).

    Raises
    ------
    UserError
        When a value has the wrong type or is too small; the message names key and value.
    """
    env = os.environ if environment is None else environment
    home = Path(env.get("TANDEM_HOME", ".tandem")).expanduser().resolve()
    demos, folders = env.get("TANDEM_DEMOS", "decoy-digits,arrests"), env.get("TANDEM_MODELS", "")
    return Settings(
        home=home,
        database_url=env.get("TANDEM_DATABASE_URL") or f"sqlite:///{home / 'tandem.db'}",
        actor=env.get("TANDEM_ACTOR") or "local",
        port=_whole(env, "PORT", "8501", 1),
        demos=tuple(name.strip() for name in demos.split(",") if name.strip()),
        lease_seconds=_number(env, "TANDEM_LEASE_SECONDS", "15", SHORTEST_LEASE),
        checkpoint_seconds=_number(env, "TANDEM_CHECKPOINT_SECONDS", "5", 0),
        threads=_whole(env, "TANDEM_THREADS", "0", 0),
        models=tuple(Path(place).expanduser().resolve() for place in folders.split(os.pathsep) if place.strip()),
    )


def share_processors() -> None:
    """Let torch's idle threads sleep; to be called before torch is first imported.

    By default they spin while they wait for each other. Where other processes want the same cores (the web process
    and its worker do), training a small network then takes many times as long: 64 s instead of 16 s for
    decoy-digits from a blank home, measured on 2 busy cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def prepare_gradio(uploads: Path) -> None:
    """Tell Gradio to keep uploads in a private folder of ours and to report nothing; before it is first imported."""
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a child process finds just these `settings`."""
    return {
        **os.environ,
        "TANDEM_HOME": str(settings.home),
        "TANDEM_DATABASE_URL": settings.database_url,
        "TANDEM_ACTOR": settings.actor,
        "PORT": str(settings.port),
        "TANDEM_DEMOS": ",".join(settings.demos),
        "TANDEM_LEASE_SECONDS": str(settings.lease_seconds),
        "TANDEM_CHECKPOINT_SECONDS": str(settings.checkpoint_seconds),
        "TANDEM_THREADS": str(settings.threads),
        "TANDEM_MODELS": os.pathsep.join(str(place) for place in settings.models),
    }
