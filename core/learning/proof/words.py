"""The proof in words: one sentence with figures, and what to try next."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contracts import Effect, Estimate, MarkProblem, PriceLine, ProofLine
from core.learning.checks.base import needed_cases
from core.learning.proof.lines import Measured
from core.learning.proof.price import CLEAN, PLAIN, Price

FEW_MARKS = 10
"""Fewer marks than this are hardly ever enough; so many more are asked for at least."""
MOST_TIMES = 10
"""An estimate of marks or cases that is more than so many times what there is would be a guess."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of one artefact and target when its sentence is written."""

    artefact: str
    marks: int
    behaviour: Mapping[str, Measured]
    price: Sequence[Price]
    effect: Effect
    floor: float
    problems: frozenset[MarkProblem]
    """What the run warned of before it trained on the marks."""


def percent(value: float) -> str:
    """Return a share in whole percent; what is not nothing is never 0 %.

    Example
    -------
    >>> percent(0.613), percent(0.004), percent(0.0)
    ('61 %', 'under 1 %', '0 %')
    """
    return "under 1 %" if 0 < value < 0.01 else f"{100 * value:.0f} %"


def points(figure: Estimate) -> str:
    """Return a change of a share in percentage points with its interval.

    Example
    -------
    >>> points(Estimate(-0.47, -0.51, -0.43, 800))
    '-47 points [-51, -43]'
    """
    value, low, high = (f"{round(100 * part) + 0:+d}" if round(100 * part) else "0" for part in
                        (figure.value, figure.low, figure.high))  # fmt: skip
    return f"{value} points [{low}, {high}]"


def artefact_words(found: Findings) -> str:
    """Return one sentence: what altering the artefact does to the answers, and what of it the marks did."""
    line = _main(found.behaviour)
    if line is None:
        return f"What {found.artefact} does to the answers could not be measured on the ledger."
    act = {"insert": "Putting it in", "remove": "Taking it out", "swap": "Exchanging it"}[line.name]
    control = "" if line.control is None else f", the control's in {percent(line.control.value)}"
    figures = (
        f"{act} changes the candidate's answer in {percent(line.candidate.value)} of cases, "
        f"the champion's in {percent(line.champion.value)}{control}"
    )
    against = "candidate minus control" if line.control is not None else "candidate minus champion, there is no control"
    claim = f"{against}: {points(line.claimed)}, n {line.claimed.n:,}"
    return f"{_verdict(found)} {figures} ({claim})."


def _main(behaviour: Mapping[str, Measured]) -> ProofLine | None:
    """Return the line that the sentence is about: the first measure, or the one with the clearest claim."""
    lines = [one.line for one in behaviour.values()]
    clear = [line for line in lines if line.claimed.high < 0 or line.claimed.low > 0]
    return next(iter([line for line in clear if line.name == "insert"] + clear + lines), None)


def _verdict(found: Findings) -> str:
    marks = f"{found.marks:,} mark{'' if found.marks == 1 else 's'}"
    return {
        "effect": f"The {marks} of {found.artefact} took effect.",
        "no effect": f"The {marks} of {found.artefact} had no effect that can be told.",
        "harm": f"After the {marks} of {found.artefact} the answers depend on it more.",
        "not assessable": f"What the {marks} of {found.artefact} did can't be told: too few independent cases.",
    }[found.effect]


def next_steps(found: Findings) -> tuple[str, ...]:
    """Return what to try next, most promising first; nothing where there is nothing to mend."""
    if found.effect == "not assessable":
        return ("Import cases of more independent groups: with fewer than five nothing can be told.",)
    marks, signal = (_misplaced(found), _smaller(found)), _signal(found)
    if any(one.beyond for one in found.price):
        return _given(*marks, signal, _other_strategy(found))
    if found.effect == "effect":
        return _given(_still_relies(found), *marks)
    return _given(_nothing_to_gain(found), *marks, _more_marks(found), signal, _other_strategy(found))


def _given(*steps: str | None) -> tuple[str, ...]:
    return tuple(step for step in steps if step is not None)


def _still_relies(found: Findings) -> str | None:
    line = _main(found.behaviour)
    if line is None or line.candidate.low <= found.floor:
        return None
    more = max(FEW_MARKS, found.marks)
    return (
        f"It still relies on {found.artefact}, above the policy's floor of {percent(found.floor)}: {more:,} more marks."
    )


def _nothing_to_gain(found: Findings) -> str | None:
    if not found.behaviour or any(one.line.champion.high > found.floor for one in found.behaviour.values()):
        return None
    return f"The champion hardly relied on {found.artefact}: look for what else misleads it, or leave it as it is."


def _misplaced(found: Findings) -> str | None:
    if "misplaced" not in found.problems:
        return None
    return f"Look at where the marks of {found.artefact} are: some are unlike the others, or nothing special is there."


def _smaller(found: Findings) -> str | None:
    if "oversized" not in found.problems:
        return None
    return f"Paint the marks of {found.artefact} smaller: they cover more than what they mark."


def _more_marks(found: Findings) -> str | None:
    line = found.behaviour.get("insert")
    if line is None or found.effect == "harm" or line.line.champion.high <= found.floor:
        return None
    claimed = line.claimed
    half = (claimed.high - claimed.low) / 2
    times = half / -claimed.value if claimed.value < 0 else math.inf
    cases = needed_cases(claimed, 0.0) if 1 < times <= math.sqrt(MOST_TIMES) else None
    if not 1 < times <= MOST_TIMES:
        return f"Mark more cases: at least {max(FEW_MARKS, found.marks):,} more of {found.artefact}."
    wanted = max(found.marks + FEW_MARKS, math.ceil(found.marks * times))
    more = f", or about {cases:,} ledger cases would tell" if cases else ""
    return f"Mark more cases: if the effect grows with the marks, about {wanted:,} would show it{more}."


def _signal(found: Findings) -> str | None:
    by_name = {one.line.name: one.line for one in found.price}
    fallen = [by_name[name] for name in (CLEAN, PLAIN) if name in by_name and by_name[name].worse]
    if not fallen:
        return None
    return (
        f"What is marked as {found.artefact} may carry real signal: accuracy fell by "
        f"{percent(-fallen[0].difference.value)}. Look at the cases that went from right to wrong, and take back marks "
        "that cover what the answer needs."
    )


def _other_strategy(found: Findings) -> str | None:
    if found.effect == "no effect" and _nothing_to_gain(found):
        return None
    return "Try another strategy: auto tries several and delivers the best."


def price_words(line: PriceLine) -> str:
    """Return one price in words: `accuracy on cases as they are went from 95 % to 60 % (-35 points [-38, -32])`."""
    title = line.title[:1].lower() + line.title[1:]
    before, after = percent(line.champion.value), percent(line.candidate.value)
    return f"{title} went from {before} to {after} ({points(line.difference)}, n {line.difference.n:,})"


def overall_words(effect: Effect, artefacts: Sequence[str], price: Sequence[Price], sentences: Sequence[str]) -> str:
    """Return the sentence that a lead acts on."""
    named = ", ".join(dict.fromkeys(artefacts))
    beyond = [one.line for one in price if one.beyond]
    worse = [one.line for one in price if one.line.worse]
    if effect == "harm" and beyond:
        return f"The candidate got worse beyond the policy: {price_words(beyond[0])}. Keep the champion."
    if effect == "harm":
        return f"{sentences[0]} Keep the champion."
    if effect == "effect":
        cost = f"It cost something: {price_words(worse[0])}." if worse else "Nothing else got worse that can be told."
        return f"The marks changed what the model uses ({named}). {cost}"
    if effect == "no effect":
        return f"{sentences[0]} {_otherwise(price)}"
    return f"{sentences[0]} Nothing can be claimed yet."


def _otherwise(price: Sequence[Price]) -> str:
    """Return what to do with a candidate whose marks had no effect: it may be better for another reason."""
    better = [one.line for one in price if one.line.name in (CLEAN, PLAIN) and one.line.difference.low > 0]
    if not better:
        return "Keep the champion, or try what is proposed."
    return f"Something else made it better, such as corrected labels: {price_words(better[0])}."
