"""Packed files that hold far more than they seem to: how much is unpacked before a file is refused.

The limits stand far beyond what exports reach: text of repeated rows shrinks to a twentieth, seldom to a fiftieth.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ALWAYS_UNPACKED = 256 * 1024 * 1024
"""Bytes that any packed file may hold."""

MOST_TIMES_ITS_SIZE = 200
"""Beyond that, how many times its own size (assumed; the most that gzip and zip can reach is a thousand times)."""

MOST_SHEET_CELLS = 50_000_000
"""Cells of the rectangle that a sheet takes, from its first to its last (assumed: the greatest height with 47 columns).
A reader holds all of it, some 60 bytes a cell, though two cells may be all that is in it."""

MOST_BATCH_BYTES = 4 * 1024**3
"""Bytes of text that one batch of Parquet may hold (assumed: 16,000 characters a row)."""

_CHUNK = 1024 * 1024

_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")

_LONGEST_CELL = 64
"""Bytes of what `_CELL` finds, at most, as anybody writes it."""


class Unpacked(io.RawIOBase):
    """The bytes that a packed file holds.

    Raises:
        OSError: when more of it is read than the limits allow.
    """

    def __init__(self, stream: IO[bytes], packed: int) -> None:
        self._stream = stream
        self._left = allowed(packed)

    def readable(self) -> bool:
        """It is only read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read some; see `io.RawIOBase`."""
        view = memoryview(buffer).cast("B")
        some = self._stream.read(len(view))
        self._left -= len(some)
        if self._left < 0:
            raise OSError(_TOO_MUCH)
        view[: len(some)] = some
        return len(some)

    def close(self) -> None:
        """Close the file, too."""
        self._stream.close()
        super().close()


_TOO_MUCH = (
    f"holds more than {MOST_TIMES_ITS_SIZE} times its size once it is unpacked; unpack it if it is as it should be"
)


def allowed(packed: int) -> int:
    """How many bytes a file of so many packed ones may hold."""
    return max(ALWAYS_UNPACKED, MOST_TIMES_ITS_SIZE * packed)


def check_workbook(content: bytes) -> None:
    """Refuse a workbook that would not fit into memory, before a reader takes it there.

    Raises:
        OSError: what is wrong with it.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return  # the old form, which is not packed and has few cells
    left = allowed(len(content))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            for entry in book.infolist():
                left = _checked(book, entry, left)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise OSError(f"is no workbook that can be unpacked ({error})") from error


def _checked(book: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    """Read one file of a workbook to its end; returns how much of the others may be."""
    columns, rows = 1, 1
    for chunk in _chunks(book, entry):
        left -= len(chunk) - min(len(chunk), _LONGEST_CELL)
        if left < 0:
            raise OSError(_TOO_MUCH)
        if entry.filename.startswith("xl/worksheets/"):
            found = _CELL.findall(chunk)
            rows = max(rows, max((int(row) for _, row in found), default=1))
            columns = max(columns, max(map(_column, {column for column, _ in found}), default=1))
    if columns * rows > MOST_SHEET_CELLS:
        raise OSError(
            f"has a sheet of {rows:,} rows and {columns:,} columns, empty ones between them; save it as CSV, or delete "
            "what stands alone at its end"
        )
    return left


def _chunks(book: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content, each chunk with the end of the former before it."""
    entry.file_size = sys.maxsize  # what it says of itself need not be so: it is read until it ends
    former = b""
    with book.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            yield former + chunk
            former = chunk[-_LONGEST_CELL:]


def _column(letters: bytes) -> int:
    """The number of a column: A is 1, AA 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
