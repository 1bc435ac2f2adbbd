"""A trial training aside: who learns and who judges, what is refused, and that the project stays as it is."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline import layout, own_training
from pipeline.bundles import read_bundle
from pipeline.errors import UnusableInputError
from pipeline.own_training import FEW_COHORTS, OwnAccounts
from tests.pipeline.dataset_builders import Frames, content_of, write
from tests.pipeline.projects import silent


@pytest.fixture(scope="module")
def aside(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small project's data and its params, to train in one process."""
    folder = tmp_path_factory.mktemp("trial")
    params = yaml.safe_load((project / layout.PARAMS).read_text(encoding="utf-8"))
    params["train"]["jobs"] = 1
    (folder / layout.PARAMS).write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    (folder / "data").symlink_to(project / "data")
    return folder


@pytest.fixture(scope="module")
def own(aside: Path) -> OwnAccounts:
    """Twenty stand-in cohorts of six accounts."""
    with chdir(aside):
        stand_in = own_training.stand_in(aside / "mine", 20, 6, 960_001, silent)
        return own_training.open_own(stand_in, aside / "own", silent)


@pytest.fixture(autouse=True)
def inside(aside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(aside)


def accounts_and_labels(folder: Path) -> Frames:
    """Two tables of a folder of parts: enough to deal out roles."""
    return {name: pl.read_parquet(folder / name) for name in ("accounts", "labels")}


@pytest.mark.usefixtures("own")
def test_a_stand_in_that_is_there_stays(aside: Path) -> None:
    before = content_of(aside / "mine")
    own_training.stand_in(aside / "mine", 3, 5, 1, silent)
    assert content_of(aside / "mine") == before


def test_whole_cohorts_play_one_role_and_everybody_one(own: OwnAccounts) -> None:
    assert own.labelled["cohort"].n_unique() == len(own.roles) == 20
    tested = own.labelled.filter(pl.col("account_id").is_in(own.test_accounts.implode()))["cohort"].unique()
    assert {own.roles[cohort] for cohort in tested} == {"test"}
    usable = own.labelled.filter(pl.col("is_inauthentic") | pl.col("scheme").is_null())
    assert all(cohort.startswith("own/") for cohort in own.roles)
    assert own.split().select(pl.sum_horizontal("genuine", "inauthentic").sum()).item() == usable.height


def test_few_test_cohorts_are_warned_of(own: OwnAccounts) -> None:
    assert [f"fewer than {FEW_COHORTS}" in each for each in own.cautions()] == [True]


@pytest.mark.usefixtures("own")
def test_accounts_that_nobody_grouped_are_warned_of(aside: Path) -> None:
    content = accounts_and_labels(aside / "mine")
    content["labels"] = content["labels"].drop("cohort")
    write(aside / "alone", content)
    alone = own_training.open_own(aside / "alone", aside / "alone prepared", silent)
    assert ["Name their 'cohort'" in each for each in alone.cautions()] == [True]


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "needs labelled accounts"),
        (pl.col("is_inauthentic"), r"labelled accounts are inauthentic"),
        (pl.col("cohort") == pl.col("cohort").min(), "1 cohorts found; at least 4 are needed"),
    ],
    ids=["no labels", "one class", "one cohort"],
)
def test_what_cannot_be_learned_from_is_refused(
    labels: pl.Expr | None, message: str, aside: Path, tmp_path: Path
) -> None:
    content = accounts_and_labels(aside / "mine")
    table = content.pop("labels")
    if labels is not None:
        content["labels"] = table.filter(labels)
    write(tmp_path / "raw", content)
    with pytest.raises(UnusableInputError, match=message):
        own_training.open_own(tmp_path / "raw", tmp_path / "own", silent)


def test_simulated_cohorts_are_not_those_that_the_project_is_tested_on() -> None:
    tested = set(pl.read_parquet(layout.TEST_ACCOUNTS)["cohort"])
    for most in (3, 100):
        cohorts = set(own_training.simulated_cohorts(most)["cohort"])
        assert 0 < len(cohorts) <= most
        assert not cohorts & tested


def test_without_the_stages_there_are_none(tmp_path: Path) -> None:
    with chdir(tmp_path), pytest.raises(UnusableInputError, match=r"dataset: its features are not at .* 'dvc repro'"):
        own_training.simulated_cohorts(5)


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="neither own accounts nor simulated"):
        own_training.train_trial(None, None, silent)


@pytest.mark.slow
def test_the_models_are_judged_on_the_same_accounts_and_the_project_stays(own: OwnAccounts, aside: Path) -> None:
    model = content_of(aside / "data" / "model")
    simulated = own_training.simulated_cohorts(5)
    beside = own_training.train_trial(own, simulated, silent)
    trained_on = beside.bundle.provenance["own_accounts"]
    assert {role: sum(counts.values()) for role, counts in trained_on.items()} == {
        row["role"]: row["genuine"] + row["inauthentic"] for row in own.split().iter_rows(named=True)
    }
    judged = {
        "beside": own_training.judge(own, beside.bundle, silent),
        "as it is": own_training.judge(own, read_bundle(layout.MODEL), silent),
    }
    for each in judged.values():
        assert each.scored["account_id"].to_list() == own.test_accounts.sort().to_list()
        assert each.metrics["interval"] == "bootstrap over cohorts"
    table = own_training.paired(judged)
    assert table.columns == ["figure", "beside", "as it is", "beside less as it is"]
    assert table["figure"][0] == "AUC"
    assert (
        own_training.paired({"a": judged["beside"], "b": judged["beside"]})["a less b"].str.starts_with("+0.000").any()
    )
    assert content_of(aside / "data" / "model") == model
