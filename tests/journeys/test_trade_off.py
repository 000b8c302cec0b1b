"""From the trade-off to a candidate: searched by the worker, picked in the plot, measured by the gate."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.helpers.commands import command
from tests.helpers.loans import LOANS, write_loans_folder
from tests.helpers.looks import Looker
from tests.helpers.product import Served
from tests.helpers.workbench import LONG, PATIENCE, Workbench

MODELS = 7
"""The champion, rules, reweighing, and trainings under four limits."""
RULE = "A rule for each group, after training"


def test_a_model_of_the_trade_off_becomes_a_candidate(page: Page, served: Served, tmp_path: Path, looker: Looker):
    toml = write_loans_folder(tmp_path / "data")
    command(served.home, "import", toml, toml.parent, "--wait")
    bench = Workbench(page, served.url, LOANS)
    bench.visit("fairness", metric="demographic_parity")
    expect(bench.key("fairness_groups")).to_be_visible(timeout=LONG)
    bench.button("trade_search").click()
    models = bench.key("trade_point").get_by_role("radio")
    expect(models).to_have_count(MODELS, timeout=LONG)
    expect(bench.button("trade_search")).to_have_text("Search again", timeout=LONG)
    bench.steady()
    looker.look("fairness")

    other = next(place for place in range(1, MODELS) if not models.nth(place).is_checked())
    pick(bench, other)
    expect(models.nth(other)).to_be_checked(timeout=PATIENCE)
    bench.key("trade_point").get_by_text(RULE).click()
    bench.says("trade_choice", "Needs sex of every case when it answers")
    bench.button("trade_choose").click()
    bench.says("trade_choice", "It is the version v2.")
    bench.key("trade_choice").get_by_role("link", name="Its gate and the decision").click()
    expect(bench.key("gate_report")).to_be_visible(timeout=LONG)
    bench.reads("Needs sex of every case when it answers")
    assert bench.gate_verdict("Accuracy") in ("pass", "fail", "not assessable")


def pick(bench: Workbench, place: int) -> None:
    """Click the point of the model at `place` in the first panel: the number beside it tells which it is."""
    plot = bench.key("trade_off_plot")
    plot.scroll_into_view_if_needed()
    for trace in plot.locator(".xy .scatterlayer .trace").all():
        numbers = trace.locator(".text text").all_text_contents()
        if str(place + 1) in numbers:
            trace.locator(".points path").nth(numbers.index(str(place + 1))).click(force=True)
            return
    raise LookupError(f"the plot has no point {place + 1}")
