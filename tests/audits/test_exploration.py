"""The catalogue as tables and figures: every feature once, shares and correlations with visible arithmetic."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from audits import exploration_figures
from audits.catalogue import FEWEST_PAIRS, described
from audits.exploration import alone, observed_by_group, overview, redundancy
from features.catalog import features
from features.evidence import EVIDENCE_SCHEMA
from features.signals import SIGNALS
from tests.models.synthetic import FEATURES

BURST, CALM, REPEAT = (FEATURES[name] for name in ("growth_burst_share", "growth_calm_spread", "comments_repeat_share"))
ALL = [BURST, CALM, REPEAT]
COUNT = FEWEST_PAIRS


def values(**columns: list[float | None]) -> pl.DataFrame:
    size = max((len(column) for column in columns.values()), default=0)
    filled = {entry.name: columns.get(entry.name, [None] * size) for entry in ALL}
    return pl.DataFrame(filled, schema=dict.fromkeys(filled, pl.Float64))


RISING = [float(index) for index in range(COUNT)]


class TestOverview:
    def test_of_no_feature_is_empty(self) -> None:
        assert overview([]).is_empty()

    def test_says_of_every_feature_what_it_declares(self) -> None:
        catalogue = features()
        table = overview(list(catalogue.values()))
        assert table["feature"].to_list() == list(catalogue)
        for row in table.iter_rows(named=True):
            entry = catalogue[row["feature"]]
            assert row["sees"] == SIGNALS[entry.signal].heading
            assert (row["suspicious"], row["fewest_rows"], row["low"]) == (entry.suspicious, entry.min_rows, entry.low)


class TestAlone:
    def table(self, labels: list[bool], **columns: list[float | None]) -> pl.DataFrame:
        frame = values(**columns)
        cohorts = np.array([f"c{index % 2}" for index in range(frame.height)])
        bootstrap: dict[str, Any] = {"replicates": 20, "confidence": 0.9, "seed": 1}
        return alone(described(frame, np.array(labels, dtype=bool), cohorts, ALL, **bootstrap))

    def test_without_features_or_accounts_there_is_nothing_to_tell(self) -> None:
        assert alone({}).is_empty()
        table = self.table([])
        assert table.height == 3
        assert table["auc"].null_count() == table["missing_share"].null_count() == 3

    def test_the_feature_that_tells_most_comes_first_and_the_unknown_last(self) -> None:
        labels = [index >= COUNT // 2 for index in range(COUNT)]
        table = self.table(labels, growth_burst_share=RISING, growth_calm_spread=[1.0] * COUNT)
        assert table["feature"].to_list() == ["growth_burst_share", "growth_calm_spread", "comments_repeat_share"]
        assert table["auc"].to_list() == [1.0, 0.5, None]
        assert table["missing_share"].to_list() == [0.0, 0.0, 1.0]
        assert table["accounts"].to_list() == [COUNT, COUNT, 0]


class TestObserved:
    def test_without_accounts_no_share_is_known(self) -> None:
        table = observed_by_group(values(), ALL)
        assert table["accounts_with_any"].to_list() == [None, None]

    def test_counts_accounts_and_values(self) -> None:
        table = observed_by_group(
            values(growth_burst_share=[1.0, None, None, None], growth_calm_spread=[1.0, 2.0, None, None]), ALL
        )
        # Of growth two of four accounts show something, and 3 of 4 * 2 values; of the comments nobody anything.
        assert table.rows() == [("growth", 2, 2 / 4, 3 / 8), ("comments", 1, 0.0, 0.0)]


class TestRedundancy:
    def test_of_no_account_there_is_no_pair(self) -> None:
        assert redundancy(values(), ALL).is_empty()

    def test_a_pair_that_ranks_alike_and_one_that_ranks_the_other_way(self) -> None:
        squares = [each * each for each in RISING]
        falling = [-each for each in RISING]
        table = redundancy(
            values(growth_burst_share=RISING, growth_calm_spread=squares, comments_repeat_share=falling), ALL
        )
        found = {(first, second): correlation for first, second, _, correlation, _ in table.iter_rows()}
        assert found == {
            ("growth_burst_share", "growth_calm_spread"): 1.0,
            ("growth_burst_share", "comments_repeat_share"): -1.0,
            ("growth_calm_spread", "comments_repeat_share"): -1.0,
        }
        assert table["same_signal"].to_list() == [False, False, False]

    @pytest.mark.parametrize(
        "other",
        [[1.0] * COUNT, [*RISING[1:], None]],
        ids=["one that does not vary", "one too few accounts with both"],
    )
    def test_pairs_without_a_correlation_are_left_out(self, other: list[float | None]) -> None:
        assert redundancy(values(growth_burst_share=RISING, growth_calm_spread=other), ALL).is_empty()

    def test_is_spearmans(self) -> None:
        from scipy.stats import spearmanr

        numbers = np.random.default_rng(3).integers(0, 5, size=(2, 60)).astype(float)
        table = redundancy(values(growth_burst_share=numbers[0].tolist(), growth_calm_spread=numbers[1].tolist()), ALL)
        assert table["correlation"].to_list() == pytest.approx([spearmanr(*numbers).statistic], abs=1e-6)


class TestFigures:
    def test_a_panel_for_each_feature_also_where_nothing_is_known(self) -> None:
        labels = np.array([False, True])
        figure = exploration_figures.by_class(values(growth_burst_share=[0.1, None]), labels, ALL, split="made up")
        titles = [axes.get_title().split("\n") for axes in figure.axes[:3]]
        assert titles[0] == ["growth burst share", "suspicious: high, null: 50%"]
        assert titles[2][1].endswith("null: 100%")
        figure.savefig(io.BytesIO(), format="png")

    def test_single_features_lie_in_the_order_of_the_table(self) -> None:
        table = pl.DataFrame(
            {
                "feature": ["a_b", "c", "d"],
                "auc": [0.8, 0.6, None],
                "lower": [0.7, 0.5, None],
                "upper": [0.9, 0.7, None],
            }
        )
        figure = exploration_figures.features_alone(table, split="made up", confidence=0.9)
        assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a b", "c"]

    def test_an_account_of_which_nothing_is_observed_says_so(self) -> None:
        figure = exploration_figures.account(
            account_readings(0), account_posts(0), pl.DataFrame(schema=EVIDENCE_SCHEMA), title="nobody"
        )
        assert [axes.texts[0].get_text() for axes in figure.axes] == ["not observed"] * 4

    def test_days_and_posts_that_evidence_names_are_marked(self) -> None:
        rows = {"table": ["followers_daily", "posts", "comments"], "key": ["2024-01-03", "post 1", "2024-01-04"]}
        figure = exploration_figures.account(account_readings(5), account_posts(3), pl.DataFrame(rows), title="one")
        followers, following, likes, views = figure.axes
        assert len(followers.patches) == len(following.patches) == 1  # the shaded day
        ring = likes.lines[-1]
        assert np.asarray(ring.get_ydata()).tolist() == [20.0]  # the second post: 10 * 2 likes
        assert views.texts[0].get_text() == "not observed"
        figure.savefig(io.BytesIO(), format="png")

    def test_a_hole_in_the_readings_is_not_drawn_over(self) -> None:
        gap = exploration_figures.LONGEST_GAP
        for days, lines in ((gap, 1), (gap + 1, 2)):
            readings = account_readings(2).with_columns(
                date=pl.Series([date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=days)])
            )
            figure = exploration_figures.account(
                readings, account_posts(0), pl.DataFrame(schema=EVIDENCE_SCHEMA), title="a hole"
            )
            assert len(figure.axes[0].lines) == lines


def account_readings(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "date": [date(2024, 1, 1) + timedelta(days=day) for day in range(count)],
            "follower_count": [1000 + day for day in range(count)],
            "following_count": [100] * count,
        },
        schema={"date": pl.Date, "follower_count": pl.Int64, "following_count": pl.Int64},
    )


def account_posts(count: int) -> pl.DataFrame:
    numbers = ("followers", "followers_then", "expected_like_rate", "spread_like_rate", "expected_view_rate")
    return pl.DataFrame(
        {
            "post_id": [f"post {index}" for index in range(count)],
            "posted_at": [datetime(2024, 1, 1 + index, tzinfo=UTC) for index in range(count)],
            "likes": [10 * (index + 1) for index in range(count)],
            "views": [None] * count,
            **dict.fromkeys(numbers, [1.0] * count),
            "spread_view_rate": [1.0] * count,
        },
        schema_overrides={"post_id": pl.String, "posted_at": pl.Datetime("us", "UTC"), "views": pl.Int64}
        | dict.fromkeys((*numbers, "spread_view_rate"), pl.Float64)
        | {"likes": pl.Int64},
    )
