"""Benign explanations: what honest accounts have that looks bought (FACTS, "Stories that look bought and are not").

A check looks for one such explanation in the account's own rows and finds it possible, not borne out, or not
observed. It is display beside a reason: it moves no value, probability or verdict, since the classifier has seen the
same rows. An explanation that leaves no trace in the tables is named as well: whoever decides can ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from features.catalog import features
from features.compute import frame
from features.context import ACCOUNT, of_accounts, with_account_context
from features.kernels.growth import FOLLOWING_MOVE, FOLLOWING_MOVE_LEAST, POST_DRAW, POST_LEAD
from features.signals import SIGNALS
from features.tables import Tables
from features.wording import counted, grouped, percent, times_the_usual

FEWEST_COMMENTS = 20
"""Comments below which nothing is said of them: the fewest that are owed a verdict."""

FEWEST_POSTS = 6
"""Posts below which their formats and pauses are not compared; as most features of posts."""

USUAL_MENTIONS = 0.1
"""Share of comments that name another account (FACTS, "Comments": with a mention 10 %)."""

GIVEAWAY_MENTIONS = 2 * USUAL_MENTIONS
"""Share of comments with a mention from which a giveaway may explain an observation; assumed."""

USUAL_OTHER_SCRIPT = 0.02
"""Share of comments not in Latin letters (FACTS, "Comments": 2 %)."""

OTHER_SCRIPT = 0.1
"""Share of comments not in Latin letters from which the language may explain an observation; assumed."""

MANY_EMOJI, SOME_EMOJI = 0.32, 0.19
"""Shares of comments of emoji alone that 5 % and 25 % of real accounts pass (FACTS, "Comments")."""

FEW_PEOPLE = 0.76
"""Commenters per comment that 5 % of real accounts stay below (FACTS, "Comments": .76 / .90 / .94 / .98 / 1)."""

ENOUGH_OF_COMMENTS = 0.5
"""Share of the counted comments from which those observed show who comes back: a small sample parts them; assumed."""

ONE_OCCASION = 0.5
"""Share of the comments under one post from which one occasion may explain an observation; assumed."""

OCCASIONS, FEWEST_AROUND_OCCASIONS = 3, 30
"""Posts that may be occasions together, and posts among which so few stand out by holding half of the comments;
assumed: of thirty honest posts the three busiest hold a third (counts spread as exponential ones; k about 0.9)."""

LATE_POST_DAYS = 7
"""Days after which a post no longer explains how a burst began; assumed."""

RETURN_DAYS = 180
"""Days before the newest post within which a pause must have ended to matter for what is seen now; assumed."""

PRIVATE_FOLLOWERS = 10_000
"""Followers below which an audience may be friends and family: how micro-influencers are described (FACTS, "Stories"),
and the end of the smallest tier measured there."""

VERY_LARGE = 1_000_000
"""Followers from which an account is larger than nearly all that expectations were measured on; assumed."""

PAUSE_DAYS = 60
"""Days without a post that make a pause; assumed: the slowest real accounts post once a week."""

HIDDEN_SHARE = 0.1
"""Share of posts without likes from which hidden likes may distort what is said of the others; assumed."""

FOLLOWS_MANY = 1_500
"""Accounts followed from which following back by custom cannot be ruled out by the ratio: "mass followers" follow more
than 1,500 (FACTS, Rules, HypeAuditor), and platforms end the list at a few thousand."""

HALF_AS_MANY = 0.5
"""Accounts followed per follower from which following may be mutual by custom; assumed."""

TWICE_THE_LIKES = 2.0
"""Times the usual likes from which a post stands out, as in `engagement_likes_without_comments_share`."""

MORE_VIEWS = 1.5
"""Times the usual views that make a wider audience (FACTS, "Rules": CreatorDB)."""

OUTCOMES = {"possible": "May explain it", "not_borne_out": "Checked, not borne out", "not_observed": "Not checkable"}
"""How a check may end, in the order told, and the words before it."""

EXPLANATIONS_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String,
    "feature": pl.String,
    "text": pl.String,
}

Expression = Callable[[], pl.Expr]


@dataclass(frozen=True, slots=True)
class Check:
    """One benign explanation, and how the account's rows speak of it.

    Attributes:
        name: the explanation in plain words: "a viral post".
        facts: name in `FACTS` of the frame, one row an account, that the expressions read.
        is_possible: whether the explanation holds up; null where that is not observed.
        finding: what was seen, with its numbers, whether or not the explanation holds up.
        not_observed: what is missing where nothing can be said.
        asked: whether the check fits a reason of this feature on this side.
        undecided: what is added to a finding that speaks neither way (`is_possible` is null, the finding is not);
            empty where that says no more than `not_observed`.
        is_told: whether there is anything to tell; a check that no reader would think of is left out otherwise.
    """

    name: str
    facts: str
    is_possible: Expression
    finding: Expression
    not_observed: str
    asked: Callable[[str, str], bool] = lambda _feature, _side: True
    undecided: str = ""
    is_told: Expression = lambda: pl.lit(value=True)


def explanations(tables: Tables, wanted: pl.DataFrame) -> pl.DataFrame:
    """What was checked for each reason, in one text: columns of `EXPLANATIONS_SCHEMA`, by account and feature.

    "May explain it: a viral post (the post of 2024-05-03 drew 6.1 times the usual likes or views). Checked, not borne
    out: a giveaway (3% of comments name other accounts; 10% is usual). Not checkable: ..."

    Args:
        tables: clean tables that hold the wanted accounts; others in them change nothing. Their frames are taken where
            `compute` has built them; where it has not, `only` the wanted accounts' tables cost less.
        wanted: `account_id`, `feature` (a name of the catalogue) and `side`, high or low.

    Returns:
        No row for a reason whose signal has no check that fits.
    """
    asked = _asked(wanted)
    tables = with_account_context(tables)
    asked = asked.join(
        tables.accounts.select("account_id", ACCOUNT), on="account_id", how="left", maintain_order="left"
    )
    accounts = asked[ACCOUNT].drop_nulls().unique()
    facts = {name: FACTS[name](tables, accounts) for name in {CHECKS[check].facts for check in asked["check"].unique()}}
    parts = [
        rows.join(facts[CHECKS[str(name)].facts], on=ACCOUNT, how="left")
        .filter(CHECKS[str(name)].is_told())
        .select("account_id", "feature", "place", **_told(CHECKS[str(name)]))
        for (name,), rows in asked.partition_by("check", as_dict=True).items()
    ]
    if not parts:
        return pl.DataFrame(schema=EXPLANATIONS_SCHEMA)
    key = ["account_id", "feature"]
    return (
        pl.concat(parts)
        .sort(*key, "outcome", "place")
        .group_by(*key, "outcome", maintain_order=True)
        .agg(pl.col("told").str.join("; "))
        .with_columns(told=pl.format("{}: {}.", pl.col("outcome").cast(pl.String).replace(OUTCOMES), "told"))
        .group_by(key, maintain_order=True)
        .agg(text=pl.col("told").str.join(" "))
    )


def _asked(wanted: pl.DataFrame) -> pl.DataFrame:
    """One row per reason and check that fits it: `account_id`, `feature`, `check`, and its `place` in the signal."""
    catalogue = features()
    pairs = wanted.select("feature", "side").unique().iter_rows()
    rows = [
        (feature, side, check, place)
        for feature, side in pairs
        for place, check in enumerate(SIGNALS[catalogue[feature].signal].checks)
        if CHECKS[check].asked(feature, side)
    ]
    schema = {"feature": pl.String, "side": pl.String, "check": pl.String, "place": pl.Int64}
    fitting = pl.DataFrame(rows, schema=schema, orient="row")
    return wanted.select("account_id", "feature", "side").join(fitting, on=["feature", "side"]).drop("side")


def _told(check: Check) -> dict[str, pl.Expr]:
    """`outcome` and `told` of one check: the explanation, and in brackets what was seen."""
    possible, finding = check.is_possible(), check.finding()
    is_observed = possible.is_not_null() & finding.is_not_null()
    outcome = (
        pl.when(~is_observed)
        .then(pl.lit("not_observed"))
        .when(possible)
        .then(pl.lit("possible"))
        .otherwise(pl.lit("not_borne_out"))
    )
    neither = pl.when(possible.is_null() & pl.lit(bool(check.undecided))).then(
        pl.format("{}; {}", finding, pl.lit(check.undecided))
    )
    seen = pl.when(is_observed).then(finding).otherwise(pl.coalesce(neither, pl.lit(check.not_observed)))
    return {"outcome": outcome.cast(pl.Enum(list(OUTCOMES))), "told": pl.format("{} ({})", pl.lit(check.name), seen)}


# --- facts: one row an account ----------------------------------------------------------------------------------------


def _of_account(tables: Tables, accounts: pl.Series) -> pl.DataFrame:
    """`followers` and `following_count` as observed; `usual_likes`, the median of the newest settled posts."""
    posts = of_accounts(frame(tables, "engagement", "posts"), accounts, "likes").group_by(ACCOUNT, maintain_order=True)
    return of_accounts(tables.accounts, accounts, "followers", "following_count").join(
        posts.agg(usual_likes=pl.col("likes").median()), on=ACCOUNT, how="left", maintain_order="left"
    )


def _of_largest_burst(tables: Tables, accounts: pl.Series) -> pl.DataFrame:
    """The burst that brought most: its days, the post that drew most then, and `is_known`: posts tell."""
    columns = ("start_date", "end_date", "mass", "best_draw", "best_draw_on", "unexplained_mass")
    return (
        of_accounts(frame(tables, "growth", "bursts"), accounts, *columns)
        .filter(pl.col("mass").is_not_null())
        .sort(ACCOUNT, "mass", "start_date")
        .group_by(ACCOUNT, maintain_order=True)
        .last()
        .with_columns(is_known=pl.col("unexplained_mass").is_not_null())
    )


def _of_readings(tables: Tables, accounts: pl.Series) -> pl.DataFrame:
    """`rounding` step of the follower counts; bulk `follows` and `unfollows`, null where following was not read."""
    change = pl.col("following_change")
    least = pl.max_horizontal(FOLLOWING_MOVE * pl.col("following_before"), pl.lit(float(FOLLOWING_MOVE_LEAST)))
    is_read = change.count() > 0
    return (
        of_accounts(frame(tables, "growth", "intervals"), accounts, "following_change", "following_before", "rounding")
        .group_by(ACCOUNT, maintain_order=True)
        .agg(
            rounding=pl.col("rounding").max(),
            follows=pl.when(is_read).then((change >= least).sum()),
            unfollows=pl.when(is_read).then((-change >= least).sum()),
        )
    )


def _of_comments(tables: Tables, accounts: pl.Series) -> pl.DataFrame:
    """Shares of the comments by others, and how many people wrote them; null below `FEWEST_COMMENTS`.

    `counted` are the comments that the posts count under which some are observed; null where no post tells.
    """
    share = pl.len() >= FEWEST_COMMENTS
    known = pl.col("commenter_id").count()
    texts = (
        of_accounts(frame(tables, "comments", "comments"), accounts, "has_mention", "is_emoji_only", "script")
        .group_by(ACCOUNT, maintain_order=True)
        .agg(
            mentions=pl.when(share).then(pl.col("has_mention").mean()),
            emoji=pl.when(share).then(pl.col("is_emoji_only").mean()),
            other_script=pl.when(share).then((pl.col("script") != "latin").mean()),
        )
    )
    authors = (
        of_accounts(tables.comments, accounts, "account_id", "post_id", "commenter_id")
        .filter(pl.col("commenter_id").ne_missing(pl.col("account_id")))
        .group_by(ACCOUNT, maintain_order=True)
        .agg(
            on_one_post=pl.when(share).then(pl.col("post_id").unique_counts().max() / pl.len()),
            people=pl.when(known >= FEWEST_COMMENTS).then(pl.col("commenter_id").drop_nulls().n_unique()),
            comments=known,
        )
    )
    written_on = of_accounts(tables.comments, accounts, "post_id").unique(maintain_order=True)
    posts = of_accounts(tables.posts, accounts, "post_id", "comment_count").join(
        written_on, on=[ACCOUNT, "post_id"], how="semi", maintain_order="left"
    )
    counts = posts.group_by(ACCOUNT, maintain_order=True).agg(
        counted=pl.when(pl.col("comment_count").count() > 0).then(pl.col("comment_count").sum())
    )
    return texts.join(authors, on=ACCOUNT, how="left", maintain_order="left").join(
        counts, on=ACCOUNT, how="left", maintain_order="left"
    )


def _of_comments_at_burst(tables: Tables, accounts: pl.Series) -> pl.DataFrame:
    """`mentions`, the share of comments with one, of the days of the largest burst; null below `FEWEST_COMMENTS`.

    `start_date` and `end_date` are the burst's. Comments of another time say nothing of what set a burst off.
    """
    days = _of_largest_burst(tables, accounts).select(ACCOUNT, "start_date", "end_date")
    written = of_accounts(tables.comments, accounts, "comment_id", "commented_at")
    written_on = pl.col("commented_at").dt.date()
    return (
        of_accounts(frame(tables, "comments", "comments"), accounts, "comment_id", "has_mention")
        .join(written, on=[ACCOUNT, "comment_id"], how="left", maintain_order="left")
        .join(days, on=ACCOUNT, maintain_order="left")
        .filter(
            written_on >= pl.col("start_date") - pl.duration(days=POST_LEAD),
            written_on <= pl.col("end_date"),
        )
        .group_by(ACCOUNT, maintain_order=True)
        .agg(
            pl.col("start_date", "end_date").first(),
            mentions=pl.when(pl.len() >= FEWEST_COMMENTS).then(pl.col("has_mention").mean()),
        )
    )


def _of_posts(tables: Tables, accounts: pl.Series) -> pl.DataFrame:
    """Of the newest settled posts: likes shown, formats, the longest pause, the busiest, views of the most liked.

    The pause is the longest of those that ended within `RETURN_DAYS` of the newest post.
    """
    posted, enough = pl.col("posted_at"), pl.len() >= FEWEST_POSTS
    pause = pl.when(posted >= posted.max() - pl.duration(days=RETURN_DAYS)).then(posted.diff())
    liked = (pl.col("likes_relative").exp() >= TWICE_THE_LIKES) & pl.col("views_relative").is_not_null()
    columns = (
        *("posted_at", "format", "is_newer", "likes", "comments", "views", "likes_relative", "views_relative"),
        "followers",
    )
    return (
        of_accounts(frame(tables, "engagement", "posts"), accounts, *columns)
        .group_by(ACCOUNT, maintain_order=True)
        .agg(
            posts=pl.len(),
            shown=pl.col("likes").count(),
            pause_days=pl.when(enough).then(pause.max().dt.total_days()),
            pause_until=posted.filter(pause == pause.max()).last().dt.date().cast(pl.String),
            older_format=pl.when(enough).then(_commonest(~pl.col("is_newer"))),
            newer_format=pl.when(enough).then(_commonest(pl.col("is_newer"))),
            comments=pl.col("comments").sum(),
            on_busiest=pl.when(enough & (pl.col("comments").sum() >= FEWEST_COMMENTS)).then(
                pl.col("comments").max() / pl.col("comments").sum()
            ),
            on_busiest_three=pl.when(
                (pl.len() >= FEWEST_AROUND_OCCASIONS) & (pl.col("comments").sum() >= FEWEST_COMMENTS)
            ).then(pl.col("comments").top_k(OCCASIONS).sum() / pl.col("comments").sum()),
            followers=pl.col("followers").first(),
            usual_views=pl.col("views").median(),
            liked_posts=liked.sum(),
            liked_views=pl.col("views_relative").filter(liked).median().exp(),
        )
    )


def _commonest(rows: pl.Expr) -> pl.Expr:
    return pl.col("format").cast(pl.String).filter(rows).drop_nulls().mode().sort().first()


FACTS: dict[str, Callable[[Tables, pl.Series], pl.DataFrame]] = {
    "account": _of_account,
    "largest_burst": _of_largest_burst,
    "readings": _of_readings,
    "comments": _of_comments,
    "comments_at_burst": _of_comments_at_burst,
    "posts": _of_posts,
}
"""Facts that the checks read, by name: one row an account, of the accounts of the codes asked for."""


# --- checks -----------------------------------------------------------------------------------------------------------


def _nothing() -> pl.Expr:
    """Neither yes nor no: the tables do not show it."""
    return pl.lit(None, dtype=pl.Boolean)


def _nothing_seen() -> pl.Expr:
    return pl.lit(None, dtype=pl.String)


LEVEL = "_rate_residual"
"""End of the names of engagement per follower: what explains too little of it does not explain too much."""


def _unless_level_is_high(feature: str, side: str) -> bool:
    return not (feature.endswith(LEVEL) and side == "high")


def _on(*sides: str) -> Callable[[str, str], bool]:
    return lambda _feature, side: side in sides


MANY_COMMENTS = frozenset(
    {
        ("engagement_comments_per_like_residual", "high"),
        ("engagement_comments_per_like_change_residual", "high"),
        ("engagement_likes_comments_correlation", "low"),
    }
)
"""Reasons that giveaways give: their comments come without likes."""

WITHOUT_LIKES = frozenset(
    {"engagement_view_rate_residual", "engagement_comment_rate_residual", "engagement_comments_per_view_residual"}
)
"""Features of signals about likes that do not read them."""


def _around_burst() -> pl.Expr:
    began = f"from {POST_LEAD} days before the largest burst began on {{}} until it ended on {{}}"
    return pl.format(began, "start_date", "end_date")


def _viral_finding() -> pl.Expr:
    around = _around_burst()
    drew = pl.format("{} likes or views", times_the_usual("best_draw"))
    later = (pl.col("best_draw_on") - pl.col("start_date")).dt.total_days()
    after = pl.when(later > LATE_POST_DAYS).then(
        pl.format(", {} after the burst began on {},", counted(later, "day"), "start_date")
    )
    far = pl.format("the post of {}{} drew {}", pl.col("best_draw_on"), after.fill_null(""), drew)
    less = pl.format("{}, the best post drew {}", around, drew)
    no_post = pl.format("{}, no post was seen", around)
    found = pl.when(pl.col("best_draw") > POST_DRAW).then(far).otherwise(pl.coalesce(less, no_post))
    return pl.when("is_known").then(found)


def _drew_in_time() -> pl.Expr:
    """Whether a post drew much as the burst began; null for a post that came too late to have begun it."""
    drew = (pl.col("best_draw") > POST_DRAW).fill_null(False)
    is_late = (pl.col("best_draw_on") - pl.col("start_date")).dt.total_days() > LATE_POST_DAYS
    return pl.when(pl.col("is_known") & ~(drew & is_late.fill_null(False))).then(drew)


def _speaks_for_giveaway() -> pl.Expr:
    """Whether mentions are many; null where they are more than usual and too few to speak for one."""
    mentions = pl.col("mentions")
    return pl.when((mentions >= GIVEAWAY_MENTIONS) | (mentions <= USUAL_MENTIONS)).then(mentions >= GIVEAWAY_MENTIONS)


IN_BETWEEN = "in between, which speaks neither way"


def _mentions_finding() -> pl.Expr:
    return pl.format(
        f"{{}} of comments name other accounts; {USUAL_MENTIONS:.0%} is usual, {GIVEAWAY_MENTIONS:.0%} speaks for one",
        percent("mentions"),
    )


def _giveaway(name: str, asked: Callable[[str, str], bool]) -> Check:
    return Check(
        name,
        "comments",
        _speaks_for_giveaway,
        _mentions_finding,
        f"under {FEWEST_COMMENTS} comments observed",
        asked,
        IN_BETWEEN,
    )


def _giveaway_at_burst() -> Check:
    return Check(
        "a giveaway",
        "comments_at_burst",
        _speaks_for_giveaway,
        lambda: pl.format("{}, {}", _around_burst(), _mentions_finding()),
        f"under {FEWEST_COMMENTS} comments of the burst's days observed",
        undecided=IN_BETWEEN,
    )


def _giveaway_before_losses() -> Check:
    """Never "not borne out": when the followers who left came, and what was commented then, is not known."""
    return Check(
        "a giveaway whose followers left",
        "comments",
        lambda: pl.when(pl.col("mentions") >= GIVEAWAY_MENTIONS).then(pl.lit(value=True)),
        _mentions_finding,
        "the comments observed show none, and need not be of the time when these followers came",
        _on("high"),
    )


def _is_close_circle() -> pl.Expr:
    """Whether the same people come back; null where too few of the comments are observed to see it."""
    comes_back = pl.col("people") < FEW_PEOPLE * pl.col("comments")
    is_enough = (pl.col("comments") >= ENOUGH_OF_COMMENTS * pl.col("counted")).fill_null(True)
    return pl.when(comes_back | is_enough).then(comes_back)


def _circle_finding() -> pl.Expr:
    """How many people wrote how many comments, and of how many where more are counted."""
    wrote = pl.format("{} wrote {}", counted("people", "person", "people"), counted("comments", "comment"))
    more = pl.when(pl.col("counted") > pl.col("comments")).then(pl.format(" of the {} counted", grouped("counted")))
    speaks = f"; fewer than {100 * FEW_PEOPLE:.0f} people to 100 comments speaks for one"
    return pl.concat_str(wrote, more.fill_null(""), pl.lit(speaks))


def _close_circle(asked: Callable[[str, str], bool]) -> Check:
    return Check(
        "a close circle of friends or fans",
        "comments",
        _is_close_circle,
        _circle_finding,
        f"under {FEWEST_COMMENTS} comments of known authors",
        asked,
        "too small a part to see who comes back",
    )


def _is_private_circle() -> pl.Expr:
    """Whether the account is small, and has no more likes a post than followers who could give them."""
    return (pl.col("followers") < PRIVATE_FOLLOWERS) & ~_likes_exceed_followers()


def _likes_exceed_followers() -> pl.Expr:
    return (pl.col("usual_likes") > pl.col("followers")).fill_null(False)


def _private_finding() -> pl.Expr:
    followers = counted("followers", "follower")
    likes = pl.format("{}, and {} on a usual post", followers, counted("usual_likes", "like"))
    return pl.when(_likes_exceed_followers()).then(likes).otherwise(followers)


def _reach_finding() -> pl.Expr:
    return pl.format("a usual post has {}; {}", counted("usual_views", "view"), counted("followers", "follower"))


def _occasion_finding() -> pl.Expr:
    """The busiest post's share of the comments or, where only together they hold half, that of the three busiest."""
    of_comments = counted("comments", "comment")
    three = pl.format(f"the {OCCASIONS} busiest posts hold {{}} of {{}}", percent("on_busiest_three"), of_comments)
    one = pl.format("one post holds {} of {}", percent("on_busiest"), of_comments)
    is_three = (pl.col("on_busiest") < ONE_OCCASION) & (pl.col("on_busiest_three") >= ONE_OCCASION)
    return pl.when(is_three).then(three).otherwise(one)


def _untraceable(name: str) -> Check:
    return Check(name, "account", _nothing, _nothing_seen, "it leaves no trace in these tables: ask the creator")


def _pause_finding() -> pl.Expr:
    pause = pl.format("no post for {} until {}", counted("pause_days", "day"), pl.col("pause_until"))
    steady = pl.format("never more than {} between posts", counted("pause_days", "day"))
    return pl.when(pl.col("pause_days") >= PAUSE_DAYS).then(pause).otherwise(steady)


def _format_finding() -> pl.Expr:
    older, newer = pl.col("older_format"), pl.col("newer_format")
    changed = pl.format("{} prevails in the older half of the posts, {} in the newer", older, newer)
    return pl.when(older != newer).then(changed).otherwise(pl.format("{} prevails in both halves of the posts", older))


def _wide_finding() -> pl.Expr:
    liked = counted("liked_posts", "post")
    return pl.format("{} with twice the usual likes or more had {} views", liked, times_the_usual("liked_views"))


def _steps_finding() -> pl.Expr:
    steps = pl.format("the counts move in steps of {}", grouped("rounding"))
    return pl.when(pl.col("rounding") > 0).then(steps).otherwise(pl.lit("the counts are exact"))


CHECKS: dict[str, Check] = {
    "viral_post": Check(
        "a viral post",
        "largest_burst",
        _drew_in_time,
        _viral_finding,
        "no burst could be set beside posts with counts",
        undecided="it explains no more than what came after it",
    ),
    "giveaway": _giveaway_at_burst(),
    "giveaway_losses": _giveaway_before_losses(),
    "giveaway_comments": _giveaway("a giveaway", lambda feature, side: (feature, side) in MANY_COMMENTS),
    "one_busy_post": Check(
        "one occasion, such as a giveaway",
        "posts",
        lambda: pl.max_horizontal("on_busiest", "on_busiest_three") >= ONE_OCCASION,
        _occasion_finding,
        f"under {FEWEST_COMMENTS} comments counted",
        lambda feature, side: (feature, side) in MANY_COMMENTS,
    ),
    "outside_attention": _untraceable("a shout-out, press, paid advertising or bots that nobody ordered"),
    "advertising": _untraceable("paid advertising, which is as steady"),
    "waning_interest": Check(
        "an audience that loses interest, as after a change of subject",
        "account",
        _nothing,
        _nothing_seen,
        "it leaves no trace in these tables: ask the creator",
        _on("high"),
    ),
    "advertised_posts": _untraceable("advertising of single posts"),
    "purge": Check(
        "a purge by the platform",
        "account",
        _nothing,
        _nothing_seen,
        "one account cannot tell: network.parquet says whether others lost followers on the same days",
        _on("high"),
    ),
    "rounded_counts": Check(
        "rounding that hides losses",
        "readings",
        lambda: pl.col("rounding") > 0,
        _steps_finding,
        "no follower readings",
        _on("low"),
    ),
    "single_clean_up": Check(
        "a clean-up of the accounts followed",
        "readings",
        # Whoever never follows in bulk tidies: at once, or a few at a time.
        lambda: pl.col("follows") == 0,
        lambda: pl.format("{} and {} in bulk", counted("follows", "follow"), counted("unfollows", "unfollow")),
        "no history of the accounts followed",
    ),
    "mutual_following": Check(
        "mutual following by custom",
        "account",
        lambda: (
            (pl.col("following_count") >= HALF_AS_MANY * pl.col("followers"))
            | (pl.col("following_count") >= FOLLOWS_MANY)
        ),
        lambda: pl.format("follows {} and has {} followers", grouped("following_count"), grouped("followers")),
        "the number of accounts followed is unknown",
    ),
    "hidden_likes": Check(
        "hidden likes",
        "posts",
        lambda: pl.col("shown") < (1 - HIDDEN_SHARE) * pl.col("posts"),
        lambda: pl.format("likes are shown on {} of {}", pl.col("shown"), counted("posts", "post")),
        "no posts with counts",
        lambda feature, side: feature not in WITHOUT_LIKES and _unless_level_is_high(feature, side),
    ),
    "return_from_pause": Check(
        "a return after a pause",
        "posts",
        lambda: pl.col("pause_days") >= PAUSE_DAYS,
        _pause_finding,
        f"under {FEWEST_POSTS} posts observed",
        _unless_level_is_high,
    ),
    "change_of_format": Check(
        "a change of format",
        "posts",
        lambda: pl.col("older_format") != pl.col("newer_format"),
        _format_finding,
        f"under {FEWEST_POSTS} posts of known format",
    ),
    "one_occasion": Check(
        "one occasion, such as wishes or a live event",
        "comments",
        lambda: pl.col("on_one_post") >= ONE_OCCASION,
        lambda: pl.format("the busiest post holds {} of the comments", percent("on_one_post")),
        f"under {FEWEST_COMMENTS} comments observed",
    ),
    "other_scripts": Check(
        "a language not in Latin letters",
        "comments",
        lambda: pl.col("other_script") >= OTHER_SCRIPT,
        lambda: pl.format(f"{{}} of comments; {USUAL_OTHER_SCRIPT:.0%} is usual", percent("other_script")),
        f"under {FEWEST_COMMENTS} comments observed",
    ),
    "emoji_habit": Check(
        "an audience fond of emoji",
        "comments",
        lambda: pl.when((pl.col("emoji") >= MANY_EMOJI) | (pl.col("emoji") <= SOME_EMOJI)).then(
            pl.col("emoji") >= MANY_EMOJI
        ),
        lambda: pl.format(
            f"{{}} of comments are emoji alone; {SOME_EMOJI:.0%} is common, {MANY_EMOJI:.0%} speaks for one",
            percent("emoji"),
        ),
        f"under {FEWEST_COMMENTS} comments observed",
        undecided=IN_BETWEEN,
    ),
    "close_circle": _close_circle(lambda _feature, _side: True),
    "active_circle": _close_circle(
        lambda feature, side: (feature, side) in MANY_COMMENTS or (feature.endswith(LEVEL) and side == "high")
    ),
    "private_circle": Check(
        "a private circle of friends and family",
        "account",
        _is_private_circle,
        _private_finding,
        "the follower count is unknown",
        lambda feature, side: not (feature.endswith(LEVEL) and side == "low"),
    ),
    "very_large_audience": Check(
        "a very large audience",
        "account",
        lambda: pl.col("followers") >= VERY_LARGE,
        lambda: pl.format("{} followers; the comparison is with accounts of that size", grouped("followers")),
        "the follower count is unknown",
        _on("low"),
        is_told=lambda: (pl.col("followers") >= VERY_LARGE).fill_null(True),
    ),
    "reach_beyond_followers": Check(
        "posts that many see who do not follow",
        "posts",
        lambda: pl.col("usual_views") >= pl.col("followers"),
        _reach_finding,
        "no views observed",
        _on("high"),
    ),
    "wide_audience": Check(
        "posts that reached more people",
        "posts",
        # Rounded as it is shown: "1.5 times" must not be called less than 1.5 times.
        lambda: pl.col("liked_views").round_sig_figs(2) >= MORE_VIEWS,
        _wide_finding,
        "no views observed on posts with twice the usual likes",
        lambda feature, side: (feature, side) not in MANY_COMMENTS or feature.endswith("_change_residual"),
    ),
    "rounding_source": Check(
        "rounding by the platform",
        "account",
        lambda: pl.lit(False),
        lambda: pl.lit("counts that look rounded are left out"),
        "",
    ),
}
"""By name, as `SIGNALS` refer to them."""
