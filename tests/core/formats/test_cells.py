"""No cell is run by a spreadsheet, and none is changed by the way there and back."""

import csv

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import ImportRefused
from core.formats.cells import escape_cell, unescape_cell
from core.formats.comma_separated import read_csv, write_csv

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_cells_that_a_spreadsheet_would_run_are_escaped(start):
    assert escape_cell(f"{start}1+1") == f"'{start}1+1"
    assert escape_cell(f"'{start}1+1") == f"''{start}1+1"
    assert escape_cell(f"plain {start} text") == f"plain {start} text"


def test_a_genuine_quote_stays():
    assert [escape_cell(text) for text in ("'tis", "'", "''", "")] == ["'tis", "'", "''", ""]
    assert [unescape_cell(text) for text in ("'tis", "'", "''", "", "=1")] == ["'tis", "'", "''", "", "=1"]


@given(st.text(alphabet="'=+-@\t\ra", max_size=6) | TEXTS)
@example("'=1")
@example("''")
def test_nothing_is_lost_and_nothing_runs(text):
    escaped = escape_cell(text)
    assert unescape_cell(escaped) == text
    assert not escaped.startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_a_table_reads_as_it_was_written(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    write_csv(path, ("id", "=note;", "other"), [(str(number), *row) for number, row in enumerate(rows)])
    table = read_csv(path)
    assert table.problems == ()
    assert [(row.cells["=note;"], row.cells["other"]) for row in table.rows] == rows
    with path.open(newline="", encoding="utf-8") as file:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for line in csv.reader(file) for cell in line)


def test_rows_in_another_encoding_are_listed_and_the_rest_is_read(tmp_path):
    (tmp_path / "t.csv").write_bytes("id,note\n1,größer\n".encode() + "2,größer\n".encode("latin-1") + b"3,plain\n")
    table = read_csv(tmp_path / "t.csv")
    assert [row.cells["id"] for row in table.rows] == ["1", "3"]
    (problem,) = table.problems
    assert (problem.line, problem.column) == (3, "note")
    assert "read as Latin-1 it is 'größer'" in problem.reason


def test_a_table_without_rows_is_refused_unless_it_may_be_empty(tmp_path):
    write_csv(tmp_path / "t.csv", ("id",), [])
    with pytest.raises(ImportRefused, match="no row under it"):
        read_csv(tmp_path / "t.csv")
    assert read_csv(tmp_path / "t.csv", may_be_empty=True).rows == ()
