"""Dates and instants as exports print them, to ISO 8601: strftime's formats, seconds since 1970, months by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import polars as pl

from pipeline.casting import INSTANT_PATTERN

EPOCHS = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000}
"""Names of formats that count since 1970, and the microseconds of their unit."""

_FIRST_YEAR = 1900
"""Where %Y reads an earlier one, the year has two digits."""

_DIRECTIVES = "YymdebBhHIMSpfzaAjTRF%"
"""What may follow a percent sign; see https://docs.rs/chrono/latest/chrono/format/strftime/."""

MONTHS: dict[str, tuple[str, ...]] = {
    # Unicode CLDR, Gregorian months, wide and abbreviated: German, Spanish, French, Portuguese, Italian.
    "January": ("Januar", "Jänner", "Jan", "enero", "ene", "janvier", "janv", "janeiro", "gennaio", "gen"),
    "February": ("Februar", "Feb", "febrero", "février", "févr", "fevereiro", "fev", "febbraio"),
    "March": ("März", "Mär", "Mrz", "marzo", "mars", "março", "mar"),
    "April": ("April", "Apr", "abril", "abr", "avril", "avr", "aprile"),
    "May": ("Mai", "mayo", "may", "maio", "maggio", "mag"),
    "June": ("Juni", "Jun", "junio", "juin", "junho", "giugno", "giu"),
    "July": ("Juli", "Jul", "julio", "juillet", "juil", "julho", "luglio", "lug"),
    "August": ("August", "Aug", "agosto", "ago", "août"),
    "September": ("September", "Sept", "Sep", "septiembre", "septembre", "setembro", "set", "settembre"),
    "October": ("Oktober", "Okt", "octubre", "octobre", "outubro", "out", "ottobre", "ott", "oct"),
    "November": ("November", "Nov", "noviembre", "novembre", "novembro"),
    "December": ("Dezember", "Dez", "diciembre", "dic", "décembre", "déc", "dezembro", "dicembre"),
}
"""English month, which polars reads, to its names elsewhere."""

_ENGLISH = {name.lower(): month for month, names in MONTHS.items() for name in (month, month[:3], *names)}
_MONTH = r"(?i)\b(" + "|".join(sorted(map(re.escape, _ENGLISH), key=lambda name: (-len(name), name))) + r")\b\.?"


def check_format(text: str) -> None:
    """Refuse what is no format.

    Raises:
        ValueError: saying so.
    """
    if text in EPOCHS:
        return
    directives = re.findall(r"%[-.#:\d]*(.?)", text)
    if not directives or any(not each or each not in _DIRECTIVES for each in directives):
        raise ValueError("is not a format such as %Y-%m-%d, %d.%m.%Y %H:%M, epoch_seconds or epoch_milliseconds")


def check_zone(name: str) -> None:
    """Refuse what is no time zone.

    Raises:
        ValueError: saying so.
    """
    try:
        ZoneInfo(name)
    except (OSError, KeyError, ValueError) as error:  # its own error for an unknown zone is a KeyError
        raise ValueError("is not an IANA time zone such as Europe/Berlin") from error


def read_date(text: pl.Expr, formats: Sequence[str], zone: str | None, *, day_only: bool) -> pl.Expr:
    """The texts in ISO 8601: the first format that fits, and ISO itself behind them; null where none does.

    An instant without a zone is of `zone`. With `day_only` a date without a time of day stays the day that it names,
    whatever the zone.
    """
    clean = text.str.strip_chars().str.replace_all(r"[\s\u00a0\u202f]+", " ")
    read = [_read(clean, each, zone, day_only=day_only) for each in formats]
    return pl.coalesce(*read, _iso(clean, zone, day_only=day_only))


def _read(text: pl.Expr, form: str, zone: str | None, *, day_only: bool) -> pl.Expr:
    if form in EPOCHS:
        count = text.str.extract(r"^(\d+(?:\.\d+)?)$").cast(pl.Float64, strict=False)
        instant = (count * EPOCHS[form]).round().cast(pl.Int64, strict=False).cast(pl.Datetime("us", "UTC"))
        return _printed(instant)
    if re.search(r"%[bBh]", form):
        # Polars knows the months in English alone; %B reads both the long names and the short ones.
        text, form = _in_english(text), re.sub(r"%[bh]", "%B", form)
    if not re.search(r"%[.#:\d]*[HITR]", form):
        day = text.str.to_date(form, strict=False, exact=True)
        day = pl.when(day.dt.year() >= _FIRST_YEAR).then(day)
        iso = day.dt.to_string("%Y-%m-%d")
        return iso if day_only or zone is None else _printed(_zoned(day.cast(pl.Datetime("us")), zone))
    instant = text.str.to_datetime(form, time_unit="us", strict=False, exact=True)
    instant = pl.when(instant.dt.year() >= _FIRST_YEAR).then(instant)
    return _printed(instant if re.search(r"%[#:]*z", form) else _zoned(instant, zone))


def _in_english(text: pl.Expr) -> pl.Expr:
    name = text.str.extract(_MONTH).str.to_lowercase()
    english = name.replace_strict(_ENGLISH, default=None, return_dtype=pl.String)
    before, after = text.str.extract(rf"^(.*?){_MONTH}", 1), text.str.extract(rf"{_MONTH}(.*)$", 2)
    return pl.coalesce(pl.concat_str(before, english, after), text)


def _iso(text: pl.Expr, zone: str | None, *, day_only: bool) -> pl.Expr:
    """ISO 8601 as the contract reads it; without a zone of its own it is of `zone`."""
    if zone is None:
        return pl.when(text.str.contains(INSTANT_PATTERN)).then(text)
    part = text.str.extract_groups(INSTANT_PATTERN).struct
    day, clock, names_zone = part.field("1"), part.field("2"), part.field("5").is_not_null()
    naive = pl.concat_str(
        day,
        pl.lit("T"),
        clock.fill_null("00:00"),
        pl.lit(":"),
        part.field("3").fill_null("00"),
        pl.lit("."),
        part.field("4").fill_null("0"),
    ).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    as_it_is = names_zone | (clock.is_null() if day_only else pl.lit(False))
    return pl.when(day.is_null()).then(None).when(as_it_is).then(text).otherwise(_printed(_zoned(naive, zone)))


def _zoned(naive: pl.Expr, zone: str | None) -> pl.Expr:
    """An instant; of an hour that a clock shows twice the earlier, and none for an hour that it leaves out."""
    return naive.dt.replace_time_zone(zone or "UTC", ambiguous="earliest", non_existent="null").dt.convert_time_zone(
        "UTC"
    )


def _printed(instant: pl.Expr) -> pl.Expr:
    return instant.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
