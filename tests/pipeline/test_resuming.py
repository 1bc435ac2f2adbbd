"""`score --resume`: what is finished is not done again, and the result is that of a run that nobody disturbed."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from models.scoring import Scorer
from pipeline import aside, score, score_bucket
from pipeline.aside import RESUME_PREFIX
from pipeline.errors import UnusableInputError
from pipeline.resuming import run_digest
from pipeline.score import score_folder
from pipeline.score_bucket import BucketCounts
from tests.pipeline.dataset_builders import content_of
from tests.pipeline.projects import invoke, refused, silent

BUCKETS = 4


@pytest.fixture(autouse=True)
def _buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "BUCKETS", BUCKETS)


class _InterruptionError(OSError):
    """The machine fails; no fault of the input."""


def broken_off(
    source: Path, output: Path, scorer: Scorer, digest: str, monkeypatch: pytest.MonkeyPatch, *, after: int
) -> None:
    """A run that fails when so many buckets are done."""
    compute, done = score_bucket.compute, Counter[str]()

    def failing(tables: object) -> object:
        if done["buckets"] == after:
            raise _InterruptionError
        done["buckets"] += 1
        return compute(tables)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(score_bucket, "compute", failing)
        with pytest.raises(_InterruptionError):
            score_folder(source, output, scorer, resume=digest, timed=False, report=silent)


@pytest.mark.parametrize("after", [0, 3, BUCKETS - 1], ids=["no bucket done", "three done", "all but one done"])
def test_finished_buckets_are_not_done_again_and_the_bytes_are_the_same(
    after: int, incoming: Path, scorer: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_folder(incoming, tmp_path / "whole", scorer, timed=False, report=silent)
    output = tmp_path / "out"
    broken_off(incoming, output, scorer, "a" * 64, monkeypatch, after=after)
    assert [path.name[: len(RESUME_PREFIX)] for path in output.iterdir()] == [RESUME_PREFIX]
    computed, prepared, told = Counter[str](), Counter[str](), list[str]()
    compute, prepare = score_bucket.compute, aside.prepare_dataset
    monkeypatch.setattr(score_bucket, "compute", lambda tables: computed.update(["x"]) or compute(tables))
    monkeypatch.setattr(aside, "prepare_dataset", lambda *a, **k: prepared.update(["x"]) or prepare(*a, **k))
    score_folder(incoming, output, scorer, resume="a" * 64, timed=False, report=told.append)
    assert computed["x"] == BUCKETS - after
    assert prepared["x"] == 0
    assert "going on where an earlier run broke off" in told
    assert content_of(output) == content_of(tmp_path / "whole")


def test_another_run_starts_anew_and_says_so(
    incoming: Path, scorer: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    broken_off(incoming, output, scorer, "a" * 64, monkeypatch, after=1)
    told: list[str] = []
    score_folder(incoming, output, scorer, resume="b" * 64, timed=False, report=told.append)
    assert any("it starts anew" in each for each in told)
    assert not [path.name for path in output.iterdir() if path.name.startswith(".")]


def test_a_run_without_the_option_leaves_nothing_to_go_on_with(
    incoming: Path, scorer: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    broken_off(incoming, output, scorer, "a" * 64, monkeypatch, after=1)
    score_folder(incoming, output, scorer, timed=False, report=silent)
    assert not [path.name for path in output.iterdir() if path.name.startswith(".")]


def test_an_input_at_fault_leaves_nothing_to_go_on_with(scorer: Scorer, tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError):
        score_folder(tmp_path / "nowhere", tmp_path / "out", scorer, resume="a" * 64, report=silent)
    assert list(tmp_path.iterdir()) == []


def test_the_command_resumes(model: Path, incoming: Path, tmp_path: Path) -> None:
    into = ("score", "--input", incoming, "--model", model, "--resume", "--quiet", "--output", tmp_path / "out")
    assert invoke(*into).exit_code == 0
    assert max(path.name for path in (tmp_path / "out").iterdir()) == "summary.json"


def test_a_remote_place_cannot_be_gone_on_with(model: Path, incoming: Path, tmp_path: Path) -> None:
    resume = ("--model", model, "--resume", "--quiet")
    assert "Copy it to this machine" in refused("score", "--input", "memory://x", "--output", tmp_path / "out", *resume)
    assert "Name a folder of this machine with --scratch" in refused(
        "score", "--input", incoming, "--output", "memory://assay-resume", *resume
    )


def test_counts_come_back_as_they_were(incoming: Path, scorer: Scorer, tmp_path: Path) -> None:
    seen: list[BucketCounts] = []
    call = score.ScoreBucket.__call__

    class Watched(score.ScoreBucket):
        def __call__(self, bucket: int) -> BucketCounts:
            seen.append(call(self, bucket))
            return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(score, "ScoreBucket", Watched)
        score_folder(incoming, tmp_path / "out", scorer, report=silent)
    assert len(seen) == BUCKETS
    for counts in seen:
        again = BucketCounts.of(counts.told())
        assert again.verdicts == counts.verdicts
        assert list(again.drift) == list(counts.drift)
        for name, tally in counts.drift.items():
            assert again.drift[name].dtype == tally.dtype
            assert again.drift[name].tolist() == tally.tolist()


class TestDigest:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "in" / "posts").mkdir(parents=True)
        (tmp_path / "in" / "accounts.csv").write_text("a", encoding="utf-8")
        (tmp_path / "in" / "posts" / "one.csv").write_text("b", encoding="utf-8")
        return tmp_path / "in"

    def test_the_same_run_has_the_same(self, folder: Path) -> None:
        assert run_digest([folder, None], {"x": 1}) == run_digest([folder], {"x": 1})

    def test_nothing_read_has_one(self) -> None:
        assert len(run_digest([], {})) == 64

    @pytest.mark.parametrize("what", ["size", "time", "name", "new", "option", "place", "key"])
    def test_whatever_changes_makes_another(self, what: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before, options = run_digest([folder], {"x": 1}), {"x": 1}
        part = folder / "posts" / "one.csv"
        match what:
            case "size":
                part.write_text("bb", encoding="utf-8")
            case "time":
                os.utime(part, ns=(1, 1))
            case "name":
                part.rename(part.with_name("two.csv"))
            case "new":
                (folder / "posts" / "two.csv").touch()
            case "option":
                options = {"x": 2}
            case "key":
                monkeypatch.setenv("ASSAY_ID_KEY", "another")
            case "place":
                shutil.move(folder, folder.with_name("there"))
                folder = folder.with_name("there")
        assert run_digest([folder], options) != before

    def test_hidden_files_are_none_of_the_input(self, folder: Path) -> None:
        before = run_digest([folder], {})
        (folder / ".assay-run-x").mkdir()
        (folder / ".assay-run-x" / "file").touch()
        (folder / ".hidden").touch()
        assert run_digest([folder], {}) == before
