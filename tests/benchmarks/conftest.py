from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import accounts
from benchmarks.accounts import Size, write_accounts, write_raw

SMALL = Size(days=40, posts=12, comments=30)
ACCOUNTS = 20


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty small accounts in two buckets. Read it only."""
    place = tmp_path_factory.mktemp("bench") / "prepared"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "ACCOUNTS_PER_BUCKET", 10)
        write_accounts(place, ACCOUNTS, SMALL, seed=1)
    return place


@pytest.fixture(scope="session")
def raw(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same accounts as a dataset folder. Read it only."""
    place = tmp_path_factory.mktemp("bench raw") / "raw"
    write_raw(folder, place)
    return place
