"""The team page on the real product: simulated readers read real rows, a lead looks at what came of it."""

import re

from playwright.sync_api import Page, expect

from tests.helpers.commands import command
from tests.helpers.looks import Looker
from tests.helpers.product import Served
from tests.helpers.simulated_readers import SimulatedReader, Task, read_cases
from tests.helpers.stored import Stored
from tests.helpers.tiny_product import open_home
from tests.helpers.workbench import PATIENCE, Workbench

READERS = (
    SimulatedReader("ada", 0.9, 0.2, 15.0),
    SimulatedReader("ben", 0.7, 0.5, 25.0),
    SimulatedReader("cy", 0.6, 0.9, 60.0),
)
CASES = 30
POOL = """
SELECT cases.name FROM cases JOIN workspaces ON workspaces.id = cases.workspace_id
WHERE workspaces.name = ? AND split = 'pool' AND cases.id NOT IN (SELECT case_id FROM reads) ORDER BY cases.name LIMIT ?
"""


def read_all(served: Served) -> int:
    """Let everybody read the same cases; return how many reads that are."""
    stored = Stored(served.home, "arrests")
    names = [name for (name,) in stored.rows(POOL, "arrests", CASES)]
    task = Task("arrests", "released", ("No", "Yes"), stored.truth)
    container = open_home(served.home)
    try:
        for reader in READERS:
            read_cases(container, task, reader, names)
    finally:
        container.close()
    return len(READERS) * len(names)


def test_simulated_readers_make_the_page_and_a_lead_reads_it(page: Page, served: Served, looker: Looker):
    command(served.home, "demo", "arrests")
    reads = read_all(served)
    bench = Workbench(page, served.url, "arrests")
    bench.visit("team")
    for name in ("team_plot", "team_switches", "team_reliance", "deferral_plot", "deferral_cost"):
        expect(bench.key(name).locator(".main-svg").first).to_be_visible(timeout=PATIENCE)
    told = command(served.home, "team", "arrests").result
    everybody = told["rows"][0]
    assert everybody["reads"] >= reads
    bench.reads(f"{everybody['reads']} reads of {everybody['cases']} cases")
    bench.reads(re.compile(r"for other readers on other cases \(\d+ readers so far\)"))
    bench.reads(re.compile(r"Together (is better|is worse|may be better or worse) than"))
    for word in ("ada", "ben ", "cy "):
        assert word not in page.get_by_test_id("stMain").inner_text().lower(), "readers have pseudonyms"

    bench.says("team_plot", f"Person alone {everybody['person']['value']:.2f}")
    cuts = {row["cut"]: row for row in told["rows"]}
    assert {"colour Black", "colour White", "sex Male"} <= set(cuts)
    readers = [row for cut, row in cuts.items() if cut.startswith("reader R") and row["reads"] == CASES]
    skill = sorted((row["person"]["value"] for row in readers), reverse=True)
    assert len(skill) == len(READERS)  # others may have read in the same workspace
    assert skill[0] - skill[-1] > 0.1

    cost = bench.key("hour_cost").locator("input")
    cost.fill("500")
    cost.press("Enter")
    bench.reads("An hour of reading costs 500 here")

    page.locator(".st-key-team_experiences summary").click()
    bench.key("team_experience_R1").locator("input").fill("officer")
    bench.button("team_experience_save").click()
    bench.says("team_switches", "experience officer", PATIENCE)
    bench.steady()
    looker.look("team")
