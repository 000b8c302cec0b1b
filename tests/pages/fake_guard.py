"""The guard in memory: what was left to people by hand, and a switch that works."""

from datetime import UTC, datetime

from fake_coverage import FakeCoverage, around
from fake_services import State, find

from core.contracts import Deferral, DeferralCount, GuardView, RiskRule, Suspension
from core.errors import BadInput

MOMENT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ODD = Deferral(
    "outlier", "unlike the cases it learnt from: distance to the nearest training cases 0.61, above 0.4", 0.6, 0.4
)
RULE = RiskRule(
    "digit", 0.05, 0.1, 0.83, around(0.71, 0.04, 512), around(0.02, 0.015, 364),
    "Answers are accepted from a probability of 0.830: at most 5 % of accepted answers wrong, with 90 % confidence, "
    "chosen on 512 calibration cases.",
)  # fmt: skip
OUTLIERS = (
    "A case is unlike those it learnt from where the distance to the nearest training cases is above 0.4: 1 % of 512 "
    "calibration cases may lie above (2,900 training cases)."
)
COUNTS = (
    DeferralCount("risk", "less sure than the limit on errors asks for", 61),
    DeferralCount("set", "it can't rule out another answer", 44),
    DeferralCount("outlier", "unlike the cases it learnt from", 9),
)


class FakeGuard(FakeCoverage):
    """Coverage, and deferrals of a third of the cases."""

    def __init__(self, states: dict[str, State]) -> None:
        super().__init__(states)
        self.said: dict[str, Suspension] = {}

    def view(self, workspace) -> GuardView:
        state = find(self.states, workspace)
        return GuardView(
            workspace, state.champion, self.said.get(workspace), (RULE,),
            ("The model never decides <b>7</b> by itself.", "At most 20 decisions in any hour by the model itself."),
            OUTLIERS, 270, 96, COUNTS, 12, (), (("d-0003", (ODD,)), ("a/b?c&d=é <i>", (ODD, ODD))),
        )  # fmt: skip

    def suspension(self, workspace) -> Suspension | None:
        said = self.said.get(find(self.states, workspace).name)
        return said if said is not None and said.suspended else None

    def suspend(self, workspace, reason, *, actor) -> Suspension:
        return self._say(workspace, True, reason, actor)

    def resume(self, workspace, reason, *, actor) -> Suspension:
        return self._say(workspace, False, reason, actor)

    def _say(self, workspace, suspended, reason, actor) -> Suspension:
        if not reason.strip():
            raise BadInput("This needs a reason. Write one sentence.")
        self.said[workspace] = Suspension(suspended, reason, actor.id, MOMENT)
        return self.said[workspace]
