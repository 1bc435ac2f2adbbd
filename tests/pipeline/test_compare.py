"""Two models compared: figures, parameters, flips, and where the tables end up."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline import compare, contenders
from pipeline.changes import made_of, parameters, priors
from pipeline.contenders import Contender, NotScorableError
from pipeline.tracking import LoggedRun
from tests.pipeline.projects import invoke, refused
from tests.pipeline.test_promote import CHALLENGER, CHAMPION, client, runs
from tests.pipeline.test_report import Page


def logged(name: str = "a run", **parts: dict[str, str] | dict[str, float]) -> LoggedRun:
    """A run of which only the parts told are known."""
    nothing: dict[str, dict[str, str]] = {"parameters": {}, "metrics": {}, "tags": {}}
    return LoggedRun("id", name, "models:/m-1", ("1",), **(nothing | parts))  # type: ignore[arg-type]


@pytest.mark.usefixtures("rivals")
def test_an_unknown_run_is_said_with_what_there_is() -> None:
    assert "is no run in the store at" in refused("compare", "nonsense", CHAMPION)
    assert "models:/authenticity@champ is not in the registry" in refused(
        "compare", CHAMPION, "models:/authenticity@champ"
    )


def test_two_versions_are_compared_and_both_runs_hold_the_tables(rivals: Path) -> None:
    result = invoke("compare", CHAMPION, CHALLENGER, "--output", "compared")
    assert result.exit_code == 0
    for said in ("b less a, paired", "train.num_boost_round", "Verdicts that flip", "Written to compared."):
        assert said in result.stdout
    html = (rivals / "compared" / "compare.html").read_text()
    page = (rivals / "compared" / "compare.md").read_text()
    assert "| train.num_boost_round | 30 | 3 |" in page
    assert "Contributions of every feature, b less a." in page
    numbers = json.loads((rivals / "compared" / "compare.json").read_text())
    assert numbers["compared"]["metrics"]["differences"]["a"]["auc"]["value"] != 0.0
    first = numbers["conclusion"][0]
    assert re.match(
        r"b is (better|worse|neither better nor worse) than a beyond the 90% interval: recall at 1 %", first
    )
    assert f"**{first}**" in page.split("\n\n")[1]
    assert first in Page(html).text
    assert first[:40] in " ".join(result.stdout.split())
    assert "None of " in page.partition("## Priors of the simulation that differ")[2]
    assert sum(entry["accounts"] for entry in numbers["flips"]) > 0
    store = client(rivals)
    for run, other in zip(runs(rivals), reversed(runs(rivals)), strict=True):
        place = f"compare/with_{other.data.tags['model_version']}"
        found = {entry.path for entry in store.list_artifacts(run.info.run_id, place)}
        assert found == {f"{place}/{name}" for name in ("compare.html", "compare.md", "compare.json")}


def test_a_model_beside_itself_flips_nobody(rivals: Path) -> None:
    first, second = runs(rivals)
    assert invoke("compare", first.info.run_id, "blunt", "--output", "compared", "--quiet").exit_code == 0
    assert second.info.run_id != first.info.run_id
    numbers = json.loads((rivals / "compared" / "compare.json").read_text())
    assert numbers["flips"] == []
    assert {entry["value"] for entry in numbers["compared"]["metrics"]["differences"]["a"].values()} == {0.0}
    assert numbers["conclusion"][0].startswith("b is neither better nor worse than a")
    page = (rivals / "compared" / "compare.md").read_text()
    assert "None: what differs is code, data or libraries." in page


def test_what_cannot_be_scored_is_compared_by_its_logged_figures(rivals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "catalog_hash", lambda: "f" * 16)
    real = contenders.download_model
    monkeypatch.setattr(contenders, "download_model", lambda uri, folder: (real(uri, folder)[0], None))
    assert invoke("compare", CHAMPION, CHALLENGER, "--output", "compared", "--quiet").exit_code == 0
    page = (rivals / "compared" / "compare.md").read_text()
    assert "## Figures, not paired" in page
    assert "the differences are not paired and have no interval" in page
    assert "Verdicts that flip" not in page
    assert "cannot be told: the two could not be scored on the same accounts" in page


def test_without_a_common_figure_there_is_nothing_to_compare() -> None:
    pair = (Contender("a", Path(), None, None), Contender("b", Path(), None, logged(metrics={"assay/auc": 0.8})))
    with pytest.raises(compare.UnusableInputError, match="no logged figure in common either"):
        compare._logged_figures(pair, NotScorableError("a", "made for other features"))


def test_logged_figures_stand_side_by_side() -> None:
    pair = (
        Contender(
            "a", Path(), None, logged(metrics={"assay/auc": 0.8, "assay/auc_lower": 0.7, "assay/auc_upper": 0.9})
        ),
        Contender("b", Path(), None, logged(metrics={"assay/auc": 0.75, "assay/brier": 0.1, "prevalence/auc": 0.5})),
    )
    table = compare._logged_figures(pair, NotScorableError("b", "made for other features"))
    assert list(table.rows) == [("AUC", "0.800 (0.700 to 0.900)", "0.750", "-0.050")]


@pytest.mark.parametrize(
    ("a", "b", "rows"),
    [
        pytest.param({}, {}, [], id="none"),
        pytest.param({"train.seed": "1"}, {"train.seed": "1"}, [], id="equal"),
        pytest.param(
            {"train.seed": "1", "train.old": "x"},
            {"train.seed": "2"},
            [("train.old", "x", "-"), ("train.seed", "1", "2")],
            id="differing and absent",
        ),
        pytest.param({"audit_recall.seed": "1", "tune.trials": "4"}, {}, [], id="of no model"),
    ],
)
def test_parameters_that_differ(a: dict[str, str], b: dict[str, str], rows: list[tuple[str, ...]]) -> None:
    pair = [Contender(label, Path(), None, logged(parameters=each)) for label, each in (("a", a), ("b", b))]
    assert list(parameters(pair).rows) == rows


def test_parameters_of_a_bundle_that_nobody_tracked_are_not_known() -> None:
    pair = [Contender("a", Path(), None, logged()), Contender("b", Path(), None, None)]
    assert parameters(pair).words == "Not known: one of the two was never tracked."


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        pytest.param({}, {}, "no single feature", id="nothing"),
        pytest.param({"x": 0.5}, {"x": 0.52}, "no single feature", id="too small"),
        pytest.param(
            {"w": 1.0, "x": 0.5, "y": 0.1},
            {"x": 0.1, "y": 0.4, "z": -0.06, "w": 1.2},
            "x -0.40, y +0.30, w +0.20",
            id="the three largest",
        ),
    ],
)
def test_the_largest_changes_are_named(a: dict[str, float], b: dict[str, float], told: str) -> None:
    assert compare._largest_changes(a, b) == told


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        pytest.param(None, None, "none", id="no reasons"),
        pytest.param([{"feature": "x"}], [{"feature": "x"}], "none", id="the same"),
        pytest.param([{"feature": "x"}, {"feature": "y"}], [{"feature": "z"}, {"feature": "x"}], "+ z, - y", id="both"),
    ],
)
def test_reasons_that_came_and_went(a: list[dict[str, str]] | None, b: list[dict[str, str]] | None, told: str) -> None:
    assert compare._reasons_that_changed({"reasons_a": a, "reasons_b": b}) == told


# --- what differs in them ---------------------------------------------------------------------------------------------


def bundle_folder(folder: Path, **changes: object) -> Path:
    """A folder with a manifest of which only what a comparison reads is there."""
    manifest = {"catalog_hash": "c1", "features": ["x", "y"], "provenance": {"libraries": {"polars": "2.1.0"}}}
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))
    return folder


def test_features_definitions_and_libraries_that_differ(tmp_path: Path) -> None:
    other = {"catalog_hash": "c2", "features": ["y", "z", "w"], "provenance": {"libraries": {"polars": "2.2.0"}}}
    pair = [
        Contender("a", bundle_folder(tmp_path / "a"), None, None),
        Contender("b", bundle_folder(tmp_path / "b", **other), None, None),
    ]
    table = made_of(pair, tmp_path)
    assert list(table.rows) == [
        ("definitions of the features", "c1", "c2"),
        ("polars", "2.1.0", "2.2.0"),
        ("features", "2", "3"),
        ("feature w", "-", "yes"),
        ("feature x", "yes", "-"),
        ("feature z", "-", "yes"),
    ]
    assert table.words == "Nothing is the same in both."


def test_equal_bundles_differ_in_nothing(tmp_path: Path) -> None:
    pair = [Contender(label, bundle_folder(tmp_path / label), None, None) for label in "ab"]
    table = made_of(pair, tmp_path)
    assert list(table.rows) == []
    assert table.words == "The same in both: definitions of the features, polars."


def test_code_and_data_come_from_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lock(_run: str, _place: str, folder: Path) -> Path:
        folder.mkdir()
        hashes = {"data/raw/training": folder.name, "own": "same", "data/prepared": folder.name}
        outs = [{"path": path, "md5": digest} for path, digest in hashes.items()]
        (folder / "dvc.lock").write_text(json.dumps({"stages": {"simulate": {"outs": outs}}}))
        return folder / "dvc.lock"

    monkeypatch.setattr("pipeline.changes.run_file", lock)
    revisions = {"a": {"git_revision": "1" * 40, "git_dirty": "true"}, "b": {"git_revision": "2" * 40}}
    pair = [
        Contender(label, bundle_folder(tmp_path / label), None, logged(tags=tags)) for label, tags in revisions.items()
    ]
    table = made_of(pair, tmp_path)
    assert list(table.rows) == [
        ("code", "1111111111 and changes", "2222222222"),
        ("data/raw/training", "lineage-a", "lineage-b"),
    ]
    assert "own" in table.words


@pytest.mark.parametrize(
    ("files", "words", "rows"),
    [
        pytest.param({}, "Not known: not both runs hold their params.yaml.", [], id="no file"),
        pytest.param(
            {"a": "{priors: {x: 1}}", "b": "{priors: {x: 1}}"},
            "None of 1: both were simulated by the same rules.",
            [],
            id="equal",
        ),
        pytest.param(
            {"a": "{priors: {x: {y: [0, 1]}, z: 1}}", "b": "{priors: {x: {y: [0, 2]}, z: 1}}"},
            "1 of 2.",
            [("x.y", "[0, 1]", "[0, 2]")],
            id="one differs",
        ),
    ],
)
def test_priors_that_differ(
    files: dict[str, str], words: str, rows: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(_run: str, _place: str, folder: Path) -> Path | None:
        label = folder.name[-1]
        if label not in files:
            return None
        (tmp_path / label).write_text(files[label])
        return tmp_path / label

    monkeypatch.setattr("pipeline.changes.run_file", kept)
    table = priors([Contender(label, Path(), None, logged()) for label in "ab"], tmp_path)
    assert (table.words, list(table.rows)) == (words, rows)
