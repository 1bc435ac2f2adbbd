"""The command line: help, silence, exit codes; `features`, `shortlist` and `--as-of` as a person calls them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import fsspec
import polars as pl
import pytest
from typer.main import get_command

from features.catalog import features
from features.definition import GROUPS as ALL_GROUPS
from pipeline.__main__ import app
from pipeline.console import ORDER_OF_WORK
from pipeline.params import as_instant
from pipeline.places import place
from pipeline.prepare import PrepareParams
from pipeline.storage import read_json
from tests.pipeline.dataset_builders import write
from tests.pipeline.projects import GROUPS, ROOT, invoke, read, refused

COMMANDS = {
    "score": "Score every account of a dataset folder",
    "shortlist": "Rank a campaign's candidates",
    "feedback": "Turn reviewers' outcomes into labels",
    "evaluate": "Measure the model on a labelled folder",
    "validate": "Check a folder against the data contract",
    "features": "Write the feature table alone",
    "simulate": "Simulate one labelled cohort",
    "ui": "Open the experiments",
    "notebooks": "Run the notebooks on what",
    "kernels": "Compile the kernels now",
    "docs": "Write the pages that are generated from the code",
    "stage": "The stages of the pipeline",
}
HEAVY_MODULES = ("lightgbm", "matplotlib", "mlflow", "numba", "pandas", "pandera", "polars", "scipy", "sklearn")


@pytest.fixture(autouse=True)
def quick(few_buckets: None) -> None:
    """Commands of this module prepare few buckets."""


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_tells_its_purpose(self, command: str) -> None:
        done = invoke(command, "--help")
        assert done.exit_code == 0
        assert COMMANDS[command] in words(done.stdout)

    @pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"stage"}))
    def test_every_command_can_be_quiet(self, command: str) -> None:
        assert "--quiet" in invoke(command, "--help").stdout

    @pytest.mark.parametrize("command", ["score", "evaluate"])
    def test_scoring_commands_take_the_options_of_the_contract(self, command: str) -> None:
        text = invoke(command, "--help").stdout
        assert all(option in text for option in ("--model", "--as-of", "--prevalence", "--jobs"))

    def test_no_command_is_forgotten_here(self) -> None:
        text = words(invoke("--help").stdout)
        assert all(purpose[:20] in text for purpose in COMMANDS.values())

    def test_commands_are_listed_in_the_order_of_work(self) -> None:
        text = words(invoke("--help").stdout)
        places = [text.index(COMMANDS[name][:20]) for name in ("validate", "score", "shortlist", "feedback", "ui")]
        assert places == sorted(places)
        panels = [text.index(panel) for panel in ("Your own data", "Experiments", "The project")]
        assert panels == sorted(panels)

    def test_an_order_says_nothing_of_commands_that_do_not_exist(self) -> None:
        names = list(get_command(app).commands)
        assert set(names) - {"map"} >= set(ORDER_OF_WORK) - {"map"}

    @pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"stage", "ui", "kernels", "docs"}))
    def test_every_command_on_data_gives_an_example_and_its_exit_codes(self, command: str) -> None:
        text = words(invoke(command, "--help").stdout)
        assert f"Example: python -m pipeline {command} " in text
        assert "Exit code " in text

    @pytest.mark.parametrize("command", ["score", "evaluate", "simulate"])
    def test_help_loads_no_heavy_module(self, command: str) -> None:
        code = (
            "import runpy, sys\n"
            f"sys.argv = ['pipeline', {command!r}, '--help']\n"
            "try:\n    runpy.run_module('pipeline', run_name='__main__')\n"
            "except SystemExit:\n    pass\n"
            "print(*sorted(HEAVY & set(sys.modules)), file=sys.stderr)\n"
        )
        program = f"HEAVY = {set(HEAVY_MODULES)!r}\n{code}"
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        assert "--help" in done.stdout
        assert done.stderr.strip() == ""

    def test_a_misspelt_command_is_refused(self) -> None:
        assert "scoer" in refused("scoer")


class TestSilence:
    def test_a_quiet_command_says_nothing(
        self, incoming: Path, labelled: Path, model: Path, project: Path, tmp_path: Path
    ) -> None:
        shortlist = ("--candidates", project / "data" / "raw" / "candidates.csv", "--exit-zero")
        scores = ("--scores", project / "data" / "scores" / "scores.parquet", "--output", tmp_path / "shortlist")
        for arguments in (
            ("score", "--input", incoming, "--output", tmp_path / "scores", "--model", model),
            ("evaluate", "--input", labelled, "--output", tmp_path / "metrics", "--model", model),
            ("features", "--input", incoming, "--output", tmp_path / "f.parquet", "--groups", "profile"),
            ("shortlist", *shortlist, *scores),
        ):
            done = invoke(*arguments, "--quiet")
            assert (done.exit_code, done.output) == (0, ""), arguments[0]

    def test_scoring_tells_verdicts_rows_and_warnings_on_stderr(
        self, incoming: Path, model: Path, tmp_path: Path
    ) -> None:
        content = read(incoming)
        content["posts"] = content["posts"].with_columns(mood=pl.lit("good"))
        source = write(tmp_path / "in", content)
        done = invoke("score", "--input", source, "--output", tmp_path / "[red]out[/nothing]", "--model", model)
        assert (done.exit_code, done.stdout) == (0, "")
        text = words(done.stderr)
        assert "insufficient_data" in text
        assert "Scored 80 accounts in 0:" in text
        assert " accounts 80 80 " in text  # the row of the table: all of its rows are used
        assert "'mood'" in text
        # A path is text, whatever brackets it holds, and quoted where it is part of a command.
        assert f"Written to {tmp_path}/[red]out[/nothing]." in text
        scores = f"--scores '{tmp_path}/[red]out[/nothing]/scores.parquet'"
        assert f"next: python -m pipeline report --input {source} {scores} --output " in text
        assert f"next: python -m pipeline shortlist --candidates CANDIDATES.csv {scores} --output " in text

    def test_results_beside_their_input_are_warned_of(self, incoming: Path, model: Path, tmp_path: Path) -> None:
        source = write(tmp_path / "in", read(incoming))
        done = invoke("score", "--input", source, "--output", tmp_path / "in" / ".." / "in", "--model", model)
        assert done.exit_code == 0
        assert "is the input folder, too: results now stand beside the tables" in words(done.stderr)
        assert "Name another folder with --output" in words(done.stderr)
        assert "is the input folder, too" in read_json(tmp_path / "in" / "summary.json")["warnings"][0]


class TestShortlist:
    def shortlisted(self, project: Path, output: Path, rows: list[str], *options: object) -> tuple[int, str]:
        output.mkdir()
        (output / "candidates.csv").write_text("\n".join(["campaign,account_id,fee,currency", *rows]), encoding="utf-8")
        scores = project / "data" / "scores" / "scores.parquet"
        files = ("--candidates", output / "candidates.csv", "--scores", scores, "--output", output)
        done = invoke("shortlist", *files, *options)
        assert done.stdout == ""
        return done.exit_code, done.stderr

    @pytest.fixture
    def accounts(self, scores: pl.DataFrame) -> dict[str, str]:
        """An account of each verdict that there is."""
        return dict(scores.group_by("verdict").agg(pl.col("account_id").min()).iter_rows())

    def test_all_pass_is_0(self, project: Path, accounts: dict[str, str], tmp_path: Path) -> None:
        code, text = self.shortlisted(project, tmp_path / "out", [f"spring,{accounts['pass']},100,EUR"])
        assert code == 0
        assert "1 of 1 candidates pass." in text

    @pytest.mark.parametrize("other", ["review", "insufficient_data", "unscored"])
    def test_one_that_does_not_pass_is_4_and_the_file_is_written(
        self, other: str, project: Path, accounts: dict[str, str], tmp_path: Path
    ) -> None:
        account = {**accounts, "unscored": "ghost"}[other]
        rows = [f"spring,{account},,", f"spring,{accounts['pass']},100,EUR"]
        assert self.shortlisted(project, tmp_path / "four", rows)[0] == 4
        assert self.shortlisted(project, tmp_path / "zero", rows, "--exit-zero")[0] == 0
        texts = [(tmp_path / name / "shortlist.csv").read_bytes() for name in ("four", "zero")]
        assert texts[0] == texts[1]
        ranked = pl.read_csv(tmp_path / "four" / "shortlist.csv")
        assert ranked.select("verdict", "rank").rows() == [("pass", 1), (other, 2)]

    def test_the_stage_ends_well_although_not_all_pass(self, project: Path) -> None:
        ranked = pl.read_csv(project / "data" / "shortlist" / "shortlist.csv")
        assert ranked.height == 12 + 1
        assert (ranked["verdict"] == "unscored").sum() == 1

    def test_no_candidate_is_a_list_that_passes(self, project: Path, tmp_path: Path) -> None:
        assert self.shortlisted(project, tmp_path / "out", [])[0] == 0

    def test_a_handle_in_brackets_is_shown_as_it_is(self, scores: pl.DataFrame, tmp_path: Path) -> None:
        first = scores.filter(pl.col("verdict") == "pass").head(1).with_columns(handle=pl.lit("[/x]"))
        first.write_parquet(tmp_path / "scores.parquet")
        (tmp_path / "list.csv").write_text(f"campaign,account_id\nspring,{first['account_id'].item()}\n")
        files = ("--candidates", tmp_path / "list.csv", "--scores", tmp_path / "scores.parquet")
        done = invoke("shortlist", *files, "--output", tmp_path / "out")
        assert done.exit_code == 0
        assert "[/x]" in done.stderr

    def test_scores_that_lack_columns_are_refused(self, scores: pl.DataFrame, project: Path, tmp_path: Path) -> None:
        scores.drop("verdict", "reasons").write_parquet(tmp_path / "scores.parquet")
        files = ("--candidates", project / "data" / "raw" / "candidates.csv", "--scores", tmp_path / "scores.parquet")
        message = refused("shortlist", *files, "--output", tmp_path / "out")
        for name in ("verdict", "reasons"):
            assert (
                f"scores: column '{name}' of {tmp_path / 'scores.parquet'} is missing. Found: account_id, " in message
            )
        assert message.endswith("Score again.")
        assert not (tmp_path / "out").exists()

    def test_a_file_in_the_place_of_the_output(self, project: Path, tmp_path: Path) -> None:
        (tmp_path / "out").write_text("mine")
        scores = project / "data" / "scores" / "scores.parquet"
        files = ("--candidates", project / "data" / "raw" / "candidates.csv", "--scores", scores)
        assert "is not a folder. Found: a file." in refused("shortlist", *files, "--output", tmp_path / "out")

    def test_a_missing_list_and_bad_rows_are_2(self, project: Path, tmp_path: Path) -> None:
        scores = ("--scores", project / "data" / "scores" / "scores.parquet", "--output", tmp_path / "out")
        assert "is missing" in refused("shortlist", "--candidates", tmp_path / "none.csv", *scores)
        (tmp_path / "list.csv").write_text("campaign,account_id,fee\nspring,,1\nspring,a,dear\n")
        message = refused("shortlist", "--candidates", tmp_path / "list.csv", *scores)
        assert "candidates: line 2 names no account." in message
        assert "candidates: line 3 has a fee that is not a number" in message


class TestFeatures:
    def columns(self, source: Path, output: Path, *options: object) -> list[str]:
        done = invoke("features", "--input", source, "--output", output, *options)
        assert (done.exit_code, done.stdout) == (0, "")
        assert "Features of " in done.stderr
        assert f"Written to {output}." in done.stderr
        return pl.read_parquet(output).columns

    def test_all_groups_are_the_catalogue_in_its_order(self, incoming: Path, tmp_path: Path) -> None:
        assert self.columns(incoming, tmp_path / "f.parquet") == ["account_id", *features(ALL_GROUPS)]
        table = pl.read_parquet(tmp_path / "f.parquet")
        assert table["account_id"].to_list() == read(incoming)["accounts"]["account_id"].sort().to_list()
        assert set(table.drop("account_id").dtypes) == {pl.Float64}

    @pytest.mark.parametrize(
        ("groups", "expected"),
        [
            pytest.param("profile", ("profile",), id="one"),
            pytest.param("growth,profile", ("growth", "profile"), id="two"),
            pytest.param(" profile , growth ", ("growth", "profile"), id="blanks and another order"),
            pytest.param("profile,profile", ("profile",), id="one named twice"),
        ],
    )
    def test_groups_are_chosen(self, groups: str, expected: tuple[str, ...], incoming: Path, tmp_path: Path) -> None:
        found = self.columns(incoming, tmp_path / "f.parquet", "--groups", groups)
        assert found == ["account_id", *features(expected)]

    def test_the_stage_computes_what_the_command_computes(self, project: Path, tmp_path: Path) -> None:
        self.columns(project / "data" / "raw" / "training", tmp_path / "f.parquet")
        table = pl.read_parquet(tmp_path / "f.parquet")
        for group in GROUPS:
            stage = pl.read_parquet(project / "data" / "features" / f"{group}.parquet")
            assert stage.equals(table.select("account_id", *features([group]))), group

    def test_a_reference_without_the_network_is_refused(self, incoming: Path, tmp_path: Path) -> None:
        options = ("--groups", "growth,profile", "--reference", incoming)
        message = refused("features", "--input", incoming, "--output", tmp_path / "f.parquet", *options)
        assert "reference: it serves the group 'network' alone. Found: growth, profile. Add 'network'" in message

    def test_a_name_that_promises_another_format_is_refused(self, incoming: Path, tmp_path: Path) -> None:
        message = refused("features", "--input", incoming, "--output", tmp_path / "table.csv")
        assert "the table is Parquet" in message
        assert list(tmp_path.iterdir()) == []

    def test_an_unknown_group_is_refused_with_the_nearest(self, incoming: Path, tmp_path: Path) -> None:
        message = refused(
            "features", "--input", incoming, "--output", tmp_path / "f.parquet", "--groups", "growht,profile,moon"
        )
        known = "Known: growth, comments, engagement, profile, network."
        assert message == (
            f"features: group 'growht' is unknown. {known} Did you mean 'growth'? "
            f"features: group 'moon' is unknown. {known}"
        )
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("groups", ["", "growth,"], ids=["none", "a comma too many"])
    def test_a_group_without_a_name_is_refused(self, groups: str, incoming: Path, tmp_path: Path) -> None:
        message = refused("features", "--input", incoming, "--output", tmp_path / "f.parquet", "--groups", groups)
        assert message == "features: group '' is unknown. Known: growth, comments, engagement, profile, network."

    def test_a_folder_in_the_place_of_the_file(self, incoming: Path, tmp_path: Path) -> None:
        message = refused("features", "--input", incoming, "--output", tmp_path)
        assert message == f"output: '{tmp_path}' is a folder. Give the name of a Parquet file."

    def test_unusable_input_leaves_an_earlier_file(self, tmp_path: Path) -> None:
        (tmp_path / "f.parquet").write_text("earlier")
        assert "accounts: " in refused("features", "--input", tmp_path, "--output", tmp_path / "f.parquet")
        assert (tmp_path / "f.parquet").read_text() == "earlier"


class TestValidate:
    def test_its_result_goes_to_stdout(self, incoming: Path) -> None:
        done = invoke("validate", "--input", incoming)
        assert done.exit_code == 0
        assert "accounts with enough for a verdict: " in done.stdout
        output = incoming.parent / "incoming-scored"
        assert done.stderr == f"next: python -m pipeline score --input {incoming} --output {output}\n"

    def test_quiet_leaves_the_result_alone(self, incoming: Path) -> None:
        done = invoke("validate", "--input", incoming, "--quiet")
        assert done.stdout == invoke("validate", "--input", incoming).stdout
        assert done.stderr == ""

    def test_an_unusable_folder_is_2(self, tmp_path: Path) -> None:
        assert refused("validate", "--input", tmp_path / "none").startswith("input: ")


class TestPlaces:
    """A scheme would be taken for a folder of that name, `s3:`, in the working directory."""

    @pytest.mark.parametrize(
        "arguments",
        [
            pytest.param(("report", "--input", "in", "--scores", "s.csv", "--output", "s3://b/o"), id="report, output"),
            pytest.param(("report", "--input", "in", "--scores", "s3://b/s", "--output", "o"), id="report, scores"),
            pytest.param(("shortlist", "--candidates", "s3://b/c", "--scores", "s", "--output", "o"), id="candidates"),
            pytest.param(("shortlist", "--candidates", "c", "--scores", "s3://b/s", "--output", "o"), id="scores"),
            pytest.param(("feedback", "--decisions", "s3://b/d", "--scores", "s", "--output", "o"), id="decisions"),
            pytest.param(("features", "--input", "in", "--output", "s3://b/f.parquet"), id="features"),
            pytest.param(("evaluate", "--input", "in", "--output", "s3://b/o"), id="evaluate"),
            pytest.param(("simulate", "--output", "s3://b/o", "--accounts", "5", "--seed", "1"), id="simulate"),
        ],
    )
    def test_another_machines_place_is_refused_where_it_cannot_be_used(
        self, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert "is no place of this machine. Mount or copy it, and name where." in refused(*arguments)
        assert list(tmp_path.iterdir()) == []

    def test_an_input_elsewhere_is_read_by_every_command(self, incoming: Path, tmp_path: Path) -> None:
        remote = place(f"memory://{tmp_path.name}/in")
        for table in incoming.iterdir():
            (remote / table.name).write_bytes(table.read_bytes())
        try:
            here = invoke("validate", "--input", incoming)
            there = invoke("validate", "--input", remote)
            assert (there.exit_code, there.stdout) == (0, here.stdout)
            arguments = ("--output", tmp_path / "f.parquet", "--groups", "profile", "--quiet")
            assert invoke("features", "--input", remote, *arguments).exit_code == 0
            assert pl.read_parquet(tmp_path / "f.parquet").height == 80
        finally:
            fsspec.filesystem("memory").store.clear()


class TestStages:
    @pytest.mark.parametrize("stage", ["prepare", "train", "evaluate", "score", "shortlist"])
    def test_without_params_a_stage_says_where_to_run(
        self, stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        message = refused("stage", stage)
        assert message == "params: params.yaml is missing. Run the command in the project's folder."

    @pytest.mark.parametrize("stage", ["extract growth", "train", "evaluate", "score", "shortlist"])
    def test_without_its_input_a_stage_ends_with_a_message(
        self, stage: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "params.yaml").write_bytes((project / "params.yaml").read_bytes())
        monkeypatch.chdir(tmp_path)
        assert "data/" in refused("stage", *stage.split())

    def test_an_unknown_group_is_said(self) -> None:
        assert "Did you mean 'comments'?" in refused("stage", "extract", "coments")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("2026-02-01", datetime(2026, 2, 2, tzinfo=UTC), id="bare date: its end"),
        pytest.param("20260201", datetime(2026, 2, 2, tzinfo=UTC), id="bare date without dashes"),
        pytest.param(date(2026, 2, 1), datetime(2026, 2, 2, tzinfo=UTC), id="date of a YAML file"),
        pytest.param("2026-02-01T00:00:00", datetime(2026, 2, 1, tzinfo=UTC), id="naive: UTC"),
        pytest.param("2026-02-01T02:00:00+02:00", datetime(2026, 2, 1, tzinfo=UTC), id="another zone"),
        pytest.param("2026-02-01 06", datetime(2026, 2, 1, 6, tzinfo=UTC), id="blank between"),
    ],
)
def test_params_and_flags_read_an_instant_alike(given: str | date, expected: datetime) -> None:
    assert as_instant(given) == expected
    section = {
        "dataset": "x",
        "own_dataset": "own",
        "buckets": 1,
        "max_quarantined_share": 0.1,
        "jobs": 1,
        "as_of": given,
    }
    assert PrepareParams.model_validate(section).as_of == expected


@pytest.mark.parametrize("given", ["soon", "9999-12-31", "", 20260201, 1.5, True], ids=str)
def test_what_is_no_instant_is_refused(given: object) -> None:
    section = {
        "dataset": "x",
        "own_dataset": "own",
        "buckets": 1,
        "max_quarantined_share": 0.1,
        "jobs": 1,
        "as_of": given,
    }
    with pytest.raises(ValueError, match="is not an ISO 8601 instant such as 2026-02-01T00:00:00Z"):
        PrepareParams.model_validate(section)
