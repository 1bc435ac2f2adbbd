"""Command `docs`: pages generated from the code, so that they cannot say something else than it does."""

from __future__ import annotations

from pathlib import Path

from features.catalog import features
from features.definition import GROUPS, Feature
from features.tables import CONTRACTS, Column
from pipeline.audit.page import audit_page
from pipeline.card import card_page
from pipeline.errors import UnusableInputError
from pipeline.results import headline, results_page

PAGES = Path("docs")
README = Path("README.md")
FIGURES_START, FIGURES_END = "<!-- figures:start -->", "<!-- figures:end -->"
"""Between these marks the README holds the figures of the last run."""

FIGURES = "../reports/audit/figures"
"""The audit's pictures as seen from its page."""

GENERATED = "<!-- Made by `python -m pipeline docs`. Edit the code, not this page. -->\n"

DATA_INTRODUCTION = """\
A dataset folder holds one file (`accounts.parquet`, `.csv[.gz]`, `.jsonl[.gz]`) or one folder of parts per table. Only
`accounts` is required; a missing table, or an account without rows in it, means not observed. Instants are UTC.
"""

SIDES = {"high": "high values", "low": "low values", "both": "either end", "context": "none (context)"}


def run(*, check: bool) -> None:
    """Write every generated page, or with `check` only compare.

    Raises:
        UnusableInputError: with `check`, naming each page that is stale.
    """
    stale = []
    for path, text in pages().items():
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            stale.append(f"docs: {path} is not what the code says. Run 'make docs' and commit the page.")
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        raise UnusableInputError(stale)


def pages() -> dict[Path, str]:
    """Text of every generated page by path."""
    return {
        PAGES / "features.md": features_page(),
        PAGES / "data.md": data_page(),
        PAGES / "results.md": f"# Results of the default run\n\n{GENERATED}\n{results_page()}",
        PAGES / "model-card.md": f"# Model card\n\n{GENERATED}\n{card_page()}",
        PAGES / "audit.md": f"# The audit\n\n{GENERATED}\n{audit_page(FIGURES)}",
        README: _with_figures(README.read_text(encoding="utf-8"), headline()),
    }


def features_page() -> str:
    """The catalogue: one table per group, every feature with all that it declares."""
    parts = [
        "# The features\n",
        GENERATED,
        "One row of numbers per account. A value that cannot be told is null, and null is never a reason.\n",
    ]
    for group in GROUPS:
        entries = list(features([group]).values())
        parts.append(f"\n## {group} ({len(entries)})\n")
        parts.append("| feature | what it says | formula | unit | suspicious | null below | source |")
        parts.append("| --- | --- | --- | --- | --- | --- | --- |")
        parts.extend(_feature_row(entry) for entry in entries)
    return "\n".join(parts) + "\n"


def data_page() -> str:
    """The tables of the contract: columns, types, legal values."""
    parts = [
        "# The data contract: tables\n",
        GENERATED,
        DATA_INTRODUCTION,
    ]
    for contract in CONTRACTS.values():
        key = ", ".join(f"`{name}`" for name in contract.key)
        parts.append(f"\n## {contract.name}\n\n{contract.grain[0].upper()}{contract.grain[1:]}. Key: {key}.\n")
        parts.append("| column | type | required | legal values | meaning |")
        parts.append("| --- | --- | --- | --- | --- |")
        parts.extend(_column_row(column) for column in contract.columns)
    return "\n".join(parts) + "\n"


def _with_figures(text: str, figures: str) -> str:
    """The text with the figures between the marks."""
    before, _, rest = text.partition(FIGURES_START)
    after = rest.partition(FIGURES_END)[2]
    return f"{before}{FIGURES_START}\n{figures}{FIGURES_END}{after}"


def _feature_row(entry: Feature) -> str:
    cells = (
        f"`{entry.name}`",
        entry.description,
        entry.formula,
        entry.unit,
        SIDES[entry.suspicious],
        f"{entry.min_rows} rows of `{entry.frame}`",
        entry.source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _column_row(column: Column) -> str:
    legal = ", ".join(column.allowed) if column.allowed else ""
    if column.low is not None:
        legal = f"{column.low:,.0f} to {column.high:,.0f}" if column.high is not None else f"at least {column.low:,.0f}"
    required = "yes" if column.required else "no"
    return f"| `{column.name}` | {_type_name(column)} | {required} | {legal} | {column.description} |"


def _type_name(column: Column) -> str:
    name = str(column.dtype)
    return {
        "String": "text",
        "Int64": "whole number",
        "Boolean": "true or false",
        "Float64": "number",
        "Date": "date",
    }.get(name, "instant")
