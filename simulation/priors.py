"""Every constant of the simulation as a prior: a range from which each cohort draws its own value.

A cohort never uses the priors themselves but a draw from them (`simulation.rules`), so that two seeds differ in
their rules and not only in their dice. `params.yaml` may override any field. A description ends with its source: a
row of FACTS, the real sets measured for it, or "assumed" where nothing better was found.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

DEVELOPMENT_HALF = "measured on the development half (even SHA-256 of the id) of"
"""Real sets may be looked at by half only; the other half stays unseen for the judgement of the product."""


def _ordered(values: tuple[float, ...]) -> tuple[float, ...]:
    if list(values) != sorted(values):
        raise ValueError(f"must not fall from left to right, found {values}")
    return values


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
"""Lowest and highest value that a cohort may draw."""

Quantiles = Annotated[tuple[float, float, float, float, float], AfterValidator(_ordered)]
"""5 / 25 / 50 / 75 / 95 % over accounts; a cohort draws the whole table times one factor."""

Constant = TypeVar("Constant")
"""`Range` in the priors, `float` in a cohort's rules: one declaration serves both."""


def _prior(default: Any, description: str) -> Any:
    return Field(default=default, description=description)


class Section(BaseModel, Generic[Constant]):
    """One group of constants."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Population(Section[Constant], Generic[Constant]):
    """Who the accounts are and how many of them cheat. Nothing here depends on the label."""

    prevalence: Constant = _prior((0.25, 0.45), "share of inauthentic accounts; jittered so that no model learns it")
    low_dose_share: Constant = _prior((0.04, 0.09), "share that buys less than the label's 10 %; assumed")
    platform_weights: dict[str, Constant] = _prior(
        {
            "instagram": (38.0, 62.0),
            "tiktok": (12.0, 24.0),
            "youtube": (10.0, 20.0),
            "twitch": (4.0, 10.0),
            "x": (3.0, 7.0),
            "facebook": (2.0, 6.0),
            "other": (0.5, 1.5),
        },
        "relative numbers of accounts; assumed, with the influencer market on Instagram",
    )
    language_weights: dict[str, Constant] = _prior(
        {
            "en": (40.0, 70.0),
            "es": (6.0, 12.0),
            "pt": (4.0, 10.0),
            "de": (3.0, 7.0),
            "fr": (3.0, 7.0),
            "it": (2.0, 6.0),
            "id": (2.0, 6.0),
            "tr": (1.5, 4.0),
            "ru": (1.5, 4.0),
            "hi": (1.5, 4.0),
            "ar": (1.5, 4.0),
            "ja": (1.0, 3.0),
            "ko": (1.0, 3.0),
            "th": (1.0, 3.0),
        },
        "relative numbers of accounts by main language; assumed, wider than the 2 % non-Latin of FACTS Comments",
    )
    followers: Quantiles = _prior((1300, 5000, 16000, 54000, 417000), "influencers' followers; FACTS Engagement")
    small_share: Constant = _prior((0.08, 0.22), "share of accounts with 200 to 1,000 followers; assumed")
    following: Quantiles = _prior((176, 557, 974, 1828, 5316), "accounts followed, Instagram; FACTS Engagement")
    following_small: Quantiles = _prior(
        (104, 276, 409, 597, 988),
        f"accounts followed below 1,000 followers; {DEVELOPMENT_HALF} instagram-instafake-700",
    )
    personal_share: Constant = _prior(
        (0.8, 1.0), "private people among accounts of 1,000 followers and fewer, falling to none at 3,000; assumed"
    )
    following_per_follower_personal: Quantiles = _prior(
        (0.58, 0.93, 1.02, 1.16, 1.8),
        f"accounts followed per follower of private people at 500 followers; {DEVELOPMENT_HALF} "
        "instagram-instafake-700, the lowest 5 % assumed wider",
    )
    following_personal_slope: Constant = _prior(
        (-0.8, -0.3), f"ln of it per tenfold followers; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    following_other_platforms: Quantiles = _prior((5, 40, 150, 480, 2000), "accounts followed elsewhere; assumed")
    age_years_median: Constant = _prior((3.0, 6.0), "age of an account; assumed")
    age_spread: Constant = _prior((0.4, 0.8), "sd of ln age; assumed")
    verified_share: Constant = _prior((0.03, 0.12), "accounts with a badge; assumed")
    business_share: Constant = _prior((0.35, 0.65), "business or creator accounts; assumed")
    handle_digits_share: Constant = _prior((0.15, 0.4), "handles that end in digits; assumed")
    handle_joiner_share: Constant = _prior((0.3, 0.6), "handles of words joined by a dot or underscore; assumed")
    empty_biography_share: Constant = _prior((0.05, 0.2), "accounts without a biography; assumed")
    topics_per_account: Constant = _prior((4.0, 9.0), "nouns that an account keeps coming back to; assumed")
    foreign_language_share: Constant = _prior((0.02, 0.12), "comments not in the account's language; assumed")


class Growth(Section[Constant], Generic[Constant]):
    """Organic follower curves. Calibrated to FACTS "Growth, daily, real Twitch accounts" unless said otherwise."""

    gain_rate_median: Constant = _prior(
        (0.5e-4, 7e-4),
        "new followers a day and follower, at 10,000 followers: from Twitch's quiet curves to vendors' 2-5 % a month",
    )
    gain_rate_spread: Constant = _prior((1.0, 1.6), "sd of ln gain rate over accounts")
    gain_rate_size_slope: Constant = _prior((-0.35, 0.0), "change of ln gain rate per tenfold followers; FACTS vendors")
    gain_rate_size_slope_youtube: Constant = _prior(
        (-1.4, -0.5), f"the same on YouTube; {DEVELOPMENT_HALF} youtube-tech-227: 3.2 / 1.4 / .3 % a month by size"
    )
    churn_ratio_median: Constant = _prior((0.25, 0.5), "unfollows per new follower")
    churn_ratio_spread: Constant = _prior((0.5, 0.9), "sd of ln churn ratio: a tail of accounts that shrink")
    weekday_strength: Constant = _prior((0.05, 0.45), "sd of ln gains over weekdays; assumed")
    memory: Constant = _prior((0.0, 0.5), "autocorrelation of ln intensity from day to day")
    restlessness: Constant = _prior((0.15, 0.6), "sd of ln intensity over days")
    regime_changes_per_year: Constant = _prior((0.5, 3.0), "lasting changes of the gain rate; assumed")
    regime_spread: Constant = _prior((0.3, 0.8), "sd of ln of a lasting change; assumed")
    dispersion_median: Constant = _prior((0.2, 1.2), "negative binomial size of daily counts (small: clumped)")
    dispersion_spread: Constant = _prior((0.5, 1.0), "sd of ln dispersion over accounts")
    steady_share: Constant = _prior((0.1, 0.25), "quiet accounts with Poisson counts and hardly a burst")
    bursts_per_month: Constant = _prior((0.7, 2.5), "days on which something happens")
    burst_spread: Constant = _prior((0.5, 1.0), "sd of ln burst frequency over accounts")
    burst_minimum_days: Constant = _prior((1.2, 3.5), "smallest burst, in days of ordinary gain")
    burst_tail: Constant = _prior((1.0, 1.7), "Pareto exponent of burst sizes (largest z 2.4/4.1/7.1/12.9/30.1)")
    burst_largest_share: Constant = _prior((0.05, 0.3), "largest burst, share of followers; 10 of 779 jump over 5 %")
    burst_post_share: Constant = _prior((0.3, 0.7), "bursts that a post set off, where posts exist; assumed")
    burst_first_day: Constant = _prior((0.5, 1.0), "share of a burst on its first day")
    burst_regret: Constant = _prior((0.0, 0.35), "share of a burst that leaves again within weeks; assumed")
    rest_day_share: Constant = _prior((0.0, 0.35), "days a week without activity of creators that pause; assumed")
    purge_probability: Constant = _prior((0.15, 0.5), "a platform purges on one day of the cohort's time; assumed")
    purge_depth: Constant = _prior((0.004, 0.08), "followers removed; -7.6 % in 2014, FACTS Growth")


class Engagement(Section[Constant], Generic[Constant]):
    """Posts and their counts."""

    likes_per_follower: dict[str, Constant] = _prior(
        {"instagram": (0.028, 0.052), "x": (0.002, 0.01), "facebook": (0.003, 0.012), "other": (0.005, 0.03)},
        "median likes per follower at 10,000 followers; Instagram FACTS Engagement, others assumed",
    )
    likes_size_slope: Constant = _prior((-0.36, -0.16), "ln per tenfold followers; FACTS Engagement: -0.26")
    personal_likes_odds: Constant = _prior(
        (0.3, 0.46),
        "median odds of a follower's like at 500 followers, private people on Instagram; elsewhere lower as its "
        f"likes_per_follower is; {DEVELOPMENT_HALF} instagram-instafake-700",
    )
    personal_likes_slope: Constant = _prior(
        (-1.1, -0.5), f"ln odds per tenfold followers; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    personal_likes_spread: Constant = _prior(
        (0.35, 0.55), f"sd of ln odds over private people; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    likes_account_spread: Constant = _prior((0.75, 1.0), "residual sd of ln rate; FACTS Engagement: .83 to .95")
    niche_spread: Constant = _prior((0.05, 0.3), "sd of ln rate over niches; assumed")
    views_per_follower: dict[str, Constant] = _prior(
        {"youtube": (0.12, 0.4), "tiktok": (0.15, 1.0), "twitch": (0.03, 0.2)},
        f"median views per follower at 10,000 followers; {DEVELOPMENT_HALF} youtube-tech-227, others assumed",
    )
    views_size_slope: Constant = _prior((-0.8, -0.3), f"ln per tenfold followers; {DEVELOPMENT_HALF} youtube-tech-227")
    views_account_spread: Constant = _prior((1.0, 1.6), f"sd of ln; {DEVELOPMENT_HALF} youtube-tech-227")
    likes_per_view: dict[str, Constant] = _prior(
        {
            "youtube": (0.02, 0.034),
            "tiktok": (0.035, 0.1),
            "twitch": (0.008, 0.03),
            "instagram": (0.03, 0.09),
            "x": (0.008, 0.03),
            "facebook": (0.01, 0.04),
            "other": (0.01, 0.06),
        },
        f"median likes per view; YouTube {DEVELOPMENT_HALF} youtube-tech-227, others assumed",
    )
    likes_per_view_spread: Constant = _prior((0.4, 0.7), f"sd of ln over accounts; {DEVELOPMENT_HALF} youtube-tech-227")
    likes_per_view_within: Quantiles = _prior(
        (0.1, 0.2, 0.29, 0.42, 0.7), f"sd of ln over posts of an account; {DEVELOPMENT_HALF} youtube-tech-227"
    )
    likes_per_view_fall: Quantiles = _prior(
        (0.02, 0.12, 0.2, 0.3, 0.45),
        "fall of ln likes per view per ln views within an account: strangers like less; FACTS Stories (viral), "
        f"{DEVELOPMENT_HALF} youtube-tech-227",
    )
    within_spread: Quantiles = _prior(
        (0.13, 0.22, 0.31, 0.42, 0.72), "sd of ln likes within accounts, bursts out; FACTS Engagement"
    )
    within_spread_personal: Quantiles = _prior(
        (0.07, 0.18, 0.27, 0.38, 0.6),
        f"same for private people, trend and chance out; {DEVELOPMENT_HALF} instagram-instafake-700",
    )
    within_spread_views: Quantiles = _prior(
        (0.38, 0.66, 0.92, 1.2, 1.65), f"sd of ln views within accounts; {DEVELOPMENT_HALF} youtube-tech-227"
    )
    drift_share: Quantiles = _prior(
        (0.0, 0.05, 0.12, 0.25, 0.5),
        "share of that variance that drifts slowly from post to post; lag-1 autocorrelation about 0 over 17 posts, "
        "which hides slow drift; FACTS Engagement",
    )
    drift_share_personal: Quantiles = _prior(
        (0.03, 0.2, 0.38, 0.55, 0.8), f"same for private people; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    drift_share_views: Quantiles = _prior(
        (0.0, 0.18, 0.38, 0.6, 0.85), f"same for views and likes per view; {DEVELOPMENT_HALF} youtube-tech-227"
    )
    drift_memory: Constant = _prior(
        (0.75, 0.97), "autocorrelation of the drift from post to post, drawn by account; as drift_share_personal"
    )
    promoted_accounts: Constant = _prior(
        (0.1, 0.35),
        f"accounts that openly advertise some videos on the platform; {DEVELOPMENT_HALF} youtube-tech-227",
    )
    promoted_posts: Constant = _prior((0.02, 0.25), "share of their videos advertised; as promoted_accounts")
    promoted_views: Constant = _prior(
        (0.5, 8.0), "views by advertising, in views of the median video; as promoted_accounts"
    )
    audience_follows: Constant = _prior(
        (0.25, 1.0),
        "exponent by which views follow the followers of the time; below 1 strangers see the posts too; drawn by "
        "account; assumed",
    )
    promoted_likes: Constant = _prior(
        (0.03, 0.5), "likes per view of advertising, in those of the account; as promoted_accounts"
    )
    tail_degrees: Constant = _prior((4.0, 12.0), "Student t of ln quality: largest over median 1.65, 3.4 at 95 %")
    comments_per_100_likes: dict[str, Constant] = _prior(
        {
            "0": (2.0, 3.6),
            "1000": (3.4, 5.0),
            "10000": (2.4, 3.6),
            "50000": (1.5, 2.4),
            "100000": (1.0, 1.6),
            "500000": (0.55, 0.95),
        },
        "median by lowest followers of the tier; FACTS Engagement, the smallest tier as comments_spread_personal",
    )
    comments_spread: Constant = _prior((0.9, 1.15), "sd of ln comments per like over accounts; FACTS Engagement")
    comments_spread_personal: Constant = _prior(
        (0.5, 0.85), f"same for private people; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    comments_spread_views: Constant = _prior(
        (0.5, 0.85), f"same where views drive; {DEVELOPMENT_HALF} youtube-tech-227"
    )
    comments_platform: dict[str, Constant] = _prior(
        {
            "instagram": (1.0, 1.0),
            "youtube": (3.2, 6.5),
            "tiktok": (0.3, 0.8),
            "twitch": (0.5, 2.0),
            "x": (1.0, 3.0),
            "facebook": (1.5, 4.0),
            "other": (0.5, 2.0),
        },
        f"factor on Instagram's table; YouTube {DEVELOPMENT_HALF} youtube-tech-227, others assumed",
    )
    comments_elasticity: Constant = _prior((0.7, 1.2), "growth of ln comments per ln likes within an account; assumed")
    comments_elasticity_personal: Constant = _prior(
        (1.0, 1.8),
        f"same for private people, whose friends comment on the days that matter; {DEVELOPMENT_HALF} "
        "instagram-instafake-700",
    )
    comments_drift: Constant = _prior(
        (0.05, 0.6),
        "sd of a slow drift of ln comments per like, drawn by account; change between halves of the posts, "
        f"{DEVELOPMENT_HALF} youtube-tech-227",
    )
    comments_yearly_change: Constant = _prior(
        (-0.25, 0.02), f"change of ln comments per like a year; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    comments_dispersion_median: Constant = _prior((0.8, 1.4), "negative binomial size k .31 to 2.7; FACTS Engagement")
    comments_dispersion_spread: Constant = _prior((0.6, 0.9), "sd of ln k over accounts; FACTS Engagement")
    comments_dispersion_views: Constant = _prior((3.5, 9.0), "factor on k where views drive: corr .75 on YouTube")
    posts_per_week: Quantiles = _prior((1, 3.4, 6.3, 11.9, 30), "accounts from 100,000 followers; FACTS Engagement")
    posts_per_week_small: Quantiles = _prior(
        (0.07, 0.2, 0.6, 2.0, 6.0), "creators below 3,000 followers; assumed, slower than the large ones"
    )
    posts_per_week_personal: Quantiles = _prior(
        (0.08, 0.16, 0.31, 0.6, 2.0), f"private people; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    posts_per_week_factor: dict[str, Constant] = _prior(
        {"youtube": (0.25, 0.6), "twitch": (0.3, 1.0), "tiktok": (0.7, 1.5), "facebook": (0.5, 1.0)},
        f"factor on the pace of posting, 1 elsewhere; YouTube {DEVELOPMENT_HALF} youtube-tech-227, others assumed",
    )
    whole_history_small: Constant = _prior(
        (0.6, 0.95), f"small accounts with every post of years, up to 200; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    whole_history_large: Constant = _prior((0.02, 0.1), "the same for larger accounts; assumed")
    burst_lift: Constant = _prior((0.05, 0.25), "ln likes of a post per ln size of the burst it set off; assumed")
    posts_observed: Quantiles = _prior((4, 12, 22, 45, 150), "posts in a folder: 8 to 200 in what was seen; assumed")
    accumulation: dict[str, Constant] = _prior(
        {"youtube": (0.35, 0.8), "tiktok": (0.0, 0.15), "twitch": (0.0, 0.1)},
        f"exponent of age by which old videos keep gathering views; {DEVELOPMENT_HALF} youtube-tech-227",
    )
    gathering_hours: Constant = _prior(
        (8.0, 20.0), "hours to gather two thirds of the likes; FACTS: first hour 20-30 %"
    )
    past_growth: Constant = _prior(
        (0.4, 1.3), f"exponent of followers over an account's life; {DEVELOPMENT_HALF} instagram-instafake-700"
    )
    sponsored_share: Constant = _prior((0.02, 0.09), "sponsored captions 5 %; FACTS Engagement")
    sponsored_cost: Constant = _prior((0.0, 0.35), "fall of ln likes under a sponsored post; assumed")
    hidden_likes_share: Constant = _prior((0.02, 0.06), "accounts that hide likes; assumed")
    video_share: Constant = _prior((0.1, 0.5), "videos among an Instagram account's posts; assumed")
    dead_share: Constant = _prior((0.005, 0.03), "small accounts whose posts hardly anybody sees; assumed")
    early_rush: Constant = _prior((0.2, 0.4), "posting hours crowd around an account's favourite hour; assumed")


class Comments(Section[Constant], Generic[Constant]):
    """Who comments, when, and in what words. Shares are per account; FACTS "Comments" unless said otherwise."""

    emoji_only: Quantiles = _prior((0.0, 0.05, 0.11, 0.19, 0.32), "share of emoji-only comments")
    short: Quantiles = _prior((0.11, 0.28, 0.42, 0.57, 0.73), "share of comments with at most two words")
    mention_only: Quantiles = _prior((0.0, 0.0, 0.01, 0.03, 0.08), "share of mention-only comments: .013 to .059")
    distinct: Quantiles = _prior((0.76, 0.90, 0.94, 0.98, 1.0), "distinct commenters per comment")
    owner_replies: Quantiles = _prior((0.0, 0.0, 0.0, 0.05, 0.33), "share of the owner's own replies")
    creators: Quantiles = _prior((0.0, 0.0, 0.03, 0.08, 0.21), "share by other listed creators")
    mention: Constant = _prior((0.05, 0.12), "share of sentences with a mention: 10 % with mention-only")
    link: Constant = _prior((0.0005, 0.002), "share with a link: 0.1 %")
    question: Constant = _prior((0.06, 0.2), "share of longer comments that ask; assumed")
    relevance: Constant = _prior((0.4, 0.85), "share of sentences that take up the post's topic; assumed")
    emoji_tail: Constant = _prior((0.2, 0.5), "texts that end in emoji; assumed")
    stretched: Constant = _prior((0.02, 0.08), "words with a repeated letter; assumed")
    typo: Constant = _prior((0.01, 0.06), "texts with a typing error; assumed")
    second_sentence: Constant = _prior((0.1, 0.3), "sentences followed by another; assumed")
    lowercase: Constant = _prior((0.5, 0.85), "texts without a capital; assumed")
    lag_hours: Quantiles = _prior((0.18, 2.6, 15.0, 57.0, 1150.0), "comment after its post: 11 min to 48 days")
    taste: Constant = _prior((1.6, 2.6), "exponent by which common phrases are preferred (Zipf-like); assumed")


class Schemes(Section[Constant], Generic[Constant]):
    """What is bought or traded. FACTS "Schemes as they are sold and seen" unless said otherwise."""

    weights: dict[str, Constant] = _prior(
        {
            "bought_followers": (22.0, 32.0),
            "follow_unfollow": (6.0, 12.0),
            "bought_engagement": (9.0, 17.0),
            "bought_comments": (9.0, 17.0),
            "engagement_pod": (6.0, 13.0),
        },
        "relative numbers: 27 / 10 / 17 inflated comments / 10 of 47 % in one country",
    )
    mix_share: Constant = _prior((0.18, 0.32), "inauthentic accounts with more than one scheme; assumed")
    dose: Constant = _prior((0.55, 0.72), "largest share of followers bought; doses are log-uniform up to it")
    engagement_dose: Constant = _prior(
        (0.7, 0.95), "largest share of engagement bought: pods bring comments from 2 to 40-100, likes from 30-60 to 120"
    )
    fixed_lots: Constant = _prior((0.2, 0.6), "careless like orders of the same lot on every post; assumed")
    phrases: Constant = _prior((4.0, 60.0), "ready phrases of one comment seller, log-uniform; assumed")
    evasion: Constant = _prior(
        (0.2, 0.45), "mean care of cheats: chance that a detail is chosen to look organic; assumed"
    )
    dose_skew: Constant = _prior(
        (0.3, 0.7),
        "exponent of the even draw behind ln dose, below 1: larger doses. A median lot of 500 likes or comments in the "
        "tens exceeds what a mid-sized account's post draws; FACTS offers, pods: comments from 2 to 40-100",
    )
    vendors: Constant = _prior((3.0, 7.0), "sellers of each kind in a cohort; assumed")
    speed_per_day: Constant = _prior((24.0, 5000.0), "followers delivered a day: 24-1,000 is common, 5,000 exists")
    at_once: Constant = _prior((0.3, 0.8), "careless deliveries within three days, whatever the lot; assumed")
    delivery_days: Constant = _prior((1.0, 60.0), "delivery of one lot is stretched or squeezed into this; assumed")
    drop_per_month: Constant = _prior((0.0, 0.75), "followers lost a month: cheap lots 75 %, good ones nearly none")
    refill_days: Constant = _prior((30.0, 180.0), "refill guarantee: 30 to 365 days")
    follows_per_day: Constant = _prior((40.0, 250.0), "follow / unfollow: follows a day; assumed")
    follow_back: Constant = _prior((0.05, 0.3), "share that follows back; assumed")
    follow_lag_days: Constant = _prior((1.0, 7.0), "new followers lag the follows")
    comment_pool: Constant = _prior(
        (15.0, 600.0), "authors of one comment seller: one for several comments of a lot; assumed"
    )
    comments_per_day: Constant = _prior(
        (100.0, 3000.0), "comments delivered a day: 100-500, and bursts; FACTS, assumed"
    )
    start_hours: Constant = _prior((0.1, 6.0), "start of a delivery after the order")
    pod_members: Constant = _prior((15.0, 50.0), "members of a pod by direct message; 1,000 and more on Telegram")
    pod_first_hour: Constant = _prior((0.5, 0.95), "pod comments within the first hour; assumed")


class Stories(Section[Constant], Generic[Constant]):
    """What happens to honest accounts and looks bought. FACTS "Stories that look bought and are not"."""

    genuine_share: Constant = _prior((0.42, 0.58), "genuine accounts with a story; assumed")
    inauthentic_share: Constant = _prior((0.2, 0.4), "inauthentic accounts with one too: they also go viral; assumed")
    viral_gain: Constant = _prior((0.01, 0.4), "followers won by a viral post, share of the present; assumed")
    giveaway_gain: Constant = _prior((0.01, 0.35), "followers won by a giveaway, share of the present; assumed")
    giveaway_loss: Constant = _prior((0.2, 0.7), "share of them lost within two weeks; assumed")
    advertising_gain: Constant = _prior((0.02, 0.5), "followers won by advertising, at most 5,000 a day; assumed")
    visitors_lift: Constant = _prior(
        (0.05, 0.7), "ln likes by which newcomers lift the posts that they find in those days, by account; assumed"
    )
    shoutout_gain: Constant = _prior((0.005, 0.25), "followers won by a shout-out or the press; assumed")
    bots_gain: Constant = _prior((0.02, 0.3), "unwanted bot followers, share of the present: 5 to 20 % organic fakes")
    circle: Constant = _prior((8.0, 40.0), "people of a tight community; assumed")
    mega_low_rate: Constant = _prior((0.8, 2.0), "fall of ln likes per follower; assumed")
    emoji_culture: Constant = _prior((0.35, 0.75), "emoji-only share in a fan culture; assumed")
    mixed_language: Constant = _prior((0.3, 0.7), "comments in other languages; assumed")


class Observation(Section[Constant], Generic[Constant]):
    """What of it all was recorded. Nothing here depends on the label."""

    sampling_weights: dict[str, Constant] = _prior(
        {"daily": (50.0, 80.0), "weekly": (8.0, 22.0), "irregular": (6.0, 18.0), "monthly": (3.0, 13.0)},
        "relative numbers of follower curves by rhythm; assumed",
    )
    history_days: Constant = _prior((14.0, 365.0), "length of follower curves, log-uniform; assumed")
    gap_share: Constant = _prior((0.0, 0.06), "readings missing from a curve with gaps; assumed")
    glitch_share: Constant = _prior((0.0, 0.03), "curves with a single 0 reading; FACTS Growth, trackers glitch")
    rounded_share: Constant = _prior((0.0, 0.25), "curves over 10,000 rounded to three digits off YouTube; assumed")
    following_daily_share: Constant = _prior((0.4, 0.8), "curves with the following count; assumed")
    followers_missing: Constant = _prior((0.1, 0.3), "accounts without a curve; assumed")
    posts_missing: Constant = _prior((0.03, 0.15), "accounts without posts; assumed")
    comments_missing: Constant = _prior((0.15, 0.4), "accounts without comments; assumed")
    everything_missing: Constant = _prior((0.01, 0.05), "accounts with nothing but their profile; assumed")
    column_missing: Constant = _prior(
        (0.0, 0.03), "missing cells of an optional column: exports lose columns, seldom cells; assumed"
    )
    column_dropped: Constant = _prior((0.05, 0.2), "optional columns that a whole export lacks; assumed")
    comments_observed: Constant = _prior((18.0, 300.0), "comments collected for an account, log-uniform; assumed")
    sample_weights: dict[str, Constant] = _prior(
        {
            "all": (10.0, 30.0),
            "earliest": (10.0, 25.0),
            "newest": (15.0, 35.0),
            "top": (10.0, 25.0),
            "random": (10.0, 30.0),
        },
        "relative numbers of comment samples by kind; assumed",
    )
    reading_weights: dict[str, Constant] = _prior(
        {"end": (45.0, 75.0), "unknown": (10.0, 30.0), "after_days": (10.0, 30.0)},
        "when a post's counts were read: all at the end, not said, or each some days after its post; assumed",
    )


class Priors(BaseModel):
    """All constants of the simulation, each with its range and source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table_factor: Range = _prior((0.8, 1.25), "factor that a cohort lays on each quantile table; assumed")
    population: Population[Range] = Population[Range]()
    growth: Growth[Range] = Growth[Range]()
    engagement: Engagement[Range] = Engagement[Range]()
    comments: Comments[Range] = Comments[Range]()
    schemes: Schemes[Range] = Schemes[Range]()
    stories: Stories[Range] = Stories[Range]()
    observation: Observation[Range] = Observation[Range]()
