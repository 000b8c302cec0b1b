"""Gate reports with proofs, made by hand: a good run, one without effect, a harmful one, and awkward ones."""

from dataclasses import replace

import fake_data

from core.contracts import ArtefactProof, Estimate, GateReport, PriceLine, Proof, ProofLine

N = 800
LONG = "a marker in the lower left corner that somebody called by a very long name, with **stars** and <b>tags</b>"


def around(value: float, half: float = 0.04, n: int = N) -> Estimate:
    return Estimate(value, value - half, value + half, n)


def line(name: str, title: str, champion: float, candidate: float, control: float | None, **more) -> ProofLine:
    against = champion if control is None else control
    return ProofLine(
        name, title, around(champion), around(candidate), None if control is None else around(control),
        around(candidate - against), **more,
    )  # fmt: skip


def lines(champion: float, candidate: float, control: float | None) -> tuple[ProofLine, ...]:
    return (
        line("insert", "Put in", champion, candidate, control),
        line("remove", "Taken out", champion / 2, candidate / 2, control and control / 2),
        line("swap", "Exchanged", champion / 3, candidate / 3, control and control / 3),
        line("attribution", "Attribution inside (occlusion)", champion / 1.5, candidate, control and control / 1.5,
             chance=0.02),
    )  # fmt: skip


def price(name: str, title: str, champion: float, candidate: float, *, half: float = 0.03, better: str = "higher"):
    change = around(candidate - champion, half)
    worse = change.high < 0 if better == "higher" else change.low > 0
    return PriceLine(name, title, around(champion, half), around(candidate, half), around(champion, half), change,
                     better, worse)  # fmt: skip


GOOD = Proof(
    "effect",
    "The marks changed what the model uses (corner patch). Nothing else got worse that can be told.",
    (
        ArtefactProof(
            "corner patch", "digit", 12, lines(0.61, 0.08, 0.55), "effect",
            "The 12 marks of corner patch took effect. Putting it in changes the candidate's answer in 8 % of cases, "
            "the champion's in 61 %, the control's in 55 % (candidate minus control: -47 points [-51, -43], n 800).",
            (),
        ),
    ),
    (
        price("clean accuracy", "Accuracy without the marked content", 0.45, 0.91),
        price("accuracy", "Accuracy on cases as they are", 0.47, 0.9),
        price("worst group", "Accuracy of the worst group (8)", 0.2, 0.84, half=0.09),
        price("calibration error", "Calibration error", 0.21, 0.05, better="lower"),
    ),
    True,
    "Occlusion",
    3.4,
)  # fmt: skip
NOTHING = replace(
    GOOD,
    effect="no effect",
    words="The 3 marks of corner patch had no effect that can be told. Putting it in changes the candidate's answer "
    "in 57 % of cases, the champion's in 61 %, the control's in 58 % (candidate minus control: -1 points [-5, +3], "
    "n 800). Keep the champion, or try what is proposed.",
    artefacts=(
        ArtefactProof(
            "corner patch", "digit", 3, lines(0.61, 0.57, 0.58), "no effect",
            "The 3 marks of corner patch had no effect that can be told. Putting it in changes the candidate's answer "
            "in 57 % of cases, the champion's in 61 %, the control's in 58 % (candidate minus control: -1 points "
            "[-5, +3], n 800).",
            (
                "Paint the marks of corner patch smaller: they cover more than what they mark.",
                "Mark more cases: at least 10 more of corner patch.",
                "Try another strategy: auto tries several and delivers the best.",
            ),
        ),
    ),
    price=(
        price("clean accuracy", "Accuracy without the marked content", 0.45, 0.46),
        price("accuracy", "Accuracy on cases as they are", 0.47, 0.48),
        price("calibration error", "Calibration error", 0.21, 0.2, better="lower"),
    ),
)  # fmt: skip
HARM = replace(
    GOOD,
    effect="harm",
    words="The candidate got worse beyond the policy: accuracy on cases as they are went from 92 % to 61 % (-31 points "
    "[-34, -28], n 800). Keep the champion.",
    artefacts=(
        ArtefactProof(
            "the digit itself", "digit", 25, lines(0.88, 0.62, 0.87), "effect",
            "The 25 marks of the digit itself took effect. Putting it in changes the candidate's answer in 62 % of "
            "cases, the champion's in 88 %, the control's in 87 % (candidate minus control: -25 points [-29, -21], n "
            "800).",
            (),
        ),
    ),
    price=(
        price("clean accuracy", "Accuracy without the marked content", 0.12, 0.2),
        price("accuracy", "Accuracy on cases as they are", 0.92, 0.61),
        price("worst group", "Accuracy of the worst group (5)", 0.85, 0.3, half=0.09),
        price("calibration error", "Calibration error", 0.04, 0.13, half=0.02, better="lower"),
        price("class 5", "Accuracy of class 5", 0.85, 0.3, half=0.1),
        price("class 8", "Accuracy of class 8", 0.88, 0.5, half=0.1),
    ),
)  # fmt: skip
WITHOUT_CONTROL = replace(
    GOOD,
    artefacts=(replace(GOOD.artefacts[0], lines=lines(0.61, 0.08, None)),),
    has_control=False,
)
MANY = replace(
    NOTHING,
    artefacts=tuple(
        replace(part, artefact=name, target=target)
        for name, part in (
            ("corner patch", GOOD.artefacts[0]),
            (LONG, NOTHING.artefacts[0]),
            ("שלום", HARM.artefacts[0]),
        )
        for target in ("effusion", "view")
    ),
    price=(*NOTHING.price, price("class x", f"Accuracy of class {LONG}", 0.9, 0.5, half=0.1)),
)
PROOFS = {"good": GOOD, "nothing": NOTHING, "harm": HARM, "no control": WITHOUT_CONTROL, "many": MANY, "none": None}


def report_of(name: str) -> GateReport:
    """Return a gate report with the proof called `name`."""
    return replace(fake_data.report(), proof=PROOFS[name])
