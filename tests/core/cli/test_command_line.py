"""The frame of the command line: help, usage errors, refusals, figures."""

import json

import pytest
import typer
from typer.testing import CliRunner

from core.cli import app
from core.cli.benchmarks import figure_line, load_benchmark, mask_numbers
from core.cli.cases import painted_marks, target_name
from core.cli.frame import metrics_object, progress_line, refusable
from core.cli.machine import machine
from core.contracts import EncoderSpec, Estimate, FieldSpec, Figure, Progress, TargetSpec, WorkspaceSpec
from core.errors import BadInput, NotFound, UserError

COMMANDS = [
    "demo", "import", "export", "predict", "explain", "verdict", "retrain", "gate", "promote", "reject", "rollback",
    "status", "gc", "worker", "serve", "bench", "audit", "erase", "quality", "spread", "token",
    "fairness", "team", "robustness", "guard", "suspend", "resume", "adjudicate", "tradeoff", "tradeoff-choose",
]  # fmt: skip
runner = CliRunner()


@pytest.fixture
def spec() -> WorkspaceSpec:
    digit = TargetSpec(name="digit", classes=("0", "1"))
    return WorkspaceSpec(
        name="tiny",
        title="Tiny",
        fields=(FieldSpec(name="image", kind="image"), FieldSpec(name="age", kind="numeric")),
        targets=(digit, TargetSpec(name="parity", classes=("odd", "even"))),
        encoder=EncoderSpec(name="mlp"),
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_json(command):
    names = {"audit": ["audit", "verify"], "token": ["token", "list"]}.get(command, [command])
    result = runner.invoke(app, [*names, "--help"])
    assert result.exit_code == 0
    assert "--json" in result.stdout


def test_the_commands_are_those_of_the_design():
    group = typer.main.get_command(app)
    assert sorted(group.commands) == sorted(COMMANDS)
    assert sorted(group.commands["audit"].commands) == ["export", "verify"]
    assert sorted(group.commands["token"].commands) == ["create", "list", "revoke"]
    assert all(command.help for command in group.commands.values())


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["predict", "decoy-digits"],
        ["predict", "--nope"],
        ["retrain", "x", "y"],
        ["bench", "loop", "--seeds", "0"],
    ],
)
def test_wrong_usage_is_code_2(arguments):
    assert runner.invoke(app, arguments).exit_code == 2


def test_a_refusal_is_code_1_with_a_message_and_json():
    result = runner.invoke(app, ["bench", "nope", "--json"])
    assert result.exit_code == 1
    assert "No benchmark 'nope'" in result.stderr
    assert "No benchmark 'nope'" in json.loads(result.stdout.splitlines()[-1])["error"]


def test_other_errors_are_not_swallowed():
    @refusable
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()


@pytest.mark.parametrize("name", ["../conftest", "/etc/passwd", "", "Loop", "__init__"])
def test_a_benchmark_is_never_a_path(name):
    with pytest.raises(NotFound):
        load_benchmark(name)


def test_a_benchmark_gets_its_options_and_returns_figures(tmp_path):
    (tmp_path / "tiny.py").write_text(
        "from core.contracts import Figure\n"
        "def run(options):\n    return {'seeds': Figure(options.seeds, 0.5, 1.5, 7)}\n"
    )
    from core.contracts import BenchOptions

    figures = load_benchmark("tiny", tmp_path)(BenchOptions(seeds=2))
    assert figures == {"seeds": Figure(2, 0.5, 1.5, 7)}
    assert figure_line("seeds", figures["seeds"]) == "seeds 2 [0.5, 1.5] n=7"
    assert figure_line("seconds", Figure(0.25)) == "seconds 0.25"


def test_the_machine_is_named():
    value = machine()
    assert value["cpu"]
    assert value["cores"] >= 1
    assert value["memory_gib"] > 0
    json.dumps(value)


def test_target_is_needed_where_there_are_several(spec):
    assert target_name(spec, "parity") == "parity"
    with pytest.raises(UserError, match=r"digit, parity.*--target"):
        target_name(spec, None)
    with pytest.raises(NotFound, match="'nope'"):
        target_name(spec, "nope")
    one = spec.model_copy(update={"targets": spec.targets[:1]})
    assert target_name(one, None) == "digit"


def test_ignore_takes_masks(spec, tmp_path):
    mask = tmp_path / "mask.PNG"
    mask.write_bytes(b"mask")
    (mark,) = painted_marks(spec, [str(mask), "age"], "corner")
    assert (mark.field, mark.mask, mark.names, mark.artefact) == ("image", b"mask", (), "corner")
    with pytest.raises(BadInput, match=r"nowhere\.png"):
        painted_marks(spec, [str(tmp_path / "nowhere.png")], None)


def test_progress_in_words():
    assert progress_line(Progress()) == ""
    progress = Progress(stage="training", done=3, total=30, seconds_left=11.6)
    assert progress_line(progress) == "training · 3 of 30 · about 12 s left"


def test_metrics_as_json():
    figure = Estimate(value=0.5, low=0.4, high=0.6, n=10)
    assert metrics_object({"digit": {"accuracy": figure}}) == {
        "digit": {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}}
    }


def test_an_argument_that_is_no_text_is_refused(tmp_path):
    result = CliRunner(env={"TANDEM_HOME": str(tmp_path)}).invoke(app, ["predict", "tiny", "caf\udce9", "--json"])
    assert result.exit_code == 1
    assert "is not UTF-8" in json.loads(result.stdout.splitlines()[-1])["error"]


def test_numbers_of_marks_are_whole_and_in_order():
    assert mask_numbers("") == ()
    assert mask_numbers("100, 10,25") == (10, 25, 100)
    for wrong in ("ten", "0", "1.5", "-3"):
        with pytest.raises(BadInput, match="whole numbers"):
            mask_numbers(wrong)
