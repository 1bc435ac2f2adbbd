"""`--model`: bundles that cannot be used are refused before anything is scored."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest

from features.catalog import catalog_hash
from models.scoring import Scorer
from pipeline import bundles
from pipeline.bundles import ScorerAt, load_scorer, read_bundle
from pipeline.errors import UnusableInputError
from tests.pipeline.dataset_builders import content_of
from tests.pipeline.projects import refused


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A copy of the bundle to spoil."""
    return Path(shutil.copytree(model, tmp_path / "copy"))


def test_the_folder_holds_what_the_bundle_writes(model: Path) -> None:
    assert read_bundle(model).to_files() == content_of(model)


def test_a_bundle_is_for_the_features_of_this_program(scorer: Scorer) -> None:
    assert scorer.bundle.catalog_hash == catalog_hash()


def test_a_folder_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"there is no bundle at .*missing\. Train one with 'dvc repro'"):
        load_scorer(str(tmp_path / "missing"))


def test_without_a_name_it_is_the_one_that_the_project_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnusableInputError, match=r"there is no bundle at data/model\."):
        load_scorer()


def test_a_file_is_no_bundle(model: Path) -> None:
    with pytest.raises(UnusableInputError, match="there is no bundle at"):
        load_scorer(str(model / "manifest.json"))


def test_an_empty_folder_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"not a bundle of Assay.*Found: nothing"):
        load_scorer(str(tmp_path))


@pytest.mark.parametrize("name", ["manifest.json", "model.txt", "share_engagement_any.txt"])
def test_a_changed_byte_is_found(name: str, copy: Path) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(UnusableInputError, match=rf"is not what was written \(changed: {name}\)"):
        load_scorer(str(copy))


def test_a_missing_and_an_unlisted_file_are_found(copy: Path) -> None:
    (copy / "model.txt").rename(copy / "other.txt")
    with pytest.raises(UnusableInputError, match=r"missing: model\.txt; not listed: other\.txt"):
        load_scorer(str(copy))


def test_links_are_read_as_what_they_lead_to_as_dvc_links_its_cache(
    model: Path, tmp_path: Path, scorer: Scorer
) -> None:
    for path in model.iterdir():
        (tmp_path / path.name).symlink_to(path)
    assert load_scorer(str(tmp_path)).bundle == scorer.bundle


@pytest.mark.parametrize(
    ("place", "message"),
    [("nowhere", r"no files: model\.txt"), ("/proc/self/status", r"changed: model\.txt")],
    ids=["to nothing", "out of the bundle"],
)
def test_a_link_to_something_else_is_refused(place: str, message: str, copy: Path) -> None:
    (copy / "model.txt").unlink()
    (copy / "model.txt").symlink_to(place)
    with pytest.raises(UnusableInputError, match=message):
        load_scorer(str(copy))


def test_a_folder_inside_a_bundle_is_refused(copy: Path) -> None:
    (copy / "more").mkdir()
    with pytest.raises(UnusableInputError, match=r"not what was written \(no files: more\)"):
        load_scorer(str(copy))


def test_a_folder_that_is_no_bundle_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large.parquet").write_bytes(b"x")
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
    with pytest.raises(UnusableInputError, match=r"Found: large\.parquet\. Point --model"):
        load_scorer(str(tmp_path))


def test_a_bundle_of_too_many_bytes_is_not_read(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MOST_BYTES", 1_000)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
    with pytest.raises(UnusableInputError, match=r"bytes; a bundle holds at most 1,000\. Copy it again"):
        load_scorer(str(copy))


@pytest.mark.parametrize("command", ["score", "evaluate"])
def test_a_bundle_for_other_features_is_refused(
    command: str, incoming: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.bundles.catalog_hash", lambda: "0" * 16)
    trained_on = json.loads((copy / "manifest.json").read_text())["catalog_hash"]
    message = refused(command, "--input", incoming, "--output", tmp_path / "out", "--model", copy)
    assert message == (
        f"model: it was trained on feature definitions {trained_on}; this program computes {'0' * 16}. "
        "Score with the version of Assay that made it, or train again ('dvc repro')."
    )
    assert not (tmp_path / "out").exists()


def test_the_command_ends_with_2_and_the_message(incoming: Path, copy: Path, tmp_path: Path) -> None:
    (copy / "SHA256SUMS").write_text("garbage\n")
    message = refused("score", "--input", incoming, "--output", tmp_path / "out", "--model", copy)
    assert message == "model: SHA256SUMS cannot be read. Copy the bundle again."
    assert not (tmp_path / "out").exists()


def test_a_scorer_is_sent_to_another_process_as_a_folder(scorer: Scorer, tmp_path: Path) -> None:
    here = ScorerAt.left_in(tmp_path / "bundle", scorer)
    sent = pickle.dumps(here)
    there = pickle.loads(sent)  # noqa: S301 - what the line above made
    assert here.scorer is scorer
    assert there == here
    assert len(sent) < 1_000
    assert there.scorer is not scorer
    assert there.scorer.bundle == scorer.bundle
    assert there.scorer is pickle.loads(sent).scorer, "made ready twice in one process"  # noqa: S301
