"""A mapping file read and checked by itself, before any file that it names: all that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from features.tables import CONTRACTS
from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.mapping.specification import UNDECIDED, Column, Mapping, Reading, Table, Wide


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
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a day that there is not, a thousand brackets
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
    yield from _place_problems(table, spec, mapping, name)


def _place_problems(table: str, spec: Table, mapping: Mapping, name: str) -> Iterator[str]:
    """What is undecided, and where the rows cannot come from."""
    where = f"tables.{table}"
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
    if spec.from_table:
        for column in (name for name, each in spec.columns.items() if each.value is None):
            yield (
                f"{name}: {where}.{column}: accounts made of a tracker have constants alone. Found: no 'value'. Give "
                "one, or map a file of accounts."
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
