"""Audit stage `cohorts`: fresh cohorts that no training saw, and cohorts of growing size, prepared for scoring."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import Field, model_validator

from pipeline import layout
from pipeline.dataset import MAX_QUARANTINED_SHARE, prepare_dataset
from pipeline.params import Section, read_section
from pipeline.simulate import read_priors, write_cohorts
from simulation.cohort import cohort_sizes
from simulation.priors import Priors

BUCKETS = 16
"""Files per table, as in the main graph."""


class AuditCohortsParams(Section):
    """Section `audit_cohorts` of params.yaml."""

    first_seed: int = Field(ge=0)
    cohorts: int = Field(ge=2)
    smallest_cohort: int = Field(ge=1)
    largest_cohort: int = Field(ge=1)
    batches: dict[int, int]
    jobs: int = Field(ge=1)

    @model_validator(mode="after")
    def _sizes_are_ordered(self) -> AuditCohortsParams:
        if self.largest_cohort < self.smallest_cohort:
            raise ValueError("largest_cohort is below smallest_cohort")
        return self

    @property
    def fresh(self) -> list[tuple[int, int]]:
        """Seed and accounts of each fresh cohort."""
        sizes = cohort_sizes(self.cohorts, self.smallest_cohort, self.largest_cohort, self.first_seed)
        return [(self.first_seed + index, size) for index, size in enumerate(sizes)]

    @property
    def batched(self) -> list[tuple[int, int]]:
        """Seed and accounts of each cohort of growing size; the seeds follow those of the fresh ones."""
        sizes = [size for size, count in sorted(self.batches.items()) for _ in range(count)]
        return [(self.first_seed + self.cohorts + index, size) for index, size in enumerate(sizes)]


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params, priors = read_section("audit_cohorts", AuditCohortsParams), read_priors()
    for cohorts, destination in ((params.fresh, layout.AUDIT_FRESH), (params.batched, layout.AUDIT_BATCHES)):
        prepare_cohorts(cohorts, destination, priors, params.jobs, report)


def prepare_cohorts(
    cohorts: Sequence[tuple[int, int]], destination: Path, priors: Priors, jobs: int, report: Callable[[str], None]
) -> None:
    """Cohorts, given as seed and accounts, as a prepared folder; the raw tables are not kept."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{destination.name}-") as raw:
        write_cohorts(Path(raw), cohorts, priors, jobs, report)
        prepare_dataset(
            Path(raw),
            destination,
            as_of=None,
            buckets=BUCKETS,
            max_quarantined_share=MAX_QUARANTINED_SHARE,
            jobs=jobs,
            progress=report,
        )
