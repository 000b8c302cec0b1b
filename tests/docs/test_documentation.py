"""What the README says is so: settings, commands, files."""

import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from core.cli import app
from core.settings import Settings, child_environment, load_settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line.split("  #")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
CORE = [command for command in COMMANDS if command.startswith("python -m core ")]
READ_NAMES = re.compile(r"""["']((?:TANDEM_[A-Z_]+)|PORT)["']""")


def _settings_read() -> set[str]:
    return set(READ_NAMES.findall((ROOT / "core" / "settings.py").read_text(encoding="utf-8")))


def test_every_setting_is_in_the_readme_with_its_default():
    rows = dict(re.findall(r"^\| `((?:TANDEM_)?[A-Z_]+)` \| ([^|]+) \|", README, flags=re.MULTILINE))
    assert _settings_read() <= set(rows)
    assert set(rows) == _settings_read() | {"TANDEM_VENVS"}
    defaults = load_settings({})
    assert rows["PORT"] == f"`{defaults.port}`"
    assert rows["TANDEM_DEMOS"] == f"`{','.join(defaults.demos)}`"
    assert rows["TANDEM_LEASE_SECONDS"] == f"`{defaults.lease_seconds:g}`"
    assert rows["TANDEM_CHECKPOINT_SECONDS"] == f"`{defaults.checkpoint_seconds:g}`"
    assert rows["TANDEM_THREADS"] == f"`{defaults.threads}`"
    assert rows["TANDEM_ACTOR"] == f"`{defaults.actor}`"


def test_a_child_process_finds_the_same_settings(tmp_path):
    given = {
        "TANDEM_HOME": str(tmp_path),
        "TANDEM_ACTOR": "ada",
        "PORT": "8600",
        "TANDEM_DEMOS": "a,b",
        "TANDEM_LEASE_SECONDS": "2.5",
        "TANDEM_CHECKPOINT_SECONDS": "1.5",
        "TANDEM_THREADS": "3",
        "TANDEM_MODELS": str(tmp_path),
    }
    settings = load_settings(given)
    assert load_settings(child_environment(settings)) == settings
    assert {field.name for field in fields(Settings)} - {"allowed_hosts"} == {
        "home", "database_url", "actor", "port", "demos", "lease_seconds", "checkpoint_seconds", "threads", "models",
    }  # fmt: skip


def test_nothing_else_reads_the_environment():
    readers = [
        path.relative_to(ROOT)
        for folder in ("core", "explain", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8"))
    ]
    assert readers == [Path("core/settings.py")]


@pytest.mark.parametrize("command", CORE)
def test_each_command_of_the_readme_is_valid(command):
    group = typer.main.get_command(app)
    arguments = shlex.split(command)[3:]
    name, *rest = arguments
    chosen = group.commands[name]
    while hasattr(chosen, "commands"):
        chosen = chosen.commands[rest.pop(0)]
    chosen.make_context(name, rest)


def test_the_readme_shows_every_command():
    group = typer.main.get_command(app)
    shown = {shlex.split(command)[3] for command in CORE}
    assert shown == set(group.commands)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_each_make_target_of_the_readme_exists(command):
    assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


def test_every_option_has_help():
    group = typer.main.get_command(app)
    leaves = [
        *group.commands.values(),
        *(leaf for name in ("audit", "token") for leaf in group.commands[name].commands.values()),
    ]
    missing = [
        f"{command.name} {parameter.name}"
        for command in leaves
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert missing == []


def test_the_folders_that_the_readme_names_exist():
    table = README.split("## What is where")[1].split("##")[0]
    for name in re.findall(r"`([a-z][\w./]*)`", table.split("make check")[0]):
        candidates = (ROOT / name, ROOT / "tests" / name)
        assert any(path.exists() for path in candidates), name


def test_no_private_path_is_in_the_documents():
    for name in ("README.md", "CHANGELOG.md", "Makefile"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"/(work|root|home/\w+|tmp)/", text), name


def test_the_command_line_starts_without_torch_and_without_streamlit():
    script = "import sys, core.cli; print(sorted({'torch', 'streamlit', 'sqlalchemy'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True).strip() == "[]"
