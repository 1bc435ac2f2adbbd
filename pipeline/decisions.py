"""Reviewers' outcomes: a CSV that people write, to one standing decision an account.

Rows are read, cast and quarantined as those of the data contract are. A word that is not one of the three decisions is
refused and not guessed at: "fake" may mean bought followers to one reviewer and a stolen picture to another.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from features.tables import SCHEMES, Column, TableContract
from pipeline.casting import cast_cells
from pipeline.errors import TooManyBadRowsError, UnusableInputError, did_you_mean
from pipeline.export import restored
from pipeline.locating import Folder, check_headers, unreadable
from pipeline.quarantine import CONFLICT, MIN_QUARANTINED_ROWS, Tally, illegal_rows, unreadable_rows
from pipeline.reading import FORMS, ROW_PROBLEM, TableSource, UnreadableFileError, form_of

INAUTHENTIC, GENUINE, UNCLEAR = DECISIONS = ("inauthentic", "genuine", "unclear")

SYNONYMS = {
    INAUTHENTIC: ("fake", "fraud", "bought", "bot", "bots", "reject", "rejected", "yes", "true", "1"),
    GENUINE: ("authentic", "real", "honest", "organic", "ok", "pass", "passed", "no", "false", "0"),
    UNCLEAR: ("unsure", "unknown", "maybe", "review", "undecided", "cannot tell", "?"),
}
"""What people write instead; named in the message, never read as the decision."""

CONTRACT = TableContract(
    "decisions",
    "one row an account and reviewer",
    ("account_id", "reviewer", "decided_on"),
    None,
    (
        Column("account_id", pl.String, required=True, description="as in scores"),
        Column("decision", pl.String, required=True, description="inauthentic, genuine or unclear"),
        Column("decided_on", pl.Date, required=True, description="day of the decision"),
        Column("reviewer", pl.String, description="who decided"),
        Column("scheme", pl.String, description="what was done; several joined by +; of inauthentic accounts only"),
        Column("note", pl.String, description="the reviewer's own words"),
    ),
)

MOST_BAD_SHARE, FEWEST_BAD_ROWS = 0.5, 5
"""A list of which more than this share is bad is refused from so many bad rows on (assumed): tables of a dataset may
hold 20 of them, but a list of a dozen rows, most of them bad, is a wrong file, and what few rows remain would be taken
for all that the reviewers found."""

SAME_DAY = CONFLICT.format(key=", ".join(CONTRACT.key))


@dataclass(slots=True)
class Decisions:
    """What became of the rows.

    Attributes:
        standing: `account_id`, `decision`, `decided_on`, `scheme`; one row an account, sorted.
        quarantine: the rows that cannot be used, as the file has them, with `problem`.
        counts: rows by what became of them; all but `rows_in` add up to it.
        problems: kind of defect to rows that have it.
        warnings: what was not used of the file, a sentence each.
    """

    standing: pl.DataFrame
    quarantine: pl.DataFrame
    counts: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_decisions(path: Path, known_accounts: pl.Series, max_quarantined_share: float) -> Decisions:
    """Read the file and settle each account's decision.

    Of one reviewer's decisions on an account the newest stands. Where reviewers disagree (one says inauthentic and
    another genuine), all their rows go to the quarantine, since nobody here can say who is right; that is no defect
    of the file and does not count towards its limit. A definite decision stands beside an unclear one. The schemes of
    those that agree are joined.

    Args:
        path: CSV (or Parquet, JSON lines) with the columns of `CONTRACT`.
        known_accounts: the accounts that were scored; rows of others are counted and left out.
        max_quarantined_share: largest share of the rows in scope that may be bad, past 20 of them; past
            half of the rows it is 5.

    Raises:
        UnusableInputError: the file cannot be used, or no row of it can; all problems at once.
        TooManyBadRowsError: more bad rows than allowed.
    """
    tally = Tally(CONTRACT)
    source, warnings = _source(path)
    rows, bad = _usable_rows(source, tally, known_accounts)
    # What reviewers noted besides makes no other decision of the same one.
    content = [name for name in rows.columns if name != "note"]
    distinct = rows.sort(rows.columns).unique(subset=content, keep="first", maintain_order=True)
    tally.duplicates_collapsed = rows.height - distinct.height
    clash = distinct.filter(pl.struct(CONTRACT.key).is_duplicated())
    bad.append(_quarantined(tally, clash, SAME_DAY))
    rest = distinct.filter(~pl.struct(CONTRACT.key).is_duplicated())
    tally.used = rest.height
    if tally.rows_in and tally.used == 0 and tally.quarantined:
        kinds = "; ".join(sorted(tally.problems))
        raise UnusableInputError(f"decisions: no row of {path} can be used. Found: {kinds}. Correct the rows.")
    in_scope = tally.used + tally.quarantined + tally.duplicates_collapsed
    fewest = FEWEST_BAD_ROWS if tally.quarantined > MOST_BAD_SHARE * in_scope else MIN_QUARANTINED_ROWS
    excess = tally.too_many(max_quarantined_share, fewest)
    if excess:
        raise TooManyBadRowsError(excess)
    newest = rest.filter(pl.col("decided_on") == pl.col("decided_on").max().over("account_id", "reviewer"))
    split = pl.col("decision").n_unique().over("account_id") > 1
    definite = newest.filter(pl.col("decision") != UNCLEAR)
    disagreeing = definite.filter(split)
    agreed = newest.join(disagreeing, on="account_id", how="anti")
    in_dispute = newest.join(disagreeing, on="account_id", how="semi")
    problem = "the reviewers of the account disagree"
    cells = in_dispute.select(pl.col(name).cast(pl.String) for name in CONTRACT.schema)
    quarantine = pl.concat([*bad, cells.with_columns(problem=pl.lit(problem))])
    return Decisions(
        _standing(agreed),
        quarantine.sort(quarantine.columns),
        {
            "rows_in": tally.rows_in,
            "used": agreed.height,
            "superseded": rest.height - newest.height,
            "disagreeing": in_dispute.height,
            "quarantined": tally.quarantined,
            "duplicates_collapsed": tally.duplicates_collapsed,
            "out_of_scope": tally.out_of_scope,
        },
        dict(sorted((tally.problems + Counter({problem: in_dispute.height})).items())),
        warnings,
    )


def _source(path: Path) -> tuple[TableSource, list[str]]:
    """The file as a table, its header checked, and what of it is not used.

    Raises:
        UnusableInputError: it is missing, of no known form or cannot be read, or lacks a column.
    """
    form = form_of(path)
    if not path.is_file() or form is None:
        found = "no such file" if not path.is_file() else f"a name that ends in none of {', '.join(FORMS)}"
        raise UnusableInputError(f"decisions: '{path}' cannot be read. Found: {found}. Name a CSV file.")
    folder = Folder(tables={CONTRACT.name: TableSource(CONTRACT, form, (path,))})
    check_headers(folder)
    if folder.problems:
        raise UnusableInputError(folder.problems)
    return folder.tables[CONTRACT.name], folder.warnings


def _usable_rows(
    source: TableSource, tally: Tally, known_accounts: pl.Series
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The rows in scope that keep the contract, cast; and the quarantined ones of each batch."""
    good, bad = [pl.DataFrame(schema=CONTRACT.schema)], [_no_quarantine()]
    known = known_accounts.implode()
    try:
        for cells in source.batches():
            # Ids are copied from our own CSV, where some carry a mark.
            raw = restored(cells) if source.form == "csv" else cells
            batch = cast_cells(raw, CONTRACT)
            tally.rows_in += raw.height
            tally.note_cells(raw, batch)
            word = pl.col("decision").str.strip_chars().str.to_lowercase()
            rows = batch.frame.with_columns(word).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
            kept = rows.filter(pl.col("account_id").is_in(known) | pl.col("account_id").is_null())
            tally.out_of_scope += rows.height - kept.height
            unread = unreadable_rows(raw, batch, CONTRACT).join(kept, on="row", how="semi")
            legible = kept.join(unread, on="row", how="anti", maintain_order="left")
            illegal = illegal_rows(legible.select(*CONTRACT.schema), CONTRACT)
            illegal = pl.concat([illegal, _meaningless(legible.select(*CONTRACT.schema))])
            illegal = illegal.with_columns(legible["row"].gather(illegal["row"]))
            problems = pl.concat([unread, illegal])
            if not problems.is_empty():
                bad.append(tally.quarantine(raw.drop(ROW_PROBLEM), problems))
            good.append(legible.join(illegal, on="row", how="anti", maintain_order="left").drop("row"))
    except UnreadableFileError as error:
        raise UnusableInputError([unreadable(CONTRACT.name, error)]) from error
    wrong = tally.wrong_types()
    if wrong:
        raise UnusableInputError(wrong)
    return pl.concat(good), bad


def _meaningless(rows: pl.DataFrame) -> pl.DataFrame:
    """(row, problem) of every decision and scheme that the contract does not know."""
    found: list[tuple[int, str]] = []
    for row, (decision, scheme) in enumerate(rows.select("decision", "scheme").iter_rows()):
        if decision is not None and decision not in DECISIONS:
            found.append((row, f"decision '{decision[:40]}' is none of {', '.join(DECISIONS)}{_meant(decision)}"))
        if scheme is None:
            continue
        unknown = [part for part in scheme.split("+") if part not in SCHEMES]
        if unknown:
            near = did_you_mean(unknown[0], SCHEMES)
            hint = f". Did you mean '{near}'?" if near else ""
            found.append((row, f"scheme '{unknown[0][:40]}' is none of {', '.join(SCHEMES)}{hint}"))
        elif decision != INAUTHENTIC:
            found.append((row, "scheme is named and the decision is not inauthentic"))
    return pl.DataFrame(found, schema={"row": pl.Int64, "problem": pl.String}, orient="row")


def _meant(word: str) -> str:
    near = next((decision for decision, words in SYNONYMS.items() if word in words), None)
    near = near or did_you_mean(word, DECISIONS)
    return f". Did you mean '{near}'?" if near else ""


def _quarantined(tally: Tally, rows: pl.DataFrame, problem: str) -> pl.DataFrame:
    if rows.is_empty():
        return _no_quarantine()
    return tally.quarantine(rows, pl.DataFrame({"row": range(rows.height), "problem": [problem] * rows.height}))


def _no_quarantine() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys([*CONTRACT.schema, "problem"], pl.String))


def _standing(agreed: pl.DataFrame) -> pl.DataFrame:
    """One row an account: the definite decision where there is one, its newest day, and all schemes named."""
    definite = pl.col("decision") != UNCLEAR
    counts = definite | ~definite.any().over("account_id")
    named = pl.col("scheme").drop_nulls().str.split("+").explode().unique()
    found = (
        agreed.filter(counts)
        .group_by("account_id")
        .agg(pl.col("decision").first(), pl.col("decided_on").max(), named.alias("scheme"))
        .sort("account_id")
    )
    joined = [
        "+".join(name for name in SCHEMES if name in schemes) or None
        for schemes in (each.to_list() if each is not None else [] for each in found["scheme"])
    ]
    return found.with_columns(scheme=pl.Series(joined, dtype=pl.String))
