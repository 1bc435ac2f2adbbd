"""params.yaml: what is right is typed, what is wrong is said all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from pipeline.errors import UnusableInputError
from pipeline.evaluate import EvaluateParams
from pipeline.params import Section, read_section
from pipeline.prepare import PrepareParams
from pipeline.score import ScoreParams
from pipeline.shortlist import ShortlistParams
from pipeline.simulate import SimulateParams
from pipeline.track import TrackParams
from pipeline.train import TrainParams

ROOT = Path(__file__).parents[2]
SECTIONS = {
    "simulate": SimulateParams,
    "prepare": PrepareParams,
    "train": TrainParams,
    "evaluate": EvaluateParams,
    "score": ScoreParams,
    "shortlist": ShortlistParams,
    "track": TrackParams,
}


class Garden(Section):
    beds: int = Field(ge=1)
    shade: float = Field(ge=0, le=1)


def written(folder: Path, text: str) -> Path:
    path = folder / "params.yaml"
    path.write_text(text)
    return path


def test_a_missing_file_is_named_with_the_repair(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"params.yaml is missing. Run the command in the project's folder"):
        read_section("garden", Garden, tmp_path / "params.yaml")


def test_an_empty_file_lacks_every_section(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="section 'garden' is missing"):
        read_section("garden", Garden, written(tmp_path, ""))


def test_a_missing_section_lists_those_found(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"section 'garden' is missing .* Found: kitchen"):
        read_section("garden", Garden, written(tmp_path, "kitchen: {}"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("garden: [1, 2", id="a bracket that is not closed"),
        pytest.param("garden: {beds: 2026-02-30}", id="a day that there is not"),
        pytest.param(f"garden: {'[' * 3_000}", id="thousands of brackets"),
        pytest.param(f"garden: {'9' * 5_000}", id="thousands of digits"),
    ],
)
def test_a_file_that_is_not_yaml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnusableInputError, match="is not YAML"):
        read_section("garden", Garden, written(tmp_path, text))


def test_values_come_typed(tmp_path: Path) -> None:
    assert read_section("garden", Garden, written(tmp_path, "garden: {beds: 3, shade: 0.5}")) == Garden(
        beds=3, shade=0.5
    )


def test_all_errors_of_a_section_come_at_once_with_the_nearest_key(tmp_path: Path) -> None:
    path = written(tmp_path, "garden: {beds: 0, shde: 0.5}")
    with pytest.raises(UnusableInputError) as caught:
        read_section("garden", Garden, path)
    text = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 3
    assert "'garden.beds' is 0" in text
    assert "'garden.shade' is missing" in text
    assert "'garden.shde' is not a known key. Did you mean 'shade'?" in text


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_of_the_projects_own_file_is_legal(name: str) -> None:
    section = read_section(name, SECTIONS[name], ROOT / "params.yaml")
    assert isinstance(section, SECTIONS[name])


def test_the_incoming_batch_may_not_be_a_training_cohort(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text().replace("incoming_seed: 700001", "incoming_seed: 5")
    with pytest.raises(UnusableInputError, match="incoming_seed is one of the training cohorts' seeds"):
        read_section("simulate", SimulateParams, written(tmp_path, text))


@pytest.mark.parametrize("tiers", [[], [0, 10], [10, 10], [20, 10]], ids=["none", "zero", "equal", "falling"])
def test_size_tiers_must_rise(tiers: list[int]) -> None:
    with pytest.raises(ValidationError):
        EvaluateParams(replicates=1, confidence=0.9, seed=1, size_tiers=tiers, jobs=1)
