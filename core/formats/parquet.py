"""Tables as Parquet, with images as paths or inside the file."""

import datetime
import decimal
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BadInput, ImportRefused
from core.formats.tables import Embedded, Row, Table

BYTES, PATH = "bytes", "path"
"""Keys of an image column as Hugging Face data sets have it."""


def read_parquet(path: Path, wanted: Collection[str]) -> Table:
    """Read the `wanted` columns of a Parquet file; `line` counts its rows from 1.

    Bytes, and structs of bytes and path, become `Embedded`: they are left in the file until they are due, one row
    group at a time. Dates become ISO 8601 text. `Table.columns` names all columns.

    Raises
    ------
    ImportRefused
        No such file, not readable, no Parquet, or no row in it.
    """
    try:
        with pq.ParquetFile(path) as file:
            columns = tuple(file.schema_arrow.names)
            files = _Files(path)
            rows = tuple(_rows(file, [column for column in columns if column in wanted], files))
    except FileNotFoundError:
        raise ImportRefused(
            f"{path.name}: there is no such file in folder {path.parent}. "
            "Name the folder that holds it, or set `source.file` in the workspace file."
        ) from None
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ImportRefused(f"{path.name}: no Parquet file that can be read ({error}). Write it again.") from None
    if not rows:
        raise ImportRefused(f"{path.name}: the table has no rows. Add the cases, one a row.")
    return Table(path.name, columns, rows, ())


def write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> Path:
    """Write rows and return the path: columns of numbers as float64, all others as text, absent values as null."""
    arrays = [_column([row.get(column) for row in rows]) for column in columns]
    pq.write_table(pa.table(arrays, names=list(columns)), path)
    return path


class _Files:
    """Reads files that lie in the table; keeps the row group that it read last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, str], pa.ChunkedArray] | None = None

    def read(self, group: int, column: str, index: int) -> bytes:
        """Return the bytes in one cell."""
        with self._lock:
            if self._kept is None or self._kept[0] != (group, column):
                try:
                    with pq.ParquetFile(self._path) as file:
                        table = file.read_row_group(group, columns=[column])
                except (pa.ArrowException, OSError) as error:
                    raise BadInput(f"{self._path.name} can't be read ({error})") from None
                self._kept = (group, column), table.column(0)
            value = self._kept[1][index].as_py()
        data = value[BYTES] if isinstance(value, dict) else value
        return bytes(data)


def _rows(file: pq.ParquetFile, columns: list[str], files: _Files) -> Iterator[Row]:
    line = 0
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=columns)
        places = {name: index for index, name in enumerate(table.column_names)}
        for index in range(table.num_rows):
            line += 1
            cells = {
                name: _cell(table.column(places[name])[index].as_py(), partial(files.read, group, name, index))
                for name in places
            }
            yield Row(line, cells)


def _cell(value: object, read: "partial[bytes]") -> object:
    if isinstance(value, bytes):
        return Embedded("", read)
    if isinstance(value, dict) and BYTES in value:
        name = value.get(PATH) or ""
        return Embedded(str(name), read) if value[BYTES] is not None else name
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value) if isinstance(value, decimal.Decimal) else value


def _column(values: Sequence[object]) -> pa.Array:
    numbers = all(value is None or isinstance(value, float) for value in values)
    filled = any(value is not None for value in values)
    return pa.array(values, pa.float64() if numbers and filled else pa.string())
