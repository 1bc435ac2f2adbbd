"""Views into HTML: one template a kind of page, styles and script inside it, and nothing that leads elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def page(template: str, view: Mapping[str, Any]) -> str:
    """The page of a view. Everything that data brings in is escaped."""
    return _environment().get_template(template).render(view)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"count": _count, "percent": _percent, "day": _day, "words": _words}
    style, script = (_source(environment, name) for name in ("style.css", "table.js"))
    environment.globals |= {
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - likewise
        "style_hash": _hash(style),
        "script_hash": _hash(script),
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
    return "not known" if value is None else f"{value:,.0f}"


def _percent(value: float | None, digits: int = 0) -> str:
    return "not known" if value is None else f"{value:.{digits}%}"


def _day(value: Any) -> str:
    return "not known" if value is None else f"{value:%Y-%m-%d}"


def _words(value: str) -> str:
    return value.replace("_", " ")
