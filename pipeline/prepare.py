"""Stage `prepare`: the raw training dataset, and a user's own labelled accounts where given, to clean buckets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline import layout
from pipeline.dataset import prepare_dataset
from pipeline.mapping.apply import mapped_aside
from pipeline.merging import holds_tables, prepare_together
from pipeline.params import Instant, Section, read_section
from pipeline.pseudonyms import pseudonyms
from pipeline.routing import Progress


class PrepareParams(Section):
    """Section `prepare` of params.yaml."""

    dataset: Path
    """Folder of the raw dataset."""
    own_dataset: Path
    """Folder of own labelled accounts to train on beside it; one without tables: none."""
    mapping: Path | None = None
    """Mapping of the raw dataset, where it is an export; null: it is in the contract."""
    own_mapping: Path | None = None
    """Likewise of the own accounts."""
    pseudonym_key_file: Path | None = None
    """Text file, outside the repository, with the key of the commenters' pseudonyms; null: the environment's."""
    buckets: int = Field(ge=1, le=256)
    """Files per table; an account's rows share one."""
    max_quarantined_share: float = Field(ge=0, le=1)
    """Largest share of a table's in-scope rows that may be bad."""
    as_of: Instant | None = None
    """Up to when data is used; null: the newest row."""
    jobs: int = Field(ge=1)
    """Threads; changes no byte."""


def run(progress: Progress | None = None) -> None:
    """Prepare the dataset named in params.yaml, with the own accounts where there are any."""
    params = read_section("prepare", PrepareParams)
    options: dict[str, Any] = {
        "as_of": params.as_of,
        "buckets": params.buckets,
        "max_quarantined_share": params.max_quarantined_share,
        "jobs": params.jobs,
        "progress": progress,
        "under": pseudonyms(params.pseudonym_key_file),
    }
    report = progress or (lambda _: None)
    with mapped_aside(params.dataset, params.mapping, layout.PREPARED.parent, report) as dataset:
        if not holds_tables(params.own_dataset):
            prepare_dataset(dataset, layout.PREPARED, **options)
            return
        with mapped_aside(params.own_dataset, params.own_mapping, layout.PREPARED.parent, report) as own:
            prepare_together(dataset, own, layout.PREPARED, **options)
