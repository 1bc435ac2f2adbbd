"""From features to the columns of the scores: probability, verdict, suspected schemes and reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from features.definition import Feature
from models.baselines import Constant
from models.bundle import Bundle, UnusableBundleError, booster
from models.classifier import contributions_of, raw_scores
from models.explanation import named_evidence, pushes, reasons, suspicious_side
from models.outside import OWN_SIGNALS
from models.shares import DIGITS, SharePredictor
from models.training import feature_values
from models.trees import UnreadableTreesError

FloatArray = NDArray[np.float64]

SCORE_PREVALENCE = 0.2
"""Prevalence at which `authenticity_score` is stated whatever a campaign declares, so that scores compare."""

MOST_NAMED = 3
"""Unknown features that a message names."""

EXPLAINED = ("review", "reject")
"""Verdicts that come with reasons."""

REASON = pl.Struct({"feature": pl.String, "value": pl.Float64, "contribution": pl.Float64, "text": pl.String})
SUSPECTED = pl.Struct({"scheme": pl.String, "probability": pl.Float64})
PUSH = pl.Struct({"signal": pl.String, "contribution": pl.Float64})

SCORE_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String,
    "probability_inauthentic": pl.Float64,
    "authenticity_score": pl.Int64,
    "verdict": pl.String,
    "probability_without_busiest_month": pl.Float64,
    "insufficient_because": pl.List(pl.String),
    "suspected_schemes": pl.List(SUSPECTED),
    "reasons": pl.List(REASON),
    "signals": pl.List(PUSH),
    "authentic_follower_share_lower": pl.Float64,
    "authentic_follower_share_estimate": pl.Float64,
    "authentic_follower_share_upper": pl.Float64,
    "authentic_engagement_share_lower": pl.Float64,
    "authentic_engagement_share_estimate": pl.Float64,
    "authentic_engagement_share_upper": pl.Float64,
    "expected_engagement_per_post_lower": pl.Float64,
    "expected_engagement_per_post": pl.Float64,
    "expected_engagement_per_post_upper": pl.Float64,
}
"""What `Scorer.score` returns."""


class Scorer:
    """A bundle made ready: trees parsed once, features in the trees' order."""

    def __init__(self, bundle: Bundle, catalogue: Mapping[str, Feature]) -> None:
        self.bundle = bundle
        if unknown := [name for name in bundle.features if name not in catalogue]:
            raise UnusableBundleError(
                f"model: it names features that this program does not know. Found: {', '.join(unknown[:MOST_NAMED])}. "
                "Train again."
            )
        self._features = [catalogue[name] for name in bundle.features]
        self._classifier = booster(bundle.classifier.trees)
        self._schemes = {name: booster(head.trees) for name, head in bundle.schemes.items()}
        try:
            self._shares = {name: SharePredictor(share, bundle.features) for name, share in bundle.shares.items()}
        except UnreadableTreesError as error:
            raise UnusableBundleError(f"model: {error}. Train again.") from error
        of_shares = [trees for share in self._shares.values() for trees in share.ensembles]
        for trees in (self._classifier, *self._schemes.values(), *of_shares):
            if tuple(trees.feature_name()) != bundle.features:
                # Columns in another order would be scored without a complaint, and wrongly.
                raise UnusableBundleError("model: its trees and its manifest list different features. Train again.")

    def score(
        self,
        features: pl.DataFrame,
        context: pl.DataFrame,
        prevalence: float,
        explained: Collection[str] = EXPLAINED,
    ) -> pl.DataFrame:
        """One row per account of `features`, in its order, with `SCORE_COLUMNS`.

        Args:
            features: `account_id` and every feature of the bundle, in any order of columns.
            context: the same accounts in the same order: `followers` (null if unknown), `insufficient_because`
                (list of str, empty where a verdict is owed), `engagement_per_post` (null if unknown).
            prevalence: declared share of inauthentic accounts, 0 to 1 exclusive.
            explained: verdicts that get reasons, `reject` among them, since it depends on them; no other column does.
        """
        values = feature_values(features, self.bundle.features)
        raw = raw_scores(self._classifier, values)
        calibration = self.bundle.classifier.calibration
        probability = calibration.probability(raw, prevalence)
        lacks = self._lacks(values, context)
        owed = np.array([not because for because in lacks], dtype=bool)
        verdict, named, pushed = self._judged(values, raw, owed, prevalence, explained)
        standard = calibration.probability(raw, SCORE_PREVALENCE)
        return pl.DataFrame(
            {
                "account_id": features["account_id"],
                "probability_inauthentic": _where(owed, probability),
                "authenticity_score": _where(owed, np.round(100.0 * (1.0 - standard))),
                "verdict": verdict,
                # Told by `withstood`, which needs more than the account's features.
                "probability_without_busiest_month": None,
                "insufficient_because": lacks,
                "suspected_schemes": self._suspected(values, verdict, prevalence),
                "reasons": named,
                "signals": pushed,
                **self._authentic_followers(values, context, owed, prevalence),
                **self._authentic_engagement(values, context, owed, prevalence),
            },
            schema_overrides=SCORE_COLUMNS,
            strict=False,
        )

    def withstood(
        self, scores: pl.DataFrame, features: pl.DataFrame, left: pl.DataFrame, prevalence: float
    ) -> pl.DataFrame:
        """The scores with a review where an account is rejected, and would not be on what is `left` of it.

        Adds `probability_without_busiest_month` of the accounts of `left`; the other columns stay.

        Args:
            scores: `account_id`, `verdict` and whatever else, as `score` returns them.
            features: of at least the accounts of `left`: those of `models.outside.OWN_SIGNALS` are taken from here.
            left: what `models.outside.features_without_busiest_days` tells of some of the accounts.
            prevalence: the declared one.
        """
        own = [feature.name for feature in self._features if feature.signal in OWN_SIGNALS]
        told = left.drop(own, strict=False).join(features.select("account_id", *own), on="account_id", how="left")
        unknown = {name: pl.lit(None, pl.Float64) for name in self.bundle.features if name not in told.columns}
        raw = raw_scores(self._classifier, feature_values(told.with_columns(**unknown), self.bundle.features))
        calibration = self.bundle.classifier.calibration
        probability = calibration.probability(raw, prevalence)
        verdict = self.bundle.thresholds.verdicts(probability, calibration.log_likelihood_ratio(raw))
        found = told.select(
            "account_id",
            probability_without_busiest_month=pl.Series(probability, dtype=pl.Float64),
            is_left=pl.Series(verdict == "reject", dtype=pl.Boolean),
        )
        joined = scores.drop("probability_without_busiest_month").join(
            found, on="account_id", how="left", maintain_order="left"
        )
        is_held_back = (pl.col("verdict") == "reject") & ~pl.col("is_left")
        reviewed = pl.when(is_held_back).then(pl.lit("review")).otherwise("verdict")
        return joined.with_columns(verdict=reviewed).select(scores.columns)

    def judged(
        self,
        values: FloatArray,
        raw: FloatArray,
        owed: NDArray[np.bool_],
        prevalence: float,
        explained: Collection[str] = EXPLAINED,
    ) -> tuple[NDArray[np.str_], list[list[Any]]]:
        """Verdict and reasons of each row of `values`, whose raw scores are `raw`.

        Where no verdict is `owed` it is `insufficient_data`. A reject whose reasons add less than
        `least_named_evidence` is a review: what refuses a creator is what a person can check, not how many values
        that look harmless one by one stand together.
        """
        verdict, found, _ = self._judged(values, raw, owed, prevalence, explained)
        return verdict, found

    def _judged(
        self,
        values: FloatArray,
        raw: FloatArray,
        owed: NDArray[np.bool_],
        prevalence: float,
        explained: Collection[str],
    ) -> tuple[NDArray[np.str_], list[list[Any]], list[list[Any]]]:
        """As `judged`, and what every signal adds, of the rows that have reasons or might have had some."""
        calibration = self.bundle.classifier.calibration
        verdict = self.bundle.thresholds.verdicts(
            calibration.probability(raw, prevalence), calibration.log_likelihood_ratio(raw)
        )
        verdict = np.where(owed, verdict, "insufficient_data")
        found, pushed = self._explained(values, np.isin(verdict, list({*explained, "reject"})))
        unnamed = np.array([named_evidence(each) for each in found]) < self.bundle.settings["least_named_evidence"]
        return np.where((verdict == "reject") & unnamed, "review", verdict), found, pushed

    def baselines(self, features: pl.DataFrame, prevalence: float) -> pl.DataFrame:
        """`account_id` and each baseline's probability, carried over from its own prevalence to the given one."""
        values = feature_values(features, self.bundle.features)
        fitted_at = next(each for each in self.bundle.baselines if isinstance(each.rule, Constant)).predict(values[:1])
        shift = logit(prevalence) - logit(fitted_at)
        columns = {each.name: expit(logit(each.predict(values)) + shift) for each in self.bundle.baselines}
        return features.select("account_id", **{name: pl.Series(column) for name, column in columns.items()})

    def scheme_prevalences(self, prevalence: float) -> dict[str, float]:
        """Each scheme's share of accounts, moved in log-odds as far as the declared prevalence moves the label's."""
        shift = logit(prevalence) - logit(self.bundle.classifier.calibration.prevalence)
        shares = {name: head.calibration.prevalence for name, head in self.bundle.schemes.items()}
        return {name: float(expit(logit(share) + shift)) for name, share in shares.items()}

    def scheme_probabilities(self, features: pl.DataFrame, prevalence: float) -> pl.DataFrame:
        """`account_id` and each scheme's probability, for every account, also those whose scores name none."""
        values = feature_values(features, self.bundle.features)
        shares = self.scheme_prevalences(prevalence).items()
        columns = {name: pl.Series(self._scheme_probability(name, values, share)) for name, share in shares}
        return features.select("account_id", **columns)

    def _scheme_probability(self, scheme: str, values: FloatArray, prevalence: float) -> FloatArray:
        raw = raw_scores(self._schemes[scheme], values)
        return self.bundle.schemes[scheme].calibration.probability(raw, prevalence)

    def sides_of_reasons(self, scores: pl.DataFrame) -> pl.DataFrame:
        """`account_id`, `feature`, `side` (high or low) of every reason in the scores, by account strongest first.

        That is what evidence and benign explanations are asked for.
        """
        catalogue = {entry.name: entry for entry in self._features}
        listed = scores.select("account_id", "reasons").explode("reasons", empty_as_null=False)
        rows = [
            (account, reason["feature"], suspicious_side(catalogue[reason["feature"]], reason["value"], ordinary))
            for account, reason in listed.iter_rows()
            for ordinary in [self.bundle.ordinary[reason["feature"]]]
        ]
        return pl.DataFrame(
            rows, schema={"account_id": pl.String, "feature": pl.String, "side": pl.String}, orient="row"
        )

    def _lacks(self, values: FloatArray, context: pl.DataFrame) -> list[list[str]]:
        """Why no verdict is given, per account: too little observed, or unlike the accounts trained on."""
        smallest = self.bundle.settings["smallest_follower_count"]
        largest = self.bundle.settings["largest_follower_count"]
        strange = self.bundle.applicability.is_strange(values)
        outside = self.bundle.applicability.outside(values)
        lacks = []
        for index, (because, followers) in enumerate(context.select("insufficient_because", "followers").iter_rows()):
            found = list(because)
            if followers is not None and not smallest <= followers <= largest:
                found.append(f"{followers:,} followers; {smallest:,.0f} to {largest:,.0f} are in range")
            elif strange[index]:
                observed = int((~np.isnan(values[index])).sum())
                count = int(outside[index].sum())
                found.append(f"unlike the accounts trained on: {count} of {observed} signals lie outside their range")
            lacks.append(found)
        return lacks

    def _suspected(
        self, values: FloatArray, verdict: NDArray[np.str_], prevalence: float
    ) -> list[list[dict[str, object]]]:
        """Schemes above their threshold, most probable first; asked only of accounts that did not pass."""
        asked = np.isin(verdict, ("review", "reject"))
        found: list[list[dict[str, object]]] = [[] for _ in verdict]
        if not asked.any():
            return found
        for scheme, own in self.scheme_prevalences(prevalence).items():
            probability = self._scheme_probability(scheme, values[asked], own)
            for index, value in zip(np.flatnonzero(asked), probability, strict=True):
                if value > self.bundle.settings["suspected_scheme_above"]:
                    found[index].append({"scheme": scheme, "probability": float(value)})
        return [sorted(each, key=lambda entry: (-float(str(entry["probability"])), entry["scheme"])) for each in found]

    def _explained(self, values: FloatArray, wanted: NDArray[np.bool_]) -> tuple[list[list[Any]], list[list[Any]]]:
        """Reasons, and what every signal adds, of the rows wanted.

        Contributions cost fifty predictions, so nobody else's are made.
        """
        asked = np.flatnonzero(wanted)
        found: list[list[Any]] = [[] for _ in wanted]
        pushed: list[list[Any]] = [[] for _ in wanted]
        if asked.size:
            contributions = contributions_of(self._classifier, values[asked])
            most = int(self.bundle.settings["most_reasons"])
            for row, index in enumerate(asked):
                found[index] = list(
                    reasons(values[index], contributions[row], self._features, self.bundle.ordinary, most)
                )
                pushed[index] = list(pushes(contributions[row], self._features))
        return found, pushed

    def _authentic_followers(
        self, values: FloatArray, context: pl.DataFrame, owed: NDArray[np.bool_], prevalence: float
    ) -> dict[str, list[float | None]]:
        """Share of followers that was not bought, its interval and its median; null where it cannot be told."""
        found = self._authentic("follower", values, context, owed, prevalence)
        return {f"authentic_follower_share_{end}": found[end] for end in ("lower", "estimate", "upper")}

    def _authentic_engagement(
        self, values: FloatArray, context: pl.DataFrame, owed: NDArray[np.bool_], prevalence: float
    ) -> dict[str, list[float | None]]:
        """The same of engagement, and what it leaves of the observed likes and comments a post.

        What is *expected* is the mean: a sum over many posts, or many accounts, comes to it.
        """
        observed = context["engagement_per_post"].to_list()
        shown = owed & np.array([each is not None for each in observed], dtype=bool)
        found = self._authentic("engagement", values, context, shown, prevalence)
        left = {
            end: [
                None if share is None else round(each * share, DIGITS)
                for each, share in zip(observed, found[end], strict=True)
            ]
            for end in found
        }
        return {
            **{f"authentic_engagement_share_{end}": found[end] for end in ("lower", "estimate", "upper")},
            "expected_engagement_per_post_lower": left["lower"],
            "expected_engagement_per_post": left["mean"],
            "expected_engagement_per_post_upper": left["upper"],
        }

    def _authentic(
        self, name: str, values: FloatArray, context: pl.DataFrame, owed: NDArray[np.bool_], prevalence: float
    ) -> dict[str, list[float | None]]:
        """What was not bought: `lower`, `estimate` (the median), `mean` and `upper`, null where it is not told."""
        ends = {"lower": "upper", "estimate": "median", "mean": "mean", "upper": "lower"}
        if name not in self._shares:
            return {end: [None] * len(values) for end in ends}
        followers = context["followers"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        bought = self._shares[name].predict(values, followers, prevalence)
        known = owed & ~np.isnan(bought.upper)
        return {end: _where(known, np.round(1.0 - getattr(bought, other), DIGITS)) for end, other in ends.items()}


def with_explanations(scores: pl.DataFrame, explanations: pl.DataFrame) -> pl.DataFrame:
    """The scores with what was checked appended to the text of each reason.

    `explanations`: `account_id`, `feature` and `text`, at most one row a reason; a reason without one stays as it is.
    """
    listed = (
        scores.select("account_id", "reasons")
        .explode("reasons", empty_as_null=False)
        .unnest("reasons")
        .join(explanations, on=["account_id", "feature"], how="left", maintain_order="left", suffix="_checked")
        .with_columns(pl.concat_str("text", "text_checked", separator=" ", ignore_nulls=True))
        .group_by("account_id", maintain_order=True)
        .agg(reasons=pl.struct(field.name for field in REASON.fields))
    )
    nothing = pl.lit([], dtype=SCORE_COLUMNS["reasons"])
    told = scores.select("account_id").join(listed, on="account_id", how="left", maintain_order="left")
    return scores.with_columns(reasons=told["reasons"]).with_columns(pl.col("reasons").fill_null(nothing))


def _where(known: NDArray[np.bool_], values: FloatArray) -> list[float | None]:
    return [float(value) if given else None for given, value in zip(known, values, strict=True)]
