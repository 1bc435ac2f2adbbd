"""Numbers as platforms and spreadsheets print them: 1,234 · 12.3K · 1,2 Mio. Abonnenten."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

SUFFIXES: dict[str, float] = {
    # Short compact forms of the Unicode CLDR (decimalFormats-numberSystem, "short"), as YouTube and others print them.
    # "mil" is left out: a thousand in Spanish and Portuguese, a million to many others. A mapping has to say.
    "k": 1e3,
    "tsd": 1e3,
    "tys": 1e3,
    "тыс": 1e3,
    "천": 1e3,
    "万": 1e4,
    "萬": 1e4,
    "만": 1e4,
    "lakh": 1e5,
    "m": 1e6,
    "mi": 1e6,
    "mio": 1e6,
    "mln": 1e6,
    "mn": 1e6,
    "млн": 1e6,
    "crore": 1e7,
    "億": 1e8,
    "亿": 1e8,
    "억": 1e8,
    "b": 1e9,
    "bi": 1e9,
    "bn": 1e9,
    "md": 1e9,
    "mld": 1e9,
    "mrd": 1e9,
    "млрд": 1e9,
}
"""Words behind a number, in lower case and without a full stop, and what they multiply by."""

UNITS = (
    # What YouTube, Instagram and others print behind a count; assumed to be all that exports hold.
    "subscribers?|followers?|following|views?|plays?|likes?|comments?|replies|posts?|videos?|tweets?"
    "|abonnenten|abonnent|aufrufe?|beiträge|kommentare?|abonnés?|abonnements|vues?|j.aime|publications|commentaires?"
    "|suscriptores|seguidores|visualizaciones|vistas|publicaciones|comentarios|inscritos|visualizações|publicações"
    "|iscritti|visualizzazioni|подписчиков|просмотров"
)
"""Words that may follow a number and mean nothing more, as a pattern."""

_GROUPS = {".": ",", ",": "."}
"""Decimal mark to the mark between thousands; a space and an apostrophe are read as such with both."""

_SPACES = "\u00a0\u2009\u202f "
_APOSTROPHES = "'\u2019"
_CLOSE = 1e-6
"""Of a product of a decimal fraction and a power of ten: how far from a whole number is still the whole number."""


def pattern(decimal: str, suffixes: Mapping[str, float]) -> str:
    """A pattern of such numbers with four groups: sign, whole part, fraction, suffix."""
    group = re.escape(_GROUPS[decimal])
    words = "|".join(re.escape(word) for word in sorted(suffixes, key=lambda word: (-len(word), word)))
    return (
        rf"(?i)^\s*([+-]?)([1-9]\d{{0,2}}(?:[{group}{_SPACES}{_APOSTROPHES}]\d{{3}})+|\d+)(?:{re.escape(decimal)}(\d+))?"
        rf"[\s{_SPACES}]*(?:({words})\.?)?[\s{_SPACES}]*(?:de\s+)?(?:{UNITS})?\s*$"
    )


def read_number(text: pl.Expr, decimal: str, times: float, suffixes: Mapping[str, float]) -> pl.Expr:
    """The texts as plain numbers (texts again, which the contract reads exactly); null where a text is none."""
    known = {**SUFFIXES, **suffixes}
    part = text.str.extract_groups(pattern(decimal, known)).struct
    digits = part.field("2").str.replace_all(r"\D", "")
    fraction, suffix = part.field("3"), part.field("4").str.to_lowercase()
    whole = pl.concat_str(part.field("1").str.replace("+", "", literal=True), digits)
    factor = suffix.replace_strict(known, default=None, return_dtype=pl.Float64).fill_null(1.0) * times
    value = pl.concat_str(whole, pl.lit("."), fraction.fill_null("0")).cast(pl.Float64, strict=False) * factor
    nearest = value.round()
    is_whole = (value - nearest).abs() <= _CLOSE
    product = (
        pl.when(is_whole).then(nearest.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(value.cast(pl.String))
    )
    # A whole number that is multiplied by nothing stays as exact as it was written.
    return pl.when(fraction.is_null() & (factor == 1.0)).then(whole).otherwise(product)
