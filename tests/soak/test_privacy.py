"""The canaries, and the page that says where they may be."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from soak.privacy import COMMENTER, TEXT, Place, build, cost, outside, places


def test_the_page_names_places_and_what_may_be_there() -> None:
    found = {place.pattern: place for place in places()}
    assert found["data/prepared/comments/*"] == Place("data/prepared/comments/*", texts=True, commenters=False)
    assert not found["mlruns/*"].texts
    assert not any(place.commenters for name, place in found.items() if not name.startswith(("data/raw", ".dvc")))


def test_nothing_holds_nothing(tmp_path: Path) -> None:
    assert outside(tmp_path, []) == (0, [], [])


def test_a_canary_is_found_in_every_form_and_where_the_page_has_none_it_is_wrong(tmp_path: Path) -> None:
    said = f"she {TEXT}"
    pl.DataFrame({"rows": [[{"text": said}]]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(said.encode()))
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", said)
    with closing(sqlite3.connect(tmp_path / "d.db")) as connection, connection:
        connection.execute("CREATE TABLE t (v TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", (said,))
    (tmp_path / "e.txt").write_text(f"{COMMENTER}-12")
    (tmp_path / "f.txt").write_text("nothing")
    names = ["a.parquet: texts", "b.csv.gz: texts", "c.zip: texts", "d.db: texts", "e.txt: commenters"]
    assert outside(tmp_path, []) == (6, names, names)
    allowed = [Place("[a-d].*", texts=True, commenters=False), Place("*", texts=True, commenters=False)]
    assert outside(tmp_path, allowed) == (6, names, ["e.txt: commenters"])


def test_the_cost_of_hashing_is_measured_on_equal_work(tmp_path: Path) -> None:
    assert all(seconds > 0 for seconds in cost(tmp_path, 2_000))


@pytest.mark.slow
def test_every_file_of_a_small_project_is_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    searched, holding, wrong = outside(build(tmp_path), places())
    assert wrong == []
    assert searched > 100
    # The canaries were there to be found, and in what is redacted they are not.
    found = {entry.split("/")[0] for entry in holding}
    assert {"data", "scored", "pages"} <= found
    assert not found & {"pages-redacted", "scored-redacted", "list", "mlruns", "reports", "said.log"}
