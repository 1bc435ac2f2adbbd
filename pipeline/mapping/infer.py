"""How the cells of a column are to be read, told from the cells themselves: numbers, dates, yes and no, kinds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

import polars as pl

from features.tables import Column
from pipeline.casting import INSTANT_PATTERN
from pipeline.mapping.dates import read_date
from pipeline.mapping.names import FORMAT_VALUES, MISSING
from pipeline.mapping.numbers import read_number
from pipeline.mapping.specification import UNDECIDED

ENOUGH = 0.5
"""Share of a column's cells that a way of reading must fit to be proposed; assumed. What it does not fit is said."""

SHOWN_CELLS = 3

_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S", ", %I:%M:%S %p")
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d-%m-%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y")
_OTHERS = (
    # With full stops the day comes first wherever it is not the year (Unicode CLDR, short dates).
    *("%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *(
        "%B %d, %Y",
        "%d %B %Y",
        "%d. %B %Y",
        "%d-%B-%Y",
        "%d de %B de %Y",
        "Premiered %B %d, %Y",
        "Published on %B %d, %Y",
    ),
)
_SPOKEN = ("%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z")

_YES_NO = {
    # Unicode CLDR, posix yes and no, and what spreadsheets print for a logical value; assumed to be all there is.
    **dict.fromkeys(("ja", "wahr", "oui", "vrai", "sí", "si", "verdadero", "sim", "verdadeiro", "y", "x", "t"), "true"),
    **dict.fromkeys(("nein", "falsch", "non", "faux", "falso", "não", "nao", "n", "f"), "false"),
}
_PLAIN_YES_NO = ("true", "false", "yes", "no", "0", "1", "1.0", "0.0")

_THOUSANDS = re.compile(r"\(\s*k\s*\)|thousands?|in tsd|'000|\bx ?1000\b", re.IGNORECASE)
_EPOCH_DIGITS = {10: "epoch_seconds", 13: "epoch_milliseconds"}


@dataclass(slots=True)
class Read:
    """How a column is read.

    Attributes:
        options: what a mapping says of it, besides where it comes from.
        fits: share of the filled cells that can be read so.
        why: the grounds, in words; empty where the cells are as the contract wants them.
        question: what only a person can decide; None: nothing.
        choices: answers to it, each in words and as options.
    """

    options: dict[str, Any] = field(default_factory=dict)
    fits: float = 1.0
    why: str = ""
    question: str | None = None
    choices: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def read_of(column: Column, name: str, cells: Sequence[str | None]) -> Read:
    """How the cells of a column of that name are read as a column of the contract."""
    filled = [cell.strip() for cell in cells if cell is not None and cell.strip()]
    missing = [] if column.dtype == pl.String and not column.allowed else sorted(set(filled) & set(MISSING))
    if column.name == "like_count" and "-1" in filled:
        missing.append("-1")  # what Instagram's scrapers print for hidden likes
    filled = [cell for cell in filled if cell not in missing]
    read = _READERS.get(column.dtype.base_type(), _as_it_is)(column, filled)
    if column.allowed:
        read = _vocabulary(column, filled)
    if column.dtype == pl.Int64 and _THOUSANDS.search(name):
        read.options["times"] = 1000
        read.why = f"{read.why} The header says thousands.".strip()
    if missing:
        read.options["missing"] = missing
        read.why = f"{read.why} {', '.join(missing)} is taken for: not observed.".strip()
        read.choices = [(label, {**options, "missing": missing}) for label, options in read.choices]
    if read.fits < 1.0:
        read.why = f"{read.why} {1.0 - read.fits:.0%} of the cells cannot be read: their rows go to quarantine.".strip()
    return read


def _as_it_is(column: Column, cells: list[str]) -> Read:  # noqa: ARG001 - one signature for all types
    return Read()


def _share(cells: Sequence[str], fits: Callable[[pl.Expr], pl.Expr]) -> tuple[float, list[str | None]]:
    """The share of texts that are read, and what is read of each."""
    read = pl.DataFrame({"cell": cells}, schema={"cell": pl.String}).select(fits(pl.col("cell"))).to_series()
    return (len(read) - read.null_count()) / max(len(read), 1), read.to_list()


def _number(column: Column, cells: list[str]) -> Read:
    if all(re.fullmatch(r"\d+(\.0{1,2})?", cell) for cell in cells):  # 12.000 may be twelve thousand
        return Read()
    shares: dict[str, float] = {}
    values: dict[str, list[str | None]] = {}
    for mark in (".", ","):
        shares[mark], values[mark] = _share(cells, partial(read_number, decimal=mark, times=1.0, suffixes={}))
        # A count is whole: what one mark makes a fraction of was written with the other.
        whole = [value is None or column.dtype != pl.Int64 or "." not in value for value in values[mark]]
        shares[mark] *= sum(whole) / max(len(whole), 1)
    best = max(shares, key=lambda mark: (shares[mark], mark == "."))
    if shares[best] < ENOUGH:
        return Read(fits=shares[best])
    examples = _some(cells, lambda cell: not cell.isdecimal())
    if shares["."] == shares[","] and values["."] != values[","]:
        differing = [cell for cell, one, other in zip(cells, values["."], values[","], strict=True) if one != other]
        return Read(
            {"decimal": UNDECIDED},
            shares[best],
            "Both decimal marks fit.",
            f"Is the mark in {_some(differing)} one of decimals or of thousands?",
            [
                ('decimal ".", thousands ","', {"decimal": "."}),
                ('decimal ",", thousands "."', {"decimal": ","}),
            ],
        )
    return Read({"decimal": best}, shares[best], f"Numbers as texts, such as {examples}.")


def _instant(column: Column, cells: list[str]) -> Read:
    day_only = column.dtype == pl.Date
    iso = sum(re.match(INSTANT_PATTERN, cell) is not None for cell in cells)
    if iso == len(cells):
        return Read()
    digits = {len(cell) for cell in cells if cell.isdecimal()}
    if len(digits) == 1 and all(cell.isdecimal() for cell in cells) and digits <= set(_EPOCH_DIGITS):
        form = _EPOCH_DIGITS[digits.pop()]
        return Read({"date": form}, 1.0, f"Numbers that are {form.removeprefix('epoch_')} since 1970.")

    def fitting(forms: Sequence[str], some: Sequence[str] = cells) -> tuple[float, str, list[str | None]]:
        """The first format that fits most cells: its share, itself, and what it reads."""
        best: tuple[float, str, list[str | None]] = (-1.0, "", [])
        for form in forms:
            share, read = _share(some, partial(read_date, formats=[form], zone=None, day_only=day_only))
            best = max(best, (share, form, read), key=lambda found: found[0])
        return best

    first = {
        order: fitting([f"{day}{clock}" for day, clock in product(days, _CLOCKS)])
        for order, days in (("day", _DAY_FIRST), ("month", _MONTH_FIRST))
    }
    unmistakable = [*(f"{day}{clock}" for day, clock in product(_OTHERS, _CLOCKS)), *_SPOKEN]
    other = fitting(unmistakable)
    best = max([*first.values(), other], key=lambda found: found[0])
    if best[0] < ENOUGH or best[0] * len(cells) <= iso:
        return Read(fits=max(best[0], iso / max(len(cells), 1)))
    examples = _some(cells)
    day, month = first["day"], first["month"]
    if day[0] == month[0] == best[0] and day[2] != month[2]:
        unlike = [each for each in zip(cells, day[2], month[2], strict=True) if each[1] != each[2]]
        both = _some([cell for cell, _, _ in unlike])
        _, day_first, month_first = unlike[0]
        return Read(
            {"date": UNDECIDED},
            best[0],
            f"No cell tells the order of day and month: {both}.",
            f"Is {both} day first ({day_first}) or month first ({month_first})?",
            [("day first", {"date": day[1]}), ("month first", {"date": month[1]})],
        )
    forms = [best[1]]
    rest = [cell for cell, text in zip(cells, best[2], strict=True) if text is None]
    if rest and (second := fitting(unmistakable, rest))[0] == 1.0:
        forms.append(second[1])  # 'Premiered Feb 4, 2026' beside 'Feb 4, 2026'
    ground = "" if best is other else " Some day is above 12."
    zone = (
        " Without a zone: read as UTC; add zone: if it is local time."
        if "%H" in best[1] and "%z" not in best[1]
        else ""
    )
    fits, _ = _share(cells, partial(read_date, formats=forms, zone=None, day_only=day_only))
    return Read({"date": forms[0] if len(forms) == 1 else forms}, fits, f"Dates such as {examples}.{ground}{zone}")


def _flag(column: Column, cells: list[str]) -> Read:  # noqa: ARG001 - one signature for all types
    words = sorted({cell.lower() for cell in cells if cell.lower() not in _PLAIN_YES_NO})
    values = {cell: _YES_NO[cell.lower()] for cell in sorted(set(cells)) if cell.lower() in _YES_NO}
    fits = sum(cell.lower() in _YES_NO or cell.lower() in _PLAIN_YES_NO for cell in cells) / max(len(cells), 1)
    return Read({"values": values} if values else {}, fits, f"Yes and no as {', '.join(words)}." if values else "")


def _vocabulary(column: Column, cells: list[str]) -> Read:
    if column.name != "format":
        return Read()
    found = {cell: FORMAT_VALUES[cell.lower()] for cell in sorted(set(cells)) if cell.lower() in FORMAT_VALUES}
    values = {cell: kind for cell, kind in found.items() if cell.lower() != kind}
    return Read({"values": values} if values else {}, 1.0, f"Kinds such as {_some(list(values))}." if values else "")


_READERS: dict[Any, Callable[[Column, list[str]], Read]] = {
    pl.Int64: _number,
    pl.Float64: _number,
    pl.Datetime: _instant,
    pl.Date: _instant,
    pl.Boolean: _flag,
}


def _some(cells: Sequence[str], telling: Callable[[str], bool] = lambda _: True) -> str:
    """Some different cells, those that tell something first."""
    chosen = list(dict.fromkeys([*filter(telling, cells), *cells]))[:SHOWN_CELLS]
    return ", ".join(f"'{cell[:40]}'" for cell in chosen)


def dates_among(texts: Sequence[str]) -> list[str]:
    """The headers that are dates, all of them written in one way."""
    likely = [text for text in texts if _DATE_LIKE.fullmatch(text.strip())]
    if not likely:
        return []
    read = _instant(_HEADER, likely)
    # Where the order of day and month is undecided, each order reads the same headers.
    options = read.choices[0][1] if read.choices else read.options
    form = options.get("date", [])
    formats = [form] if isinstance(form, str) else form
    _, found = _share(likely, partial(read_date, formats=formats, zone=None, day_only=True))
    return [text for text, day in zip(likely, found, strict=True) if day is not None]


def date_format(texts: Sequence[str]) -> Read:
    """How headers that are dates are read."""
    return _instant(_HEADER, list(texts))


_HEADER = Column("date", pl.Date)
_DATE_LIKE = re.compile(r"(?=.*\d)(?=.*\D)[\w .,/:+-]{6,32}")
"""A text that may be a date: digits, and something between them; a bare number may be anybody's id."""
