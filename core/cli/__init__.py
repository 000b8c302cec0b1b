"""The command line: `python -m core COMMAND`. Every command is a thin layer over one service.

Exit code 0: done; 1: refused, with a message on standard error; 2: wrong usage. With `--json` the last line of
standard output is one JSON object.
"""

import typer

from core.cli import (
    adjudicate,
    benchmarks,
    cases,
    fairness,
    guard,
    processes,
    quality,
    record,
    robustness,
    spread,
    team,
    tokens,
    trade_off,
    training,
)
from core.cli.frame import refusable

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tandem: a workbench where people and a model decide together.",
)
token = typer.Typer(no_args_is_help=True, help="Tokens for programs that use the API or MCP.")
audit = typer.Typer(no_args_is_help=True, help="Verify or export the record of who decided what.")

app.command("demo")(refusable(cases.demo))
app.command("import")(refusable(cases.import_folder))
app.command("export")(refusable(cases.export))
app.command("predict")(refusable(cases.predict))
app.command("explain")(refusable(cases.explain))
app.command("verdict")(refusable(cases.verdict))
app.command("adjudicate")(refusable(adjudicate.adjudicate))
app.command("retrain")(refusable(training.retrain))
app.command("spread")(refusable(spread.spread))
app.command("gate")(refusable(training.gate))
app.command("quality")(refusable(quality.quality))
app.command("fairness")(refusable(fairness.fairness))
app.command("team")(refusable(team.team))
app.command("robustness")(refusable(robustness.robustness))
app.command("guard")(refusable(guard.guard))
app.command("suspend")(refusable(guard.suspend))
app.command("resume")(refusable(guard.resume))
app.command("tradeoff")(refusable(trade_off.tradeoff))
app.command("tradeoff-choose")(refusable(trade_off.choose))
app.command("promote")(refusable(training.promote))
app.command("reject")(refusable(training.reject))
app.command("rollback")(refusable(training.rollback))
app.command("status")(refusable(record.status))
audit.command("verify")(refusable(record.verify))
audit.command("export")(refusable(record.export))
app.add_typer(audit, name="audit")
token.command("create")(refusable(tokens.create))
token.command("list")(refusable(tokens.list_tokens))
token.command("revoke")(refusable(tokens.revoke))
app.add_typer(token, name="token")
app.command("erase")(refusable(record.erase))
app.command("gc")(refusable(record.collect_garbage))
app.command("worker")(refusable(processes.worker))
app.command("serve")(refusable(processes.serve))
app.command("bench")(refusable(benchmarks.bench))


def main() -> None:
    """Run the command line of this process."""
    app(prog_name="python -m core")
