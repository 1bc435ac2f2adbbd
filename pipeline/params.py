"""params.yaml as typed objects: each stage reads its own section and no other.

A stage declares its section as a pydantic model beside its code and asks for it by name; every error of the section
is reported at once, an unknown key with the nearest known one.
"""

from __future__ import annotations

import difflib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from pipeline.errors import UnusableInputError
from pipeline.layout import PARAMS


class Section(BaseModel):
    """Base of every section: no unknown key, no value changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_instant(value: str | date) -> datetime:
    """An ISO 8601 instant in UTC; without a zone it is UTC, and a bare date means the end of that UTC day.

    Raises:
        ValueError: the text is no instant, or one beyond the calendar.
    """
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(instant, datetime) or (isinstance(value, str) and _is_bare_date(value)):
            instant = datetime(instant.year, instant.month, instant.day, tzinfo=UTC) + timedelta(days=1)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"'{value}' is not an ISO 8601 instant such as 2026-02-01T00:00:00Z.") from error


def _is_bare_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


Instant = Annotated[datetime, BeforeValidator(as_instant)]
"""An instant of params.yaml, read as the commands read `--as-of`."""

SectionType = TypeVar("SectionType", bound=BaseModel)


def read_section(name: str, model: type[SectionType], path: Path = PARAMS) -> SectionType:
    """The section `name` of params.yaml as `model`.

    Raises:
        UnusableInputError: the file or the section is missing, or keys or values are wrong; all of them at once.
    """
    if not path.is_file():
        raise UnusableInputError([f"params: {path} is missing. Run the command in the project's folder."])
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # no text, a day that there is not, too many brackets
        raise UnusableInputError([f"params: {path} is not YAML ({error}). Mend the line it names."]) from error
    if not isinstance(document, dict) or name not in document:
        found = ", ".join(map(str, document)) if isinstance(document, dict) else type(document).__name__
        raise UnusableInputError([f"params: section '{name}' is missing from {path}. Found: {found}."])
    try:
        return model.model_validate(document[name] if document[name] is not None else {})
    except ValidationError as error:
        raise UnusableInputError([_sentence(name, model, entry) for entry in error.errors()]) from error


def _sentence(section: str, model: type[BaseModel], entry: Any) -> str:
    where = ".".join([section, *map(str, entry["loc"])])
    if entry["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(entry["loc"][-1]), _known_keys(model, entry["loc"][:-1]), n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        return f"params: '{where}' is not a known key.{hint}"
    if entry["type"] == "missing":
        return f"params: '{where}' is missing. Add it."
    return f"params: '{where}' is {entry['input']!r}: {entry['msg']}."


def _known_keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    current: Any = model
    for step in path:
        field = getattr(current, "model_fields", {}).get(step)
        current = field.annotation if field is not None else None
    return list(getattr(current, "model_fields", {}))
