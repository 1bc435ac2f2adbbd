"""A user's own labelled accounts: alone, or beside the dataset, from the folder to the reports."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest
import yaml

from models.bundle import Bundle
from pipeline import evaluate, extract, layout, prepare, train
from pipeline.dataset import read_labels
from pipeline.errors import UnusableInputError
from pipeline.merging import holds_tables, prepare_together
from pipeline.results import results_page
from pipeline.train import labelled_features
from tests.pipeline.dataset_builders import Frames, content_of, frames, prepared_table, table, write
from tests.pipeline.dataset_builders import prepare as prepare_one
from tests.pipeline.projects import GROUPS, ROOT, invoke, read, refused, silent, write_params

OPTIONS = {"as_of": None, "buckets": 3, "max_quarantined_share": 0.05, "jobs": 1}


def renamed(content: Frames, prefix: str) -> Frames:
    """The same accounts under other ids."""
    named = (pl.lit(prefix) + pl.col("account_id")).alias("account_id")
    return {name: frame.with_columns(named) for name, frame in content.items()}


def together(folder: Path, dataset: Frames, own: Frames, name: str = "out") -> Path:
    write(folder / f"{name}_dataset", dataset)
    write(folder / f"{name}_own", own)
    prepare_together(folder / f"{name}_dataset", folder / f"{name}_own", folder / name, **OPTIONS)
    return folder / name


class TestTheFolder:
    @pytest.mark.parametrize("name", [None, "README.md", ".gitkeep"], ids=["nothing", "a page", "a hidden file"])
    def test_without_tables_there_are_no_own_accounts(self, tmp_path: Path, name: str | None) -> None:
        if name is not None:
            (tmp_path / name).write_text("nothing here")
        assert not holds_tables(tmp_path)

    def test_anything_else_is_taken_for_tables(self, tmp_path: Path) -> None:
        (tmp_path / "acounts.csv").write_text("account_id\n")
        assert holds_tables(tmp_path)

    def test_a_folder_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(
            UnusableInputError, match=r"'prepare\.own_dataset' names '.*nowhere'\. Found: no such folder"
        ):
            holds_tables(tmp_path / "nowhere")

    def test_the_one_that_the_project_names_is_in_git_and_empty(self) -> None:
        params = yaml.safe_load((ROOT / "params.yaml").read_text())["prepare"]
        assert (ROOT / params["own_dataset"] / "README.md").is_file()
        assert "/own/*\n!/own/README.md\n" in (ROOT / ".gitignore").read_text()
        deps = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["prepare"]["deps"]
        assert "${prepare.own_dataset}" in deps


class TestTogether:
    def test_own_accounts_stand_beside_the_dataset_s(self, tmp_path: Path) -> None:
        own = renamed(frames(accounts=3), "mine-")
        out = together(tmp_path, frames(), own)
        prepare_one(tmp_path / "out_dataset", tmp_path / "alone")
        for name in ("accounts", "followers_daily", "posts", "comments"):
            found = prepared_table(out, name)
            is_own = pl.col("account_id").str.starts_with("mine-")
            assert found.filter(~is_own).equals(prepared_table(tmp_path / "alone", name))
            assert found.filter(is_own)["account_id"].n_unique() == 3

    def test_labels_say_where_an_account_came_from_and_no_other_table_does(self, tmp_path: Path) -> None:
        out = together(tmp_path, frames(), renamed(frames(accounts=3), "mine-"))
        labels = read_labels(out)
        origins = labels.select(pl.col("account_id").str.starts_with("mine-"), "origin").unique().sort("origin").rows()
        assert origins == [(False, "dataset"), (True, "own")]
        for name in ("accounts", "followers_daily", "posts", "comments"):
            assert "origin" not in prepared_table(out, name).columns

    def test_own_cohorts_are_none_of_the_dataset_s(self, tmp_path: Path) -> None:
        named = frames(accounts=3)
        named["labels"] = named["labels"].with_columns(cohort=pl.Series(["first", "first", None]))
        labels = read_labels(together(tmp_path, named, renamed(named, "mine-")))
        assert labels["cohort"].to_list() == ["first", "first", None, "own/first", "own/first", "own/mine-account-2"]

    def test_order_of_rows_changes_no_byte(self, tmp_path: Path) -> None:
        own = renamed(frames(), "mine-")
        shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=2) for name, frame in own.items()}
        first, second = together(tmp_path, frames(), own, "a"), together(tmp_path, frames(), shuffled, "b")
        assert content_of(first) == content_of(second)

    def test_what_became_of_the_rows_is_counted_together_and_apart(self, tmp_path: Path) -> None:
        own = renamed(frames(accounts=3), "mine-")
        bad = table("posts", [{"account_id": "mine-account-0", "post_id": "late", "posted_at": None}])
        own["posts"] = pl.concat([own["posts"], bad])
        own["labels"] = own["labels"].with_columns(mood=pl.lit("good"))
        out = together(tmp_path, frames(), own)
        summary, apart = (json.loads((out / name).read_text()) for name in ("summary.json", "own_summary.json"))
        assert summary["tables"]["accounts"]["used"] == 5 + 3
        assert (
            summary["tables"]["posts"]["problems"] == apart["tables"]["posts"]["problems"] == {"posted_at is null": 1}
        )
        assert apart["tables"]["accounts"]["used"] == 3
        assert pl.read_parquet(out / "quarantine_own" / "posts.parquet").height == 1
        assert not (out / "quarantine" / "posts.parquet").exists()
        assert summary["warnings"] == [
            "own_dataset: labels: columns that the contract does not know are not used: 'mood'."
        ]

    @pytest.mark.parametrize("table_name", ["posts", "comments", "followers_daily"])
    def test_a_table_that_one_folder_lacks_is_not_observed_there(self, tmp_path: Path, table_name: str) -> None:
        own = renamed(frames(), "mine-")
        del own[table_name]
        found = prepared_table(together(tmp_path, frames(), own), table_name)
        assert found.height > 0
        assert not found["account_id"].str.starts_with("mine-").any()


class TestRefused:
    def test_accounts_that_stand_in_both(self, tmp_path: Path) -> None:
        with pytest.raises(UnusableInputError, match=r"own_dataset: 8 accounts stand in the dataset, too\. Found: "
                           r"account-0, .*account-4 and 3 more\. Remove them from one of the two"):  # fmt: skip
            together(tmp_path, frames(accounts=9), frames(accounts=8))
        assert not (tmp_path / "out").exists()

    def test_own_accounts_without_labels(self, tmp_path: Path) -> None:
        own = renamed(frames(), "mine-")
        del own["labels"]
        with pytest.raises(UnusableInputError, match=r"own_dataset: training on own accounts needs their labels"):
            together(tmp_path, frames(), own)

    @pytest.mark.parametrize(
        ("inauthentic", "scheme"),
        [(False, None), (True, "bought_comments")],
        ids=["all genuine", "no genuine one but a small dose"],
    )
    def test_own_accounts_of_one_class(self, tmp_path: Path, *, inauthentic: bool, scheme: str | None) -> None:
        own = renamed(frames(), "mine-")
        # The first account is genuine and carries the scheme; with a scheme it is no example of a genuine one.
        label = (pl.int_range(pl.len()) > 0) & inauthentic
        own["labels"] = own["labels"].with_columns(is_inauthentic=label, scheme=pl.lit(scheme, pl.String))
        with pytest.raises(UnusableInputError, match=r"own_dataset: all . labelled accounts are"):
            together(tmp_path, frames(), own)

    def test_a_cohort_of_the_dataset_named_as_an_own_one(self, tmp_path: Path) -> None:
        dataset, own = frames(), renamed(frames(), "mine-")
        dataset["labels"] = dataset["labels"].with_columns(cohort=pl.lit("own/first"))
        own["labels"] = own["labels"].with_columns(cohort=pl.lit("first"))
        with pytest.raises(UnusableInputError, match=r"Found: own/first\. Rename those of the dataset"):
            together(tmp_path, dataset, own)

    def test_a_failure_leaves_an_earlier_result(self, tmp_path: Path) -> None:
        out = together(tmp_path, frames(), renamed(frames(), "mine-"))
        before = content_of(out)
        with pytest.raises(UnusableInputError):
            prepare_together(tmp_path / "out_dataset", tmp_path / "out_dataset", out, **OPTIONS)
        assert content_of(out) == before
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def labels_changed(
    source: Path, target: Path, *changes: pl.Expr, keep: pl.Expr | None = None, prefix: str = ""
) -> None:
    """A copy of a labelled folder without cohorts and schemes, its accounts renamed, its labels changed."""
    content = read(source)
    labels = (
        content["labels"].select("account_id", "is_inauthentic", label_source=pl.lit("agency")).with_columns(*changes)
    )
    content["labels"] = labels if keep is None else labels.filter(keep)
    write(target, renamed(content, prefix))


def stages(*, judged: bool = True) -> None:
    """From the raw folders to the bundle, and to the reports where it is to be judged."""
    prepare.run(silent)
    for group in GROUPS:
        extract.run(group, silent)
    train.run(silent)
    if judged:
        evaluate.run(silent)


def give_features_of(project: Path) -> None:
    """The features of the project for its accounts, and somebody's of them for each own one: faster than their own."""
    own = read_labels(layout.PREPARED).filter(pl.col("origin") == "own")["account_id"]
    for group in GROUPS:
        known = pl.read_parquet(project / layout.feature_file(group))
        path = layout.feature_file(group)
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.concat([known, known.head(len(own)).with_columns(account_id=own)]).write_parquet(path)


@pytest.fixture(scope="module")
def both(project: Path, labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the stages ran on the small dataset and 100 own accounts. Read it only."""
    folder = tmp_path_factory.mktemp("both")
    write_params(folder, prepare={"dataset": str(project / "data" / "raw" / "training")}, train={"own_weight": 2.0})
    labels_changed(labelled, folder / "own", prefix="mine-")
    with chdir(folder):
        stages()
    return folder


@pytest.mark.slow
class TestTheStages:
    def test_the_dataset_keeps_its_split_and_own_accounts_play_every_role(self, project: Path, both: Path) -> None:
        alone, joined = (pl.read_parquet(each / layout.TEST_ACCOUNTS) for each in (project, both))
        is_own = pl.col("account_id").str.starts_with("mine-")
        assert joined.filter(~is_own).equals(alone)
        report = json.loads((both / layout.TRAINING_REPORT).read_text())
        own = report["own_accounts"]
        assert {role: sum(counts.values()) for role, counts in own.items()}["test"] == joined.filter(is_own).height
        assert all(sum(counts.values()) > 0 for counts in own.values())
        assert any(each.startswith("own_dataset:") and "accounts test" in each for each in report["warnings"])

    def test_the_bundle_says_what_it_was_trained_on(self, both: Path) -> None:
        files = {path.name: path.read_bytes() for path in (both / layout.MODEL).iterdir()}
        provenance = Bundle.from_files(files).provenance
        assert provenance["own_weight"] == 2.0
        assert sum(sum(counts.values()) for counts in provenance["own_accounts"].values()) == 100

    def test_where_an_account_came_from_is_no_feature(self, both: Path) -> None:
        with chdir(both):
            columns = labelled_features(layout.PREPARED).columns
        features = json.loads((both / layout.MODEL / "manifest.json").read_text())["features"]
        assert "origin" in columns
        assert "origin" not in features

    def test_own_accounts_are_reported_apart_with_exact_intervals(self, both: Path) -> None:
        segments = json.loads((both / layout.SEGMENTS).read_text())["origin"]
        assert [row["segment"] for row in segments] == ["dataset", "own"]
        own = segments[1]
        assert own["accounts"] == own["genuine_accounts"] + own["inauthentic_accounts"] > 0
        assert own["genuine_reject_lower"] == 0.0 < own["genuine_reject_upper"]
        assert "## By origin" in results_page(both / "reports")
        split = json.loads((both / layout.METRICS).read_text())["split"]
        assert f"{own['accounts']} of " in split
        assert "not simulated" in split

    def test_without_own_accounts_no_report_speaks_of_them(self, project: Path) -> None:
        assert "By origin" not in results_page(project / "reports")
        assert json.loads((project / layout.TRAINING_REPORT).read_text())["own_accounts"] == {}

    def test_own_accounts_alone_train_a_model(self, labelled: Path, tmp_path: Path) -> None:
        write_params(tmp_path, prepare={"dataset": "mine"})
        labels_changed(labelled, tmp_path / "mine")
        with chdir(tmp_path):
            stages()
            report = json.loads(layout.TRAINING_REPORT.read_text())
            test = pl.read_parquet(layout.TEST_ACCOUNTS)
            metrics = json.loads(layout.METRICS.read_text())
        assert report["accounts"] == 100
        assert report["scheme_heads"] == []  # nobody said what was done
        assert test["cohort"].equals(test["account_id"].alias("cohort"))
        assert "simulated, unseen" not in metrics["split"]
        assert metrics["interval"] == "bootstrap over accounts"
        assert len(report["warnings"]) == 3

    @pytest.mark.parametrize(
        ("where", "keep", "message"),
        [
            (
                "dataset",
                pl.col("is_inauthentic"),
                "usable accounts of one class. .* a few hundred accounts of each class",
            ),
            ("dataset", pl.int_range(pl.len()) < 3, "labels: 3 cohorts found; at least 4 are needed"),
            (
                "own_dataset",
                pl.col("is_inauthentic").cum_count().over("is_inauthentic") == 1,
                "own_dataset: labels: 2 cohorts found; at least 4 are needed",
            ),
        ],
        ids=["only bought ones", "three accounts", "two own accounts"],
    )
    def test_too_little_to_learn_from_is_refused(
        self, project: Path, labelled: Path, tmp_path: Path, where: str, keep: pl.Expr, message: str
    ) -> None:
        folders = {"dataset": str(project / "data" / "raw" / "training"), where: "mine"}
        write_params(tmp_path, prepare=folders)
        labels_changed(labelled, tmp_path / "mine", keep=keep, prefix="mine-")
        with chdir(tmp_path):
            prepare.run(silent)
            if where == "own_dataset":
                give_features_of(project)
            else:
                for group in GROUPS:
                    extract.run(group, silent)
            with pytest.raises(UnusableInputError, match=message):
                train.run(silent)

    def test_the_stage_says_what_there_is_too_little_of(self, labelled: Path, tmp_path: Path) -> None:
        write_params(tmp_path, prepare={"dataset": "mine"})
        labels_changed(labelled, tmp_path / "mine")
        with chdir(tmp_path):
            stages(judged=False)
            done = invoke("stage", "train")
            assert done.exit_code == 0
            assert "warning: labels: " in done.stderr
            assert "warning" not in invoke("stage", "train", "--quiet").stderr

    def test_a_folder_that_is_not_there_ends_with_two(self, tmp_path: Path) -> None:
        write_params(tmp_path, prepare={"own_dataset": "nowhere"})
        with chdir(tmp_path):
            assert "prepare.own_dataset" in refused("stage", "prepare")
