"""Real decisions by people: 5,226 arrests for possession of a little marijuana, each released with a summons or held.

The data are those of Toronto's police for 1997 to 2002 that the Toronto Star obtained (Friendly; `Arrests` of carData),
as they come with scikit-lego. Rows have no id: the case of row n is `a` and n in five digits, the first `a00001`.

Rows repeat: the 5,226 have 1,222 different inputs (age, databases, employed, citizen, colour, sex), for little is known
of a person. `same_inputs` names the rows that no model could tell apart, so that `split.group` can keep them in one
split.
"""

import csv
import io
import zipfile
from collections.abc import Iterator

from core.contracts import SplitSpec
from core.errors import ImportRefused
from core.sources.base import content_hash
from core.sources.package_data import PackageCase, package_file

INPUTS = ("age", "checks", "employed", "citizen", "colour", "sex")
"""What tells two rows apart; the year does not."""
GROUP = "same_inputs"
COLUMNS = (*INPUTS, "year", "released", GROUP)
SIZE = 5_226
MEMBER = "sklego/data/arrests.zip"
LARGEST_TABLE = 4_000_000
"""Bytes of the unpacked table; it has about 160,000."""


def arrests(_split: SplitSpec) -> Iterator[PackageCase]:
    """Yield the rows in the order of the package.

    Raises
    ------
    ImportRefused
        When scikit-lego is not installed, or its table is another one than expected.
    """
    for number, row in enumerate(csv.DictReader(io.StringIO(_table())), start=1):
        cells = {column: row.get(column) or "" for column in COLUMNS[:-1]}
        inputs = {column: cells[column] for column in INPUTS}
        yield PackageCase(f"a{number:05d}", {**cells, GROUP: content_hash((), {}, inputs, "")[:16]}, {})


def _table() -> str:
    path = package_file("arrests", "sklego", "scikit-lego", "data/arrests.zip")
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo(MEMBER)
            if member.file_size > LARGEST_TABLE:
                raise ImportRefused(
                    f"{path.name}: the table has {member.file_size:,} bytes, wanted at most {LARGEST_TABLE:,}. "
                    "Install scikit-lego again."
                )
            return archive.read(member).decode("utf-8")
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path.name} can't be read ({error}). Install scikit-lego again.") from None
