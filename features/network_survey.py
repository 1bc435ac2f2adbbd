"""What the observed accounts have in common: who comments where, with whom, and when everybody lost followers.

Five steps, of which only the last two look at all accounts at once, and only at what crosses from one to another. A
commenter *roams* who comments under two accounts and more; all others matter to their own account alone.

1. `sightings` (features.network_sightings): some accounts' tables made narrow.
2. `roaming`: under how many accounts each person comments; a range of persons at a time.
3. `crossings`: of the same accounts the edges of those who roam and of creators, and who met there within minutes.
4. `in_step`: pairs that meet under several accounts; a range of persons at a time.
5. `settled`: the survey.

`survey` does all of it for sightings that fit into memory. What must be held at once is a few numbers per account and
per edge of a roaming person or a creator. Any split into parts and ranges gives the same values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from features.kernels.network import Counts, Hashes, looked_up, meetings, near_pairs, ties
from features.network_sightings import Sightings

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

PERSONS_AT_ONCE = 2_000_000
"""Persons of edges that one range holds, about: 16 MB, and as much again for sorting them."""

MEETINGS_AT_ONCE = 500_000
"""Meetings that one range holds, about: 16 MB, and several times as much for comparing them. People of a range meet
greater ones, so that the first ranges hold up to twice as many as the average."""

_HASHES = 1 << 64

_STEPS = {
    "account": pl.UInt64,
    "person": pl.UInt64,
    "mates": pl.UInt32,
    "meetings": pl.UInt32,
    "lockstep_row": pl.UInt32,
}


@dataclass(frozen=True, slots=True)
class Crossings:
    """What of some sightings concerns other accounts, too.

    Attributes:
        accounts: in the order of the sightings: `account` (hash), `platform`, `people` (commenters), `devoted`
            (accounts that the devoted tenth of them are seen on), `tempo` (see `_tempo`).
        edges: of roaming persons and of creators, in order: `place` (row in `accounts`), `edge`, `row`, `person`,
            `commenter_accounts`, `is_creator`, `arrivals` (posts commented on at a known instant).
        meetings: `account`, `one`, `other`, `row_one`, `row_other`: two people within minutes under one post, the
            lesser first; by `one`.
    """

    accounts: pl.DataFrame
    edges: pl.DataFrame
    meetings: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Survey:
    """What the observed accounts have in common.

    Attributes:
        commenters: one row per edge of a roaming person or a creator, in the order of the crossings, part after part:
            `account` (hash), `row` (as in the sightings' edges), `commenter_accounts`, `is_wide`, `is_creator`,
            `is_mutual`, `mates`, `ties`, and, where there are mates, `meetings` and `lockstep_row`; see
            `features.network_frames.commenters`.
        days: as in `Sightings`, over all observed accounts.
        commented: observed accounts with a comment of known author.
    """

    commenters: pl.DataFrame
    days: pl.DataFrame
    commented: int


@dataclass(frozen=True, slots=True)
class Range:
    """Hashes from `low` up to and with `high`."""

    low: int
    high: int

    def rows(self, column: str) -> pl.Expr:
        """Those of the column that lie in it."""
        low, high = (pl.lit(bound, dtype=pl.UInt64) for bound in (self.low, self.high))
        return pl.col(column).is_between(low, high)


def ranges_of_persons(persons: int) -> list[Range]:
    """Ranges for `roaming`, of so many persons of edges."""
    return _ranges(1 + persons // PERSONS_AT_ONCE)


def ranges_of_meetings(met: int) -> list[Range]:
    """Ranges for `in_step`, of so many meetings."""
    return _ranges(1 + met // MEETINGS_AT_ONCE)


def _ranges(parts: int) -> list[Range]:
    """So many ranges of equal width that cover all hashes."""
    bounds = [_HASHES * part // parts for part in range(parts + 1)]
    return [Range(low, above - 1) for low, above in itertools.pairwise(bounds)]


def survey(parts: Sequence[Sightings]) -> Survey:
    """What the observed accounts have in common; every account must be in one part only, and there must be a part."""
    persons = pl.concat([part.persons["person"] for part in parts])
    reach = pl.concat(roaming(persons.filter(_within(persons, each))) for each in ranges_of_persons(persons.len()))
    creators = pl.concat([part.accounts["account"] for part in parts]).sort()
    found = [crossings(part, reach, creators) for part in parts]
    met = pl.concat([part.meetings for part in found])
    people = habits(found)
    steps = [in_step(met.filter(each.rows("one")), people) for each in ranges_of_meetings(met.height)]
    return settled(found, steps, [part.days for part in parts])


def _within(values: pl.Series, limits: Range) -> pl.Series:
    return values.to_frame().select(limits.rows(values.name)).to_series()


# --- some persons of all accounts -------------------------------------------------------------------------------------


def roaming(persons: pl.Series) -> pl.DataFrame:
    """`person`, `accounts`: who is on two edges and more, and on how many; by person.

    `persons` are those of all edges, or of all in a range.
    """
    ordered = np.sort(persons.to_numpy())
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else np.empty(0, int)
    accounts = np.diff(np.append(begins, len(ordered)))
    several = accounts > 1
    return pl.DataFrame({"person": ordered[begins[several]], "accounts": accounts[several].astype(np.uint32)})


# --- all persons of some accounts -------------------------------------------------------------------------------------


def crossings(seen: Sightings, reach: pl.DataFrame, creators: pl.Series) -> Crossings:
    """What of the sightings concerns other accounts.

    Args:
        seen: of some accounts.
        reach: what `roaming` says of all persons, by person.
        creators: hashes of all observed accounts, ascending.
    """
    edges = seen.edges.height
    person, edge = (seen.persons[name].to_numpy(writable=True) for name in ("person", "edge"))
    accounts_of = np.ones(edges, np.uint32)
    roamers, accounts = (reach[name].to_numpy(writable=True) for name in ("person", "accounts"))
    looked_up(person, edge, roamers, accounts, accounts_of)
    creator = np.zeros(edges, np.uint32)
    observed = creators.to_numpy(writable=True)
    looked_up(person, edge, observed, np.ones(len(observed), np.uint32), creator)
    person_of = np.empty(edges, np.uint64)
    person_of[edge] = person
    place_of = np.repeat(np.arange(seen.accounts.height, dtype=np.uint32), seen.accounts["people"].to_numpy())
    arrived = seen.arrivals["edge"].to_numpy()
    chosen = np.flatnonzero((accounts_of > 1) | (creator > 0))
    crossing = pl.DataFrame(
        {
            "place": place_of[chosen],
            "edge": chosen.astype(np.uint32),
            "row": seen.edges["row"].to_numpy()[chosen],
            "person": person_of[chosen],
            "commenter_accounts": accounts_of[chosen],
            "is_creator": creator[chosen] > 0,
            "arrivals": np.bincount(arrived, minlength=edges)[chosen].astype(np.uint32),
        }
    )
    known = seen.accounts.select("account", "platform", "people").with_columns(
        devoted=_devoted(seen.accounts["people"], crossing), tempo=_tempo(seen, place_of, accounts_of)
    )
    roams = pl.Series(accounts_of[arrived] >= LOCKSTEP_ACCOUNTS)
    return Crossings(known, crossing, _meetings(seen.arrivals.filter(roams), known["account"], place_of, person_of))


def _devoted(people: pl.Series, crossing: pl.DataFrame) -> pl.Series:
    """Accounts that each account's commenter at the quantile (the higher) is seen on; 0 without any commenter."""
    size = people.cast(pl.Int64)
    fewer = (((size - 1) * WIDE_QUANTILE).ceil()).cast(pl.Int64)
    ranks = pl.DataFrame({"size": size, "rank": size - 1 - fewer}).with_row_index("place")
    above = crossing.group_by("place").agg(reach=pl.col("commenter_accounts").sort(descending=True))
    found = ranks.join(above, on="place", how="left", maintain_order="left").select(
        pl.when(pl.col("size") > 0)
        .then(pl.col("reach").list.get(pl.col("rank").clip(lower_bound=0), null_on_oob=True).fill_null(1))
        .otherwise(0)
    )
    return found.to_series().cast(pl.UInt32)


def _tempo(seen: Sightings, place_of: Counts, accounts_of: Counts) -> pl.Series:
    """Probability that two comments are of one post and within ten minutes of each other.

    Of people seen under this account alone: the tempo of the audience, which an earliest sample or a viral post makes
    fast, and not that of a group that goes round.
    """
    ordinary = seen.arrivals.filter(pl.Series(accounts_of[seen.arrivals["edge"].to_numpy()] == 1))
    places = place_of[ordinary["edge"].to_numpy()]
    posts, times = (ordinary[name].to_numpy(writable=True) for name in ("post", "at"))
    near = near_pairs(places, posts, times, LOCKSTEP_MINUTES * 60, seen.accounts.height)
    size = np.bincount(places, minlength=seen.accounts.height)
    return pl.Series((near + 1) / (size * (size - 1) / 2 + UNKNOWN_PAIRS), dtype=pl.Float64)


def _meetings(arrivals: pl.DataFrame, accounts: pl.Series, place_of: Counts, person_of: Hashes) -> pl.DataFrame:
    edge, row = (arrivals[name].to_numpy() for name in ("edge", "row"))
    posts, times = (arrivals[name].to_numpy(writable=True) for name in ("post", "at"))
    person = person_of[edge]
    lesser, greater = meetings(posts, times, person, LOCKSTEP_MINUTES * 60, NEIGHBOURS)
    return pl.DataFrame(
        {
            "account": accounts.to_numpy()[place_of[edge[lesser]]],
            "one": person[lesser],
            "other": person[greater],
            "row_one": row[lesser],
            "row_other": row[greater],
        }
    ).sort("one", maintain_order=True)


# --- what crosses, of all accounts ------------------------------------------------------------------------------------


def habits(parts: Iterable[Crossings]) -> pl.DataFrame:
    """Of those who could be in lockstep: `person`, `pace` (posts an account), `exposure` (tempos where they came)."""
    could_be = (pl.col("commenter_accounts") >= LOCKSTEP_ACCOUNTS) & (pl.col("arrivals") > 0)
    visits = [
        part.edges.with_columns(tempo=part.accounts["tempo"].gather(part.edges["place"]))
        .filter(could_be)
        .select("person", "arrivals", "tempo")
        for part in parts
    ]
    # The least tempo first, so that no order of the accounts moves the last bit of a sum.
    return (
        pl.concat(visits)
        .sort("person", "tempo", "arrivals")
        .group_by("person", maintain_order=True)
        .agg(pace=pl.col("arrivals").sum() / pl.len(), exposure=(pl.col("arrivals") * pl.col("tempo")).sum())
    )


def in_step(met: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Of those in lockstep with somebody under an account: `account`, `person`, `mates`, `meetings`, `lockstep_row`.

    Two people are in lockstep where they meet (within ten minutes under one post) under at least three accounts, and
    under more than chance explains. Chance is a Poisson number of meetings with a mean that is rather too large: as if
    the one commented, at their own pace, wherever the other does (the smaller of the two ways). By Chernoff's bound
    P(X >= k) <= exp(k - m) (m / k)^k for k > m.

    Args:
        met: meetings, all of each pair.
        people: `habits` of all.
    """
    pair = ("one", "other")
    often = met.select("account", *pair).unique().group_by(pair).agg(met=pl.len())
    often = often.filter(pl.col("met") >= LOCKSTEP_ACCOUNTS)
    for side in pair:
        often = often.join(people.select(pl.all().name.suffix(f"_{side}")), left_on=side, right_on=f"person_{side}")
    chance = pl.min_horizontal(
        pl.col("exposure_one") * pl.col("pace_other"), pl.col("exposure_other") * pl.col("pace_one")
    )
    log_bound = pl.col("met") - chance + pl.col("met") * (chance / pl.col("met")).log()
    often = often.filter((chance < pl.col("met")) & (log_bound < math.log(CHANCE_LEVEL))).select(*pair, "met")
    together = met.join(often, on=pair, how="inner")
    sides = [
        together.select("account", "met", person=here, mate=there, row=f"row_{here}")
        for here, there in (pair, pair[::-1])
    ]
    return (
        pl.concat(sides)
        .group_by("account", "person")
        .agg(mates=pl.col("mate").n_unique(), meetings=pl.col("met").max(), lockstep_row=pl.col("row").min())
        .cast(_STEPS)  # type: ignore[arg-type]
    )


def settled(parts: Iterable[Crossings], steps: Iterable[pl.DataFrame], days: Iterable[pl.DataFrame]) -> Survey:
    """The survey of all parts' crossings, what `in_step` says of all meetings, and all sightings' `days`."""
    accounts, edges = _put_together(parts)
    number = edges["number"]
    found = edges.drop("number", "person").with_columns(
        account=accounts["account"].gather(number),
        is_wide=edges["commenter_accounts"] > _wide_above(accounts).gather(number),
        is_mutual=_mutual(edges, accounts),
        ties=_ties(edges, accounts),
        **_lockstep(edges, accounts, steps),
    )
    everywhere = pl.concat(days).group_by("platform", "date").agg(pl.col("covered", "fallen").sum())
    return Survey(found, everywhere, accounts.filter(pl.col("people") > 0).height)


def _put_together(parts: Iterable[Crossings]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All parts' accounts, numbered through, and their edges with the `number` of the account."""
    accounts, edges = [], []
    before = 0
    for part in parts:
        number = (pl.col("place") + before).cast(pl.UInt32)
        edges.append(part.edges.select(number.alias("number"), "row", "person", "commenter_accounts", "is_creator"))
        accounts.append(part.accounts)
        before += part.accounts.height
    return pl.concat(accounts).with_row_index("number"), pl.concat(edges, rechunk=True)


def _lockstep(edges: pl.DataFrame, accounts: pl.DataFrame, steps: Iterable[pl.DataFrame]) -> dict[str, pl.Series]:
    """`mates`, `meetings` and `lockstep_row` of each edge; without mates the others mean nothing."""
    columns = ("mates", "meetings", "lockstep_row")
    # Each pair is in one step, so that a person's mates of different steps are different people.
    rows = (
        pl.concat([pl.DataFrame(schema=_STEPS), *steps])
        .group_by("account", "person")
        .agg(pl.col("mates").sum(), pl.col("meetings").max(), pl.col("lockstep_row").min())
        .join(accounts.select("account", "number"), on="account")
    )
    rows = edges.select("number", "person").with_row_index("edge").join(rows, on=["number", "person"])
    found = {}
    for name in columns:
        values = np.zeros(edges.height, np.uint32)
        values[rows["edge"].to_numpy()] = rows[name].to_numpy()
        found[name] = pl.Series(values)
    return found


def _wide_above(accounts: pl.DataFrame) -> pl.Series:
    """Accounts that a commenter of each account may be seen on, by what is usual on the platform."""
    usual = pl.col("devoted").filter(pl.col("people") >= FEWEST_COMMENTERS).median().over("platform")
    return accounts.select(pl.max_horizontal(pl.lit(float(WIDE_LEAST)), WIDE_FACTOR * usual)).to_series()


def _mutual(edges: pl.DataFrame, accounts: pl.DataFrame) -> pl.Series:
    """Whether the edge is of an observed account that this one comments under, too."""
    creators = accounts.select(person="account", by="number")
    links = edges.select("number", "person", "is_creator").with_row_index("edge").filter("is_creator")
    links = links.join(creators, on="person").select("edge", "number", "by")
    back = links.select(number="by", by="number")
    found = np.zeros(edges.height, np.bool_)
    found[links.join(back, on=["number", "by"], how="semi")["edge"].to_numpy()] = True
    return pl.Series(found)


def _ties(edges: pl.DataFrame, accounts: pl.DataFrame) -> pl.Series:
    """How often others of the account's commenters meet this one elsewhere.

    The sum over the other accounts that the person comments under of (shared commenters - 1) / ln(commenters of the
    other): the Adamic-Adar index of the person and each other commenter of this account, added up. An account where
    everybody comments counts little.
    """
    chosen = edges["commenter_accounts"].is_between(2, MOST_TIED_ACCOUNTS)
    number = edges["number"].filter(chosen).to_numpy(writable=True)
    _, inverse, sizes = np.unique(edges["person"].filter(chosen).to_numpy(), return_inverse=True, return_counts=True)
    person = inverse.astype(np.uint32)
    others = number[np.argsort(person, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    weights = 1 / np.log(np.maximum(accounts["people"].to_numpy(), 2))
    found = np.zeros(edges.height, np.float64)
    found[chosen.to_numpy()] = ties(number, person, starts, others, weights)
    return pl.Series(found)
