"""`bench`: runs one of the benchmarks beside the tests and prints its figures with the machine they are from."""

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast

import typer

from core.cli.frame import JsonOption, show
from core.cli.machine import machine
from core.contracts import BenchOptions, Figure
from core.errors import BadInput, NotFound

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "benchmarks"
DEFAULT_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

Benchmark = Callable[[BenchOptions], Mapping[str, Figure]]


def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="Which benchmark: loop, engine, startup, api, modalities, explain, decoy, fairness, guard, team."
        ),
    ],
    data: Annotated[str | None, typer.Option("--data", help="Which data set, where there are several.")] = None,
    data_root: Annotated[Path | None, typer.Option("--data-root", help="Folder that holds real data sets.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A small version that only shows that it works.")] = False,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds a mean is taken over.")] = 3,
    masks: Annotated[str, typer.Option("--masks", help="Numbers of marks, as in 10,25,100.")] = "",
    artefact: Annotated[str | None, typer.Option("--artefact", help="Which planted shortcut.")] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="Which retraining strategy, or all.")] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="With simulated people, whose skill is known.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a benchmark of tests/benchmarks."""
    run = load_benchmark(name)
    root = data_root or (DEFAULT_DATA if DEFAULT_DATA.is_dir() else None)
    options = BenchOptions(quick, data, root, seeds, mask_numbers(masks), artefact, strategy, simulate)
    figures = run(options)
    value = {"bench": name, "machine": machine(), "figures": {key: asdict(item) for key, item in figures.items()}}
    show(as_json, value, *(figure_line(key, item) for key, item in figures.items()))


def mask_numbers(text: str) -> tuple[int, ...]:
    """Return numbers of marks from their list, fewest first.

    Raises
    ------
    BadInput
        When one is no whole number above zero.

    Examples
    --------
    >>> mask_numbers("25,10")
    (10, 25)
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if any(not part.isdecimal() or int(part) < 1 for part in parts):
        raise BadInput(f"--masks is {text!r}. Give whole numbers above zero, as in 10,25,100.")
    return tuple(sorted({int(part) for part in parts}))


def figure_line(name: str, figure: Figure) -> str:
    """Return one figure in words."""
    interval = "" if figure.low is None or figure.high is None else f" [{figure.low:.4g}, {figure.high:.4g}]"
    return f"{name} {figure.value:.4g}{interval}" + ("" if figure.n is None else f" n={figure.n}")


def known_benchmarks(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the names of the benchmarks that are here."""
    return tuple(sorted(path.stem for path in folder.glob("[a-z]*.py")))


def load_benchmark(name: str, folder: Path = FOLDER) -> Benchmark:
    """Return the `run` function of a benchmark.

    Raises
    ------
    NotFound
        When there is no such benchmark; the message names those that are here.
    """
    known = known_benchmarks(folder)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name not in known:
        here = ", ".join(known) if known else "none: benchmarks come with a checkout of the repository"
        raise NotFound(f"No benchmark {name!r}. Known: {here}.")
    spec = importlib.util.spec_from_file_location(f"tandem_bench_{name}", folder / f"{name}.py")
    if spec is None or spec.loader is None:
        raise NotFound(f"The benchmark {name!r} can't be loaded from {folder}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(Benchmark, module.run)
