"""Workspaces of tables, texts and several kinds at once, for the fake services."""

from fake_data import heat, image_field, target
from fake_services import State

from core.contracts import FieldEvidence, FieldView, PopulationView
from core.models.words import word_spans

AGES = PopulationView(3657, 12, (18.0, 25.0, 32.0, 39.0, 46.0, 60.0), (1200, 900, 700, 500, 357), below=0.62)
COLOURS = PopulationView(3657, 0, counts=(2700, 957), categories=("White", "Black"))
REPORT = (
    "The heart is normal in size. No focal airspace opacity, no pleural effusion.\n\n"
    "Degenerative changes of the thoracic spine.\nBoth lungs are clear."
)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
ODD = (
    f"Cafe\u0301 {FAMILY} seen, flag {FLAG} \U0001f44d\U0001f3fd ok.\n\nשלום עולם, רופא טוב.\n\n<b>not bold</b> & done"
)


def number_field(name="age", value=43.0, title="Age", unit="years", population=AGES) -> FieldView:
    return FieldView(name, title, "numeric", number=value, unit=unit, population=population)


def category_field(name="colour", value="White", title="Colour", population=COLOURS) -> FieldView:
    return FieldView(name, title, "categorical", text=value, words=value or "", population=population)


def text_field(text=REPORT, name="findings", until=None) -> FieldView:
    return FieldView(name, "Findings", "text", text=text, spans=word_spans(text or ""), read_until=until)


def table_fields() -> tuple[FieldView, ...]:
    return (
        number_field(),
        category_field(),
        category_field("sex", None, "Sex"),
        number_field("checks", 2.0, "Earlier checks in other data bases", ""),
        number_field("year", None, "Year", ""),
    )


def wide_fields(count: int = 40) -> tuple[FieldView, ...]:
    long = "A rather long name of a laboratory value that nobody would want to read twice, number"
    return tuple(number_field(f"lab-{i}", i * 1234.5678, f"{long} {i}", "mmol/l") for i in range(count))


def evidence_of(field: FieldView, place: int, side: int) -> FieldEvidence:
    """Made-up attributions: the first word and every seventh for, every fifth against."""
    share = (0.61, 0.3, 0.09)[place] if place < 3 else 0.0
    if field.kind == "image":
        return FieldEvidence(field.name, "image", heat=heat(side), share=share)
    if field.kind == "text":
        values = ((-0.2 if i % 5 == 3 else 0.41 if i % 7 == 0 else 0.01) for i in range(len(field.spans)))
        spans = tuple((*span, value) for span, value in zip(field.spans, values, strict=True))
        return FieldEvidence(field.name, "text", spans=spans, share=share)
    return FieldEvidence(field.name, field.kind, value=0.42 * (-1) ** place / (place + 1), share=share)


def kind_states() -> tuple[State, ...]:
    names = tuple(f"case-{i}" for i in range(1, 31))
    two = (target(("no finding", "pneumonia"), "finding"), target(("AP", "PA"), "view"))
    picture = image_field(3, 512)
    words = " ".join(f"word{i} opacity." + ("\n\n" if i % 100 == 99 else "") for i in range(1000))
    return (
        State("arrests", (target(("no", "yes"), "released"),), names, fields=table_fields()),
        State("forty", (target(("no", "yes"), "sepsis"),), names, fields=wide_fields()),
        State("reports", (target(("normal", "abnormal"), "finding"),), names, fields=(text_field(),)),
        State("odd-words", (target(("a", "b"), "c"),), names, fields=(text_field(ODD),)),
        State("long-text", (target(("a", "b"), "c"),), names, fields=(text_field(words, until=9000),)),
        State("fusion", two, names, side=512, fields=(picture, number_field(), category_field("sex", "F", "Sex"))),
        State("all-kinds", two, names, side=512, fields=(picture, number_field(), text_field())),
        State(
            "all-missing-but-one",
            two,
            names,
            fields=(FieldView("image", "Radiograph", "image"), number_field(), text_field(None)),
        ),
    )
