"""An answer and its evidence as Gradio components. Words of people and files are never read as HTML."""

import base64

import gradio as gr

from core.contracts import EvidenceView, FieldEvidence, FieldView, TargetAnswer, TargetView
from pages._playground.desk import Asked
from pages._ui.text import plain

SMALL = 160
"""Pixels: images below this are drawn with hard edges, for smoothing would invent detail."""
SHOWN_CLASSES = 6
COLOURS = {"strongly for": "#d1660e", "for": "#e9a76a", "against": "#7fb9d3", "strongly against": "#0b78b3"}
STRONG, WEAK = 0.5, 0.05
"""Of the largest attribution in a text."""


def draw_answer(asked: Asked) -> None:
    """Draw probabilities, what can't be ruled out, and whether it is left to a person."""
    reveal = asked.answered.reveal
    gr.Markdown(
        f"Version {plain(reveal.prediction.version)}. Calibrated on {reveal.calibration_n:,} cases; the set holds the "
        f"right answer for about {reveal.coverage:.0%} of cases.",
        elem_classes=["playground-note"],
    )
    for target in asked.answered.targets:
        answer = reveal.prediction.target(target.name)
        words = {choice.value: choice.words for choice in target.choices}
        bars = dict(zip((words[name] for name in answer.classes), answer.probabilities, strict=True))
        gr.Label(bars, num_top_classes=SHOWN_CLASSES, label=target.title, elem_classes=["playground-answer"])
        gr.Markdown(answer_words(target, answer))


def answer_words(target: TargetView, answer: TargetAnswer) -> str:
    """Return an answer as two sentences."""
    words = {choice.value: plain(choice.words) for choice in target.choices}
    rest = ", ".join(words[label] for label in answer.answer_set)
    first = f"**{words[answer.label]}**. It can't rule out: {rest or 'anything'}."
    return f"{first} **It leaves this to a person**: {plain(answer.reason)}." if answer.defers else first


def draw_inputs(asked: Asked, evidence: EvidenceView | None) -> None:
    """Draw the inputs, with the evidence over them where there is some."""
    gr.Markdown(evidence_words(evidence) if evidence is not None else "")
    parts = {part.field: part for part in evidence.fields} if evidence is not None else {}
    rows = [
        _row(field, parts.get(field.name))
        for field in asked.answered.fields
        if field.kind in ("numeric", "categorical")
    ]
    if rows:
        headers = ["Field", "Value"] if evidence is None else ["Field", "Value", "Evidence", "Share"]
        gr.Dataframe([row[: len(headers)] for row in rows], headers=headers, interactive=False, label="Values")
    for field in asked.answered.fields:
        if field.kind == "image":
            _image(field, parts.get(field.name))
        elif field.kind == "text":
            _text(field, parts.get(field.name))


def evidence_words(evidence: EvidenceView) -> str:
    """Return what the evidence is, what it is not, and how far it can be trusted."""
    facts = f"{plain(evidence.title)}: {plain(evidence.what)} {plain(evidence.what_not)}"
    if evidence.signed:
        facts += " Orange speaks for the label, blue against it."
    if evidence.completeness_error is not None:
        reached = "within the aim" if evidence.reached else "above the aim, read with care"
        facts += f" Error reached: {evidence.completeness_error:.1%} ({reached})."
    return facts


def _row(field: FieldView, part: FieldEvidence | None) -> list[str]:
    value = "missing" if field.missing else f"{field.number:g} {field.unit}".strip() if field.number is not None else ""
    shown = value or field.words or field.text or ""
    if part is None or field.missing:
        return [field.title, shown, "", ""]
    amount = part.value or 0.0
    return [field.title, shown, f"{amount:+.3g} ({'for' if amount >= 0 else 'against'})", f"{part.share:.0%}"]


def _image(field: FieldView, part: FieldEvidence | None) -> None:
    gr.Markdown(f"{plain(field.title)}{' is missing' if field.missing else ''}")
    if field.image is None:
        return
    layers = [("the input", field.media_type, field.image)]
    if part is not None and part.heat is not None:
        layers.append(("the evidence over it", "image/png", part.heat))
    edges = "pixelated" if max(field.width, field.height) < SMALL else "auto"
    images = "".join(
        f'<img alt="{alt}" style="image-rendering:{edges}" '
        f'src="data:{kind};base64,{base64.b64encode(data).decode("ascii")}">'
        for alt, kind, data in layers
    )
    gr.HTML(f'<div class="playground-layers">{images}</div>')


def _text(field: FieldView, part: FieldEvidence | None) -> None:
    spans = part.spans if part is not None else ()
    gr.HighlightedText(
        highlighted(field.text or "missing", spans),
        label=field.title,
        color_map=dict(COLOURS),
        show_legend=bool(spans),
        show_inline_category=False,
        combine_adjacent=True,
        adjacent_separator="",
        elem_classes=["playground-words"],
    )


def highlighted(text: str, spans: tuple[tuple[int, int, float], ...]) -> list[tuple[str, str | None]]:
    """Return a text cut at its words, each with what it speaks for; weak words, below a twentieth of the largest, none.

    Example
    -------
    >>> highlighted("no rib", ((0, 2, 0.2), (3, 6, -1.0)))
    [('no', 'for'), (' ', None), ('rib', 'strongly against')]
    """
    largest = max((abs(value) for _, _, value in spans), default=0.0) or 1.0
    parts: list[tuple[str, str | None]] = []
    place = 0
    for start, end, value in spans:
        if start > place:
            parts.append((text[place:start], None))
        parts.append((text[start:end], _direction(value / largest)))
        place = end
    return [*parts, (text[place:], None)] if place < len(text) else parts


def _direction(share: float) -> str | None:
    if abs(share) < WEAK:
        return None
    return ("strongly " if abs(share) >= STRONG else "") + ("for" if share > 0 else "against")
