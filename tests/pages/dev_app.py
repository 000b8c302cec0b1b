"""Serve the pages on the fake services, to look at them: `streamlit run tests/pages/dev_app.py`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, Path(__file__).parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from fake_coverage import coverage_view  # noqa: E402
from fake_data import target  # noqa: E402
from fake_kinds import kind_states  # noqa: E402
from fake_retraining import retraining_states  # noqa: E402
from fake_robustness import robustness_report  # noqa: E402
from fake_services import FakeServices, State, digits_state  # noqa: E402
from fake_trust import quality_report  # noqa: E402
from streamlit import App  # noqa: E402

from pages._ui import services  # noqa: E402

LONG = tuple(f"Disorder of the upper respiratory tract, variety {i}" for i in range(50))
ODD = (
    "**bold** <b>x</b>",
    ":red[danger] $x^2$ `code`",
    "שלום עולם",
    "😀 :smile: :material/home:",
    "[a](http://b)",
    "x" * 90,
)
fake = FakeServices(
    digits_state(),
    State("radiographs", (target(("normal", "pneumonia")),), tuple(f"chest-{i}" for i in range(40)), side=512),
    State("fifty-classes", (target(LONG),), ("long-1", "long-2"), side=64),
    State("odd-text", (target(ODD, "**odd** question"),), ("a/b?c&d=é <i>", "😀 שלום"), side=40),
    State(
        "two-questions",
        (target(("no", "yes"), "effusion"), target(("a", "b", "c"), "view")),
        ("q-1", "q-2"),
        side=128,
    ),
    digits_state("switched-off", 3, withheld="The model is switched off for this case, by chance. Save your verdict."),
    digits_state("in-training", 3, debrief="For training: the answer 8 that you were shown was wrong on purpose."),
    State("loans", (target(("no", "yes"), "repaid"),), tuple(f"l-{i}" for i in range(30)), side=64),
    *kind_states(),
    *retraining_states(),
)
fake.guard.views["fifty-classes"] = coverage_view("disorder", alarm=True)
fake.trust.reports["decoy-digits", "v3", "digit"] = quality_report("decoy-digits", "v3", "digit")
fake.robustness.reports["decoy-digits", "v3", "digit"] = robustness_report("decoy-digits", "v3", "digit")
fake.adjudication.differ("decoy-digits", "d-0007")
fake.adjudication.differ("switched-off", "d-0002")
services.use(fake)
app = App(ROOT / "pages" / "_navigation.py")
