"""Engagement features: likes, comments and views against size, against each other and against the account's own past.

Honest levels differ by a factor of ten between platforms, and by a factor of five between a private account and a
creator of the same size, so a level is always compared with what its size, platform and format expect, on both sides,
and most features look at the structure within one account instead: how even, how related, how steady the counts are.
Neither the size of an account nor the number of its rows is a feature.

The frame of posts and the helpers of general use are in `features.engagement_frames`, the expectations in
`features.expectations`. What a value and its evidence share stands in a function of its own.
"""

from __future__ import annotations

import functools
import math

import polars as pl

from features.definition import Citation, Feature, FrameBuilder, feature
from features.engagement_frames import (
    LARGEST_RESIDUAL,
    LARGEST_SWING,
    LEAST_USUAL_COUNT,
    NEWEST_POSTS,
    ROBUST_SD,
    STEP_POSTS,
    at_least,
    at_most,
    audience_log,
    both,
    expected,
    first_of,
    in_deviations,
    is_recent,
    likes_per_view,
    log_of_sums,
    mean_apart,
    only_where,
    post_text,
    posts_frame,
    posts_with,
    push_apart,
    push_beyond,
    push_of_deviation,
    push_of_rank_relation,
    push_of_relation,
    push_of_step,
    push_of_tail,
    rank_correlation,
    robust_sd,
    share_of,
    shrunk_slope,
    usual,
    where_given,
    within_swing,
)

FEATURES: dict[str, Feature] = {}
"""The group's features by name, in catalogue order."""

engagement_feature = functools.partial(feature, FEATURES, group="engagement", frame="posts")

FRAMES: dict[str, FrameBuilder] = {"posts": posts_frame}
"""The group's frames by name; each is built once for all of its features."""

CITATIONS: dict[str, Citation] = {"posts": Citation("posts", "post_id", post_text)}
"""How the rows of each frame are named."""

FEWEST_LIKES = 100
"""Likes of all posts below which comments per like are not judged: too few to tell; assumed."""

FEWEST_VIEWS = 1_000
"""Views of all posts below which comments per view are not judged; assumed."""

LEAST_STEADY_COUNT = 250
"""Median likes below which steadiness from post to post is not judged: private accounts of 55 to 230 likes (InstaFake,
real, all under 830 followers) vary by no more than counting does."""

FEWEST_FOLLOWING_COMMENTS = 5
"""Median comments from which it is asked whether they follow two groups of likes: below, 5 % of real accounts
look as if they did not (InstaFake, median 3 to 4)."""

FEWEST_USUAL_COMMENTS = 3
"""Median of comments below which chance hides how they follow likes; assumed."""

FEWEST_SPONSORED_COMMENTS = 10
"""Comments to be expected on the sponsored posts together from which their number tells; assumed."""

EXPECTED_COMMENT_DISPERSION = 0.9
"""Negative binomial k of comment counts (FACTS, "Engagement": k about 0.9)."""

TYPICAL_LIKES_DEVIATION = 0.34 / ROBUST_SD
"""Distance of a post's ln likes from the usual in an honest account (FACTS, "Engagement": spread .34)."""

TYPICAL_VIEWS_DEVIATION = 0.95 / ROBUST_SD
"""The same for ln views: median spread .95 of 148 YouTube channels."""

TYPICAL_LIKES_PER_VIEW_DEVIATION = 0.38 / ROBUST_SD
"""The same for ln likes per view: median spread .38 of 148 YouTube channels."""

SPREAD_FLOOR = 0.05
"""Added to the spreads of likes and of views before their ratio is taken: a spread near zero is not divided by."""

FEWEST_DIGITS = 20
"""Counts below which their digits are not judged."""

MOSTLY_ROUNDED = 0.8
"""Share of counts that end in zero above which the source rounds, and digits say nothing about the account."""


# --- what the values and their evidence share -------------------------------------------------------------------------


def _like_rate_beyond_expected() -> pl.Expr:
    return pl.col("likes_log") - audience_log() - expected("like_rate")


def _view_rate_beyond_expected() -> pl.Expr:
    return pl.col("views_log") - audience_log() - expected("view_rate")


def _likes_per_view_beyond_expected() -> pl.Expr:
    viewed = both("likes", "views") & (pl.col("views") > 0)
    return pl.when(viewed).then(pl.col("likes_log") - pl.col("views_log") - expected("likes_per_view"))


def _push_of_comment_rate() -> pl.Expr:
    rate = audience_log() + expected("like_rate", "comments_per_like")
    return push_beyond(pl.col("comments"), pl.lit(1.0), rate, is_recent() & pl.col("comments").is_not_null())


def _push_of_comments_per_like() -> pl.Expr:
    return push_beyond(pl.col("comments"), pl.col("likes"), expected("comments_per_like"), both("likes", "comments"))


def _push_of_comments_per_view() -> pl.Expr:
    rate = expected("comments_per_like", "likes_per_view")
    return push_beyond(pl.col("comments"), pl.col("views"), rate, both("comments", "views"))


def _change_of_likes() -> pl.Expr:
    """Change of relative ln likes from the post before, scaled so that its spread is that of the likes themselves."""
    return (pl.col("likes_relative") - pl.col("likes_before")) / math.sqrt(2)


def _push_of_dispersion() -> pl.Expr:
    mean = pl.col("comments").mean()
    return ((pl.col("comments") - mean) ** 2 - mean) / mean**2 - 1 / EXPECTED_COMMENT_DISPERSION


def _push_of_spread_ratio() -> pl.Expr:
    pair = both("likes", "views")
    likes, views = (pl.when(pair).then(within_swing(count)) for count in ("likes", "views"))
    return (likes - likes.mean()) ** 2 - (views - views.mean()) ** 2


def _groups(column: str) -> tuple[pl.Expr, pl.Expr]:
    """The posts of the upper group, and those of the lower."""
    return pl.col(column), ~pl.col(column)


def _push_beyond_comments() -> pl.Expr:
    upper, lower = _groups("is_most_liked")
    # The posts beside them make the value as much, but do not show it: the most liked stand for both.
    return pl.when(upper).then(2 * push_apart(within_swing("likes") - within_swing("comments"), upper, lower))


def _push_beyond_views() -> pl.Expr:
    groups = _groups("is_most_liked_per_view")
    likes, views = within_swing("likes"), within_swing("views")
    push = push_apart(pl.when(mean_apart(views, *groups) > 0).then(likes - views).otherwise(likes), *groups)
    return pl.when(groups[0]).then(2 * push)


def _likes_without_comments() -> pl.Expr:
    pair = both("likes", "comments")
    return pair & at_least(pl.col("likes_relative"), 2.0) & at_most(pl.col("comments_relative"), 1.0)


def _comments_without_likes() -> pl.Expr:
    pair = both("likes", "comments")
    return pair & at_least(pl.col("comments_relative"), 3.0) & at_most(pl.col("likes_relative"), 1.1)


def _views_spike() -> pl.Expr:
    return at_least(pl.col("views_relative"), 1.5) & at_most(likes_per_view(), 0.7)


def _views_without_likes() -> pl.Expr:
    return at_least(pl.col("views_relative"), 1.5) & at_most(pl.col("likes_relative"), 1.0)


def _likes_without_views() -> pl.Expr:
    return at_least(pl.col("likes_relative"), 1.5) & at_most(pl.col("views_relative"), 1.0)


def _uncommented_beyond_expected() -> pl.Expr:
    """One for a post without comment, else zero, less the share of such posts that the mean leads one to expect."""
    mean = pl.col("comments_mean_here")
    expected_share = (1 + mean / EXPECTED_COMMENT_DISPERSION) ** -EXPECTED_COMMENT_DISPERSION
    return (pl.col("comments") == 0).cast(pl.Float64) - expected_share


def _thirds() -> tuple[pl.Expr, pl.Expr]:
    """The newest third of the posts, and the oldest."""
    third = pl.len() // 3
    return pl.col("age_rank") < third, pl.col("age_rank") >= pl.len() - third


def _in_steps() -> pl.Expr:
    """Whether a post is among those that a step is looked for in, and shows its likes."""
    return pl.col("likes").is_not_null() & (pl.col("age_rank") < STEP_POSTS)


def _push_of_likes_step() -> pl.Expr:
    likes = pl.col("likes_relative")
    return push_of_step(likes, _in_steps(), pl.col("likes_step"))


def _push_of_step_without_comments() -> pl.Expr:
    groups = _groups("is_after_step")
    direction = mean_apart(within_swing("likes"), *groups).sign()
    return direction * push_apart(within_swing("likes") - within_swing("comments"), *groups)


def _likes_beside_followers() -> pl.Expr:
    """Whether a post shows its likes, and its followers at posting are known."""
    return pl.col("gap_beside_followers").is_not_null()


def _push_of_outgrowing() -> pl.Expr:
    known = _likes_beside_followers()
    gap = pl.col("followers_then").log() - pl.col("likes_relative")
    return push_apart(gap, known & pl.col("is_newer"), known & ~pl.col("is_newer"), middle=pl.Expr.median)


def _push_of_mix_change() -> pl.Expr:
    pair = both("likes", "comments")
    mix = log_of_sums(pl.col("comments"), pl.col("likes"), pair)
    beyond = push_beyond(pl.col("comments"), pl.col("likes"), mix, pair)
    return pl.when("is_newer").then(beyond).otherwise(-beyond)


def _paid_and_other(*counts: str) -> tuple[pl.Expr, pl.Expr]:
    """Sponsored posts that have these counts, and the others that have them."""
    known = pl.all_horizontal(pl.col(count).is_not_null() for count in counts)
    paid = pl.col("is_sponsored").fill_null(False)
    return known & paid, known & ~paid


def _push_of_sponsored_likes() -> pl.Expr:
    paid, other = _paid_and_other("likes")
    likes = pl.col("likes_relative")
    return only_where(paid, likes - only_where(other, likes).median())


def _push_of_sponsored_comments() -> pl.Expr:
    paid, other = _paid_and_other("likes", "comments")
    mix = log_of_sums(pl.col("comments"), pl.col("likes"), other)
    return push_beyond(pl.col("comments"), pl.col("likes"), mix, paid)


def _where_digits_tell(value: pl.Expr) -> pl.Expr:
    exact, rounded = pl.col("exact_counts").sum(), pl.col("ten_counts").sum()
    return pl.when((exact >= FEWEST_DIGITS) & (rounded < MOSTLY_ROUNDED * exact)).then(value)


def _push_of_last_digits() -> pl.Expr:
    exact = pl.col("exact_counts")
    return pl.col("same_last_digit") - exact * (exact.sum() / 10)


def _push_of_first_digits() -> pl.Expr:
    judged = pl.col("judged_first_digits")
    return pl.col("same_first_digit") - judged * judged.sum()


# --- levels, against what size and platform expect --------------------------------------------------------------------


@engagement_feature(
    signal="engagement_for_size",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(median(ln likes - ln followers at posting) over the 20 newest posts - expected) / spread",
    suspicious="both",
    reason_high="likes per follower are high for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="likes per follower are low for this size and platform (by {value:+.1f} standard deviations)",
    source="FACTS, Engagement: likes / followers per tier, residual sd 0.95; YouTube medians of 227 channels",
    evidence=lambda: pl.when(is_recent()).then(_like_rate_beyond_expected()),
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_like_rate_residual() -> pl.Expr:
    """Likes per follower compared with honest accounts of this size and platform.

    Bought followers lower it, bought likes raise it; a private account or a very large one does the same honestly.
    """
    rate = only_where(is_recent(), _like_rate_beyond_expected())
    return where_given(
        in_deviations(rate.median(), "like_rate"), (pl.col("likes").is_not_null() & is_recent()).sum(), 3
    )


@engagement_feature(
    signal="engagement_for_size",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(ln(mean(comments)) over the 20 newest posts - median(ln followers at posting) - expected) / spread",
    suspicious="both",
    reason_high="many comments per follower for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="few comments per follower for this size and platform (by {value:+.1f} standard deviations)",
    source="FACTS, Engagement: likes / followers times comments per like",
    evidence=_push_of_comment_rate,
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_comment_rate_residual() -> pl.Expr:
    """Comments per follower compared with honest accounts of this size and platform; serves where likes are hidden."""
    counted = is_recent() & pl.col("comments").is_not_null()
    comments = only_where(counted, pl.col("comments")).sum().cast(pl.Float64).clip(lower_bound=0.5)
    rate = comments.log() - counted.sum().log() - only_where(counted, audience_log()).median()
    usual_rate = only_where(counted, expected("like_rate", "comments_per_like").exp()).mean().log()
    return where_given(in_deviations(rate - usual_rate, "like_rate", "comments_per_like"), counted.sum(), 3)


@engagement_feature(
    signal="comments_against_likes",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(ln(sum(comments) / sum(likes)) - expected) / spread",
    suspicious="both",
    reason_high="many comments for the likes, for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="few comments for the likes, for this size and platform (by {value:+.1f} standard deviations)",
    source="FACTS, Engagement: comments per 100 likes per tier",
    evidence=_push_of_comments_per_like,
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_comments_per_like_residual() -> pl.Expr:
    """Comments per like compared with honest accounts of this size and platform.

    Pods and bought comments raise it, bought likes lower it. Null under 100 likes in all: too few to tell.
    """
    pair = both("likes", "comments")
    enough = only_where(pair, pl.col("likes")).sum() >= FEWEST_LIKES
    rate = log_of_sums(pl.col("comments"), pl.col("likes") * expected("comments_per_like").exp(), pair)
    return where_given(
        pl.when(enough).then(in_deviations(rate, "comments_per_like")), posts_with("likes", "comments"), 3
    )


@engagement_feature(
    signal="engagement_for_size",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(median(ln views - ln followers at posting) over the 20 newest posts - expected) / spread",
    suspicious="both",
    reason_high="views per follower are many for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="views per follower are few for this size and platform (by {value:+.1f} standard deviations)",
    source="YouTube medians of 227 channels; other platforms assumed",
    evidence=lambda: pl.when(is_recent()).then(_view_rate_beyond_expected()),
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_view_rate_residual() -> pl.Expr:
    """Views per follower compared with honest accounts of this size and platform."""
    rate = only_where(is_recent(), _view_rate_beyond_expected())
    return where_given(
        in_deviations(rate.median(), "view_rate"), (pl.col("views").is_not_null() & is_recent()).sum(), 3
    )


@engagement_feature(
    signal="likes_against_views",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(median(ln likes - ln views) - expected) / spread, over posts with a view",
    suspicious="both",
    reason_high="likes per view are many for this platform (by {value:+.1f} standard deviations)",
    reason_low="likes per view are few for this platform (by {value:+.1f} standard deviations)",
    source="YouTube median .024 of 227 channels; other platforms assumed",
    evidence=_likes_per_view_beyond_expected,
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_likes_per_view_residual() -> pl.Expr:
    """Likes per view compared with honest accounts of this platform: bought views lower it, bought likes raise it."""
    rate = _likes_per_view_beyond_expected()
    return where_given(in_deviations(rate.median(), "likes_per_view"), rate.count(), 3)


@engagement_feature(
    signal="likes_against_views",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(ln(sum(comments) / sum(views)) - expected) / spread",
    suspicious="both",
    reason_high="comments per view are many for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="comments per view are few for this size and platform (by {value:+.1f} standard deviations)",
    source="product of the expectations of likes per view and comments per like",
    evidence=_push_of_comments_per_view,
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_comments_per_view_residual() -> pl.Expr:
    """Comments per view compared with honest accounts of this size and platform; null under 1,000 views in all."""
    pair = both("comments", "views")
    enough = only_where(pair, pl.col("views")).sum() >= FEWEST_VIEWS
    rate = log_of_sums(
        pl.col("comments"), pl.col("views") * expected("comments_per_like", "likes_per_view").exp(), pair
    )
    return where_given(
        pl.when(enough).then(in_deviations(rate, "comments_per_like", "likes_per_view")),
        posts_with("comments", "views"),
        3,
    )


# --- evenness: how much the counts of one account vary ----------------------------------------------------------------


@engagement_feature(
    signal="even_likes",
    unit="robust standard deviation of ln likes, 0 or more",
    formula="1.4826 * median(|x - median(x)|), x = ln likes less the usual of its format",
    suspicious="low",
    reason="likes differ little from post to post (spread {value:.2f}, where 0.1 is a tenth)",
    source="FACTS, Engagement: within-account sd of ln likes .15 / .25 / .34 / .46 / .79",
    evidence=lambda: push_of_deviation("likes_relative", TYPICAL_LIKES_DEVIATION),
    low=0.0,
    min_rows=6,
)
def engagement_likes_spread() -> pl.Expr:
    """How much likes vary from post to post; a fixed lot bought for every post flattens them.

    Null where the median post has under 50 likes: so few are alike by themselves.
    """
    value = pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(robust_sd("likes_relative"))
    return where_given(value, posts_with("likes"), 6)


@engagement_feature(
    signal="even_likes",
    unit="robust standard deviation of ln likes, 0 or more",
    formula="1.4826 / sqrt(2) * median(|x - x of the post before|), x = ln likes less the usual of its format",
    suspicious="low",
    reason="likes change little from one post to the next (spread {value:.2f}, where 0.1 is a tenth)",
    source="FACTS, Engagement: within-account sd of ln likes; private accounts (InstaFake) .10 to .39",
    evidence=lambda: _change_of_likes().abs() - TYPICAL_LIKES_DEVIATION,
    low=0.0,
    min_rows=7,
)
def engagement_likes_successive_spread() -> pl.Expr:
    """How much likes vary between neighbouring posts, whatever the account's growth over the years.

    Null where the median post has under 250 likes: in a private circle everybody likes everything.
    """
    value = pl.when(usual("likes") >= LEAST_STEADY_COUNT).then(_change_of_likes().abs().median() * ROBUST_SD)
    return where_given(value, posts_with("likes"), 7)


@engagement_feature(
    signal="even_likes",
    unit="robust standard deviation of ln views, 0 or more",
    formula="1.4826 * median(|x - median(x)|), x = ln views less the usual of its format",
    suspicious="low",
    reason="views differ little from post to post (spread {value:.2f}, where 0.1 is a tenth)",
    source="as for likes; a fixed lot of views on every post flattens them",
    evidence=lambda: push_of_deviation("views_relative", TYPICAL_VIEWS_DEVIATION),
    low=0.0,
    min_rows=6,
)
def engagement_views_spread() -> pl.Expr:
    """How much views vary from post to post. Null where the median post has under 50 views."""
    value = pl.when(usual("views") >= LEAST_USUAL_COUNT).then(robust_sd("views_relative"))
    return where_given(value, posts_with("views"), 6)


@engagement_feature(
    signal="likes_against_views",
    unit="robust standard deviation of ln(likes / views), 0 or more",
    formula="1.4826 * median(|x - median(x)|), x = relative ln likes - relative ln views",
    suspicious="both",
    reason_high="the share of viewers who like differs much between posts (spread {value:.2f})",
    reason_low="the share of viewers who like differs little between posts (spread {value:.2f})",
    source="bought views or likes on some posts widen it, automatic lots of both narrow it",
    evidence=lambda: push_of_deviation("likes_per_view", TYPICAL_LIKES_PER_VIEW_DEVIATION),
    low=0.0,
    min_rows=6,
)
def engagement_likes_per_view_spread() -> pl.Expr:
    """How much likes per view vary from post to post, formats compared with themselves."""
    value = pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(robust_sd("likes_per_view"))
    return where_given(value, posts_with("likes", "views"), 6)


@engagement_feature(
    signal="even_comments",
    unit="squared coefficient of variation beyond chance, -1/3 to 60",
    formula="(var(comments) - mean(comments)) / mean(comments)^2",
    suspicious="low",
    reason="comment counts are more alike from post to post than an audience's usually are (dispersion "
    "{value:.2f}; 0 is chance alone)",
    source="FACTS, Engagement: negative binomial k .31-2.7, of which this is the moment estimate of 1 / k",
    evidence=_push_of_dispersion,
    low=-1 / 3,
    high=float(NEWEST_POSTS),
    min_rows=6,
)
def engagement_comments_dispersion_ratio() -> pl.Expr:
    """How much comment counts vary beyond chance; a fixed lot on every post makes them alike.

    Null under three comments a post, where chance hides the rest.
    """
    mean = pl.col("comments").mean()
    ratio = (pl.col("comments").var() - mean) / mean**2
    return where_given(pl.when(mean >= 3).then(ratio), posts_with("comments"), 6)  # noqa: PLR2004


@engagement_feature(
    signal="even_likes",
    unit="tenth percentile over median, 0 to 1",
    formula="exp(quantile(x, .1) - median(x)), x = ln likes less the usual of its format",
    suspicious="context",
    source="a lot on every post lifts the least liked posts and leaves the best alone",
    evidence=lambda: push_of_tail(pl.col("likes_relative"), 0.1),
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_floor_ratio() -> pl.Expr:
    """How far the least liked posts fall below the usual."""
    ratio = (first_of("likes_relative_tenth") - usual("likes_relative")).exp()
    value = pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(ratio)
    return where_given(value, posts_with("likes"), 8)


@engagement_feature(
    signal="even_likes",
    unit="ninetieth percentile over median, 1 or more",
    formula="exp(quantile(x, .9) - median(x)), x = ln likes less the usual of its format",
    suspicious="context",
    source="FACTS, Engagement: largest over median of 17 posts 1.65, 3.4 at 95 %; a quantile does not grow with posts",
    evidence=lambda: push_of_tail(pl.col("likes_relative"), 0.9),
    low=1.0,
    min_rows=8,
)
def engagement_likes_ceiling_ratio() -> pl.Expr:
    """How far the most liked posts rise above the usual."""
    ratio = (first_of("likes_relative_ninetieth") - usual("likes_relative")).exp()
    return where_given(ratio, posts_with("likes"), 8)


@engagement_feature(
    signal="likes_against_views",
    unit="ninetieth percentile over median, 1 or more",
    formula="exp(quantile(x, .9) - median(x)), x = relative ln likes - relative ln views",
    suspicious="context",
    source="likes bought for some posts; but so look the unpromoted posts of a channel that advertises its others",
    evidence=lambda: push_of_tail(likes_per_view(), 0.9),
    low=1.0,
    min_rows=8,
)
def engagement_likes_per_view_ceiling_ratio() -> pl.Expr:
    """How far the posts with most likes per view rise above the account's usual."""
    value = (first_of("likes_per_view_ninetieth") - usual("likes_per_view")).exp()
    return where_given(pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(value), posts_with("likes", "views"), 8)


@engagement_feature(
    signal="likes_against_views",
    unit="tenth percentile over median, 0 to 1",
    formula="exp(quantile(x, .1) - median(x)), x = relative ln likes - relative ln views",
    suspicious="context",
    source="views bought for some posts, and honest viral posts, do this alike; so it is never a reason",
    evidence=lambda: push_of_tail(likes_per_view(), 0.1),
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_per_view_floor_ratio() -> pl.Expr:
    """How far the posts with fewest likes per view fall below the account's usual."""
    value = (first_of("likes_per_view_tenth") - usual("likes_per_view")).exp()
    return where_given(pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(value), posts_with("likes", "views"), 8)


@engagement_feature(
    signal="likes_against_views",
    unit="ratio of two standard deviations of logarithms, 0 or more",
    formula="(sd(x) + 0.05) / (sd(y) + 0.05), x = relative ln likes and y = relative ln views, within 1.5 of the usual",
    suspicious="both",
    reason_high="likes vary {value:.1f} times as much as views from post to post, where interest moves both",
    reason_low="likes vary only {value:.2f} times as much as views from post to post, where interest moves both",
    source="the same lot of likes on every post flattens likes and not views, lots on some posts do the opposite; "
    "YouTube channels .8 to 1.1 (5 and 95 %)",
    evidence=_push_of_spread_ratio,
    low=0.0,
    high=31.0,
    min_rows=8,
)
def engagement_likes_to_views_spread_ratio() -> pl.Expr:
    """How much likes vary against how much views do. Null where the median post has under 50 likes."""
    pair = both("likes", "views")
    likes, views = (only_where(pair, within_swing(count)).std() + SPREAD_FLOOR for count in ("likes", "views"))
    return where_given(
        pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(likes / views), posts_with("likes", "views"), 8
    )


# --- relation: whether the counts of one post go together -------------------------------------------------------------


@engagement_feature(
    signal="comments_against_likes",
    unit="rank correlation, -1 to 1",
    formula="spearman(ln likes, ln comments), each less the usual of its format",
    suspicious="both",
    reason_high="likes and comments rise and fall together more than usual (correlation {value:.2f})",
    reason_low="comments follow likes less than usual (correlation {value:.2f}; 1 is in step)",
    source="FACTS, Engagement: corr(ln likes, ln comments) .34 median, -.07 at 5 %",
    evidence=lambda: push_of_rank_relation("likes_comments"),
    low=-1.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_comments_correlation() -> pl.Expr:
    """Whether posts with more likes get more comments. Null where half of the posts have no comment at all."""
    pair = both("likes", "comments")
    mostly_commented = only_where(pair, pl.col("comments")).median() > 0
    correlation = rank_correlation("likes_comments")
    return where_given(pl.when(mostly_commented).then(correlation), posts_with("likes", "comments"), 8)


@engagement_feature(
    signal="comments_against_likes",
    unit="change of ln comments per change of ln likes, -6 to 6; about 1 where both follow interest",
    formula="sum(x (y - mean(y))) / (sum(x^2) + 0.1), x = relative ln likes less their mean, y = relative ln comments, "
    "both within 1.5 of the usual",
    suspicious="context",
    source="likes in a fixed number on top of an audience's own make comments swing more than likes, likes bought for "
    "some posts make them swing less; real medians .86 (227 YouTube channels) and .99 (InstaFake)",
    evidence=lambda: push_of_relation("comments_beside_likes", "likes_beside_comments"),
    low=-6.0,
    high=6.0,
    min_rows=8,
)
def engagement_comments_on_likes_slope_ratio() -> pl.Expr:
    """By how much comments move when likes do. Null under a median of three comments, where chance hides it.

    The addition to the denominator draws it towards zero where likes hardly vary or posts are few.
    """
    slope = shrunk_slope("comments_beside_likes", "likes_beside_comments", prior=0.1).clip(-6, 6)
    return where_given(
        pl.when(usual("comments") >= FEWEST_USUAL_COMMENTS).then(slope), posts_with("likes", "comments"), 8
    )


@engagement_feature(
    signal="likes_against_views",
    unit="rank correlation, -1 to 1",
    formula="spearman(ln likes, ln views), each less the usual of its format",
    suspicious="low",
    reason="likes follow views less than usual (correlation {value:.2f}; 1 is in step)",
    source="who likes has viewed: honest counts rise together; separate deliveries do not",
    evidence=lambda: push_of_rank_relation("likes_views"),
    low=-1.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_views_correlation() -> pl.Expr:
    """Whether posts with more views get more likes."""
    return where_given(rank_correlation("likes_views"), posts_with("likes", "views"), 8)


@engagement_feature(
    signal="comments_against_likes",
    unit="share of posts, 0 to 1",
    formula="share of posts with likes >= 2 times the usual and comments at most the usual",
    suspicious="high",
    reason="{value:.0%} of posts have twice the usual likes or more and no more than the usual comments",
    source="a delivery of likes brings no conversation; a viral post brings both",
    evidence=lambda: pl.when(_likes_without_comments()).then("likes_relative"),
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_without_comments_share() -> pl.Expr:
    """Share of posts whose likes stand far above the usual while comments do not.

    Null where the median post has under five comments: then comments stay put by chance.
    """
    value = pl.when(usual("comments") >= 5).then(share_of(_likes_without_comments(), posts_with("likes", "comments")))  # noqa: PLR2004
    return where_given(value, posts_with("likes", "comments"), 8)


@engagement_feature(
    signal="comments_against_likes",
    unit="share of posts, 0 to 1",
    formula="share of posts with comments >= 3 times the usual and likes at most 1.1 times the usual",
    suspicious="context",
    source="comments bought for some posts, and honest giveaways, do this alike; so it is never a reason",
    evidence=lambda: pl.when(_comments_without_likes()).then("comments_relative"),
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_comments_without_likes_share() -> pl.Expr:
    """Share of posts whose comments stand far above the usual while likes do not."""
    value = pl.when(usual("comments") >= FEWEST_USUAL_COMMENTS).then(
        share_of(_comments_without_likes(), posts_with("likes", "comments"))
    )
    return where_given(value, posts_with("likes", "comments"), 8)


@engagement_feature(
    signal="likes_against_views",
    unit="share of posts, 0 to 1",
    formula="share of posts with views >= 1.5 times the usual and likes per view <= 0.7 times the usual",
    suspicious="context",
    source="FACTS, Rules: CreatorDB's suspicious post. Honest viral posts fulfil it too, so it is never a reason",
    evidence=lambda: pl.when(_views_spike()).then("views_relative"),
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_views_spike_share() -> pl.Expr:
    """Share of posts that CreatorDB's rule would call suspicious."""
    return where_given(share_of(_views_spike(), posts_with("likes", "views")), posts_with("likes", "views"), 8)


@engagement_feature(
    signal="likes_against_views",
    unit="share of posts, 0 to 1",
    formula="share of posts with views >= 1.5 times the usual and likes at most the usual",
    suspicious="high",
    reason="{value:.0%} of posts have 1.5 times the usual views or more and no more than the usual likes",
    source="FACTS, Rules: CreatorDB's rule, made stricter: a viral post gathers likes as well, bought views do not",
    evidence=lambda: pl.when(_views_without_likes()).then("views_relative"),
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_views_without_likes_share() -> pl.Expr:
    """Share of posts whose views stand far above the usual while likes do not rise at all.

    Null where the median post has under 50 likes: those scatter by themselves.
    """
    share = pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(
        share_of(_views_without_likes(), posts_with("likes", "views"))
    )
    return where_given(share, posts_with("likes", "views"), 8)


@engagement_feature(
    signal="likes_against_views",
    unit="share of posts, 0 to 1",
    formula="share of posts with likes >= 1.5 times the usual and views at most the usual",
    suspicious="high",
    reason="{value:.0%} of posts have 1.5 times the usual likes or more and no more than the usual views",
    source="who likes has viewed: a delivery of likes alone is the exception",
    evidence=lambda: pl.when(_likes_without_views()).then("likes_relative"),
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_without_views_share() -> pl.Expr:
    """Share of posts whose likes stand far above the usual while views do not rise at all.

    Null where the median post has under 50 likes: those scatter by themselves.
    """
    share = pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(
        share_of(_likes_without_views(), posts_with("likes", "views"))
    )
    return where_given(share, posts_with("likes", "views"), 8)


@engagement_feature(
    signal="even_comments",
    unit="difference of two shares, -1 to 1",
    formula="mean over posts of 1 without comment, else 0, less (1 + m / 0.9) ** -0.9, m = mean comments of the format",
    suspicious="both",
    reason_high="more posts without any comment than the account's average would explain "
    "({value:+.0%} of posts; 0% is as expected)",
    reason_low="fewer posts without any comment than the account's average would explain "
    "({value:+.0%} of posts; 0% is as expected)",
    source="FACTS, Engagement: negative binomial k about 0.9, of which this is the expected share of zeros",
    evidence=_uncommented_beyond_expected,
    low=-1.0,
    high=1.0,
    min_rows=8,
)
def engagement_uncommented_residual() -> pl.Expr:
    """Share of posts without comment beyond what the account's own average, format by format, expects.

    Comments bought for some posts leave the others bare; comments bought for all leave none bare.
    """
    return where_given(_uncommented_beyond_expected().mean(), posts_with("comments"), 8)


@engagement_feature(
    signal="comments_against_likes",
    unit="ratio of two ratios, 0.05 or more; 1 where comments follow likes",
    formula="exp(difference of mean x - difference of mean y) between the two groups that posts fall into best by x = "
    "relative ln likes, each of 15 % of them or more; y = relative ln comments; both within 1.5 of the usual",
    suspicious="high",
    reason="the posts with most likes have {value:.1f} times the likes that their comments would explain",
    source="likes delivered to some posts, or from some day on, bring no conversation; Otsu 1979 for the two groups",
    evidence=_push_beyond_comments,
    low=math.exp(-2 * LARGEST_SWING),
    high=math.exp(4 * LARGEST_SWING),
    min_rows=8,
)
def engagement_likes_beyond_comments_ratio() -> pl.Expr:
    """By how much the likes of the best-liked posts stand further above the others than their comments do.

    Null under 50 likes or five comments on the median post, where chance decides.
    """
    groups = _groups("is_most_liked")
    ratio = (mean_apart(within_swing("likes"), *groups) - mean_apart(within_swing("comments"), *groups)).exp()
    enough = (usual("likes") >= LEAST_USUAL_COUNT) & (usual("comments") >= FEWEST_FOLLOWING_COMMENTS)
    return where_given(pl.when(enough).then(ratio), posts_with("likes", "comments"), 8)


@engagement_feature(
    signal="likes_against_views",
    unit="ratio of two ratios, above 0; 1 where likes do not differ, or as views do",
    formula="exp(difference of mean x - max(difference of mean y, 0)) between the two groups that posts fall into best "
    "by x - y, each of 15 % of them or more; x, y = relative ln likes and views, all within 1.5 of the usual",
    suspicious="high",
    reason="the posts with most likes per view have {value:.1f} times the likes that their views would explain",
    source="likes delivered to some posts; posts shown to strangers have fewer likes per view, but not fewer likes",
    evidence=_push_beyond_views,
    low=math.exp(-4 * LARGEST_SWING),
    high=math.exp(2 * LARGEST_SWING),
    min_rows=8,
)
def engagement_likes_beyond_views_ratio() -> pl.Expr:
    """By how much the posts with most likes per view have more likes than the others, beyond their views.

    An advertised or viral post has few likes per view but more likes than the rest, so it lowers the value. Null under
    50 likes on the median post.
    """
    groups = _groups("is_most_liked_per_view")
    by_views = mean_apart(within_swing("views"), *groups).clip(lower_bound=0)
    ratio = (mean_apart(within_swing("likes"), *groups) - by_views).exp()
    return where_given(pl.when(usual("likes") >= LEAST_USUAL_COUNT).then(ratio), posts_with("likes", "views"), 8)


# --- time: whether engagement changed, and whether the audience explains it -------------------------------------------


@engagement_feature(
    signal="likes_over_time",
    unit="change of ln likes per month of 30 days, -2 to 2",
    formula="(median(x) of the newest third - of the oldest third) / months between their median posts",
    suspicious="both",
    reason_high="likes rise quickly (log change {value:+.2f} a month, where +0.69 is a doubling)",
    reason_low="likes fall quickly (log change {value:+.2f} a month, where -0.69 is a halving)",
    source="a trend from medians, which a single viral post does not turn",
    evidence=lambda: push_apart(pl.col("likes_relative"), *_thirds(), middle=pl.Expr.median),
    low=-2.0,
    high=2.0,
    min_rows=9,
)
def engagement_likes_trend_rate_per_month() -> pl.Expr:
    """How fast likes rise or fall. Null where the thirds lie less than half a month apart."""
    apart = first_of("month_of_newest_third") - first_of("month_of_oldest_third")
    change = first_of("likes_of_newest_third") - first_of("likes_of_oldest_third")
    value = (change / pl.when(apart >= 0.5).then(apart)).clip(-2, 2)  # noqa: PLR2004
    return where_given(value, posts_with("likes"), 9)


@engagement_feature(
    signal="likes_over_time",
    unit="ratio of two medians, 1 or more",
    formula="exp(max |median of 5 posts - median of the 5 posts before|) of ln likes, over the 30 newest posts",
    suspicious="context",
    source="purchases start and stop at once; so do honest changes of subject, so it is never a reason",
    evidence=_push_of_likes_step,
    low=1.0,
    min_rows=10,
)
def engagement_likes_step_ratio() -> pl.Expr:
    """Largest shift of likes between neighbouring blocks of five posts."""
    return pl.col("likes_step").abs().max().exp()


@engagement_feature(
    signal="comments_against_likes",
    unit="ratio of two ratios, 0.05 or more; 1 where comments take part",
    formula="exp(|s| - sign(s) c), s = mean ln likes after - before the cut in time that divides the posts' likes "
    "best, c = the same of ln comments; relative, within 1.5 of the usual, 15 % of posts or more on either side",
    suspicious="high",
    reason="where likes changed their level, likes per comment changed {value:.1f}-fold with them",
    source="a purchase that starts moves likes and not comments, and so does one that ends; audiences move both",
    evidence=_push_of_step_without_comments,
    low=math.exp(-2 * LARGEST_SWING),
    high=math.exp(4 * LARGEST_SWING),
    min_rows=10,
)
def engagement_likes_step_beyond_comments_ratio() -> pl.Expr:
    """Whether comments took part in the rise or fall that divides the posts' likes into before and after.

    Null under 50 likes or three comments on the median post.
    """
    groups = _groups("is_after_step")
    likes, comments = (mean_apart(within_swing(count), *groups) for count in ("likes", "comments"))
    enough = (usual("likes") >= LEAST_USUAL_COUNT) & (usual("comments") >= FEWEST_USUAL_COMMENTS)
    value = pl.when(enough).then((likes.abs() - likes.sign() * comments).exp())
    return where_given(value, pl.col("is_after_step").count(), 10)


@engagement_feature(
    signal="likes_over_time",
    unit="rank correlation, -1 to 1",
    formula="spearman(x, x of the post before), x = ln likes less the usual of its format",
    suspicious="context",
    source="FACTS, Engagement: lag-1 autocorrelation about 0 over 17 posts; growth over years raises it honestly",
    evidence=lambda: push_of_rank_relation("likes_lag"),
    low=-1.0,
    high=1.0,
    min_rows=10,
)
def engagement_likes_lag_correlation() -> pl.Expr:
    """Whether a post's likes resemble those of the post before."""
    return where_given(rank_correlation("likes_lag"), posts_with("likes"), 10)


@engagement_feature(
    signal="likes_and_followers_apart",
    unit="difference of two changes of logarithms, -4 to 4",
    formula="change(ln followers at posting) - change(ln likes), from the older to the newer half of posts",
    suspicious="both",
    reason_high="followers grew faster than likes (log difference {value:+.2f}, where +0.69 is a factor of two)",
    reason_low="likes grew faster than followers (log difference {value:+.2f}, where -0.69 is a factor of two)",
    source="followers who came honestly like as the others did; bought ones do not",
    evidence=_push_of_outgrowing,
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=8,
)
def engagement_followers_outgrow_likes_residual() -> pl.Expr:
    """Whether likes kept up with followers. Null where followers at posting varied by less than 5 %."""
    followers = pl.col("followers_then").log()
    known = _likes_beside_followers()
    newer, older = known & pl.col("is_newer"), known & ~pl.col("is_newer")
    growth = first_of("followers_of_newer_half") - first_of("followers_of_older_half")
    change = first_of("likes_of_newer_half") - first_of("likes_of_older_half")
    varied = only_where(known, followers).max() - only_where(known, followers).min() >= math.log(1.05)
    value = (growth - change).clip(-LARGEST_RESIDUAL, LARGEST_RESIDUAL)
    return where_given(where_given(pl.when(varied).then(value), newer.sum(), 4), older.sum(), 4)


@engagement_feature(
    signal="likes_and_followers_apart",
    unit="change of ln likes per change of ln followers, less 1, -6 to 6; 0 where followers stand still",
    formula="sum(x (y - x)) / (sum(x^2) + 0.05), x = ln followers at posting less their mean, y = relative ln likes, "
    "within 1.5 of the usual",
    suspicious="context",
    source="followers who came honestly like as the others did; bought ones do not. As "
    "engagement_followers_outgrow_likes_residual, for histories in which followers changed by less than 5 % too",
    evidence=lambda: push_of_relation("gap_beside_followers", "followers_beside_likes"),
    low=-6.0,
    high=6.0,
    min_rows=6,
)
def engagement_likes_follow_followers_residual() -> pl.Expr:
    """Whether likes moved with followers, from all posts with a follower reading near them.

    The addition to the denominator draws it towards zero where followers hardly changed: then chance decides.
    """
    slope = shrunk_slope("gap_beside_followers", "followers_beside_likes", prior=0.05).clip(-6, 6)
    return where_given(slope, posts_with("likes", "followers"), 6)


@engagement_feature(
    signal="comments_against_likes",
    unit="change of a logarithm, -4 to 4",
    formula="ln(sum(comments) / sum(likes)) of the newer half of posts - of the older half",
    suspicious="both",
    reason_high="comments per like rose from older to newer posts (log change {value:+.2f}, where +0.69 is a doubling)",
    reason_low="comments per like fell from older to newer posts (log change {value:+.2f}, where -0.69 is a halving)",
    source="a purchase that starts within the window changes the mix of likes and comments",
    evidence=_push_of_mix_change,
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=8,
)
def engagement_comments_per_like_change_residual() -> pl.Expr:
    """Whether the mix of comments and likes changed. Null under 20 comments in either half."""
    pair = both("likes", "comments")
    halves = (pair & pl.col("is_newer"), pair & ~pl.col("is_newer"))
    fewest = pl.min_horizontal(only_where(half, pl.col("comments")).sum() for half in halves)
    newer, older = (log_of_sums(pl.col("comments"), pl.col("likes"), half) for half in halves)
    value = pl.when(fewest >= 20).then((newer - older).clip(-LARGEST_RESIDUAL, LARGEST_RESIDUAL))  # noqa: PLR2004
    return where_given(value, posts_with("likes", "comments"), 8)


@engagement_feature(
    signal="sponsored_posts",
    unit="ratio of two medians, 0 or more",
    formula="exp(median(x | sponsored) - median(x | not)), x = ln likes less the usual of its format",
    suspicious="high",
    reason="sponsored posts get {value:.1f} times the likes of the others",
    source="likes are bought for the posts that are paid for; honest sponsored posts rarely do better than others",
    evidence=_push_of_sponsored_likes,
    low=0.0,
    min_rows=8,
)
def engagement_sponsored_likes_ratio() -> pl.Expr:
    """Likes of sponsored posts over those of the others. Null under 3 sponsored or 5 other posts with likes."""
    paid, other = _paid_and_other("likes")
    ratio = (first_of("likes_of_sponsored") - first_of("likes_of_others")).exp()
    return where_given(where_given(ratio, paid.sum(), 3), other.sum(), 5)


@engagement_feature(
    signal="sponsored_posts",
    unit="ratio of two ratios, 0 or more",
    formula="exp(ln(sum(comments) / sum(likes)) of sponsored posts - of the others)",
    suspicious="context",
    source="likes are bought for the posts that are paid for; honest giveaways raise comments instead. Rarely "
    "observed, and not borne out by the simulated cohort, so it is never a reason",
    evidence=_push_of_sponsored_comments,
    low=0.0,
    min_rows=8,
)
def engagement_sponsored_comments_per_like_ratio() -> pl.Expr:
    """Comments per like of sponsored posts over those of the others.

    Null under 3 sponsored or 5 other posts, or where under ten comments were to be expected on the sponsored ones.
    """
    paid, other = _paid_and_other("likes", "comments")
    mix = log_of_sums(pl.col("comments"), pl.col("likes"), other)
    ratio = (log_of_sums(pl.col("comments"), pl.col("likes"), paid) - mix).exp()
    enough = only_where(paid, pl.col("likes")).sum() * mix.exp() >= FEWEST_SPONSORED_COMMENTS
    return where_given(where_given(pl.when(enough).then(ratio), paid.sum(), 3), other.sum(), 5)


# --- digits -----------------------------------------------------------------------------------------------------------


@engagement_feature(
    signal="count_digits",
    unit="share of counts from 100 to 999, 0 to 1",
    formula="share of like, comment and view counts from 100 to 999 that are multiples of 50; 0.02 by chance",
    suspicious="high",
    reason="{value:.0%} of the counts from 100 to 999 are multiples of 50, where chance gives 2 %",
    source="FACTS, Schemes: lots are sold in round numbers; platforms show counts under 1,000 exactly",
    evidence=lambda: pl.col("round_counts"),
    low=0.0,
    high=1.0,
)
def engagement_round_counts_share() -> pl.Expr:
    """Share of exact counts that are round. Null where the source rounds, or under 20 such counts."""
    return _where_digits_tell(pl.col("round_counts").sum() / pl.col("exact_counts").sum())


@engagement_feature(
    signal="count_digits",
    unit="standard deviations, -2.2 or more",
    formula="(X2 - 9) / sqrt(18 * (1 - 1 / n)), X2 = chi-square of the last digits of n counts from 100 to 999",
    suspicious="high",
    reason="the last digits of the counts from 100 to 999 are less even than in most accounts (z = {value:.1f}; chance "
    "alone seldom passes 2)",
    source="exact mean and variance of Pearson's chi-square for ten equally likely digits, at any n",
    evidence=_push_of_last_digits,
    low=-9 / math.sqrt(18 * 0.95),
)
def engagement_last_digit_zscore() -> pl.Expr:
    """Departure of last digits from equal shares: invented numbers avoid some digits.

    Null where the source rounds, or under 20 counts.
    """
    exact = pl.col("exact_counts").sum()
    chi_square = pl.col("same_last_digit").sum() * 10 / exact - exact
    return _where_digits_tell((chi_square - 9) / (18 * (1 - 1 / exact)).sqrt())


@engagement_feature(
    signal="count_digits",
    unit="squared relative distance between shares beyond chance, -0.4 or more",
    formula="(X2 - 8) / n, X2 = chi-square against Benford's shares of the first digits of n counts: those from 10 on "
    "of each kind of count whose ninetieth percentile is ten times the tenth or more, and the tenth is 10 or more",
    suspicious="context",
    source="Benford 1938; Golbeck 2015 on counts in social networks; 8 is the exact mean of X2 at any n, so that the"
    " value does not grow with the number of posts. 5 % of real channels lie beyond the simulated range, so "
    "it is never a reason",
    evidence=_push_of_first_digits,
    low=-8 / FEWEST_DIGITS,
)
def engagement_first_digit_residual() -> pl.Expr:
    """Distance of first digits from Benford's law, which counts follow that spread over more than a decade.

    A lot of the same size on many posts repeats one first digit. Null under 20 such counts, and where an account's
    counts are of one magnitude: the law says nothing of those.
    """
    counts = pl.col("judged_first_digits").sum()
    squares = pl.col("same_first_digit").sum()
    return pl.when(counts >= FEWEST_DIGITS).then((squares / counts - counts - 8) / counts)
