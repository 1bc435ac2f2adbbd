"""Command `features`: the feature table of any dataset folder.

Apart from the stage `extract`, which needs one group's module alone: an edit of the network leaves the stages valid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from features.compute import compute
from features.definition import MODEL_GROUPS
from pipeline.aside import over_buckets, prepared_aside
from pipeline.dataset import read_bucket
from pipeline.errors import UnusableInputError
from pipeline.extract import check_groups
from pipeline.network import GROUP as NETWORK
from pipeline.network import network_features
from pipeline.pseudonyms import Pseudonyms
from pipeline.storage import write_parquet

OTHER_FORMATS = (".csv", ".json", ".jsonl", ".tsv", ".txt", ".xlsx")
"""Endings that promise another format than the table's."""


def features_file(
    source: Path,
    output: Path,
    groups: Sequence[str],
    *,
    reference: Path | None = None,
    under: Pseudonyms | None = None,
    as_of: datetime | None,
    jobs: int,
    report: Callable[[str], None],
) -> pl.DataFrame:
    """The feature table, written to `output` and returned.

    The columns are in the catalogue's order, whatever the order of `groups`. The accounts of `reference`, a dataset
    folder, count as observed for the network features, and for nothing else. No value depends on `under`, what
    commenters' ids are replaced by.

    Raises:
        UnusableInputError: an unknown group, or an input that cannot be used; nothing is written then.
        TooManyBadRowsError: see `prepare_dataset`.
    """
    check_groups(groups)
    if reference is not None and NETWORK not in groups:
        raise UnusableInputError(
            f"reference: it serves the group '{NETWORK}' alone. Found: {', '.join(groups)}. Add '{NETWORK}' to "
            "--groups, or leave --reference out."
        )
    if output.is_dir():
        raise UnusableInputError(f"output: '{output}' is a folder. Give the name of a Parquet file.")
    if output.suffix.lower() in OTHER_FORMATS:
        raise UnusableInputError(f"output: the table is Parquet. Found: '{output}'. Let its name end in .parquet.")
    alone = [group for group in MODEL_GROUPS if group in groups]
    with prepared_aside(source, output, as_of=as_of, jobs=jobs, report=report, under=under) as prepared:
        folder = prepared.folder
        accounts = prepared.summary.tables["accounts"].used
        table = over_buckets(
            folder, lambda bucket: compute(read_bucket(folder, bucket), alone), report, jobs, rows=accounts
        )
        if NETWORK in groups:
            network = network_features(prepared, reference, report, jobs)
            table = table.join(network, on="account_id", how="left", maintain_order="left")
    write_parquet(table, output)
    return table
