"""Follower-curve features: how followers arrived, whether they stayed, and what else moved at the time.

Real organic growth is heavy-tailed, so nothing here is measured against a normal curve: a spike is compared with the
account's own next largest days, a burst with the account's own calm days. Readings may be daily, weekly, monthly or
irregular, exact or rounded, and the frames are made so that a value means the same in each or is null:

* `intervals`: one row per pair of consecutive readings, whatever the sampling; rates are weighted by days.
* `days`: the intervals of exactly one day; null for coarser sampling.
* `weeks`, `months`: the curve read every 7 or 30 days back from the newest reading, interpolated inside short
  intervals only; the same for daily and weekly sampling.
* `bursts`: the intervals of at most ten days, with the account's bursts marked on them.

Counts that a platform rounds move in steps: `rounding` is the account's own step (0 for exact counts), and one step
never counts as a spike. Small counts scatter: every threshold allows for the square root of the expected gain.
History length and gaps are not features.
"""

from __future__ import annotations

import functools
import math

import polars as pl

from features.definition import Feature, FrameBuilder, feature
from features.tables import Tables

GLITCH_FACTOR = 10
"""A reading this many times above or below both neighbours is a tracker's fault: nobody gains and loses nine tenths."""

SIGNIFICANT_DIGITS_SHOWN = 3
"""Platforms that round show three digits (YouTube: 87 % of daily differences are exactly zero)."""

DAYS_PER_MONTH = 30
LONGEST_SHORT_INTERVAL = 10
"""Days up to which two readings say when something happened, to the week: weekly sampling with a late reading."""

LONGEST_MONTH_INTERVAL = 40
"""Days up to which two readings say when something happened, to the month."""

CALM_SHARE = 0.75
"""Share of an account's intervals, the quietest, that tell its usual pace: bursts and most plateaus stay outside."""

NOISE_WIDTHS = 6.0
"""Poisson standard deviations by which a gain must pass the usual one: counts of people are at least that noisy."""

ROUNDING_STEPS = 2.0
"""Steps of a rounded count that may be rounding: one at each end of the interval."""

MATERIAL_BURST = 0.01
"""Share of the followers before it that a burst must add: a tenth of the smallest dose that carries a label."""

MATERIAL_LOSS = 0.005
"""Share of the followers that a loss must take to count as a drop."""

REFILL_WINDOW = 14
"""Days after a drop within which a new burst reads as its refill; sellers refill within days of a complaint."""

EVEN_SPREAD = 0.4
"""Coefficient of variation up to which daily gains are near constant; Poisson noise at 24 a day alone gives 0.2."""

POST_LEAD = 3
"""Days before a burst in which a post may have set it off."""

POST_DRAW = 2.0
"""Times its usual likes or views that a post must draw to account for a burst; 1.65 is the median best of 17 posts."""

MATURE_HOURS = 48
"""Age from which a post's counts are comparable: missing the first hour alone loses 20 to 30 % of the likes."""

FEWEST_POSTS = 5
"""Mature posts needed to say what is usual for them."""

COMPARISON_DAYS = 60
"""Days before and after a burst whose posts are compared."""

LARGE_BURST = 0.05
"""Share of the followers from which a burst ought to show in the likes at all."""

FOLLOWING_MOVE = 0.01
"""Share of the accounts followed from which a move counts, at least `FOLLOWING_MOVE_LEAST`."""

FOLLOWING_MOVE_LEAST = 20

FEATURES: dict[str, Feature] = {}
"""The group's features by name, in catalogue order."""

growth_feature = functools.partial(feature, FEATURES, group="growth")

# --- frames -----------------------------------------------------------------------------------------------------------


def intervals(tables: Tables) -> pl.DataFrame:
    """One row per pair of consecutive readings of an account, by `account_id` and `date`.

    Columns: `start_date` and `date` (the two readings), `days` between them, `count_before`, `count_after`, `change`,
    `gain` and `loss` (both ≥ 0), `gain_per_day`, `log_growth` (natural), `rounding` (step of the shown count, 0 if
    exact), `following_before` and `following_change` (null where not read).
    """
    account = "account_id"
    counts = _clean_readings(tables.followers_daily)
    change = pl.col("count_after") - pl.col("count_before")
    return (
        counts.with_columns(
            start_date=pl.col("date").shift(1).over(account),
            count_before=pl.col("follower_count").shift(1).over(account),
            following_before=pl.col("following_count").shift(1).over(account),
            rounding=pl.max_horizontal("rounding", pl.col("rounding").shift(1).over(account)),
        )
        .filter(pl.col("start_date").is_not_null())
        .rename({"follower_count": "count_after"})
        .with_columns(
            days=(pl.col("date") - pl.col("start_date")).dt.total_days().cast(pl.Float64),
            change=change,
            gain=change.clip(lower_bound=0),
            loss=(-change).clip(lower_bound=0),
            log_growth=(pl.col("count_after") / pl.col("count_before")).log(),
            following_change=pl.col("following_count") - pl.col("following_before"),
        )
        .with_columns(gain_per_day=pl.col("gain") / pl.col("days"))
        .drop("following_count")
    )


def _clean_readings(followers_daily: pl.DataFrame) -> pl.DataFrame:
    """Readings as floats, without glitches, each with the `rounding` of its count.

    A count of 0 is how trackers fail; an account that really starts at 0 loses its first reading only.
    """
    account = "account_id"
    count = pl.col("follower_count")
    before, after = count.shift(1).over(account), count.shift(-1).over(account)
    too_low = (count * GLITCH_FACTOR < before) & (count * GLITCH_FACTOR < after)
    too_high = (count > before * GLITCH_FACTOR) & (count > after * GLITCH_FACTOR)
    return (
        followers_daily.select(account, "date", "follower_count", "following_count")
        .filter(count > 0)
        .sort(account, "date")
        .filter(~(too_low | too_high).fill_null(False))
        .with_columns(rounding=_rounding_step())
        .with_columns(count.cast(pl.Float64), pl.col("following_count").cast(pl.Float64))
    )


def _rounding_step() -> pl.Expr:
    """Step in which the count of a reading can move: the account's own granularity, 0 for exact counts.

    The larger of the largest power of ten that divides all of the account's readings and, where none of them shows
    more than three digits, the place of the third digit of this reading.
    """
    text = pl.col("follower_count").cast(pl.String)
    digits = text.str.len_chars().cast(pl.Int64)
    significant = text.str.strip_chars_end("0").str.len_chars().cast(pl.Int64)
    shared_zeros = (digits - significant).min().over("account_id")
    is_rounded = significant.max().over("account_id") <= SIGNIFICANT_DIGITS_SHOWN
    third_place = pl.when(is_rounded).then(digits - SIGNIFICANT_DIGITS_SHOWN).otherwise(0)
    zeros = pl.max_horizontal(shared_zeros, third_place)
    return pl.when(zeros > 0).then(pl.lit(10.0).pow(zeros)).otherwise(0.0)


def days(tables: Tables) -> pl.DataFrame:
    """The intervals of one day, with what the day-scale features need besides.

    Added columns: `recent` (within the account's last 90 days), `follows` (square root of the accounts followed in the
    seven days before, null where one of them was not read), `calm_change` (change within its 5 to 95 % range),
    `weekday` and `weekday_mean` (of `calm_change`), `next_log_growth` (null where the day after is not read).
    """
    account = "account_id"
    followed = pl.col("following_change").clip(lower_bound=0)
    unbroken = pl.col("date").shift(7).over(account) == pl.col("date") - pl.duration(days=7)
    before = followed.rolling_sum(7).shift(1).over(account)
    return (
        intervals(tables)
        .with_columns(recent=pl.col("date") > pl.col("date").max().over(account) - pl.duration(days=90))
        .filter(pl.col("days") == 1)
        .with_columns(follows=pl.when(unbroken).then(before).sqrt())
        .with_columns(
            calm_change=_winsorised("change").over(account),
            next_log_growth=pl.when(
                pl.col("date").shift(-1).over(account) == pl.col("date") + pl.duration(days=1)
            ).then(pl.col("log_growth").shift(-1).over(account)),
            weekday=pl.col("date").dt.weekday(),
        )
        .with_columns(weekday_mean=pl.col("calm_change").mean().over(account, "weekday"))
    )


def _winsorised(column: str) -> pl.Expr:
    """The column with values outside its 5 to 95 % range set to that range: one spike must not be the answer."""
    low = pl.col(column).quantile(0.05, "linear")
    return pl.col(column).clip(low, pl.col(column).quantile(0.95, "linear"))


def weeks(tables: Tables) -> pl.DataFrame:
    """The curve read every seven days; see `_read_every`."""
    return _read_every(intervals(tables), 7, LONGEST_SHORT_INTERVAL).with_columns(shift_zscore=_shift_zscore())


def months(tables: Tables) -> pl.DataFrame:
    """The curve read every thirty days; see `_read_every`."""
    return _read_every(intervals(tables), DAYS_PER_MONTH, LONGEST_MONTH_INTERVAL)


def _read_every(rows: pl.DataFrame, spacing: int, longest: int) -> pl.DataFrame:
    """The curve at every `spacing` days back from the newest reading, one row per such period, oldest first.

    Counts between two readings at most `longest` days apart are interpolated; a period with an end in a longer
    interval is left out. Columns: `periods_ago`, `count_before`, `count_after`, `change`, `gain`, `loss`,
    `log_growth`, `rounding`.
    """
    account = "account_id"
    to_end = (pl.col("date").max().over(account) - pl.col("date")).dt.total_days()
    to_start = (pl.col("date").max().over(account) - pl.col("start_date")).dt.total_days()
    # An interval owns its end and not its start, unless no other short interval ends there.
    follows_another = (pl.col("start_date") == pl.col("date").shift(1).over(account)).fill_null(False)
    points = (
        rows.with_columns(to_end=to_end, to_start=to_start)
        .filter(pl.col("days") <= longest)
        .with_columns(
            first=(pl.col("to_end") + spacing - 1) // spacing,
            last=(pl.col("to_start") - follows_another.cast(pl.Int64)) // spacing,
        )
        .filter(pl.col("last") >= pl.col("first"))
        .with_columns(periods_ago=pl.int_ranges("first", pl.col("last") + 1))
        .explode("periods_ago", empty_as_null=False)
        .with_columns(
            count_after=pl.col("count_before")
            + pl.col("change") * (pl.col("to_start") - pl.col("periods_ago") * spacing) / pl.col("days")
        )
        .sort(account, "periods_ago", descending=[False, True])
        .select(account, "periods_ago", "count_after", "rounding")
    )
    adjacent = pl.col("periods_ago").shift(1).over(account) == pl.col("periods_ago") + 1
    change = pl.col("count_after") - pl.col("count_before")
    return (
        points.with_columns(
            count_before=pl.when(adjacent).then(pl.col("count_after").shift(1).over(account)),
            rounding=pl.max_horizontal("rounding", pl.col("rounding").shift(1).over(account)),
        )
        .filter(pl.col("count_before").is_not_null())
        .with_columns(
            change=change,
            gain=change.clip(lower_bound=0),
            loss=(-change).clip(lower_bound=0),
            log_growth=(pl.col("count_after") / pl.col("count_before")).log(),
        )
    )


def _shift_zscore() -> pl.Expr:
    """How far mean weekly log growth before and after this week differ, in standard errors; null within 3 of an end.

    Growth is first clipped to three robust deviations about the median, so that a lasting change counts and one
    spike does not. The deviation is that of week-to-week differences, which a lasting change leaves alone, and never
    below what Poisson noise or one rounding step would give.
    """
    account = "account_id"
    growth, count = pl.col("log_growth"), pl.col("count_after")
    median = growth.median().over(account)
    scatter = 1.4826 / math.sqrt(2) * growth.diff().abs().median().over(account)
    floor = (pl.max_horizontal(pl.col("gain").sqrt(), pl.col("rounding"), pl.lit(1.0)) / count).mean().over(account)
    deviation = pl.max_horizontal(scatter, floor)
    clipped = growth.clip(median - 3 * deviation, median + 3 * deviation)
    weeks_all = pl.len().over(account).cast(pl.Float64)
    weeks_until = pl.int_range(1, pl.len() + 1).over(account).cast(pl.Float64)
    weeks_after = weeks_all - weeks_until
    sum_until = clipped.cum_sum().over(account)
    mean_after = (clipped.sum().over(account) - sum_until) / weeks_after
    standard_error = deviation * (1 / weeks_until + 1 / weeks_after).sqrt()
    value = (mean_after - sum_until / weeks_until) / standard_error
    return pl.when((weeks_until >= 3) & (weeks_after >= 3)).then(value)  # noqa: PLR2004 -- three weeks make a mean


def bursts(tables: Tables) -> pl.DataFrame:
    """The intervals of at most ten days, with the account's bursts on them.

    An interval is elevated when its gain passes what the account's calm intervals lead to expect at least twofold, by
    six Poisson deviations and by more than two rounding steps. Consecutive elevated intervals are one burst, if
    together they bring at least 1 % of the followers before. Columns besides those of `intervals`: `burst_gain`
    (gain above the expected, 0 outside bursts), `is_refill`, `gain_with_posts` (null where posts were not observed)
    and, on the first interval of each burst and null elsewhere, what `_episodes` and the functions below it tell.
    """
    rows = _elevated(intervals(tables))
    episodes = _episodes(rows)
    episodes = _with_losses(episodes, rows)
    posts = _mature_posts(tables)
    episodes = _with_explanation(episodes, posts)
    episodes = _with_engagement(episodes, posts)
    in_burst = episodes.select("account_id", "episode", is_burst=pl.lit(True))
    since_drop = pl.col("start_date") - pl.col("last_drop_date")
    return (
        rows.join(in_burst, on=["account_id", "episode"], how="left")
        .join(episodes.drop("episode"), on=["account_id", "start_date"], how="left")
        .join(_posts_known(posts), on="account_id", how="left")
        .with_columns(
            burst_gain=pl.when(pl.col("is_burst")).then("excess").otherwise(0.0),
            is_refill=pl.col("mass").is_not_null() & (since_drop <= pl.duration(days=REFILL_WINDOW)),
            gain_with_posts=pl.when(_within_known_posts("start_date", "date")).then("gain"),
        )
        .sort("account_id", "date")
    )


def _elevated(rows: pl.DataFrame) -> pl.DataFrame:
    """Short intervals with `expected` and `excess` gain, number of the elevated run (`episode`), last drop before."""
    account = "account_id"
    cumulated = rows.with_columns(loss_until=pl.col("loss").cum_sum().over(account))
    expected, expected_loss = pl.col("expected"), pl.col("usual_loss") * pl.col("days")
    allowance = NOISE_WIDTHS * pl.max_horizontal(expected, pl.lit(1.0)).sqrt() + ROUNDING_STEPS * pl.col("rounding")
    loss_allowance = NOISE_WIDTHS * pl.max_horizontal(expected_loss, pl.lit(1.0)).sqrt()
    loss_allowance = pl.max_horizontal(
        loss_allowance + ROUNDING_STEPS * pl.col("rounding"), MATERIAL_LOSS * pl.col("count_before")
    )
    adjacent = pl.col("start_date") == pl.col("date").shift(1).over(account)
    continues = (adjacent & pl.col("is_elevated").shift(1).over(account)).fill_null(False)
    return (
        cumulated.filter(pl.col("days") <= LONGEST_SHORT_INTERVAL)
        .with_columns(usual_gain=_usual_pace("gain"), usual_loss=_usual_pace("loss"))
        .with_columns(expected=pl.col("usual_gain") * pl.col("days"))
        .with_columns(excess=pl.col("gain") - expected)
        .with_columns(
            is_elevated=pl.col("excess") > pl.max_horizontal(expected, allowance),
            drop_date=pl.when(pl.col("loss") - expected_loss > loss_allowance).then("date"),
        )
        .with_columns(
            episode=pl.when("is_elevated").then((pl.col("is_elevated") & ~continues).cum_sum().over(account)),
            last_drop_date=pl.col("drop_date").forward_fill().shift(1).over(account),
        )
    )


def _usual_pace(column: str) -> pl.Expr:
    """Mean per day of the column over the account's calm intervals: the quietest three quarters of them."""
    pace = pl.col(column) / pl.col("days")
    is_calm = pace <= pace.quantile(CALM_SHARE, "linear").over("account_id")
    total = pl.when(is_calm).then(pl.col(column)).sum().over("account_id")
    return total / pl.when(is_calm).then(pl.col("days")).sum().over("account_id")


def _episodes(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per burst.

    Columns: `start_date`, `end_date`, `burst_days`, `burst_count_before`, `burst_count_after`, `mass` (gain above the
    expected), `mass_noise` (how far that may be off), `loss_until_end`, `daily_spread` (coefficient of variation of
    the gains per day without the first and last interval, null under five daily intervals), `late_share` (share of
    the mass in the second half of the days, null likewise).
    """
    pace = pl.col("gain_per_day")
    inner = pace.slice(1, (pl.len().cast(pl.Int64) - 2).clip(lower_bound=0))
    middle = pl.col("days").cum_sum() - pl.col("days") / 2
    is_late = middle > pl.col("days").sum() / 2
    is_resolved = (pl.len() >= 5) & (pl.col("days").max() <= 2)  # noqa: PLR2004 -- near-daily, three inner gains
    return (
        rows.filter(pl.col("is_elevated"))
        .group_by("account_id", "episode", maintain_order=True)
        .agg(
            start_date=pl.col("start_date").first(),
            end_date=pl.col("date").last(),
            burst_days=pl.col("days").sum(),
            burst_count_before=pl.col("count_before").first(),
            burst_count_after=pl.col("count_after").last(),
            mass=pl.col("excess").sum(),
            mass_noise=2 * pl.col("expected").sum().sqrt() + pl.col("rounding").max(),
            loss_until_end=pl.col("loss_until").last(),
            usual_loss_before=pl.col("usual_loss").first(),
            daily_spread=pl.when(is_resolved).then(inner.std(ddof=0) / inner.mean()),
            late_share=pl.when(is_resolved).then(
                pl.when(is_late).then("excess").otherwise(0.0).sum() / pl.col("excess").sum()
            ),
        )
        .filter(pl.col("mass") >= MATERIAL_BURST * pl.col("burst_count_before"))
    )


def _with_losses(episodes: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `lost_7` and `lost_30`: share of the mass lost, beyond usual losses, within so many days after the burst.

    Summed losses and not the net change: a refill must not hide the drop before it. Null where no short interval
    reaches so far.
    """
    known = rows.select("account_id", "date", "days", "loss", "loss_until", interval_start="start_date")
    for window in (7, DAYS_PER_MONTH):
        reached = (
            episodes.with_columns(target=pl.col("end_date") + pl.duration(days=window))
            .sort("account_id", "target")
            .join_asof(
                known,
                left_on="target",
                right_on="date",
                by="account_id",
                strategy="forward",
                check_sortedness=False,
                coalesce=False,
            )
        )
        beyond = (pl.col("date") - pl.col("target")).dt.total_days() / pl.col("days")
        lost = pl.col("loss_until") - beyond * pl.col("loss") - pl.col("loss_until_end")
        share = ((lost - pl.col("usual_loss_before") * window) / pl.col("mass")).clip(0, 1)
        is_known = pl.col("interval_start") <= pl.col("target")
        shares = reached.select("account_id", "episode", pl.when(is_known).then(share).alias(f"lost_{window}"))
        episodes = episodes.join(shares, on=["account_id", "episode"], how="left", maintain_order="left")
    return episodes


def _mature_posts(tables: Tables) -> pl.DataFrame:
    """Posts with `posted_on`, `draw` (best of likes and views over the account's own medians) and `is_mature`.

    `draw` and `engagement` (likes or, where an account shows none, views) are null for a post seen before it was
    48 hours old. Only accounts with five mature posts that have a draw.
    """
    account = "account_id"
    newest = tables.accounts.select(account, "newest_at")
    seen_at = pl.coalesce("observed_at", "newest_at")
    is_mature = seen_at - pl.col("posted_at") >= pl.duration(hours=MATURE_HOURS)
    ratios = []
    for column in ("like_count", "view_count"):
        median = pl.when("is_mature").then(pl.col(column)).median().over(account)
        ratios.append(pl.col(column) / pl.when(median > 0).then(median))
    has_likes = pl.when("is_mature").then("like_count").is_not_null().any().over(account)
    engagement = pl.when(has_likes).then("like_count").otherwise("view_count")
    return (
        tables.posts.join(newest, on=account, how="left")
        .with_columns(is_mature=is_mature, posted_on=pl.col("posted_at").dt.date())
        .with_columns(
            draw=pl.when("is_mature").then(pl.max_horizontal(ratios)),
            engagement=pl.when("is_mature").then(engagement),
        )
        .filter(pl.col("draw").is_not_null().sum().over(account) >= FEWEST_POSTS)
        .select(account, "posted_on", "observed_at", "is_mature", "draw", "engagement")
    )


def _posts_known(posts: pl.DataFrame) -> pl.DataFrame:
    """Per account the first and last day of which we know what it posted.

    Without an instant of observation the last post is all that shows until when anybody looked; a week is added.
    """
    last_seen = pl.col("observed_at").dt.date().max()
    return posts.group_by("account_id").agg(
        posts_from=pl.col("posted_on").min(),
        posts_until=pl.coalesce(last_seen, pl.col("posted_on").max() + pl.duration(days=7)),
    )


def _within_known_posts(start: str, end: str) -> pl.Expr:
    return (pl.col(start) >= pl.col("posts_from")) & (pl.col(end) <= pl.col("posts_until"))


def _with_explanation(episodes: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Add `unexplained_mass`: the mass where no post accounts for the burst, 0 where one does, null if unknown.

    Unknown: posts were not observed at the time, or a post in question was too young to tell.
    """
    key = ["account_id", "episode"]
    near = (
        episodes.select(*key, "start_date", "end_date")
        .join(posts, on="account_id")
        .filter(
            pl.col("posted_on") >= pl.col("start_date") - pl.duration(days=POST_LEAD),
            pl.col("posted_on") <= pl.col("end_date"),
        )
        .group_by(key)
        .agg(best_draw=pl.col("draw").max(), has_young=(~pl.col("is_mature")).any())
    )
    is_explained = (pl.col("best_draw") > POST_DRAW).fill_null(False)
    is_unknown = ~_within_known_posts("start_date", "end_date").fill_null(False) | pl.col("has_young").fill_null(False)
    value = pl.when(is_explained).then(0.0).when(~is_unknown).then("mass")
    return (
        episodes.join(near, on=key, how="left", maintain_order="left")
        .join(_posts_known(posts), on="account_id", how="left", maintain_order="left")
        .with_columns(unexplained_mass=value)
        .drop("best_draw", "has_young", "posts_from", "posts_until")
    )


def _with_engagement(episodes: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Add `engagement_residual`: log change of the median post's engagement over a burst, less that of followers.

    Posts of the 60 days before the burst against those of the 60 days after it, three of each at least; null for a
    burst under 5 % of the followers, or where a median is zero.
    """
    key = ["account_id", "episode"]
    span = pl.duration(days=COMPARISON_DAYS)
    is_before = pl.col("posted_on").is_between(pl.col("start_date") - span, pl.col("start_date"))
    is_after = pl.col("posted_on").is_between(pl.col("end_date"), pl.col("end_date") + span, closed="right")
    sides = {"before": pl.col("engagement").filter(is_before), "after": pl.col("engagement").filter(is_after)}
    aggregations = {
        name: pl.when((side.count() >= 3) & (side.median() > 0)).then(side.median())  # noqa: PLR2004
        for name, side in sides.items()
    }
    medians = (
        episodes.select(*key, "start_date", "end_date").join(posts, on="account_id").group_by(key).agg(**aggregations)
    )
    followers = (pl.col("burst_count_after") / pl.col("burst_count_before")).log()
    is_large = pl.col("mass") >= LARGE_BURST * pl.col("burst_count_before")
    value = pl.when(is_large).then((pl.col("after") / pl.col("before")).log() - followers)
    return (
        episodes.join(medians, on=key, how="left", maintain_order="left")
        .with_columns(engagement_residual=value)
        .drop("before", "after")
    )


FRAMES: dict[str, FrameBuilder] = {
    "intervals": intervals,
    "days": days,
    "weeks": weeks,
    "months": months,
    "bursts": bursts,
}
"""The group's frames by name; each is built once for all of its features."""

# --- helpers of the expressions ---------------------------------------------------------------------------------------


def _positive(value: pl.Expr) -> pl.Expr:
    """The value where it is above zero, else null: a denominator."""
    return pl.when(value > 0).then(value)


def _per_month(value: pl.Expr) -> pl.Expr:
    """A sum over the rows per thirty days covered by them."""
    return value * DAYS_PER_MONTH / _positive(pl.col("days").sum())


def _lead_of_largest(rank: int) -> pl.Expr:
    """The largest gain over the `rank`-th largest; three noise widths are added to both.

    The noise width is the largest of one follower, one rounding step and the square root of the mean gain, so that
    neither a quiet account's five followers nor one step of a rounded count is a spike.
    """
    gain = pl.col("gain")
    noise = pl.max_horizontal(gain.mean().sqrt(), pl.col("rounding").max(), pl.lit(1.0))
    ratio = (gain.max() + 3 * noise) / (gain.top_k(rank).min() + 3 * noise)
    return pl.when(gain.sum() > 0).then(ratio)


def _largest_share(rows: pl.Expr, fewest: int) -> pl.Expr:
    """The largest gain less one rounding step as a share of all gain, over the rows chosen.

    Null for fewer than `fewest` rows, or where all gain together is within ten rounding steps.
    """
    gain, rounding = pl.col("gain").filter(rows), pl.col("rounding").max()
    total = gain.sum()
    is_resolved = (total > 10 * rounding) & (rows.sum() >= fewest)
    return pl.when(is_resolved).then((gain.max() - rounding).clip(lower_bound=0) / _positive(total))


def _of_largest_burst(value: pl.Expr) -> pl.Expr:
    """The value for the largest burst that has one; of equal bursts, for the latest."""
    is_known = value.is_not_null()
    return value.filter(is_known).sort_by(pl.col("mass").filter(is_known), maintain_order=True).last()


def _movement_is_visible() -> pl.Expr:
    """Whether the counts move by more than they are rounded: else what happens in between readings cannot be seen."""
    return pl.col("rounding").max() <= pl.col("change").abs().mean()


# --- whatever the sampling --------------------------------------------------------------------------------------------


@growth_feature(
    frame="intervals",
    unit="natural log of followers per 30 days",
    formula="30 · sum(log_growth) / sum(days)",
    suspicious="context",
    source="vendors' monthly net growth: 2 to 5 % under 10k, 0.5 to 1.5 % over 100k followers",
    min_rows=6,
)
def growth_net_log_rate_per_month() -> pl.Expr:
    """Net growth of the followers, as a logarithm, per thirty days."""
    return _per_month(pl.col("log_growth").sum())


@growth_feature(
    frame="intervals",
    unit="natural log of followers per 30 days",
    formula="mean rate of the intervals that begin within the last 30 days, less the mean rate of the others",
    suspicious="context",
    source="compares an account with its own past, as growth charts of vetting tools do",
    min_rows=6,
)
def growth_recent_acceleration_rate_per_month() -> pl.Expr:
    """How much faster than before the account grew in its last thirty days."""
    is_recent = pl.col("start_date") >= pl.col("date").max() - pl.duration(days=DAYS_PER_MONTH)

    def rate(rows: pl.Expr) -> pl.Expr:
        days_covered = _positive(pl.col("days").filter(rows).sum())
        return DAYS_PER_MONTH * pl.col("log_growth").filter(rows).sum() / days_covered

    return rate(is_recent) - rate(~is_recent)


@growth_feature(
    frame="intervals",
    unit="share of the highest count, 0 to 1",
    formula="max over readings of 1 - count / highest count so far",
    suspicious="context",
    source="platform purges took 7.6 % of the top 100 in 2014; over half of influencers lose net in some month",
    low=0.0,
    high=1.0,
    min_rows=6,
)
def growth_drawdown_share() -> pl.Expr:
    """Deepest fall of the follower count below its own earlier high."""
    highest = pl.max_horizontal(pl.col("count_after").cum_max(), pl.col("count_before").first())
    return (1 - pl.col("count_after") / highest).max()


@growth_feature(
    frame="intervals",
    unit="share of the accounts followed, per 30 days",
    formula="30 · sum(max(-following_change, 0)) / sum(days) / mean(following_before)",
    suspicious="high",
    reason="the account unfollowed {value:.0%} as many accounts as it follows, per month",
    source="follow/unfollow: 10 % of the influencers who did something (mix in one country)",
    low=0.0,
    min_rows=6,
)
def growth_following_lost_rate_per_month() -> pl.Expr:
    """How much of its list of followed accounts the account gives up per month."""
    is_read = pl.col("following_change").is_not_null()
    lost = (-pl.col("following_change")).clip(lower_bound=0).sum()
    days_read = _positive(pl.col("days").filter(is_read).sum())
    mean_following = _positive(pl.col("following_before").filter(is_read).mean())
    return pl.when(is_read.sum() >= 6).then(DAYS_PER_MONTH * lost / days_read / mean_following)  # noqa: PLR2004


# --- days -------------------------------------------------------------------------------------------------------------


@growth_feature(
    frame="days",
    unit="share of total gain, 0 to 1",
    formula="(max(gain) - rounding) / sum(gain), days of the last 90",
    suspicious="high",
    reason="{value:.0%} of the new followers of the last three months arrived on a single day",
    source="real Twitch curves, 71 days: .06 / .11 / .17 / .27 / .59",
    low=0.0,
    high=1.0,
    min_rows=28,
)
def growth_peak_day_share() -> pl.Expr:
    """Share of the last three months' follower gain that came on the busiest day."""
    return _largest_share(pl.col("recent"), fewest=28)


@growth_feature(
    frame="days",
    unit="times the fifth busiest day, from 1",
    formula="(gain₁ + 3n) / (gain₅ + 3n), gainₖ the k-th largest, n = max(1, rounding, √mean(gain))",
    suspicious="high",
    reason="the busiest day brought {value:.1f} times the followers of the fifth busiest",
    source="organic growth is heavy-tailed: z-scores accuse half of real accounts, so the tail is its own yardstick",
    low=1.0,
    min_rows=20,
)
def growth_peak_day_tail_ratio() -> pl.Expr:
    """How far the busiest day stands out from the account's own next busiest days."""
    return _lead_of_largest(5)


@growth_feature(
    frame="days",
    unit="share of days, 0 to 1",
    formula="mean(change < 0)",
    suspicious="both",
    reason_high="the account lost followers on {value:.0%} of days",
    reason_low="the account lost followers on only {value:.0%} of days",
    source="real Twitch curves: .03 / .11 / .15 / .23 / .41",
    low=0.0,
    high=1.0,
    min_rows=20,
)
def growth_losing_day_share() -> pl.Expr:
    """Share of days on which the follower count fell; null for counts rounded too coarsely to show it."""
    return pl.when(_movement_is_visible()).then((pl.col("change") < 0).mean())


@growth_feature(
    frame="days",
    unit="coefficient of variation, from 0",
    formula="√max(var(gain) - mean(gain), 0) / mean(gain)",
    suspicious="both",
    reason_high="daily gains are very uneven: they vary by {value:.1f} times their mean",
    reason_low="daily gains are unusually even: they vary by only {value:.2f} times their mean",
    source="drip-feed services spread a delivery evenly; Poisson variance is taken off so that size does not matter",
    low=0.0,
    min_rows=20,
)
def growth_gain_variation_ratio() -> pl.Expr:
    """How unevenly followers arrive from day to day, beyond chance; null under five a day or with coarse rounding."""
    gain = pl.col("gain")
    is_visible = (gain.mean() >= 5) & (pl.col("rounding").max() <= gain.mean())  # noqa: PLR2004 -- chance rules below
    return pl.when(is_visible).then((gain.var(ddof=0) - gain.mean()).clip(lower_bound=0).sqrt() / gain.mean())


@growth_feature(
    frame="days",
    unit="correlation, -1 to 1",
    formula="corr(log_growth, log_growth of the day after), both clipped to their 5 to 95 % range",
    suspicious="context",
    source="real Twitch curves: -.18 / -.07 / .02 / .12 / .40",
    low=-1.0,
    high=1.0,
    min_rows=20,
)
def growth_day_to_day_correlation() -> pl.Expr:
    """Whether a good day is followed by another; null for counts rounded too coarsely to show it."""
    is_known = pl.col("next_log_growth").is_not_null()
    low, high = pl.col("log_growth").quantile(0.05, "linear"), pl.col("log_growth").quantile(0.95, "linear")
    today = pl.col("log_growth").clip(low, high).filter(is_known)
    tomorrow = pl.col("next_log_growth").clip(low, high).filter(is_known)
    is_enough = is_known.sum() >= 20  # noqa: PLR2004 -- pairs, as min_rows for days
    return pl.when(_movement_is_visible() & is_enough).then(_correlation(today, tomorrow))


@growth_feature(
    frame="days",
    unit="share of variance, below 0 where there is less than chance gives",
    formula="1 - (1 - η²)(n - 1)/(n - 7), η² of the clipped daily change by day of the week",
    suspicious="context",
    source="people follow at leisure and deliveries run every day; adjusted for chance like R²",
    high=1.0,
    min_rows=28,
)
def growth_weekday_rhythm_share() -> pl.Expr:
    """How much of the daily movement follows the day of the week."""
    change, count = pl.col("calm_change"), pl.len().cast(pl.Float64)
    total = ((change - change.mean()) ** 2).sum()
    within = ((change - pl.col("weekday_mean")) ** 2).sum()
    return pl.when(_movement_is_visible()).then(1 - within / _positive(total) * (count - 1) / (count - 7))


@growth_feature(
    frame="days",
    unit="correlation, -1 to 1",
    formula="corr(sqrt(accounts followed in the 7 days before), ln(1 + gain))",
    suspicious="high",
    reason="followers arrive in the week after the account follows others (correlation {value:.2f})",
    source="follow/unfollow: those followed answer within one to seven days",
    low=-1.0,
    high=1.0,
    min_rows=21,
)
def growth_follow_back_correlation() -> pl.Expr:
    """Whether followers come after the account has followed others; null without 21 such days."""
    is_known = pl.col("follows").is_not_null()
    value = _correlation(pl.col("follows").filter(is_known), pl.col("gain").filter(is_known).log1p())
    return pl.when(is_known.sum() >= 21).then(value)  # noqa: PLR2004 -- three weeks


def _correlation(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Pearson's, null where one side does not vary; float noise beyond ±1 is cut."""
    left, right = left - left.mean(), right - right.mean()
    # A series of one value has a variance of the order of its own rounding error, not zero.
    spread = _positive((left**2).sum().sqrt() * (right**2).sum().sqrt())
    varies = (left.max() - left.min() > 1e-9) & (right.max() - right.min() > 1e-9)  # noqa: PLR2004
    return pl.when(varies).then(((left * right).sum() / spread).clip(-1, 1))


# --- weeks and months -------------------------------------------------------------------------------------------------


@growth_feature(
    frame="weeks",
    unit="times the third busiest week, from 1",
    formula="(gain₁ + 3n) / (gain₃ + 3n), gainₖ the k-th largest weekly gain, n = max(1, rounding, √mean(gain))",
    suspicious="high",
    reason="the busiest week brought {value:.1f} times the followers of the third busiest",
    source="median lot 500 at 800 a day: an order is delivered within a week",
    low=1.0,
    min_rows=6,
)
def growth_peak_week_tail_ratio() -> pl.Expr:
    """How far the busiest week stands out from the account's own next busiest weeks."""
    return _lead_of_largest(3)


@growth_feature(
    frame="weeks",
    unit="share of gain, 0 to 1",
    formula="(max(gain) - rounding) / sum(gain), weeks of the last 13",
    suspicious="high",
    reason="{value:.0%} of the new followers of the last three months arrived in a single week",
    source="as growth_peak_day_share, for sampling by day and by week alike",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def growth_peak_week_share() -> pl.Expr:
    """Share of the last thirteen weeks' follower gain that came in the busiest week."""
    return _largest_share(pl.col("periods_ago") < 13, fewest=8)  # noqa: PLR2004 -- a quarter


@growth_feature(
    frame="weeks",
    unit="share of all movement, 0 to 1",
    formula="sum(loss) / (sum(gain) + sum(loss)) of weekly net changes",
    suspicious="both",
    reason_high="{value:.0%} of the week-to-week movement of the follower count is loss",
    reason_low="only {value:.0%} of the week-to-week movement of the follower count is loss",
    source="48 % of offers mention drops; over half of influencers lose net followers in some month",
    low=0.0,
    high=1.0,
    min_rows=6,
)
def growth_weekly_loss_share() -> pl.Expr:
    """Weight of losing weeks in the movement of the follower count; null for movement within two rounding steps."""
    movement = pl.col("change").abs().sum()
    return pl.when(movement > 2 * pl.col("rounding").max()).then(pl.col("loss").sum() / _positive(movement))


@growth_feature(
    frame="weeks",
    unit="standard errors, signed",
    formula="of all weeks k, the largest |mean(after k) - mean(until k)| / (s √(1/k + 1/(n-k))), with its sign",
    suspicious="context",
    source="binary segmentation of weekly log growth, clipped at three robust deviations",
    min_rows=8,
)
def growth_level_shift_zscore() -> pl.Expr:
    """The largest lasting change of pace in the account's weekly growth."""
    shift = pl.col("shift_zscore")
    return shift.sort_by(shift.abs(), nulls_last=False, maintain_order=True).last()


@growth_feature(
    frame="months",
    unit="times the median month, from 1",
    formula="(max(gain) + 3n) / (median(gain) + 3n), gains of 30 days, n = max(1, rounding, √mean(gain))",
    suspicious="high",
    reason="the best month brought {value:.1f} times the followers of a usual one",
    source="the one spike measure that monthly readings allow",
    low=1.0,
    min_rows=4,
)
def growth_peak_month_ratio() -> pl.Expr:
    """How far the best month stands out from a usual one."""
    gain = pl.col("gain")
    noise = pl.max_horizontal(gain.mean().sqrt(), pl.col("rounding").max(), pl.lit(1.0))
    return pl.when(gain.sum() > 0).then((gain.max() + 3 * noise) / (gain.median() + 3 * noise))


# --- bursts -----------------------------------------------------------------------------------------------------------


@growth_feature(
    frame="bursts",
    unit="share of total gain, 0 to 1",
    formula="sum(burst_gain) / sum(gain)",
    suspicious="high",
    reason="{value:.0%} of all new followers arrived in bursts far above the account's usual pace",
    source="a bought delivery is a burst or a plateau over days: 24 to 1,000 followers a day",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_mass_share() -> pl.Expr:
    """Share of the follower gain that came in bursts, beyond what was to be expected in those days."""
    return pl.col("burst_gain").sum() / _positive(pl.col("gain").sum())


@growth_feature(
    frame="bursts",
    unit="share of the bursts' followers, 0 to 1",
    formula="sum(mass · lost_7) / sum(mass) over bursts with 7 later days; lost: losses beyond the usual over mass",
    suspicious="high",
    reason="{value:.0%} of the followers gained in bursts were lost again within a week",
    source="48 % of offers mention drops; giveaways too lose within two weeks",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_lost_7_days_share() -> pl.Expr:
    """Share of the bursts' followers lost within seven days; null without a burst or without the days after it."""
    return _mean_by_mass("lost_7")


@growth_feature(
    frame="bursts",
    unit="share of the bursts' followers, 0 to 1",
    formula="sum(mass · lost_30) / sum(mass) over bursts with 30 later days; lost: losses beyond the usual over mass",
    suspicious="high",
    reason="{value:.0%} of the followers gained in bursts were lost again within a month",
    source="sellers' drop-off of 0 to 75 % a month",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_lost_30_days_share() -> pl.Expr:
    """Share of the bursts' followers lost within thirty days; null without a burst or without the days after it."""
    return _mean_by_mass("lost_30")


def _mean_by_mass(column: str) -> pl.Expr:
    mass = pl.when(pl.col(column).is_not_null()).then("mass")
    return (mass * pl.col(column)).sum() / _positive(mass.sum())


@growth_feature(
    frame="bursts",
    unit="share of gain while posts are known, 0 to 1",
    formula="mass of bursts without a post since 3 days before at over 2 times own median likes or views / gain",
    suspicious="high",
    reason="{value:.0%} of new followers arrived in bursts that no post of those days accounts for",
    source="a viral post moves followers with likes and views; press and shout-outs do not show either",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_unexplained_share() -> pl.Expr:
    """Share of the gain that came in bursts which no post explains; null without posts around the time."""
    is_covered = pl.col("gain_with_posts").is_not_null()
    days_covered = pl.col("days").filter(is_covered).sum()
    value = pl.col("unexplained_mass").sum() / _positive(pl.col("gain_with_posts").sum())
    return pl.when(days_covered >= 14).then(value)  # noqa: PLR2004 -- two weeks seen from both sides


@growth_feature(
    frame="bursts",
    unit="0 (halfway between two lots) to 1 (exactly a lot); chance gives 0.5",
    formula="1 - |log₁₀(mass / nearest lot)| / (half the gap between its neighbours), lots 1, 2.5, 5 · 10ᵏ from 100 on",
    suspicious="high",
    reason="the largest burst comes close to a lot size that is sold ({value:.2f}; 1 is an exact match, 0.5 chance)",
    source="105 real offers of Instagram followers: lots of 100, 250, 500, 1,000, 2,500, 5,000, 10,000",
    low=0.0,
    high=1.0,
    min_rows=10,
)
def growth_burst_lot_closeness_ratio() -> pl.Expr:
    """How close the largest burst comes to a lot size that is sold; null where its size is not known within 5 %."""
    position = pl.col("mass").log(10) % 1
    low, high = pl.lit(2.5).log(10), pl.lit(5.0).log(10)
    start = pl.when(position < low).then(0.0).when(position < high).then(low).otherwise(high)
    end = pl.when(position < low).then(low).when(position < high).then(high).otherwise(1.0)
    distance = pl.min_horizontal(position - start, end - position)
    closeness = 1 - distance / ((end - start) / 2)
    is_known = (pl.col("mass_noise") <= 0.05 * pl.col("mass")) & (pl.col("mass") >= 75)  # noqa: PLR2004
    return _of_largest_burst(pl.when(is_known).then(closeness))


@growth_feature(
    frame="bursts",
    unit="days, from 0",
    formula="longest burst whose inner daily gains have a coefficient of variation up to 0.4; 0 without one",
    suspicious="high",
    reason="for {value:.0f} days in a row followers arrived at a raised and nearly constant pace",
    source="deliveries are capped per day (median 800, 24 to 1,000); paid advertising too is steady",
    low=0.0,
    min_rows=14,
)
def growth_plateau_days() -> pl.Expr:
    """Longest run of days with a raised, nearly constant gain; null unless most readings are near-daily."""
    is_even = (pl.col("daily_spread") <= EVEN_SPREAD).fill_null(False)
    longest = pl.col("burst_days").filter(is_even).max().fill_null(0.0)
    return pl.when(pl.col("days").median() <= 2).then(longest)  # noqa: PLR2004 -- near-daily


@growth_feature(
    frame="bursts",
    unit="coefficient of variation, from 0",
    formula="sd / mean of the gains per day inside the largest burst of five or more daily intervals, ends left out",
    suspicious="low",
    reason="inside its largest burst the daily gains varied by only {value:.2f} times their mean",
    source="attention decays after its peak, a capped delivery does not",
    low=0.0,
    min_rows=14,
)
def growth_burst_daily_spread() -> pl.Expr:
    """How unevenly followers arrived inside the largest burst; null without a burst of five days."""
    return _of_largest_burst(pl.col("daily_spread"))


@growth_feature(
    frame="bursts",
    unit="share of the burst, 0 to 1",
    formula="gain above the expected in the second half of the largest burst's days over the whole",
    suspicious="context",
    source="attention decays (below 0.5), a capped delivery runs to its end (0.5)",
    low=0.0,
    high=1.0,
    min_rows=14,
)
def growth_burst_late_share() -> pl.Expr:
    """Share of the largest burst that came in its second half; null without a burst of five days."""
    return _of_largest_burst(pl.col("late_share"))


@growth_feature(
    frame="bursts",
    unit="refills per 30 days, from 0",
    formula="30 · (bursts that begin within 14 days after a drop) / sum(days)",
    suspicious="high",
    reason="{value:.1f} times a month a sudden loss of followers was made up by a burst",
    source="sellers offer refills of what drops",
    low=0.0,
    min_rows=14,
)
def growth_refill_rate_per_month() -> pl.Expr:
    """How often a drop was followed by a burst."""
    return _per_month(pl.col("is_refill").fill_null(False).sum().cast(pl.Float64))


@growth_feature(
    frame="bursts",
    unit="difference of natural logs",
    formula="ln(median likes after / before) - ln(followers after / before) of the largest burst over 5 %",
    suspicious="low",
    reason="after its largest burst of followers engagement did not keep up (log difference {value:.2f}; -0.69: half)",
    source="bought followers do not like: the rate falls by as much as the count rises",
    min_rows=10,
)
def growth_burst_engagement_residual() -> pl.Expr:
    """How far engagement per post kept up with a burst; null without three posts on each side."""
    return _of_largest_burst(pl.col("engagement_residual"))


@growth_feature(
    frame="bursts",
    unit="reversals per 30 days, from 0",
    formula="30 · (moves of the following count against the move before; moves ≥ max(20, 1 %)) / sum(days)",
    suspicious="high",
    reason="{value:.1f} times a month the account turned between following and unfollowing in bulk",
    source="follow/unfollow shows as a saw-tooth of the accounts followed",
    low=0.0,
    min_rows=10,
)
def growth_following_reversal_rate_per_month() -> pl.Expr:
    """How often the account turns between following and unfollowing in bulk; null without ten read intervals."""
    change = pl.col("following_change")
    least = pl.max_horizontal(FOLLOWING_MOVE * pl.col("following_before"), pl.lit(float(FOLLOWING_MOVE_LEAST)))
    moves = change.filter(change.abs() >= least).sign()
    days_read = _positive(pl.col("days").filter(change.is_not_null()).sum())
    reversals = (moves != moves.shift(1)).sum().cast(pl.Float64)
    return pl.when(change.count() >= 10).then(DAYS_PER_MONTH * reversals / days_read)  # noqa: PLR2004
