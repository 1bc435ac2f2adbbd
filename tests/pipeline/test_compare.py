"""Two models compared: figures, parameters, flips, and where the tables end up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import compare, contenders
from pipeline.contenders import Contender, NotScorableError
from pipeline.tracking import LoggedRun
from tests.pipeline.projects import invoke, refused
from tests.pipeline.test_promote import CHALLENGER, CHAMPION, client, runs


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
    for said in ("a less b, paired", "train.num_boost_round", "Verdicts that flip", "Written to compared."):
        assert said in result.stdout
    page = (rivals / "compared" / "compare.md").read_text()
    assert "| train.num_boost_round | 30 | 3 |" in page
    assert "Contributions of every feature, b less a." in page
    numbers = json.loads((rivals / "compared" / "compare.json").read_text())
    assert numbers["compared"]["metrics"]["differences"]["b"]["auc"]["value"] != 0.0
    assert sum(entry["accounts"] for entry in numbers["flips"]) > 0
    store = client(rivals)
    for run, other in zip(runs(rivals), reversed(runs(rivals)), strict=True):
        place = f"compare/with_{other.data.tags['model_version']}"
        found = {entry.path for entry in store.list_artifacts(run.info.run_id, place)}
        assert found == {f"{place}/compare.md", f"{place}/compare.json"}


def test_a_model_beside_itself_flips_nobody(rivals: Path) -> None:
    first, second = runs(rivals)
    assert invoke("compare", first.info.run_id, "blunt", "--output", "compared", "--quiet").exit_code == 0
    assert second.info.run_id != first.info.run_id
    numbers = json.loads((rivals / "compared" / "compare.json").read_text())
    assert numbers["flips"] == []
    assert {entry["value"] for entry in numbers["compared"]["metrics"]["differences"]["b"].values()} == {0.0}
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
    assert list(table.rows) == [("auc", "0.800 (0.700 to 0.900)", "0.750", "+0.050")]


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
    ],
)
def test_parameters_that_differ(a: dict[str, str], b: dict[str, str], rows: list[tuple[str, ...]]) -> None:
    pair = [Contender(label, Path(), None, logged(parameters=each)) for label, each in (("a", a), ("b", b))]
    assert list(compare._parameters(pair).rows) == rows


def test_parameters_of_a_bundle_that_nobody_tracked_are_not_known() -> None:
    pair = [Contender("a", Path(), None, logged()), Contender("b", Path(), None, None)]
    assert compare._parameters(pair).words == "Not known: one of the two was never tracked."


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
