"""Signals: every feature has one, every one that may speak says what was checked, and words decide no value."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import features as package
from features.benign import CHECKS, FACTS
from features.catalog import WORDS_ONLY, catalog_hash, features
from features.definition import GROUPS, MODEL_GROUPS, Feature, feature
from features.signals import SIGNALS

CATALOGUE = features(GROUPS)


def speakers(signal: str) -> list[tuple[str, str]]:
    """Features of the signal that may be a reason in the scores, by side."""
    entries = [entry for entry in features(MODEL_GROUPS).values() if entry.signal == signal]
    return [(entry.name, side) for entry in entries for side in entry.reason]


def declare(signal: str) -> None:
    registry: dict[str, Feature] = {}

    def growth_made_up_share() -> pl.Expr:
        return pl.len().cast(pl.Float64)

    feature(
        registry,
        group="growth",
        frame="days",
        signal=signal,
        unit="none",
        formula="none",
        suspicious="context",
        source="made up",
        evidence=growth_made_up_share,
    )(growth_made_up_share)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_feature_has_a_signal_that_exists(name: str) -> None:
    assert CATALOGUE[name].signal in SIGNALS


def test_every_signal_has_features_and_its_own_heading() -> None:
    assert {entry.signal for entry in CATALOGUE.values()} == set(SIGNALS)
    headings = [signal.heading for signal in SIGNALS.values()]
    assert len(set(headings)) == len(headings)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_that_may_speak_has_a_check_for_every_feature_and_side_and_no_other_has_one(name: str) -> None:
    checks = [CHECKS[check] for check in SIGNALS[name].checks]
    unchecked = [pair for pair in speakers(name) if not any(check.asked(*pair) for check in checks)]
    assert unchecked == []
    assert bool(checks) == bool(speakers(name))


def test_every_check_is_asked_for_by_some_reason_and_knows_its_facts() -> None:
    asked = {
        check
        for name, signal in SIGNALS.items()
        for check in signal.checks
        if any(CHECKS[check].asked(*pair) for pair in speakers(name))
    }
    assert asked == set(CHECKS)
    assert {check.facts for check in CHECKS.values()} == set(FACTS)


def test_words_for_people_accuse_nobody() -> None:
    words = [signal.heading for signal in SIGNALS.values()] + [check.name for check in CHECKS.values()]
    assert not [each for each in words if {"fake", "fraud", "cheat", "bought"} & set(each.lower().split())]


def test_an_unknown_signal_is_refused_and_the_nearest_named() -> None:
    with pytest.raises(ValueError, match=r"signal 'follower_bursts' is not in .* Did you mean 'follower_burst'"):
        declare("follower_bursts")


def test_a_better_sentence_leaves_the_catalogue_s_hash_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(package.__file__).parent
    assert set(WORDS_ONLY) < {path.name for path in folder.glob("*.py")}
    before, read = catalog_hash(), Path.read_bytes
    edited = {"wording.py"}
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.name in edited))
    assert catalog_hash() == before
    edited.add("growth_frames.py")
    assert catalog_hash() != before


@pytest.mark.parametrize("module", WORDS_ONLY)
def test_no_module_that_computes_reads_a_module_of_words_but_for_citations(module: str) -> None:
    """`wording` is imported for the texts of rows, `signals` for the declaration; the others by nobody."""
    name = module.removesuffix(".py")
    importers = {
        path.name
        for path in Path(package.__file__).parent.glob("*.py")
        if f"from features.{name} import" in path.read_text(encoding="utf-8") and path.name not in WORDS_ONLY
    }
    if name in ("benign", "evidence"):
        assert importers == set()
    elif name == "signals":
        assert importers == {"definition.py"}
    else:
        assert importers <= {"network.py", *(f"{group}_frames.py" for group in GROUPS)}
