"""Tables by part of the accounts: segments, benign stories, schemes and doses, each share with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from models.evaluation.metrics import BoolArray, FloatArray, flagged_at
from models.evaluation.reliability import noise_floor, ranking_and_calibration
from models.evaluation.resampling import Interval, Sample
from models.thresholds import VERDICTS

DOSE_EDGES = (0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Edges of the dose-response table; the label's own border, 0.1, is one of them."""

SIZE_TIERS = (1_000, 10_000, 50_000, 100_000, 500_000)
"""Follower counts between tiers, as in the tables of engagement by size, where no others are given. The trade does not
agree: it calls micro anything from 1-10k over 10-50k to 1-100k."""

THOUSAND, MILLION = 1_000, 1_000_000

ROW_EDGES = (30, 100, 300, 1_000)
"""Readings, posts and comments of an account together, between the segments of how much was observed; assumed."""

RHYTHMS = {"daily": (1, 1), "weekly": (6, 8), "monthly": (28, 31)}
"""Days between readings that a rhythm has, at the median."""

GAPS_ALLOWED = 1.25
"""Mean over median days between readings up to which a rhythm is kept: a fifth of them may be missing; assumed."""

FALSE_POSITIVES = 0.01
"""Share of all genuine accounts that the pooled threshold of the segment tables flags."""


# --- what an account belongs to ---------------------------------------------------------------------------------------


def headline_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the headline figures: without doses under 10 % (a scheme is named, the label is false)."""
    return frame.filter(is_headline_row())


def is_headline_row() -> pl.Expr:
    """Whether a row is of the headline figures."""
    return pl.col("is_inauthentic") | pl.col("scheme").is_null()


def range_names(edges: Sequence[int]) -> tuple[str, ...]:
    """Names of the ranges between rising edges, such as `under 1k`, `1k-10k` and `10k and more`."""
    short = [_short(edge) for edge in edges]
    between = (f"{low}-{high}" for low, high in pairwise(short))
    return (f"under {short[0]}", *between, f"{short[-1]} and more")


def _short(count: int) -> str:
    for size, letter in ((MILLION, "m"), (THOUSAND, "k")):
        if count >= size and count % size == 0:
            return f"{count // size}{letter}"
    return str(count)


SIZE_NAMES = range_names(SIZE_TIERS)
"""Names of the tiers of `SIZE_TIERS`."""


def size_tier(column: str = "follower_count", tiers: Sequence[int] = SIZE_TIERS) -> pl.Expr:
    """The account's size tier as text, null where the count is; `size_tier` is the column's name."""
    return in_range(pl.col(column), tiers).alias("size_tier")


def in_range(value: pl.Expr, edges: Sequence[int]) -> pl.Expr:
    """The name of the range that a value lies in, a range holding its lower edge; null where the value is."""
    names = range_names(edges)
    result = pl.lit(names[-1])
    for limit, name in zip(reversed(edges), reversed(names[:-1]), strict=True):
        result = pl.when(value < limit).then(pl.lit(name)).otherwise(result)
    return pl.when(value.is_not_null()).then(result)


def reading_rhythm(followers_daily: pl.DataFrame) -> pl.DataFrame:
    """`account_id` and `reading_rhythm` (daily, weekly, monthly, irregular) of accounts with two readings and more."""
    days = pl.col("date").unique().sort().diff().dt.total_days()
    spacing = followers_daily.group_by("account_id").agg(median=days.median(), mean=days.mean()).drop_nulls()
    rhythm = pl.lit("irregular")
    for name, (low, high) in RHYTHMS.items():
        kept = pl.col("median").is_between(low, high) & (pl.col("mean") <= GAPS_ALLOWED * pl.col("median"))
        rhythm = pl.when(kept).then(pl.lit(name)).otherwise(rhythm)
    return spacing.select("account_id", reading_rhythm=rhythm).sort("account_id")


# --- tables -----------------------------------------------------------------------------------------------------------


def segment_table(sample: Sample, by: str) -> list[dict[str, Any]]:
    """Per value of column `by`: what the model and the verdicts are worth there, over the headline accounts.

    One row a value, sorted, the accounts without a value last under None. Keys: `segment`, `accounts`,
    `genuine_accounts`, `inauthentic_accounts`, `cohorts`; over accounts with a verdict `auc` and `calibration` (the
    expected calibration error), `calibration_noise_floor`, `difference` (share inauthentic less mean probability), and
    `found_share` and `flagged_share`, the inauthentic and genuine accounts beyond the one threshold that flags 1 % of
    all genuine ones; and for each class and verdict `<class>_<verdict>_share`. All but counts and the noise floor come
    with `_lower` and `_upper`.

    The sample holds `probability` at the share inauthentic of the accounts at hand, null without a verdict.
    """
    headline, inauthentic = sample.where(is_headline_row()), sample.where(pl.col("is_inauthentic"))
    told = headline & sample.where(pl.col("probability").is_not_null())
    probability = sample.frame["probability"].fill_null(0.0).to_numpy()
    flagged = np.zeros(len(told), dtype=bool)
    flagged[told] = flagged_at(inauthentic[told], probability[told], FALSE_POSITIVES)
    rows = []
    for segment in _values(sample.frame.filter(headline), by):
        members = headline & sample.where(pl.col(by).eq_missing(pl.lit(segment)))
        area, error = ranking_and_calibration(sample, inauthentic, probability, members & told)
        row: dict[str, Any] = {
            "segment": segment,
            "accounts": int(members.sum()),
            "genuine_accounts": int((members & ~inauthentic).sum()),
            "inauthentic_accounts": int((members & inauthentic).sum()),
            "cohorts": sample.cohorts(members),
            **_flat("auc", area, ""),
            **_flat("calibration", error, ""),
            "calibration_noise_floor": noise_floor(probability[members & told]),
            **_flat("difference", _difference(sample, inauthentic, probability, members & told), ""),
            **_flat("found", sample.share(flagged, members & told & inauthentic)),
            **_flat("flagged", sample.share(flagged, members & told & ~inauthentic)),
        }
        for name, part in (("genuine", members & ~inauthentic), ("inauthentic", members & inauthentic)):
            for verdict in VERDICTS:
                row |= _judged(sample, f"{name}_{verdict}", part, verdict)
        rows.append(row)
    return rows


def story_table(sample: Sample) -> list[dict[str, Any]]:
    """Per benign story: genuine accounts, and the shares of them rejected, reviewed and not judged.

    Accounts without a story stand under None, last: what the stories are to be compared with.
    """
    genuine = sample.where(is_headline_row() & ~pl.col("is_inauthentic"))
    rows = []
    for story in _values(sample.frame.filter(genuine), "benign_story", separated=True):
        members = genuine & _holds(sample, "benign_story", story)
        row = {"story": story, "accounts": int(members.sum())}
        for verdict in ("reject", "review", "insufficient_data"):
            row |= _judged(sample, verdict, members, verdict)
        rows.append(row)
    return rows


def scheme_table(sample: Sample) -> list[dict[str, Any]]:
    """Per scheme: inauthentic accounts, and the shares rejected and flagged (rejected or reviewed).

    An account that mixes schemes counts for each of them; `mixed_accounts` says how many of a row do.
    """
    bought = sample.where(pl.col("is_inauthentic"))
    mixed = sample.where(pl.col("scheme").str.contains("+", literal=True))
    rows = []
    for scheme in _values(sample.frame.filter(bought), "scheme", separated=True):
        members = bought & _holds(sample, "scheme", scheme)
        row = {"scheme": scheme, "accounts": int(members.sum()), "mixed_accounts": int((members & mixed).sum())}
        rows.append(row | _rejected_and_flagged(sample, members))
    return rows


def dose_table(sample: Sample) -> list[dict[str, Any]]:
    """Per scheme, and for `any`, and per dose from 3 % up: accounts, and the shares rejected and flagged.

    The dose is the larger of the two inauthentic shares; accounts with neither known are left out. A bin includes
    its lower edge; the last includes both. Doses under 10 % are the ones that the headline leaves out.
    """
    bought = sample.where(pl.col("scheme").is_not_null())
    schemes = _values(sample.frame.filter(bought), "scheme", separated=True)
    parts = {"any": bought} | {scheme: bought & _holds(sample, "scheme", scheme) for scheme in schemes}
    dose = _doses(sample)
    rows = []
    for scheme, members in parts.items():
        for low, high in pairwise(DOSE_EDGES):
            chosen = members & (dose >= low) & (dose <= high if high == DOSE_EDGES[-1] else dose < high)
            row = {"scheme": scheme, "dose_from": low, "dose_to": high, "accounts": int(chosen.sum())}
            rows.append(row | _rejected_and_flagged(sample, chosen))
    return rows


def _difference(sample: Sample, labels: BoolArray, probability: FloatArray, among: BoolArray) -> Interval:
    return sample.ratio(np.where(among, labels - probability, 0.0), among.astype(np.float64))


def _doses(sample: Sample) -> FloatArray:
    dose = pl.max_horizontal("inauthentic_follower_share", "inauthentic_engagement_share").cast(pl.Float64)
    return sample.frame.select(dose.fill_null(float("nan"))).to_series().to_numpy()


def _values(frame: pl.DataFrame, column: str, *, separated: bool = False) -> list[Any]:
    """Distinct values, sorted, null last; of a `+`-joined column each name by itself."""
    values = frame[column]
    if separated:
        values = frame.select(pl.col(column).str.split("+")).explode(column, empty_as_null=True)[column]
    return values.unique().sort(nulls_last=True).to_list()


def _holds(sample: Sample, column: str, name: str | None) -> BoolArray:
    """Accounts whose `+`-joined column names `name`; those with nothing in it for None."""
    if name is None:
        return sample.where(pl.col(column).is_null())
    return sample.where(pl.col(column).str.split("+").list.contains(name))


def _rejected_and_flagged(sample: Sample, members: BoolArray) -> dict[str, float | None]:
    return _judged(sample, "reject", members, "reject") | _judged(sample, "flagged", members, "reject", "review")


def _judged(sample: Sample, name: str, members: BoolArray, *verdicts: str) -> dict[str, float | None]:
    return _flat(name, sample.share(sample.where(pl.col("verdict").is_in(verdicts)), members))


def _flat(name: str, found: Interval, suffix: str = "_share") -> dict[str, float | None]:
    return {f"{name}{suffix}": found["value"], f"{name}_lower": found["lower"], f"{name}_upper": found["upper"]}
