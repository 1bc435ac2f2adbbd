"""The growth features as polars expressions over polars frames: slow, and what the kernels must equal.

The frames are those of `features.growth_frames`, each value an aggregation over the rows of one account.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import polars as pl

from features.growth import FEWEST_DAYS_COMPARED
from features.kernels.growth import (
    CALM_SHARE,
    COMPARISON_DAYS,
    DAYS_PER_MONTH,
    DAYS_PER_WEEK,
    EVEN_SPREAD,
    EVERYDAY_MOVE,
    FEWEST_POSTS,
    FOLLOWING_MOVE,
    FOLLOWING_MOVE_LEAST,
    GLITCH_FACTOR,
    HALF_LIFE_HORIZON,
    LARGE_BURST,
    LONGEST_MONTH_INTERVAL,
    LONGEST_SHORT_INTERVAL,
    MATERIAL_BURST,
    MATERIAL_LOSS,
    MATURE_HOURS,
    NOISE_WIDTHS,
    POST_DRAW,
    POST_LEAD,
    REFILL_WINDOW,
    RESOLVED_STEPS,
    ROUNDING_STEPS,
    SIGNIFICANT_DIGITS_SHOWN,
    WEEKS_PER_QUARTER,
)
from features.tables import Tables


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

    Added columns: `after_post` (a post on that day or the day before; null where posts were not observed then),
    `recent` (within the account's last 90 days), `follows` (square root of the accounts followed in the
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
        .pipe(_with_post_days, tables)
    )


def _with_post_days(rows: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Add `after_post` to intervals of one day: null outside the time of which posts are known."""
    posts = tables.posts.select("account_id", "observed_at", posted_on=pl.col("posted_at").dt.date())
    posted = posts.select("account_id", "posted_on", has_post=pl.lit(True)).unique()
    key = ["account_id", "date"]
    for column, after in (("on_day", 0), ("day_before", 1)):
        shifted = posted.select("account_id", (pl.col("posted_on") + pl.duration(days=after)).alias("date"), "has_post")
        rows = rows.join(shifted.rename({"has_post": column}), on=key, how="left", maintain_order="left")
    has_post = pl.col("on_day").fill_null(False) | pl.col("day_before").fill_null(False)
    is_known = _within_known_posts("start_date", "date")
    return (
        rows.join(_posts_known(posts), on="account_id", how="left", maintain_order="left")
        .with_columns(after_post=pl.when(is_known).then(has_post))
        .drop("on_day", "day_before", "posts_from", "posts_until")
    )


def _winsorised(column: str) -> pl.Expr:
    """The column with values outside its 5 to 95 % range set to that range: one spike must not be the answer."""
    low = pl.col(column).quantile(0.05, "linear")
    return pl.col(column).clip(low, pl.col(column).quantile(0.95, "linear"))


def weeks(tables: Tables) -> pl.DataFrame:
    """The curve read every seven days; see `_read_every`.

    Added columns: `shift_zscore` (see `_shift_zscore`), `engagement` (likes or, where an account shows none, views
    that the posts of the week drew; null where not all of them are known, or too young).
    """
    rows = _read_every(intervals(tables), DAYS_PER_WEEK, LONGEST_SHORT_INTERVAL)
    return _with_weekly_engagement(rows.with_columns(shift_zscore=_shift_zscore()), _mature_posts(tables))


def _with_weekly_engagement(rows: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    account = "account_id"
    newest = rows.group_by(account).agg(newest=(pl.col("period_end") + _periods_ago_days()).first())
    age = (pl.col("newest") - pl.col("posted_on")).dt.total_days()
    drawn = (
        posts.join(newest, on=account)
        .group_by(account, periods_ago=age // DAYS_PER_WEEK)
        .agg(drawn=pl.col("engagement").cast(pl.Float64).sum(), is_partial=pl.col("engagement").is_null().any())
    )
    is_known = (pl.col("period_end") - pl.duration(days=DAYS_PER_WEEK) >= pl.col("posts_from")) & (
        pl.col("period_end") <= pl.col("posts_until")
    )
    is_whole = ~pl.col("is_partial").fill_null(False)
    return (
        rows.join(drawn, on=[account, "periods_ago"], how="left", maintain_order="left")
        .join(_posts_known(posts), on=account, how="left", maintain_order="left")
        .with_columns(engagement=pl.when(is_known & is_whole).then(pl.col("drawn").fill_null(0.0)))
        .drop("drawn", "is_partial", "posts_from", "posts_until")
    )


def _periods_ago_days() -> pl.Expr:
    return pl.duration(days=DAYS_PER_WEEK * pl.col("periods_ago"))


def months(tables: Tables) -> pl.DataFrame:
    """The curve read every thirty days; see `_read_every`."""
    return _read_every(intervals(tables), DAYS_PER_MONTH, LONGEST_MONTH_INTERVAL)


def _read_every(rows: pl.DataFrame, spacing: int, longest: int) -> pl.DataFrame:
    """The curve at every `spacing` days back from the newest reading, one row per such period, oldest first.

    Counts between two readings at most `longest` days apart are interpolated; a period with an end in a longer
    interval is left out. Columns: `periods_ago`, `period_end` (its last day) and `date` (of the newest reading up to
    then), `count_before`, `count_after`, `change`, `gain`, `loss`, `log_growth`, `rounding`.
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
            + pl.col("change") * (pl.col("to_start") - pl.col("periods_ago") * spacing) / pl.col("days"),
            period_end=pl.col("date") + pl.duration(days=pl.col("to_end") - pl.col("periods_ago") * spacing),
        )
        .with_columns(date=pl.when(pl.col("date") <= pl.col("period_end")).then("date").otherwise("start_date"))
        .sort(account, "periods_ago", descending=[False, True])
        .select(account, "periods_ago", "period_end", "date", "count_after", "rounding")
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
    return pl.when((weeks_until >= 3) & (weeks_after >= 3)).then(value)


def bursts(tables: Tables) -> pl.DataFrame:
    """The intervals of at most ten days, with the account's bursts on them.

    An interval is elevated when its gain passes what the account's calm intervals lead to expect at least twofold, by
    six Poisson deviations and by more than two rounding steps. Consecutive elevated intervals are one burst, if
    together they bring at least 1 % of the followers before. Columns besides those of `intervals`:

    * of every interval: `expected` (gain at the usual pace), `usual_loss` (per day), `drop_loss` (loss beyond the
      usual where it is a drop, else 0), `burst_gain` (gain above the expected, 0 outside bursts), `gain_with_posts`
      (null where posts were not observed), `restored_loss` (part of `drop_loss` that the next burst made good);
    * of the intervals in a burst, null elsewhere: `burst_start`, `is_unexplained` (null where unknown), `is_late`
      (beyond the middle of the run's days), `in_refill` (the burst began within 14 days after a drop);
    * `days_after_burst` from the end of the latest burst to the interval's start, null in it and before the first;
    * of the first interval of each burst, null elsewhere: what `_episodes` and the functions below it tell.
    """
    rows = _elevated(intervals(tables))
    episodes = _episodes(rows)
    episodes = _with_losses(episodes, rows)
    episodes = _with_half_life(episodes, rows)
    posts = _mature_posts(tables)
    episodes = _with_explanation(episodes, posts)
    episodes = _with_engagement(episodes, posts)
    in_burst = episodes.select(
        "account_id",
        "episode",
        burst_start="start_date",
        burst_last_drop="last_drop_date",
        is_unexplained=pl.col("unexplained_mass") > 0,
    )
    window = pl.duration(days=REFILL_WINDOW)
    return (
        rows.join(in_burst, on=["account_id", "episode"], how="left")
        .join(episodes.drop("episode", "last_drop_date"), on=["account_id", "start_date"], how="left")
        .join(_posts_known(posts), on="account_id", how="left")
        .sort("account_id", "date")
        .with_columns(
            burst_gain=pl.when(pl.col("burst_start").is_not_null()).then("excess").otherwise(0.0),
            in_refill=pl.col("burst_start") - pl.col("burst_last_drop") <= window,
            gain_with_posts=pl.when(_within_known_posts("start_date", "date")).then("gain"),
            days_after_burst=_days_after_burst(),
        )
        .pipe(_with_restored_losses)
    )


def _days_after_burst() -> pl.Expr:
    since = pl.col("start_date") - pl.col("end_date").forward_fill().over("account_id")
    since = since.dt.total_days().cast(pl.Float64)
    return pl.when(since >= 0).then(since)


def _with_restored_losses(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `restored_loss`; drops before one burst share its mass, and none counts for two bursts."""
    account = "account_id"
    is_first = pl.col("mass").is_not_null()
    return (
        rows.with_columns(
            next_burst=pl.when(is_first).then("start_date").backward_fill().over(account),
            next_mass=pl.col("mass").backward_fill().over(account),
        )
        .with_columns(
            refillable=pl.when(pl.col("next_burst") - pl.col("date") <= pl.duration(days=REFILL_WINDOW))
            .then("drop_loss")
            .otherwise(0.0)
        )
        .with_columns(refillable_sum=pl.col("refillable").sum().over(account, "next_burst"))
        .with_columns(
            restored_loss=pl.when(pl.col("refillable") > 0)
            .then(pl.col("refillable") * (pl.col("next_mass") / pl.col("refillable_sum")).clip(upper_bound=1))
            .otherwise(0.0)
        )
        .drop("next_burst", "next_mass", "refillable", "refillable_sum")
    )


def _elevated(rows: pl.DataFrame) -> pl.DataFrame:
    """Short intervals with `expected` and `excess` gain, number of the elevated run (`episode`), last drop before.

    `is_late` tells of an elevated interval whether its middle lies in the second half of its run's days.
    """
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
            is_drop=pl.col("loss") - expected_loss > loss_allowance,
        )
        .with_columns(
            drop_date=pl.when("is_drop").then("date"),
            drop_loss=pl.when("is_drop").then(pl.col("loss") - expected_loss).otherwise(0.0),
        )
        .with_columns(
            episode=pl.when("is_elevated").then((pl.col("is_elevated") & ~continues).cum_sum().over(account)),
            last_drop_date=pl.col("drop_date").forward_fill().shift(1).over(account),
        )
        .with_columns(is_late=_is_late())
    )


def _is_late() -> pl.Expr:
    run = ["account_id", "episode"]
    middle = pl.col("days").cum_sum().over(run) - pl.col("days") / 2
    return pl.when(pl.col("episode").is_not_null()).then(middle > pl.col("days").sum().over(run) / 2)


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
    is_resolved = (pl.len() >= 5) & (pl.col("days").max() <= 2)
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
            last_drop_date=pl.col("last_drop_date").first(),
            usual_loss_before=pl.col("usual_loss").first(),
            daily_spread=pl.when(is_resolved).then(inner.std(ddof=0) / inner.mean()),
            late_share=pl.when(is_resolved).then(
                pl.when("is_late").then("excess").otherwise(0.0).sum() / pl.col("excess").sum()
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


def _with_half_life(episodes: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `half_life`: days from the burst's end until half of its mass was lost again, beyond usual losses.

    Within an interval the loss is spread evenly. Null where that took longer than 30 days or was not seen to happen,
    where it happened in an interval over ten days, and where the mass is within ten rounding steps.
    """
    key = ["account_id", "episode"]
    later = episodes.select(*key, "end_date", "mass", "loss_until_end", "usual_loss_before").join(
        rows.select("account_id", "date", "days", "loss", "loss_until", "rounding"), on="account_id"
    )
    until = (pl.col("date") - pl.col("end_date")).dt.total_days().cast(pl.Float64)
    # The mass is only as sure as the step in which the count moves.
    is_resolved = pl.col("mass") > RESOLVED_STEPS * pl.col("rounding")
    missing = (
        pl.col("mass") / 2 + pl.col("usual_loss_before") * until - (pl.col("loss_until") - pl.col("loss_until_end"))
    )
    lost = pl.col("loss") - pl.col("usual_loss_before") * pl.col("days")
    # Days from the moment to the interval's end; longer than the interval where the half went in a gap before it.
    back = -missing / pl.when(lost > 0).then(lost) * pl.col("days")
    halved = (
        later.filter((until > 0) & (until - pl.col("days") < HALF_LIFE_HORIZON) & is_resolved & (missing <= 0))
        .with_columns(half_life=pl.when(back <= pl.col("days")).then(until - back))
        .sort("date")
        .group_by(key, maintain_order=True)
        .agg(pl.col("half_life").first())
        .filter(pl.col("half_life") <= HALF_LIFE_HORIZON)
    )
    return episodes.join(halved, on=key, how="left", maintain_order="left")


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

    Unknown: posts were not observed at the time, or a post in question was too young to tell. `best_draw` and
    `best_draw_on` are the draw and the day of the post that drew most at the time; null where none has a draw.
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
        .agg(
            best_draw=pl.col("draw").max(),
            best_draw_on=pl.col("posted_on").filter(pl.col("draw") == pl.col("draw").max()).min(),
            has_young=(~pl.col("is_mature")).any(),
        )
    )
    is_explained = (pl.col("best_draw") > POST_DRAW).fill_null(False)
    is_unknown = ~_within_known_posts("start_date", "end_date").fill_null(False) | pl.col("has_young").fill_null(False)
    value = pl.when(is_explained).then(0.0).when(~is_unknown).then("mass")
    return (
        episodes.join(near, on=key, how="left", maintain_order="left")
        .join(_posts_known(posts), on="account_id", how="left", maintain_order="left")
        .with_columns(unexplained_mass=value)
        .drop("has_young", "posts_from", "posts_until")
    )


def _with_engagement(episodes: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Add `engagement_residual`: log change of the median post's engagement over a burst, less that of followers.

    `engagement_before` and `engagement_after` are the two medians.

    Posts of the 60 days before the burst against those of the 60 days after it, three of each at least; null for a
    burst under 5 % of the followers, or where a median is zero.
    """
    key = ["account_id", "episode"]
    span = pl.duration(days=COMPARISON_DAYS)
    is_before = pl.col("posted_on").is_between(pl.col("start_date") - span, pl.col("start_date"))
    is_after = pl.col("posted_on").is_between(pl.col("end_date"), pl.col("end_date") + span, closed="right")
    sides = {"before": pl.col("engagement").filter(is_before), "after": pl.col("engagement").filter(is_after)}
    aggregations = {
        name: pl.when((side.count() >= 3) & (side.median() > 0)).then(side.median()) for name, side in sides.items()
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
        .rename({"before": "engagement_before", "after": "engagement_after"})
    )


# --- values ---


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


def _is_recent() -> pl.Expr:
    return pl.col("start_date") >= pl.col("date").max() - pl.duration(days=DAYS_PER_MONTH)


def _highest() -> pl.Expr:
    return pl.max_horizontal(pl.col("count_after").cum_max(), pl.col("count_before").first())


def _following_lost() -> pl.Expr:
    return (-pl.col("following_change") - EVERYDAY_MOVE).clip(lower_bound=0)


def _two_days() -> tuple[pl.Expr, pl.Expr]:
    """Log growth of the day and of the day after within the 5 to 95 % range; null where the day after is not read."""
    low, high = pl.col("log_growth").quantile(0.05, "linear"), pl.col("log_growth").quantile(0.95, "linear")
    tomorrow = pl.col("next_log_growth").clip(low, high)
    return pl.when(tomorrow.is_not_null()).then(pl.col("log_growth").clip(low, high)), tomorrow


def _follows_and_gain() -> tuple[pl.Expr, pl.Expr]:
    return pl.col("follows"), pl.when(pl.col("follows").is_not_null()).then(pl.col("gain").log1p())


def _correlation(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Pearson's, null where one side does not vary; float noise beyond ±1 is cut."""
    left, right = left - left.mean(), right - right.mean()
    # A series of one value has a variance of the order of its own rounding error, not zero.
    spread = _positive((left**2).sum().sqrt() * (right**2).sum().sqrt())
    varies = (left.max() - left.min() > 1e-9) & (right.max() - right.min() > 1e-9)
    return pl.when(varies).then(((left * right).sum() / spread).clip(-1, 1))


def _gain_ranks() -> pl.Expr:
    """Rank of the day's gain among the days of which posts are known, from 1; equal gains share the mean rank."""
    return pl.when(pl.col("after_post").is_not_null()).then("gain").rank()


def _is_last_quarter() -> pl.Expr:
    return pl.col("periods_ago") < WEEKS_PER_QUARTER


def _weekly_ranks() -> tuple[pl.Expr, pl.Expr]:
    """Ranks of the week's gain and of what its posts drew, among the weeks where the latter is known."""
    is_known = pl.col("engagement").is_not_null()
    return pl.when(is_known).then("gain").rank(), pl.when(is_known).then("engagement").rank()


def _mean_by_mass(column: str) -> pl.Expr:
    mass = pl.when(pl.col(column).is_not_null()).then("mass")
    return (mass * pl.col(column)).sum() / _positive(mass.sum())


def _posts_are_known() -> pl.Expr:
    """Whether two weeks of the curve fall in the time of which posts are known."""
    return pl.col("days").filter(pl.col("gain_with_posts").is_not_null()).sum() >= 2 * DAYS_PER_WEEK


def _lot_closeness() -> pl.Expr:
    """Closeness of a burst's mass to the nearest lot; null where its size is not known within 5 %."""
    position = pl.col("mass").log(10) % 1
    low, high = pl.lit(2.5).log(10), pl.lit(5.0).log(10)
    start = pl.when(position < low).then(0.0).when(position < high).then(low).otherwise(high)
    end = pl.when(position < low).then(low).when(position < high).then(high).otherwise(1.0)
    distance = pl.min_horizontal(position - start, end - position)
    closeness = 1 - distance / ((end - start) / 2)
    is_known = (pl.col("mass_noise") <= 0.05 * pl.col("mass")) & (pl.col("mass") >= 75)
    return pl.when(is_known).then(closeness)


def _plateau_length(chosen: pl.Expr) -> pl.Expr:
    """Days of a burst whose inner gains are even, on the first row of the bursts chosen."""
    is_even = (pl.col("daily_spread") <= EVEN_SPREAD).fill_null(False)
    return pl.when(is_even & chosen).then("burst_days")


def _longest_plateau(chosen: pl.Expr) -> pl.Expr:
    is_near_daily = pl.col("days").median() <= 2
    return pl.when(is_near_daily).then(_plateau_length(chosen).max().fill_null(0.0))


def _is_unexplained() -> pl.Expr:
    return pl.col("is_unexplained").fill_null(False)


def _bulk_moves() -> pl.Expr:
    """Direction of a bulk move of the following count, null for a smaller one."""
    change = pl.col("following_change")
    least = pl.max_horizontal(FOLLOWING_MOVE * pl.col("following_before"), pl.lit(float(FOLLOWING_MOVE_LEAST)))
    return pl.when(change.abs() >= least).then(change.sign())


def growth_net_log_rate_per_month() -> pl.Expr:
    return _per_month(pl.col("log_growth").sum())


def growth_recent_acceleration_rate_per_month() -> pl.Expr:
    is_recent = _is_recent()

    def rate(rows: pl.Expr) -> pl.Expr:
        days_covered = _positive(pl.col("days").filter(rows).sum())
        return DAYS_PER_MONTH * pl.col("log_growth").filter(rows).sum() / days_covered

    return rate(is_recent) - rate(~is_recent)


def growth_drawdown_share() -> pl.Expr:
    return (1 - pl.col("count_after") / _highest()).max()


def growth_following_lost_rate_per_month() -> pl.Expr:
    is_read = pl.col("following_change").is_not_null()
    lost = _following_lost().sum()
    days_read = _positive(pl.col("days").filter(is_read).sum())
    mean_following = _positive(pl.col("following_before").filter(is_read).mean())
    return pl.when(is_read.sum() >= 6).then(DAYS_PER_MONTH * lost / days_read / mean_following)


def growth_peak_day_share() -> pl.Expr:
    return _largest_share(pl.col("recent"), fewest=28)


def growth_peak_day_tail_ratio() -> pl.Expr:
    return _lead_of_largest(5)


def growth_losing_day_share() -> pl.Expr:
    return pl.when(_movement_is_visible()).then((pl.col("change") < 0).mean())


def growth_gain_variation_ratio() -> pl.Expr:
    gain = pl.col("gain")
    is_visible = (gain.mean() >= 5) & (pl.col("rounding").max() <= gain.mean())
    return pl.when(is_visible).then((gain.var(ddof=0) - gain.mean()).clip(lower_bound=0).sqrt() / gain.mean())


def growth_day_to_day_correlation() -> pl.Expr:
    is_known = pl.col("next_log_growth").is_not_null()
    today, tomorrow = (side.filter(is_known) for side in _two_days())
    is_enough = is_known.sum() >= 20
    return pl.when(_movement_is_visible() & is_enough).then(_correlation(today, tomorrow))


def growth_weekday_rhythm_share() -> pl.Expr:
    change, count = pl.col("calm_change"), pl.len().cast(pl.Float64)
    total = ((change - change.mean()) ** 2).sum()
    within = ((change - pl.col("weekday_mean")) ** 2).sum()
    return pl.when(_movement_is_visible()).then(1 - within / _positive(total) * (count - 1) / (count - 7))


def growth_follow_back_correlation() -> pl.Expr:
    is_known = pl.col("follows").is_not_null()
    value = _correlation(*(side.filter(is_known) for side in _follows_and_gain()))
    return pl.when(is_known.sum() >= 21).then(value)


def growth_gain_after_posts_correlation() -> pl.Expr:
    after, rank = pl.col("after_post"), _gain_ranks()
    with_post, without = after.sum().cast(pl.Float64), (~after).sum().cast(pl.Float64)
    wins = rank.filter(after).sum() - with_post * (with_post + 1) / 2
    is_enough = pl.min_horizontal(with_post, without) >= FEWEST_DAYS_COMPARED
    varies = rank.max() > rank.min()
    value = 2 * wins / (with_post * without) - 1
    return pl.when(_movement_is_visible() & is_enough & varies).then(value)


def growth_peak_week_tail_ratio() -> pl.Expr:
    return _lead_of_largest(3)


def growth_peak_week_share() -> pl.Expr:
    return _largest_share(_is_last_quarter(), fewest=8)


def growth_weekly_loss_share() -> pl.Expr:
    movement = pl.col("change").abs().sum()
    return pl.when(movement > 2 * pl.col("rounding").max()).then(pl.col("loss").sum() / _positive(movement))


def growth_level_shift_zscore() -> pl.Expr:
    shift = pl.col("shift_zscore")
    return shift.sort_by(shift.abs(), nulls_last=False, maintain_order=True).last()


def growth_weekly_gain_engagement_correlation() -> pl.Expr:
    gain, engagement = (rank.drop_nulls() for rank in _weekly_ranks())
    is_enough = pl.col("engagement").count() >= 8
    return pl.when(_movement_is_visible() & is_enough).then(_correlation(gain, engagement))


def growth_peak_month_ratio() -> pl.Expr:
    gain = pl.col("gain")
    noise = pl.max_horizontal(gain.mean().sqrt(), pl.col("rounding").max(), pl.lit(1.0))
    return pl.when(gain.sum() > 0).then((gain.max() + 3 * noise) / (gain.median() + 3 * noise))


def growth_burst_mass_share() -> pl.Expr:
    return pl.col("burst_gain").sum() / _positive(pl.col("gain").sum())


def growth_burst_lost_7_days_share() -> pl.Expr:
    return _mean_by_mass("lost_7")


def growth_burst_lost_30_days_share() -> pl.Expr:
    return _mean_by_mass("lost_30")


def growth_burst_half_life_days() -> pl.Expr:
    return _of_largest_burst(pl.col("half_life"))


def growth_burst_unexplained_share() -> pl.Expr:
    value = pl.col("unexplained_mass").sum() / _positive(pl.col("gain_with_posts").sum())
    return pl.when(_posts_are_known()).then(value)


def growth_burst_lot_closeness_ratio() -> pl.Expr:
    return _of_largest_burst(_lot_closeness())


def growth_plateau_days() -> pl.Expr:
    return _longest_plateau(pl.lit(True))


def growth_plateau_unexplained_days() -> pl.Expr:
    return pl.when(_posts_are_known()).then(_longest_plateau(_is_unexplained()))


def growth_burst_daily_spread() -> pl.Expr:
    return _of_largest_burst(pl.col("daily_spread"))


def growth_burst_late_share() -> pl.Expr:
    return _of_largest_burst(pl.col("late_share"))


def growth_refill_rate_per_month() -> pl.Expr:
    is_first = pl.col("mass").is_not_null()
    return _per_month((is_first & pl.col("in_refill").fill_null(False)).sum().cast(pl.Float64))


def growth_drop_rate_per_month() -> pl.Expr:
    return _per_month((pl.col("drop_loss") / pl.col("count_before")).sum())


def growth_drop_restored_share() -> pl.Expr:
    return pl.col("restored_loss").sum() / _positive(pl.col("drop_loss").sum())


def growth_burst_engagement_residual() -> pl.Expr:
    return _of_largest_burst(pl.col("engagement_residual"))


def growth_following_reversal_rate_per_month() -> pl.Expr:
    change = pl.col("following_change")
    moves = _bulk_moves().drop_nulls()
    days_read = _positive(pl.col("days").filter(change.is_not_null()).sum())
    reversals = (moves != moves.shift(1)).sum().cast(pl.Float64)
    return pl.when(change.count() >= 10).then(DAYS_PER_MONTH * reversals / days_read)


FRAMES: dict[str, Callable[[Tables], pl.DataFrame]] = {
    "intervals": intervals,
    "days": days,
    "weeks": weeks,
    "months": months,
    "bursts": bursts,
}

VALUES: dict[str, Callable[[], pl.Expr]] = {
    "growth_net_log_rate_per_month": growth_net_log_rate_per_month,
    "growth_recent_acceleration_rate_per_month": growth_recent_acceleration_rate_per_month,
    "growth_drawdown_share": growth_drawdown_share,
    "growth_following_lost_rate_per_month": growth_following_lost_rate_per_month,
    "growth_peak_day_share": growth_peak_day_share,
    "growth_peak_day_tail_ratio": growth_peak_day_tail_ratio,
    "growth_losing_day_share": growth_losing_day_share,
    "growth_gain_variation_ratio": growth_gain_variation_ratio,
    "growth_day_to_day_correlation": growth_day_to_day_correlation,
    "growth_weekday_rhythm_share": growth_weekday_rhythm_share,
    "growth_follow_back_correlation": growth_follow_back_correlation,
    "growth_gain_after_posts_correlation": growth_gain_after_posts_correlation,
    "growth_peak_week_tail_ratio": growth_peak_week_tail_ratio,
    "growth_peak_week_share": growth_peak_week_share,
    "growth_weekly_loss_share": growth_weekly_loss_share,
    "growth_level_shift_zscore": growth_level_shift_zscore,
    "growth_weekly_gain_engagement_correlation": growth_weekly_gain_engagement_correlation,
    "growth_peak_month_ratio": growth_peak_month_ratio,
    "growth_burst_mass_share": growth_burst_mass_share,
    "growth_burst_lost_7_days_share": growth_burst_lost_7_days_share,
    "growth_burst_lost_30_days_share": growth_burst_lost_30_days_share,
    "growth_burst_half_life_days": growth_burst_half_life_days,
    "growth_burst_unexplained_share": growth_burst_unexplained_share,
    "growth_burst_lot_closeness_ratio": growth_burst_lot_closeness_ratio,
    "growth_plateau_days": growth_plateau_days,
    "growth_plateau_unexplained_days": growth_plateau_unexplained_days,
    "growth_burst_daily_spread": growth_burst_daily_spread,
    "growth_burst_late_share": growth_burst_late_share,
    "growth_refill_rate_per_month": growth_refill_rate_per_month,
    "growth_drop_rate_per_month": growth_drop_rate_per_month,
    "growth_drop_restored_share": growth_drop_restored_share,
    "growth_burst_engagement_residual": growth_burst_engagement_residual,
    "growth_following_reversal_rate_per_month": growth_following_reversal_rate_per_month,
}
