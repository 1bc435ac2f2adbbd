"""The command and the stage `simulate`: labelled cohorts as dataset folders."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest

from features.tables import CONTRACTS
from models.evaluation import auc
from pipeline import simulate
from pipeline.simulate import COHORTS_PER_PART, write_cohorts
from simulation.cohort import cohort_sizes
from tests.pipeline.dataset_builders import content_of
from tests.pipeline.projects import invoke, read, refused, silent, write_params
from tests.priors import PRIORS


def simulated(output: Path, *, accounts: int = 12, seed: int = 5) -> Path:
    done = invoke("simulate", "--output", output, "--accounts", accounts, "--seed", seed, "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    return output


def test_a_cohort_is_a_labelled_folder_of_the_contract(tmp_path: Path) -> None:
    content = read(simulated(tmp_path / "out"))
    assert list(content) == sorted(CONTRACTS)
    for name, frame in content.items():
        assert dict(frame.schema) == CONTRACTS[name].schema, name
        assert frame.equals(frame.sort(CONTRACTS[name].key)), name
    assert content["accounts"].height == content["labels"].height == 12
    assert invoke("validate", "--input", tmp_path / "out").exit_code == 0


def test_the_seed_decides_every_byte(tmp_path: Path) -> None:
    first = content_of(simulated(tmp_path / "first"))
    assert content_of(simulated(tmp_path / "again")) == first
    other = content_of(simulated(tmp_path / "other", seed=6))
    assert all(other[name] != content for name, content in first.items())


def test_an_earlier_cohort_is_replaced_whole(tmp_path: Path) -> None:
    simulated(tmp_path / "out", accounts=20)
    assert content_of(simulated(tmp_path / "out")) == content_of(simulated(tmp_path / "fresh"))


@pytest.mark.parametrize("stranger", ["notes.txt", ".hidden"])
def test_files_of_somebody_else_stay(stranger: str, tmp_path: Path) -> None:
    simulated(tmp_path / "out")
    (tmp_path / "out" / stranger).write_text("mine")
    simulated(tmp_path / "out")
    assert (tmp_path / "out" / stranger).read_text() == "mine"


@pytest.mark.parametrize("form", ["accounts.csv", "posts/"])
def test_a_table_in_another_form_is_not_doubled(form: str, tmp_path: Path) -> None:
    simulated(tmp_path / "out")
    if form.endswith("/"):
        (tmp_path / "out" / form).mkdir()
    else:
        (tmp_path / "out" / form).write_text("mine")
    before = content_of(tmp_path / "out")
    message = refused("simulate", "--output", tmp_path / "out", "--accounts", 3, "--seed", 1)
    assert f"holds a table in another form. Found: {form.rstrip('/')}" in message
    assert content_of(tmp_path / "out") == before


def test_a_file_in_the_place_of_the_output(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    message = refused("simulate", "--output", tmp_path / "out", "--accounts", 3, "--seed", 1)
    assert "is not a folder. Found: a file." in message
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param(("--accounts", 3, "--seed", -1), "--seed", id="negative seed"),
        pytest.param(("--accounts", 0, "--seed", 1), "--accounts", id="no account"),
        pytest.param(("--accounts", "many", "--seed", 1), "--accounts", id="no number"),
        pytest.param(("--accounts", 3), "--seed", id="no seed"),
    ],
)
def test_what_cannot_be_simulated_is_said(options: tuple[object, ...], named: str, tmp_path: Path) -> None:
    assert named in refused("simulate", "--output", tmp_path / "out", *options)
    assert list(tmp_path.iterdir()) == []


class TestOverwriting:
    def simulated(self, folder: Path, *options: object) -> bytes:
        done = invoke("simulate", "--output", folder, "--accounts", 5, "--seed", 4243, *options)
        assert (done.exit_code, done.stdout) == (0, "")
        assert "next: python -m pipeline score --input " in done.stderr
        return (folder / "accounts.parquet").read_bytes()

    def test_an_earlier_simulation_is_replaced(self, tmp_path: Path) -> None:
        assert self.simulated(tmp_path / "cohort") == self.simulated(tmp_path / "cohort")

    @pytest.mark.parametrize(
        "labels",
        [
            pytest.param(None, id="no labels"),
            pytest.param({"label_source": ["review"]}, id="labels of somebody"),
            pytest.param({"label_source": [None]}, id="labels of nobody knows whom"),
            pytest.param({"account_id": ["a"]}, id="labels without a source"),
        ],
    )
    def test_tables_that_no_simulation_wrote_stay(self, labels: dict[str, list[str]] | None, tmp_path: Path) -> None:
        folder = tmp_path / "mine"
        folder.mkdir()
        pl.DataFrame({"account_id": ["a"]}).write_parquet(folder / "accounts.parquet")
        if labels is not None:
            pl.DataFrame(labels, schema_overrides=dict.fromkeys(labels, pl.String)).write_parquet(
                folder / "labels.parquet"
            )
        before = (folder / "accounts.parquet").read_bytes()
        message = refused("simulate", "--output", folder, "--accounts", 5, "--seed", 4243)
        assert "holds tables that would be replaced. Found: accounts.parquet" in message
        assert message.endswith("Give another folder, or add --overwrite.")
        assert (folder / "accounts.parquet").read_bytes() == before
        assert self.simulated(folder, "--overwrite") != before

    def test_a_folder_of_other_files_is_filled(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("mine")
        self.simulated(tmp_path)
        assert (tmp_path / "notes.txt").read_text() == "mine"


class TestStage:
    def test_cohorts_fill_parts_and_no_account_is_in_two(self, project: Path) -> None:
        parts = sorted((project / "data" / "raw" / "training" / "labels").iterdir())
        labels = pl.concat(pl.read_parquet(part) for part in parts)
        sizes = cohort_sizes(10, 60, 350, 1)
        assert (len(parts), labels.height) == (10 / COHORTS_PER_PART, sum(sizes))
        assert labels["account_id"].n_unique() == labels.height
        counted = labels.group_by("cohort").len().sort(pl.col("cohort").str.split("-").list[1].cast(pl.Int64))
        assert counted["len"].to_list() == sizes

    def test_the_incoming_batch_has_no_labels_and_no_known_account(self, project: Path, incoming: Path) -> None:
        assert sorted(read(incoming)) == ["accounts", "comments", "followers_daily", "posts"]
        known = pl.read_parquet(project / "data" / "raw" / "training" / "accounts" / "*.parquet")["account_id"]
        assert not read(incoming)["accounts"]["account_id"].is_in(known.implode()).any()

    def test_candidates_are_of_the_batch_and_one_is_not(self, project: Path, incoming: Path) -> None:
        candidates = pl.read_csv(project / "data" / "raw" / "candidates.csv", infer_schema=False)
        known = candidates["account_id"].is_in(read(incoming)["accounts"]["account_id"].implode())
        assert (known.sum(), candidates.height) == (12, 12 + 1)
        assert candidates["campaign"].n_unique() == 2

    def test_neither_the_name_nor_the_place_of_an_account_tells_its_label(self, project: Path) -> None:
        folder = project / "data" / "raw" / "training"
        accounts = pl.read_parquet(folder / "accounts" / "*.parquet")
        labels = pl.read_parquet(folder / "labels" / "*.parquet")
        both = labels.join(accounts, on="account_id", maintain_order="left")
        place = pl.col("account_id").rank().over("cohort") / pl.len().over("cohort")
        digits = pl.col("account_id").str.slice(0, 8).str.to_integer(base=16, strict=False).fill_null(0)
        for name, value in {
            "place": place,
            "digits of the identifier": digits / 16**8,
            "length of the identifier": pl.col("account_id").str.len_chars() / 100,
        }.items():
            told = auc(both["is_inauthentic"].to_numpy(), both.select(value.cast(pl.Float64)).to_series().to_numpy())
            # 1,000 accounts: the AUC of a coin varies by about 0.02.
            assert told == pytest.approx(0.5, abs=0.1), name

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            pytest.param(
                {"first_seed": 1, "incoming_seed": 3},
                "incoming_seed is one of the training cohorts' seeds",
                id="known batch",
            ),
            pytest.param({"candidates": 81}, "candidates exceeds incoming_accounts", id="too many candidates"),
            pytest.param({"cohorts": 3}, "simulate.cohorts", id="too few cohorts"),
            pytest.param({"largest_cohort": 59}, "largest_cohort is below smallest_cohort", id="sizes upside down"),
            pytest.param({"smalest_cohort": 3}, "Did you mean 'smallest_cohort'?", id="misspelt key"),
        ],
    )
    def test_parameters_that_make_no_sense_are_said(
        self, changes: dict[str, int], message: str, tmp_path: Path
    ) -> None:
        write_params(tmp_path, simulate=changes)
        with chdir(tmp_path):
            assert message in refused("stage", "simulate")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "params.yaml"]

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            pytest.param({"memry": [0.0, 1.0]}, "Did you mean 'memory'?", id="misspelt constant"),
            pytest.param({"memory": [0.5, 0.1]}, "must not fall from left to right", id="range upside down"),
            pytest.param({"memory": [0.0, 50.0]}, "memory must lie within 0 to 0.8", id="beyond what can be"),
            pytest.param(
                {"steady_share": [8.0, 22.0]}, "steady_share must lie within 0 to 1", id="per cent as a share"
            ),
        ],
    )
    def test_priors_that_make_no_sense_are_said(self, changes: dict[str, object], message: str, tmp_path: Path) -> None:
        write_params(tmp_path, priors={"growth": PRIORS.model_dump()["growth"] | changes})
        with chdir(tmp_path):
            assert message in refused("stage", "simulate")

    def test_the_command_finds_its_priors_wherever_it_is_called(self, tmp_path: Path) -> None:
        with chdir(tmp_path):
            simulated(Path("out"), accounts=1)
        assert read(tmp_path / "out")["accounts"].height == 1

    def test_no_candidate_is_an_empty_list(self, tmp_path: Path) -> None:
        write_params(
            tmp_path,
            simulate={
                "cohorts": 4,
                "smallest_cohort": 1,
                "largest_cohort": 2,
                "incoming_accounts": 2,
                "candidates": 0,
            },
        )
        with chdir(tmp_path):
            simulate.run(silent)
            assert pl.read_csv("data/raw/candidates.csv").height == 0
            assert invoke("stage", "simulate", "--quiet").output == ""


@pytest.mark.slow
def test_workers_of_an_earlier_call_write_where_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        write_cohorts(Path("cohorts"), [(seed, 20) for seed in range(2 * COHORTS_PER_PART)], PRIORS, 2, silent)
        assert (tmp_path / name / "cohorts" / "accounts").is_dir()
