"""Where compiled kernels are kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from pipeline import compiled
from pipeline.compiled import VARIABLE, find_a_place


@pytest.fixture
def forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation and a home that nobody may write to, and a temporary folder; tests may run as root."""
    for name in ("assay/features/kernels", "assay/models/kernels", "home", "tmp"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(compiled, "_writable", lambda _: False)
    return tmp_path


def test_where_numba_has_a_place_none_is_named(forbidden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_writable", lambda folder: folder.is_relative_to(forbidden / "home"))
    find_a_place(forbidden / "assay")
    assert VARIABLE not in os.environ
    assert list((forbidden / "tmp").iterdir()) == []


def test_a_place_that_was_named_stays(forbidden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "elsewhere")
    find_a_place(forbidden / "assay")
    assert os.environ[VARIABLE] == "elsewhere"


def test_without_any_a_folder_of_the_user_s_own_is_named_and_named_again(forbidden: Path) -> None:
    for _ in range(2):
        find_a_place(forbidden / "assay")
        place = Path(os.environ.pop(VARIABLE))
        assert place == forbidden / "tmp" / f"assay-kernels-{os.getuid()}"
        assert place.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_to_is_not_trusted(forbidden: Path) -> None:
    planted = forbidden / "tmp" / f"assay-kernels-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    find_a_place(forbidden / "assay")
    place = Path(os.environ.pop(VARIABLE))
    assert place != planted
    assert place.stat().st_mode & 0o777 == 0o700


def test_a_folder_yet_to_be_made_is_writable_where_its_parent_is(tmp_path: Path) -> None:
    assert compiled._writable(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    assert not compiled._writable(tmp_path / "file" / "b")
