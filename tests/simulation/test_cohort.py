from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import chi2_contingency
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from features.tables import CONTRACTS, SCHEMES
from simulation.cohort import simulate_cohort
from simulation.stories import STORIES
from tests.priors import PRIORS, changed

Frames = dict[str, pl.DataFrame]

LARGEST_AUC = 0.56
"""What must not depend on the label separates the classes of 2,000 accounts by chance only (standard error 0.012)."""


def _assert_same(first: Frames, second: Frames) -> None:
    for name, frame in first.items():
        assert_frame_equal(frame, second[name])


def test_an_empty_cohort_has_every_table_with_its_schema() -> None:
    cohort = simulate_cohort(1, 0, PRIORS)

    for name, contract in CONTRACTS.items():
        assert_frame_equal(cohort[name], contract.empty())


def test_a_cohort_of_one_account_lives() -> None:
    cohort = simulate_cohort(2, 1, PRIORS)

    assert cohort["accounts"].height == cohort["labels"].height == 1


@pytest.mark.parametrize(("seed", "accounts"), [(-1, 5), (1, -5)])
def test_negative_arguments_are_refused(seed: int, accounts: int) -> None:
    with pytest.raises(ValueError, match="seed and accounts must be 0 or more"):
        simulate_cohort(seed, accounts, PRIORS)


def test_the_same_arguments_give_the_same_cohort() -> None:
    _assert_same(simulate_cohort(3, 30, PRIORS), simulate_cohort(3, 30, PRIORS))


def test_chunks_do_not_change_the_cohort(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulate_cohort(4, 30, PRIORS)
    monkeypatch.setattr("simulation.cohort.CHUNK", 7)

    _assert_same(whole, simulate_cohort(4, 30, PRIORS))


def test_priors_reach_the_cohort() -> None:
    priors = changed(population={"prevalence": (0.0, 0.0), "low_dose_share": (0.0, 0.0)})

    assert simulate_cohort(5, 60, priors)["labels"]["scheme"].null_count() == 60


def test_schema_keys_and_order_follow_the_contract(cohorts: list[Frames]) -> None:
    for cohort in cohorts:
        assert list(cohort) == list(CONTRACTS)
        for name, contract in CONTRACTS.items():
            frame = cohort[name]
            assert dict(frame.schema) == contract.schema
            contract.pandera_schema().validate(frame)
            key = list(contract.key)
            assert_frame_equal(frame, frame.sort(key))
            assert not frame.select(key).is_duplicated().any()


def test_labels_follow_the_shares(tables: Frames) -> None:
    labels = tables["labels"]
    largest = labels.select(pl.max_horizontal("inauthentic_follower_share", "inauthentic_engagement_share")).to_series()

    assert largest.is_between(0.0, 1.0).all()
    assert (labels["is_inauthentic"] == (largest >= 0.10)).all()
    assert labels.filter(pl.col("scheme").is_null())["is_inauthentic"].any() is False
    assert (labels.filter(pl.col("scheme").is_null()).select(largest.name).to_series() == 0.0).all()


def test_low_doses_carry_their_scheme_and_are_not_inauthentic(tables: Frames) -> None:
    low = tables["labels"].filter(pl.col("scheme").is_not_null() & ~pl.col("is_inauthentic"))

    assert low.height > 0.02 * tables["labels"].height
    largest = low.select(pl.max_horizontal("inauthentic_follower_share", "inauthentic_engagement_share")).to_series()
    assert largest.max() < 0.10  # type: ignore[operator]


def test_schemes_are_known_and_mixed(tables: Frames) -> None:
    schemes = tables["labels"]["scheme"].drop_nulls()

    assert set(schemes.str.split("+").explode()) == set(SCHEMES)
    mixed = schemes.str.contains("+", literal=True).mean()
    assert 0.1 < mixed < 0.35  # type: ignore[operator]


def test_prevalence_and_stories_of_every_cohort(cohorts: list[Frames]) -> None:
    for cohort in cohorts:
        labels = cohort["labels"]
        genuine = labels.filter(pl.col("scheme").is_null())
        assert 0.18 <= labels["is_inauthentic"].mean() <= 0.52  # type: ignore[operator]
        assert genuine["benign_story"].count() / genuine.height >= 0.35
        assert labels.filter(pl.col("scheme").is_not_null())["benign_story"].count() > 0  # they go viral too
    stories = {story for cohort in cohorts for story in cohort["labels"]["benign_story"].drop_nulls()}
    assert stories == set(STORIES)


def test_cohorts_share_no_account_commenter_or_name(cohorts: list[Frames]) -> None:
    first, second = cohorts[0], cohorts[1]

    assert first["labels"]["cohort"].unique().to_list() == ["simulated-300"]
    for table, column in (("accounts", "account_id"), ("comments", "commenter_id"), ("posts", "post_id")):
        assert set(first[table][column].drop_nulls()) & set(second[table][column].drop_nulls()) == set()


def test_time_runs_forward(tables: Frames) -> None:
    posts = tables["posts"]
    assert posts.filter(pl.col("observed_at") < pl.col("posted_at")).height == 0
    written = tables["comments"].join(posts, on=["account_id", "post_id"], suffix="_post")
    assert written.filter(pl.col("commented_at") < pl.col("posted_at")).height == 0
    ends = tables["accounts"].select("account_id", end="observed_at")
    assert tables["comments"].join(ends, on="account_id").filter(pl.col("commented_at") > pl.col("end")).height == 0
    assert posts.join(ends, on="account_id").filter(pl.col("observed_at") > pl.col("end")).height == 0
    born = posts.join(tables["accounts"].select("account_id", "created_on"), on="account_id")
    assert born.filter(pl.col("posted_at").dt.date() < pl.col("created_on")).height == 0


def test_windows_are_at_most_a_year_and_lie_in_three_years(tables: Frames) -> None:
    spans = (
        tables["followers_daily"]
        .group_by("account_id")
        .agg(
            first=pl.col("date").min(),
            last=pl.col("date").max(),
            days=(pl.col("date").max() - pl.col("date").min()).dt.total_days(),
        )
    )

    assert spans["days"].max() <= 365 - 1  # type: ignore[operator]
    assert spans["last"].max() < date(2023, 1, 1) + timedelta(days=1100)  # type: ignore[operator]
    assert spans["first"].min() > date(2021, 12, 1)  # type: ignore[operator]


def test_the_last_reading_is_the_present_count(tables: Frames) -> None:
    last = tables["followers_daily"].group_by("account_id").agg(pl.all().sort_by("date").last())
    both = last.join(tables["accounts"], on="account_id", suffix="_shown")
    same_day = both.filter(pl.col("date") == pl.col("observed_at").dt.date())

    assert same_day.height > 100
    assert (same_day["follower_count"] == same_day["follower_count_shown"]).all()


def test_youtube_counts_have_three_digits(tables: Frames) -> None:
    youtube = tables["accounts"].filter(pl.col("platform") == "youtube").select("account_id")
    counts = tables["followers_daily"].join(youtube, on="account_id")["follower_count"]

    assert counts.len() > 100
    assert all(count == int(f"{count:d}"[:3].ljust(len(f"{count:d}"), "0")) for count in counts)


def test_likes_never_exceed_views(tables: Frames) -> None:
    assert tables["posts"].filter(pl.col("like_count") > pl.col("view_count")).height == 0


def test_comment_rows_do_not_exceed_the_counts_of_their_posts(tables: Frames) -> None:
    rows = tables["comments"].group_by("account_id", "post_id").len()
    both = rows.join(tables["posts"], on=["account_id", "post_id"])

    assert both.height > 1000
    assert both.filter(pl.col("len") > pl.col("comment_count")).height == 0


def _nuisances(tables: Frames) -> pl.DataFrame:
    """One row an account: what must not tell its label."""
    readings = (
        tables["followers_daily"]
        .group_by("account_id")
        .agg(readings=pl.len(), days=(pl.col("date").max() - pl.col("date").min()).dt.total_days())
    )
    posts = (
        tables["posts"]
        .group_by("account_id")
        .agg(
            posts=pl.len(),
            hidden=pl.col("like_count").null_count() / pl.len(),
            caption=pl.col("caption").str.len_chars().mean(),
        )
    )
    comments = tables["comments"].group_by("account_id").agg(comments=pl.len(), commented=pl.col("post_id").n_unique())
    frame = tables["accounts"].join(tables["labels"], on="account_id")
    for part in (readings, posts, comments):
        frame = frame.join(part, on="account_id", how="left")
    return frame.filter(pl.col("scheme").is_null() | pl.col("is_inauthentic")).with_columns(
        last_digit=pl.col("follower_count") % 10,
        handle=pl.col("handle").str.len_chars(),
        biography=pl.col("biography").str.len_chars(),
        created_on=pl.col("created_on").cast(pl.Int32),
        english=pl.col("language") == "en",
        first_id=pl.col("account_id").str.head(4).str.to_integer(base=16),
        has_readings=pl.col("readings").is_not_null(),
        has_posts=pl.col("posts").is_not_null(),
        has_comments=pl.col("comments").is_not_null(),
        has_handle=pl.col("handle").is_not_null(),
    )


@pytest.mark.parametrize(
    "column",
    [
        "follower_count",
        "following_count",
        "post_count",
        "created_on",
        "is_verified",
        "is_business",
        "last_digit",
        "handle",
        "biography",
        "english",
        "first_id",
        "readings",
        "days",
        "posts",
        "hidden",
        "caption",
        "comments",
        "commented",
        "has_readings",
        "has_posts",
        "has_comments",
        "has_handle",
    ],
)
def test_the_label_does_not_show_in(tables: Frames, column: str) -> None:
    frame = _nuisances(tables).drop_nulls(column)
    auc = roc_auc_score(frame["is_inauthentic"], frame[column].cast(pl.Float64))

    assert max(auc, 1.0 - auc) < LARGEST_AUC


@pytest.mark.parametrize("column", ["platform", "niche"])
def test_the_label_does_not_depend_on_the_kind_of_account(tables: Frames, column: str) -> None:
    frame = _nuisances(tables).drop_nulls(column)
    counts = frame.pivot(on="is_inauthentic", index=column, values="account_id", aggregate_function="len")
    table = counts.drop(column).fill_null(0).to_numpy()

    assert chi2_contingency(table[table.sum(axis=1) > 40]).pvalue > 0.01


def test_a_small_tree_on_plain_figures_does_not_solve_the_cohort(tables: Frames) -> None:
    growth = (
        tables["followers_daily"]
        .filter(pl.col("follower_count") > 0)
        .with_columns(step=pl.col("follower_count").log().diff().over("account_id", order_by="date"))
        .group_by("account_id")
        .agg(
            largest=pl.col("step").max(),
            spread=pl.col("step").std(),
            net=pl.col("step").sum(),
            lowest=pl.col("step").min(),
        )
    )
    posts = (
        tables["posts"]
        .group_by("account_id")
        .agg(
            likes=pl.col("like_count").median(),
            evenness=(pl.col("like_count") + 1).log().std(),
            comments_per_like=pl.col("comment_count").sum() / (pl.col("like_count").sum() + 1),
        )
    )
    comments = (
        tables["comments"]
        .group_by("account_id")
        .agg(distinct=pl.col("commenter_id").n_unique() / pl.len(), texts=pl.col("text").n_unique() / pl.len())
    )
    frame = _nuisances(tables).select("account_id", "follower_count", "following_count", "is_inauthentic", "cohort")
    for part in (growth, posts, comments):
        frame = frame.join(part, on="account_id", how="left")
    values = frame.drop("account_id", "is_inauthentic", "cohort").cast(pl.Float64).to_numpy()
    values = np.where(np.isfinite(values), values, np.nan)
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    label = frame["is_inauthentic"].to_numpy()
    chance = cross_val_predict(tree, values, label, cv=4, method="predict_proba")[:, 1]

    assert roc_auc_score(label, chance) < 0.8
