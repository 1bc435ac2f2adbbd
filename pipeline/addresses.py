"""Where the page of an account lies below the folder of `report`."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from pipeline.errors import UnusableInputError

ACCOUNTS_FOLDER = "accounts"
BATCH_PAGE = "index.html"

ADDRESS_CHARACTERS = 40
"""Of an id that are kept in the address of its page, for people; a hash tells ids apart."""

HASH_DIGITS = 32
"""Of that hash: half of it, so that nobody finds two ids of one address, one page in the place of the other's."""


def address(account_id: str) -> str:
    """The file name of an account's page: readable, and never a path whatever the id holds."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", account_id)[:ADDRESS_CHARACTERS].strip("-")
    told_apart = hashlib.sha256(account_id.encode()).hexdigest()[:HASH_DIGITS]
    return f"{readable}-{told_apart}.html" if readable else f"{told_apart}.html"


def links(pages: Path, output: Path, account_ids: Iterable[str]) -> dict[str, str]:
    """Account to the address of its page, as seen from a page in `output`; without those who have none.

    Raises:
        UnusableInputError: `pages` is not what `report` wrote.
    """
    if not (pages / ACCOUNTS_FOLDER).is_dir():
        raise UnusableInputError(
            f"pages: '{pages}' is not a folder of pages. Found: no '{ACCOUNTS_FOLDER}' in it. Make it with "
            "'python -m pipeline report'."
        )
    way = Path(os.path.relpath(pages.resolve() / ACCOUNTS_FOLDER, output.resolve())).as_posix()
    return {
        account_id: f"{quote(way)}/{address(account_id)}"
        for account_id in account_ids
        if (pages / ACCOUNTS_FOLDER / address(account_id)).is_file()
    }
