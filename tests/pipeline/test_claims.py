"""One run at a time in an output, and what killed runs left there."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import locks, storage
from pipeline.claims import CLAIM, claimed, settle
from pipeline.errors import UnusableInputError
from pipeline.locks import hold_new, release, take_left, try_lock
from pipeline.storage import JOURNAL, RUN_PREFIX, finish_publishing, publish, scratch_folder, sweep, write_json

KILLED_WHILE = """
import os, signal, sys
from pathlib import Path
from pipeline.claims import claimed
from pipeline.storage import atomic_path, scratch_folder
with claimed(Path(sys.argv[1])), scratch_folder(Path(sys.argv[1])), atomic_path(Path(sys.argv[1]) / "scores.parquet"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_a_run_in(output: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_WHILE, str(output)], check=False)
    assert done.returncode == -9


def half_published(output: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, renames: int) -> None:
    """An output in which the process died after so many renames of a publication."""
    scratch.mkdir()
    for name in ("evidence", "scores", "summary"):
        (scratch / name).write_text(f"new {name}", encoding="utf-8")
    left = renames
    rename = Path.replace

    def dying(self: Path, target: Path) -> Path:
        nonlocal left
        if self.parent.name == JOURNAL:
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            publish(scratch, ("evidence", "scores", "summary"), output, gone=("scores.csv",))


def earlier_result(output: Path) -> None:
    output.mkdir()
    for name in ("evidence", "scores", "summary", "scores.csv", "mine"):
        (output / name).write_text(f"old {name}", encoding="utf-8")


def texts(output: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in output.iterdir() if path.is_file()}


# --- claims -----------------------------------------------------------------------------------------------------------


def test_an_output_in_which_nothing_is_left_goes_again(tmp_path: Path) -> None:
    with claimed(tmp_path / "a" / "out"):
        assert (tmp_path / "a" / "out" / CLAIM).is_file()
    assert not (tmp_path / "a" / "out").exists()


def test_a_second_run_is_told_who_is_there_and_the_first_is_unharmed(tmp_path: Path) -> None:
    with claimed(tmp_path):
        (tmp_path / "scores").write_text("of the first", encoding="utf-8")
        with (
            pytest.raises(
                UnusableInputError, match=rf"another run is at work in .* process {os.getpid()} on .*, since 20\d\d-"
            ),
            claimed(tmp_path),
        ):
            pass
        assert (tmp_path / CLAIM).is_file()
    assert texts(tmp_path) == {"scores": "of the first"}


def test_the_claim_ends_with_a_killed_process_and_what_it_left_goes(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine", encoding="utf-8")
    kill_a_run_in(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4  # the claim, the scratch folder, the partial file, and mine
    told: list[str] = []
    with claimed(tmp_path, told.append):
        pass
    assert texts(tmp_path) == {"kept": "mine"}
    assert told == ["removed what killed runs left: 2"]


def test_what_a_live_run_works_on_is_never_swept(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as place:
        assert sweep(tmp_path) == 0
        assert place.is_dir()
        assert take_left(place) is None
    assert list(tmp_path.iterdir()) == []


def test_nobody_can_begin_on_what_is_being_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / f"{RUN_PREFIX}0"
    left.mkdir()
    remove = shutil.rmtree
    held = []

    def watched(path: Path, *, ignore_errors: bool) -> None:
        held.append(try_lock(left))
        remove(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(storage.shutil, "rmtree", watched)
    assert sweep(tmp_path) == 1
    assert held == [None]
    assert not left.exists()


@pytest.mark.parametrize("is_folder", [True, False], ids=["folder", "file"])
def test_what_was_swept_between_its_making_and_its_locking_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_folder: bool
) -> None:
    place, answers = tmp_path / "place", []

    def swept_first(path: Path) -> int | None:
        answers.append(path.exists())
        if len(answers) == 1:  # a sweeper holds it ...
            return None
        if len(answers) == 2:  # ... and has removed it
            path.rmdir() if is_folder else path.unlink()
        return try_lock(path)

    monkeypatch.setattr(locks, "try_lock", swept_first)
    lock = hold_new(place, is_folder=is_folder)
    assert answers == [True, True, True]
    assert place.is_dir() == is_folder
    assert place.exists()
    assert lock is not None
    assert try_lock(place) is None
    release(lock)


def test_a_pipe_under_the_name_of_a_leftover_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".scores.0123456789abcdef.partial")
    assert sweep(tmp_path) == 1


def test_a_folder_that_may_not_be_listed_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", forbidden)
    assert sweep(tmp_path) == 0


def test_files_of_others_are_never_swept(tmp_path: Path) -> None:
    names = ("scores.parquet", ".scores.partial", ".scores.0123.partial", "x.0123456789abcdef.partial", ".assay-notes")
    for name in names:
        (tmp_path / name).touch()
    assert sweep(tmp_path) == 0
    (tmp_path / f"{RUN_PREFIX}link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    assert sweep(tmp_path) == 1  # the link, not where it leads
    assert (tmp_path / "elsewhere").is_dir()


def refusing(number: int) -> Callable[..., None]:
    """A system call that a file system answers with an error."""

    def call(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


def test_where_a_disk_knows_no_locks_a_run_goes_on_and_removes_nothing_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_a_run_in(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir() if path.name != CLAIM)
    assert left
    monkeypatch.setattr(fcntl, "flock", refusing(errno.ENOLCK))
    with claimed(tmp_path), scratch_folder(tmp_path) as scratch, claimed(tmp_path):  # two at once: nobody can tell
        (scratch / "a").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == left


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_another_error_of_a_disk_is_no_lock_that_is_not_known(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", refusing(number))
    with pytest.raises(OSError, match=re.escape(os.strerror(number))), claimed(tmp_path):
        pass
    with pytest.raises(OSError, match=re.escape(os.strerror(number))):
        hold_new(tmp_path / "new", is_folder=True)
    assert take_left(tmp_path / "new") is None


def test_who_is_there_is_told_even_where_it_says_nothing_of_itself(tmp_path: Path) -> None:
    lock = hold_new(tmp_path / CLAIM, is_folder=False)
    with pytest.raises(UnusableInputError, match="Found: a run that has just begun"), claimed(tmp_path):
        pass
    release(lock)


def test_a_lock_is_the_descriptor_s(tmp_path: Path) -> None:
    first = try_lock(tmp_path)
    assert first is not None
    assert try_lock(tmp_path) is None
    release(first)
    again = try_lock(tmp_path)
    assert again is not None
    release(again)


# --- one step for a result of several files ---------------------------------------------------------------------------


@pytest.mark.parametrize("renames", [0, 1, 2], ids=["none", "one of three", "two of three"])
def test_a_result_whose_renames_were_cut_short_has_no_summary_and_is_finished_by_the_next_reader(
    renames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    earlier_result(output)
    half_published(output, tmp_path / "scratch", monkeypatch, renames)
    assert "summary" not in texts(output)
    settle(output)
    new = {name: f"new {name}" for name in ("evidence", "scores", "summary")}
    assert texts(output) == {**new, "mine": "old mine"}
    assert not (output / JOURNAL).exists()


def test_finishing_what_is_finished_does_nothing(tmp_path: Path) -> None:
    assert not finish_publishing(tmp_path)
    (tmp_path / JOURNAL).mkdir()  # killed while the empty journal was removed
    assert finish_publishing(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "order",
    [
        {"names": ["../mine"], "gone": []},
        {"names": ["a"], "gone": ["/etc/passwd"]},
        {"names": [], "gone": []},
        {"names": 3, "gone": []},
        ["a"],
    ],
    ids=["a way out", "an absolute path", "no name", "no list", "no mapping"],
)
def test_a_journal_of_somebody_else_is_refused(order: object, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    output = tmp_path / "out"
    (output / JOURNAL).mkdir(parents=True)
    write_json(order, output / JOURNAL / ".order.json")
    with pytest.raises(UnusableInputError, match="is no journal of ours"):
        settle(output)
    assert (tmp_path / "mine").exists()


def test_a_result_from_another_disk_is_copied_before_anything_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, scratch = tmp_path / "out", tmp_path / "scratch"
    earlier_result(output)
    (scratch / "folder").mkdir(parents=True)
    (scratch / "folder" / "page").write_text("new", encoding="utf-8")
    (scratch / "summary").write_text("new summary", encoding="utf-8")
    rename = Path.rename

    def other_disk(self: Path, target: Path) -> Path:
        if self.parent == scratch and target.name == JOURNAL:
            raise OSError(18, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", other_disk)
    publish(scratch, ("folder", "summary"), output)
    assert texts(output)["summary"] == "new summary"
    assert (output / "folder" / "page").read_text(encoding="utf-8") == "new"
    assert [path.name for path in output.iterdir() if path.name.startswith(".")] == []
