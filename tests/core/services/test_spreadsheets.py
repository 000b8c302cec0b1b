"""Tables as comma-separated text."""

import csv
from io import StringIO

import pytest

from core.services.spreadsheets import table_text


def test_numbers_stay_numbers_and_nothing_is_empty():
    text = table_text(("case", "change", "known"), [("d-1", -0.5, True), ("d-2", None, False)])
    assert text == "case,change,known\nd-1,-0.5,True\nd-2,,False\n"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "'=1"])
def test_words_are_never_run(cell):
    assert list(csv.reader(StringIO(table_text((cell,), [(cell,)])))) == [["'" + cell], ["'" + cell]]


def test_commas_quotes_and_lines_come_back():
    cells = ['a, "b"', "two\nlines"]
    assert list(csv.reader(StringIO(table_text(("x", "y"), [cells]), newline=""))) == [["x", "y"], cells]
