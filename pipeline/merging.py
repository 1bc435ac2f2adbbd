"""A user's own labelled accounts put beside the labelled dataset, so that one model learns from both.

Each folder is prepared by itself, exactly as it would be alone; then the buckets are joined. The labels of the result
say in `origin` which folder an account came from. Nothing but the split, the weights and the reports reads it.
"""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

import polars as pl

from features.tables import CONTRACTS
from models.origins import DATASET, ORIGIN, OWN, one_class_problem
from pipeline import storage
from pipeline.dataset import (
    DatasetSummary,
    TableSummary,
    bucket_ids,
    check_places,
    prepare_dataset,
    read_labels,
    read_summary,
)
from pipeline.errors import UnusableInputError
from pipeline.layout import SUMMARY_FILE
from pipeline.pseudonyms import Pseudonyms, pseudonyms
from pipeline.routing import Progress

OWN_SUMMARY_FILE, OWN_QUARANTINE_FOLDER = "own_summary.json", "quarantine_own"
"""What became of the rows of the own folder, beside the `summary.json` of both and the dataset's `quarantine`."""

OWN_COHORT = "own/"
"""What the cohorts of own accounts start with in the result, so that none is one of the dataset's by its name."""

SHOWN_ACCOUNTS = 5


def holds_tables(folder: Path) -> bool:
    """Whether a folder holds anything besides a page that explains it; an empty one means: no own accounts.

    Raises:
        UnusableInputError: there is no such folder.
    """
    if not folder.is_dir():
        raise UnusableInputError(
            f"params: 'prepare.own_dataset' names '{folder}'. Found: no such folder. Name a dataset folder, or an "
            "empty one where there are no own accounts."
        )
    return any(not path.name.startswith((".", "README")) for path in folder.iterdir())


def prepare_together(
    source: Path,
    own: Path,
    destination: Path,
    *,
    as_of: datetime | None,
    buckets: int,
    max_quarantined_share: float,
    jobs: int,
    progress: Progress | None = None,
    under: Pseudonyms | None = None,
) -> DatasetSummary:
    """Prepare both folders and leave their accounts together in `destination`, as `prepare_dataset` leaves one.

    `source` is the labelled dataset folder and `own` the user's, of whose accounts none may be in `source`; the other
    arguments are those of `prepare_dataset`, and hold for each folder.

    Raises:
        UnusableInputError, TooManyBadRowsError: see `prepare_dataset`; also where the own folder has no labels, or an
            account or cohort stands in both.
    """
    check_places(source, destination)
    check_places(own, destination)
    with storage.atomic_folder(destination) as temporary:
        parts = {DATASET: temporary / ".dataset", OWN: temporary / ".own"}
        for origin, folder in ((DATASET, source), (OWN, own)):
            prepare_dataset(
                folder,
                parts[origin],
                as_of=as_of,
                buckets=buckets,
                max_quarantined_share=max_quarantined_share,
                jobs=jobs,
                progress=progress,
                under=under,
            )
        _check_apart(parts[DATASET], parts[OWN])
        for table in CONTRACTS:
            for bucket in bucket_ids(parts[DATASET]):
                storage.write_parquet(_joined(parts, table, bucket), storage.bucket_path(temporary, table, bucket))
        (under or pseudonyms()).note(temporary)
        summary = _summary(read_summary(parts[DATASET]), read_summary(parts[OWN]))
        storage.write_json(summary.model_dump(mode="json"), temporary / SUMMARY_FILE)
        (parts[OWN] / SUMMARY_FILE).rename(temporary / OWN_SUMMARY_FILE)
        (parts[DATASET] / storage.QUARANTINE_FOLDER).rename(temporary / storage.QUARANTINE_FOLDER)
        (parts[OWN] / storage.QUARANTINE_FOLDER).rename(temporary / OWN_QUARANTINE_FOLDER)
        for folder in parts.values():
            shutil.rmtree(folder)
    return summary


def _joined(parts: dict[str, Path], table: str, bucket: int) -> pl.DataFrame:
    frames = []
    for origin, folder in parts.items():
        frame = pl.read_parquet(storage.bucket_path(folder, table, bucket), glob=False)
        frames.append(_with_origin(frame, origin) if table == "labels" else frame)
    return pl.concat(frames).sort(CONTRACTS[table].key)


def _with_origin(labels: pl.DataFrame, origin: str) -> pl.DataFrame:
    labels = labels.with_columns(pl.lit(origin).alias(ORIGIN))
    return labels.with_columns(cohort=OWN_COHORT + _cohort()) if origin == OWN else labels


def _cohort() -> pl.Expr:
    """The cohort of an account; one of no named cohort is a cohort of its own."""
    return pl.coalesce("cohort", "account_id")


def _check_apart(dataset: Path, own: Path) -> None:
    """Refuse own accounts that cannot be told from the dataset's, or that teach nothing."""
    labels = read_labels(own)
    if labels.is_empty():
        raise UnusableInputError(
            "own_dataset: training on own accounts needs their labels. Found: none. Add a table 'labels' with "
            "'account_id' and 'is_inauthentic'."
        )
    # A dose too small for the label (a scheme is named, the label is false) is no example of a genuine account.
    bought = labels.filter(pl.col("is_inauthentic") | pl.col("scheme").is_null())["is_inauthentic"]
    one_class = one_class_problem(int((~bought).sum()), int(bought.sum()))
    problems = [] if one_class is None else [one_class]
    own_ids, ids = (_account_ids(folder) for folder in (own, dataset))
    common = own_ids.filter(own_ids.is_in(ids.implode())).sort().to_list()
    if common:
        more = f" and {len(common) - SHOWN_ACCOUNTS:,} more" if len(common) > SHOWN_ACCOUNTS else ""
        problems.append(
            f"own_dataset: {len(common):,} accounts stand in the dataset, too. Found: "
            f"{', '.join(common[:SHOWN_ACCOUNTS])}{more}. Remove them from one of the two, or rename them."
        )
    cohorts = read_labels(dataset).select(_cohort()).to_series()
    clash = labels.select(OWN_COHORT + _cohort()).to_series().unique()
    clash = clash.filter(clash.is_in(cohorts.implode()))
    if len(clash):
        problems.append(
            f"own_dataset: cohorts of the dataset are named as own ones will be. Found: {clash.sort()[0]}. "
            f"Rename those of the dataset that start with '{OWN_COHORT}'."
        )
    if problems:
        raise UnusableInputError(problems)


def _account_ids(prepared: Path) -> pl.Series:
    files = [storage.bucket_path(prepared, "accounts", bucket) for bucket in bucket_ids(prepared)]
    return pl.concat([pl.read_parquet(file, columns=["account_id"], glob=False) for file in files])["account_id"]


def _summary(dataset: DatasetSummary, own: DatasetSummary) -> DatasetSummary:
    """Both summaries as one: counts added up, warnings of the own folder marked as such."""
    instants = [each.as_of for each in (dataset, own) if each.as_of is not None]
    names = dict.fromkeys([*dataset.tables, *own.tables])
    return DatasetSummary(
        as_of=max(instants, default=None),
        buckets=dataset.buckets,
        tables={name: _added([each.tables[name] for each in (dataset, own) if name in each.tables]) for name in names},
        warnings=[*dataset.warnings, *(f"own_dataset: {warning}" for warning in own.warnings)],
    )


def _added(tables: list[TableSummary]) -> TableSummary:
    counts = [name for name in TableSummary.model_fields if name != "problems"]
    problems: Counter[str] = sum((Counter(table.problems) for table in tables), Counter())
    return TableSummary(
        **{name: sum(getattr(table, name) for table in tables) for name in counts},
        problems=dict(sorted(problems.items())),
    )
