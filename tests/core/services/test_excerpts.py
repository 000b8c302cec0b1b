"""A few words of a case: marked words in context, marked fields with their values."""

from datetime import UTC, datetime

from core.contracts import Case, FieldSpec, FieldValue, NewRegion, Region, TargetSpec, WorkspaceSpec
from core.services.excerpts import excerpt, marked_words

TEXT = "There is no acute cardiopulmonary disease. The heart 👍🏽 is of normal size and both lungs are clear today."
SPEC = WorkspaceSpec(
    name="w",
    title="W",
    fields=(
        FieldSpec(name="image", kind="image"),
        FieldSpec(name="age", kind="numeric", title="Age", unit="years"),
        FieldSpec(name="sex", kind="categorical", categories=("F", "M"), display={"F": "Female"}),
        FieldSpec(name="findings", kind="text"),
    ),
    targets=(TargetSpec(name="t", classes=("a", "b")),),
)
CASE = Case(
    1, "c", "c", "pool",
    (FieldValue("age", number=1234.5), FieldValue("sex", text="F"), FieldValue("findings", text=TEXT)),
    {}, "h", datetime.now(UTC),
)  # fmt: skip


def region(field, **mark) -> Region:
    return Region(1, 1, 1, "local", NewRegion(field, "ignore", "x", **mark))


def test_marked_words_stand_in_their_context():
    start = TEXT.index("heart")
    assert marked_words(TEXT, [(start, start + 5)]) == "… disease. The «heart» 👍🏽 is of normal size and …"


def test_only_what_was_marked_is_shown():
    start = TEXT.index("acute")
    marks = [region("age", names=("age",)), region("findings", spans=((start, start + 5),))]
    assert excerpt(CASE, marks, SPEC) == "Age 1,234.5 years; There is no «acute» cardiopulmonary disease. …"
    assert excerpt(CASE, [region("sex", names=("sex",))], SPEC) == "sex Female"


def test_without_marks_the_case_begins():
    assert excerpt(CASE, [], SPEC).startswith("Age 1,234.5 years; sex Female; There is no acute")
    assert excerpt(CASE, [], SPEC).endswith("…")


def test_a_missing_value_is_said():
    bare = Case(1, "c", "c", "pool", (FieldValue("sex"),), {}, "h", datetime.now(UTC))
    assert excerpt(bare, [], SPEC) == "Age missing; sex missing"
