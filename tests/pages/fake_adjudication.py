"""The verbs of adjudication in memory: one case on which two readers differ."""

from dataclasses import replace

from fake_data import START, image_field
from fake_services import State, find

from core.contracts import (
    AdjudicationView,
    AgreementView,
    Dispute,
    DisputeView,
    Estimate,
    MarkView,
    ReaderOpinion,
)
from core.errors import BadInput, Refused

WORDS = "Differences are settled by lea. The workspace file names who may: reading.leads."
AGREEMENT = AgreementView(
    "digit", Estimate(0.75, 0.4, 0.95, 24), Estimate(0.88, 0.7, 0.96, 24), Estimate(0.61, 0.4, 0.8, 9)
)


class FakeAdjudication:
    def __init__(self, states: dict[str, State]) -> None:
        self.states = states
        self.disputes: dict[str, list[Dispute]] = {}
        self.why_not = ""
        self.calls: list[str] = []

    def differ(self, workspace: str, case: str, labels: tuple[str, str] = ("3", "8")) -> None:
        """Let two readers differ on a case."""
        target = find(self.states, workspace).targets[0].name
        opinions = tuple(
            ReaderOpinion(f"R{place}", label, "likely", f"comment of <b>R{place}</b>", 12.0 * place, _marks(place))
            for place, label in enumerate(labels, start=1)
        )
        self.disputes.setdefault(workspace, []).append(Dispute(case, target, opinions, 0.31, None, None, START))

    def view(self, workspace, *, actor) -> AdjudicationView:
        s, found = find(self.states, workspace), self.disputes.get(workspace, [])
        return AdjudicationView(
            workspace,
            not self.why_not,
            self.why_not,
            tuple(one for one in found if one.settled is None),
            tuple(one for one in found if one.settled is not None),
            (replace(AGREEMENT, target=s.targets[0].name),) if found else (),
            s.targets,
        )

    def open(self, workspace, case, target, *, actor) -> DisputeView:
        s = find(self.states, workspace)
        one = next(one for one in self.disputes[workspace] if one.case == case)
        field = image_field(1, s.side)
        fields = s.fields or (field,)
        pictures = ((field.name, field.image),) if not s.fields and field.image else ()
        return DisputeView(one, fields, s.targets[0], pictures)

    def settle(self, workspace, case, target, label, reason, *, actor) -> Dispute:
        if self.why_not:
            raise Refused(self.why_not)
        if not label or not reason:
            raise BadInput("An adjudication needs a label and a reason.")
        self.calls.append(f"settle {case} {target} {label} {reason}")
        found = self.disputes[workspace]
        place = next(place for place, one in enumerate(found) if one.case == case)
        found[place] = replace(found[place], settled=label, settled_by="Lea")
        return found[place]


def _marks(place: int) -> tuple[MarkView, ...]:
    return (MarkView("image", "ignore", "patch", b"mask"),) if place == 1 else ()
