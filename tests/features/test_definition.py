"""What a definition may say: a mistake in one is refused where it stands, and names what to write instead."""

import polars as pl
import pytest

from features.catalog import UnknownFeatureError, feature_by_name, features
from features.compute import group_module
from features.definition import DuplicateFeatureError, Feature, Shown, feature
from features.signals import SIGNALS

SIGNAL = next(iter(SIGNALS))


def growth_made_up_share() -> pl.Expr:
    """First paragraph,
    on two lines.

    Second paragraph.
    """
    return pl.col("rows").sum()


def defined(
    function: object = growth_made_up_share, registry: dict[str, Feature] | None = None, **changed: object
) -> Feature:
    """The feature under that decorator, with other arguments than those below."""
    arguments: dict[str, object] = {
        "group": "growth",
        "frame": "readings",
        "signal": SIGNAL,
        "unit": "share",
        "formula": "sum(rows)",
        "suspicious": "high",
        "source": "assumed",
        "evidence": growth_made_up_share,
        "reason": "{value:.0%} of all",
    }
    taken: dict[str, Feature] = {} if registry is None else registry
    feature(taken, **(arguments | changed))(function)  # type: ignore[arg-type]
    return taken[function.__name__]  # type: ignore[attr-defined]


def test_a_feature_describes_itself_by_the_first_paragraph_on_one_line() -> None:
    assert defined().description == "First paragraph, on two lines."


def test_a_feature_without_a_word_about_it_has_no_description() -> None:
    def growth_silent_share() -> pl.Expr:
        return pl.lit(0.5)

    assert defined(growth_silent_share).description == ""


def test_a_value_of_too_few_rows_is_null() -> None:
    def growth_rows_count() -> pl.Expr:
        return pl.len()

    entry = defined(growth_rows_count, min_rows=2)
    table = pl.DataFrame({"account_id": ["a", "b", "b"], "rows": [9, 9, 9]})
    values = table.group_by("account_id", maintain_order=True).agg(entry.aggregation())
    assert values["growth_rows_count"].to_list() == [None, 2.0]


@pytest.mark.parametrize(("suspicious", "direction"), [("high", 1), ("low", -1), ("both", 0), ("context", 0)], ids=str)
def test_the_classifier_may_only_go_the_declared_way(suspicious: str, direction: int) -> None:
    sides = {"reason_high": "{value} more", "reason_low": "{value} fewer"}
    assert defined(suspicious=suspicious, **sides).monotone == direction


def test_each_side_has_its_sentence() -> None:
    entry = defined(suspicious="both", reason_high="{value:.0%} is much", reason_low="{value:.0%} is little")
    assert (entry.sentence(0.9, "high"), entry.sentence(0.1, "low")) == ("90% is much", "10% is little")
    with pytest.raises(KeyError):
        defined().sentence(0.1, "low")


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        pytest.param(0.0, ".0%", "0%", id="nothing"),
        pytest.param(0.003, ".0%", "under 1%", id="nearly nothing"),
        pytest.param(0.0003, ".1%", "under 0.1%", id="nearly nothing in tenths"),
        pytest.param(-0.001, ".0%", "0%", id="nearly nothing below zero has no minus"),
        pytest.param(0.01, ".0%", "1%", id="one per cent"),
        pytest.param(0.997, ".0%", "over 99%", id="nearly all"),
        pytest.param(0.9997, ".1%", "over 99.9%", id="nearly all in tenths"),
        pytest.param(1.0, ".0%", "100%", id="all"),
        pytest.param(1.004, ".0%", "100%", id="more than all"),
        pytest.param(0.000000001, "%", "under 0.000001%", id="six digits where none are asked for"),
        pytest.param(0.003, "+.0%", "+0%", id="with a sign"),
        pytest.param(0.003, ".1f", "0.0", id="no per cent"),
    ],
)
def test_what_rounds_to_all_or_nothing_and_is_not_says_so(value: float, form: str, text: str) -> None:
    assert format(Shown(value), form) == text


def test_a_group_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(
        ValueError, match=r"group 'shape' is not one of growth, comments, engagement, profile, network\."
    ):
        defined(group="shape")
    with pytest.raises(ValueError, match=r"feature group 'shape' is unknown\. Known: growth, comments, "):
        group_module("shape")


@pytest.mark.parametrize("name", ["growth_share", "made_up_share", "growth_made_up", "growth_Made_up_share"])
def test_a_name_off_the_convention_says_how_to_rename_it(name: str) -> None:
    def function() -> pl.Expr:
        return pl.lit(1)

    function.__name__ = name
    with pytest.raises(ValueError, match=rf"feature '{name}': rename it to growth_<what>_<kind>, kind one of share, "):
        defined(function)


def test_an_unknown_signal_suggests_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=rf"signal '{SIGNAL}s' is not in features/signals\.py\. Did you mean .*'{SIGNAL}'"
    ):
        defined(signal=f"{SIGNAL}s")
    with pytest.raises(ValueError, match=r"signal 'qqqq' is not in features/signals\.py\.$"):
        defined(signal="qqqq")


@pytest.mark.parametrize("reason", ["", "no value", "{value} of {total}"])
def test_a_reason_names_the_value_and_nothing_else(reason: str) -> None:
    with pytest.raises(ValueError, match=r"its reason for a high value must name \{value\}, found "):
        defined(reason=reason)


def test_a_name_is_taken_once() -> None:
    registry: dict[str, Feature] = {}
    defined(registry=registry)
    with pytest.raises(DuplicateFeatureError, match="'growth_made_up_share' is defined twice in group 'growth'"):
        defined(registry=registry)


def test_a_feature_is_found_by_its_name_and_a_near_name_is_suggested() -> None:
    name = next(iter(features()))
    assert feature_by_name(name).name == name
    with pytest.raises(UnknownFeatureError) as error:
        feature_by_name(f"{name}s")
    assert str(error.value).startswith(f"feature '{name}s' is not in the catalogue. Did you mean '{name}'")
    with pytest.raises(UnknownFeatureError) as error:
        feature_by_name("qqqq")
    assert str(error.value) == "feature 'qqqq' is not in the catalogue."


def test_a_definition_changes_with_its_rows_its_side_its_formula_and_its_code() -> None:
    def growth_made_up_share() -> pl.Expr:
        return pl.col("rows").mean()

    texts = [
        defined().definition_text(),
        defined(min_rows=2).definition_text(),
        defined(suspicious="low").definition_text(),
        defined(formula="mean(rows)").definition_text(),
        defined(frame="other").definition_text(),
        defined(growth_made_up_share).definition_text(),
    ]
    assert len(set(texts)) == len(texts)
