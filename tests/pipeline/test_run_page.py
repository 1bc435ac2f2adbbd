"""A run's page: it answers without the code, from the reports alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import yaml

from pipeline.run_page import run_page
from tests.models.synthetic import handmade_bundle
from tests.pipeline.tracking_builders import METRICS, PARAMS, SCORING, SEGMENTS, TRAINING

LINEAGE = {"revision": "1a2b3c4d5e6f7", "is_changed": False, "data": {"data/raw/training": "11.dir"}}


def page(**changes: Any) -> str:
    """The page of the made-up run, with some of its reports changed."""
    sections = yaml.safe_load(PARAMS) | {"simulate": {"first_seed": 1, "cohorts": 400}}
    training = TRAINING | {"accounts_inauthentic": 130, "cohorts": {"fit": 5, "tune": 1, "calibrate": 2, "test": 2}}
    parts: dict[str, Any] = {
        "metrics": METRICS,
        "segments": SEGMENTS,
        "training": training,
        "scoring": SCORING,
        "sections": sections,
        "bundle": handmade_bundle(),
        "lineage": LINEAGE,
    }
    return run_page(**(parts | changes))


def test_nothing_measured_by_segment_is_said() -> None:
    assert "No segment of 100 accounts and more was measured." in page(segments={})


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(
            "**In short:** recall at 1 % false positives 0.450 (0.300 to 0.600), AUC 0.870 (0.840 to 0.900); nearest "
            "baseline, prevalence: -, 0.500. On test cohorts (3 simulated, unseen), 90% intervals.\n\n"
            "## What was trained",
            id="the answer, first",
        ),
        pytest.param("400 labelled (130 inauthentic) in 10 cohorts: 5 fitted, 1 stopped the fitting", id="accounts"),
        pytest.param("simulated, seeds 1 to 400.", id="seeds"),
        pytest.param("`data/raw/training`, hash `11.dir`. **Code:** `1a2b3c4d5e`.", id="lineage"),
        pytest.param("| assay | 0.870 (0.840 to 0.900) | 0.450 (0.300 to 0.600) |", id="table"),
        pytest.param("nearest baseline**, prevalence, paired: AUC +0.370 (+0.340 to +0.400).", id="baseline"),
        pytest.param("- **Genuine:** 90 pass (90.0%), 9 review (9.0%), 1 reject (1.0%)", id="genuine"),
        # 0.2 * 9/20 = 0.09 right and 0.8 * 1/100 = 0.008 wrong: 0.09 / 0.098 = 91.8 %
        pytest.param("in 9 of 10 (90.0%) where 17% are inauthentic; 91.8% at the declared prevalence", id="precision"),
        pytest.param("(benign stories): 1 of 200 rejected, 20 reviewed.", id="stories"),
        pytest.param(
            "| size | 10k-50k | 400 | AUC 0.700, 0.0% of genuine rejected |\n| size | 1k-10k", id="weakest first"
        ),
        pytest.param("| honest story | viral | 200 | 0.5% rejected, 10.0% reviewed |", id="weakest story"),
        pytest.param("| scheme | engagement pod | 150 | 40.0% flagged, 20.0% rejected |", id="weakest scheme"),
        pytest.param("7 pass, 2 review, 1 reject, 0 insufficient data.", id="batch"),
        pytest.param("pass below 0.250; reject above 0.950 with evidence above 3.14", id="cuts"),
    ],
)
def test_the_page_answers(said: str) -> None:
    assert said in page()


@pytest.mark.parametrize("absent", ["under 1k", "| platform |", "| None |"], ids=["too small", "undefined", "no story"])
def test_what_says_nothing_is_left_out(absent: str) -> None:
    assert absent not in page()


def test_seeds_are_not_told_of_data_that_was_not_simulated() -> None:
    assert "seeds" not in page(
        sections={"prepare": {"dataset": "data/own"}, "simulate": {"first_seed": 1, "cohorts": 4}}
    )


def test_a_reject_that_never_happened_has_no_precision() -> None:
    nobody = {"pass": 3, "review": 1, "reject": 0, "insufficient_data": 0}
    assert "Rejects are right" not in page(metrics=METRICS | {"confusion": {"genuine": nobody, "inauthentic": nobody}})


def test_intervals_of_the_decisions_are_told_where_they_were_measured() -> None:
    share = {"value": 0.9, "lower": 0.8, "upper": 0.95}
    decisions = {
        "prevalence": 0.2,
        "rejects_right": share,
        "rejects_right_at_prevalence": share,
        "genuine": {"pass": share},
        "inauthentic": {"reject": share},
        "benign_rejected": {"value": 0.0, "lower": -0.0, "upper": 0.01},
    }
    told = page(metrics=METRICS | {"decisions": decisions})
    assert "rejects right 0.900 (0.800 to 0.950); at prevalence 0.2 0.900 (0.800 to 0.950);" in told
    assert "honest but odd rejected 0.000 (0.000 to 0.010);" in told
    assert "With intervals" not in page()


def test_the_lineage_names_every_data_file() -> None:
    assert "| data | hash |\n| --- | --- |\n| `data/raw/training` | `11.dir` |" in page()
    assert "there is no `dvc.lock`" in page(lineage={})


def test_libraries_are_told_where_the_bundle_knows_them() -> None:
    bundle = dataclasses.replace(handmade_bundle(), provenance={"libraries": {"polars": "2.1.0", "lightgbm": "4.7.0"}})
    assert "- **Libraries:** lightgbm 4.7.0, polars 2.1.0." in page(bundle=bundle)
    assert "Libraries" not in page(bundle=dataclasses.replace(bundle, provenance={}))


def test_changed_code_and_no_git_are_said() -> None:
    assert "with changes that are in no revision" in page(lineage=LINEAGE | {"is_changed": True})
    assert "not known (no git)" in page(lineage={})
