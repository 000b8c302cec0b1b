"""Any text, number and label survives a table of every format: written and read again without a database."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contracts import FieldValue, WorkspaceSpec
from core.errors import BadInput, NotFound
from core.formats.exported import Exported, ExportedCase
from core.services.exporting.formats import format_of
from core.services.exporting.layout import layout
from core.sources import content_hash, source_of
from core.sources.rows import bin_name
from tests.helpers.source_parts import Listener, MemoryBlobs

SPEC = WorkspaceSpec.model_validate(
    {
        "name": "any",
        "title": "Any",
        "fields": [
            {"name": "dose", "kind": "numeric", "required": False},
            {"name": "ward", "kind": "categorical", "categories": ["-1", "b;c", "=x"], "required": False},
            {"name": "note", "kind": "text"},
        ],
        "targets": [
            {"name": "finding", "classes": ["+yes", "'no"]},
            {"name": "id2", "column": "id", "classes": ["0", "1"]},
        ],
        "attributes": [{"name": "dose", "bins": [-5, 5]}, {"name": "hand", "column": "ward"}],
        "split": {"group": "patient"},
    }
)
PLAIN = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WORDS = st.text(PLAIN, min_size=1, max_size=40)
TEXTS = (WORDS | st.text("'=+-@\t\r\n\"ab,;", min_size=1, max_size=6)).filter(str.strip)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
CASES = st.tuples(
    st.none() | NUMBERS,
    st.sampled_from([None, "-1", "b;c", "=x"]),
    TEXTS,
    st.sampled_from([None, "+yes", "'no"]),
    TEXTS.map(str.strip),
    st.sampled_from(["train", "ledger", "pool"]),
    st.none() | TEXTS.map(str.strip),
)


def case_of(number, drawn):
    dose, ward, note, finding, group, split, hand = drawn
    fields = (FieldValue("dose", number=dose), FieldValue("ward", text=ward), FieldValue("note", text=note))
    labels = {"finding": finding} if finding else {}
    attributes = ({"dose": bin_name(dose, (-5.0, 5.0))} if dose is not None else {}) | ({"hand": hand} if hand else {})
    return ExportedCase(str(number), f"{number} {group}", split, fields, {}, {}, labels, attributes)


def identity(name, group, split, fields, labels, attributes):
    return name, group, split, content_hash(fields, labels, attributes, group)


@pytest.mark.parametrize("name", ["csv", "parquet", "jsonl"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.lists(CASES, min_size=1, max_size=6))
def test_what_is_written_is_read_again(name, drawn):
    cases = tuple(case_of(number, values) for number, values in enumerate(drawn))
    table = layout(SPEC, cases)
    exported = Exported(SPEC, cases, (), (), table.columns, table.rows)
    with tempfile.TemporaryDirectory() as folder:
        written = format_of(name)(exported, Path(folder))
        source = {
            "split": table.split,
            **{key: written.source[key] for key in ("kind", "csv", "file") if key in written.source},
        }
        result = source_of(moved(table, source), Path(folder)).read(moved(table, source), MemoryBlobs(), Listener())
    assert result.problems == ()
    assert [identity(c.name, c.group, c.split, c.fields, c.labels, c.attributes) for c in result.cases] == [
        identity(c.name, c.group, c.split, c.fields, c.labels, c.attributes) for c in cases
    ]


def moved(table, source):
    """The workspace with the columns of the layout."""
    plain = SPEC.model_dump(mode="json") | {"source": source}
    for (section, name), column in table.moved.items():
        for entry in plain[section]:
            if entry["name"] == name:
                entry["column"] = column
    return WorkspaceSpec.model_validate(plain)


def test_what_would_be_misread_gets_a_column_of_its_own():
    cases = (case_of(0, (1.0, "-1", "text", None, "g", "pool", "left")),)
    table = layout(SPEC, cases)
    assert table.moved == {("targets", "id2"): "id_2", ("attributes", "hand"): "ward_2"}
    assert table.rows[0]["dose"] == 1.0
    assert table.columns == ("id", "split", "patient", "dose", "ward", "note", "finding", "id_2", "ward_2")


def test_a_format_that_is_not_known_and_one_that_does_not_fit(tmp_path):
    with pytest.raises(NotFound, match=r"no export format 'xml'\. Known: csv, parquet, jsonl, coco"):
        format_of("xml")
    with pytest.raises(BadInput, match="COCO describes images"):
        format_of("coco")(Exported(SPEC, (), (), (), (), ()), tmp_path)
