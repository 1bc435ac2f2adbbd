"""Network features: worked examples, planted rings beside honest crowds, and a naive implementation."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from features import network_survey
from features.compute import compute, compute_group
from features.definition import MODEL_GROUPS
from features.evidence import evidence
from features.network import FEATURES, standing_out
from features.network_frames import with_network
from features.network_sightings import sightings
from features.network_survey import crossings, roaming, survey
from features.tables import ACCOUNTS, COMMENTS, FOLLOWERS_DAILY, POSTS, TableContract, Tables, only

START = datetime(2024, 5, 1, 18, tzinfo=UTC)
FIRST_DAY = date(2024, 1, 1)
WIDE, LOCKSTEP, RECIPROCAL, TIES, CREATORS, DROPS = FEATURES
TEN = [f"passer-by {number}" for number in range(10)]

Row = dict[str, Any]


def remark(account_id: str, person: str | None, minute: float | None = None, post: int = 0) -> Row:
    """A comment, some minutes after the post."""
    at = None if minute is None else START + timedelta(days=3 * post, minutes=minute)
    return {"account_id": account_id, "post_id": f"p{post}", "commenter_id": person, "commented_at": at, "text": "nice"}


def from_each(account_id: str, people: Iterable[str]) -> list[Row]:
    """A comment from each of the people, hours apart."""
    return [remark(account_id, person, 90 * number, post=number % 3) for number, person in enumerate(people)]


def strangers(account_id: str, count: int) -> list[str]:
    """People who comment under this account alone."""
    return [f"{account_id}'s {number}" for number in range(count)]


def tables(rows: Sequence[Row], readings: Sequence[Row] = (), platforms: dict[str, str] | None = None) -> Tables:
    """The contract's frames; comments are numbered within their account in the order given."""
    names = sorted({row["account_id"] for row in (*rows, *readings)})
    accounts = [{"account_id": name, "platform": (platforms or {}).get(name, "instagram")} for name in names]
    count: Counter[str] = Counter()
    numbered = []
    for row in rows:
        numbered.append(row | {"comment_id": f"c{count[row['account_id']]:05}"})
        count[row["account_id"]] += 1
    frames = [_frame(ACCOUNTS, accounts), _frame(FOLLOWERS_DAILY, readings), POSTS.empty(), _frame(COMMENTS, numbered)]
    return Tables(*frames)


def _frame(contract: TableContract, rows: Sequence[Row]) -> pl.DataFrame:
    full = [{name: row.get(name) for name in contract.schema} for row in rows]
    return pl.DataFrame(full, schema=contract.schema).sort(contract.key)


def surveyed(given: Tables, fewest: int = 1, key: bytes = b"") -> Tables:
    return with_network(given, survey([sightings(given, key)]), key, fewest)


def network(given: Tables, fewest: int = 1, key: bytes = b"") -> pl.DataFrame:
    return compute_group(surveyed(given, fewest, key), "network")


def values(given: Tables, account_id: str = "a") -> Row:
    """The features of one account, however few are observed."""
    return network(given).row(by_predicate=pl.col("account_id") == account_id, named=True)


class TestNothingToSee:
    def test_no_account_gives_no_row(self) -> None:
        assert compute_group(tables([]), "network").height == 0

    def test_accounts_without_comments_and_readings_have_null_everywhere(self) -> None:
        accounts = _frame(ACCOUNTS, [{"account_id": "a", "platform": "instagram"}])
        empty = Tables(accounts, FOLLOWERS_DAILY.empty(), POSTS.empty(), COMMENTS.empty())
        assert network(empty).to_dicts() == [{"account_id": "a"} | dict.fromkeys(FEATURES)]

    @pytest.mark.parametrize(("accounts", "known"), [(499, False), (500, True)])
    def test_five_hundred_commented_accounts_are_needed(self, accounts: int, known: bool) -> None:  # noqa: FBT001
        names = [f"account {number}" for number in range(accounts)]
        found = compute_group(tables([row for name in names for row in from_each(name, TEN)]), "network")
        assert found[WIDE].is_not_null().to_list() == [known] * accounts

    def test_accounts_whose_commenters_are_unknown_do_not_count(self) -> None:
        rows = from_each("a", TEN) + from_each("b", TEN) + [remark("c", None)] * 20
        assert network(tables(rows), fewest=3)[WIDE].to_list() == [None, None, None]
        assert network(tables(rows), fewest=2)[WIDE].to_list() == [0, 0, None]

    def test_nine_commenters_are_too_few_for_a_share(self) -> None:
        assert values(tables(from_each("a", TEN[:9])))[WIDE] is None
        assert values(tables(from_each("a", TEN)))[WIDE] == 0


class TestWorkedExamples:
    def test_wide_commenters(self) -> None:
        travellers = TEN[:4]
        rows = from_each("a", TEN)
        for name in "bcdef":
            rows += from_each(name, [*travellers, *strangers(name, 6)])
        # Four of ten comment under 6 accounts. Each account's most devoted tenth does, so that 2 x 6 are needed ...
        assert values(tables(rows))[WIDE] == 0
        for name in "ghijklmnopq":
            rows += from_each(name, strangers(name, 10))
        # ... but not where the median account's devoted commenters are seen on one: then more than 5 are enough.
        assert values(tables(rows))[WIDE] == pytest.approx(4 / 10)

    @pytest.mark.parametrize(("accounts", "expected"), [(5, 0.0), (6, 4 / 10)])
    def test_five_accounts_are_usual_in_any_folder(self, accounts: int, expected: float) -> None:
        rows = from_each("a", TEN)
        for number in range(1, 20):
            name = f"b{number:02}"
            rows += from_each(name, [*TEN[: 4 if number < accounts else 0], *strangers(name, 10)])
        assert values(tables(rows))[WIDE] == pytest.approx(expected)

    def test_who_comments_under_one_account_alone_does_not_cross(self) -> None:
        seen = sightings(tables(from_each("a", [*TEN[:2], "b", *strangers("a", 7)]) + from_each("b", TEN[:2])))
        found = crossings(seen, roaming(seen.persons["person"]), seen.accounts["account"].sort())
        # Two passers-by under both accounts, and b under a's: 5 of the 12 edges.
        assert sorted(found.edges.select("commenter_accounts", "is_creator").rows()) == [(1, True), *[(2, False)] * 4]

    def test_of_ten_commenters_the_devoted_tenth_is_the_first(self) -> None:
        rows = from_each("a", TEN) + from_each("b", [TEN[0], *strangers("b", 9)]) + from_each("c", strangers("c", 10))
        seen = sightings(tables([*rows, remark("d", None)]))
        found = crossings(seen, roaming(seen.persons["person"]), seen.accounts["account"].sort())
        assert found.accounts["devoted"].to_list() == [2, 2, 1, 0]

    def test_ties(self) -> None:
        rows = from_each("a", TEN) + from_each("b", [*TEN[:3], *strangers("b", 17)])
        # Three shared with b, which has 20 commenters: 3 x 2 ordered pairs of the 10 x 9, each worth 1 / ln 20.
        assert values(tables(rows))[TIES] == pytest.approx(3 * 2 / math.log(20) / (10 * 9))

    def test_creators_and_the_owner_s_own_replies(self) -> None:
        rows = from_each("a", [*TEN, "b", "b", "a", "a", "a"]) + from_each("b", TEN)
        # 10 passers-by once each and b twice; the three replies of the owner are left out.
        assert values(tables(rows))[CREATORS] == pytest.approx(2 / 12)

    def test_reciprocity(self) -> None:
        rows = from_each("a", [*TEN[:8], "b", "c"]) + from_each("b", [*TEN, "a"]) + from_each("c", TEN)
        found = network(tables(rows))[RECIPROCAL].to_list()
        # a and b comment under each other; c comments under a and gets nothing back.
        assert found == pytest.approx([1 / 10, 1 / 11, 0])

    def test_the_same_id_on_another_platform_is_somebody_else(self) -> None:
        rows = from_each("a", [*TEN[:9], "b"]) + from_each("b", [*TEN[:9], "a"])
        here = values(tables(rows))
        assert here[RECIPROCAL] == pytest.approx(1 / 10)
        assert here[TIES] == pytest.approx(9 * 8 / math.log(10) / (10 * 9))
        elsewhere = values(tables(rows, platforms={"b": "tiktok"}))
        assert elsewhere[RECIPROCAL] == elsewhere[CREATORS] == elsewhere[TIES] == 0


class TestLockstep:
    def test_a_ring_that_goes_round_within_minutes(self) -> None:
        rows = []
        for name in "abcd":
            rows += [remark(name, f"bot {number}", minute=60 + number / 2, post=1) for number in range(10)]
            rows += from_each(name, strangers(name, 10))
        # 4 meetings; the audiences never meet: chance 4 x 1 / (45 + 100) = 0.028, bound e^3.97 (0.028 / 4)^4 = 1.2e-7.
        assert values(tables(rows))[LOCKSTEP] == pytest.approx(10 / 20)

    @pytest.mark.parametrize(
        "story", ["three accounts of four", "hours apart", "one account", "never together", "without instants"]
    )
    def test_honest_company_is_not_lockstep(self, story: str) -> None:
        rows = []
        for index, name in enumerate("abcd"):
            step = {"hours apart": 90.0, "never together": 0.5}.get(story, 0.5)
            for number in range(10):
                post = number % 10 if story == "never together" else 1
                person = f"fan {number}" if story != "one account" or name == "a" else f"{name}'s fan {number}"
                late = 60 * 24 * number if story == "three accounts of four" and index > 1 else 0
                minute = None if story == "without instants" else 60 + step * number + late
                rows.append(remark(name, person, minute, post))
            rows += from_each(name, strangers(name, 10))
        assert values(tables(rows))[LOCKSTEP] == 0

    @pytest.mark.parametrize(("accounts", "expected"), [(2, 0.0), (3, 10 / 20)])
    def test_three_accounts_are_needed_whatever_chance_says(
        self, accounts: int, expected: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(network_survey, "CHANCE_LEVEL", 1.0)
        rows = []
        for index, name in enumerate("abc"):
            minute = 60 if index < accounts else 60 * 24
            rows += [remark(name, f"bot {number}", minute * (1 + number * (minute > 60))) for number in range(10)]
            rows += from_each(name, strangers(name, 10))
        assert values(tables(rows))[LOCKSTEP] == pytest.approx(expected)

    def test_where_everybody_comes_at_once_so_do_fans(self) -> None:
        rows = []
        for name in "abcd":
            # The earliest comments under one viral post: 60 passers-by and 10 fans of all four within ten minutes.
            crowd = [f"fan {number}" for number in range(10)] + strangers(name, 60)
            rows += [remark(name, person, minute=number / 8) for number, person in enumerate(crowd)]
        assert values(tables(rows))[LOCKSTEP] == 0


class TestSharedDrops:
    DAYS = 20

    def readings(self, account_id: str, drop_day: int | None, every: int = 1, start: int = 1_000) -> list[Row]:
        """A flat curve that loses 5 % on one day."""
        return [
            {
                "account_id": account_id,
                "date": FIRST_DAY + timedelta(days=day),
                "follower_count": start if drop_day is None or day < drop_day else start * 95 // 100,
            }
            for day in range(0, self.DAYS, every)
        ]

    def folder(self, sharing: int, total: int = 40) -> Tables:
        readings = [row for n in range(sharing) for row in self.readings(f"a{n:02}", 9, every=1 + 6 * (n % 2))]
        readings += [row for n in range(sharing, total) for row in self.readings(f"a{n:02}", None)]
        readings += self.readings("own", 12)
        return tables([], readings)

    def test_a_purge_is_everybody_s_and_a_loss_of_one_s_own_is_not(self) -> None:
        found = network(self.folder(sharing=30), fewest=41)
        # 30 of 41 fell on day 9, every second of them read weekly: over half. One fell on day 12, of a daily curve.
        assert set(found.filter(pl.col("account_id") < "a30")[DROPS]) == {1.0}
        assert found.filter(account_id="own")[DROPS].to_list() == [0.0]
        assert found.filter(account_id="a35")[DROPS].to_list() == [None], "without a drop there is nothing to share"

    def test_half_is_not_most(self) -> None:
        assert set(network(self.folder(sharing=20))[DROPS].drop_nulls()) == {0.0}

    def test_too_few_accounts_say_nothing(self) -> None:
        assert network(self.folder(sharing=30), fewest=42)[DROPS].null_count() == 41
        assert network(self.folder(sharing=20, total=28), fewest=1)[DROPS].null_count() == 29, "30 of a platform"

    def test_a_platform_s_purge_is_not_another_s(self) -> None:
        readings = [row for n in range(40) for row in self.readings(f"i{n:02}", 9)]
        readings += [row for n in range(60) for row in self.readings(f"t{n:02}", 9 if n == 0 else None)]
        platforms = {f"t{n:02}": "tiktok" for n in range(60)}
        found = network(tables([], readings, platforms), fewest=100)
        assert found.filter(account_id="i00")[DROPS].to_list() == [1.0]
        assert found.filter(account_id="t00")[DROPS].to_list() == [0.0], "41 of 100 fell, 40 of them elsewhere"

    def test_the_reading_is_cited(self) -> None:
        wanted = pl.DataFrame({"account_id": ["a00"], "feature": [DROPS], "side": ["high"]})
        (row,) = evidence(surveyed(self.folder(sharing=30)), wanted).to_dicts()
        assert (row["table"], row["key"]) == ("followers_daily", "2024-01-10")
        assert "lost 5.0% of followers; 73% of the observed accounts" in row["text"]

    def test_of_equal_drops_the_earliest_three_are_kept(self) -> None:
        # 50 of 1,001 lost on days 3, 6, 9 and 12, and back the day after.
        readings = [
            {
                "account_id": "a",
                "date": FIRST_DAY + timedelta(days=day),
                "follower_count": 951 if day in {3, 6, 9, 12} else 1_001,
            }
            for day in range(self.DAYS)
        ]
        drops = sightings(tables([], readings)).drops
        assert drops["date"].to_list() == [FIRST_DAY + timedelta(days=day) for day in (3, 6, 9)]
        assert drops["loss_share"].to_list() == [50 / 1_001] * 3


def planted(seed: int = 0) -> Tables:
    """600 accounts of six niches with honest fans, 12 bought crowds, a pod of 15, and one star whom everybody knows.

    An audience of 40 each: 24 passers-by and 16 of the niche's 1,500 fans. `bought`: 20 of 40 are bots of one pool of
    30, minutes apart. `pod`: each comments under all others. `star`: 400 commenters, half of them fans of any niche.
    """
    draw = random.Random(seed)  # noqa: S311 -- a seeded draw, no secret
    rows: list[Row] = []
    for number in range(600):
        kind = "bought" if number < 12 else "pod" if number < 27 else "star" if number == 27 else "fair"
        name = f"{kind} {number:03}"
        size = 400 if kind == "star" else 40
        shared = size // 2 if kind == "star" else 16
        people = strangers(name, size - shared)
        for _ in range(shared):
            niche = draw.randrange(6) if kind == "star" else number % 6
            people.append(f"fan {niche} {draw.randrange(1_500)}")
        if kind == "bought":
            people[:20] = []
        rows += [remark(name, person, min(15, draw.gauss(9, 2)) ** 3, draw.randrange(12)) for person in people]
        if kind == "bought":
            bots = draw.sample(range(30), 20)
            rows += [remark(name, f"bot {bot}", 500 + draw.random() * 8, post=5) for bot in bots]
        if kind == "pod":
            rows += [remark(name, f"pod {n:03}", draw.random() * 600, draw.randrange(12)) for n in range(12, 27)]
    return tables(rows)


@pytest.fixture(scope="module")
def folder() -> Tables:
    return planted()


@pytest.fixture(scope="module")
def found(folder: Tables) -> pl.DataFrame:
    """The features of the planted folder."""
    return network(folder, fewest=500)


@pytest.fixture(scope="module")
def noted(found: pl.DataFrame) -> pl.DataFrame:
    """What stands out in the planted folder."""
    return standing_out(found, found["account_id"]).with_columns(kind=pl.col("account_id").str.split(" ").list[0])


class TestPlanted:
    def test_bought_crowds_are_noted_for_width_lockstep_and_ties(self, noted: pl.DataFrame) -> None:
        kinds = Counter(noted.filter(kind="bought")["feature"])
        assert kinds == {WIDE: 12, LOCKSTEP: 12, TIES: 12}

    def test_the_pod_is_noted_for_reciprocity(self, noted: pl.DataFrame) -> None:
        assert set(noted.filter(feature=RECIPROCAL)["kind"]) == {"pod"}
        assert noted.filter(feature=RECIPROCAL).height == 15

    def test_neither_the_star_nor_any_fair_account_is_noted(self, noted: pl.DataFrame) -> None:
        assert set(noted["kind"]) == {"bought", "pod"}

    def test_the_note_says_the_number(self, noted: pl.DataFrame) -> None:
        row = noted.filter(feature=RECIPROCAL).row(0, named=True)
        assert row["text"].startswith(f"{row['value']:.0%} of the people who comment here are observed accounts")

    @pytest.mark.parametrize(
        ("feature", "account_id", "prefix"),
        [(WIDE, "bought 003", "bot"), (LOCKSTEP, "bought 003", "bot"), (TIES, "bought 003", "bot"),
         (RECIPROCAL, "pod 015", "pod"), (CREATORS, "pod 015", "pod")],
    )  # fmt: skip
    def test_evidence_is_the_comments_of_the_planted(
        self, folder: Tables, feature: str, account_id: str, prefix: str
    ) -> None:
        wanted = pl.DataFrame({"account_id": [account_id], "feature": [feature], "side": ["high"]})
        rows = evidence(surveyed(folder), wanted)
        assert rows["rank"].to_list() == list(range(1, 11))
        assert set(rows["table"]) == {"comments"}
        cited = rows.join(folder.comments, left_on=["account_id", "key"], right_on=["account_id", "comment_id"])
        assert cited.height == 10
        assert cited["commenter_id"].str.starts_with(prefix).all()
        assert not rows["text"].str.contains(f"{prefix} \\d|nice").any(), "evidence names no one and quotes nothing"

    def test_every_value_is_within_its_bounds(self, found: pl.DataFrame) -> None:
        for name, entry in FEATURES.items():
            known = found[name].drop_nulls()
            assert entry.low is None or (known >= entry.low).all(), name
            assert entry.high is None or (known <= entry.high).all(), name

    def test_no_key_changes_a_value(self, folder: Tables, found: pl.DataFrame) -> None:
        for key in (b"k", b"another key of the run" * 2):
            assert network(folder, 500, key).equals(found)

    def test_no_order_of_rows_changes_a_value(self, folder: Tables, found: pl.DataFrame) -> None:
        shuffled = Tables(
            folder.accounts.sample(fraction=1, shuffle=True, seed=1),
            folder.followers_daily,
            folder.posts,
            folder.comments.sample(fraction=1, shuffle=True, seed=1),
        )
        assert compute_group(shuffled, "network").equals(found)

    def test_how_much_is_held_at_a_time_changes_no_value(
        self, folder: Tables, found: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(network_survey, "PERSONS_AT_ONCE", 2_000)
        monkeypatch.setattr(network_survey, "MEETINGS_AT_ONCE", 200)
        assert network(folder, fewest=500).equals(found)

    def test_a_hub_on_every_account_is_wide_and_ties_nobody(self, folder: Tables, found: pl.DataFrame) -> None:
        names = folder.accounts["account_id"]
        rows = [*folder.comments.drop("comment_id").to_dicts(), *(remark(name, "hub", 3_000) for name in names)]
        with_hub = network(tables(rows), fewest=500)
        size = (found[CREATORS].len(), with_hub.filter(account_id="fair 100")[WIDE].item())
        assert size == (600, pytest.approx(1 / 41, abs=0.005))
        # One more commenter without a tie: 40 x 39 pairs become 41 x 40, and the weights 1 / ln(n) hardly change.
        ties = with_hub.join(found, on="account_id", suffix="_before").filter(pl.col(f"{TIES}_before") > 0)
        assert (ties[TIES] < ties[f"{TIES}_before"]).all()

    def test_buckets_give_what_the_whole_gives(self, folder: Tables, found: pl.DataFrame) -> None:
        names = folder.accounts["account_id"]
        buckets = [only(folder, names.gather_every(7, offset)) for offset in range(7)]
        key = b"key"
        known = survey([sightings(bucket, key) for bucket in buckets[::-1]])
        parts = [compute_group(with_network(bucket, known, key), "network") for bucket in buckets]
        assert pl.concat(parts).sort("account_id").equals(found)

    def test_a_small_folder_with_a_reference_has_the_values_of_the_whole(
        self, folder: Tables, found: pl.DataFrame
    ) -> None:
        names = folder.accounts["account_id"]
        mine = only(folder, names.gather_every(30))
        own = sightings(mine)
        rest = sightings(folder, besides=own.accounts.select("account"))  # the folder's accounts are in it once more
        assert compute_group(mine, "network")[WIDE].null_count() == mine.accounts.height
        with_reference = compute_group(with_network(mine, survey([own, rest])), "network")
        assert with_reference.equals(found.filter(pl.col("account_id").is_in(mine.accounts["account_id"].implode())))

    def test_the_features_of_accounts_do_not_change(self, folder: Tables) -> None:
        few = only(folder, folder.accounts["account_id"].head(30))
        assert compute(surveyed(few), MODEL_GROUPS).equals(compute(few, MODEL_GROUPS))


class TestStandingOut:
    def judged(self, known: Sequence[float], value: float, feature: str = WIDE) -> list[str]:
        frame = pl.DataFrame({"account_id": [f"a{n:03}" for n in range(len(known))] + ["judged"]})
        frame = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in FEATURES)
        frame = frame.with_columns(pl.Series(feature, [*known, value], dtype=pl.Float64))
        return standing_out(frame, pl.Series(["judged"]))["feature"].to_list()

    def test_nobody_gives_no_note(self) -> None:
        empty = pl.DataFrame(schema={"account_id": pl.String} | dict.fromkeys(FEATURES, pl.Float64))
        assert standing_out(empty, empty["account_id"]).height == 0

    @pytest.mark.parametrize(
        ("usual", "value", "stands_out"),
        [
            pytest.param([0.0], 0.09, False, id="below a tenth, where nobody else has any"),
            pytest.param([0.0], 0.11, True, id="above a tenth, where nobody else has any"),
            pytest.param([0.2], 0.49, False, id="less than twice the usual, a tenth added: 2 x 0.3 - 0.1"),
            pytest.param([0.2], 0.51, True, id="more than twice the usual"),
            pytest.param([0.0, 0.1, 0.3], 0.9, False, id="a batch that scatters: e^(3 x 1.48 ln 2) x 0.2 is over 1"),
            pytest.param(
                [0.1, 0.15, 0.2], 0.45, False, id="within three deviations: 1.2^(3 x 1.48) x 0.25 - 0.1 = 0.46"
            ),
            pytest.param([0.1, 0.15, 0.2], 0.47, True, id="beyond three deviations"),
        ],
    )
    def test_limit(self, usual: list[float], value: float, stands_out: bool) -> None:  # noqa: FBT001
        known = list(itertools.islice(itertools.cycle(usual), 150))
        assert self.judged(known, value) == ([WIDE] if stands_out else [])

    @pytest.mark.parametrize(("value", "stands_out"), [(0.009, False), (0.011, True)])
    def test_a_tenth_of_the_people_is_a_hundredth_of_the_pairs(self, value: float, stands_out: bool) -> None:  # noqa: FBT001
        assert self.judged([0.0] * 150, value, TIES) == ([TIES] if stands_out else [])

    def test_few_values_are_no_yardstick(self) -> None:
        assert self.judged([0.0] * 98, 1.0) == []
        assert self.judged([0.0] * 99, 1.0) == [WIDE]

    def test_context_is_never_noted(self) -> None:
        frame = pl.DataFrame({"account_id": [f"a{n:03}" for n in range(200)]})
        frame = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in FEATURES)
        frame = frame.with_columns(pl.Series(name, [0.0] * 199 + [1.0]) for name in (CREATORS, DROPS))
        assert standing_out(frame, frame["account_id"]).height == 0


# Parity ---------------------------------------------------------------------------------------------------------------


def random_graph(seed: int) -> Tables:
    """A small, crowded graph: travellers in company, creators who trade, unknown authors and instants."""
    draw = random.Random(seed)  # noqa: S311 -- a seeded draw, no secret
    names = [f"account {number}" for number in range(14)]
    rows = []
    for name in names:
        for _ in range(draw.randrange(0, 30)):
            person: str | None = f"person {draw.randrange(60)}"
            if draw.random() < 0.25:
                person = draw.choice([None, name, *names])
            rows.append(remark(name, person, None if draw.random() < 0.1 else draw.random() * 2_000, draw.randrange(4)))
        minute = draw.random() * 2_000
        members = draw.sample(range(8), draw.randrange(8))
        rows += [remark(name, f"member {member}", minute + draw.random() * 15, post=9) for member in members]
        rows += from_each(name, strangers(name, draw.randrange(20)))
    return tables(rows)


def naive(given: Tables) -> dict[str, dict[str, float | None]]:
    """The comment features of each account, written down as the definitions read."""
    names = given.accounts["account_id"].to_list()
    known = [row for row in given.comments.to_dicts() if row["commenter_id"] not in (None, row["account_id"])]
    here: dict[str, Counter[str]] = {name: Counter() for name in names}
    for row in known:
        here[row["account_id"]][row["commenter_id"]] += 1
    on = Counter(person for people in here.values() for person in people)
    devoted = [sorted(on[p] for p in people)[math.ceil(0.9 * (len(people) - 1))] for people in here.values()
               if len(people) >= 10]  # fmt: skip
    wide_above = max(5, 2 * float(np.median(devoted))) if devoted else 5
    mates = naive_mates(known, on)
    found: dict[str, dict[str, float | None]] = {}
    for name, people in here.items():
        size = len(people)
        if size < 10:
            found[name] = dict.fromkeys((WIDE, LOCKSTEP, RECIPROCAL, TIES, CREATORS))
            continue
        ties = sum(
            1 / math.log(len(others))
            for other, others in here.items()
            for _ in itertools.permutations(set(people) & set(others), 2)
            if other != name
        )
        found[name] = {
            WIDE: sum(on[person] > wide_above for person in people) / size,
            LOCKSTEP: sum((name, person) in mates for person in people) / size,
            RECIPROCAL: sum(person in here and name in here[person] for person in people) / size,
            TIES: ties / (size * (size - 1)),
            CREATORS: sum(count for person, count in people.items() if person in here) / people.total(),
        }
    return found


def naive_mates(known: list[Row], on: Counter[str]) -> set[tuple[str, str]]:
    """(account, person) of those in lockstep there."""
    posts: dict[tuple[str, str], dict[str, tuple[datetime, str]]] = defaultdict(dict)
    for row in known:
        if row["commented_at"] is not None:
            arrival = (row["commented_at"].replace(microsecond=0), row["comment_id"])
            first = posts[row["account_id"], row["post_id"]]
            first[row["commenter_id"]] = min(arrival, first.get(row["commenter_id"], arrival))
    alone: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for (account, post), people in posts.items():
        alone[account] += [(post, at) for person, (at, _) in people.items() if on[person] == 1]
    near = timedelta(minutes=10)
    tempo = {
        account: (sum(p == q and abs(t - u) <= near for (p, t), (q, u) in itertools.combinations(arrivals, 2)) + 1)
        / (len(arrivals) * (len(arrivals) - 1) / 2 + 100)
        for account, arrivals in alone.items()
    }
    met: dict[frozenset[str], set[str]] = defaultdict(set)
    exposure: Counter[str] = Counter()
    visits: dict[str, list[str]] = defaultdict(list)
    for (account, _), people in posts.items():
        row = sorted((arrival, person) for person, arrival in people.items() if on[person] >= 3)
        for index, ((at, _), person) in enumerate(row):
            exposure[person] += tempo[account]
            visits[person].append(account)
            for (later, _), other in row[index + 1 : index + 11]:
                if later - at <= near:
                    met[frozenset((person, other))].add(account)
    found = set()
    for pair, accounts in met.items():
        one, other = pair
        pace = {person: len(visits[person]) / len(set(visits[person])) for person in pair}
        chance, times = min(exposure[one] * pace[other], exposure[other] * pace[one]), len(accounts)
        if times >= 3 and chance < times and math.exp(times - chance) * (chance / times) ** times < 1e-6:
            found |= {(account, person) for account in accounts for person in pair}
    return found


@pytest.mark.parametrize("seed", range(6))
def test_values_are_those_of_a_naive_implementation(seed: int) -> None:
    given = random_graph(seed)
    expected = naive(given)
    found = {row.pop("account_id"): row for row in network(given).drop(DROPS).to_dicts()}
    assert found.keys() == expected.keys()
    for name, row in expected.items():
        assert found[name] == {key: None if value is None else pytest.approx(value) for key, value in row.items()}


def test_the_random_graphs_hold_every_case() -> None:
    found = pl.concat(network(random_graph(seed)) for seed in range(6))
    for name in (LOCKSTEP, RECIPROCAL, TIES, CREATORS):
        assert (found[name] > 0).any(), name
        assert found[name].null_count() > 0, name
