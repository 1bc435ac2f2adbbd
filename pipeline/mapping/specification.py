"""What a mapping file says: which file, column and text becomes which column of the data contract."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

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

    headers: Literal["date", "account_id"]
    """Column of the contract that the headers hold."""
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
