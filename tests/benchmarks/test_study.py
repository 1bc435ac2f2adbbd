"""Figures follow from costs by arithmetic that can be seen; a peer that fails is told, and the product's own raises."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks import study
from benchmarks.accounts import Size
from benchmarks.measuring import Cost, ProcessFailedError
from benchmarks.study import measure
from benchmarks.tasks import ALL, NETWORK, READ
from features.definition import MODEL_GROUPS
from pipeline.errors import UnusableInputError
from tests.benchmarks import made_up
from tests.benchmarks.made_up import silent

TINY = Size(days=3, posts=2, comments=4)


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up answers instead of processes."""
    monkeypatch.setattr(study, "in_own_process", made_up.process)
    monkeypatch.setattr(study, "command_cost", made_up.command)


def measured(place: Path, runs: int = 2, **more: Any) -> dict[str, Any]:
    return measure(32, TINY, runs=runs, model=place / "model", place=place, report=silent, **more)


@pytest.mark.usefixtures("no_process")
def test_figures_follow_from_the_costs(tmp_path: Path) -> None:
    found = measured(tmp_path)
    assert found["sizes"] == [8, 32, 128]
    assert set(found["tasks"]) == {READ, ALL, NETWORK, *MODEL_GROUPS}
    assert found["tasks"][ALL]["cpu_seconds"] == pytest.approx(0.06 * 32)
    # In proportion: the exponent is 1, of `score` once its start, which is that of ten accounts, is taken off.
    assert found["exponents"][ALL] == pytest.approx(1.0)
    start = 2.0 + 10 * 0.15
    assert found["start"]["ten"]["cpu_seconds"] == pytest.approx(start)
    beyond = [max(2.0 + 0.15 * accounts - start, 1e-9) for accounts in (8, 32, 128)]
    assert found["score_exponent"] == pytest.approx(_slope(beyond))
    assert found["start"]["cold"]["cpu_seconds"] == pytest.approx(start + 7.0)
    assert found["start"]["repro"]["wall_seconds"] == 1.7
    assert found["same_bytes_with_two_jobs"] is True
    assert found["notebook"]["agreed"] == 2
    assert found["curves"][0]["milliseconds"] == pytest.approx(20.0)
    assert found["largest"] is None


def _slope(seconds: list[float]) -> float:
    """Least squares on logarithms of equally spaced sizes: the last less the first over twice the spacing."""
    return (math.log(seconds[2]) - math.log(seconds[0])) / (2 * math.log(4))


@pytest.mark.usefixtures("no_process")
def test_the_scratch_folder_is_gone_afterwards(tmp_path: Path) -> None:
    measured(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_process")
def test_every_run_counts_and_their_difference_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([1.0, 4.0, 2.0])

    def process(arguments: Any, **settings: Any) -> tuple[Cost, Any]:
        if arguments[0] == NETWORK:
            return Cost(next(seconds), 1.0, 1.0), 32
        return made_up.process(arguments, **settings)

    monkeypatch.setattr(study, "in_own_process", process)
    row = measured(tmp_path, runs=3)["tasks"][NETWORK]
    assert (row["cpu_seconds"], row["spread"]) == (2.0, 4.0)


@pytest.mark.usefixtures("no_process")
def test_a_peer_that_fails_is_told_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def process(arguments: Any, **settings: Any) -> tuple[Cost, Any]:
        if arguments[0] == "curves-pycatch22" or "datasketch: Jaccard 0.7" in str(arguments):
            raise ProcessFailedError(f"{arguments[0]}: ended with code 1. Found: no module")
        return made_up.process(arguments, **settings)

    monkeypatch.setattr(study, "in_own_process", process)
    found = measured(tmp_path)
    failed = {row["library"]: row.get("failed") for row in found["curves"]}
    assert failed["pycatch22"] == "curves-pycatch22: ended with code 1. Found: no module"
    assert failed["tsfresh minimal"] is None
    assert [row["finder"] for row in found["duplicates"] if "failed" in row] == ["datasketch: Jaccard 0.7"]


@pytest.mark.usefixtures("no_process")
def test_the_products_own_failure_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def process(arguments: Any, **settings: Any) -> tuple[Cost, Any]:
        if arguments[0] == ALL:
            raise ProcessFailedError("all: ended with code 1. Found: an error")
        return made_up.process(arguments, **settings)

    monkeypatch.setattr(study, "in_own_process", process)
    with pytest.raises(ProcessFailedError, match="all: ended with code 1"):
        measured(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_process")
@pytest.mark.parametrize("has_engines", [True, False])
def test_a_cluster_is_measured_where_score_takes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_engines: bool
) -> None:
    monkeypatch.setattr(study.scoring, "has_engines", lambda: has_engines)
    dask = measured(tmp_path)["dask"]
    if has_engines:
        assert dask["same_bytes"] is True
        assert dask["cluster"]["cpu_seconds"] == dask["local"]["cpu_seconds"]
    else:
        assert dask == {"not_measured": "`score` has no option --engine"}


@pytest.mark.usefixtures("no_process")
def test_the_largest_is_compared_with_what_was_to_be_expected(tmp_path: Path) -> None:
    found = measured(tmp_path, largest=160, largest_size=Size(days=2, posts=1, comments=1))["largest"]
    assert found["comments"] == 160
    # 128 accounts of 9 rows took 128 * 0.15 + 2 s, ten accounts 3.5 s; 160 of 4 rows are 640 / 1152 of that beyond.
    assert found["expected_cpu_seconds"] == pytest.approx(3.5 + (128 * 0.15 + 2.0 - 3.5) * 640 / 1152)
    assert found["megabytes"] > 0


@pytest.mark.usefixtures("no_process")
def test_what_does_not_fit_on_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"largest: 1,000,000,000,000 accounts need about .* Ask for at most"):
        measured(tmp_path, largest=10**12)


@pytest.mark.usefixtures("no_process")
@pytest.mark.parametrize(
    ("printed", "says"),
    [("Running stage 'simulate'", "the pipeline is not up to date here"), (None, "DVC does not run here")],
    ids=["something to do", "no DVC"],
)
def test_a_repro_that_cannot_be_measured_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str | None, says: str
) -> None:
    def command(arguments: Any) -> tuple[Cost, str]:
        if "dvc" not in arguments:
            return made_up.command(arguments)
        if printed is None:
            raise ProcessFailedError("dvc: ended with code 1. Found: nothing said")
        return Cost(1.0, 1.0, 0.0), printed

    monkeypatch.setattr(study, "command_cost", command)
    assert measured(tmp_path)["start"]["repro"] == {"not_measured": says}
