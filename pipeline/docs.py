"""Command `docs`: pages generated from the code, so that they cannot say something else than it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audits.perturbation import PERTURBATIONS
from features.benign import CHECKS
from features.catalog import features
from features.definition import GROUPS, Feature
from features.signals import SIGNALS
from features.tables import CONTRACTS, Column
from pipeline import layout
from pipeline.audit.page import audit_page, table
from pipeline.card import card_page
from pipeline.errors import UnusableInputError
from pipeline.results import headline, results_page
from pipeline.storage import read_json

PAGES = Path("docs")
README = Path("README.md")
GALLERY = PAGES / "gallery.md"
FIGURES_START, FIGURES_END = "<!-- figures:start -->", "<!-- figures:end -->"
"""Between these marks the README holds the figures of the last run."""

FIGURES = "../reports/audit/figures"
"""The audit's pictures as seen from its page."""

GENERATED = "<!-- Made by `python -m pipeline docs`. Edit the code, not this page. -->\n"

DATA_INTRODUCTION = """\
A dataset folder holds one file (`accounts.parquet`, `.csv[.gz]`, `.jsonl[.gz]`) or one folder of parts per table. Only
`accounts` is required; a missing table, or an account without rows in it, means not observed. Instants are UTC.

The folder may be a link. What lies in it must be files of the folder: links out of it, pipes and devices are refused,
except links into the DVC cache of the project ([why](decisions/0023-links-in-dataset-folders.md)). A packed file may
hold 200 times its size and at least 256 MB, a sheet of a workbook 50 million cells, a batch of Parquet 4 GB of text:
beyond that it is refused before it fills the memory.
"""

FEATURES_INTRODUCTION = """\
One row of numbers per account. A value that cannot be told is null, and null is never a reason. Each group has two
tables, both by signal: what every feature is, and what was measured of it.
"""

SIGNALS_INTRODUCTION = """\
## The signals

Features that see one thing belong to one signal, and a reason speaks for a signal
([why](decisions/0013-reasons-by-signal.md)). Beside a reason stand the benign explanations that were looked into.
"""

NEVER_A_REASON = "never a reason in the scores"

READING_GUIDE = """\
## How to read the measurements

Measured on {accounts:,} simulated accounts of {cohorts} fresh cohorts that no training saw, {inauthentic:,} of them
inauthentic; doses under 10 % are left out. They say what a feature shows on accounts that live by our rules, not what
it is worth on real ones; `make audit-real` sets each feature beside a folder of real accounts.

- **genuine**, **inauthentic**: 5 / 50 / 95 % of the values in each class.
- **AUC alone**: how often the value of an inauthentic account is the more suspicious one of a pair, 0.5 by chance, with
  the {confidence:.0%} interval over cohorts; among accounts that have a value. Oriented as the feature declares: below
  0.5 the declared side is the wrong one. A feature that declares either end or none is oriented as it does better,
  `high` or `low`, so that its AUC cannot lie below 0.5 and says nothing near it.
- **missing**: accounts without a value.
- **the columns after it**: the same accounts recorded otherwise. First the rank correlation of the value with and
  without; then the share of values that become null or move by more than half of the distance between the genuine
  quartiles (where these agree, between 5 and 95 %), and in brackets how much of it is null, the honest way to change.
  **Bold** where more than {unsteady:.0%} move without being null; `=` where no value changes; `-` where too few values
  are left, or none differ, for a correlation. Of {perturbed_accounts:,} accounts, those that the change touches count:
"""

NOT_MEASURED = {
    "network": """\
Not measured: these values depend on which other accounts stand in the folder, and are null below 500 of them. Who
comments where, and who is bought together, is drawn in the simulation by our own rules, so that figures on simulated
folders would describe those rules and not the features. The classifier does not see this group.
""",
}
"""Groups without figures, and why."""

UNSTEADY_SHARE = 0.25
"""Share of values moved, and still told, above which a cell is bold: a mark for the eye, no limit."""

SIDES = {"high": "high values", "low": "low values", "both": "either end", "context": "none (context)"}


def run(*, check: bool) -> None:
    """Write every generated page, or with `check` only compare.

    Raises:
        UnusableInputError: with `check`, naming each page that is stale.
    """
    stale = [*stale_gallery()] if check else []
    for path, text in pages().items():
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            stale.append(f"docs: {path} is not what the code says. Run 'make docs' and commit the page.")
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        raise UnusableInputError(stale)


def stale_gallery() -> list[str]:
    """What is wrong with the gallery, which takes minutes and a browser to draw: it shows another model's verdicts."""
    model = read_json(layout.TRAINING_REPORT)["model_version"]
    if not GALLERY.is_file() or model in GALLERY.read_text(encoding="utf-8"):
        return []
    return [f"docs: {GALLERY} shows another model than {model}. Run 'make gallery' and commit it."]


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
    """The catalogue: per group a table of what every feature declares and one of what the audit measured of it."""
    found = read_json(layout.AUDIT_CATALOGUE)
    parts = ["# The features\n", GENERATED, FEATURES_INTRODUCTION, *_signals(), *_reading_guide(found)]
    places = {name: place for place, name in enumerate(SIGNALS)}
    for group in GROUPS:
        entries = sorted(features([group]).values(), key=lambda entry: places[entry.signal])
        parts.append(f"\n## {group} ({len(entries)})\n")
        parts += ["| feature | signal | what it says | formula | unit | suspicious | null below | scope | source |"]
        parts += ["| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
        parts += [*map(_definition, entries), ""]
        parts += [NOT_MEASURED[group]] if group in NOT_MEASURED else _measurements(group, entries, found)
    return "\n".join(parts).rstrip("\n") + "\n"


def _signals() -> list[str]:
    """Which features each signal has, and which benign explanations are looked into."""
    rows = []
    for name, signal in SIGNALS.items():
        members = ", ".join(each.name for each in features(GROUPS).values() if each.signal == name)
        # Checks of several features or sides may look for one explanation.
        checked = "; ".join(dict.fromkeys(CHECKS[check].name for check in signal.checks))
        rows.append([signal.heading, members, checked or NEVER_A_REASON])
    return [SIGNALS_INTRODUCTION, *table(["signal", "features", "benign explanations looked into"], rows), ""]


def _reading_guide(found: dict[str, Any]) -> list[str]:
    """What the columns of figures mean."""
    figures = {name: value for name, value in found.items() if isinstance(value, int | float)}
    rows = [
        [each.title, each.meaning, f"{found['perturbations'].get(each.name, 0):,}"] for each in PERTURBATIONS.values()
    ]
    text = READING_GUIDE.format(**figures, unsteady=UNSTEADY_SHARE)
    return [text, *table(["column", "what is changed", "accounts touched"], rows)]


def _measurements(group: str, entries: list[Feature], found: dict[str, Any]) -> list[str]:
    """The figures of one group; a feature that the report does not know gets a dash in every cell."""
    titles = [each.title for each in PERTURBATIONS.values()]
    head = ["measured", "genuine", "inauthentic", "AUC alone", "missing", *titles]
    rows = [[entry.name, *_measured_cells(found["features"].get(entry.name))] for entry in entries]
    observed = found["observed"].get(group)
    text = "" if observed is None else f"{observed:.0%} of the accounts have any value in this group.\n"
    return [text, *table(head, rows)]


def _measured_cells(row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return ["-"] * (4 + len(PERTURBATIONS))
    missing = "-" if row["missing_share"] is None else f"{row['missing_share']:.0%}"
    stability = [_steadiness(row["stability"].get(name)) for name in PERTURBATIONS]
    return [_levels(row["genuine"]), _levels(row["inauthentic"]), _alone(row["auc"]), missing, *stability]


def _levels(levels: dict[str, float | None]) -> str:
    numbers = (levels[name] for name in ("low", "median", "high"))
    return " / ".join("-" if number is None else f"{number:.3g}" for number in numbers)


def _alone(auc: dict[str, Any]) -> str:
    if auc["value"] is None:
        return "-"
    side = f" {auc['better_side']}" if auc["better_side"] else ""
    return f"{auc['value']:.3f} ({auc['lower']:.3f} to {auc['upper']:.3f}){side}"


def _steadiness(row: dict[str, Any] | None) -> str:
    """One cell: correlation, and share lost or moved; `=` where nothing changes."""
    if row is None:
        return "="
    correlation = "-" if row["correlation"] is None else f"{row['correlation']:.2f}"
    if row["moved_share"] is None:
        return correlation
    lost = f" ({row['lost_share']:.0%} null)" if row["lost_share"] else ""
    text = f"{correlation}, {row['moved_share']:.0%}{lost}"
    return f"**{text}**" if row["moved_share"] - row["lost_share"] > UNSTEADY_SHARE else text


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


def _definition(entry: Feature) -> str:
    cells = (
        f"`{entry.name}`",
        SIGNALS[entry.signal].heading,
        entry.description,
        entry.formula,
        entry.unit,
        SIDES[entry.suspicious],
        f"{entry.min_rows} rows of `{entry.frame}`",
        entry.scope,
        entry.source,
    )
    # A bar belongs to many a formula, so it is escaped here.
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
