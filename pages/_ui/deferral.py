"""Why the model leaves a case to the person, in words."""

from core.contracts import TargetAnswer
from pages._ui.text import plain


def left_to_you(answer: TargetAnswer) -> str:
    """Return that the case is left to the person, with the main reason where the set beside it does not tell it."""
    if not answer.defers:
        return ""
    main = answer.deferrals[0] if answer.deferrals else None
    because = f": {plain(main.words)}" if main is not None and main.reason != "set" else ""
    return f":material/person: **left to you**{because} · "


def all_reasons(answer: TargetAnswer) -> str:
    """Return all reasons for which the case is left to the person; empty text where it is not."""
    said = dict.fromkeys(deferral.words for deferral in answer.deferrals) or {answer.reason: None}
    return f"Left to you because: {plain('; '.join(said))}. " if answer.defers and answer.reason else ""
