"""What every command shares: errors turned into messages, the container, `--json`."""

import functools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from core.contracts import Estimate, Progress
from core.errors import BadInput, TandemError, Unavailable
from core.services.shapes import finite
from core.settings import load_settings

if TYPE_CHECKING:
    from core.services.container import Container

FOLLOW_SECONDS = 0.5
Command = Callable[..., None]

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line.")]
TargetOption = Annotated[
    str | None, typer.Option("--target", metavar="T", help="Which target; needed where a workspace has several.")
]


def refusable(command: Command) -> Command:
    """Return `command` so that it ends with code 1 and a plain message where the product refuses."""

    @functools.wraps(command)
    def guarded(**options: object) -> None:
        try:
            _require_utf8(options)
            command(**options)
        except TandemError as error:
            note(f"Error: {error}")
            if options.get("as_json"):
                emit({"error": str(error)})
            raise typer.Exit(1) from error

    return guarded


def _require_utf8(options: Mapping[str, object]) -> None:
    """Refuse an argument whose bytes are no text; paths may be of any bytes."""
    for name, value in options.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
                raise BadInput(f"{name.replace('_', '-')}: {text[:40]!r} is not UTF-8. Write it in UTF-8.")


def emit(value: Mapping[str, object]) -> None:
    """Print `value` as one line of JSON; what is not a finite number becomes null."""
    typer.echo(json.dumps(finite(value), ensure_ascii=False, allow_nan=False))


def show(as_json: bool, value: Mapping[str, object], *lines: str) -> None:
    """Print the result of a command: `value` with `--json`, else `lines` for people."""
    if as_json:
        emit(value)
        return
    for line in lines:
        typer.echo(line)


def note(text: str) -> None:
    """Tell the person something that is not the result, on standard error."""
    typer.echo(text, err=True)


@contextmanager
def opened() -> "Iterator[Container]":
    """Open the product with the settings of the environment; closed at the end of the block."""
    from core.services.container import build_container

    container = build_container(load_settings())
    try:
        yield container
    finally:
        container.close()


class ProgressLines:
    """Prints progress of long work on standard error, one line per stage and tenth."""

    def __init__(self) -> None:
        self._last = ""

    def report(self, progress: Progress) -> None:
        """Show `progress` when it says something new."""
        line = progress_line(progress)
        key = f"{progress.stage}{10 * progress.done // max(progress.total, 1)}"
        if line and key != self._last:
            self._last = key
            note(f"  {line}")


def wait_for(container: "Container", job_id: int | None) -> None:
    """Wait for a job, in this process when no worker takes it, and show its progress meanwhile.

    Raises
    ------
    UserError
        When the job failed or was cancelled; the message says why.
    """
    if job_id is None:
        return
    lines, done = ProgressLines(), threading.Event()

    def follow() -> None:
        while not done.wait(FOLLOW_SECONDS):
            with suppress(Unavailable):  # a busy database: the next look tells
                lines.report(container.jobs.get(job_id).progress)

    thread = threading.Thread(target=follow, name="progress", daemon=True)
    thread.start()
    try:
        container.jobs.wait(job_id)
    finally:
        done.set()
        thread.join()


def progress_line(progress: Progress) -> str:
    """Return `progress` in words: stage, share done, message, time left."""
    parts = [progress.stage]
    if progress.total:
        parts.append(f"{progress.done} of {progress.total}")
    if progress.message and progress.message != progress.stage:
        parts.append(progress.message)
    if progress.seconds_left is not None:
        parts.append(f"about {progress.seconds_left:.0f} s left")
    return " · ".join(part for part in parts if part)


def estimate(value: Estimate) -> dict[str, float | int]:
    """Return `value` as the JSON of a figure."""
    return {"value": value.value, "low": value.low, "high": value.high, "n": value.n}


def figure_words(value: Estimate) -> str:
    """Return a figure with its interval and n.

    Example
    -------
    >>> figure_words(Estimate(0.5, 0.4, 0.6, 20))
    '0.500 [0.400, 0.600] n=20'
    """
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}] n={value.n}"


def metrics_object(metrics: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, dict[str, float | int]]]:
    """Return ledger figures as JSON: target -> figure -> value, interval and n."""
    return {target: {name: estimate(figure) for name, figure in figures.items()} for target, figures in metrics.items()}


def metrics_lines(metrics: Mapping[str, Mapping[str, Estimate]]) -> list[str]:
    """Return ledger figures in words, one line each."""
    return [
        f"  {target} {name} {figure_words(figure)}"
        for target, figures in metrics.items()
        for name, figure in figures.items()
    ]
