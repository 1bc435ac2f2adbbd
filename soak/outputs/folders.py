"""Dataset folders that hold what is no file of theirs, and output folders in which somebody put a link."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.errors import AssayError
from pipeline.locating import check_headers, locate_tables
from pipeline.mapping.files import sheet_rows
from pipeline.storage import publish, write_parquet

ACCOUNTS = "account_id,platform,follower_count\n1,x,5\n"

SECONDS = 20
"""What does not end by then hangs."""

ELSEWHERE = "account_id,platform,follower_count\nsecret,x,5\n"


@dataclass(frozen=True)
class Case:
    """A folder: what is put into it, and whether it may be read."""

    name: str
    fill: Callable[[Path, Path], None]
    is_refused: bool = True


def _accounts(folder: Path) -> None:
    (folder / "accounts.csv").write_text(ACCOUNTS)


def _linked(name: str) -> Callable[[Path, Path], None]:
    def fill(folder: Path, outside: Path) -> None:
        (folder / name).symlink_to(outside)

    return fill


def _pipe(folder: Path, _: Path) -> None:
    os.mkfifo(folder / "accounts.csv")


def _pipe_among_parts(folder: Path, _: Path) -> None:
    (folder / "accounts").mkdir()
    (folder / "accounts" / "a.csv").write_text(ACCOUNTS)
    os.mkfifo(folder / "accounts" / "b.csv")


def _socket(folder: Path, _: Path) -> None:
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as opened:  # the path of a socket must be short
        opened.bind("accounts.csv")


def _circle(folder: Path, _: Path) -> None:
    (folder / "accounts.csv").symlink_to("posts.csv")
    (folder / "posts.csv").symlink_to("accounts.csv")


def _chain(folder: Path, outside: Path) -> None:
    (folder / "one").symlink_to(outside.parent)
    (folder / "accounts.csv").symlink_to(f"one/{outside.name}")


def _own_cache(folder: Path, outside: Path) -> None:
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text(f"[cache]\n    dir = {outside.parent}\n")
    (folder / "accounts.csv").symlink_to(outside)


def _within(folder: Path, _: Path) -> None:
    (folder / "real.txt").write_text(ACCOUNTS)
    (folder / "accounts.csv").symlink_to("real.txt")


def _parts_elsewhere(folder: Path, outside: Path) -> None:
    (folder / "accounts").symlink_to(outside.parent)


def _notes_elsewhere(folder: Path, outside: Path) -> None:
    _accounts(folder)
    notes = outside.parent / "list.json"
    notes.write_text('["secret"]')
    (folder / "_mapped.json").symlink_to(notes)


def _empty_folder(folder: Path, _: Path) -> None:
    (folder / "accounts.csv").mkdir()


def _seen_with_pains(folder: Path, _: Path) -> None:
    (folder / "accounts.csv ").write_text(ACCOUNTS)


def _bomb(folder: Path, _: Path) -> None:
    with gzip.open(folder / "accounts.csv.gz", "wb") as file:
        file.write(ACCOUNTS.encode())
        for _number in range(300):
            file.write(b"\n" * (1 << 20))


def _line_bomb(folder: Path, _: Path) -> None:
    with gzip.open(folder / "accounts.csv.gz", "wb") as file:
        for _number in range(40):
            file.write(b"x" * (1 << 20))


CASES = (
    Case("a table that is a link out of the folder", _linked("accounts.csv")),
    Case("a link over another link", _chain),
    Case("parts in a folder that is a link", _parts_elsewhere),
    Case("a link to a device", lambda folder, _: (folder / "accounts.csv").symlink_to("/dev/zero")),
    Case("links in a circle", _circle),
    Case("a link to nothing", lambda folder, _: (folder / "accounts.csv").symlink_to("gone")),
    Case("a DVC cache that the folder itself names", _own_cache),
    Case("a pipe", _pipe),
    Case("a pipe among the parts", _pipe_among_parts),
    Case("a socket", _socket),
    Case("a folder under the name of a table", _empty_folder),
    Case("a name that ends in a blank", _seen_with_pains),
    Case("gzip that holds 300 MB of blank lines", _bomb),
    Case("gzip that holds one line of 40 MB", _line_bomb),
    Case("a link within the folder", _within, is_refused=False),
    Case("notes of a mapping that are a link", _notes_elsewhere, is_refused=False),
)


def folder_fault(case: Case, place: Path) -> str | None:
    """What is wrong with what became of the folder; None where it was refused or read as it should be."""
    outside, folder = place / "outside" / "accounts.csv", place / "in"
    outside.parent.mkdir(parents=True)
    outside.write_text(ELSEWHERE)
    folder.mkdir()
    case.fill(folder, outside)
    with _ended_after(SECONDS):
        found = locate_tables(folder)
        check_headers(found)
        rows, problems = [], list(found.problems)
        try:
            rows = [batch for table in found.tables.values() for batch in table.batches()]
        except Exception as error:  # noqa: BLE001 - told below which kind is right
            if type(error).__name__ != "UnreadableFileError":
                return f"{case.name}: {type(error).__name__}"
            problems.append(str(error))
    told = " ".join([*problems, *found.warnings, *map(str, rows)])
    if "secret" in told:
        return f"{case.name}: what lies outside was read"
    if bool(problems) != case.is_refused:
        return f"{case.name}: {'read' if case.is_refused else problems}"
    return None


class HangsError(Exception):
    """Something did not end."""


@contextmanager
def _ended_after(seconds: int) -> Iterator[None]:
    def end(*_: object) -> None:
        raise HangsError

    former = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


def planted_faults(place: Path) -> list[str]:
    """Links that wait in an output folder: what they lead to must stay, and the result must be no link."""
    faults = []
    for name, is_folder in (("scores.parquet", False), ("quarantine", True), ("accounts", True)):
        theirs, output, made = (place / f"{name}-{each}" for each in ("theirs", "output", "made"))
        theirs.mkdir(parents=True)
        (theirs / "dear").write_text("dear")
        output.mkdir()
        (output / name).symlink_to(theirs if is_folder else theirs / "dear")
        made.mkdir()
        if is_folder:
            (made / name).mkdir()
        else:
            write_parquet(pl.DataFrame({"a": [1]}), made / name)
        publish(made, [name], output)
        if (theirs / "dear").read_text() != "dear" or sorted(path.name for path in theirs.iterdir()) != ["dear"]:
            faults.append(f"{name}: what a link leads to was changed")
        if (output / name).is_symlink():
            faults.append(f"{name}: the result is a link")
    return faults


def workbook_fault(place: Path) -> str | None:
    """Whether a workbook of two cells that lie as far apart as can be is refused before it fills the memory."""
    path = place / "far.xlsx"
    sheet = '<worksheet><sheetData><row><c r="A1"/></row><row><c r="XFD1048576"/></row></sheetData></worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", sheet)
    try:
        sheet_rows(path, None)
    except (OSError, AssayError) as error:
        return None if "1,048,576 rows and 16,384 columns" in str(error) else f"a far cell: {error}"
    return "a far cell: read"
