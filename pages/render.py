"""Views into HTML: one template a kind of page, styles and script inside it, and nothing that leads elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pages.wording import PLATFORM_WORDS, VERDICT_NAMES


def page(template: str, view: Mapping[str, Any]) -> str:
    """The page of a view. Everything that data brings in is escaped."""
    return _environment().get_template(template).render(view)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "count": _count,
        "percent": _percent,
        "in_hundred": _in_hundred,
        "day": _day,
        "words": _words,
        "sentence": _sentence,
        "chance": _chance,
        "counted": _counted,
        "money": _money,
        "platform": _platform,
        "verdict": _verdict,
    }
    style, script, candidates = (_source(environment, name) for name in ("style.css", "table.js", "candidates.js"))
    environment.globals |= {
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - likewise
        "candidates_script": Markup(candidates),  # noqa: S704 - likewise
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "candidates_script_hash": _hash(candidates),
    }
    return environment


def _source(environment: Environment, name: str) -> str:
    loader = environment.loader
    if loader is None:
        raise LookupError(name)
    return loader.get_source(environment, name)[0]


def _hash(source: str) -> str:
    """What the content security policy knows our own style or script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _count(value: float | None) -> str:
    if value is None:
        return "not known"
    return "under 1" if 0 < value < _WHOLE else f"{value:,.0f}"


_WHOLE = 0.5
"""What rounds to none, and is more than none."""

_NEARLY_SURE = 0.995
"""Probability from which hundredths would say certainty, which no model has."""


def _in_hundred(probability: float) -> str:
    """A probability in whole hundredths, never as certainty."""
    if probability >= _NEARLY_SURE:
        return "more than 99 in 100"
    return "less than 1 in 100" if probability <= 1 - _NEARLY_SURE else f"{probability * 100:.0f} in 100"


_WHOLE_DIGITS = 0.1
"""Amount from which hundredths are two digits that count."""


def _money(value: float) -> str:
    """An amount in hundredths; a smaller one with two digits that count: a like can cost less."""
    return f"{value:,.2f}" if value >= _WHOLE_DIGITS or value == 0 else f"{value:.2g}"


def _chance(probability: float) -> str:
    """A probability in whole per cent, never as certainty."""
    return "more than 99%" if probability >= _NEARLY_SURE else f"{probability:.0%}"


def _percent(value: float | None, digits: int = 0) -> str:
    return "not known" if value is None else f"{value:.{digits}%}"


def _day(value: Any) -> str:
    return "not known" if value is None else f"{value:%Y-%m-%d}"


def _platform(value: str | None) -> str:
    return "Platform not known" if value is None else PLATFORM_WORDS.get(value, value)


def _verdict(value: str) -> str:
    return VERDICT_NAMES.get(value, value)


def _words(value: str) -> str:
    return value.replace("_", " ")


def _sentence(value: str) -> str:
    """The text with a capital at its start; the rest stays as it is."""
    return value[:1].upper() + value[1:]


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
