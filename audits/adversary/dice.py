"""Random numbers that follow from an account and a purpose alone, so that no other account changes a move."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

COPY = "\x1f"
"""Stands between an account and the number of its copy in an id: several states of one account in one batch."""


def original(account: str) -> str:
    """The account that a copy is of; the account itself where it is none."""
    return account.split(COPY, 1)[0]


def seed_of(account: str, purpose: str, seed: int) -> int:
    """A seed of its own for an account, its copies included, and a purpose."""
    return int.from_bytes(hashlib.blake2b(f"{seed}{COPY}{purpose}{COPY}{original(account)}".encode()).digest()[:8])


def generator(account: str, purpose: str, seed: int) -> np.random.Generator:
    """A generator of its own for an account and a purpose."""
    return np.random.default_rng(seed_of(account, purpose, seed))


def uniform(table: pl.DataFrame, purpose: str, seed: int) -> pl.Series:
    """A number between 0 and 1 for each row, by its account and its place among the account's rows."""
    drawn = {
        account: generator(account, purpose, seed).random(size)
        for account, size in table.group_by("account_id", maintain_order=True).len().iter_rows()
    }
    places = table.select("account_id", place=pl.int_range(pl.len()).over("account_id"))
    return pl.Series("uniform", [drawn[account][place] for account, place in places.iter_rows()], dtype=pl.Float64)
