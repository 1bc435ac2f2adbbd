"""What is beside the verdict of some accounts, from the folder that was scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from campaigns.facts import account_facts
from features.tables import only
from pipeline.aside import over_buckets, prepared_aside
from pipeline.dataset import read_bucket
from pipeline.errors import UnusableInputError

SHOWN_IDS = 5


def candidate_facts(
    source: Path,
    account_ids: pl.Series,
    output: Path,
    *,
    as_of: datetime | None,
    jobs: int,
    report: Callable[[str], None],
) -> pl.DataFrame:
    """`account_facts` of these accounts; of all others no row is kept.

    Args:
        source: the dataset folder that was scored.
        account_ids: each must be in it.
        output: where the scratch folder is made and removed.
        as_of: of the scores: what became known later is not used here either.
        jobs: threads over the buckets.
        report: called now and then with what is being done.

    Raises:
        UnusableInputError, TooManyBadRowsError: the folder cannot be used, or lacks one of the accounts.
    """
    with prepared_aside(source, output, as_of=as_of, jobs=jobs, report=report) as prepared:
        found = over_buckets(prepared.folder, _Facts(prepared.folder, account_ids), report, jobs)
    missing = account_ids.filter(~account_ids.is_in(found["account_id"].implode())).to_list()
    if missing:
        raise UnusableInputError(
            f"input: {len(missing):,} scored candidates are not in '{source}'. Found: none of "
            f"{', '.join(missing[:SHOWN_IDS])}. Name the folder that was scored."
        )
    return found


@dataclass(frozen=True)
class _Facts:
    """The facts of the asked accounts of one bucket."""

    prepared: Path
    account_ids: pl.Series

    def __call__(self, bucket: int) -> pl.DataFrame:
        return account_facts(only(read_bucket(self.prepared, bucket), self.account_ids))
