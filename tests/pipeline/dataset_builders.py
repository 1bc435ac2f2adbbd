"""A small dataset folder in every form of the contract."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from features.tables import CONTRACTS
from pipeline.dataset import DatasetSummary, bucket_ids, prepare_dataset
from pipeline.storage import bucket_path

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
FORMS = ("parquet", "csv", "csv.gz", "jsonl", "jsonl.gz", "parts")

Frames = dict[str, pl.DataFrame]


def frames(accounts: int = 5, days: int = 20, posts: int = 4, comments: int = 12) -> Frames:
    """A clean dataset with every table; texts carry quotes, commas, line breaks and emoji."""
    ids = [f"account-{number}" for number in range(accounts)]
    texts = ["so nice", "", 'she said "wow", twice', "two\nlines", "😍😍", "Ça va, où ?", "12", "null"]
    return {
        "accounts": table(
            "accounts",
            [
                {
                    "account_id": each,
                    "platform": "instagram",
                    "handle": f"@{each}",
                    "follower_count": 1_000 + number,
                    "observed_at": START + timedelta(days=days),
                    "created_on": date(2020, 2, 29),
                    "is_verified": number % 2 == 0,
                    "niche": "food",
                    "biography": "a, b\nand c",
                }
                for number, each in enumerate(ids)
            ],
        ),
        "followers_daily": table(
            "followers_daily",
            [
                {"account_id": each, "date": START.date() + timedelta(days=day), "follower_count": 900 + day}
                for each in ids
                for day in range(days)
            ],
        ),
        "posts": table(
            "posts",
            [
                {
                    "account_id": each,
                    "post_id": f"post-{post}",
                    "posted_at": START + timedelta(days=post, microseconds=post),
                    "observed_at": START + timedelta(days=10),
                    "format": "photo",
                    "like_count": None if post == 1 else 50 * post,
                    "comment_count": post,
                    "caption": "hello, world",
                    "is_sponsored": post == 0,
                }
                for each in ids
                for post in range(posts)
            ],
        ),
        "comments": table(
            "comments",
            [
                {
                    "account_id": each,
                    "post_id": f"post-{comment % posts}",
                    "comment_id": f"comment-{comment}",
                    "commenter_id": f"fan-{comment % 7}",
                    "commented_at": None if comment == 3 else START + timedelta(hours=comment),
                    "text": texts[comment % len(texts)],
                    "like_count": comment,
                }
                for each in ids
                for comment in range(comments)
            ],
        ),
        "labels": table(
            "labels",
            [
                {
                    "account_id": each,
                    "is_inauthentic": number == 1,
                    "scheme": "bought_followers" if number == 1 else None,
                    "inauthentic_follower_share": 0.25 if number == 1 else 0.0,
                    "labelled_on": date(2026, 2, 1),
                }
                for number, each in enumerate(ids)
            ],
        ),
    }


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=CONTRACTS[name].schema)


def write(folder: Path, content: Frames, form: str = "parquet") -> Path:
    """Write the dataset in one form; `parts` is a folder of two parquet parts per table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in content.items():
        write_table(folder, name, frame, form)
    return folder


def write_table(folder: Path, name: str, frame: pl.DataFrame, form: str) -> None:
    if form == "parts":
        (folder / name).mkdir()
        half = frame.height // 2
        frame.tail(frame.height - half).write_parquet(folder / name / "a.parquet")
        frame.head(half).write_parquet(folder / name / "b.parquet")
        return
    if form == "parquet":
        frame.write_parquet(folder / f"{name}.parquet")
        return
    text = frame.write_csv() if form.startswith("csv") else frame.write_ndjson()
    data = text.encode()
    (folder / f"{name}.{form}").write_bytes(gzip.compress(data) if form.endswith(".gz") else data)


def write_text(folder: Path, **files: str) -> Path:
    """Write files as they are; the double underscore in a name stands for the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def prepare(source: Path, destination: Path, **options: Any) -> DatasetSummary:
    settings: dict[str, Any] = {"as_of": None, "buckets": 3, "max_quarantined_share": 0.05}
    return prepare_dataset(source, destination, **{**settings, **options})


def prepared_table(prepared: Path, name: str) -> pl.DataFrame:
    """One table of all buckets, sorted by key."""
    parts = [pl.read_parquet(bucket_path(prepared, name, bucket)) for bucket in bucket_ids(prepared)]
    return pl.concat(parts).sort(CONTRACTS[name].key)


def content_of(folder: Path, *, without: str = "") -> dict[str, bytes]:
    """Every file below the folder with its bytes, by relative path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (not without or without not in str(path.relative_to(folder)))
    }
