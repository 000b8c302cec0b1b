"""The team verbs in memory, with figures made by hand."""

from dataclasses import replace

from fake_services import State, find

from core.contracts import DeferralCurve, DeferralPoint, Estimate, TeamRow, TeamView
from core.errors import NotFound

EXCLUDED = (
    "3 reads with the model switched off: they count for people alone, and not for both together.",
    "1 read <b>of</b> an answer that was wrong on purpose.",
)
NOTE = "Nobody has read a case before the model's answer was shown yet. Read cases from the worklist."


def around(value: float, half: float, n: int) -> Estimate:
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n)


def row(cut: str, reads: int, shift: float = 0.0, small: bool = False) -> TeamRow:
    half = 1.4 / reads**0.5
    return TeamRow(
        cut, reads * 3 // 4, reads, around(0.72 + shift, half, reads), around(0.78, half, reads),
        around(0.83 + shift, half, reads),
        Estimate(0.05 + shift, 0.05 + shift - half / 2, 0.05 + shift + half / 2, reads),
        around(0.55, 2 * half, reads // 3), around(0.06, half, reads * 2 // 3), around(0.3, 2 * half, reads // 5),
        around(0.2, 2 * half, reads // 4), Estimate(24.0, 19.0, 29.0, reads), small,
    )  # fmt: skip


def rows() -> tuple[TeamRow, ...]:
    without = replace(row("**view** <b>PA</b>", 40), over_reliance=None)
    return (
        row("all", 400), row("reader R1", 180, 0.04), row("reader R2", 200, -0.05), row("reader R3", 20, 0.0, True),
        row("experience resident", 220, -0.04), row("experience specialist", 180, 0.04), row("view AP", 360), without,
    )  # fmt: skip


def curve(rule: str, title: str, bend: float, best: int, hour_cost: float) -> DeferralCurve:
    shares = [place / 20 for place in range(21)]
    points = tuple(
        DeferralPoint(
            share, around(0.78 - 0.06 * share + bend * share * (1 - share), 0.04, 420), 0.7 * share,
            100 * (0.22 + 0.06 * share - bend * share * (1 - share)) + hour_cost * 0.7 * share,
        )
        for share in shares
    )  # fmt: skip
    words = f"People read {100 * shares[best]:.0f} % of the cases, the model decides the rest: 84 % right [80, 88]."
    return DeferralCurve(rule, title, points, best, words)


class FakeTeam:
    """Nobody has read in a workspace without a champion; elsewhere three readers have."""

    def __init__(self, states: dict[str, State]) -> None:
        self.states = states
        self.experience = {"R1": "specialist", "R2": "resident", "R3": ""}
        self.costs: list[float | None] = []

    def view(self, workspace, *, target=None, hour_cost=None) -> TeamView:
        s = find(self.states, workspace)
        self.costs.append(hour_cost)
        targets = tuple(one.name for one in s.targets)
        if target not in (None, *targets):
            raise NotFound(f"There is no target {target!r} in {workspace}.")
        cost, empty = 1.0 if hour_cost is None else hour_cost, s.champion is None
        curves = (
            curve("confidence", "Least sure first", 0.3, 8, cost),
            curve("conformal", "Most answers open first", 0.25, 8, cost),
            curve("learned", "Where people do better (learned)", 0.4, 7, cost),
        )
        return TeamView(
            workspace, target or targets[0], targets, () if empty else rows(), () if empty else curves, cost,
            None if empty else around(0.78, 0.04, 400), None if empty else around(0.71, 0.04, 403),
            () if empty else EXCLUDED, () if empty else tuple(self.experience.items()), NOTE if empty else "",
        )  # fmt: skip

    def set_experience(self, workspace, reader, experience, *, actor) -> None:
        self.experience[reader] = experience
