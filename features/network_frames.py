"""What only shows across accounts: who comments where, with whom, and on which days everybody lost followers.

Three steps, so that no step holds more than a few numbers per comment of the folder:

1. `sightings`: the tables of some accounts (a bucket) made narrow. Ids become numbers by a keyed hash at once; only
   whether two of them are equal is used afterwards, so that no value depends on the key.
2. `survey`: the sightings of all observed accounts, put together once.
3. `with_network`: what the survey says, put beside the rows of the tables it came from. The frames below are then a
   matter of each account's own rows, like those of every other group.

An account is observed where it is in the folder or in the reference. Identities are told apart by platform and id. The
owner's own comments and those of unknown authors take no part; a comment without an instant takes part in everything
but lockstep. Ids of a simulated cohort are drawn per account: nothing here means anything on them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from features.growth_frames import intervals
from features.kernels.growth import LONGEST_SHORT_INTERVAL, MATERIAL_LOSS, ROUNDING_STEPS
from features.tables import Tables

FEWEST_ACCOUNTS = 500
"""Observed accounts below which every value is null: in a small folder nearly nobody can be seen twice."""

WIDE_LEAST = 5
"""Accounts that a commenter may be seen on in any folder without being unusual; assumed: fans follow a few creators of
one niche."""

WIDE_QUANTILE = 0.9
"""Of an account's commenters by the accounts they are seen on: the devoted tenth, where honest overlap is largest."""

WIDE_FACTOR = 2.0
"""Times the median account's devoted commenters from which a spread is unusual; assumed. The median over accounts
holds until half of them are bought, which no quantile over commenters does: one farm may outnumber all fans."""

FEWEST_COMMENTERS = 10
"""Commenters of an account below which its share of them is not formed."""

LOCKSTEP_MINUTES = 10
"""How near two comments are to count as a meeting; assumed: members react at once, 100 to 500 a day are delivered."""

LOCKSTEP_ACCOUNTS = 3
"""Different accounts two people must meet under: friends of one creator meet there often, and honestly."""

NEIGHBOURS = 10
"""Next comments of a post that one is compared with: bounds the pairs by ten times the comments, however many come
at once. Of a group of fifty a third of the meetings remain, and each member has forty-nine to meet."""

CHANCE_LEVEL = 1e-6
"""Probability of so many meetings by chance up to which a pair is in lockstep: a folder holds millions of pairs."""

UNKNOWN_PAIRS = 100.0
"""Pairs of comments that stand for an unknown tempo, one of them a meeting: thirty posts, a third within minutes of
each other; assumed, on the high side, so that what is not known does not accuse."""

MOST_TIED_ACCOUNTS = 50
"""Accounts above which a commenter ties no two of them. Pairs grow with the square; with this, the work is at most
fifty times the comments. One on a thousand accounts says little of any two, and is seen to be wide anyway."""

ROWS_AT_ONCE = 1_000_000
"""Rows of (account, commenter, other account) held at a time."""

BIGGEST_DROPS = 3
"""Drops of an account that are looked at: its largest."""

FEWEST_OF_PLATFORM = 30
"""Accounts of a platform read across a day from which the share that fell is formed: half of them is 0.5 +- 0.09."""

_SECONDS_PER_POST = 1 << 33
"""More than any instant in seconds (until 2100) and the window: keeps the times of different posts apart."""

COMMENTER_COLUMNS = (
    "commenter_comments",
    "commenter_accounts",
    "is_wide",
    "is_creator",
    "is_mutual",
    "mates",
    "meetings",
    "ties",
)
"""Columns that `with_network` adds to `comments`; `fallen_share` is added to `followers_daily`."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """The narrow form of some tables, all ids hashed.

    Attributes:
        accounts: `account`, `platform`.
        comments: `account`, `person`, `post` (number within the account), `at` (seconds since 1970, null: unknown),
            `row` (number within the account, by `comment_id`); others' comments of known author alone.
        days: `platform`, `date`, `covered` (accounts read across that day), `fallen` (those of them with one of their
            biggest drops across it).
    """

    accounts: pl.DataFrame
    comments: pl.DataFrame
    days: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Survey:
    """What the observed accounts have in common.

    Attributes:
        commenters: one row per account and commenter: `account`, `row` of the comment that stands for the commenter,
            and the columns of `commenters` below.
        days: as in `Sightings`, over all observed accounts.
        commented: observed accounts with a comment of known author.
    """

    commenters: pl.DataFrame
    days: pl.DataFrame
    commented: int


# --- frames -----------------------------------------------------------------------------------------------------------


def commenters(tables: Tables) -> pl.DataFrame:
    """One row per account and commenter, as the comment that stands for them: the first, one in lockstep if any.

    Columns besides those of `comments`: `commenter_comments` (theirs under this account), `commenter_accounts` (that
    they comment under, of the observed), `is_wide` (those are unusually many), `is_creator` (they are an observed
    account), `is_mutual` (which this account comments under, too), `mates` (people they are in lockstep with here),
    `meetings` (accounts that they meet one of those under, at most), `ties` (see `_ties`).
    """
    return _surveyed(tables).comments.filter(pl.col("commenter_accounts").is_not_null())


def drops(tables: Tables) -> pl.DataFrame:
    """The up to three biggest drops of each account, as the reading that showed them.

    Columns besides those of `followers_daily`: `loss_share` of the followers before, `fallen_share` of the observed
    accounts of the platform with one of their biggest drops on the same day; of several days, the day with most.
    """
    return _surveyed(tables).followers_daily.filter(pl.col("fallen_share").is_not_null())


def _surveyed(tables: Tables) -> Tables:
    """The tables with the network's columns; those without are taken for the whole folder."""
    if "fallen_share" in tables.followers_daily.columns:
        return tables
    return with_network(tables, survey([sightings(tables)]))


# --- narrow tables ----------------------------------------------------------------------------------------------------


def sightings(tables: Tables, key: bytes = b"", besides: pl.DataFrame | None = None) -> Sightings:
    """The narrow form of the tables, without the accounts that `besides` (`account`) names.

    ValueError where the key is longer than 64 bytes.
    """
    accounts = _accounts(tables, key)
    if besides is not None:
        accounts = accounts.join(besides, on="account", how="anti", maintain_order="left")
    known = (
        _ordered_comments(tables)
        .select("row", "account_id", "post_id", "commenter_id", at=pl.col("commented_at").dt.epoch("s"))
        .filter(pl.col("commenter_id") != pl.col("account_id"))
        .join(accounts, on="account_id", how="inner", maintain_order="left")
        .with_columns(post=pl.col("post_id").rank("dense").over("account_id").cast(pl.UInt32))
    )
    persons = _hashed(known.select("platform", "commenter_id").unique(), "commenter_id", "person", key)
    known = known.join(persons, on=["platform", "commenter_id"], how="left", maintain_order="left")
    return Sightings(
        accounts.select("account", "platform"),
        known.select("account", "person", "post", "at", "row"),
        _days(_readings(tables).join(accounts, on="account_id", how="inner")),
    )


def _accounts(tables: Tables, key: bytes) -> pl.DataFrame:
    return _hashed(tables.accounts.select("account_id", "platform"), "account_id", "account", key)


def _hashed(frame: pl.DataFrame, column: str, name: str, key: bytes) -> pl.DataFrame:
    """The frame with the 64-bit keyed hash of (`platform`, `column`) as `name`.

    Among a hundred million ids the chance of one collision is 3 in 10,000.
    """
    identities = (frame["platform"] + ":" + frame[column]).to_list()
    digests = b"".join(hashlib.blake2b(each.encode(), digest_size=8, key=key).digest() for each in identities)
    return frame.with_columns(pl.Series(name, np.frombuffer(digests, dtype="<u8"), dtype=pl.UInt64))


def _ordered_comments(tables: Tables) -> pl.DataFrame:
    """The comments by their key, numbered per account as `row`: what stands for a commenter hangs on no order."""
    row = pl.int_range(pl.len(), dtype=pl.UInt32).over("account_id")
    return tables.comments.sort("account_id", "comment_id").with_columns(row=row)


def _readings(tables: Tables) -> pl.DataFrame:
    """Intervals of at most ten days, with `loss_share` and whether they are one of the account's biggest drops."""
    loss = pl.col("loss") / pl.col("count_before")
    is_material = (loss >= MATERIAL_LOSS) & (pl.col("loss") > ROUNDING_STEPS * pl.col("rounding"))
    return (
        intervals(tables)
        .filter(pl.col("days") <= LONGEST_SHORT_INTERVAL)
        .select("account_id", "start_date", "date", loss_share=pl.when(is_material).then(loss))
        .sort("account_id", "loss_share", "date", descending=[False, True, False], nulls_last=True)
        .with_columns(
            is_drop=pl.col("loss_share").is_not_null() & (pl.int_range(pl.len()).over("account_id") < BIGGEST_DROPS)
        )
    )


def _by_day(readings: pl.DataFrame) -> pl.DataFrame:
    """One row per day after an interval's start up to its end; the column `day` is added."""
    day_after = pl.col("start_date") + pl.duration(days=1)
    return readings.with_columns(day=pl.date_ranges(day_after, "date")).explode("day", empty_as_null=False)


def _days(readings: pl.DataFrame) -> pl.DataFrame:
    return (
        _by_day(readings)
        .group_by("platform", date="day")
        .agg(covered=pl.len().cast(pl.Int64), fallen=pl.col("is_drop").sum().cast(pl.Int64))
    )


# --- the survey -------------------------------------------------------------------------------------------------------


def survey(parts: Sequence[Sightings]) -> Survey:
    """What the observed accounts have in common; every account must be in one part only, and there must be a part."""
    accounts = pl.concat([part.accounts for part in parts])
    comments = pl.concat([part.comments for part in parts])
    edges = comments.group_by("account", "person").agg(commenter_comments=pl.len(), row=pl.col("row").min())
    edges = edges.join(edges.group_by("person").agg(commenter_accounts=pl.len()), on="person", how="left")
    people = edges.group_by("account").agg(people=pl.len())
    creators = accounts.select(person="account", is_creator=pl.lit(True))
    found = (
        edges.join(_wide_above(edges, accounts), on="account", how="left")
        .join(creators, on="person", how="left")
        .join(_mutual(edges, creators), on=["account", "person"], how="left")
        .join(_lockstep(comments, edges), on=["account", "person"], how="left")
        .join(_ties(edges, people), on=["account", "person"], how="left")
        .select(
            "account",
            "commenter_comments",
            "commenter_accounts",
            "meetings",
            row=pl.coalesce("lockstep_row", "row"),
            is_wide=pl.col("commenter_accounts") > pl.col("wide_above"),
            is_creator=pl.col("is_creator").fill_null(False),
            is_mutual=pl.col("is_mutual").fill_null(False),
            mates=pl.col("mates").fill_null(0),
            ties=pl.col("ties").fill_null(0.0),
        )
    )
    days = pl.concat([part.days for part in parts]).group_by("platform", "date").agg(pl.col("covered", "fallen").sum())
    return Survey(found, days, people.height)


def _wide_above(edges: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """`account`, `wide_above`: accounts that a commenter may be seen on, by what is usual on the platform."""
    devoted = pl.col("commenter_accounts").quantile(WIDE_QUANTILE, "higher")
    usual = pl.col("devoted").filter(pl.col("people") >= FEWEST_COMMENTERS).median().over("platform")
    return (
        edges.group_by("account")
        .agg(people=pl.len(), devoted=devoted)
        .join(accounts, on="account", how="left")
        .select("account", wide_above=pl.max_horizontal(pl.lit(float(WIDE_LEAST)), WIDE_FACTOR * usual))
    )


def _mutual(edges: pl.DataFrame, creators: pl.DataFrame) -> pl.DataFrame:
    """`account`, `person`, `is_mutual`: an observed account that comments here, and this one there."""
    links = edges.select("account", "person").join(creators, on="person", how="semi")
    back = links.select(account="person", person="account")
    return links.join(back, on=["account", "person"], how="semi").with_columns(is_mutual=pl.lit(True))


def _lockstep(comments: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """`account`, `person`, `mates`, `meetings`, `lockstep_row` of those in lockstep with somebody under the account.

    Two people are in lockstep where they meet (within ten minutes under one post) under at least three accounts, and
    under more than chance explains. Chance is a Poisson number of meetings with a mean that is rather too large: as if
    the one commented, at their own pace, wherever the other does (the smaller of the two ways). By Chernoff's bound
    P(X >= k) <= exp(k - m) (m / k)^k for k > m.
    """
    reach = edges.select("account", "person", "commenter_accounts")
    arrivals = (
        comments.filter(pl.col("at").is_not_null())
        # Of several comments of a person under a post the first counts.
        .sort("account", "post", "person", "at", "row")
        .unique(["account", "post", "person"], keep="first", maintain_order=True)
        .join(reach, on=["account", "person"], how="left")
        .sort("account", "post", "at", "row")
    )
    roaming = arrivals.filter(pl.col("commenter_accounts") >= LOCKSTEP_ACCOUNTS)
    habits = (
        roaming.join(_tempo(arrivals), on="account", how="left")
        .group_by("person")
        .agg(
            pace=pl.len() / pl.col("account").n_unique(),
            exposure=pl.col("tempo").fill_null(1 / UNKNOWN_PAIRS).sum(),
        )
    )
    parts = 1 + roaming.height * NEIGHBOURS // ROWS_AT_ONCE
    found = pl.concat(_in_step(_meetings(roaming, part, parts), habits) for part in range(parts))
    # Each pair is in one part, so that a person's mates of different parts are different people.
    return found.group_by("account", "person").agg(
        pl.col("mates").sum(), pl.col("meetings").max(), pl.col("lockstep_row").min()
    )


def _meetings(arrivals: pl.DataFrame, part: int, parts: int) -> pl.DataFrame:
    """`account`, `one`, `other`, `row_one`, `row_other`: two people within minutes under one post, the lesser first.

    Of the pairs whose lesser member falls to this of so many parts.
    """
    found = []
    person, row = pl.col("person"), pl.col("row")
    for step in range(1, NEIGHBOURS + 1):
        is_same_post = pl.all_horizontal(pl.col(name) == pl.col(name).shift(-step) for name in ("account", "post"))
        is_near = pl.col("at").shift(-step) - pl.col("at") <= LOCKSTEP_MINUTES * 60
        is_lesser = person < person.shift(-step)
        one = pl.min_horizontal(person, person.shift(-step))
        found.append(
            arrivals.select(
                "account",
                one=one,
                other=pl.max_horizontal(person, person.shift(-step)),
                row_one=pl.when(is_lesser).then(row).otherwise(row.shift(-step)),
                row_other=pl.when(is_lesser).then(row.shift(-step)).otherwise(row),
                is_meeting=is_same_post & is_near & (one % parts == part),
            )
            .filter("is_meeting")
            .drop("is_meeting")
        )
    return pl.concat(found)


def _in_step(meetings: pl.DataFrame, habits: pl.DataFrame) -> pl.DataFrame:
    """`account`, `person`, `mates`, `meetings`, `lockstep_row` from meetings, all of each pair, and people's habits."""
    pair = ("one", "other")
    met = meetings.select("account", *pair).unique().group_by(pair).agg(met=pl.len())
    met = met.filter(pl.col("met") >= LOCKSTEP_ACCOUNTS)
    for side in pair:
        met = met.join(habits.select(pl.all().name.suffix(f"_{side}")), left_on=side, right_on=f"person_{side}")
    chance = pl.min_horizontal(
        pl.col("exposure_one") * pl.col("pace_other"), pl.col("exposure_other") * pl.col("pace_one")
    )
    log_bound = pl.col("met") - chance + pl.col("met") * (chance / pl.col("met")).log()
    met = met.filter((chance < pl.col("met")) & (log_bound < math.log(CHANCE_LEVEL))).select(*pair, "met")
    together = meetings.join(met, on=pair, how="inner")
    sides = [
        together.select("account", "met", person=here, mate=there, row=f"row_{here}")
        for here, there in (pair, pair[::-1])
    ]
    return (
        pl.concat(sides)
        .group_by("account", "person")
        .agg(mates=pl.col("mate").n_unique(), meetings=pl.col("met").max(), lockstep_row=pl.col("row").min())
    )


def _tempo(arrivals: pl.DataFrame) -> pl.DataFrame:
    """`account`, `tempo`: probability that two comments are of one post and within ten minutes of each other.

    Of people seen under this account alone: the tempo of the audience, which an earliest sample or a viral post makes
    fast, and not that of a group that goes round.
    """
    ordinary = arrivals.filter(pl.col("commenter_accounts") == 1)
    place = ordinary.select(pl.struct("account", "post").rle_id().cast(pl.Int64)).to_series()
    clock = place * _SECONDS_PER_POST + ordinary["at"]
    within = clock.search_sorted(clock + LOCKSTEP_MINUTES * 60, side="right").cast(pl.Int64)
    later = within - pl.int_range(1, ordinary.height + 1, eager=True)
    pairs = pl.len() * (pl.len() - 1) / 2
    return (
        ordinary.select("account", later=later)
        .group_by("account")
        .agg(tempo=(pl.col("later").sum() + 1) / (pairs + UNKNOWN_PAIRS))
    )


def _ties(edges: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """`account`, `person`, `ties`: how often others of the account's commenters meet this one elsewhere.

    The sum over the other accounts that the person comments under of (shared commenters - 1) / ln(commenters of the
    other): the Adamic-Adar index of the person and each other commenter of this account, added up. An account where
    everybody comments counts little.
    """
    linking = edges.filter(pl.col("commenter_accounts").is_between(2, MOST_TIED_ACCOUNTS))
    linking = linking.select("account", "person", "commenter_accounts").sort("account")
    others = linking.select("person", other="account")
    weights = people.select(other="account", weight=1 / pl.max_horizontal("people", pl.lit(2)).log())
    rows = linking.group_by("account", maintain_order=True).agg(pl.col("commenter_accounts").cast(pl.Int64).sum())
    part_of = rows.select("account", part=pl.col("commenter_accounts").cum_sum() // ROWS_AT_ONCE)
    parts = linking.join(part_of, on="account").partition_by("part", include_key=False)
    found = [pl.DataFrame(schema={"account": pl.UInt64, "person": pl.UInt64, "ties": pl.Float64})]
    for part in parts:
        met = part.join(others, on="person").filter(pl.col("other") != pl.col("account"))
        shared = met.group_by("account", "other").agg(shared=pl.len().cast(pl.Int64)).filter(pl.col("shared") > 1)
        tie = shared.join(weights, on="other").select("account", "other", tie=pl.col("weight") * (pl.col("shared") - 1))
        of_person = met.join(tie, on=["account", "other"]).group_by("account", "person")
        found.append(of_person.agg(ties=pl.col("tie").sum()))
    return pl.concat(found)


# --- back to the tables -----------------------------------------------------------------------------------------------


def with_network(tables: Tables, found: Survey, key: bytes = b"", fewest_accounts: int = FEWEST_ACCOUNTS) -> Tables:
    """The tables with the network's columns: on the comment that stands for a commenter, on the reading of a drop.

    Null on every other row, and everywhere below `fewest_accounts` observed accounts: with a commenter known for
    `comments`, read across the day for `followers_daily`.

    Args:
        tables: those that `sightings` saw, or a part of their accounts with all rows of these.
        found: the survey.
        key: as `sightings` was given.
        fewest_accounts: see above.
    """
    accounts = _accounts(tables, key)
    mine = found.commenters.join(accounts, on="account", how="inner")
    if found.commented < fewest_accounts:
        mine = mine.clear()
    comments = _ordered_comments(tables)
    comments = comments.join(mine.select("account_id", "row", *COMMENTER_COLUMNS), on=["account_id", "row"], how="left")
    biggest = _shared_drops(_readings(tables).join(accounts, on="account_id"), found.days, fewest_accounts)
    readings = tables.followers_daily.join(biggest, on=["account_id", "date"], how="left")
    return Tables(
        tables.accounts,
        readings.sort("account_id", "date"),
        tables.posts,
        comments.drop("row").sort("account_id", "comment_id"),
    )


def _shared_drops(readings: pl.DataFrame, days: pl.DataFrame, fewest_accounts: int) -> pl.DataFrame:
    """`account_id`, `date`, `loss_share`, `fallen_share` of the drops on days that enough accounts were read across."""
    told = days.filter(
        (pl.col("covered").sum().over("date") >= fewest_accounts) & (pl.col("covered") >= FEWEST_OF_PLATFORM)
    )
    told = told.select("platform", day="date", fallen_share=pl.col("fallen") / pl.col("covered"))
    return (
        _by_day(readings.filter("is_drop"))
        .join(told, on=["platform", "day"])
        .group_by("account_id", "date")
        .agg(pl.col("loss_share").first(), pl.col("fallen_share").max())
    )
