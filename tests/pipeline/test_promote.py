"""Champion and challenger: what is compared, what is decided, and what the store says of it afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import mlflow
import polars as pl
import pytest
import yaml

from models.promotion import Decision
from pipeline import contenders, layout, promote, track
from pipeline.contenders import Contender, NotScorableError, frozen_cohorts, score_contenders
from pipeline.errors import UnusableInputError
from pipeline.params import read_section
from pipeline.promote import PromoteParams
from pipeline.simulate import read_priors
from pipeline.tracking import DATABASE, SQLITE, download_bundle, log_decision
from tests.pipeline.projects import ROOT, invoke, refused, silent

CHAMPION, CHALLENGER = "models:/authenticity@champion", "models:/authenticity@challenger"


def client(rivals: Path) -> mlflow.MlflowClient:
    """The store, once its paths are those of the copy."""
    download_bundle(CHAMPION)
    return mlflow.MlflowClient(f"{SQLITE}{rivals / DATABASE}")


def runs(rivals: Path) -> list[mlflow.entities.Run]:
    """All runs, newest first."""
    store = client(rivals)
    experiment = store.get_experiment_by_name("assay")
    assert experiment is not None
    return list(store.search_runs([experiment.experiment_id]))


def aliases(rivals: Path) -> dict[str, str]:
    """Which version each alias names."""
    return {name: str(value) for name, value in client(rivals).get_registered_model("authenticity").aliases.items()}


def earned(*_: object) -> Decision:
    """A decision for the candidate, whatever was measured: the rule has tests of its own."""
    return Decision(True, ("recall is better beyond its interval", "every limit holds"), ())


# --- nothing to decide ------------------------------------------------------------------------------------------------


def test_without_a_store_there_is_no_champion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    assert "there is no store at" in refused("promote")


def test_the_champion_is_not_compared_with_itself(rivals: Path) -> None:
    result = invoke("promote", "--candidate", CHAMPION)
    assert result.exit_code == 0
    assert "There is nothing to decide." in result.stdout
    assert len(runs(rivals)) == 2


def test_a_bundle_that_nobody_tracked_is_refused(rivals: Path) -> None:
    shutil.copytree(rivals / "blunt", rivals / "other")
    manifest = rivals / "other" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    assert "is not in the registry. 'dvc repro' puts it there" in refused("promote", "--candidate", "other")


def test_a_folder_that_is_no_bundle_is_said(rivals: Path) -> None:
    (rivals / "empty").mkdir()
    assert "'empty' is no bundle. Found: no manifest.json" in refused("promote", "--candidate", "empty")


def test_code_that_came_with_a_changed_bundle_is_not_run(rivals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "_run_own_code", lambda *_: pytest.fail("it was run"))
    for manifest in rivals.glob("mlruns/assay/models/*/artifacts/data/*/manifest.json"):
        manifest.write_bytes(manifest.read_bytes() + b"\n")
    message = refused("promote", "--dry-run")
    assert "is not what was written (changed: manifest.json)" in message


@pytest.mark.slow
def test_tracking_and_scoring_need_no_pickle(rivals: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    track.run(silent)
    options = ("--input", incoming, "--output", rivals / "scores", "--quiet")
    assert invoke("score", *options, "--model", CHAMPION).exit_code == 0
    summary = json.loads((rivals / "scores" / "summary.json").read_text())
    assert summary["model_sha256"] == client(rivals).get_model_version("authenticity", "1").tags["model_sha256"]


def test_cohorts_that_a_model_was_trained_on_are_refused() -> None:
    text = "the candidate was trained on the cohorts of seeds 8 to 10"
    assert "FIRST:COUNT" in refused("promote", "--seeds", "8:2")
    params = read_section("promote", PromoteParams, ROOT / "params.yaml")
    seen = contenders.Frozen(Path(), "", range(8, 20))
    run = contenders.LoggedRun("", "", "", (), {"simulate.first_seed": "1", "simulate.cohorts": "10"}, {}, {})
    with pytest.raises(UnusableInputError, match=text):
        contenders.check_unseen(Contender("candidate", Path(), None, run), seen)
    contenders.check_unseen(Contender("candidate", Path(), None, run), contenders.Frozen(Path(), "", params.seeds))
    contenders.check_unseen(Contender("candidate", Path(), None, None), seen)


def test_the_frozen_seeds_of_the_repository_are_used_nowhere_else() -> None:
    sections = yaml.safe_load((ROOT / "params.yaml").read_text())
    frozen = set(read_section("promote", PromoteParams, ROOT / "params.yaml").seeds)
    for name in ("simulate", "audit_cohorts", "audit_realism"):
        batches = sum(sections[name].get("batches", {}).values())
        first, count = sections[name]["first_seed"], sections[name]["cohorts"]
        assert not frozen & set(range(first, first + count + batches)), name
    assert sections["simulate"]["incoming_seed"] not in frozen


# --- decided ----------------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_and_changes_nothing(rivals: Path) -> None:
    before = aliases(rivals)
    result = invoke("promote", "--dry-run")
    assert result.exit_code == 4
    assert "champion kept" in result.stdout
    assert (aliases(rivals), len(runs(rivals))) == (before, 2)


def test_a_candidate_that_does_not_earn_it_is_kept_out_and_the_store_says_why(rivals: Path) -> None:
    assert invoke("promote", "--quiet").exit_code == 4
    assert aliases(rivals) == {"champion": "1", "challenger": "2"}
    decision = runs(rivals)[0]
    assert decision.info.status == "FINISHED"
    assert decision.info.run_name == "promote version 2 over 1: champion kept"
    assert decision.data.tags["decision"] == "kept"
    assert "| recall at 1 % false positives |" in decision.data.tags["mlflow.note.content"]
    assert "this one included: 1." in decision.data.tags["mlflow.note.content"]
    assert decision.data.metrics["difference/auc"] == pytest.approx(
        decision.data.metrics["candidate/auc"] - decision.data.metrics["champion/auc"]
    )
    store = client(rivals)
    files = {entry.path for entry in store.list_artifacts(decision.info.run_id)}
    assert files == {"promotion.html", "promotion.md", "promotion.json"}
    challenger = store.get_model_version("authenticity", "2")
    assert challenger.tags["decision"] == "not promoted over version 1"
    assert "is not better beyond its interval" in str(challenger.description)
    champion = store.get_model_version("authenticity", "1")
    assert str(champion.description).startswith("The first champion of this registry")
    assert "Kept against version 2" in str(champion.description)


def test_the_second_look_at_the_same_cohorts_is_counted(rivals: Path) -> None:
    for _ in range(2):
        invoke("promote", "--quiet")
    assert "this one included: 2." in runs(rivals)[0].data.tags["mlflow.note.content"]
    champion = client(rivals).get_model_version("authenticity", "1")
    assert str(champion.description).count("Kept against") == 1


def test_a_candidate_that_earns_it_becomes_champion_everywhere(rivals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promote, "decide", earned)
    result = invoke("promote")
    assert result.exit_code == 0
    assert "promoted" in result.stdout
    assert aliases(rivals) == {"champion": "2", "challenger": "2"}
    store = client(rivals)
    assert store.get_model_version("authenticity", "1").tags["decision"] == "replaced by version 2"
    registered = store.get_registered_model("authenticity")
    assert "Promoted over version 1: recall is better beyond its interval" in str(registered.description)
    newest, first = runs(rivals)[1:]
    assert "\n\n**Champion:** the model of this run. Version 2" in newest.data.tags["mlflow.note.content"]
    assert "not this run's model, which is version 1. Beside the champion: " in first.data.tags["mlflow.note.content"]
    assert first.data.tags["mlflow.note.content"].count("**Champion:**") == 1


def test_a_forced_promotion_carries_its_reason(rivals: Path) -> None:
    assert invoke("promote", "--force-reason", "the old one is withdrawn", "--quiet").exit_code == 0
    assert aliases(rivals)["champion"] == "2"
    version = client(rivals).get_model_version("authenticity", "2")
    assert "forced, because the old one is withdrawn" in str(version.description)
    assert "Forced: the old one is withdrawn." in runs(rivals)[0].data.tags["mlflow.note.content"]


def test_a_champion_that_was_replaced_meanwhile_is_not_overruled(rivals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(decision: promote.LoggedDecision, experiment: str, name: str) -> None:
        client(rivals).set_registered_model_alias("authenticity", "champion", "2")
        log_decision(decision, experiment, name)

    monkeypatch.setattr(promote, "log_decision", meanwhile)
    assert "version 2 became the champion meanwhile" in refused("promote")
    assert len(runs(rivals)) == 2


# --- who can be scored, and by what -----------------------------------------------------------------------------------


def test_a_champion_of_other_features_without_its_code_is_said_and_can_be_forced(
    rivals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = contenders.download_model

    def without_code(uri: str, folder: Path) -> tuple[Path, None]:
        return real(uri, folder)[0], None

    monkeypatch.setattr(contenders, "download_model", without_code)
    monkeypatch.setattr(
        contenders, "_scorer", lambda each: _refuse_champion(each) if each.label == "champion" else _real_scorer(each)
    )
    assert "champion: made for other features" in refused("promote")
    assert invoke("promote", "--force-reason", "a new catalogue", "--quiet").exit_code == 0
    assert "Nothing was compared (champion: made for other" in runs(rivals)[0].data.tags["mlflow.note.content"]
    assert aliases(rivals)["champion"] == "2"


_real_scorer = contenders._scorer


def _refuse_champion(contender: Contender) -> None:
    raise NotScorableError(contender.label, "made for other features")


def test_a_folder_made_for_other_features_brings_no_code(rivals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "catalog_hash", lambda: "f" * 16)
    frozen = frozen_cohorts(read_section("promote", PromoteParams), read_priors(), silent)
    with pytest.raises(
        NotScorableError, match=r"a: model: it was trained on .* name the model by its registry address"
    ):
        score_contenders([Contender("a", rivals / "blunt", None, None)], frozen, 1, silent)


@pytest.mark.slow
def test_a_model_of_other_features_is_scored_by_its_own_code_to_the_same_figures(
    rivals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = frozen_cohorts(read_section("promote", PromoteParams), read_priors(), silent)
    _, code = contenders.download_model(CHALLENGER, rivals / "scratch-own")
    contender = Contender("a", rivals / "blunt", code, None)
    here = score_contenders([contender], frozen, 1, silent)
    monkeypatch.setattr(contenders, "catalog_hash", lambda: "f" * 16)
    there = score_contenders([contender], frozen, 1, silent)
    assert (set(here.scorers), set(there.scorers)) == ({"a"}, set())
    (reasons,) = [name for name in here.accounts.columns if "reasons" in name]
    assert there.accounts.drop(reasons).equals(here.accounts.drop(reasons))
    # The command appends to the reasons' texts what was checked; which features speak is the same.
    told = [each.accounts[reasons].list.eval(pl.element().struct.field("feature")) for each in (here, there)]
    assert told[0].equals(told[1])


def test_code_that_cannot_score_is_said(rivals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "catalog_hash", lambda: "f" * 16)
    frozen = frozen_cohorts(read_section("promote", PromoteParams), read_priors(), silent)
    with pytest.raises(NotScorableError, match="A folder brings no code of its own"):
        score_contenders([Contender("a", rivals / "blunt", rivals / "data", None)], frozen, 1, silent)
    (rivals / "old" / "pipeline").mkdir(parents=True)
    (rivals / "old" / "pipeline" / "__main__.py").write_text("raise SystemExit('library too new')")
    with pytest.raises(
        NotScorableError, match=r"the code that its run holds cannot score it here\. Found: library too new"
    ):
        score_contenders([Contender("a", rivals / "blunt", rivals / "old", None)], frozen, 1, silent)


def test_frozen_cohorts_are_simulated_once_and_named_by_what_decides_them(rivals: Path) -> None:
    params = read_section("promote", PromoteParams)
    said: list[str] = []
    frozen = frozen_cohorts(params, read_priors(), said.append)
    assert said == []
    assert frozen.folder.parent == layout.PROMOTE
    assert frozen_cohorts(params, read_priors(), said.append).sha256 == frozen.sha256
    fewer = params.model_copy(update={"smallest_cohort": 5, "largest_cohort": 8})
    assert frozen_cohorts(fewer, read_priors(), said.append).sha256 != frozen.sha256
    assert "frozen cohorts" in said
    assert len(list((rivals / layout.PROMOTE).iterdir())) == 2


# --- one model, two addresses -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_registered_champion_and_its_bundle_give_identical_scores(rivals: Path, project: Path) -> None:
    incoming = project / layout.INCOMING
    for output, model in (("by-alias", CHAMPION), ("by-folder", project / layout.MODEL)):
        assert invoke("score", "--input", incoming, "--output", output, "--model", model, "--quiet").exit_code == 0
    assert (rivals / "by-alias" / layout.SCORES_FILE).read_bytes() == (
        rivals / "by-folder" / layout.SCORES_FILE
    ).read_bytes()
    assert pl.read_parquet(rivals / "by-alias" / layout.SCORES_FILE).height > 0
