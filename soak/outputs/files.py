"""Names of files, cells of CSV and lines of a terminal: what a text of others becomes there."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from rich.console import Console

from pipeline.addresses import address
from pipeline.export import DANGEROUS, restored, write_csv
from pipeline.plain import markdown
from pipeline.scores_file import read_file
from pipeline.terminal import say, show_table, warn

SAFE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\.html")

OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What no line of a terminal holds but the newline at its end."""

MARKUP = re.compile(r"[\[\]<>|`*]|://")


def csv_faults(texts: Sequence[str], folder: Path) -> list[str]:
    """What does not come back from a CSV, and cells that a spreadsheet could run; texts are cells, headers and JSON."""
    listed = [[{"text": text}] for text in texts]
    kind = pl.Enum(list(dict.fromkeys(texts)))
    frame = pl.DataFrame(
        {"account_id": texts, "kind": pl.Series(texts, dtype=kind), "change": [-1.5] * len(texts), "reasons": listed}
    )
    heads = {f"column {number}": text for number, text in enumerate(dict.fromkeys(texts)) if text and text not in frame}
    frame = frame.with_columns(pl.lit("x").alias(name) for name in heads).rename(heads)
    path = folder / "out.csv"
    write_csv(frame, path)
    back = read_file(path, "scores")
    faults = [
        f"cell {one!r} came back as {other!r}"
        for one, other in zip(texts, back["account_id"], strict=True)
        if one != other
    ]
    faults += [
        f"cell {one!r} came back as {other!r}" for one, other in zip(texts, back["kind"], strict=True) if one != other
    ]
    if back["reasons"].str.json_decode(frame.schema["reasons"]).to_list() != listed:
        faults.append("a list came back as another")
    limit = csv.field_size_limit(10**9)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
    finally:
        csv.field_size_limit(limit)
    # By the library's own reader: that of polars leaves quotes in a header doubled, and none of our columns has one.
    if restored(pl.DataFrame(schema=dict.fromkeys(head, pl.String))).columns != frame.columns:
        faults.append("the columns came back under other names")
    cells = [cell for row in (head, *rows) for cell in row if cell != "-1.5"]
    return faults + [f"cell {cell!r} could run" for cell in cells if DANGEROUS.search(cell)]


def name_faults(texts: Sequence[str]) -> list[str]:
    """Names of pages that lead anywhere, or that two ids share on a disk that does not tell case."""
    ids = list(dict.fromkeys(texts))
    names = [address(text) for text in ids]
    faults = [
        f"id {text!r} has the page {name!r}"
        for text, name in zip(ids, names, strict=True)
        if not SAFE_NAME.fullmatch(name)
    ]
    return faults + (["two ids share a page"] if len({name.lower() for name in names}) < len(names) else [])


def line_faults(text: str) -> list[str]:
    """What a terminal would obey of a warning, a sentence or a table, and what Markdown would make of a name."""
    stream = io.StringIO()
    console = Console(file=stream, highlight=False, width=200)
    warn(console, [text])
    say(console, text)
    shown = stream.getvalue()
    faults = [] if shown.count("\n") == 2 else [f"{text!r} takes several lines"]
    show_table(console, text, (text,), [(text,)])
    faults += [f"{text!r} is obeyed"] if OBEYED.search(stream.getvalue()) else []
    return faults + ([f"{text!r} is Markdown"] if MARKUP.search(markdown(text)) else [])
