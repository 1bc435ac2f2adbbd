"""The tracking store: what a run holds, how the model comes back, and what happens when the store is not as it was."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import pytest

from models.bundle import UnusableBundleError
from models.scoring import Scorer
from pipeline import layout, track
from pipeline.errors import UnusableInputError
from pipeline.track import model_sha256
from pipeline.tracking import (
    DATABASE,
    SQLITE,
    URI_VARIABLE,
    attach_to_run,
    download_bundle,
    find_run,
    run_file,
    run_of_bundle,
    runs_address,
    tracking_uri,
)
from pipeline.tracking.store import connected
from tests.models.synthetic import FEATURES, context, labelled_accounts, silent, trained
from tests.pipeline.projects import invoke, refused
from tests.pipeline.tracking_builders import OUTSIDE, write_run

CHAMPION = "models:/authenticity@champion"


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])  # loading a model puts its code first
    # MLflow remembers by the run's id where its files are; here many copies of one run lie in different folders.
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._artifact_repos_cache", OrderedDict())


@pytest.fixture(scope="session")
def tracked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that was tracked: its new store costs seconds, so the tests copy it."""
    folder = tmp_path_factory.mktemp("tracked once")
    write_run(folder, trained().bundle)
    with pytest.MonkeyPatch.context() as patch:
        for name in OUTSIDE:
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        track.run(silent)
    return folder


@pytest.fixture
def repository(tracked_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tracked run folder, and the working directory. Every test thereby uses a store that has moved."""
    folder = tmp_path / "a copy (50%)"
    shutil.copytree(tracked_once, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def client(repository: Path) -> Iterator[mlflow.MlflowClient]:
    download_bundle(CHAMPION)  # what mends a moved store; a bare client does not
    return mlflow.MlflowClient(f"{SQLITE}{repository / DATABASE}")


def runs(client: mlflow.MlflowClient) -> list[mlflow.entities.Run]:
    experiment = client.get_experiment_by_name("assay")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


def aliases(client: mlflow.MlflowClient) -> dict[str, str]:
    """Which version each alias names."""
    return {alias: str(version) for alias, version in client.get_registered_model("authenticity").aliases.items()}


# --- where the store is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, "sqlite:///{cwd}/mlflow.db", id="no variable: beside the working directory"),
        pytest.param({"DVC_ROOT": "/main"}, "sqlite:////main/mlflow.db", id="in an experiment: the main repository"),
        pytest.param(
            {"DVC_ROOT": "/main", URI_VARIABLE: "sqlite:///other.db"},
            "sqlite:////main/other.db",
            id="a relative file: from the main repository",
        ),
        pytest.param({"DVC_ROOT": "/main", URI_VARIABLE: "http://tracking:5000"}, "http://tracking:5000", id="server"),
    ],
)
def test_the_store_is_found(
    variables: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tracking_uri() == expected.format(cwd=tmp_path.resolve())


def test_the_interface_opens_the_same_store_without_being_told(repository: Path) -> None:
    assert unquote(mlflow.get_tracking_uri()) == f"{SQLITE}{repository / DATABASE}"
    assert tracking_uri() == f"{SQLITE}{repository / DATABASE}"


# --- what a run holds -------------------------------------------------------------------------------------------------


def test_a_run_holds_parameters_metrics_tags_and_note(client: mlflow.MlflowClient) -> None:
    (run,) = runs(client)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "recall 0.450 auc 0.870"
    assert run.data.params["train.num_leaves"] == "4"
    assert run.data.metrics["assay/auc_lower"] == 0.84
    assert run.data.metrics["scored/reject"] == 1.0
    assert run.data.tags["model_version"] == trained().bundle.version
    assert "| assay | 0.870 (0.840 to 0.900) |" in run.data.tags["mlflow.note.content"]
    inputs = {entry.dataset.name: entry.dataset.digest for entry in run.inputs.dataset_inputs}
    assert inputs == {"training": f"{'1' * 32}.dir", "incoming": f"{'2' * 32}.dir"}


def test_the_tags_of_a_run_fit_on_a_screen(client: mlflow.MlflowClient) -> None:
    (run,) = runs(client)
    shown = {name for name in run.data.tags if not name.startswith("mlflow.")}
    assert shown <= {
        "model_version",
        "model_sha256",
        "catalog_hash",
        "split",
        "git_revision",
        "git_dirty",
        "content_sha256",
    }
    assert f"| `data/raw/incoming` | `{'2' * 32}.dir` |" in run.data.tags["mlflow.note.content"]


def test_the_note_starts_with_the_answer_then_the_champion(client: mlflow.MlflowClient) -> None:
    short, champion, *_ = runs(client)[0].data.tags["mlflow.note.content"].split("\n\n")
    assert short.startswith("**In short:** recall at 1 % false positives 0.450 (0.300 to 0.600), AUC 0.870")
    assert "nearest baseline, prevalence: -, 0.500. On test cohorts (3 simulated, unseen), 90% intervals." in short
    assert champion.startswith("**Champion:** the model of this run. Version 1 of `authenticity`")


def test_a_run_is_told_beside_the_champion_and_the_run_before(client: mlflow.MlflowClient) -> None:
    layout.PARAMS.write_text(layout.PARAMS.read_text().replace("num_leaves: 4", "num_leaves: 5"))
    metrics = json.loads(layout.METRICS.read_text())
    metrics["models"]["assay"]["auc"]["value"] = 0.88
    layout.METRICS.write_text(json.dumps(metrics))
    track.run(silent)
    _, champion, before, trained_on, *_ = runs(client)[0].data.tags["mlflow.note.content"].split("\n\n")
    gained = "recall +0.000, AUC +0.010"  # 0.88 - 0.87
    assert f"Beside the champion: {gained} (not paired; " in champion
    assert before.startswith("**Run before:** [recall 0.450 auc 0.870](#/experiments/1/runs/")
    assert f"Since then {gained}; what differs: 1 parameter." in before
    assert trained_on == "## What was trained on what"
    description = client.get_model_version("authenticity", "2").description
    assert description == "recall 0.450, AUC 0.880; not judged yet."


def test_equal_runs_but_for_a_figure_say_that_nothing_else_differs(client: mlflow.MlflowClient) -> None:
    (layout.FIGURES / "roc.png").write_bytes(b"another picture")
    track.run(silent)
    assert "; no parameter, definition or data differs." in runs(client)[0].data.tags["mlflow.note.content"]


def test_the_table_of_runs_shows_the_figures_that_matter(client: mlflow.MlflowClient) -> None:
    experiment = client.get_experiment_by_name("assay")
    assert experiment is not None
    shown = json.loads(experiment.tags["mlflow.sharedViewState.figures"])["selectedColumns"]
    assert shown[:2] == ["metrics.`assay/recall_at_1_percent_false_positives`", "metrics.`assay/auc`"]
    assert "which are not paired" in experiment.tags["mlflow.note.content"]
    expected = f"#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning&viewStateShareKey=figures"
    assert runs_address() == expected


@pytest.mark.usefixtures("repository")
def test_an_experiment_of_others_keeps_the_list_of_experiments(client: mlflow.MlflowClient) -> None:
    client.delete_experiment_tag("1", "mlflow.sharedViewState.figures")
    assert runs_address() == "#/experiments?workflowType=machine_learning"


def test_without_a_store_the_address_is_the_list_and_no_store_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert runs_address() == "#/experiments?workflowType=machine_learning"
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_a_run_is_fetched_or_absent(client: mlflow.MlflowClient, tmp_path: Path) -> None:
    (run,) = runs(client)
    assert run_file(run.info.run_id, "no such file", tmp_path / "fetched") is None
    found = run_file(run.info.run_id, "params.yaml", tmp_path / "fetched")
    assert found is not None
    assert found.read_text() == layout.PARAMS.read_text()


def test_a_run_holds_its_files(client: mlflow.MlflowClient) -> None:
    (run,) = runs(client)

    def names(folder: str | None = None) -> set[str]:
        return {entry.path for entry in client.list_artifacts(run.info.run_id, folder) if not entry.is_dir}

    assert names() == {"params.yaml", "dvc.lock"}
    assert names("reports") == {f"reports/{name}.json" for name in ("metrics", "segments", "training", "scoring")}
    assert names("figures") | names("plots") == {"figures/01_roc.png", "plots/roc.json"}


def test_the_registered_model_names_its_bundle(client: mlflow.MlflowClient) -> None:
    version = client.get_model_version_by_alias("authenticity", "champion")
    assert version.run_id == runs(client)[0].info.run_id
    assert version.tags["model_sha256"].startswith(version.tags["model_version"])


# --- the model comes back ---------------------------------------------------------------------------------------------


def test_the_bundle_comes_back_whole(repository: Path) -> None:
    assert (repository / DATABASE).is_file()
    assert download_bundle(CHAMPION) == trained().bundle


def stored(repository: Path) -> Path:
    """The folder of the one model that the store holds."""
    (found,) = repository.glob("mlruns/assay/models/*/artifacts")
    return found


def test_a_downloaded_bundle_passes_the_same_check(repository: Path) -> None:
    (spoilt,) = stored(repository).glob("data/*/model.txt")
    spoilt.write_bytes(spoilt.read_bytes().replace(b"leaf_value=", b"leaf_value=9", 1))
    with pytest.raises(UnusableBundleError, match=r"is not what was written \(changed: model\.txt\)"):
        download_bundle(CHAMPION)


@pytest.mark.parametrize(
    "description",
    [
        "flavors: [",
        "just words",
        "flavors: {python_function: {data: 3}}",
        "flavors: {python_function: {data: ../../../../..}}",
        "flavors: {python_function: {data: /etc}}",
        "!!python/object/apply:os.mkdir [sprung]",
        "[" * 2_000,
    ],
    ids=["cut off", "no table", "no name", "out of the download", "an absolute path", "a call", "2,000 levels"],
)
def test_a_description_that_was_spoilt_is_refused(description: str, repository: Path) -> None:
    (stored(repository) / "MLmodel").write_text(description)
    with pytest.raises(UnusableBundleError, match=r"is not a bundle of Assay\. Name one that 'dvc repro' registered"):
        download_bundle(CHAMPION)
    assert not Path("sprung").exists()


def test_the_served_model_answers_as_the_scorer_does(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = labelled_accounts(seed=9, cohorts=1)
    bundle = download_bundle(CHAMPION)
    expected = Scorer(bundle, FEATURES).score(accounts, context(accounts), bundle.prevalence)
    owed = (expected["verdict"] != "insufficient_data").to_numpy()
    monkeypatch.setenv(URI_VARIABLE, f"{SQLITE}{repository / DATABASE}")
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    monkeypatch.setattr("pipeline.serving.features", lambda: FEATURES)
    served = mlflow.pyfunc.load_model(CHAMPION)
    # The columns come in another order than the trees': only their names count.
    given = pd.DataFrame({name: accounts[name].to_numpy() for name in reversed(bundle.features)})
    answer = served.predict(given)
    np.testing.assert_array_equal(
        answer["probability_inauthentic"][owed], expected["probability_inauthentic"].to_numpy()[owed]
    )
    np.testing.assert_array_equal(answer["authenticity_score"][owed], expected["authenticity_score"].to_numpy()[owed])
    assert answer["verdict"][owed].to_list() == expected.filter(pl.Series(owed))["verdict"].to_list()


def test_the_served_model_knows_nothing_of_an_account_without_data(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = download_bundle(CHAMPION)
    monkeypatch.setattr("pipeline.serving.features", lambda: FEATURES)
    monkeypatch.setenv(URI_VARIABLE, f"{SQLITE}{repository / DATABASE}")
    answer = mlflow.pyfunc.load_model(CHAMPION).predict(pd.DataFrame({name: [np.nan] for name in bundle.features}))
    assert answer["probability_inauthentic"][0] == pytest.approx(bundle.prevalence)


@pytest.mark.slow
def test_the_served_model_brings_its_own_code_and_no_pickle(repository: Path, tmp_path: Path) -> None:
    download_bundle(CHAMPION)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    program = (
        f"import mlflow, sys; mlflow.pyfunc.load_model('{CHAMPION}'); print(sys.modules['pipeline.serving'].__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=elsewhere,
        env={
            **os.environ,
            URI_VARIABLE: f"{SQLITE}{repository / DATABASE}",
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(repository / "mlruns")


# --- tracked again ----------------------------------------------------------------------------------------------------


def test_the_same_content_is_logged_once(client: mlflow.MlflowClient) -> None:
    track.run(silent)
    assert len(runs(client)) == 1
    assert len(client.search_model_versions("name = 'authenticity'")) == 1


def test_the_first_model_is_challenger_and_champion_and_says_why(client: mlflow.MlflowClient) -> None:
    assert aliases(client) == {"challenger": "1", "champion": "1"}
    assert client.get_model_version("authenticity", "1").tags["decision"] == "champion as the first"
    (run,) = runs(client)
    note = run.data.tags["mlflow.note.content"]
    assert "there was none to compare it with" in note.split("\n\n")[1]


def test_without_a_champion_the_model_tracked_becomes_it(client: mlflow.MlflowClient) -> None:
    client.delete_registered_model_alias("authenticity", "champion")
    track.run(silent)
    assert client.get_model_version_by_alias("authenticity", "champion").run_id == runs(client)[0].info.run_id


def test_other_parameters_make_another_run_and_the_challenger_and_leave_the_champion(
    client: mlflow.MlflowClient,
) -> None:
    params = layout.PARAMS.read_text()
    layout.PARAMS.write_text(params.replace("num_leaves: 4", "num_leaves: 5"))
    track.run(silent)
    assert len(runs(client)) == 2
    assert aliases(client) == {"challenger": "2", "champion": "1"}
    newest = runs(client)[0].data.tags["mlflow.note.content"]
    champion = newest.split("\n\n")[1]
    assert champion.startswith("**Champion:** not this run's model, which is version 2. Beside the champion: ")
    assert "Version 1 of `authenticity`" in champion
    layout.PARAMS.write_text(params)
    track.run(silent)
    assert len(runs(client)) == 2
    assert aliases(client) == {"challenger": "1", "champion": "1"}


def test_tracking_again_changes_no_note(client: mlflow.MlflowClient) -> None:
    (before,) = runs(client)
    track.run(silent)
    assert runs(client)[0].data.tags["mlflow.note.content"] == before.data.tags["mlflow.note.content"]


def test_a_model_card_that_came_later_joins_the_run(client: mlflow.MlflowClient) -> None:
    track.MODEL_CARD.parent.mkdir()
    track.MODEL_CARD.write_text(f"Version `{trained().bundle.version}`.", encoding="utf-8")
    track.run(silent)
    (run,) = runs(client)
    assert [entry.path for entry in client.list_artifacts(run.info.run_id, "documents")] == ["documents/model-card.md"]


def test_a_killed_run_of_ours_ends_and_others_run_on(client: mlflow.MlflowClient) -> None:
    experiment = client.get_experiment_by_name("assay")
    assert experiment is not None
    killed = client.create_run(experiment.experiment_id, tags={"content_sha256": "a" * 64}).info.run_id
    foreign = client.create_run(experiment.experiment_id).info.run_id
    track.run(silent)
    assert [client.get_run(each).info.status for each in (killed, foreign)] == ["KILLED", "RUNNING"]


def test_a_run_that_failed_is_replaced(client: mlflow.MlflowClient) -> None:
    (former,) = runs(client)
    client.set_terminated(former.info.run_id, status="FAILED")
    track.run(silent)
    (run,) = runs(client)
    assert (run.info.status, run.info.run_id != former.info.run_id) == ("FINISHED", True)


def test_a_deleted_experiment_is_brought_back(client: mlflow.MlflowClient) -> None:
    experiment = client.get_experiment_by_name("assay")
    assert experiment is not None
    client.delete_experiment(experiment.experiment_id)
    track.run(silent)
    restored = client.get_experiment_by_name("assay")
    assert restored is not None
    assert restored.lifecycle_stage == "active"


def test_lost_artefacts_are_logged_again(client: mlflow.MlflowClient) -> None:
    shutil.rmtree("mlruns")
    with pytest.raises(UnusableInputError, match=r"the files of models:/authenticity@champion are gone .* -f -s track"):
        download_bundle(CHAMPION)
    track.run(silent)
    assert len(runs(client)) == 1
    assert download_bundle(CHAMPION) == trained().bundle
    assert aliases(client) == {"challenger": "2", "champion": "2"}, "the same bundle, logged anew"


@pytest.mark.slow
def test_a_lost_store_is_rebuilt_by_two_processes_at_once_as_one_run(repository: Path) -> None:
    shutil.rmtree("mlruns")
    (repository / DATABASE).unlink()
    layout.TRACKED.unlink()
    command = [sys.executable, "-m", "pipeline", "stage", "track", "--quiet"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=100) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    assert answers == [("", ""), ("", "")]
    assert len(runs(mlflow.MlflowClient(tracking_uri()))) == 1
    assert download_bundle(CHAMPION) == trained().bundle


# --- a store that cannot be used --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attempt", [lambda: track.run(silent), lambda: download_bundle(CHAMPION)], ids=["track", "download"]
)
def test_an_unreachable_server_is_said_and_nothing_is_lost(
    attempt: Callable[[], object], repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = layout.TRACKED.read_bytes()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(URI_VARIABLE, "http://reader:secret@127.0.0.1:9")
    with pytest.raises(
        UnusableInputError, match=r"the store at http://127\.0\.0\.1:9 cannot be used\. .* Start the server, or correct"
    ) as caught:
        attempt()
    assert caught.value.exit_code == 2
    assert "secret" not in str(caught.value)
    assert layout.TRACKED.read_bytes() == before
    assert os.environ[URI_VARIABLE] == "http://reader:secret@127.0.0.1:9"
    assert (repository / layout.MODEL).is_dir()


@pytest.mark.usefixtures("repository")
def test_no_run_of_the_pipeline_ends_for_a_server_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    before = layout.TRACKED.read_bytes()
    layout.TRACKED.unlink()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(URI_VARIABLE, "http://127.0.0.1:9")
    result = invoke("stage", "track", "--quiet")
    assert result.exit_code == 0
    assert "warning: tracking: the store at http://127.0.0.1:9 cannot be used" in result.stderr
    assert "Log it once the store answers: python -m pipeline track" in result.stderr
    assert layout.TRACKED.read_bytes() == before  # the same whatever the store says
    assert "cannot be used" in refused("track", "--quiet")
    monkeypatch.delenv(URI_VARIABLE)
    assert invoke("track", "--quiet").exit_code == 0


@pytest.mark.usefixtures("repository")
def test_a_stage_before_that_left_nothing_ends_the_pipeline() -> None:
    layout.METRICS.unlink()
    assert "reports/metrics.json is missing" in refused("stage", "track", "--quiet")


def test_a_spoilt_store_is_said(repository: Path) -> None:
    (repository / DATABASE).write_bytes(b"not a database, and long enough to be read as one" * 10)
    with pytest.raises(UnusableInputError, match=r"Found: file is not a database\. .* can be moved away"):
        track.run(silent)


def test_a_store_that_another_process_holds_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.tracking.store.LOCK_SECONDS", 0.1)
    other = sqlite3.connect(repository / "mlruns" / ".lock", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(UnusableInputError, match=r"database is locked\. .* no other process holds them"):
            track.run(silent)
    finally:
        other.close()


def test_no_store_is_made_for_a_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnusableInputError, match=r"there is no store at .*mlflow\.db\. Make it with 'dvc repro'"):
        download_bundle(CHAMPION)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        pytest.param("models:/authenticity@champ", r" Did you mean 'models:/authenticity@champion'\?", id="alias"),
        pytest.param("models:/genuineness/3", "", id="name"),
        pytest.param("models:/authenticity/7", r" Did you mean 'models:/authenticity@champion'\?", id="version"),
        pytest.param("models:/a/b/c", "", id="not an address"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_an_unknown_model_is_said_with_what_there_is(address: str, hint: str) -> None:
    known = "models:/authenticity@challenger, models:/authenticity@champion"
    found = rf"model: {address} is not in the registry at .*\. Found: {known}\.{hint}$"
    with pytest.raises(UnusableInputError, match=found):
        download_bundle(address)


# --- a run is found ---------------------------------------------------------------------------------------------------


def test_a_run_is_found_by_id_name_revision_and_address(client: mlflow.MlflowClient) -> None:
    (run,) = runs(client)
    client.set_tag(run.info.run_id, "git_revision", "1a2b3c4d5e6f")
    found = find_run(CHAMPION, "assay", "authenticity")
    assert (found.run_id, found.versions) == (run.info.run_id, ("1",))
    for reference in (run.info.run_id, run.info.run_name, "1a2b3c4", found.model, "models:/authenticity/1"):
        assert find_run(reference, "assay", "authenticity") == found, reference


def test_a_bundle_is_found_by_its_run_and_an_unknown_one_is_not(client: mlflow.MlflowClient) -> None:
    found = run_of_bundle(model_sha256(trained().bundle), "assay", "authenticity")
    assert found is not None
    assert found.run_id == runs(client)[0].info.run_id
    assert run_of_bundle("a" * 64, "assay", "authenticity") is None


def test_without_a_store_no_bundle_was_tracked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_of_bundle("a" * 64, "assay", "authenticity") is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("reference", ["1a2b3c", "models:/authenticity@nobody", "models:/m-0000", "nonsense"])
@pytest.mark.usefixtures("repository")
def test_what_is_no_run_is_said(reference: str) -> None:
    with pytest.raises(UnusableInputError, match=r"Found: "):
        find_run(reference, "assay", "authenticity")


def test_a_name_of_two_runs_is_not_guessed(client: mlflow.MlflowClient) -> None:
    layout.PARAMS.write_text(layout.PARAMS.read_text().replace("num_leaves: 4", "num_leaves: 5"))
    track.run(silent)
    first, second = runs(client)
    with pytest.raises(
        UnusableInputError, match=rf"names 2 runs\. Found: {first.info.run_id} .*, {second.info.run_id}"
    ):
        find_run(first.info.run_name, "assay", "authenticity")


# --- the audit on the run ---------------------------------------------------------------------------------------------


def _attach(repository: Path, text: str) -> None:
    report = repository / "audit.md"
    report.write_text(text, encoding="utf-8")
    digest = model_sha256(trained().bundle)
    attach_to_run("assay", digest, ("audit_sha256", text), {"audit/nuisance": 0.5}, {"audit/audit.md": report})


def test_what_is_attached_stands_on_the_run_of_the_model(repository: Path, client: mlflow.MlflowClient) -> None:
    _attach(repository, "first")
    (run,) = runs(client)
    assert run.data.metrics["audit/nuisance"] == 0.5
    assert run.data.tags["audit_sha256"] == "first"
    assert "audit/audit.md" in {entry.path for entry in client.list_artifacts(run.info.run_id, "audit")}
    assert run.info.status == "FINISHED"


def test_the_same_audit_is_attached_once_and_another_replaces_it(
    repository: Path, client: mlflow.MlflowClient, tmp_path: Path
) -> None:
    for text in ("first", "first", "second"):
        _attach(repository, text)
    (run,) = runs(client)
    path = client.download_artifacts(run.info.run_id, "audit/audit.md", str(tmp_path))
    assert Path(path).read_text(encoding="utf-8") == "second"
    assert len(client.get_metric_history(run.info.run_id, "audit/nuisance")) == 1


def test_an_audit_of_a_model_that_was_not_tracked_is_said(repository: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"no run of the model aaaaaaaaaaaa in experiment 'assay'"):
        attach_to_run("assay", "a" * 64, ("audit_sha256", "x"), {}, {})
    with pytest.raises(UnusableInputError, match="in experiment 'other'"):
        attach_to_run("other", "a" * 64, ("audit_sha256", "x"), {}, {})
    assert repository.is_dir()


def test_a_store_whose_making_was_cut_short_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)

    def killed(uri: str, *_: object) -> None:
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute("CREATE TABLE runs (half INTEGER)")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mlflow.store.tracking.sqlalchemy_store.SqlAlchemyStore", killed)
        with pytest.raises(KeyboardInterrupt), connected(create=True):
            pass
    assert not (tmp_path / "mlflow.db").exists()
    with connected(create=True) as client:
        assert [each.name for each in client.search_experiments()] == ["Default"]
