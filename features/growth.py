"""Follower-curve features: how followers arrived, whether they stayed, and what else moved at the time.

Real organic growth is heavy-tailed, so nothing here is measured against a normal curve: a spike is compared with the
account's own next largest days, a burst with the account's own calm days. The frames and what they say of sampling and
rounding are in `features.growth_frames`. History length and gaps are not features.

A value is an expression over the totals of its frame's rows, one row an account, which the walk that makes the rows
has counted (`features.kernels.growth`). Beside it stands the push of the rows themselves, for the evidence: what the
row adds to the value, in the value's own terms.
"""

from __future__ import annotations

import functools

import polars as pl

from features.definition import Citation, Feature, FrameBuilder, feature
from features.growth_frames import (
    burst_text,
    burst_totals,
    bursts,
    day_text,
    day_totals,
    days,
    interval_text,
    interval_totals,
    intervals,
    month_text,
    month_totals,
    months,
    week_text,
    week_totals,
    weeks,
)
from features.kernels.growth import (
    DAYS_PER_MONTH,
    DAYS_PER_WEEK,
    EVEN_SPREAD,
    EVERYDAY_MOVE,
    FOLLOWING_MOVE,
    FOLLOWING_MOVE_LEAST,
    NEAR_DAILY,
    WEEKS_PER_QUARTER,
)

FEWEST_DAYS_COMPARED = 5
"""Days after posts, and days without, that a comparison of the two needs; assumed."""

FEATURES: dict[str, Feature] = {}
"""The group's features by name, in catalogue order."""

growth_feature = functools.partial(feature, FEATURES, group="growth")

FRAMES: dict[str, FrameBuilder] = {
    "intervals": intervals,
    "days": days,
    "weeks": weeks,
    "months": months,
    "bursts": bursts,
}
"""The group's frames by name: the rows that the evidence cites."""

TOTALS: dict[str, FrameBuilder] = {
    "intervals": interval_totals,
    "days": day_totals,
    "weeks": week_totals,
    "months": month_totals,
    "bursts": burst_totals,
}
"""What the rows of each frame add up to, one row an account: what the values are expressions of."""

CITATIONS: dict[str, Citation] = {
    "intervals": Citation("followers_daily", "date", interval_text),
    "days": Citation("followers_daily", "date", day_text),
    "weeks": Citation("followers_daily", "date", week_text),
    "months": Citation("followers_daily", "date", month_text),
    "bursts": Citation("followers_daily", "date", burst_text),
}
"""How the rows of each frame are named: by the reading that ends them."""

# --- helpers of the expressions ---------------------------------------------------------------------------------------


def _positive(value: pl.Expr) -> pl.Expr:
    """The value where it is above zero, else null: a denominator."""
    return pl.when(value > 0).then(value)


def _per_month(value: pl.Expr) -> pl.Expr:
    """A sum over the rows per thirty days covered by them."""
    return value * DAYS_PER_MONTH / _positive(pl.col("days").sum())


def _rate(total: str, days_covered: str) -> pl.Expr:
    """A total per thirty days of those named."""
    return DAYS_PER_MONTH * pl.col(total) / _positive(pl.col(days_covered))


def _lead_of_largest() -> pl.Expr:
    """The largest gain over the one that it is compared with (`gain_ranked`); three noise widths are added to both.

    The noise width is the largest of one follower, one rounding step and the square root of the mean gain, so that
    neither a quiet account's five followers nor one step of a rounded count is a spike.
    """
    gain = pl.col("gain")
    noise = pl.max_horizontal((gain / pl.col("rows")).sqrt(), pl.col("rounding"), pl.lit(1.0))
    return pl.when(gain > 0).then((pl.col("gain_largest") + 3 * noise) / (pl.col("gain_ranked") + 3 * noise))


def _largest_share(fewest: int) -> pl.Expr:
    """The largest gain of the last quarter less one rounding step as a share of all gain of the quarter.

    Null for fewer than `fewest` rows, or where all gain together is within ten rounding steps.
    """
    gain, rounding = pl.col("recent_gain"), pl.col("rounding")
    is_resolved = (gain > 10 * rounding) & (pl.col("recent_rows") >= fewest)
    return pl.when(is_resolved).then((pl.col("recent_gain_largest") - rounding).clip(lower_bound=0) / _positive(gain))


def _of_largest_burst(value: pl.Expr) -> pl.Expr:
    """The value for the largest burst that has one; of equal bursts, for the latest."""
    is_known = value.is_not_null()
    return value.filter(is_known).sort_by(pl.col("mass").filter(is_known), maintain_order=True).last()


def _movement_is_visible() -> pl.Expr:
    """Whether the counts move by more than they are rounded: else what happens in between readings cannot be seen."""
    return pl.col("rounding") <= pl.col("movement") / pl.col("rows")


def _in_largest_burst(value: pl.Expr) -> pl.Expr:
    """Whether a row lies in the burst that `_of_largest_burst` of this value is told of."""
    return pl.col("burst_start") == _of_largest_burst(pl.when(value.is_not_null()).then("start_date"))


def _push_of_share(part: pl.Expr, rest: pl.Expr) -> pl.Expr:
    """Push on the share of a whole: what the row adds to the part, less what it adds to the rest."""
    return (part - rest) / _positive((part + rest).sum())


def _push_of_peak(rows: pl.Expr | None = None) -> pl.Expr:
    """Push on a peak among the rows chosen: the largest gain for it, every other against it."""
    gain = pl.col("gain") if rows is None else pl.when(rows).then("gain")
    signed = pl.when(gain == gain.max()).then(gain).otherwise(-gain)
    return signed / _positive(gain.sum())


def _push_of_spread(pace: pl.Expr, chance: pl.Expr | float = 0.0) -> pl.Expr:
    """Push on a coefficient of variation: the squared deviation, over what the value itself and near-constant allow."""
    mean = _positive(pace.mean())
    allowed = pl.max_horizontal((pace.var(ddof=0) - chance) / mean**2, pl.lit(EVEN_SPREAD**2))
    return (pace - mean) ** 2 / mean**2 - allowed


def _push_of_correlation(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Push on a correlation: the product of the deviations. Rows without either side must be null in both."""
    left, right = left - left.mean(), right - right.mean()
    return left * right / _positive((left**2).sum().sqrt() * (right**2).sum().sqrt())


# --- whatever the sampling --------------------------------------------------------------------------------------------


@growth_feature(
    frame="intervals",
    signal="growth_pace",
    unit="natural log of followers per 30 days",
    formula="30 · sum(log_growth) / sum(days)",
    suspicious="context",
    evidence=lambda: _per_month(pl.col("log_growth")),
    source="vendors' monthly net growth: 2 to 5 % under 10k, 0.5 to 1.5 % over 100k followers",
    min_rows=6,
)
def growth_net_log_rate_per_month() -> pl.Expr:
    """Net growth of the followers, as a logarithm, per thirty days."""
    return _rate("log_growth", "days")


def _is_recent() -> pl.Expr:
    return pl.col("start_date") >= pl.col("date").max() - pl.duration(days=DAYS_PER_MONTH)


def _push_on_acceleration() -> pl.Expr:
    """The rate that the row adds to its side, recent rows for the value and the others against it."""
    is_recent, growth, covered = _is_recent(), DAYS_PER_MONTH * pl.col("log_growth"), pl.col("days")
    before = -growth / _positive(covered.filter(~is_recent).sum())
    return pl.when(is_recent).then(growth / _positive(covered.filter(is_recent).sum())).otherwise(before)


@growth_feature(
    frame="intervals",
    signal="growth_pace",
    unit="natural log of followers per 30 days",
    formula="mean rate of the intervals that begin within the last 30 days, less the mean rate of the others",
    suspicious="context",
    evidence=_push_on_acceleration,
    source="compares an account with its own past, as growth charts of vetting tools do",
    min_rows=6,
)
def growth_recent_acceleration_rate_per_month() -> pl.Expr:
    """How much faster than before the account grew in its last thirty days."""
    return _rate("recent_log_growth", "recent_days") - _rate("earlier_log_growth", "earlier_days")


def _highest() -> pl.Expr:
    return pl.max_horizontal(pl.col("count_after").cum_max(), pl.col("count_before").first())


def _push_on_drawdown() -> pl.Expr:
    """Losses from the high to the deepest point below it, as shares of the high; gains in between the other way."""
    highest, place = _highest(), pl.int_range(pl.len())
    deepest = (1 - pl.col("count_after") / highest).arg_max()
    high = highest.get(deepest)
    is_between = (place <= deepest) & (highest == high) & (pl.col("count_after") < high)
    return pl.when(is_between).then(-pl.col("change") / high)


@growth_feature(
    frame="intervals",
    signal="follower_losses",
    unit="share of the highest count, 0 to 1",
    formula="max over readings of 1 - count / highest count so far",
    suspicious="context",
    evidence=_push_on_drawdown,
    source="platform purges took 7.6 % of the top 100 in 2014; over half of influencers lose net in some month",
    low=0.0,
    high=1.0,
    min_rows=6,
)
def growth_drawdown_share() -> pl.Expr:
    """Deepest fall of the follower count below its own earlier high."""
    return pl.col("deepest_fall")


def _following_lost() -> pl.Expr:
    """Accounts given up, beyond the few that anybody tidies away: one of nine would else read as 8 % in a month."""
    return (-pl.col("following_change") - EVERYDAY_MOVE).clip(lower_bound=0)


@growth_feature(
    frame="intervals",
    signal="follow_unfollow",
    unit="share of the accounts followed, per 30 days",
    formula="30 · sum(max(-following_change - 2, 0)) / sum(days) / mean(following_before)",
    suspicious="high",
    reason="per month the account gave up {value:.1%} of the number of accounts it follows (up to two at a time aside)",
    evidence=lambda: _following_lost() / _positive(pl.col("following_before").mean()),
    source="follow/unfollow: 10 % of the influencers who did something (mix in one country)",
    low=0.0,
    min_rows=6,
)
def growth_following_lost_rate_per_month() -> pl.Expr:
    """How much of its list of followed accounts the account gives up per month, beyond two per reading."""
    value = _rate("following_lost", "following_days") / _positive(pl.col("following_mean"))
    return pl.when(pl.col("following_rows") >= 6).then(value)  # noqa: PLR2004 -- as min_rows


# --- days -------------------------------------------------------------------------------------------------------------


@growth_feature(
    frame="days",
    signal="follower_burst",
    unit="share of total gain, 0 to 1",
    formula="(max(gain) - rounding) / sum(gain), days of the last 90",
    suspicious="high",
    reason="{value:.0%} of the follower gains from day to day of the last three months came on a single day",
    evidence=lambda: _push_of_peak(pl.col("recent")),
    source="real Twitch curves, 71 days: .06 / .11 / .17 / .27 / .59",
    low=0.0,
    high=1.0,
    min_rows=28,
)
def growth_peak_day_share() -> pl.Expr:
    """Share of the last three months' follower gain that came on the busiest day."""
    return _largest_share(fewest=28)


@growth_feature(
    frame="days",
    signal="follower_burst",
    unit="times the fifth busiest day, from 1",
    formula="(gain₁ + 3n) / (gain₅ + 3n), gainₖ the k-th largest, n = max(1, rounding, √mean(gain))",
    suspicious="high",
    reason="the busiest day brought {value:.1f} times the followers of the fifth busiest",
    evidence=_push_of_peak,
    source="organic growth is heavy-tailed: z-scores accuse half of real accounts, so the tail is its own yardstick",
    low=1.0,
    min_rows=20,
)
def growth_peak_day_tail_ratio() -> pl.Expr:
    """How far the busiest day stands out from the account's own next busiest days."""
    return _lead_of_largest()


def _push_on_losing_days() -> pl.Expr:
    """Days with a loss for the value, all others against it; of like days the larger movement counts for more."""
    size = pl.col("change").abs() / _positive(pl.col("change").abs().max())
    return pl.when(pl.col("change") < 0).then(1 + size).otherwise(-1 - size) / pl.len()


@growth_feature(
    frame="days",
    signal="follower_losses",
    unit="share of days, 0 to 1",
    formula="mean(change < 0)",
    suspicious="both",
    reason_high="the account lost followers on {value:.0%} of days",
    reason_low="the account lost followers on only {value:.0%} of days",
    evidence=_push_on_losing_days,
    source="real Twitch curves: .03 / .11 / .15 / .23 / .41",
    low=0.0,
    high=1.0,
    min_rows=20,
)
def growth_losing_day_share() -> pl.Expr:
    """Share of days on which the follower count fell; null for counts rounded too coarsely to show it."""
    return pl.when(_movement_is_visible()).then(pl.col("losing_rows") / pl.col("rows"))


@growth_feature(
    frame="days",
    signal="steady_gain",
    unit="coefficient of variation, from 0",
    formula="√max(var(gain) - mean(gain), 0) / mean(gain)",
    suspicious="context",
    evidence=lambda: _push_of_spread(pl.col("gain"), chance=pl.col("gain").mean()),
    source="drip-feed services spread a delivery evenly; Poisson variance is taken off so that size does not matter. "
    "Three of seven real channels lie below the simulated range, so it is never a reason",
    low=0.0,
    min_rows=20,
)
def growth_gain_variation_ratio() -> pl.Expr:
    """How unevenly followers arrive from day to day, beyond chance; null under five a day or with coarse rounding."""
    mean = pl.col("gain") / pl.col("rows")
    is_visible = (mean >= 5) & (pl.col("rounding") <= mean)  # noqa: PLR2004 -- chance rules below
    return pl.when(is_visible).then((pl.col("gain_variance") - mean).clip(lower_bound=0).sqrt() / mean)


def _two_days() -> tuple[pl.Expr, pl.Expr]:
    """Log growth of the day and of the day after within the 5 to 95 % range; null where the day after is not read."""
    low, high = pl.col("log_growth").quantile(0.05, "linear"), pl.col("log_growth").quantile(0.95, "linear")
    tomorrow = pl.col("next_log_growth").clip(low, high)
    return pl.when(tomorrow.is_not_null()).then(pl.col("log_growth").clip(low, high)), tomorrow


@growth_feature(
    frame="days",
    signal="steady_gain",
    unit="correlation, -1 to 1",
    formula="corr(log_growth, log_growth of the day after), both clipped to their 5 to 95 % range",
    suspicious="context",
    evidence=lambda: _push_of_correlation(*_two_days()),
    source="real Twitch curves: -.18 / -.07 / .02 / .12 / .40",
    low=-1.0,
    high=1.0,
    min_rows=20,
)
def growth_day_to_day_correlation() -> pl.Expr:
    """Whether a good day is followed by another; null for counts rounded too coarsely to show it."""
    is_enough = pl.col("pairs") >= 20  # noqa: PLR2004 -- as min_rows for days
    return pl.when(_movement_is_visible() & is_enough).then(pl.col("pair_correlation"))


def _push_on_weekday_rhythm() -> pl.Expr:
    """How much nearer the day's movement lies to the mean of its weekday than to that of all days."""
    change = pl.col("calm_change")
    return (change - change.mean()) ** 2 - (change - pl.col("weekday_mean")) ** 2


@growth_feature(
    frame="days",
    signal="steady_gain",
    unit="share of variance, below 0 where there is less than chance gives",
    formula="1 - (1 - η²)(n - 1)/(n - 7), η² of the clipped daily change by day of the week",
    suspicious="context",
    evidence=_push_on_weekday_rhythm,
    source="people follow at leisure and deliveries run every day; adjusted for chance like R²",
    high=1.0,
    min_rows=28,
)
def growth_weekday_rhythm_share() -> pl.Expr:
    """How much of the daily movement follows the day of the week."""
    count, total = pl.col("rows"), _positive(pl.col("calm_variation"))
    unexplained = pl.col("weekday_variation") / total * (count - 1) / (count - 7)
    return pl.when(_movement_is_visible()).then(1 - unexplained)


def _follows_and_gain() -> tuple[pl.Expr, pl.Expr]:
    return pl.col("follows"), pl.when(pl.col("follows").is_not_null()).then(pl.col("gain").log1p())


def _push_on_follow_back() -> pl.Expr:
    """Gains off their mean by the follows before them: summed, the covariance. Weeks without follows take no part."""
    follows, gain = _follows_and_gain()
    return follows * (gain - gain.mean())


@growth_feature(
    frame="days",
    signal="follow_unfollow",
    unit="correlation, -1 to 1",
    formula="corr(sqrt(accounts followed in the 7 days before), ln(1 + gain))",
    suspicious="high",
    reason="followers arrive in the week after the account follows others (correlation {value:.2f})",
    evidence=_push_on_follow_back,
    source="follow/unfollow: those followed answer within one to seven days",
    low=-1.0,
    high=1.0,
    min_rows=21,
)
def growth_follow_back_correlation() -> pl.Expr:
    """Whether followers come after the account has followed others; null without 21 such days."""
    is_enough = pl.col("follow_rows") >= 21  # noqa: PLR2004 -- three weeks
    return pl.when(is_enough).then(pl.col("follow_correlation"))


def _gain_ranks() -> pl.Expr:
    """Rank of the day's gain among the days of which posts are known, from 1; equal gains share the mean rank."""
    return pl.when(pl.col("after_post").is_not_null()).then("gain").rank()


def _push_on_gain_after_posts() -> pl.Expr:
    """Large gains after posts and small ones without for the value; the other way round against it."""
    rank = _gain_ranks()
    apart = rank - rank.mean()
    return pl.when("after_post").then(apart).when(~pl.col("after_post")).then(-apart) / _positive(rank.max())


@growth_feature(
    frame="days",
    signal="likes_and_followers_apart",
    unit="rank correlation, -1 to 1; 0 where posts make no difference",
    formula="2 P(gain with a post that day or the day before > gain without) - 1, equal gains count half",
    suspicious="context",
    evidence=_push_on_gain_after_posts,
    source="followers come by posts and deliveries by order; medians .17 (7 real YouTube channels), .02 (simulated)",
    low=-1.0,
    high=1.0,
    min_rows=20,
)
def growth_gain_after_posts_correlation() -> pl.Expr:
    """Whether more followers arrive after posts (rank-biserial); null under five days with and five without a post."""
    with_post, without = pl.col("rows_after_posts"), pl.col("rows_without_posts")
    is_enough = pl.min_horizontal(with_post, without) >= FEWEST_DAYS_COMPARED
    value = 2 * pl.col("wins_after_posts") / (with_post * without) - 1
    return pl.when(_movement_is_visible() & is_enough & (pl.col("gains_differ") == 1)).then(value)


# --- weeks and months -------------------------------------------------------------------------------------------------


@growth_feature(
    frame="weeks",
    signal="follower_burst",
    unit="times the third busiest week, from 1",
    formula="(gain₁ + 3n) / (gain₃ + 3n), gainₖ the k-th largest weekly gain, n = max(1, rounding, √mean(gain))",
    suspicious="high",
    reason="the busiest week brought {value:.1f} times the followers of the third busiest",
    evidence=_push_of_peak,
    source="median lot 500 at 800 a day: an order is delivered within a week",
    low=1.0,
    min_rows=6,
)
def growth_peak_week_tail_ratio() -> pl.Expr:
    """How far the busiest week stands out from the account's own next busiest weeks."""
    return _lead_of_largest()


def _is_last_quarter() -> pl.Expr:
    return pl.col("periods_ago") < WEEKS_PER_QUARTER


@growth_feature(
    frame="weeks",
    signal="follower_burst",
    unit="share of gain, 0 to 1",
    formula="(max(gain) - rounding) / sum(gain), weeks of the last 13",
    suspicious="high",
    reason="{value:.0%} of the follower gains from week to week of the last three months came in a single week",
    evidence=lambda: _push_of_peak(_is_last_quarter()),
    source="as growth_peak_day_share, for sampling by day and by week alike",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def growth_peak_week_share() -> pl.Expr:
    """Share of the last thirteen weeks' follower gain that came in the busiest week."""
    return _largest_share(fewest=8)


@growth_feature(
    frame="weeks",
    signal="follower_losses",
    unit="share of all movement, 0 to 1",
    formula="sum(loss) / (sum(gain) + sum(loss)) of weekly net changes",
    suspicious="both",
    reason_high="{value:.0%} of the week-to-week movement of the follower count is loss",
    reason_low="only {value:.0%} of the week-to-week movement of the follower count is loss",
    evidence=lambda: _push_of_share(pl.col("loss"), pl.col("gain")),
    source="48 % of offers mention drops; over half of influencers lose net followers in some month",
    low=0.0,
    high=1.0,
    min_rows=6,
)
def growth_weekly_loss_share() -> pl.Expr:
    """Weight of losing weeks in the movement of the follower count; null for movement within two rounding steps."""
    movement = pl.col("movement")
    return pl.when(movement > 2 * pl.col("rounding")).then(pl.col("loss") / _positive(movement))


def _push_on_level_shift() -> pl.Expr:
    """The week after which the pace changed most."""
    shift = pl.col("shift_zscore")
    return pl.when(shift.abs() == shift.abs().max()).then(shift)


@growth_feature(
    frame="weeks",
    signal="growth_pace",
    unit="standard errors, signed",
    formula="of all weeks k, the largest |mean(after k) - mean(until k)| / (s √(1/k + 1/(n-k))), with its sign",
    suspicious="context",
    evidence=_push_on_level_shift,
    source="binary segmentation of weekly log growth, clipped at three robust deviations",
    min_rows=8,
)
def growth_level_shift_zscore() -> pl.Expr:
    """The largest lasting change of pace in the account's weekly growth."""
    return pl.col("largest_shift")


def _weekly_ranks() -> tuple[pl.Expr, pl.Expr]:
    """Ranks of the week's gain and of what its posts drew, among the weeks where the latter is known."""
    is_known = pl.col("engagement").is_not_null()
    return pl.when(is_known).then("gain").rank(), pl.when(is_known).then("engagement").rank()


@growth_feature(
    frame="weeks",
    signal="likes_and_followers_apart",
    unit="rank correlation, -1 to 1",
    formula="Spearman's correlation of the week's gain and the likes, or else views, of the posts of that week",
    suspicious="context",
    evidence=lambda: _push_of_correlation(*_weekly_ranks()),
    source="followers come by posts that are seen and liked, deliveries by order",
    low=-1.0,
    high=1.0,
    min_rows=8,
)
def growth_weekly_gain_engagement_correlation() -> pl.Expr:
    """Whether weeks of well-liked posts are weeks of growth; null under eight weeks whose posts are known."""
    is_enough = pl.col("engagement_rows") >= 8  # noqa: PLR2004 -- weeks, as min_rows
    return pl.when(_movement_is_visible() & is_enough).then(pl.col("engagement_correlation"))


@growth_feature(
    frame="months",
    signal="follower_burst",
    unit="times the median month, from 1",
    formula="(max(gain) + 3n) / (median(gain) + 3n), gains of 30 days, n = max(1, rounding, √mean(gain))",
    suspicious="high",
    reason="the best month brought {value:.1f} times the followers of a usual one",
    evidence=_push_of_peak,
    source="the one spike measure that monthly readings allow",
    low=1.0,
    min_rows=4,
)
def growth_peak_month_ratio() -> pl.Expr:
    """How far the best month stands out from a usual one."""
    return _lead_of_largest()


# --- bursts -----------------------------------------------------------------------------------------------------------


@growth_feature(
    frame="bursts",
    signal="follower_burst",
    unit="share of total gain, 0 to 1",
    formula="sum(burst_gain) / sum(gain)",
    suspicious="high",
    reason="{value:.0%} of the follower gains between readings up to ten days apart came in bursts far above the "
    "account's usual pace",
    evidence=lambda: _push_of_share(pl.col("burst_gain"), pl.col("gain") - pl.col("burst_gain")),
    source="a bought delivery is a burst or a plateau over days: 24 to 1,000 followers a day",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_mass_share() -> pl.Expr:
    """Share of the follower gain that came in bursts, beyond what was to be expected in those days."""
    return pl.col("burst_gain") / _positive(pl.col("gain"))


def _push_on_lost(window: int) -> pl.Expr:
    """Losses beyond the usual in the days after a burst, as shares of what the bursts brought."""
    is_after = pl.col("days_after_burst") < window
    lost = pl.col("loss") - pl.col("usual_loss") * pl.col("days")
    return pl.when(is_after).then(lost / _positive(pl.col("mass").sum()))


@growth_feature(
    frame="bursts",
    signal="follower_losses",
    unit="share of the bursts' followers, 0 to 1",
    formula="sum(mass · lost_7) / sum(mass) over bursts with 7 later days; lost: losses beyond the usual over mass",
    suspicious="context",
    evidence=lambda: _push_on_lost(DAYS_PER_WEEK),
    source="48 % of offers mention drops; giveaways too lose within two weeks, so it is never a reason",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_lost_7_days_share() -> pl.Expr:
    """Share of the bursts' followers lost within seven days; null without a burst or without the days after it."""
    return pl.col("mass_lost_7") / _positive(pl.col("mass_known_7"))


@growth_feature(
    frame="bursts",
    signal="follower_losses",
    unit="share of the bursts' followers, 0 to 1",
    formula="sum(mass · lost_30) / sum(mass) over bursts with 30 later days; lost: losses beyond the usual over mass",
    suspicious="context",
    evidence=lambda: _push_on_lost(DAYS_PER_MONTH),
    source="sellers' drop-off of 0 to 75 % a month; giveaways lose as much, so it is never a reason",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_lost_30_days_share() -> pl.Expr:
    """Share of the bursts' followers lost within thirty days; null without a burst or without the days after it."""
    return pl.col("mass_lost_30") / _positive(pl.col("mass_known_30"))


def _push_on_half_life() -> pl.Expr:
    """Losses after the burst, within the time that halved it: each makes the time shorter."""
    has_half_life = pl.col("half_life").is_not_null()
    end, half_life, mass = (
        _of_largest_burst(pl.when(has_half_life).then(column)) for column in ("end_date", "half_life", "mass")
    )
    since = (pl.col("start_date") - end).dt.total_days()
    return pl.when((since >= 0) & (since < half_life)).then(-pl.col("loss") / mass)


@growth_feature(
    frame="bursts",
    signal="follower_losses",
    unit="days, from 0 to 30",
    formula="days from the largest burst's end until losses beyond the usual reach half of its mass",
    suspicious="context",
    evidence=_push_on_half_life,
    source="sellers' drop-off of 0 to 75 % a month; giveaways lose within two weeks, so a short one accuses nobody",
    low=0.0,
    high=30.0,
    min_rows=14,
)
def growth_burst_half_life_days() -> pl.Expr:
    """How soon half of the largest burst that was halved within a month was lost again; null where none was."""
    return pl.col("half_life")


def _push_on_unexplained() -> pl.Expr:
    """Gains of bursts that no post accounts for, against every other gain while posts are known."""
    part = pl.when("is_unexplained").then("burst_gain").otherwise(0.0)
    rest = (pl.col("gain_with_posts") - part).clip(lower_bound=0).fill_null(0.0)
    return _push_of_share(part, rest)


@growth_feature(
    frame="bursts",
    signal="follower_burst",
    unit="share of gain while posts are known, 0 to 1",
    formula="mass of bursts without a post since 3 days before at over 2 times own median likes or views / gain",
    suspicious="high",
    reason="{value:.0%} of the follower gains while posts are known came in bursts that no post of those days "
    "accounts for",
    evidence=_push_on_unexplained,
    source="a viral post moves followers with likes and views; press and shout-outs do not show either",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_unexplained_share() -> pl.Expr:
    """Share of the gain that came in bursts which no post explains; null without posts around the time."""
    value = pl.col("unexplained_mass") / _positive(pl.col("gain_with_posts"))
    return pl.when(_posts_are_known()).then(value)


def _posts_are_known() -> pl.Expr:
    """Whether two weeks of the curve fall in the time of which posts are known."""
    return pl.col("days_with_posts") >= 2 * DAYS_PER_WEEK


def _push_of_burst(value: pl.Expr) -> pl.Expr:
    """The gains of the largest burst that has the value, as shares of it."""
    gain = pl.when(_in_largest_burst(value)).then("burst_gain")
    return gain / _positive(gain.sum())


@growth_feature(
    frame="bursts",
    signal="follower_burst",
    unit="0 (halfway between two lots) to 1 (exactly a lot); chance gives 0.5",
    formula="1 - |log₁₀(mass / nearest lot)| / (half the gap between its neighbours), lots 1, 2.5, 5 · 10ᵏ from 100 on",
    suspicious="context",
    evidence=lambda: _push_of_burst(pl.col("lot_closeness")),
    source="105 real offers of Instagram followers: lots of 100, 250, 500, 1,000, 2,500, 5,000, 10,000. Chance alone"
    " comes as near, so it is never a reason",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_lot_closeness_ratio() -> pl.Expr:
    """How close the largest burst comes to a lot size that is sold; null where its size is not known within 5 %."""
    return pl.col("lot_closeness")


def _plateau_length(chosen: pl.Expr) -> pl.Expr:
    """Days of a burst whose inner gains are even, on the first row of the bursts chosen."""
    is_even = (pl.col("daily_spread") <= EVEN_SPREAD).fill_null(False)
    return pl.when(is_even & chosen).then("burst_days")


def _if_near_daily(value: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("days_median") <= NEAR_DAILY).then(value)


def _push_of_plateau(chosen: pl.Expr) -> pl.Expr:
    """The days of the longest such burst; of equal ones, the first."""
    length = _plateau_length(chosen)
    longest = pl.col("start_date").filter(length == length.max()).first()
    return pl.when(pl.col("burst_start") == longest).then("days")


@growth_feature(
    frame="bursts",
    signal="steady_gain",
    unit="days, from 0",
    formula="longest burst whose inner daily gains have a coefficient of variation up to 0.4; 0 without one",
    suspicious="high",
    reason="for {value:.0f} days in a row followers arrived at a raised and nearly constant pace",
    evidence=lambda: _push_of_plateau(pl.lit(True)),
    source="deliveries are capped per day (median 800, 24 to 1,000); paid advertising too is steady",
    low=0.0,
    min_rows=14,
)
def growth_plateau_days() -> pl.Expr:
    """Longest run of days with a raised, nearly constant gain; null unless most readings are near-daily."""
    return _if_near_daily(pl.col("plateau_days"))


@growth_feature(
    frame="bursts",
    signal="steady_gain",
    unit="days, from 0",
    formula="growth_plateau_days over the bursts without a post since 3 days before at over 2 times own median draw",
    suspicious="high",
    reason="for {value:.0f} days in a row followers arrived at a raised, constant pace that no post accounts for",
    evidence=lambda: _push_of_plateau(_is_unexplained()),
    source="a capped delivery is independent of posting; simulated: 12 % of follower schemes, 2.4 % of the genuine",
    low=0.0,
    min_rows=14,
)
def growth_plateau_unexplained_days() -> pl.Expr:
    """Longest even burst that no post explains; null without posts around the time, or without near-daily readings."""
    return pl.when(_posts_are_known()).then(_if_near_daily(pl.col("plateau_unexplained_days")))


def _is_unexplained() -> pl.Expr:
    return pl.col("is_unexplained").fill_null(False)


def _push_on_burst_spread() -> pl.Expr:
    """Inner days of the burst by how far they lie from its mean pace; its first and last interval take no part."""
    is_inside = _in_largest_burst(pl.col("daily_spread"))
    first, last = (pl.col("date").filter(is_inside).min(), pl.col("date").filter(is_inside).max())
    is_inner = is_inside & (pl.col("date") > first) & (pl.col("date") < last)
    return _push_of_spread(pl.when(is_inner).then("gain_per_day"))


@growth_feature(
    frame="bursts",
    signal="steady_gain",
    unit="coefficient of variation, from 0",
    formula="sd / mean of the gains per day inside the largest burst of five or more daily intervals, ends left out",
    suspicious="low",
    reason="inside its largest burst the daily gains varied by only {value:.2f} times their mean",
    evidence=_push_on_burst_spread,
    source="attention decays after its peak, a capped delivery does not",
    low=0.0,
    min_rows=14,
)
def growth_burst_daily_spread() -> pl.Expr:
    """How unevenly followers arrived inside the largest burst; null without a burst of five days."""
    return pl.col("daily_spread")


def _push_on_late_share() -> pl.Expr:
    """Gains of the burst's second half for the value, those of its first half against it."""
    gain = _push_of_burst(pl.col("late_share"))
    return pl.when("is_late").then(gain).otherwise(-gain)


@growth_feature(
    frame="bursts",
    signal="steady_gain",
    unit="share of the burst, 0 to 1",
    formula="gain above the expected in the second half of the largest burst's days over the whole",
    suspicious="context",
    evidence=_push_on_late_share,
    source="attention decays (below 0.5), a capped delivery runs to its end (0.5)",
    low=0.0,
    high=1.0,
    min_rows=14,
)
def growth_burst_late_share() -> pl.Expr:
    """Share of the largest burst that came in its second half; null without a burst of five days."""
    return pl.col("late_share")


def _push_on_refills() -> pl.Expr:
    """The refills' gains and the losses that they made good, as shares of the followers before."""
    refilled = pl.when("in_refill").then("burst_gain").otherwise(0.0)
    return (refilled + pl.col("restored_loss")) / pl.col("count_before")


@growth_feature(
    frame="bursts",
    signal="refilled_losses",
    unit="refills per 30 days, from 0",
    formula="30 · (bursts that begin within 14 days after a drop) / sum(days)",
    suspicious="high",
    reason="{value:.1f} times a month a burst of new followers began within two weeks of a sudden loss",
    evidence=_push_on_refills,
    source="sellers offer refills of what drops",
    low=0.0,
    min_rows=14,
)
def growth_refill_rate_per_month() -> pl.Expr:
    """How often a drop was followed by a burst."""
    return _rate("refills", "days")


@growth_feature(
    frame="bursts",
    signal="follower_losses",
    unit="share of the followers per 30 days, from 0",
    formula="30 · sum(drop_loss / count_before) / sum(days); drop: a loss of 0.5 % beyond usual losses and their noise",
    suspicious="context",
    evidence=lambda: pl.col("drop_loss") / pl.col("count_before"),
    source="48 % of offers mention drops; a platform's purge takes from everybody on one day, so it is never a reason",
    low=0.0,
    min_rows=14,
)
def growth_drop_rate_per_month() -> pl.Expr:
    """Followers lost in sudden drops, per month."""
    return _rate("drop_share", "days")


def _push_on_restored() -> pl.Expr:
    """Losses that were made good and the gains that did it for the value, losses that were not against it."""
    refilled = pl.when("in_refill").then("burst_gain").otherwise(0.0)
    return (refilled + 2 * pl.col("restored_loss") - pl.col("drop_loss")) / _positive(pl.col("drop_loss").sum())


@growth_feature(
    frame="bursts",
    signal="refilled_losses",
    unit="share of what sudden drops took, 0 to 1",
    formula="sum over bursts of min(mass, drop_loss of the 14 days before) / sum(drop_loss)",
    suspicious="high",
    reason="{value:.0%} of the followers lost in sudden drops were made up for by a burst within two weeks",
    evidence=_push_on_restored,
    source="sellers refill what drops, for 30 to 365 days and often from a loss of 5 % on",
    low=0.0,
    high=1.0,
    min_rows=14,
)
def growth_drop_restored_share() -> pl.Expr:
    """Share of the sudden losses that bursts made good within fourteen days; null without a sudden loss."""
    return pl.col("restored_loss") / _positive(pl.col("drop_loss"))


def _push_on_engagement_residual() -> pl.Expr:
    """Log growth of the followers in the burst: the likes had to keep up with it."""
    return pl.when(_in_largest_burst(pl.col("engagement_residual"))).then(-pl.col("log_growth"))


@growth_feature(
    frame="bursts",
    signal="likes_and_followers_apart",
    unit="difference of natural logs",
    formula="ln(median likes after / before) - ln(followers after / before) of the largest burst over 5 %",
    suspicious="low",
    reason="after its largest burst of followers engagement did not keep up (log difference {value:.2f}; -0.69: half)",
    evidence=_push_on_engagement_residual,
    source="bought followers do not like: the rate falls by as much as the count rises",
    min_rows=10,
)
def growth_burst_engagement_residual() -> pl.Expr:
    """How far engagement per post kept up with a burst; null without three posts on each side."""
    return pl.col("engagement_residual")


def _bulk_moves() -> pl.Expr:
    """Direction of a bulk move of the following count, null for a smaller one."""
    change = pl.col("following_change")
    least = pl.max_horizontal(FOLLOWING_MOVE * pl.col("following_before"), pl.lit(float(FOLLOWING_MOVE_LEAST)))
    return pl.when(change.abs() >= least).then(change.sign())


def _push_on_reversals() -> pl.Expr:
    """The first bulk move of each new direction, by its size."""
    moves = _bulk_moves()
    is_turn = moves != moves.forward_fill().shift(1)
    return pl.when(is_turn).then(pl.col("following_change").abs() / _positive(pl.col("following_before")))


@growth_feature(
    frame="bursts",
    signal="follow_unfollow",
    unit="reversals per 30 days, from 0",
    formula="30 · (moves of the following count against the move before; moves ≥ max(20, 1 %)) / sum(days)",
    suspicious="high",
    reason="{value:.1f} times a month the account turned between following and unfollowing in bulk",
    evidence=_push_on_reversals,
    source="follow/unfollow shows as a saw-tooth of the accounts followed",
    low=0.0,
    min_rows=10,
)
def growth_following_reversal_rate_per_month() -> pl.Expr:
    """How often the account turns between following and unfollowing in bulk; null without ten read intervals."""
    value = _rate("following_reversals", "following_days")
    return pl.when(pl.col("following_rows") >= 10).then(value)  # noqa: PLR2004 -- as min_rows
