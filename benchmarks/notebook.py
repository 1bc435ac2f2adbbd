"""The notebook that a competent person writes in pandas: some thirty of the catalogue's features, in two ways.

`by_account` groups by account and applies a function to each group, as most notebooks do; `vectorised` uses grouped
columns alone. Both start from the same columns, which are vectorised in either, since nobody loops over comments to
find a link. Where pandas cannot be plain (Unicode folding of HTML, the slots of templates), the feature is left out.

The values are the catalogue's; `tests/benchmarks` compares them on simulated accounts, and the benchmark on its own
before it measures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DAY = pd.Timedelta(days=1)
HOUR = pd.Timedelta(hours=1)
SETTLED = pd.Timedelta(hours=48)
NEWEST_POSTS, FORMAT_POSTS, DRAW, MONTH = 60, 5, 20, 30
MAD_TO_SD = 1.4826

LETTER, MARK = r"[\p{L}\p{N}]", r"\p{M}"
WORD = rf"{LETTER}[\p{{L}}\p{{N}}{MARK}]*"
DENSE = r"[\x{3040}-\x{30FA}\x{30FC}-\x{30FF}\x{31F0}-\x{31FF}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{F900}-\x{FAFF}]"
SYLLABIC = r"[\x{0E01}-\x{0E3A}\x{0E40}-\x{0E4E}\x{0E50}-\x{0E59}\x{0E80}-\x{0EFF}\x{1000}-\x{1049}\x{1780}-\x{17D3}]"
DOMAIN = r"\.(?:com|net|org|info|gg|shop|xyz|io|tv|link)\b"
LINK = rf"https?://\S+|www\.\S+|[a-z0-9-]+{DOMAIN}\S*"
MAIL = rf"[\p{{L}}\p{{N}}._%+\-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*{DOMAIN}[a-z.]*"
MENTION = r"@[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.\-]*"
INVISIBLE = r"['\x{2019}\x{00AD}\x{200B}-\x{200F}\x{2060}\x{FE0E}\x{FE0F}\x{FEFF}]"


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """The four tables of a prepared folder, each whole, with `account`, the account's row in `accounts`."""
    tables = {name: pd.read_parquet(folder / name) for name in ("accounts", "followers_daily", "posts", "comments")}
    tables["accounts"] = tables["accounts"].sort_values("account_id", ignore_index=True)
    for table in tables.values():
        places = pd.Categorical(table["account_id"], categories=tables["accounts"]["account_id"])
        table["account"] = places.codes.astype(np.int64)
    tables["followers_daily"]["date"] = pd.to_datetime(tables["followers_daily"]["date"], utc=True)
    tables["accounts"]["created_on"] = pd.to_datetime(tables["accounts"]["created_on"], utc=True)
    return tables


def by_account(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The features, one row an account, in the order of `accounts`: a function applied to each account's rows."""
    parts = [
        _applied(_intervals(tables), _growth_of),
        _applied(_comments(tables), _comments_of),
        _applied(_posts(tables), _engagement_of),
    ]
    return _together(tables, [*parts, _owner_replies(tables), _profile(tables)])


def vectorised(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The same by grouped columns."""
    parts = [_growth(_intervals(tables)), _comment_features(_comments(tables)), _engagement(_posts(tables))]
    return _together(tables, [*parts, _owner_replies(tables), _profile(tables)])


WAYS: dict[str, Callable[[dict[str, pd.DataFrame]], pd.DataFrame]] = {"apply": by_account, "vectorised": vectorised}


def _together(tables: dict[str, pd.DataFrame], parts: list[pd.DataFrame]) -> pd.DataFrame:
    found = pd.concat([part.reindex(tables["accounts"]["account"]) for part in parts], axis=1)
    found = found.astype(float).replace([np.inf, -np.inf], np.nan)
    return found.set_index(pd.Index(tables["accounts"]["account_id"], name="account_id"))


def _applied(rows: pd.DataFrame, function: Callable[[pd.DataFrame], dict[str, float]]) -> pd.DataFrame:
    return rows.groupby("account").apply(lambda group: pd.Series(function(group)), include_groups=False)


# --- what both start from ---------------------------------------------------------------------------------------------


def _newest(tables: dict[str, pd.DataFrame]) -> pd.Series[Any]:
    """Newest instant of each account, by `account`."""
    posts = tables["posts"]
    seen = posts[["posted_at", "observed_at"]].max(axis=1)
    parts = [
        tables["accounts"].set_index("account")["observed_at"],
        (tables["followers_daily"].groupby("account")["date"].max() + DAY),
        seen.groupby(posts["account"]).max(),
        tables["comments"].groupby("account")["commented_at"].max(),
    ]
    return pd.concat(parts).groupby(level=0).max()


def _intervals(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Pairs of consecutive readings without zeros and glitches, with the step in which the counts move."""
    readings = tables["followers_daily"]
    readings = readings[readings["follower_count"] > 0].sort_values(["account", "date"])
    count, account = readings["follower_count"], readings["account"]
    before, after = count.groupby(account).shift(1), count.groupby(account).shift(-1)
    glitch = ((count * 10 < before) & (count * 10 < after)) | ((count > before * 10) & (count > after * 10))
    readings = readings[~glitch]
    count, account = readings["follower_count"], readings["account"]
    readings = readings.assign(rounding=_rounding(count, account))
    rows = pd.DataFrame(
        {
            "account": account,
            "date": readings["date"],
            "start": readings.groupby("account")["date"].shift(1),
            "before": count.groupby(account).shift(1),
            "after": count.astype(float),
            "rounding": np.fmax(readings["rounding"], readings.groupby("account")["rounding"].shift(1)),
        }
    )
    rows = rows[rows["start"].notna()]
    rows["days"] = (rows["date"] - rows["start"]) / DAY
    rows["change"] = rows["after"] - rows["before"]
    rows["gain"] = rows["change"].clip(lower=0)
    rows["log_growth"] = np.log(rows["after"] / rows["before"])
    newest = rows.groupby("account")["date"].transform("max")
    rows["is_recent_month"] = rows["start"] >= newest - MONTH * DAY
    rows["is_recent_quarter"] = rows["date"] > newest - 90 * DAY
    return rows


def _rounding(count: pd.Series[Any], account: pd.Series[Any]) -> pd.Series[Any]:
    """Step of each reading: zeros that end all of the account's, or the third digit where none shows more."""
    number = count.to_numpy()
    digits, zeros = np.ones(len(number), int), np.zeros(len(number), int)
    for power in range(1, 12):
        digits += number >= 10**power
        zeros += number % 10**power == 0
    shared = pd.Series(zeros, count.index).groupby(account).transform("min")
    most = pd.Series(digits - zeros, count.index).groupby(account).transform("max")
    step = np.maximum(shared, np.where(most <= 3, digits - 3, 0))
    return pd.Series(np.where(step > 0, 10.0 ** step.clip(0), 0.0), count.index)


def _comments(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Comments by others in order of post and time, with what their text and their time show."""
    comments, accounts = tables["comments"], tables["accounts"]
    owner = accounts["account_id"].take(comments["account"]).to_numpy()
    rows = comments[(comments["commenter_id"].to_numpy() != owner) | comments["commenter_id"].isna().to_numpy()]
    posts = tables["posts"][["account", "post_id", "posted_at"]]
    rows = rows.merge(posts, on=["account", "post_id"], how="left")
    rows = rows.sort_values(["account", "post_id", "commented_at", "comment_id"], na_position="first")
    rows = rows.reset_index(drop=True)
    lag = (rows["commented_at"] - rows["posted_at"]) / HOUR
    rows["lag"] = lag.where(lag >= 0)
    rows["author"] = rows["commenter_id"].where(rows["commenter_id"].notna(), "?" + rows["comment_id"])
    same_post = (rows["post_id"] == rows["post_id"].shift()) & (rows["account"] == rows["account"].shift())
    other_author = rows["author"] != rows["author"].shift()
    gap = rows["commented_at"].diff().dt.total_seconds()
    rows["gap"] = gap.where(same_post & other_author)
    rows["hour"] = rows["commented_at"].dt.hour
    return pd.concat([rows, _text_columns(rows["text"])], axis=1)


def _text_columns(text: pd.Series[Any]) -> pd.DataFrame:
    folded = text.str.normalize("NFKC").str.replace(INVISIBLE, "", regex=True).str.lower()
    addressed = folded.str.replace(MAIL, " ", regex=True)
    said = addressed.str.replace(LINK, " ", regex=True).str.replace(MENTION, " ", regex=True)
    spaced = said.str.replace(f"{DENSE}|{SYLLABIC}", " ", regex=True).str.count(WORD)
    dense, syllabic = said.str.count(DENSE), said.str.count(SYLLABIC)
    letters = said.str.count(LETTER)
    has_mention, has_link = addressed.str.contains(MENTION), addressed.str.contains(LINK)
    wordless = (letters == 0) & ~has_link & (addressed == folded)
    numbers = said.str.replace(r"\p{N}+", "0", regex=True)
    key = numbers.str.replace(r"[^\p{L}\p{N}\p{M}]+", " ", regex=True).str.strip()
    words = spaced + np.ceil(dense / 2) + np.ceil(syllabic / 4)
    parts = key.str.count(" ") + 1
    return pd.DataFrame(
        {
            "has_mention": has_mention,
            "has_link": has_link,
            "is_emoji_only": wordless & ~has_mention & said.str.contains(r"[\p{S}\p{P}]"),
            "is_question": said.str.contains(r"[?\x{061F}\x{055E}]"),
            "words": words,
            "letters": letters,
            "is_worded": (words > 0) & ~has_mention,
            "key": key.where((key != "") & ~has_mention),
            "phrase": np.maximum(parts, words // 2),
        }
    )


def _met(like: Any, comments: Any) -> np.ndarray:
    """Probability that a draw of twenty comments with this one holds one of the `like` others (rarefaction)."""
    like, others = np.asarray(like), np.asarray(comments) - 1
    missed = np.ones(len(like))
    for drawn in range(DRAW - 1):
        missed = missed * np.clip(others - like - drawn, 0, None) / (others - drawn)
    return 1.0 - missed


def _posts(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The newest settled posts with counts, oldest first, with each count beside the usual of its format."""
    posts = tables["posts"]
    seen = posts["observed_at"].fillna(posts["account"].map(_newest(tables)))
    counts = ["like_count", "comment_count", "view_count"]
    rows = posts[(posts["posted_at"] + SETTLED <= seen) & posts[counts].notna().any(axis=1)]
    rows = rows.sort_values(["account", "posted_at", "post_id"])
    rows = rows.groupby("account").tail(NEWEST_POSTS).reset_index(drop=True)
    rows["format"] = rows["format"].fillna("")
    account = rows["account"]
    likes, comments, views = (rows[name].astype(float) for name in counts)
    seen_more = ((comments > 0) | (views > 0)).groupby(account).transform("any")
    liked = (likes > 0).groupby(account).transform("any")
    usual = likes.where(likes > 0).groupby(account).transform("median")
    rows["likes"] = likes.where((liked | ~seen_more) & ~((likes == 0) & (usual >= 20)))
    rows["comments"] = comments.where((comments > 0).groupby(account).transform("any"))
    rows["views"] = views.where((views > 0).groupby(account).transform("any"))
    for name in ("likes", "comments", "views"):
        value = np.log(rows[name].clip(lower=0.5))
        of_format = value.groupby([account, rows["format"]])
        rows[f"{name}_relative"] = value - of_format.transform("median").where(
            of_format.transform("count") >= FORMAT_POSTS, value.groupby(account).transform("median")
        )
    return rows


def _owner_replies(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    comments = tables["comments"]
    known = comments[comments["commenter_id"].notna()]
    is_owner = (known["commenter_id"] == known["account_id"]).groupby(known["account"])
    share = is_owner.mean().where(is_owner.size() >= 10)
    return share.rename("comments_owner_reply_share").to_frame()


def _profile(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    accounts = tables["accounts"].set_index("account")
    readings = tables["followers_daily"].sort_values(["account", "date"])
    followers = accounts["follower_count"].fillna(readings.groupby("account")["follower_count"].last())
    seen = accounts["observed_at"].fillna(_newest(tables)).dt.normalize()
    age = (seen - accounts["created_on"]) / DAY
    handle = accounts["handle"].where(accounts["handle"].str.len() > 0)
    return pd.DataFrame(
        {
            "profile_following_follower_ratio": np.log((accounts["following_count"] + 1) / (followers + 1)),
            "profile_post_rate_per_month": MONTH * accounts["post_count"] / age.where(age >= 30),
            "profile_handle_digit_share": handle.str.count("[0-9]") / handle.str.len(),
            "profile_handle_length": handle.str.len(),
            "profile_biography_length": accounts["biography"].str.strip().str.len(),
        }
    )


# --- a function for each account --------------------------------------------------------------------------------------


def _enough(value: float, rows: float, fewest: int) -> float:
    return value if rows >= fewest else math.nan


def _growth_of(rows: pd.DataFrame) -> dict[str, float]:
    """The growth features of one account's intervals."""
    recent, past = rows[rows["is_recent_month"]], rows[~rows["is_recent_month"]]
    highest = np.maximum(rows["after"].cummax(), rows["before"].iloc[0])
    rate = MONTH * rows["log_growth"].sum() / rows["days"].sum()
    rates = [
        MONTH * part["log_growth"].sum() / part["days"].sum() if len(part) else math.nan for part in (recent, past)
    ]
    found = {
        "growth_net_log_rate_per_month": _enough(rate, len(rows), 6),
        "growth_recent_acceleration_rate_per_month": _enough(rates[0] - rates[1], len(rows), 6),
        "growth_drawdown_share": _enough((1 - rows["after"] / highest).max(), len(rows), 6),
    }
    days = rows[rows["days"] == 1]
    gain, rounding = days["gain"], days["rounding"].max()
    quarter = gain[days["is_recent_quarter"]]
    share = max(quarter.max() - rounding, 0) / quarter.sum() if quarter.sum() > max(10 * rounding, 0) else math.nan
    noise = 3 * max(math.sqrt(gain.mean()), rounding, 1.0) if len(gain) else math.nan
    top = gain.nlargest(5)
    ratio = (gain.max() + noise) / (top.min() + noise) if gain.sum() > 0 else math.nan
    is_visible = rounding <= days["change"].abs().mean()
    varies = gain.mean() >= 5 and rounding <= gain.mean()
    beyond = math.sqrt(max(gain.var(ddof=0) - gain.mean(), 0)) / gain.mean() if varies else math.nan
    return {
        **found,
        "growth_peak_day_share": _enough(share, min(len(quarter), len(days)), 28),
        "growth_peak_day_tail_ratio": _enough(ratio, len(days), 20),
        "growth_losing_day_share": _enough((days["change"] < 0).mean() if is_visible else math.nan, len(days), 20),
        "growth_gain_variation_ratio": _enough(beyond, len(days), 20),
    }


def _comments_of(rows: pd.DataFrame) -> dict[str, float]:
    """The comment features of one account."""
    count = len(rows)
    worded = rows[rows["is_worded"]]
    known = rows[rows["commenter_id"].notna()]
    lag, gap, liked = rows["lag"].dropna(), rows["gap"].dropna(), rows["like_count"].dropna()
    size = np.log(lag + 1 / 60)
    hours = rows["hour"].value_counts()
    timed = hours.sum()
    agreeing = (hours * (hours - 1)).sum() / (timed * (timed - 1)) if timed > 1 else math.nan
    keyed = rows[rows["key"].notna()]
    together = keyed.groupby("key")["key"].transform("size")
    own = keyed.groupby(["key", "author"])["key"].transform("size")
    same = (together - own).reindex(rows.index, fill_value=0)
    visits = known.groupby("commenter_id")["commenter_id"].transform("size") - 1

    def repeated(fewest: int) -> float:
        return float(_met(same.where(rows["phrase"] >= fewest, 0), count).mean()) if count >= DRAW else math.nan

    return {
        "comments_emoji_only_share": _enough(rows["is_emoji_only"].mean(), count, 10),
        "comments_mention_share": _enough(rows["has_mention"].mean(), count, 10),
        "comments_link_share": _enough(rows["has_link"].mean(), count, 10),
        "comments_question_share": _enough(worded["is_question"].mean(), len(worded), 10),
        "comments_short_share": _enough((worded["words"] <= 2).mean(), len(worded), 10),
        "comments_words_length": _enough(math.exp(np.log(worded["words"]).mean()), len(worded), 10),
        "comments_text_size_spread": _enough(np.log(worded["letters"]).std(), len(worded), 20),
        "comments_repeated_text_share": repeated(2),
        "comments_repeated_sentence_share": repeated(4),
        "comments_repeat_author_share": (
            float(_met(visits, len(known)).mean()) if len(known) >= DRAW <= count else math.nan
        ),
        "comments_liked_share": _enough((liked > 0).mean(), len(liked), 10),
        "comments_lag_median_hours": _enough(lag.median(), len(lag), 20),
        "comments_lag_spread": _enough(size.quantile(0.75) - size.quantile(0.25), len(lag), 20),
        "comments_first_hour_share": _enough((lag <= 1).mean(), len(lag), 20),
        "comments_hour_entropy_bits": _enough(-math.log2(max(agreeing, 1 / 24)), timed, 20),
        "comments_burst_share": _enough((gap <= 60).mean(), len(gap), 20),
    }


def _engagement_of(rows: pd.DataFrame) -> dict[str, float]:
    """The engagement features of one account's posts."""
    likes, comments, views = rows["likes"], rows["comments"], rows["views"]
    x, y, z = rows["likes_relative"], rows["comments_relative"], rows["views_relative"]

    def spread(value: pd.Series[Any]) -> float:
        return MAD_TO_SD * float((value - value.median()).abs().median())

    def rank_correlation(first: pd.Series[Any], second: pd.Series[Any]) -> float:
        pair = first.notna() & second.notna()
        ranks = first[pair].rank(), second[pair].rank()
        varies = pair.sum() >= 8 and min(each.std() for each in ranks) > 0
        return float(ranks[0].corr(ranks[1])) if varies else math.nan

    liked, mean = likes.count(), comments.mean()
    steps = (x - x.ffill().shift(1)) / math.sqrt(2)
    is_usual = likes.median() >= 50
    commented = comments[likes.notna() & comments.notna()].median() > 0
    return {
        "engagement_likes_spread": _enough(spread(x) if is_usual else math.nan, liked, 6),
        "engagement_likes_successive_spread": _enough(
            steps.abs().median() * MAD_TO_SD if likes.median() >= 250 else math.nan,
            liked,
            7,
        ),
        "engagement_views_spread": _enough(spread(z) if views.median() >= 50 else math.nan, views.count(), 6),
        "engagement_comments_dispersion_ratio": _enough(
            (comments.var() - mean) / mean**2 if mean >= 3 else math.nan,
            comments.count(),
            6,
        ),
        "engagement_likes_floor_ratio": _enough(
            math.exp(x.quantile(0.1) - x.median()) if is_usual else math.nan, liked, 8
        ),
        "engagement_likes_ceiling_ratio": _enough(math.exp(x.quantile(0.9) - x.median()), liked, 8),
        "engagement_likes_comments_correlation": rank_correlation(x, y) if commented else math.nan,
        "engagement_likes_views_correlation": rank_correlation(x, z),
    }


# --- grouped columns --------------------------------------------------------------------------------------------------


def _growth(rows: pd.DataFrame) -> pd.DataFrame:
    of = rows.groupby("account")
    size = of.size()
    sides = rows.groupby(["account", "is_recent_month"])[["log_growth", "days"]].sum()
    rates = (MONTH * sides["log_growth"] / sides["days"]).unstack().reindex(columns=[True, False])
    highest = np.maximum(of["after"].cummax(), of["before"].transform("first"))
    drawdown = (1 - rows["after"] / highest).groupby(rows["account"]).max()
    whole = of[["log_growth", "days"]].sum()
    found = pd.DataFrame(
        {
            "growth_net_log_rate_per_month": MONTH * whole["log_growth"] / whole["days"],
            "growth_recent_acceleration_rate_per_month": rates[True] - rates[False],
            "growth_drawdown_share": drawdown,
        }
    ).where(size >= 6, axis=0)
    days = rows[rows["days"] == 1].copy()
    days["movement"], days["is_loss"] = days["change"].abs(), days["change"] < 0
    of = days.groupby("account")
    size, rounding, gain = of.size(), of["rounding"].max(), of["gain"]
    total, mean, largest = gain.sum(), gain.mean(), gain.max()
    quarter = days[days["is_recent_quarter"]].groupby("account")["gain"]
    share = (quarter.max() - rounding).clip(lower=0) / quarter.sum()
    is_resolved = (quarter.sum() > 10 * rounding) & (quarter.sum() > 0) & (quarter.size() >= 28)
    ordered = days.sort_values(["account", "gain"], ascending=[True, False])
    fifth = ordered.groupby("account")["gain"].head(5).groupby(ordered["account"]).last()
    noise = 3 * np.maximum(np.maximum(np.sqrt(mean), rounding), 1.0)
    beyond = np.sqrt((gain.var(ddof=0) - mean).clip(lower=0)) / mean
    by_days = pd.DataFrame(
        {
            "growth_peak_day_share": share.where(is_resolved & (size >= 28)),
            "growth_peak_day_tail_ratio": ((largest + noise) / (fifth + noise)).where(total > 0),
            "growth_losing_day_share": of["is_loss"].mean().where(rounding <= of["movement"].mean()),
            "growth_gain_variation_ratio": beyond.where((mean >= 5) & (rounding <= mean)),
        }
    ).where(size >= 20, axis=0)
    return pd.concat([found, by_days], axis=1)


def _comment_features(rows: pd.DataFrame) -> pd.DataFrame:
    account = rows["account"]
    count = rows.groupby("account")["account"].transform("size")
    size = rows.groupby("account").size()
    keyed = rows[rows["key"].notna()]
    together = keyed.groupby(["account", "key"])["key"].transform("size")
    own = keyed.groupby(["account", "key", "author"])["key"].transform("size")
    same = (together - own).reindex(rows.index, fill_value=0)
    known = rows[rows["commenter_id"].notna()]
    of_known = known.groupby("account")["account"].transform("size")
    visits = known.groupby(["account", "commenter_id"])["account"].transform("size") - 1
    met_author = pd.Series(_met(visits, of_known.where(of_known >= DRAW)), known.index)
    enough = count.where(count >= DRAW)
    of_hour = rows.groupby(["account", "hour"]).size()
    timed = of_hour.groupby(level=0).sum()
    agreeing = (of_hour * (of_hour - 1)).groupby(level=0).sum() / (timed * (timed - 1))
    lag_size = np.log(rows["lag"] + 1 / 60).groupby(account)
    worded = rows[rows["is_worded"]]
    sized = worded.groupby("account").size()

    def share(condition: pd.Series[Any], observed: pd.Series[Any], fewest: int) -> pd.Series[Any]:
        hits = condition.astype(float).where(observed).groupby(account)
        return hits.mean().where(hits.count() >= fewest)

    def repeated(fewest: int) -> pd.Series[Any]:
        return pd.Series(_met(same.where(rows["phrase"] >= fewest, 0), enough)).groupby(account).mean()

    everywhere = pd.Series(True, rows.index)
    lagged = rows.groupby("account")["lag"]
    return pd.DataFrame(
        {
            "comments_emoji_only_share": share(rows["is_emoji_only"], everywhere, 10),
            "comments_mention_share": share(rows["has_mention"], everywhere, 10),
            "comments_link_share": share(rows["has_link"], everywhere, 10),
            "comments_question_share": share(rows["is_question"], rows["is_worded"], 10),
            "comments_short_share": share(rows["words"] <= 2, rows["is_worded"], 10),
            "comments_words_length": np.exp(np.log(worded["words"]).groupby(worded["account"]).mean()).where(
                sized >= 10
            ),
            "comments_text_size_spread": np.log(worded["letters"]).groupby(worded["account"]).std().where(sized >= 20),
            "comments_repeated_text_share": repeated(2),
            "comments_repeated_sentence_share": repeated(4),
            "comments_repeat_author_share": met_author.groupby(known["account"]).mean().where(size >= DRAW),
            "comments_liked_share": share(rows["like_count"] > 0, rows["like_count"].notna(), 10),
            "comments_lag_median_hours": lagged.median().where(lagged.count() >= 20),
            "comments_lag_spread": (lag_size.quantile(0.75) - lag_size.quantile(0.25)).where(lag_size.count() >= 20),
            "comments_first_hour_share": share(rows["lag"] <= 1, rows["lag"].notna(), 20),
            "comments_hour_entropy_bits": -np.log2(agreeing.clip(lower=1 / 24)).where(timed >= 20),
            "comments_burst_share": share(rows["gap"] <= 60, rows["gap"].notna(), 20),
        }
    )


def _engagement(rows: pd.DataFrame) -> pd.DataFrame:
    account = rows["account"]
    of = rows.groupby("account")
    usual, shown, mean = of["likes"].median(), of["likes"].count(), of["comments"].mean()
    x = of["likes_relative"]

    def spread(name: str) -> pd.Series[Any]:
        distance = (rows[name] - of[name].transform("median")).abs()
        return MAD_TO_SD * distance.groupby(account).median()

    def rank_correlation(first: str, second: str) -> pd.Series[Any]:
        pair = rows[rows[first].notna() & rows[second].notna()]
        ranks = pair.groupby("account")[[first, second]].rank()
        apart = ranks - ranks.groupby(pair["account"]).transform("mean")
        products = pd.DataFrame({"xy": apart[first] * apart[second], "xx": apart[first] ** 2, "yy": apart[second] ** 2})
        sums = products.groupby(pair["account"]).sum()
        return (sums["xy"] / np.sqrt(sums["xx"] * sums["yy"])).where(pair.groupby("account").size() >= 8)

    both = rows["likes"].notna() & rows["comments"].notna()
    commented = rows["comments"].where(both).groupby(account).median() > 0
    previous = x.ffill().groupby(account).shift(1)
    steps = ((rows["likes_relative"] - previous) / math.sqrt(2)).abs().groupby(account).median()
    is_usual = usual >= 50
    return pd.DataFrame(
        {
            "engagement_likes_spread": spread("likes_relative").where(is_usual & (shown >= 6)),
            "engagement_likes_successive_spread": (steps * MAD_TO_SD).where((usual >= 250) & (shown >= 7)),
            "engagement_views_spread": spread("views_relative").where(
                (of["views"].median() >= 50) & (of["views"].count() >= 6)
            ),
            "engagement_comments_dispersion_ratio": ((of["comments"].var() - mean) / mean**2).where(
                (mean >= 3) & (of["comments"].count() >= 6)
            ),
            "engagement_likes_floor_ratio": np.exp(x.quantile(0.1) - x.median()).where(is_usual & (shown >= 8)),
            "engagement_likes_ceiling_ratio": np.exp(x.quantile(0.9) - x.median()).where(shown >= 8),
            "engagement_likes_comments_correlation": rank_correlation("likes_relative", "comments_relative").where(
                commented
            ),
            "engagement_likes_views_correlation": rank_correlation("likes_relative", "views_relative"),
        }
    )
