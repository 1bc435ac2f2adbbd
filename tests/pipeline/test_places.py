"""Paths of other file systems: named by a scheme, refused in words, sent whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from pipeline.errors import UnusableInputError
from pipeline.places import is_remote, place, send


@pytest.fixture
def memory() -> Iterator[Path]:
    yield place("memory://assay-test")
    fsspec.filesystem("memory").store.clear()


def test_without_a_scheme_it_is_a_folder_of_this_machine() -> None:
    assert place("exports/march") == Path("exports/march")
    assert not is_remote(place("exports/march"))


def test_a_scheme_names_another_file_system(memory: Path) -> None:
    assert is_remote(memory / "accounts.parquet")
    assert not (memory / "accounts.parquet").exists()


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(UnusableInputError, match=r"names no file system.*'nowhere'"):
        place("nowhere://bucket/march")


def test_a_scheme_whose_library_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "upath", None)
    with pytest.raises(UnusableInputError, match=r"cannot be reached.*\.\[cluster\]"):
        place("memory://assay-test")


def test_a_folder_is_sent_whole_and_replaces_what_stood_there(memory: Path, tmp_path: Path) -> None:
    (tmp_path / "quarantine").mkdir()
    (tmp_path / "quarantine" / "posts.parquet").write_bytes(b"new")
    (memory / "quarantine").mkdir(parents=True, exist_ok=True)
    (memory / "quarantine" / "posts.parquet").write_bytes(b"old")
    (memory / "quarantine" / "comments.parquet").write_bytes(b"of a former run")
    send(tmp_path / "quarantine", memory / "quarantine")
    assert [(each.name, each.read_bytes()) for each in (memory / "quarantine").iterdir()] == [("posts.parquet", b"new")]


def test_a_file_is_sent(memory: Path, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_bytes(b"{}")
    send(tmp_path / "summary.json", memory / "march" / "summary.json")
    assert (memory / "march" / "summary.json").read_bytes() == b"{}"
