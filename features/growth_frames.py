"""The follower curve as frames: what the growth features aggregate, and how one row of each is put into words.

Readings may be daily, weekly, monthly or irregular, exact or rounded, and the frames are made so that a value means
the same in each or is null:

* `intervals`: one row per pair of consecutive readings, whatever the sampling; rates are weighted by days.
* `days`: the intervals of exactly one day; null for coarser sampling.
* `weeks`, `months`: the curve read every 7 or 30 days back from the newest reading, interpolated inside short
  intervals only; the same for daily and weekly sampling.
* `bursts`: the intervals of at most ten days, with the account's bursts marked on them.

Counts that a platform rounds move in steps: `rounding` is the account's own step (0 for exact counts), and one step
never counts as a spike. Small counts scatter: every threshold allows for the square root of the expected gain.
"""

from __future__ import annotations

import math

import polars as pl

from features.tables import Tables
from features.wording import grouped

GLITCH_FACTOR = 10
"""A reading this many times above or below both neighbours is a tracker's fault: nobody gains and loses nine tenths."""

SIGNIFICANT_DIGITS_SHOWN = 3
"""Platforms that round show three digits (YouTube: 87 % of daily differences are exactly zero)."""

DAYS_PER_WEEK = 7
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

HALF_LIFE_HORIZON = 30
"""Days after a burst within which its decay is looked for: cheap lots lose 75 % in a month. Without an end everyday
losses halve any burst in time: simulated genuine accounts then had a median of 49 days."""

EVERYDAY_MOVE = 2
"""Accounts followed or given up in a day that are not worth a word; assumed."""

RESOLVED_STEPS = 10
"""Rounding steps that a burst must hold for its halves to be told apart."""


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
    return pl.when((weeks_until >= 3) & (weeks_after >= 3)).then(value)  # noqa: PLR2004 -- three weeks make a mean


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
        .rename({"before": "engagement_before", "after": "engagement_after"})
    )


# --- a row in words ---------------------------------------------------------------------------------------------------


def interval_text() -> pl.Expr:
    """A row of `intervals`: "2024-01-03: 1,200 to 2,700 followers (+1,500); followed 900 to 960 accounts (+60)"."""
    followed = pl.col("following_change").abs() > EVERYDAY_MOVE
    moved = _change_text(pl.col("following_before"), pl.col("following_before") + pl.col("following_change"), "")
    return pl.concat_str(
        _when("start_date", pl.col("date"), pl.col("days")),
        _change_text(pl.col("count_before"), pl.col("count_after"), " followers"),
        pl.when(followed).then(pl.format("; follows {}", moved)).fill_null(""),
    )


def day_text() -> pl.Expr:
    """A row of `days`: as `interval_text`, and whether a post preceded."""
    after, without = pl.lit("; a post that day or the day before"), pl.lit("; no post that day or the day before")
    known = pl.when("after_post").then(after).when(~pl.col("after_post")).then(without)
    return pl.concat_str(interval_text(), known.fill_null(""))


def week_text() -> pl.Expr:
    """A row of `weeks`: "week to 2024-01-10: 1,200 to 1,400 followers (+200); its posts drew 5,300 likes or views"."""
    drew = pl.format("; its posts drew {} likes or views", grouped(pl.col("engagement")))
    drew = pl.when(pl.col("engagement") > 0).then(drew).otherwise(pl.lit("; no likes or views on posts of that week"))
    drew = pl.when(pl.col("engagement").is_not_null()).then(drew)
    return pl.concat_str(pl.lit("week to "), _period_text(), drew.fill_null(""))


def month_text() -> pl.Expr:
    """A row of `months`: "30 days to 2024-01-31: 1,200 to 1,900 followers (+700)"."""
    return pl.concat_str(pl.lit("30 days to "), _period_text())


def burst_text() -> pl.Expr:
    """A row of `bursts`: as `interval_text`; in a burst the usual gain, at its start how engagement changed."""
    usual = pl.format("; {} expected at the usual pace", grouped(pl.col("expected")))
    before, after = grouped(pl.col("engagement_before")), grouped(pl.col("engagement_after"))
    moved = pl.format("; median likes or views of posts {} before and {} after", before, after)
    has_usual, has_moved = pl.col("burst_start").is_not_null(), pl.col("engagement_residual").is_not_null()
    return pl.concat_str(
        interval_text(), pl.when(has_usual).then(usual).fill_null(""), pl.when(has_moved).then(moved).fill_null("")
    )


def _when(start: str, end: pl.Expr, days_covered: pl.Expr) -> pl.Expr:
    span = pl.format("{} to {}: ", pl.col(start).cast(pl.String), end.cast(pl.String))
    return pl.when(days_covered == 1).then(pl.format("{}: ", end.cast(pl.String))).otherwise(span)


def _period_text() -> pl.Expr:
    moved = _change_text(pl.col("count_before"), pl.col("count_after"), " followers")
    return pl.format("{}: {}", pl.col("period_end").cast(pl.String), moved)


def _change_text(before: pl.Expr, after: pl.Expr, noun: str) -> pl.Expr:
    # The difference of the two numbers shown, which for interpolated counts may be off the rounded difference.
    change = after.round() - before.round()
    sign = pl.when(change > 0).then(pl.lit("+")).otherwise(pl.lit(""))
    return pl.concat_str(
        grouped(before), pl.lit(" to "), grouped(after), pl.lit(f"{noun} ("), sign, grouped(change), pl.lit(")")
    )
