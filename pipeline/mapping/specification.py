"""What a mapping file says: which file, column and text becomes which column of the data contract."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from features.tables import CONTRACTS
from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.mapping.dates import check_format, check_zone

UNDECIDED = "undecided"
"""What a guess leaves where the data allows two readings: a mapping that holds it is refused."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _listed(value: Any) -> Any:
    values = value if isinstance(value, list | tuple) else [value]
    return [_text(each) if isinstance(each, bool | int | float) else each for each in values]


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One text or a list of them."""


class Reading(_Strict):
    """How the cells of a column are read; what is not said is read as the contract reads it."""

    decimal: Literal[".", ",", "undecided"] | None = None
    """Numbers are texts such as 1,234, 12.3K or 1.2M followers, with this decimal mark."""
    times: float | None = Field(default=None, gt=0)
    """What every number is multiplied by: 1000 where the export counts thousands."""
    suffixes: dict[str, float] = {}
    """Words after a number and what they multiply by, besides those that mean the same everywhere (K, M, Mio, ...)."""
    date: Texts = ()
    """Formats, the first that fits: strftime's, epoch_seconds or epoch_milliseconds; ISO 8601 is always read."""
    zone: str | None = None
    """IANA time zone of instants that name none; UTC otherwise."""
    values: dict[str, str] = {}
    """Texts and what they stand for; others stay as they are."""
    missing: Texts = ()
    """Texts that mean: not observed."""

    @field_validator("date")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for each in formats:
            if each != UNDECIDED:
                check_format(each)
        return formats

    @field_validator("zone")
    @classmethod
    def _zone(cls, zone: str | None) -> str | None:
        if zone is not None:
            check_zone(zone)
        return zone

    @field_validator("values", "suffixes", mode="before")
    @classmethod
    def _texts(cls, values: Any) -> Any:
        # YAML reads Yes and No as true and false, and 1 as a number: the cells are texts.
        if not isinstance(values, dict):
            return values
        return {_text(key): _text(value) if isinstance(value, bool | int) else value for key, value in values.items()}

    @field_validator("suffixes")
    @classmethod
    def _multipliers(cls, suffixes: dict[str, float]) -> dict[str, float]:
        if any(not factor > 0 for factor in suffixes.values()):
            raise ValueError("a suffix multiplies by a number above 0")
        return {word.lower().rstrip("."): factor for word, factor in suffixes.items()}

    @property
    def is_number(self) -> bool:
        """Whether the cells are texts of numbers to be read here."""
        return self.decimal is not None or self.times is not None or bool(self.suffixes)


def _text(value: Any) -> str:
    """A plain value of YAML as the text of a cell."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


class Column(Reading):
    """Where one column of the contract comes from: exactly one of the first three."""

    source: str | None = Field(default=None, alias="from")
    """Column of the file; in JSON a path such as statistics.viewCount, or ../id of the record around the row."""
    value: str | None = None
    """The same for every row."""
    file_name: Literal[True] | None = None
    """The name of the file without its ending."""

    @field_validator("value", mode="before")
    @classmethod
    def _constant(cls, value: Any) -> Any:
        return _text(value) if isinstance(value, bool | int | float | date) else value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(each is not None for each in (self.source, self.value, self.file_name)) != 1:
            raise ValueError("exactly one of 'from', 'value' and 'file_name' says where the column comes from")
        return self


def _column(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


class Wide(_Strict):
    """A table that is laid out across: its remaining columns are one reading each."""

    headers: str
    """Column of the contract that the headers hold: date, or account_id."""
    date: Texts = ()
    """Formats of the headers where they are dates; a header that fits none is not a reading."""
    cells: dict[str, Annotated[Reading, BeforeValidator(lambda value: value or {})]] = Field(min_length=1, max_length=1)
    """The column of the contract that the cells hold, and how they are read."""
    leave_out: Texts = ()
    """Columns of the file that are neither mapped nor a reading."""

    @field_validator("date")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return Reading(date=formats).date


class Table(_Strict):
    """Where one table of the contract comes from."""

    file: Texts = ()
    """Names or patterns (profiles/*.json) below the folder."""
    sheet: str | None = None
    """Of a spreadsheet; the first by default."""
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    """Of a CSV; a comma by default, a tab for .tsv."""
    encoding: str = "utf-8"
    """Of a CSV, by Python's name."""
    skip_rows: int = Field(default=0, ge=0)
    """Lines above the header of a CSV or spreadsheet."""
    rows: str | None = None
    """JSON: path to the list whose elements are the rows; by default each record is one."""
    from_table: Literal["followers_daily"] | None = None
    """accounts alone: one for each id of that table, with its newest reading."""
    columns: dict[str, Annotated[Column, BeforeValidator(_column)]] = {}
    wide: Wide | None = None
    missing: Texts = ()
    """Texts that mean, in every column: not observed."""

    @field_validator("encoding")
    @classmethod
    def _codec(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError as error:
            raise ValueError("is not an encoding such as utf-8, cp1252 or utf-16") from error
        return encoding

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.file) == (self.from_table is not None):
            raise ValueError("exactly one of 'file' and 'from_table' says where the rows are")
        return self

    def produced(self) -> list[str]:
        """The columns of the contract that the mapping fills, in no order; one that is filled twice stands twice."""
        derived = ["account_id", "follower_count", "observed_at"] if self.from_table else []
        wide = [self.wide.headers, *self.wide.cells] if self.wide else []
        return [*self.columns, *derived, *wide]


class Mapping(_Strict):
    """A whole mapping: a table of the contract each."""

    tables: dict[str, Table] = Field(min_length=1)


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error: a column that is mapped twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """As the base, but every key once."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict):
                continue  # the base says what is wrong with it
            if key in seen:
                problem = f"'{key}' stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


# Texts of exports are not to be read as truth values: 'no' is a language, and 'On' a cell.
_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(?:true|false)$"), list("tf"))


def read_mapping(path: Path) -> Mapping:
    """The mapping of a file.

    Raises:
        UnusableInputError: the file is missing or says what no mapping may; all of it at once.
    """
    name = path.name
    try:
        # A duplicate or a stray key is found by a loader of our own, which constructs nothing but plain values.
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    except FileNotFoundError as error:
        repair = "Make one: python -m pipeline map --input DIR --output map.yaml."
        raise UnusableInputError(f"mapping: '{path}' cannot be read. Found: no such file. {repair}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInputError(f"mapping: '{path}' cannot be read. Found: {error}. Give a text file.") from error
    except yaml.YAMLError as error:
        found = " ".join(str(error).split())
        raise UnusableInputError(f"{name}: is not the YAML of a mapping. Found: {found}. Mend that line.") from error
    try:
        mapping = Mapping.model_validate(document)
    except ValidationError as error:
        raise UnusableInputError([_sentence(name, entry) for entry in error.errors()]) from error
    problems = list(mapping_problems(mapping, name))
    if problems:
        raise UnusableInputError(problems)
    return mapping


def mapping_problems(mapping: Mapping, name: str) -> Iterator[str]:
    """What is wrong with a mapping by itself, before any file is looked at."""
    if "accounts" not in mapping.tables:
        found = ", ".join(mapping.tables)
        yield f"{name}: table 'accounts' is not mapped. Found: {found}. Add it, from a file or with 'from_table'."
    for table, spec in mapping.tables.items():
        if table not in CONTRACTS:
            yield _unknown(name, f"tables.{table}", table, list(CONTRACTS))
            continue
        yield from _table_problems(table, spec, mapping, name)


def _table_problems(table: str, spec: Table, mapping: Mapping, name: str) -> Iterator[str]:
    contract, where = CONTRACTS[table], f"tables.{table}"
    produced = spec.produced()
    for column in dict.fromkeys(produced):
        if column not in contract.schema:
            yield _unknown(name, f"{where}: column '{column}'", column, list(contract.schema))
        if produced.count(column) > 1:
            yield f"{name}: {where}: column '{column}' is mapped {produced.count(column)} times. Keep one of them."
    missing = [column for column in contract.required if column not in produced]
    for column in missing:
        found = ", ".join(dict.fromkeys(produced)) or "no column"
        yield f"{name}: {where}: column '{column}' is required, and not mapped. Found: {found}. Say where it is."
    readings: dict[str, Reading] = {**spec.columns, **(spec.wide.cells if spec.wide else {})}
    for column, reading in readings.items():
        yield from _undecided(f"{name}: {where}.{column}", reading)
    if spec.wide and UNDECIDED in spec.wide.date:
        yield from _undecided(f"{name}: {where}.wide", Reading(date=spec.wide.date))
    if spec.from_table and (table != "accounts" or spec.from_table not in mapping.tables):
        yield (
            f"{name}: {where}: 'from_table: {spec.from_table}' makes accounts of a tracker. Found: table '{table}' of "
            f"{', '.join(mapping.tables)}. Map followers_daily, and use it for accounts alone."
        )
    if spec.rows and spec.wide:
        yield f"{name}: {where}: 'rows' is for JSON and 'wide' for tables. Found: both. Keep one of them."


def _undecided(where: str, reading: Reading) -> Iterator[str]:
    if UNDECIDED in reading.date:
        yield (
            f"{where}: the order of day and month is undecided. Found: dates that can be read both ways. "
            'Write the format, such as "%d/%m/%Y" (day first) or "%m/%d/%Y" (month first).'
        )
    if reading.decimal == UNDECIDED:
        yield (
            f"{where}: the decimal mark is undecided. Found: numbers that can be read both ways. "
            'Write decimal: "." (1.234M is one million) or decimal: "," (1.234M has a mark of thousands).'
        )
    if isinstance(reading, Column) and reading.value == UNDECIDED:
        yield f"{where}: the value is undecided. Found: nothing in the files that tells it. Write it."


def _unknown(name: str, where: str, found: str, known: list[str]) -> str:
    near = did_you_mean(found, known)
    hint = f"Did you mean '{near}'?" if near else f"The contract knows {', '.join(known)}."
    return f"{name}: {where}: is not in the data contract. Found: '{found}'. {hint}"


_KNOWN = sorted(
    {field.alias or key for model in (Column, Wide, Table, Mapping) for key, field in model.model_fields.items()}
)


def _sentence(name: str, entry: Any) -> str:
    place = ".".join(map(str, entry["loc"])) or "the file"
    if entry["type"] == "extra_forbidden":
        near = did_you_mean(str(entry["loc"][-1]), _KNOWN)
        hint = f"Did you mean '{near}'?" if near else "Remove it."
        return f"{name}: '{place}' is not a known key. Found: {entry['input']!r:.60}. {hint}"
    if entry["type"] == "missing":
        return f"{name}: '{place}' is missing. Add it."
    message = entry["msg"].removeprefix("Value error, ")
    return f"{name}: '{place}' cannot be used: {message}. Found: {entry['input']!r:.80}. Mend it (docs/mapping.md)."
