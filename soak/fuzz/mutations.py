"""What may be wrong with a dataset, or merely unusual: each function changes one and says whether it could."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from features.tables import INSTANT, Column
from soak.fuzz import cells
from soak.fuzz.content import START, Content, Dataset, Odd, Reading, Row

Mutation = Callable[[random.Random, Dataset], bool]
MUTATIONS: dict[str, Mutation] = {}

MEGABYTE = 1_000_000


def mutation(function: Mutation) -> Mutation:
    """Enter into the catalogue."""
    MUTATIONS[function.__name__] = function
    return function


def _table(draw: random.Random, dataset: Dataset, kind: str | None = None) -> Content | None:
    """Any table, of one kind of file if that is asked for, that has rows."""
    usable = [each for each in dataset.tables.values() if each.rows and not each.fatal and kind in (None, each.kind)]
    return draw.choice(usable) if usable else None


def _column(draw: random.Random, content: Content) -> Column:
    return draw.choice([each for each in content.contract.columns if each.name not in ("account_id", "commenter_id")])


def _row(draw: random.Random, content: Content) -> Row | None:
    usable = [row for row in content.rows if row.raw is None]
    return draw.choice(usable) if usable else None


def _part(draw: random.Random, content: Content) -> int:
    return draw.randrange(max(content.parts, 1))


def _damage(content: Content, part: int, change: Callable[[bytes], bytes]) -> None:
    content.damage.setdefault(part, []).append(change)


# cells


@mutation
def strange_cell(draw: random.Random, dataset: Dataset) -> bool:
    """One cell of no use."""
    content = _table(draw, dataset)
    row = content and _row(draw, content)
    if not content or not row:
        return False
    column = _column(draw, content)
    row.cells[column.name] = cells.strange(draw, column)
    return True


@mutation
def strange_cells_of_an_account(draw: random.Random, dataset: Dataset) -> bool:
    """A column of one account, of no use throughout."""
    content = _table(draw, dataset)
    row = content and _row(draw, content)
    if not content or not row:
        return False
    column = _column(draw, content)
    for each in content.rows:
        if each.cells.get("account_id") == row.cells.get("account_id"):
            each.cells[column.name] = cells.strange(draw, column)
    return True


@mutation
def strange_column(draw: random.Random, dataset: Dataset) -> bool:
    """A column of no use in any row."""
    content = _table(draw, dataset)
    if not content:
        return False
    column = _column(draw, content)
    for row in content.rows:
        row.cells[column.name] = cells.strange(draw, column)
    return True


@mutation
def spelled_otherwise(draw: random.Random, dataset: Dataset) -> bool:
    """Cells of a column as other writers have them; nothing may come of it."""
    content = _table(draw, dataset)
    if not content:
        return False
    column = _column(draw, content)
    done = False
    for row in content.rows:
        value = row.cells.get(column.name)
        if value is None or isinstance(value, Odd) or draw.random() < 0.3:
            continue
        odd = cells.spelled_otherwise(draw, column, value)
        if odd is not None:
            row.cells[column.name], done = odd, True
    return done


@mutation
def empty_cells(draw: random.Random, dataset: Dataset) -> bool:
    """Null where something is required or not, as null or as blanks."""
    content = _table(draw, dataset)
    row = content and _row(draw, content)
    if not content or not row:
        return False
    column = draw.choice(content.contract.columns)
    row.cells[column.name] = draw.choice([None, cells.nothing(draw, column)])
    if isinstance(row.cells[column.name], Odd) and column.name == "account_id":
        row.cells[column.name] = Odd(" ", None)
    if row.cells[column.name] is None and column.name == "text" and content.kind == "csv":
        row.cells[column.name] = Odd("", "")  # CSV cannot tell an empty comment from none
    return True


@mutation
def json_scalars(draw: random.Random, dataset: Dataset) -> bool:
    """Raw JSON where text or a number is expected."""
    content = _table(draw, dataset, "jsonl")
    row = content and _row(draw, content)
    if not content or not row:
        return False
    column = _column(draw, content)
    if column.dtype == pl.String:
        return False
    raw = draw.choice(["1.5", "-7", "[]", "[1,2]", "{}", '{"value":5}', '[{"a":[1]}]', "-0.5"])
    meaning: Any = Reading.UNREADABLE
    if raw == "-7" and column.dtype == pl.Int64:
        meaning = -7
    if column.dtype == pl.Float64 and raw in ("1.5", "-7", "-0.5"):
        meaning = float(raw)
    if raw[0] in "[{" and not _is_flat_beside(content, row, column.name):
        return False
    row.cells[column.name] = Odd("", meaning, raw)
    return True


@mutation
def nested_json_in_text(draw: random.Random, dataset: Dataset) -> bool:
    """An object or a list where a text is expected."""
    content = _table(draw, dataset, "jsonl")
    row = content and _row(draw, content)
    if not content or not row:
        return False
    name = draw.choice([each.name for each in content.contract.columns if each.dtype == pl.String])
    if not _is_flat_beside(content, row, name):
        return False
    raw = draw.choice(["[]", '["a","b"]', "{}", '{"text":"a"}', '[{"a":[1,{"b":null}]}]', "[" * 200 + "]" * 200])
    row.cells[name] = Odd("", Reading.UNREADABLE, raw)
    return True


def _is_flat_beside(content: Content, row: Row, name: str) -> bool:
    """Whether the file of the row has another that is not nested there: a column of nested cells alone is refused."""
    (part,) = [rows for rows in content.part_rows() if any(each is row for each in rows)]
    others = [each.cells.get(name) for each in part if each is not row and each.raw is None]
    return any(not isinstance(cell, Odd) or not (cell.json or "").startswith(("[", "{")) for cell in others)


@mutation
def odd_lines_of_json(draw: random.Random, dataset: Dataset) -> bool:
    """Lines that are no object, or none that can be read."""
    content = _table(draw, dataset, "jsonl")
    if not content:
        return False
    for _ in range(draw.randint(1, 3)):
        raw = draw.choice(
            [
                "5",
                "null",
                "true",
                '"text"',
                "[]",
                "[1,2]",
                "not json",
                "{",
                "}",
                '{"account_id":',
                '{"account_id":"account-0"',
                "{'account_id':'account-0'}",
                '{"account_id":"account-0",}',
                '{"text":"\\ud800"}',
                '{"post_id":"\\udfff"}',
                '{"account_id":"account-0","follower_count":NaN}',
                '{"account_id":"account-0","follower_count":Infinity}',
                '{"account_id":"account-0"}}',
                '{"account_id":"account-0"}{"account_id":"account-1"}',
                '{"account_id":"account-0"} trailing',
                '"' + "x" * 300,
                "[" * 5_000,
                '{"a":' * 5_000,
                "// comment",
            ]
        )
        content.rows.insert(draw.randrange(len(content.rows) + 1), Row({}, raw=raw))
    return True


@mutation
def half_characters(draw: random.Random, dataset: Dataset) -> bool:
    """A text that was cut short within a character, as JavaScript and Python write it without complaint."""
    content = _table(draw, dataset, "jsonl")
    row = content and _row(draw, content)
    names = [name for name in ("biography", "caption", "text", "handle") if content and name in content.contract.schema]
    if not content or not row or not names:
        return False
    text, meaning = draw.choice(
        [
            (r"cut \ud83d", "cut \ufffd"),
            (r"\ude00y", "\ufffdy"),
            (r"\ud83d\ude00 \uDBFF", "😀 \ufffd"),
            (r"\ud83d\ud83d\ude00", "\ufffd😀"),
            (r"\\ud83d", r"\ud83d"),
            (r"\\\ud83d!", "\\\ufffd!"),
        ]
    )
    row.cells[draw.choice(names)] = Odd("", meaning, f'"{text}"')
    return True


@mutation
def lone_surrogate_in_a_key(draw: random.Random, dataset: Dataset) -> bool:
    """A JSON object with a key that no text can hold."""
    content = _table(draw, dataset, "jsonl")
    if not content:
        return False
    content.rows.append(Row({}, raw='{"\\ud800":1,"handle":"nobody"}'))
    return True


@mutation
def number_without_end(draw: random.Random, dataset: Dataset) -> bool:
    """A JSON number of thousands of digits: more than Python reads, or than any column holds."""
    content = _table(draw, dataset, "jsonl")
    row = content and _row(draw, content)
    if not content or not row:
        return False
    content.rows.append(Row({}, raw='{"account_id":"account-0","post_id":' + "9" * draw.choice([25, 400, 5_000]) + "}"))
    content.unknown = "whether a number too large for any type is text is nowhere laid down"
    return True


@mutation
def keys_repeated_in_json(draw: random.Random, dataset: Dataset) -> bool:
    """One object with a key twice."""
    content = _table(draw, dataset, "jsonl")
    if not content:
        return False
    content.rows.append(Row({}, raw='{"account_id":"account-0","account_id":"account-1","text":"a","text":"b"}'))
    content.unknown = "JSON does not say which of two equal keys counts"
    return True


@mutation
def numbers_as_ids_in_json(draw: random.Random, dataset: Dataset) -> bool:
    """Account ids that are whole numbers in JSON, and text elsewhere."""
    new = str(draw.choice([7, 12345678901, 2**53 + 1, 2**63 - 1]))
    return _rename(draw, dataset, new, new)


@mutation
def strange_ids(draw: random.Random, dataset: Dataset) -> bool:
    """An account under a strange id in every table."""
    return _rename(draw, dataset, draw.choice(cells.STRANGE_IDS), None)


def _rename(draw: random.Random, dataset: Dataset, new: str, as_json: str | None) -> bool:
    ids = [row.cells.get("account_id") for row in dataset.tables["accounts"].rows]
    ids = [each for each in ids if isinstance(each, str)]
    if not ids or new in ids or new in dataset.renamed:
        return False
    old = draw.choice(ids)
    for content in dataset.tables.values():
        for row in content.rows:
            for name in ("account_id", "commenter_id"):
                if row.cells.get(name) == old:
                    row.cells[name] = Odd(new, new, as_json)
    dataset.renamed[new] = dataset.renamed.get(old, old)
    return True


@mutation
def enormous_text(draw: random.Random, dataset: Dataset) -> bool:
    """A megabyte in one cell."""
    content = _table(draw, dataset)
    row = content and _row(draw, content)
    names = [name for name in ("biography", "caption", "text", "handle") if content and name in content.contract.schema]
    if not content or not row or not names or draw.random() < 0.7:
        return False
    text = draw.choice(["x", "hello, ", "😍", '"', "a\n"]) * draw.randint(200_000, MEGABYTE)
    row.cells[names[0]] = Odd(text, text)
    return True


# rows


@mutation
def rows_repeated(draw: random.Random, dataset: Dataset) -> bool:
    """The same row again, once or often."""
    content = _table(draw, dataset)
    row = content and _row(draw, content)
    if not content or not row:
        return False
    content.rows += [row.copy() for _ in range(draw.choice([1, 2, 30]))]
    draw.shuffle(content.rows)
    return True


@mutation
def rows_in_conflict(draw: random.Random, dataset: Dataset) -> bool:
    """A key again with something else beside it."""
    content = _table(draw, dataset)
    row = content and _row(draw, content)
    if not content or not row:
        return False
    other = row.copy()
    free = [each.name for each in content.contract.columns if each.dtype == pl.Int64]
    if free:
        other.cells[free[0]] = draw.randint(1, 99)
    content.rows.append(other)
    return True


@mutation
def rows_of_strangers(draw: random.Random, dataset: Dataset) -> bool:
    """Rows of accounts that are not in `accounts`, by their names or for a space."""
    content = _table(draw, dataset)
    row = content and _row(draw, content)
    if not content or not row or content.contract.name == "accounts":
        return False
    for _ in range(draw.choice([1, 5, 40])):
        other = row.copy()
        name = draw.choice(["stranger", "account-0 ", "", "Account-0", "account-0\u200b", "zzz"])
        other.cells["account_id"] = Odd(name, name or None)
        content.rows.append(other)
    return True


@mutation
def comments_of_unknown_posts(draw: random.Random, dataset: Dataset) -> bool:
    """Comments below posts that are in no table."""
    content = dataset.tables.get("comments")
    if not content or not content.rows or content.fatal:
        return False
    for row in content.rows:
        if row.raw is None and draw.random() < 0.3:
            row.cells["post_id"] = draw.choice(["elsewhere", "post-99", "POST-0"])
    return True


@mutation
def accounts_without_rows(draw: random.Random, dataset: Dataset) -> bool:
    """One account is not observed in a table."""
    content = _table(draw, dataset)
    row = content and _row(draw, content)
    if not content or not row:
        return False
    gone = row.cells.get("account_id")
    content.rows = [each for each in content.rows if each.cells.get("account_id") != gone]
    return True


@mutation
def unknown_words(draw: random.Random, dataset: Dataset) -> bool:
    """Values that no vocabulary has."""
    content = _table(draw, dataset)
    names = [each.name for each in content.contract.columns if each.allowed] if content else []
    if not content or not names:
        return False
    for row in content.rows:
        if row.raw is None and draw.random() < 0.4:
            word = draw.choice(
                ["myspace", "reel", "Other", "[red]", "ſhort", "İnstagram", "", "x" * 300, "a\nb", "photo,"]
            )
            row.cells[draw.choice(names)] = Odd(word, word)
    return True


@mutation
def rows_in_any_order(draw: random.Random, dataset: Dataset) -> bool:
    """All rows in another order."""
    for content in dataset.tables.values():
        draw.shuffle(content.rows)
    return True


@mutation
def ragged_rows(draw: random.Random, dataset: Dataset) -> bool:
    """Rows with fewer or more cells than the header."""
    content = _table(draw, dataset, "csv")
    if not content or content.missing:
        return False
    for _ in range(draw.choice([1, 2, 25])):
        row = _row(draw, content)
        if row:
            row.cut = draw.choice([1, 1, 2, -1])
    return True


@mutation
def shifted_rows(draw: random.Random, dataset: Dataset) -> bool:
    """A line of cells that are none of the table's."""
    content = _table(draw, dataset, "csv")
    if not content:
        return False
    content.rows.append(Row({}, raw=draw.choice(["-- end of export", '"a","b"', ";;;", "(1234 rows)", "\x1a"])))
    # The first cell is read as the account's id where it stands in the first column.
    content.unknown = "whether the line is out of scope depends on which column its first cell falls into"
    return True


@mutation
def as_of_elsewhere(draw: random.Random, dataset: Dataset) -> bool:
    """Data up to an instant within, before or after what was observed."""
    if dataset.as_of is not None:
        return False
    dataset.as_of = START + draw.choice([timedelta(days=4), timedelta(days=-3_000), timedelta(days=20_000)])
    return True


# columns


@mutation
def column_left_out(draw: random.Random, dataset: Dataset) -> bool:
    """A column is absent, from the table or from one part."""
    content = _table(draw, dataset)
    if not content or any(row.cut or row.raw for row in content.rows):
        return False
    column = draw.choice(content.contract.columns)
    if content.parts > 1 and draw.random() < 0.5:
        part = _part(draw, content)
        if column.name not in content.columns or not content.part_rows()[part]:
            return False
        content.missing.setdefault(part, set()).add(column.name)
    elif len(content.columns) > 1:
        content.columns = [name for name in content.columns if name != column.name]
    if column.required:
        content.fatal = "a required column is missing"
    return True


@mutation
def column_renamed(draw: random.Random, dataset: Dataset) -> bool:
    """The name in other letters, or with blanks: no column of the contract."""
    content = _table(draw, dataset)
    if not content or any(row.cut or row.raw for row in content.rows):
        return False
    column = draw.choice(content.contract.columns)
    name = column.name
    if name not in content.columns:
        return False
    new = draw.choice([name.upper(), f" {name}", f"{name} ", name.replace("_", " "), name.title(), f"\u200b{name}"])
    if new == name:
        return False
    # A column of another name is absent as far as the contract goes: the cells stay in the file, and count for nothing.
    for row in content.rows:
        row.cells[new] = row.cells.pop(name, None)
        if isinstance(row.cells[new], Odd) and row.cells[new].arrow:
            row.cells[new] = None
    content.columns = [new if each == name else each for each in content.columns]
    if column.required:
        content.fatal = "a required column has another name"
    return True


@mutation
def column_repeated(draw: random.Random, dataset: Dataset) -> bool:
    """Two columns of one name."""
    content = _table(draw, dataset)
    if not content or content.kind == "jsonl" or any(row.cut for row in content.rows):
        return False
    column = draw.choice(content.columns)
    content.columns.append(column)
    if column in content.contract.schema:
        content.fatal = "a column appears twice"
    return True


@mutation
def strange_columns(draw: random.Random, dataset: Dataset) -> bool:
    """Columns that the contract does not know, of strange names, some twice."""
    content = _table(draw, dataset)
    if not content or any(row.cut for row in content.rows):
        return False
    names = ["index", "", " ", "Unnamed: 0", "account", "😍", "a\nb", 'a"b', "[red]", "x" * 3_000, "__index_level_0__"]
    new = draw.sample(names, draw.randint(1, 3))
    if content.kind != "jsonl" and draw.random() < 0.3:
        new += new[:1]
    content.columns += [name for name in new if name not in content.columns]
    for row in content.rows:
        if row.raw is None:
            row.cells.update({name: draw.choice([None, "1", "text"]) for name in new})
    return True


@mutation
def columns_in_any_order(draw: random.Random, dataset: Dataset) -> bool:
    """Columns in another order."""
    content = _table(draw, dataset)
    if not content or any(row.cut for row in content.rows):
        return False
    draw.shuffle(content.columns)
    return True


@mutation
def stored_otherwise(draw: random.Random, dataset: Dataset) -> bool:
    """A column of a Parquet file in another type that holds the same values."""
    content = _table(draw, dataset, "parquet")
    if not content:
        return False
    column = _column(draw, content)
    values = [row.cells.get(column.name) for row in content.rows]
    if any(isinstance(value, Odd) for value in values):
        return False
    fitting = {
        pl.String: ("large_string", "string_view", "dictionary"),
        pl.Int64: ("uint64", "float64", "decimal128", "string"),
        pl.Datetime: ("timestamp_us", "timestamp_ns", "timestamp_ns_utc", "timestamp_us_berlin", "timestamp_us_offset"),
        pl.Date: ("timestamp_us", "timestamp_s_utc", "string", "date64", "timestamp_ms"),
        pl.Boolean: ("int8", "float64", "string", "decimal128", "dictionary"),
        pl.Float64: ("string",),
    }[column.dtype.base_type()]
    if all(value is None for value in values):
        fitting = ("null",)
    elif None not in values and column.dtype == pl.Int64 and all(value < 2**15 for value in values):
        fitting = (*fitting, "int16", "int32", "float32")
    content.storage[column.name] = draw.choice(fitting)
    return True


@mutation
def stored_wrongly(draw: random.Random, dataset: Dataset) -> bool:
    """A column of a Parquet file in a type that can never be read as the contract's."""
    content = _table(draw, dataset, "parquet")
    if not content:
        return False
    column = _column(draw, content)
    cells_of = [row.cells.get(column.name) for row in content.rows]
    if column.name not in content.columns or any(isinstance(cell, Odd) for cell in cells_of):
        return False
    wrong = {
        pl.String: ("binary", "list", "struct", "map", "time64", "duration"),
        pl.Int64: ("bool", "timestamp_us", "date32", "list", "struct", "duration", "decimal256"),
        pl.Datetime: ("int64", "time64", "list", "duration", "float64", "binary"),
        pl.Date: ("int64", "time64", "struct", "duration", "map"),
        pl.Boolean: ("timestamp_us", "list", "time64", "binary"),
        pl.Float64: ("list", "timestamp_us", "binary"),
    }[column.dtype.base_type()]
    storage = draw.choice(wrong)
    content.storage[column.name] = storage
    for row in content.rows:
        row.cells[column.name] = Odd("", None, arrow=(storage, {"bool": 1}.get(storage, 0)))
    if storage in ("binary", "list", "struct", "map", "time64", "duration", "decimal256"):
        for row in content.rows:
            row.cells[column.name] = 1
    content.fatal = "no cell of the type can be read"
    return True


@mutation
def parquet_extremes(draw: random.Random, dataset: Dataset) -> bool:
    """The largest and smallest numbers that a Parquet type holds, in one cell."""
    content = _table(draw, dataset, "parquet")
    row = content and _row(draw, content)
    if not content or not row:
        return False
    column = _column(draw, content)
    kind = "count" if column.dtype == pl.Int64 else "instant" if column.dtype in (INSTANT, pl.Date) else None
    if kind is None or any(isinstance(each.cells.get(column.name), Odd) for each in content.rows):
        return False
    storage, value = draw.choice(cells.PARQUET_EXTREMES[kind])
    if storage.startswith(("timestamp_s", "timestamp_m")):
        for each in content.rows:  # what seconds cannot hold
            at = each.cells.get(column.name)
            if isinstance(at, datetime):
                each.cells[column.name] = at.replace(microsecond=0)
    if storage == "date32" and column.dtype == INSTANT:
        for each in content.rows:
            at = each.cells.get(column.name)
            if isinstance(at, datetime):
                each.cells[column.name] = at.replace(hour=0, minute=0, second=0, microsecond=0)
    row.cells[column.name] = Odd("", Reading.ILLEGAL, arrow=(storage, value))
    return True


# files


@mutation
def bytes_of_bom(draw: random.Random, dataset: Dataset) -> bool:
    """A byte order mark before the first byte, as spreadsheets put it."""
    content = _table(draw, dataset)
    if not content or content.kind == "parquet" or content.damage:
        return False
    _damage(content, _part(draw, content), _unpacked(content, lambda data: b"\xef\xbb\xbf" + data))
    return True


@mutation
def other_newlines(draw: random.Random, dataset: Dataset) -> bool:
    """CRLF, or CR alone in a file of separated cells."""
    content = _table(draw, dataset)
    if not content or content.kind == "parquet":
        return False
    content.newline = draw.choice(["\r\n", "\r"] if content.kind == "csv" else ["\r\n", " \r\n", "\n\n\n"])
    return True


@mutation
def mixed_newlines(draw: random.Random, dataset: Dataset) -> bool:
    """Lines of one file that end differently."""
    content = _table(draw, dataset)
    if not content or content.kind == "parquet" or content.damage or content.newline != "\n":
        return False
    texts = (_text(cell) for row in content.rows for cell in (row.raw, *row.cells.values()))
    if content.kind == "csv" and any("\n" in text for text in texts):
        return False  # a line break within quotes would be another text
    seed = draw.random()

    def change(data: bytes) -> bytes:
        ends = random.Random(seed)
        lines = data.split(b"\n")
        return b"".join(line + ends.choice([b"\n", b"\r\n", b"\n\n"]) for line in lines[:-1]) + lines[-1]

    _damage(content, _part(draw, content), _unpacked(content, change))
    return True


def _text(cell: Any) -> str:
    return cell.text if isinstance(cell, Odd) else cell if isinstance(cell, str) else ""


@mutation
def blank_lines(draw: random.Random, dataset: Dataset) -> bool:
    """Blank lines before and after all others."""
    content = _table(draw, dataset)
    if not content or content.kind == "parquet" or content.damage:
        return False
    end = content.newline.encode()
    before = end if draw.random() < 0.3 else b""
    _damage(content, _part(draw, content), _unpacked(content, lambda data: before + data + end * 3))
    return True


@mutation
def no_last_newline(draw: random.Random, dataset: Dataset) -> bool:
    """The last line does not end."""
    content = _table(draw, dataset)
    if not content or content.kind == "parquet" or content.damage:
        return False
    _damage(content, _part(draw, content), _unpacked(content, lambda data: data.removesuffix(content.newline.encode())))
    return True


def _unpacked(content: Content, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The change, made to what is packed."""
    if not content.form.endswith(".gz"):
        return change
    return lambda data: gzip.compress(change(gzip.decompress(data)), 1)


@mutation
def broken_utf8(draw: random.Random, dataset: Dataset) -> bool:
    """Bytes that are no UTF-8, among the texts or anywhere."""
    content = _table(draw, dataset)
    if not content or content.kind == "parquet" or content.damage:
        return False
    wrong = draw.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x80"])
    seed = draw.random()

    def change(data: bytes) -> bytes:
        at = int(seed * len(data))
        while at < len(data) and data[at] & 0xC0 == 0x80:
            at += 1
        return data[:at] + wrong + data[at:]

    _damage(content, _part(draw, content), _unpacked(content, change))
    content.fatal = "a file is not UTF-8"
    return True


@mutation
def utf16(draw: random.Random, dataset: Dataset) -> bool:
    """A file in another encoding."""
    content = _table(draw, dataset)
    if not content or content.kind == "parquet" or content.damage:
        return False
    encoding = draw.choice(["utf-16", "utf-32"])
    _damage(content, _part(draw, content), _unpacked(content, lambda data: data.decode().encode(encoding)))
    content.fatal = "a file is not UTF-8"
    return True


@mutation
def cut_off(draw: random.Random, dataset: Dataset) -> bool:
    """A file that breaks off."""
    content = _table(draw, dataset)
    if not content or content.damage:
        return False
    share = draw.random()
    _damage(content, _part(draw, content), lambda data: data[: int(share * len(data))])
    if content.kind == "parquet" or content.form.endswith(".gz"):
        content.fatal = "a packed file breaks off"
        if content.form == ".jsonl.gz" and share == 0:
            return False
    else:
        content.unknown = "nobody knows what was cut off"
    return True


@mutation
def bytes_changed(draw: random.Random, dataset: Dataset) -> bool:
    """Some bytes of a packed file are others."""
    content = _table(draw, dataset)
    if not content or content.damage:
        return False
    seed = draw.random()

    def change(data: bytes) -> bytes:
        places = random.Random(seed)
        changed = bytearray(data)
        for _ in range(places.choice([1, 3, 40])):
            changed[places.randrange(len(changed))] = places.randrange(256)
        return bytes(changed)

    _damage(content, _part(draw, content), change)
    content.unknown = "a changed byte may change anything"
    return True


@mutation
def garbage_behind(draw: random.Random, dataset: Dataset) -> bool:
    """Bytes behind the end of a packed file."""
    content = _table(draw, dataset)
    if not content or content.damage or not content.form.endswith((".gz", ".parquet")):
        return False
    _damage(content, _part(draw, content), lambda data: data + b"garbage")
    content.fatal = "something stands behind the end"
    return True


@mutation
def zeros_behind(draw: random.Random, dataset: Dataset) -> bool:
    """Zeros behind the end of a gzip, as tape drives pad it."""
    content = _table(draw, dataset)
    if not content or content.damage or not content.form.endswith(".gz"):
        return False
    _damage(content, _part(draw, content), lambda data: data + b"\x00" * 512)
    return True


@mutation
def several_members(draw: random.Random, dataset: Dataset) -> bool:
    """A gzip of several members, cut anywhere."""
    content = _table(draw, dataset)
    if not content or content.damage or not content.form.endswith(".gz"):
        return False
    share = draw.random()

    def change(data: bytes) -> bytes:
        text = gzip.decompress(data)
        at = int(share * len(text))
        return gzip.compress(text[:at]) + gzip.compress(b"") + gzip.compress(text[at:])

    _damage(content, _part(draw, content), change)
    return True


@mutation
def other_magic(draw: random.Random, dataset: Dataset) -> bool:
    """A file that is not what its name says."""
    content = _table(draw, dataset)
    if not content or content.damage:
        return False
    wrong: dict[str, list[Callable[[bytes], bytes]]] = {
        ".parquet": [lambda _: b"account_id,platform\n", lambda data: b"PAR1" + data[8:], lambda _: b"PAR1PAR1"],
        ".csv": [lambda _: b"PAR1" + bytes(200) + b"PAR1", gzip.compress, lambda _: b"\x00" * 4096],
        ".csv.gz": [gzip.decompress, lambda _: b"\x1f\x8b", lambda _: b"\x00" * 4096],
        ".jsonl": [lambda _: b"account_id,platform\na,x\n", gzip.compress, _listed],
        ".jsonl.gz": [gzip.decompress, lambda _: b"\x1f\x8b\x08", lambda _: b"PK\x03\x04" + bytes(90)],
    }
    _damage(content, _part(draw, content), draw.choice(wrong[content.form]))
    content.fatal = "a file is not what its name says"
    return True


def _listed(data: bytes) -> bytes:
    return b"[" + b",".join(line for line in data.splitlines() if line.strip()) + b"]\n"


@mutation
def empty_file(draw: random.Random, dataset: Dataset) -> bool:
    """A part of no bytes, or a header alone."""
    content = _table(draw, dataset)
    if not content or content.damage or content.unknown:
        return False
    if content.parts:  # more parts than rows: the last ones have a header alone
        content.rows = content.rows[: content.parts - 1]
        return True
    content.rows = []
    if draw.random() < 0.5 and content.contract.name != "accounts":
        _damage(content, 0, lambda _: b"")
        if content.form != ".jsonl":
            content.fatal = "a file has no byte"
    return True


@mutation
def unclosed_quote(draw: random.Random, dataset: Dataset) -> bool:
    """A quote that opens and never closes, or stands where none may."""
    content = _table(draw, dataset, "csv")
    if not content or content.damage:
        return False
    content.rows.insert(
        draw.randrange(len(content.rows) + 1), Row({}, raw=draw.choice(['"', 'account-0,"x', 'a"b"c,"', '""" ,']))
    )
    content.unknown = "what a quote opens, nobody knows"
    return True


@mutation
def nul_bytes(draw: random.Random, dataset: Dataset) -> bool:
    """A disk block of zeros in a file of text."""
    content = _table(draw, dataset)
    if not content or content.kind == "parquet" or content.damage:
        return False
    share = draw.random()

    def change(data: bytes) -> bytes:
        at = int(share * len(data))
        while at < len(data) and data[at] & 0xC0 == 0x80:
            at += 1
        return data[:at] + b"\x00" * 64 + data[at:]

    _damage(content, _part(draw, content), _unpacked(content, change))
    content.unknown = "zeros may have taken the place of anything"
    return True
