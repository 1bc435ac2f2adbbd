"""Who commented, as pseudonyms: a keyed hash in place of every commenter's id, from the first moment it is read.

Only whether two ids are equal is ever used, so that no value depends on the key. SipHash-2-4 is a keyed hash made for
many short texts: whoever has the pseudonyms and not the key can neither turn them back nor try out ids. Without a key
of one's own a public one is used: the ids cannot be read off, but whoever has a list of ids can try each of them.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from pipeline.errors import UnusableInputError
from pipeline.storage import read_json, write_json

KEY_VARIABLE = "ASSAY_PSEUDONYM_KEY"
"""Environment variable with the key, where no file of it is named."""

FEWEST_CHARACTERS = 16
"""Of a key: as many as SipHash's key has bytes. Shorter ones can be tried out."""

COMMENTS, COLUMN = "comments", "commenter_id"

NOTE_FILE = "_commenters.json"
"""Beside the prepared comments: which key their pseudonyms are of, told by a check value. No part is named so."""

FORM = r"^[A-Za-z0-9+/]{11}=$"
"""A pseudonym: 64 bits in base64, twelve characters. Among a hundred million people the chance that any two of them get
the same is 3 in 10,000."""

_PURPOSE, _CHECK = b"assay commenters", b"assay key check"
"""Tell apart what is made of one key."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What makes pseudonyms under one key; without a key, under the public one."""

    secret: bytes = b""

    @property
    def check(self) -> str:
        """What tells two keys apart and gives neither away; `no key` without one."""
        if not self.secret:
            return "no key"
        return hashlib.blake2b(self.secret, digest_size=8, person=_CHECK).hexdigest()

    def of(self, ids: pl.Series) -> pl.Series:
        """The pseudonym of each id, null where it is null."""
        from features.kernels.network import siphashes

        texts = ids.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, data = texts.buffers()
        count = len(ids) + 1
        ends = np.frombuffer(offsets or bytes(8 * count), np.int64, count, 8 * texts.offset)
        half = hashlib.blake2b(self.secret, digest_size=16, person=_PURPOSE).digest()
        keys = np.frombuffer(half, "<u8").astype(np.uint64).reshape(1, 2)
        hashes = siphashes(np.frombuffer(data or b"", np.uint8), ends, np.zeros(len(ids), np.uint32), keys)
        packed = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(8), len(ids), [None, pa.py_buffer(hashes.astype("<u8"))]
        )
        found = pl.Series(ids.name, pl.from_arrow(packed), dtype=pl.Binary).bin.encode("base64")
        return found if ids.null_count() == 0 else found.set(ids.is_null(), None)

    def replaced(self, rows: pl.DataFrame, *, are_pseudonyms: bool = False) -> pl.Series:
        """The column of commenters of some comments as it is kept.

        The owner's own id stays: it stands beside it as `account_id`, and replies are told by that. With
        `are_pseudonyms`, so does what has the form of one: the rows were prepared before, under the same key.
        """
        ids = rows[COLUMN]
        stays = (ids == rows["account_id"]).fill_null(value=False)
        if are_pseudonyms:
            stays |= ids.str.contains(FORM).fill_null(value=False)
        return ids.zip_with(stays, self.of(ids)) if stays.any() else self.of(ids)

    def were_applied(self, folder: Path) -> bool:
        """Whether the comments of this dataset folder hold pseudonyms already.

        Raises:
            UnusableInputError: of another key: nobody of them could be found again.
        """
        note = folder / COMMENTS / NOTE_FILE
        if not note.is_file():
            return False
        other = str(read_json(note).get("key"))
        if other != self.check:
            raise UnusableInputError(
                f"comments: the commenters of '{folder}' are pseudonyms of another key. Found: key check '{other}', "
                f"and '{self.check}' of the key given now. Give the same key (--pseudonym-key-file or {KEY_VARIABLE}), "
                "or the folder that it was prepared from."
            )
        return True

    def note(self, folder: Path) -> None:
        """Say in a prepared folder which key its pseudonyms are of."""
        write_json({"key": self.check}, folder / COMMENTS / NOTE_FILE)


def pseudonyms(key_file: Path | None = None) -> Pseudonyms:
    """Under the key of a file; without one, of the environment variable; without that, the public one.

    Raises:
        UnusableInputError: the file cannot be read, lies where git would keep it, or the key is too short.
    """
    if key_file is None:
        return _checked(os.environ.get(KEY_VARIABLE, ""), f"the variable {KEY_VARIABLE}", may_be_empty=True)
    path = key_file.expanduser().resolve()
    inside = next((str(each) for each in path.parents if (each / ".git").exists()), None)
    if inside is not None:
        raise UnusableInputError(
            f"pseudonym key: '{key_file}' lies in a git repository. Found: '{inside}'. Keep it outside, and out of the "
            "data."
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UnusableInputError(
            f"pseudonym key: '{key_file}' cannot be read. Found: {reason}. Name a text file with the key."
        ) from error
    return _checked(text, f"'{key_file}'", may_be_empty=False)


def _checked(text: str, where: str, *, may_be_empty: bool) -> Pseudonyms:
    key = text.strip()
    if not (key or may_be_empty) or 0 < len(key) < FEWEST_CHARACTERS:
        raise UnusableInputError(
            f"pseudonym key: {where} holds too short a key. Found: {len(key)} characters. Give {FEWEST_CHARACTERS} or "
            "more, such as those of 'openssl rand -hex 32'."
        )
    return Pseudonyms(key.encode())


def with_known_ids(comments: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The comments with the ids of those commenters who are accounts themselves; `known` is of `known_ids`."""
    joined = comments.join(known, left_on=COLUMN, right_on="pseudonym", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("known", COLUMN).alias(COLUMN)).drop("known")


def known_ids(account_ids: pl.Series, under: Pseudonyms) -> pl.DataFrame:
    """`pseudonym` and `known`, the id, of each account; a row for each id."""
    ids = account_ids.unique().sort()
    return pl.DataFrame({"pseudonym": under.of(ids), "known": ids}).unique(
        "pseudonym", keep="first", maintain_order=True
    )
