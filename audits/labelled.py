"""What the labels of others say of our signals: labelled comments, and labelled accounts known by their means.

Both sets have traps, which `pipeline.audit.labelled` states beside every figure. Nothing of the product is fitted on
them or chosen by them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr
from scipy.stats import t as student
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from features.definition import Feature
from models.evaluation import auc, evaluate_models
from models.explanation import OrdinaryRange, suspicious_side
from models.training import feature_values

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SPAM_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75)
"""Shares at which pseudo-accounts are dealt."""

BOUGHT_FROM = 0.25
"""Share of spam from which a pseudo-account stands for one with bought comments."""

HALF = 0.5
"""Share of spam that the model is asked to tell from none."""

CHANCE = 0.5
"""AUC of a number that tells nothing."""

FEWEST_OF_A_CLASS = 10
"""Pseudo-accounts of either class with a value, below which a video has no AUC."""

CONFIDENCE = 0.95
FOLDS, REPLICATES = 5, 500
SIZE_BINS = 10
"""Bins of equal numbers of accounts by followers: within one, size tells little."""

SMALL = 1000
"""Followers below which an account is smaller than the product's figures are about (FACTS, from 1,000)."""

QUANTILES = 100
"""Quantiles by which a ratio becomes a normal score before the logistic regression."""

BOOSTER = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.05,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
BOOSTER_ROUNDS = 150
"""A small ensemble; every number assumed beforehand and not tuned, as there are five videos only."""


def area(labels: BoolArray, values: FloatArray) -> float | None:
    """AUC of high values among the rows that have one, ties counting half; None where a class is absent."""
    seen = ~np.isnan(values)
    if not seen.any():
        return None
    return auc(labels[seen], rankdata(values[seen]) / seen.sum())


def over_videos(values: Sequence[float | None], *, least: float = 0.0) -> dict[str, float | int | None]:
    """`value` (mean), `lower`, `upper` (Student's interval, cut to `least` to 1), `lowest`, `highest`, `videos`."""
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if not known.size:
        return {"value": None, "lower": None, "upper": None, "lowest": None, "highest": None, "videos": 0}
    mean = float(known.mean())
    half: float | None = None
    if known.size > 1:
        quantile = float(student.ppf((1 + CONFIDENCE) / 2, known.size - 1))
        half = quantile * float(known.std(ddof=1)) / math.sqrt(known.size)
    return {
        "value": mean,
        "lower": None if half is None else max(mean - half, least),
        "upper": None if half is None else min(mean + half, 1.0),
        "lowest": float(known.min()),
        "highest": float(known.max()),
        "videos": int(known.size),
    }


# --- labelled comments ------------------------------------------------------------------------------------------------


def videos(comments: pl.DataFrame) -> list[dict[str, Any]]:
    """What each video holds, by name: comments and authors of either class, each comment counted once.

    `spam_earlier_by_days`: median instant of the genuine comments less that of the spam; None where none is known.
    """
    found = (
        comments.unique("comment_id", keep="any")
        .group_by("video")
        .agg(
            genuine=(~pl.col("is_spam")).sum(),
            spam=pl.col("is_spam").sum(),
            spam_authors=pl.col("commenter_id").filter(pl.col("is_spam")).n_unique(),
            spam_texts=pl.col("text").filter(pl.col("is_spam")).n_unique(),
            spam_earlier_by_days=(
                pl.col("commented_at").filter(~pl.col("is_spam")).median()
                - pl.col("commented_at").filter(pl.col("is_spam")).median()
            ).dt.total_days(),
        )
    )
    return found.sort("video").to_dicts()


def comment_features(key: pl.DataFrame, features: pl.DataFrame, sides: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each comment feature alone: AUC of its high values, accounts with a share of spam against accounts without.

    Args:
        key: of `PseudoAccounts`.
        features: `account_id` and the features, the same accounts in the same order.
        sides: feature to its declared suspicious side; the features looked at.

    Returns:
        A row a feature: `name`, `suspicious`, `known_share` (accounts with a value), `by_video` (AUC, with the
        interval over single deals as `lower`, `upper`), and `over_videos`. The farthest from chance first, those
        without a value last.
    """
    rows = []
    chosen = (key["spam_share"] == 0) | (key["spam_share"] >= BOUGHT_FROM)
    judged = key.filter(chosen)
    values = feature_values(features.filter(chosen), list(sides))
    labels = (judged["spam_share"] > 0).to_numpy()
    for column, (name, side) in enumerate(sides.items()):
        by_video = _area_by_video(judged, labels, values[:, column])
        rows.append(
            {
                "name": name,
                "suspicious": side,
                "known_share": float((~np.isnan(values[:, column])).mean()) if len(labels) else 0.0,
                "by_video": by_video,
                "over_videos": over_videos([each["value"] for each in by_video.values()]),
            }
        )
    return sorted(rows, key=lambda row: (-_distance(row["over_videos"]["value"]), row["name"]))


def beyond_ordinary(
    key: pl.DataFrame, features: pl.DataFrame, catalogue: Mapping[str, Feature], ordinary: Mapping[str, OrdinaryRange]
) -> dict[str, float | None]:
    """Share of the accounts without spam whose value could be a reason against them, among those with a value.

    It lies on a suspicious side and outside the range of most simulated genuine accounts. None for a feature that is
    never a reason, or that no such account has a value of.
    """
    chosen = features.filter(key["spam_share"] == 0)
    found: dict[str, float | None] = {}
    for name, entry in catalogue.items():
        seen = chosen[name].drop_nulls()
        told = [suspicious_side(entry, value, ordinary[name]) is not None for value in seen]
        found[name] = sum(told) / len(told) if told and entry.reason else None
    return found


def _distance(value: float | None) -> float:
    return -1.0 if value is None else abs(value - CHANCE)


def _area_by_video(key: pl.DataFrame, labels: BoolArray, values: FloatArray) -> dict[str, dict[str, float | None]]:
    """AUC per video over all its deals, and the range that 95 % of its single deals lie in."""
    found: dict[str, dict[str, float | None]] = {}
    videos, deals = key["video"].to_numpy(), key["deal"].to_numpy()
    seen = ~np.isnan(values)
    for video in sorted(set(videos)):
        own = (videos == video) & seen
        if min(labels[own].sum(), (~labels[own]).sum()) < FEWEST_OF_A_CLASS:
            found[str(video)] = {"value": None, "lower": None, "upper": None}
            continue
        single = [area(labels[own & (deals == deal)], values[own & (deals == deal)]) for deal in sorted(set(deals))]
        spread = np.array([each for each in single if each is not None])
        tail = (1 - CONFIDENCE) / 2
        limits = [float(each) for each in np.quantile(spread, [tail, 1 - tail])] if spread.size else [None, None]
        found[str(video)] = {"value": area(labels[own], values[own]), "lower": limits[0], "upper": limits[1]}
    return found


def model_by_share(key: pl.DataFrame, probability: FloatArray, verdicts: Sequence[str]) -> dict[str, Any]:
    """What a model fitted elsewhere says of the pseudo-accounts, by share of spam.

    Args:
        key: of `PseudoAccounts`.
        probability: of each of its accounts, 0 to 1.
        verdicts: `pass`, `review` or `reject` by the probability alone, however little was observed.

    Returns:
        `by_share`: accounts, median and mean probability, shares that would be reviewed or rejected, lowest and highest
        median of a video. `rank_correlation`: of share and probability within each video, over videos. `monotone`:
        videos whose mean probability rises with every step of the share. `half_against_none` and
        `bought_against_none`: AUC over videos.
    """
    frame = key.with_columns(probability=pl.Series(probability), verdict=pl.Series(verdicts, dtype=pl.String))
    means = frame.group_by("video", "spam_share").agg(pl.col("probability").mean()).sort("video", "spam_share")
    by_share = []
    for (share,), part in frame.group_by("spam_share", maintain_order=True):
        medians = part.group_by("video").agg(pl.col("probability").median())["probability"]
        by_share.append(
            {
                "spam_share": share,
                "accounts": part.height,
                "median": part["probability"].median(),
                "mean": part["probability"].mean(),
                "lowest_median": medians.min(),
                "highest_median": medians.max(),
                "reviewed_share": (part["verdict"] == "review").sum() / part.height,
                "rejected_share": (part["verdict"] == "reject").sum() / part.height,
            }
        )
    videos = [part for _, part in frame.group_by("video", maintain_order=True)]
    rising = [
        bool((part["probability"].diff().drop_nulls() > 0).all())
        for _, part in means.group_by("video", maintain_order=True)
    ]
    return {
        "by_share": sorted(by_share, key=lambda row: row["spam_share"]),
        "rank_correlation": over_videos([_rank_correlation(part) for part in videos], least=-1.0),
        "monotone": {"videos": len(rising), "rising": sum(rising)},
        "half_against_none": over_videos([_told_apart(part, pl.col("spam_share") == HALF) for part in videos]),
        "bought_against_none": over_videos([_told_apart(part, pl.col("spam_share") >= BOUGHT_FROM) for part in videos]),
    }


def _rank_correlation(part: pl.DataFrame) -> float | None:
    if part["probability"].n_unique() < 2 or part["spam_share"].n_unique() < 2:  # noqa: PLR2004 -- one value has no rank
        return None
    return float(spearmanr(part["spam_share"], part["probability"]).statistic)


def _told_apart(part: pl.DataFrame, is_positive: pl.Expr) -> float | None:
    chosen = part.filter(is_positive | (pl.col("spam_share") == 0))
    return area((chosen["spam_share"] > 0).to_numpy(), chosen["probability"].to_numpy())


Predictor = Callable[[FloatArray], FloatArray]


def learned(key: pl.DataFrame, features: pl.DataFrame, names: Sequence[str], *, seed: int) -> list[dict[str, Any]]:
    """Small models on the comment features, fitted on all videos but one and judged on that one.

    Returns:
        A row a model (`one rule`: the feature and side that tell best on the videos fitted on; `logistic regression`;
        `LightGBM`) with AUC over videos: `bought`, accounts with at least a quarter of spam against none, as fitted;
        `tenth`, accounts with a tenth of spam against none, by the same models. `rules`: what the rule was, by video.
    """
    values = feature_values(features, names)
    share, videos = key["spam_share"].to_numpy(), key["video"].to_numpy()
    known = np.flatnonzero((~np.isnan(values)).any(axis=0))
    values, names = values[:, known], [names[int(column)] for column in known]
    found: dict[str, dict[str, list[float | None]]] = {}
    rules = {}
    for video in sorted(set(videos)):
        own = videos == video
        fitted = ~own & ((share == 0) | (share >= BOUGHT_FROM))
        target = share[fitted] > 0
        rule = _best_rule(values[fitted], target, videos[fitted])
        rules[str(video)] = f"{'high' if rule[1] > 0 else 'low'} {names[rule[0]]}"
        models: dict[str, Predictor] = {
            "one rule": lambda rows, rule=rule: rule[1] * rows[:, rule[0]],  # type: ignore[misc]
            "logistic regression": _logistic(values[fitted], target),
            "LightGBM": _boosted(values[fitted], target, seed),
        }
        for name, predict in models.items():
            scores = predict(values)
            areas = found.setdefault(name, {"bought": [], "tenth": []})
            for kind, positive in (("bought", share >= BOUGHT_FROM), ("tenth", (share > 0) & (share < BOUGHT_FROM))):
                judged = own & (positive | (share == 0))
                areas[kind].append(area(share[judged] > 0, scores[judged]))
    return [
        {
            "name": name,
            **{kind: over_videos(each) for kind, each in areas.items()},
            **({"rules": rules} if name == "one rule" else {}),
        }
        for name, areas in found.items()
    ]


def _best_rule(values: FloatArray, target: BoolArray, videos: NDArray[Any]) -> tuple[int, float]:
    """Column and sign of the feature with the best AUC, averaged over the videos fitted on."""
    best, column, sign = -1.0, 0, 1.0
    for each in range(values.shape[1]):
        areas = [area(target[videos == video], values[videos == video, each]) for video in sorted(set(videos))]
        known = [value for value in areas if value is not None]
        mean = sum(known) / len(known) if len(known) == len(areas) else CHANCE
        if abs(mean - CHANCE) > best:
            best, column, sign = abs(mean - CHANCE), each, 1.0 if mean >= CHANCE else -1.0
    return column, sign


def _logistic(values: FloatArray, target: BoolArray) -> Predictor:
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=2000),
    ).fit(values, target)
    return lambda rows: np.asarray(model.predict_proba(rows)[:, 1], dtype=np.float64)


def _boosted(values: FloatArray, target: BoolArray, seed: int) -> Predictor:
    data = lightgbm.Dataset(values, target.astype(np.int8))
    model = lightgbm.train(BOOSTER | {"seed": seed}, data, BOOSTER_ROUNDS)
    return lambda rows: np.asarray(model.predict(rows), dtype=np.float64)


# --- labelled accounts with means over their posts --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ratio:
    """A scale-free number of an InstaFake row: what it is, and the feature of ours that it comes nearest to."""

    name: str
    meaning: str
    nearest: str
    expression: pl.Expr


def _per(numerator: str, denominator: str) -> pl.Expr:
    return pl.col(numerator) / pl.when(pl.col(denominator) > 0).then(pl.col(denominator))


LIKES, LIKES_SD = "avg_mediaLikeNumbers", "std_mediaLikeNumbers"
COMMENTS, COMMENTS_SD = "avg_mediaCommentNumbers", "std_mediaCommentNumbers"
FOLLOWERS, FOLLOWING = "userFollowerCount", "userFollowingCount"
LABEL = "label"

RATIOS = (
    Ratio("comments_per_like", "mean comments / mean likes", "comments per like", _per(COMMENTS, LIKES)),
    Ratio("likes_per_follower", "mean likes / followers", "engagement rate", _per(LIKES, FOLLOWERS)),
    Ratio("comments_per_follower", "mean comments / followers", "comment rate", _per(COMMENTS, FOLLOWERS)),
    Ratio("likes_spread", "sd of likes / mean likes", "spread of likes", _per(LIKES_SD, LIKES)),
    Ratio("comments_spread", "sd of comments / mean comments", "spread of comments", _per(COMMENTS_SD, COMMENTS)),
    Ratio(
        "comments_spread_over_likes_spread",
        "(sd / mean) of comments / (sd / mean) of likes",
        "spread of comment counts against likes",
        _per(COMMENTS_SD, COMMENTS) / pl.when(pl.col(LIKES_SD) > 0).then(_per(LIKES_SD, LIKES)),
    ),
    Ratio("following_per_follower", "following / followers", "following per follower", _per(FOLLOWING, FOLLOWERS)),
    Ratio(
        "handle_digit_share",
        "digits / letters of the handle",
        "digits of the handle",
        _per("usernameDigitCount", "usernameLength"),
    ),
)

INSTAFAKE_COLUMNS = (
    LABEL,
    LIKES,
    LIKES_SD,
    COMMENTS,
    COMMENTS_SD,
    FOLLOWERS,
    FOLLOWING,
    "usernameDigitCount",
    "usernameLength",
)


def ratios(accounts: pl.DataFrame, *, seed: int) -> dict[str, Any]:
    """Each ratio alone, all of them in a cross-validated logistic regression, and followers alone.

    Args:
        accounts: `INSTAFAKE_COLUMNS`, one row an account; `label` 1 for automated. Rows alike in all of them
            count once.
        seed: of the folds and of the bootstrap.

    Returns:
        `accounts`, `automated`, `repeated` (rows left out), `median_followers` (of the automated, of the others),
        `small_share` (of the others: under `SMALL` followers), `ratios` (AUC of high values with bootstrap interval,
        over all and among accounts of like size), `models` (followers alone; the logistic regression out of fold)
        and `difference` of the two, regression less followers.
    """
    # The folds are drawn by position, so the rows stand in an order that the file does not decide.
    distinct = accounts.unique().sort(accounts.columns)
    labels = (distinct[LABEL] == 1).to_numpy()
    frame = distinct.select(
        pl.when(each.expression.is_finite()).then(each.expression).alias(each.name) for each in RATIOS
    )
    values = feature_values(frame, [each.name for each in RATIOS])
    followers = distinct[FOLLOWERS].cast(pl.Float64).to_numpy()
    size = _bins(followers)
    ranked_followers = rankdata(followers) / len(followers)
    combined = _out_of_fold(values, labels, seed)
    models = {"logistic regression on the ratios": combined, "followers alone": ranked_followers}
    compared = _intervals(labels, models, seed)
    return {
        "accounts": len(labels),
        "automated": int(labels.sum()),
        "repeated": accounts.height - distinct.height,
        "median_followers": {"automated": _middle(followers[labels]), "others": _middle(followers[~labels])},
        "small_share": float((followers[~labels] < SMALL).mean()),
        "ratios": [
            {
                "name": each.name,
                "meaning": each.meaning,
                "nearest": each.nearest,
                "known_share": float((~np.isnan(values[:, column])).mean()),
                **_alone(labels, values[:, column], seed),
                "within_size": within(labels, values[:, column], size),
            }
            for column, each in enumerate(RATIOS)
        ],
        "models": [
            {
                "name": name,
                **compared["models"][name]["auc"],
                "within_size": within(labels, scores, size),
            }
            for name, scores in models.items()
        ],
        "difference": compared["differences"]["followers alone"]["auc"],
    }


def _middle(values: FloatArray) -> float:
    return float(np.median(values))


def _intervals(labels: BoolArray, models: Mapping[str, FloatArray], seed: int) -> dict[str, Any]:
    own = np.arange(len(labels))
    return evaluate_models(labels, models, own, replicates=REPLICATES, confidence=CONFIDENCE, seed=seed)


def _alone(labels: BoolArray, values: FloatArray, seed: int) -> dict[str, float | None]:
    seen = ~np.isnan(values)
    rank = np.where(seen, 0.0, np.nan)
    rank[seen] = rankdata(values[seen]) / max(int(seen.sum()), 1)
    found: dict[str, float | None] = _intervals(labels, {"ratio": rank}, seed)["models"]["ratio"]["auc"]
    return found


def _bins(values: FloatArray) -> NDArray[np.int64]:
    """Bin of each value among `SIZE_BINS` of equal numbers; equal values share a bin."""
    bins: NDArray[np.int64] = np.floor(SIZE_BINS * (rankdata(values, method="min") - 1) / len(values)).astype(np.int64)
    return bins


def within(labels: BoolArray, values: FloatArray, bins: NDArray[np.int64]) -> float | None:
    """AUC over the pairs of both classes that share a bin; None where no bin holds such a pair."""
    total, won = 0, 0.0
    for each in sorted(set(bins.tolist())):
        chosen = (bins == each) & ~np.isnan(values)
        pairs = int(labels[chosen].sum()) * int((~labels[chosen]).sum())
        found = area(labels[chosen], values[chosen])
        if found is not None:
            total, won = total + pairs, won + pairs * found
    return won / total if total else None


def _out_of_fold(values: FloatArray, labels: BoolArray, seed: int) -> FloatArray:
    probability = np.empty(len(labels))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for fitted, judged in folds.split(values, labels):
        model: Pipeline = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            QuantileTransformer(n_quantiles=min(QUANTILES, len(fitted)), output_distribution="normal"),
            LogisticRegression(max_iter=2000),
        ).fit(values[fitted], labels[fitted])
        probability[judged] = model.predict_proba(values[judged])[:, 1]
    return probability
