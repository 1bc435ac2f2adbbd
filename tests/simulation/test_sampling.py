"""What was recorded, by each way of recording: lags shift as the sample says, shares stay, and none tells the label."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from features.compute import compute
from features.tables import Tables
from models.evaluation import auc
from simulation.cohort import simulate_cohort
from tests.priors import PRIORS, changed

SEEDS = (7001, 7002)
ACCOUNTS = 250
SAMPLES = tuple(PRIORS.observation.sample_weights)
RHYTHMS = tuple(PRIORS.observation.sampling_weights)

Table = Callable[[str], pl.DataFrame]

pytestmark = pytest.mark.slow


def _features(group: str, **observation: object) -> pl.DataFrame:
    """Features of one group beside the labels; the same accounts whatever was recorded of them."""
    nothing_missing = dict.fromkeys(
        ("followers_missing", "posts_missing", "comments_missing", "everything_missing", "column_missing"), (0.0, 0.0)
    )
    priors = changed(observation={**nothing_missing, "column_dropped": (0.0, 0.0), **observation})
    parts = []
    for seed in SEEDS:
        frames = simulate_cohort(seed, ACCOUNTS, priors)
        tables = Tables(**{name: frames[name] for name in Tables.__dataclass_fields__})
        rows = frames["comments"].group_by("account_id").agg(comments=pl.len())
        parts.append(
            compute(tables, [group])
            .join(frames["labels"], on="account_id")
            .join(rows, on="account_id", how="left")
            .with_columns(pl.col("comments").fill_null(0))
        )
    return pl.concat(parts)


def _only(names: tuple[str, ...], chosen: str) -> dict[str, tuple[float, float]]:
    return {name: (float(name == chosen),) * 2 for name in names}


@pytest.fixture(scope="module")
def by_sample() -> dict[str, pl.DataFrame]:
    """Comment features by the way in which the comments were sampled."""
    return {
        sample: _features("comments", sample_weights=_only(SAMPLES, sample), comments_observed=(60.0, 60.0))
        for sample in SAMPLES
    }


@pytest.fixture(scope="module")
def by_rhythm() -> dict[str, pl.DataFrame]:
    """Growth features by the rhythm in which the followers were read, over a year."""
    return {
        rhythm: _features("growth", sampling_weights=_only(RHYTHMS, rhythm), history_days=(365.0, 365.0))
        for rhythm in RHYTHMS
    }


def _genuine(table: pl.DataFrame, column: str) -> pl.Series:
    return table.filter(pl.col("scheme").is_null())[column].drop_nulls()


def test_lags_shift_as_the_sample_says(by_sample: dict[str, pl.DataFrame]) -> None:
    median = {sample: _genuine(table, "comments_lag_median_hours").median() for sample, table in by_sample.items()}
    assert median["earliest"] < median["random"] < median["newest"]
    assert median["earliest"] < median["top"] < median["newest"]


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(
    "share", ["comments_emoji_only_share", "comments_mention_share", "comments_question_share", "comments_link_share"]
)
def test_shares_of_texts_do_not_depend_on_the_sample(
    share: str, sample: str, by_sample: dict[str, pl.DataFrame]
) -> None:
    found, reference = (_genuine(by_sample[each], share) for each in (sample, "random"))
    assert found.len() > 50
    assert found.mean() == pytest.approx(reference.mean(), abs=0.03)


@pytest.mark.parametrize("sample", SAMPLES)
def test_how_many_comments_were_collected_does_not_tell_the_label(
    sample: str, by_sample: dict[str, pl.DataFrame]
) -> None:
    table = by_sample[sample].filter(pl.col("is_inauthentic") | pl.col("scheme").is_null())
    told = auc(table["is_inauthentic"].to_numpy(), table["comments"].to_numpy() / (1.0 + table["comments"].max()))
    assert told == pytest.approx(0.5, abs=0.08)  # 470 accounts: three standard errors


@pytest.mark.parametrize("rhythm", RHYTHMS)
@pytest.mark.parametrize("rate", ["growth_net_log_rate_per_month"])
def test_growth_means_the_same_in_every_rhythm(rate: str, rhythm: str, by_rhythm: dict[str, pl.DataFrame]) -> None:
    found, reference = (_genuine(by_rhythm[each], rate) for each in (rhythm, "daily"))
    assert found.len() > 100
    assert found.median() == pytest.approx(reference.median(), rel=0.3)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_what_a_rhythm_cannot_show_does_not_tell_the_label(rhythm: str, by_rhythm: dict[str, pl.DataFrame]) -> None:
    table = by_rhythm[rhythm].filter(pl.col("is_inauthentic") | pl.col("scheme").is_null())
    names = [name for name in table.columns if name.startswith("growth_")]
    missing = table.select(pl.sum_horizontal(pl.col(names).is_null()) / (len(names) + 1.0)).to_series()
    assert auc(table["is_inauthentic"].to_numpy(), missing.to_numpy()) == pytest.approx(0.5, abs=0.08)
