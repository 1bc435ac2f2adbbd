"""Pseudo-accounts from labelled comments, areas that can be checked by hand, and the command on tiny files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightgbm
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from audits.labelled import (
    INSTAFAKE_COLUMNS,
    RATIOS,
    area,
    beyond_ordinary,
    comment_features,
    learned,
    model_by_share,
    over_videos,
    ratios,
    videos,
    within,
)
from audits.pseudo_accounts import KEY_SCHEMA, LABELLED_COLUMNS, PseudoAccounts, pseudo_accounts
from features.tables import CONTRACTS
from models.bundle import Head
from models.calibration import Calibration
from models.explanation import OrdinaryRange
from pipeline.audit import labelled as module
from pipeline.audit.__main__ import app
from pipeline.errors import UnusableInputError
from tests.models.synthetic import FEATURES, handmade_bundle

REAL = Path(os.environ.get("ASSAY_REAL_DATA", Path(__file__).parents[3] / "shared" / "real")) / "labelled"
TUBESPAM, INSTAFAKE = REAL / "tubespam_1956.csv", REAL / "instafake_automated_1400.csv"

PRAISE = ["so good", "i love this song", "beautiful voice", "who is here today", "best part at 2:10", "wow", "my song"]
SPAM = ["check out my channel http://x.com/{}", "subscribe to me {} please", "free money at www.y.com/{}"]


def labelled_comments(names: Sequence[str] = ("one",), genuine: int = 100, spam: int = 100) -> pl.DataFrame:
    """Labelled comments of some videos; every text, author and id of its own."""
    rows = [
        {
            "video": video,
            "comment_id": f"{video}-{kind}-{index:03d}",
            "commenter_id": f"{video}-{kind}-author-{index:03d}",
            "commented_at": f"201{4 if kind == 'spam' else 5}-03-01T00:00:0{index % 10}.500000",
            "text": texts[index % len(texts)].format(index) + f" {video}{index}",
            "is_spam": kind == "spam",
        }
        for video in names
        for kind, count, texts in (("genuine", genuine, PRAISE), ("spam", spam, SPAM))
        for index in range(count)
    ]
    return pl.DataFrame(
        rows, schema={**dict.fromkeys(rows[0] if rows else LABELLED_COLUMNS, pl.String), "is_spam": bool}
    )


def deal(comments: pl.DataFrame, shares: Sequence[float] = (0.0, 0.25), **changes: int) -> PseudoAccounts:
    settings = {"deals": 2, "smallest": 20, "largest": 20, "seed": 3} | changes
    return pseudo_accounts(comments, shares, **settings)


def key(rows: Sequence[tuple[str, int, float]]) -> pl.DataFrame:
    """What is known of pseudo-accounts: video, deal and share of spam."""
    return pl.DataFrame(
        [
            {"account_id": f"{index:04d}", "video": video, "deal": number, "spam_share": share, "comments": 20}
            for index, (video, number, share) in enumerate(rows)
        ],
        schema={name: dtype for name, dtype in KEY_SCHEMA.items() if name != "spam_comments"},
    ).with_columns(spam_comments=(pl.col("comments") * pl.col("spam_share")).cast(pl.Int64))


SHARE = FEATURES["comments_repeat_share"]
"""A feature whose high values are suspicious."""

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75)
MANY = key([(video, number % 4, share) for video in "abc" for share in SHARES for number in range(12)])
"""Three videos with twelve accounts at each share."""


@pytest.fixture(autouse=True)
def few_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals are tested where they are made; here they only cost time."""
    monkeypatch.setattr("audits.labelled.REPLICATES", 20)


# --- pseudo-accounts --------------------------------------------------------------------------------------------------


def test_no_comment_gives_no_account() -> None:
    found = deal(labelled_comments().clear())
    assert found.key.schema == pl.Schema(KEY_SCHEMA)
    assert [getattr(found.tables, name).height for name in ("accounts", "followers_daily", "posts", "comments")] == [
        0
    ] * 4


def test_a_video_with_too_few_comments_gives_no_account() -> None:
    assert deal(labelled_comments(genuine=14, spam=19)).key.height == 0


def test_comments_are_handed_out_until_one_kind_is_short() -> None:
    found = deal(labelled_comments(genuine=100, spam=100), deals=1).key
    # Of 100 genuine comments: 100 / 20 = 5 accounts without spam, 100 // 15 = 6 with a quarter.
    assert dict(found["spam_share"].value_counts().iter_rows()) == {0.0: 5, 0.25: 6}
    assert set(found.filter(pl.col("spam_share") == 0.25).select("comments", "spam_comments").rows()) == {(20, 5)}


def test_no_comment_is_used_twice_in_a_deal_of_a_share() -> None:
    found = deal(labelled_comments(), largest=40)
    used = found.tables.comments.join(found.key, on="account_id").select("deal", "spam_share", "comment_id")
    assert used.height > 0
    assert not used.is_duplicated().any()


def test_a_comment_that_is_listed_twice_counts_once() -> None:
    comments = labelled_comments(genuine=30, spam=0)
    assert deal(pl.concat([comments, comments]), shares=[0.0], deals=1).key.height == 1


def test_every_account_has_the_number_of_comments_asked_for() -> None:
    sizes = deal(labelled_comments(genuine=200), shares=[0.0], deals=20, smallest=20, largest=40).key["comments"]
    assert (sizes.min(), sizes.max()) == (20, 40)


def test_the_order_of_rows_and_other_videos_change_nothing() -> None:
    comments = labelled_comments(["one", "two"])
    both = deal(comments)
    shuffled = deal(comments.sample(fraction=1.0, shuffle=True, seed=1))
    assert_frame_equal(shuffled.tables.comments, both.tables.comments)
    alone = deal(comments.filter(pl.col("video") == "two"))
    assert_frame_equal(alone.key, both.key.filter(pl.col("video") == "two"))


def test_tables_fit_the_contract_and_tell_nothing_but_comments() -> None:
    tables = deal(labelled_comments()).tables
    for name in ("accounts", "followers_daily", "posts", "comments"):
        assert getattr(tables, name).schema == pl.Schema(CONTRACTS[name].schema)
    assert tables.comments["commented_at"].null_count() == tables.comments.height
    assert tables.accounts["follower_count"].null_count() == tables.accounts.height


# --- areas ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "values", "expected"),
    [
        pytest.param([], [], None, id="no row"),
        pytest.param([True, True], [1.0, 2.0], None, id="one class"),
        pytest.param([True, False], [float("nan")] * 2, None, id="no value"),
        pytest.param([True, False, False], [2.0, 1.0, 3.0], 1 / 2, id="above one of two"),
        pytest.param([True, False, False], [2.0, 2.0, 1.0], 1.5 / 2, id="a tie counts half"),
        pytest.param([True, True, False], [2.0, float("nan"), 1.0], 1.0, id="a null takes no part"),
    ],
)
def test_the_area_counts_pairs(labels: list[bool], values: list[float], expected: float | None) -> None:
    found = area(np.array(labels, dtype=bool), np.array(values, dtype=float))
    assert found == (None if expected is None else pytest.approx(expected))


def test_no_video_has_no_mean() -> None:
    assert over_videos([None]) == dict.fromkeys(("value", "lower", "upper", "lowest", "highest"), None) | {"videos": 0}


def test_one_video_has_no_interval() -> None:
    assert over_videos([0.8]) == {
        "value": 0.8, "lower": None, "upper": None, "lowest": 0.8, "highest": 0.8, "videos": 1
    }  # fmt: skip


def test_the_interval_is_student_s_over_the_videos() -> None:
    found = over_videos([0.6, 0.5, None, 0.7])
    # Two degrees of freedom: 4.3027 times the sd of 0.1 over the root of 3.
    half = 4.3027 * 0.1 / 3**0.5
    assert found["value"] == pytest.approx(0.6)
    assert found["lower"] == pytest.approx(0.6 - half, abs=1e-4)
    assert found["upper"] == pytest.approx(0.6 + half, abs=1e-4)
    assert (found["lowest"], found["highest"], found["videos"]) == (0.5, 0.7, 3)


def test_the_interval_stays_between_nothing_and_one() -> None:
    found = over_videos([0.1, 0.9])
    assert (found["lower"], found["upper"]) == (0.0, 1.0)
    assert over_videos([-0.5, 0.9], least=-1.0)["lower"] == -1.0


def test_pairs_count_only_where_both_are_of_like_size() -> None:
    labels = np.array([True, False, True, False, False])
    values = np.array([2.0, 1.0, 5.0, 6.0, 7.0])
    # Bin 0: one pair, won. Bin 1: two pairs, both lost. Over all pairs it would be 1 + 0 + 1 of 6.
    assert within(labels, values, np.array([0, 0, 1, 1, 1])) == pytest.approx(1 / 3)
    assert within(labels, values, np.arange(5)) is None


# --- judged comments --------------------------------------------------------------------------------------------------


def planted(**columns: pl.Expr | pl.Series) -> pl.DataFrame:
    return MANY.select("account_id", "spam_share").with_columns(**columns).drop("spam_share")


def test_a_feature_is_judged_by_its_high_values_and_the_farthest_comes_first() -> None:
    noise = pl.Series(np.random.default_rng(0).random(MANY.height))
    values = planted(
        falls=-pl.col("spam_share"), unknown=pl.lit(None, dtype=pl.Float64), noise=noise, rises=pl.col("spam_share")
    )
    rows = comment_features(MANY, values, {"falls": "low", "unknown": "high", "noise": "both", "rises": "high"})
    assert [row["name"] for row in rows] == ["falls", "rises", "noise", "unknown"]
    assert [row["over_videos"]["value"] for row in rows[:2]] == [0.0, 1.0]
    assert rows[3]["over_videos"]["value"] is None
    assert (rows[1]["known_share"], rows[3]["known_share"]) == (1.0, 0.0)
    assert rows[1]["by_video"]["a"] == {"value": 1.0, "lower": 1.0, "upper": 1.0}


def test_accounts_with_a_tenth_of_spam_are_neither_side() -> None:
    misleading = pl.when(pl.col("spam_share") == 0.1).then(99.0).otherwise(pl.col("spam_share"))
    rows = comment_features(MANY, planted(seen=misleading), {"seen": "high"})
    assert rows[0]["over_videos"]["value"] == 1.0


def test_only_what_could_be_a_reason_against_an_account_without_spam_counts() -> None:
    place = pl.col("account_id").str.to_integer()
    # Of the 36 accounts without spam, numbered 0 to 11, 60 to 71 and 120 to 131, nine lie above 0.2: 123 to 131.
    high = pl.when(pl.col("spam_share") > 0).then(9.0).when(place > 122).then(0.3).otherwise(0.1)
    values = planted(high=high, low=-high, unknown=pl.lit(None, dtype=pl.Float64))
    catalogue = dict.fromkeys(("high", "low", "unknown"), SHARE) | {"context": replace(SHARE, reason={})}
    found = beyond_ordinary(
        MANY, values.with_columns(context="high"), catalogue, dict.fromkeys(catalogue, OrdinaryRange(0.0, 0.2))
    )
    assert found == {"high": 9 / 36, "low": 0.0, "unknown": None, "context": None}


def test_a_video_with_few_values_is_not_judged() -> None:
    few = pl.when(pl.col("account_id").str.to_integer() < 5).then(pl.col("spam_share"))
    assert comment_features(MANY, planted(few=few), {"few": "high"})[0]["over_videos"]["videos"] == 0


def test_a_model_that_follows_the_share_is_monotone() -> None:
    probability = (0.1 + 0.9 * MANY["spam_share"]).to_numpy()
    found = model_by_share(MANY, probability, ["reject" if each > 0.5 else "pass" for each in probability])
    assert found["monotone"] == {"videos": 3, "rising": 3}
    assert found["rank_correlation"]["value"] == pytest.approx(1.0)
    assert (found["half_against_none"]["value"], found["bought_against_none"]["value"]) == (1.0, 1.0)
    assert [row["spam_share"] for row in found["by_share"]] == list(SHARES)
    assert [row["rejected_share"] for row in found["by_share"]] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert found["by_share"][3]["median"] == pytest.approx(0.1 + 0.9 * 0.5)


def test_a_model_that_says_the_same_of_all_tells_nothing() -> None:
    found = model_by_share(MANY, np.full(MANY.height, 0.3), ["pass"] * MANY.height)
    assert found["monotone"] == {"videos": 3, "rising": 0}
    assert found["rank_correlation"]["value"] is None
    assert found["half_against_none"]["value"] == 0.5


def test_models_learn_what_other_videos_show() -> None:
    generator = np.random.default_rng(1)
    values = planted(
        noise=pl.Series(generator.random(MANY.height)),
        unknown=pl.lit(None, dtype=pl.Float64),
        tells=1 - pl.col("spam_share") + pl.Series(0.01 * generator.random(MANY.height)),
    )
    rows = {row["name"]: row for row in learned(MANY, values, ["noise", "unknown", "tells"], seed=2)}
    assert set(rows) == {"one rule", "logistic regression", "LightGBM"}
    assert rows["one rule"]["rules"] == dict.fromkeys("abc", "low tells")
    for row in rows.values():
        assert row["bought"]["value"] > 0.95
        assert row["tenth"]["videos"] == 3


def test_videos_are_described() -> None:
    comments = module._typed(labelled_comments(["b", "a"], genuine=3, spam=2))
    rows = videos(comments)
    assert [row["video"] for row in rows] == ["a", "b"]
    # Spam of 1 March 2014, the others of 1 March 2015.
    assert rows[0] | {"video": ""} == {
        "video": "", "genuine": 3, "spam": 2, "spam_authors": 2, "spam_texts": 2, "spam_earlier_by_days": 365
    }  # fmt: skip


# --- ratios -----------------------------------------------------------------------------------------------------------


def labelled_accounts(count: int = 60, **cells: Any) -> pl.DataFrame:
    """Accounts, every other one automated: twice the followers, and likes that vary twice as much."""
    rows = [
        {
            "label": index % 2,
            "avg_mediaLikeNumbers": 50.0 + index,
            "std_mediaLikeNumbers": (50.0 + index) * (0.2 + 0.2 * (index % 2)),
            "avg_mediaCommentNumbers": 2.0 + index % 7,
            "std_mediaCommentNumbers": 1.0 + index % 5,
            "userFollowerCount": 1000 * (1 + index % 2) + index,
            "userFollowingCount": 400 + index % 11,
            "usernameDigitCount": index % 3,
            "usernameLength": 10,
            **cells,
        }
        for index in range(count)
    ]
    return pl.DataFrame(rows).cast(dict.fromkeys(INSTAFAKE_COLUMNS, pl.Float64))


def test_ratios_are_judged_alone_together_and_beside_size() -> None:
    found = ratios(labelled_accounts(), seed=1)
    assert (found["accounts"], found["automated"], found["repeated"]) == (60, 30, 0)
    by_name = {row["name"]: row for row in found["ratios"]}
    assert list(by_name) == [each.name for each in RATIOS]
    # 0.4 against 0.2, for every account.
    assert by_name["likes_spread"]["value"] == 1.0
    models = {row["name"]: row["value"] for row in found["models"]}
    assert models["followers alone"] == 1.0
    assert models["logistic regression on the ratios"] > 0.95
    # No tenth by followers holds both classes.
    assert by_name["likes_spread"]["within_size"] is None


def test_rows_alike_count_once_and_their_order_not_at_all() -> None:
    accounts = labelled_accounts()
    doubled = ratios(pl.concat([accounts.reverse(), accounts]), seed=1)
    assert doubled["repeated"] == 60
    assert doubled | {"repeated": 0} == ratios(accounts, seed=1)


def test_nothing_over_nothing_is_unknown() -> None:
    found = ratios(labelled_accounts(avg_mediaLikeNumbers=0.0, userFollowerCount=0), seed=1)
    known = {row["name"]: row["known_share"] for row in found["ratios"]}
    assert known["comments_per_like"] == known["likes_spread"] == known["following_per_follower"] == 0.0
    assert known["comments_spread"] == known["handle_digit_share"] == 1.0


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Tiny files of the same columns as the real ones."""
    comments, accounts = tmp_path / "tubespam.csv", tmp_path / "instafake.csv"
    labelled_comments(["one", "two", "three"], genuine=70, spam=70).write_csv(comments)
    labelled_accounts().with_columns(avg_mediaUploadTimes=1.0).write_csv(accounts)
    return comments, accounts


@pytest.fixture
def linked_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model in use that has learnt one thing: links."""
    names = ["comments_link_share", "growth_never_seen_share"]
    values = np.array([[index / 100, 0.0] for index in range(100)])
    data = lightgbm.Dataset(values, values[:, 0] > 0.1, feature_name=names)
    trees = lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 20).model_to_string()
    given = handmade_bundle().classifier.calibration
    assert isinstance(given, Calibration)
    ordinary = dict.fromkeys(names, OrdinaryRange(0.0, 0.2))
    bundle = handmade_bundle(classifier=Head(trees, given), features=tuple(names), ordinary=ordinary)

    def judged(_: Any, raw: Any, __: Any, prevalence: float) -> tuple[Any, None]:
        """By the cuts alone: the made-up features have no reasons."""
        evidence = given.log_likelihood_ratio(raw)
        return bundle.thresholds.verdicts(given.probability(raw, prevalence), evidence), None

    monkeypatch.setattr(module, "load_scorer", lambda _: SimpleNamespace(bundle=bundle, judged=judged))
    monkeypatch.setattr(module, "compute", _link_share)
    monkeypatch.setattr(module, "features", lambda _: {names[0]: replace(SHARE, name=names[0])})
    monkeypatch.setattr(module, "DEALS", 6)


def _link_share(tables: Any) -> pl.DataFrame:
    """Stands for all features, whose own tests are elsewhere."""
    has_link = pl.col("text").str.contains("http|www").mean().alias("comments_link_share")
    found = tables.comments.group_by("account_id").agg(has_link).sort("account_id")
    return found.with_columns(growth_never_seen_share=pl.lit(None, dtype=pl.Float64))


@pytest.mark.usefixtures("linked_model")
def test_the_page_holds_the_figures_of_the_json(files: tuple[Path, Path], tmp_path: Path) -> None:
    text = module.run(*files, tmp_path / "out", None, lambda _: None)
    found = json.loads((tmp_path / "out" / module.RESULT).read_text())
    assert found["tubespam"]["features"][0]["over_videos"]["value"] > 0.95
    assert found["tubespam"]["model"]["half_against_none"]["value"] > 0.95
    assert f"{found['tubespam']['accounts']:,} accounts" in text
    for share in found["tubespam"]["model"]["by_share"]:
        assert f"| {share['spam_share']:.0%} | {share['accounts']:,} | {share['median']:.3f} |" in text
    for row in (*found["instafake"]["ratios"], *found["instafake"]["models"]):
        assert f"{row['value']:.3f} (" in text
    assert module.TUBESPAM_TRAPS in text
    assert module.INSTAFAKE_TRAPS in text
    assert "nan" not in re.findall(r"[a-z]+", text)


@pytest.mark.usefixtures("linked_model")
def test_a_second_run_gives_the_same_bytes(files: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("first", "second"):
        module.run(*files, tmp_path / name, None, lambda _: None)
    assert (tmp_path / "first" / module.RESULT).read_bytes() == (tmp_path / "second" / module.RESULT).read_bytes()


def test_the_command_needs_no_model_for_ratios(files: tuple[Path, Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["labelled", "--instafake", str(files[1]), "--output", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "## Ratios on labelled automated accounts" in done.output
    assert "spam comments" not in done.output


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="no file is named"):
        module.run(None, None, tmp_path, None, lambda _: None)


def test_every_fault_of_the_files_is_named_at_once(files: tuple[Path, Path], tmp_path: Path) -> None:
    pl.read_csv(files[1]).rename({"userFollowerCount": "user_follower_count"}).write_csv(files[1])
    with pytest.raises(UnusableInputError) as caught:
        module.run(tmp_path / "absent.csv", files[1], tmp_path, None, lambda _: None)
    missing, misnamed = caught.value.problems
    assert "there is no file" in missing
    assert "'userFollowerCount' is missing" in misnamed
    assert "Did you mean 'user_follower_count'?" in misnamed


def test_labels_that_are_none_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    pl.read_csv(files[0]).with_columns(is_spam=pl.lit("perhaps")).write_csv(files[0])
    with pytest.raises(UnusableInputError, match="does not hold what it should"):
        module.run(files[0], None, tmp_path, None, lambda _: None)


# --- the real files ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not TUBESPAM.is_file(), reason=f"the real comments are not at {TUBESPAM}")
def test_real_comments_become_thousands_of_accounts() -> None:
    comments = module._typed(pl.read_csv(TUBESPAM, infer_schema_length=None))
    found = deal(comments, shares=SHARES, deals=20, largest=40)
    assert found.key["video"].n_unique() == 5
    assert found.key.height > 3000
    assert found.tables.comments["text"].null_count() == 0
    assert {row["video"]: row["spam_authors"] for row in videos(comments)}["shakira"] == 135


@pytest.mark.skipif(not INSTAFAKE.is_file(), reason=f"the real accounts are not at {INSTAFAKE}")
def test_real_accounts_are_told_by_followers_as_well_as_their_readme_says() -> None:
    accounts = pl.read_csv(INSTAFAKE, infer_schema_length=None).select(INSTAFAKE_COLUMNS)
    found = ratios(accounts.cast(dict.fromkeys(INSTAFAKE_COLUMNS, pl.Float64)), seed=1)
    assert {row["name"]: row["value"] for row in found["models"]}["followers alone"] == pytest.approx(0.92, abs=0.01)
