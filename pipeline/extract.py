"""Stage `extract@<group>`: prepared buckets to one row of numbers per account."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from features.compute import compute_group
from features.definition import GROUPS, MODEL_GROUPS
from pipeline import layout
from pipeline.aside import over_buckets
from pipeline.dataset import read_bucket
from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.storage import write_parquet

WORKERS = 2
"""Threads of the stage; changes no byte."""


def run(group: str, report: Callable[[str], None]) -> None:
    """The stage: one group's features of the prepared training dataset.

    Raises:
        UnusableInputError: a group that the classifier does not see, the network among them.
    """
    check_groups([group], MODEL_GROUPS)
    table = over_buckets(
        layout.PREPARED, lambda bucket: compute_group(read_bucket(layout.PREPARED, bucket), group), report, WORKERS
    )
    write_parquet(table, layout.feature_file(group))


def check_groups(groups: Sequence[str], known: Sequence[str] = GROUPS) -> None:
    """Refuse groups that are not among the known ones.

    Raises:
        UnusableInputError: naming each unknown group and the nearest known one.
    """
    problems = []
    for group in groups:
        if group not in known:
            near = did_you_mean(group, known) if group else None
            hint = f" Did you mean '{near}'?" if near else ""
            problems.append(f"features: group '{group}' is unknown. Known: {', '.join(known)}.{hint}")
    if problems:
        raise UnusableInputError(problems)
