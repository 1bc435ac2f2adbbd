"""Spoilt bundles: what is made, and how the part tells a refusal from a score and from a fault."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from models.bundle import MANIFEST, Bundle, Head, UnusableBundleError
from soak import models as part
from soak.models import REFUSED, SCORED, cut_down, end_of, out_of_bounds, strange_accounts
from soak.mutations import chain, changed, rewritten, with_manifest, with_right_checksums
from tests.models.synthetic import handmade_bundle


@pytest.fixture(scope="session")
def model(project: Path) -> Path:
    return project / "data" / "model"


@pytest.fixture(scope="session")
def small(model: Path) -> dict[str, bytes]:
    """The project's bundle with few trees, as files."""
    return cut_down(part.read_bundle(model)).to_files()


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - for changes that repeat


def test_every_change_is_one() -> None:
    files = handmade_bundle().to_files()
    made = list(changed(files, dice(1), 2, Path("trap")))
    assert len(made) > 10 * len(files)
    assert all(each.files != files for each in made)


def test_the_same_seed_rewrites_the_same() -> None:
    files = handmade_bundle().to_files() | {"model.txt": b"tree\na=1 2\nend of trees\n"}
    trees = {name: b"tree\na=1 2\n\nend of trees\n" for name in files if name.endswith(".txt")}
    one, other = (list(rewritten(files | trees, dice(5), 40)) for _ in range(2))
    assert one == other
    assert len(one) == 40


def test_a_rewritten_bundle_has_right_checksums() -> None:
    files = handmade_bundle().to_files()
    manifest = json.loads(files[MANIFEST])
    assert with_manifest(files, manifest) == with_right_checksums(files) == files


def test_a_sound_bundle_scores_within_bounds(small: dict[str, bytes]) -> None:
    accounts = strange_accounts(30)
    assert end_of(small, accounts) == SCORED
    assert end_of(small | {MANIFEST: b"{}"}, accounts) == REFUSED


def test_a_tree_that_is_a_long_chain_is_refused(small: dict[str, bytes]) -> None:
    assert b"num_leaves=300" in chain(small["model.txt"], 300)
    bundle = Bundle.from_files(small)
    spoilt = cut_to(bundle, chain(small["model.txt"], 300).decode())
    assert end_of(spoilt.to_files(), strange_accounts(5)) == REFUSED
    assert end_of(cut_to(bundle, chain(small["model.txt"], 200).decode()).to_files(), strange_accounts(5)) == SCORED


def cut_to(bundle: Bundle, trees: str) -> Bundle:
    """The bundle with one tree for a scheme's head."""
    name, head = next(iter(bundle.schemes.items()))
    return replace(bundle, schemes=bundle.schemes | {name: Head(trees, head.calibration)})


def test_what_leaves_the_bounds_is_said() -> None:
    columns = {"verdict": ["pass"], "probability_inauthentic": [float("nan")], "authenticity_score": [101]}
    assert out_of_bounds(pl.DataFrame(columns)) == "probability out of bounds; score out of bounds"
    assert out_of_bounds(pl.DataFrame(columns | {"verdict": ["insufficient_data"]})) == ""


@pytest.mark.parametrize(
    ("fault", "said"),
    [(lambda *_: {}["gone"], "loading raised KeyError"), (UnusableBundleError, REFUSED)],
    ids=["a traceback", "a message"],
)
def test_a_fault_is_told_from_a_refusal(
    fault: Callable[..., object], said: str, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def raised(*_: object) -> None:
        found = fault("x")
        if isinstance(found, Exception):
            raise found

    monkeypatch.setattr(part, "Scorer", raised)
    assert end_of(small, strange_accounts(3)).startswith(said)


@pytest.mark.slow
def test_a_small_run_holds(model: Path, tmp_path: Path) -> None:
    result = part.run(model, flips=1, count=40, through_command=1, seed=3)
    assert result.holds, [figure for figure in result.figures if not figure.holds]
    result.write(tmp_path)
