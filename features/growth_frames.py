"""The follower curve as frames: what the growth features are about, and how one row of each is put into words.

Readings may be daily, weekly, monthly or irregular, exact or rounded, and the frames are made so that a value means
the same in each or is null:

* `intervals`: one row per pair of consecutive readings, whatever the sampling; rates are weighted by days.
* `days`: the intervals of exactly one day; null for coarser sampling.
* `weeks`, `months`: the curve read every 7 or 30 days back from the newest reading, interpolated inside short
  intervals only; the same for daily and weekly sampling.
* `bursts`: the intervals of at most ten days, with the account's bursts marked on them.

Counts that a platform rounds move in steps: `rounding` is the account's own step (0 for exact counts), and one step
never counts as a spike. Small counts scatter: every threshold allows for the square root of the expected gain.

`features.kernels.growth` walks the readings; its rows become frames here, for the evidence, and its totals, counted in
the same walk without the rows being kept, are what the values are made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from features.context import ACCOUNT, with_account_context
from features.kernels import growth as kernels
from features.tables import Tables
from features.wording import grouped

DATES = frozenset({"start_date", "date", "period_end", "burst_start", "end_date", "best_draw_on", "last_drop_date"})
FLAGS = frozenset({"recent", "after_post", "is_late"})
WHOLE_NUMBERS = frozenset({"periods_ago", "burst", "first_row", "last_row"})
"""Columns of the kernels that are no measure; the others are Float64."""


def intervals(tables: Tables) -> pl.DataFrame:
    """One row per pair of consecutive readings of an account, by `account` and `date`.

    Columns: `start_date` and `date` (the two readings), `days` between them, `count_before`, `count_after`, `change`,
    `gain` and `loss` (both ≥ 0), `gain_per_day`, `log_growth` (natural), `rounding` (step of the shown count, 0 if
    exact), `following_before` and `following_change` (null where not read).
    """
    tables = with_account_context(tables)
    return tables.once("growth_frames/intervals", lambda: _intervals(tables))


def _intervals(tables: Tables) -> pl.DataFrame:
    lengths, found = kernels.interval_rows(_curves(tables))
    return (
        _of_accounts(tables, lengths)
        .hstack(_columns(kernels.INTERVAL_COLUMNS, found))
        .drop("loss_until")
        .with_columns(_gain(), _loss())
        .with_columns(gain_per_day=pl.col("gain") / pl.col("days"))
    )


def _gain() -> pl.Expr:
    return pl.col("change").clip(lower_bound=0).alias("gain")


def _loss() -> pl.Expr:
    return (-pl.col("change")).clip(lower_bound=0).alias("loss")


def days(tables: Tables) -> pl.DataFrame:
    """The intervals of one day, with what the day-scale features need besides.

    Added columns: `after_post` (a post on that day or the day before; null where posts were not observed then),
    `recent` (within the account's last 90 days), `follows` (square root of the accounts followed in the
    seven days before, null where one of them was not read), `calm_change` (change within its 5 to 95 % range),
    `weekday_mean` (of `calm_change`), `next_log_growth` (null where the day after is not read).
    """
    tables = with_account_context(tables)
    _, found = _rows(tables, kernels.DAILY)
    return _up_to(intervals(tables), 1).hstack(_columns(kernels.DAY_COLUMNS, found))


def weeks(tables: Tables) -> pl.DataFrame:
    """The curve read every seven days; see `_periods`.

    Added columns: `shift_zscore` (how far mean weekly log growth before and after this week differ, in standard
    errors; null within 3 of an end), `engagement` (likes or, where an account shows none, views that the posts of the
    week drew; null where not all of them are known, or too young).
    """
    return _periods(tables, kernels.WEEKLY)


def months(tables: Tables) -> pl.DataFrame:
    """The curve read every thirty days; see `_periods`."""
    return _periods(tables, kernels.MONTHLY).drop("shift_zscore", "engagement")


def _periods(tables: Tables, which: int) -> pl.DataFrame:
    """The curve at every 7 or 30 days back from the newest reading, one row per such period, oldest first.

    Counts between two readings at most 10 or 40 days apart are interpolated; a period with an end in a longer
    interval is left out. Columns: `periods_ago`, `period_end` (its last day) and `date` (of the newest reading up to
    then), `count_before`, `count_after`, `change`, `gain`, `loss`, `log_growth`, `rounding`.
    """
    tables = with_account_context(tables)
    lengths, found = _rows(tables, which)
    return _of_accounts(tables, lengths).hstack(_columns(kernels.PERIOD_COLUMNS, found)).with_columns(_gain(), _loss())


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
    * of the first interval of each burst, null elsewhere: `end_date`, `burst_days`, `burst_count_before`,
      `burst_count_after`, `mass` (gain above the expected), `mass_noise` (how far that may be off), `daily_spread`
      (coefficient of variation of the gains per day without the first and last interval, null under five daily
      intervals), `late_share` (share of the mass in the second half of the days, null likewise), `lost_7` and
      `lost_30` (shares of the mass lost within so many days after), `half_life`, `best_draw` and `best_draw_on`,
      `unexplained_mass`, `engagement_before`, `engagement_after`, `engagement_residual`, `lot_closeness`: see the
      functions of `features.kernels.growth` that make them.
    """
    tables = with_account_context(tables)
    _, found = _rows(tables, kernels.STEADY)
    of_burst = _columns(kernels.EPISODE_COLUMNS, _rows(tables, kernels.BURSTS)[1])
    window = pl.duration(days=kernels.REFILL_WINDOW)
    of_rows = of_burst.select(
        "burst_start",
        is_unexplained=pl.col("unexplained_mass") > 0,
        in_refill=pl.col("burst_start") - pl.col("last_drop_date") <= window,
    )
    rows = _up_to(intervals(tables), kernels.LONGEST_SHORT_INTERVAL).hstack(_columns(kernels.BURST_COLUMNS, found))
    return (
        rows.hstack(of_rows.select(pl.all().gather(rows["burst"])))
        .with_columns(burst_gain=pl.when(pl.col("burst").is_not_null()).then("excess").otherwise(0.0))
        .with_row_index("row")
        .join(
            of_burst.drop("burst_start", "last_row", "last_drop_date"),
            left_on=pl.col("row").cast(pl.Int64),
            right_on="first_row",
            how="left",
            maintain_order="left",
        )
        .drop("row", "burst", "excess", "first_row", strict=False)
    )


# --- totals -----------------------------------------------------------------------------------------------------------


def interval_totals(tables: Tables) -> pl.DataFrame:
    """One row an account: `account` and `kernels.INTERVAL_TOTALS`, Float64; 0 rows where there are none."""
    return _totals(tables, "intervals")


def day_totals(tables: Tables) -> pl.DataFrame:
    """One row an account: `account` and `kernels.DAY_TOTALS`."""
    return _totals(tables, "days")


def week_totals(tables: Tables) -> pl.DataFrame:
    """One row an account: `account` and `kernels.WEEK_TOTALS`."""
    return _totals(tables, "weeks")


def month_totals(tables: Tables) -> pl.DataFrame:
    """One row an account: `account` and `kernels.MOVEMENT_TOTALS`."""
    return _totals(tables, "months")


def burst_totals(tables: Tables) -> pl.DataFrame:
    """One row an account: `account` and `kernels.BURST_TOTALS`."""
    return _totals(tables, "bursts")


def _totals(tables: Tables, name: str) -> pl.DataFrame:
    tables = with_account_context(tables)
    return tables.once("growth_frames/totals", lambda: _all_totals(tables))[name]


def _all_totals(tables: Tables) -> dict[str, pl.DataFrame]:
    columns = {
        "intervals": kernels.INTERVAL_TOTALS,
        "days": kernels.DAY_TOTALS,
        "weeks": kernels.WEEK_TOTALS,
        "months": kernels.MOVEMENT_TOTALS,
        "bursts": kernels.BURST_TOTALS,
    }
    found, _, _ = kernels.walk(_curves(tables), _posts(tables), keeps_rows=False)
    account = tables.accounts.select(ACCOUNT)
    return {
        name: account.hstack(_columns(columns[name], of_accounts.T))
        for name, of_accounts in zip(columns, found, strict=True)
    }


def _rows(tables: Tables, which: int) -> tuple[Any, Any]:
    """How many of such rows each account has, and the rows."""
    _, lengths, rows = tables.once(
        "growth_frames/rows", lambda: kernels.walk(_curves(tables), _posts(tables), keeps_rows=True)
    )
    return lengths[which], rows[which][:, : lengths[which].sum()]


# --- to the kernels and back ------------------------------------------------------------------------------------------


def _curves(tables: Tables) -> kernels.Curves:
    readings = tables.followers_daily
    return kernels.Curves(
        _offsets(readings, tables.accounts),
        _array(readings["date"].to_physical()),
        _array(readings["follower_count"]),
        _array(readings["following_count"].cast(pl.Float64)),
    )


def _posts(tables: Tables) -> kernels.Posts:
    posts = tables.posts
    return kernels.Posts(
        _offsets(posts, tables.accounts),
        _instants(posts["posted_at"]),
        _instants(posts["observed_at"]),
        _array(posts["like_count"].cast(pl.Float64)),
        _array(posts["view_count"].cast(pl.Float64)),
        _instants(tables.accounts["newest_at"]),
    )


def _offsets(table: pl.DataFrame, accounts: pl.DataFrame) -> Any:
    """Where the rows of each account begin, and after the last of them the number of rows."""
    starts = table[ACCOUNT].search_sorted(accounts[ACCOUNT], side="left").to_numpy()
    return _read_only(np.append(starts, table.height).astype(np.int64))


def _instants(instants: pl.Series) -> Any:
    return _array(instants.to_physical().fill_null(kernels.NULL_INSTANT))


def _array(series: pl.Series) -> Any:
    """The values as one array, a null of a float as NaN."""
    return _read_only(series.rechunk().to_numpy())


def _read_only(array: Any) -> Any:
    """What polars lends may not be written to, and what it copies may: to numba these are two types, compiled twice."""
    array.setflags(write=False)
    return array


def _of_accounts(tables: Tables, lengths: Any) -> pl.DataFrame:
    """`account` and `account_id` of rows of which each account has so many."""
    rows = np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)
    named = tables.accounts.select(ACCOUNT, "account_id")[rows]
    return named.with_columns(pl.col(ACCOUNT).set_sorted())


def _up_to(rows: pl.DataFrame, longest: int) -> pl.DataFrame:
    return rows.filter(pl.col("days") <= longest).with_columns(pl.col(ACCOUNT).set_sorted())


def _columns(names: Sequence[str], rows: Any) -> pl.DataFrame:
    """A kernel's rows as columns: NaN as null, dates, flags and whole numbers as such."""
    return pl.DataFrame([_column(name, row) for name, row in zip(names, rows, strict=True)])


def _column(name: str, row: Any) -> pl.Series:
    column = pl.Series(name, row, nan_to_null=True)
    if name in DATES:
        return column.cast(pl.Int32).cast(pl.Date)
    if name in FLAGS:
        return column.cast(pl.Boolean)
    return column.cast(pl.Int64) if name in WHOLE_NUMBERS else column


# --- a row in words ---------------------------------------------------------------------------------------------------


def interval_text() -> pl.Expr:
    """A row of `intervals`: "2024-01-03: 1,200 to 2,700 followers (+1,500); followed 900 to 960 accounts (+60)"."""
    followed = pl.col("following_change").abs() > kernels.EVERYDAY_MOVE
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
