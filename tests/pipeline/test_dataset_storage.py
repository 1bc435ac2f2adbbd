"""Complete or absent, and the same bytes for the same content."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipeline.storage import atomic_folder, atomic_path, publish, read_json, replace_folder, write_json, write_parquet


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    final = tmp_path / "deep" / "file.txt"
    with atomic_path(final) as temporary:
        temporary.write_text("whole")
        assert not final.exists()
        assert temporary.parent == final.parent
    assert final.read_text() == "whole"
    assert names(final.parent) == ["file.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_former_file(tmp_path: Path, error: type[BaseException]) -> None:
    final = tmp_path / "file.txt"
    final.write_text("former")

    def fail() -> None:
        with atomic_path(final) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert final.read_text() == "former"
    assert names(tmp_path) == ["file.txt"]


def test_a_failed_folder_leaves_the_former_one(tmp_path: Path) -> None:
    final = tmp_path / "folder"
    final.mkdir()
    (final / "former.txt").touch()

    def fail() -> None:
        with atomic_folder(final) as temporary:
            (temporary / "half.txt").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(tmp_path) == ["folder"]
    assert names(final) == ["former.txt"]


def test_a_folder_is_replaced_whole_and_a_link_to_it_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "former.txt").touch()
    link.symlink_to(real)
    with atomic_folder(link) as temporary:
        (temporary / "new.txt").touch()
    assert names(real) == ["new.txt"]
    assert link.is_symlink()
    assert names(tmp_path) == ["link", "real"]


def test_a_replacement_that_fails_brings_the_former_folder_back(tmp_path: Path) -> None:
    final = tmp_path / "folder"
    final.mkdir()
    (final / "former.txt").touch()
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "missing", final)
    assert names(final) == ["former.txt"]
    assert names(tmp_path) == ["folder"]


def test_equal_frames_give_equal_bytes_however_they_were_put_together(tmp_path: Path) -> None:
    rows = pl.DataFrame({"number": range(1_000), "text": [f"text {number}" for number in range(1_000)]})
    write_parquet(rows, tmp_path / "whole.parquet")
    write_parquet(pl.concat([rows.head(3), rows.slice(3)], rechunk=False), tmp_path / "pieces.parquet")
    assert (tmp_path / "whole.parquet").read_bytes() == (tmp_path / "pieces.parquet").read_bytes()
    assert pl.read_parquet(tmp_path / "whole.parquet").equals(rows)


def test_json_is_sorted_readable_and_refuses_nan(tmp_path: Path) -> None:
    write_json({"b": 0.1, "a": "é"}, tmp_path / "value.json")
    assert (tmp_path / "value.json").read_text(encoding="utf-8") == '{\n  "a": "é",\n  "b": 0.1\n}\n'
    assert read_json(tmp_path / "value.json") == {"a": "é", "b": 0.1}
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        write_json(float("nan"), tmp_path / "nan.json")
    assert names(tmp_path) == ["value.json"]


@pytest.mark.parametrize("is_folder", [False, True], ids=["a file", "a folder"])
def test_a_link_planted_in_an_output_is_replaced_and_never_followed(tmp_path: Path, is_folder: bool) -> None:  # noqa: FBT001
    theirs, output, made = (tmp_path / name for name in ("theirs", "output", "made"))
    for folder in (theirs, output, made):
        folder.mkdir()
    (theirs / "dear.txt").write_text("dear")
    (output / "quarantine").symlink_to(theirs if is_folder else theirs / "dear.txt")
    if is_folder:
        (made / "quarantine").mkdir()
    else:
        (made / "quarantine").write_text("new")
    publish(made, ["quarantine"], output)
    assert (theirs / "dear.txt").read_text() == "dear"
    assert not (output / "quarantine").is_symlink()
    assert (output / "quarantine").is_dir() == is_folder
