"""Stage `prepare`: the raw training dataset to clean buckets."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from pipeline import layout
from pipeline.dataset import prepare_dataset
from pipeline.params import Instant, Section, read_section
from pipeline.routing import Progress


class PrepareParams(Section):
    """Section `prepare` of params.yaml."""

    dataset: Path
    """Folder of the raw dataset."""
    buckets: int = Field(ge=1, le=256)
    """Files per table; an account's rows share one."""
    max_quarantined_share: float = Field(ge=0, le=1)
    """Largest share of a table's in-scope rows that may be bad."""
    as_of: Instant | None = None
    """Up to when data is used; null: the newest row."""
    jobs: int = Field(ge=1)
    """Threads; changes no byte."""


def run(progress: Progress | None = None) -> None:
    """Prepare the dataset named in params.yaml."""
    params = read_section("prepare", PrepareParams)
    prepare_dataset(
        params.dataset,
        layout.PREPARED,
        as_of=params.as_of,
        buckets=params.buckets,
        max_quarantined_share=params.max_quarantined_share,
        jobs=params.jobs,
        progress=progress,
    )
