"""A result that is made bucket by bucket and becomes one file sorted by account, never all of it in memory.

Buckets hold accounts by hash, so that each bucket's result has accounts of the whole alphabet. Every bucket's is cut at
the same ids; what lies between two cuts, of all buckets, is one range: it fits into memory, is sorted and goes to the
end of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import polars as pl

from pipeline.storage import bucket_numbers, bucket_path, write_parquet

ACCOUNTS_PER_RANGE = 65_536
"""Accounts of a range, all buckets together: some 50 MB of scores."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Account ids cut into ranges; `firsts` are the first ids of all but the first range, rising.

    They follow from the accounts alone, so that the file is the same whatever the buckets.
    """

    firsts: tuple[str, ...]

    @classmethod
    def of(cls, prepared: Path) -> Self:
        """The ranges of the accounts of a prepared folder."""
        files = [bucket_path(prepared, "accounts", bucket) for bucket in bucket_numbers(prepared)]
        ids = pl.concat(pl.read_parquet(file, columns=["account_id"], glob=False) for file in files)["account_id"]
        return cls(tuple(ids.sort().gather_every(ACCOUNTS_PER_RANGE)[1:]))

    @property
    def numbers(self) -> range:
        """The ranges, counted from 0; there is one at least."""
        return range(len(self.firsts) + 1)

    def cut(self, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The rows of each range; they must be sorted by `account_id`."""
        places = [rows["account_id"].search_sorted(first, side="left") for first in self.firsts]
        for start, end in pairwise([0, *places, rows.height]):
            yield rows.slice(start, end - start)

    def within(self, number: int) -> pl.Expr:
        """Whether an `account_id` lies in the range."""
        account = pl.col("account_id")
        low = account >= self.firsts[number - 1] if number > 0 else pl.lit(value=True)
        high = account < self.firsts[number] if number < len(self.firsts) else pl.lit(value=True)
        return low & high


@dataclass(frozen=True, slots=True)
class Parts:
    """One result in the making: a small file per bucket and range, in `folder`."""

    folder: Path
    cuts: Ranges

    def write(self, bucket: int, rows: pl.DataFrame) -> None:
        """Leave the rows of a bucket, sorted by `account_id`. A bucket may be written again, with the same rows."""
        for number, part in enumerate(self.cuts.cut(rows)):
            write_parquet(part, self._file(bucket, number), "uncompressed")

    def ranges(self, buckets: Sequence[int]) -> Iterator[pl.DataFrame]:
        """The rows of all buckets, a range at a time, sorted by `account_id`; those of one account as they were."""
        for number in self.cuts.numbers:
            parts = [pl.read_parquet(self._file(bucket, number), glob=False) for bucket in buckets]
            yield pl.concat(parts).sort("account_id", maintain_order=True)

    def _file(self, bucket: int, number: int) -> Path:
        return self.folder / f"bucket-{bucket:03d}-range-{number:03d}.parquet"
