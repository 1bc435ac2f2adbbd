"""Audit of real accounts, which lie outside the repository: `make audit-real REAL_DATA=folder`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from audits.catalogue import beyond_ordinary
from audits.next_posts import NEXT_POSTS, next_posts
from audits.two_sample import as_observed, priors_like, two_sample, with_context
from features.catalog import features
from features.compute import compute
from features.signals import SIGNALS
from features.tables import Tables, only
from models.evaluation import clopper_pearson
from models.scoring import Scorer
from models.thresholds import VERDICTS
from pipeline import layout
from pipeline.aside import prepared_aside
from pipeline.audit.page import table
from pipeline.bundles import load_scorer
from pipeline.dataset import bucket_ids, read_bucket
from pipeline.progress import counted
from pipeline.score_bucket import score_tables
from pipeline.simulate import read_priors
from pipeline.storage import check_output_folder, read_json, write_json
from simulation.cohort import simulate_cohort
from simulation.priors import Priors

FIRST_SEED, COHORTS, ACCOUNTS = 890_001, 12, 400
"""Simulated genuine accounts beside each folder; seeds that neither training, audit nor `promote` uses."""

MOST_ACCOUNTS = 5000
"""Real accounts of a folder that are looked at: more cost time and tell no more."""

FOLDS, SEED = 5, 0

NAMED_FEATURES = 12
"""Features that give the simulation away, in the table that is printed."""

MOST_BEYOND = 0.05
"""Share of real accounts beyond what 99 % of simulated ones show above which a feature is marked: explain it, or mend
the feature or the simulation."""

PARITIES = {"all": (0, 1), "even": (0,), "odd": (1,)}
"""Which accounts of a folder: the half whose SHA-256 is even is for developing, the other for one last look."""


def run(sources: Sequence[Path], output: Path, half: str, report: Callable[[str], None]) -> str:
    """Compare each folder with simulated accounts and score it; a JSON a folder in `output`; returns a Markdown text.

    Raises:
        UnusableInputError, TooManyBadRowsError: see `prepare_dataset`.
    """
    check_output_folder(output)
    scorer, priors = load_scorer(), read_priors(layout.OWN_PARAMS)
    pages = []
    for source in sources:
        report(source.name)
        with prepared_aside(source, output, as_of=None, jobs=1, report=report) as prepared:
            real = _read(prepared.folder, half)
        found = {"folder": source.name, "half": half} | audited(real, scorer, priors, report)
        output.mkdir(parents=True, exist_ok=True)
        write_json(found, output / f"{source.name}.json")
        pages.append(page(found))
    return "\n".join(pages)


def _read(prepared: Path, half: str) -> Tables:
    """The chosen accounts of a prepared folder, at most `MOST_ACCOUNTS`, the first by hash."""
    parts = [read_bucket(prepared, bucket) for bucket in bucket_ids(prepared)]
    tables = Tables(
        **{name: pl.concat([getattr(part, name) for part in parts]) for name in Tables.__dataclass_fields__}
    )
    digests = {
        account: int(hashlib.sha256(account.encode()).hexdigest(), 16) for account in tables.accounts["account_id"]
    }
    chosen = sorted(
        (account for account, digest in digests.items() if digest % 2 in PARITIES[half]), key=digests.__getitem__
    )
    return only(tables, pl.Series("account_id", sorted(chosen[:MOST_ACCOUNTS]), dtype=pl.String))


def audited(real: Tables, scorer: Scorer, priors: Priors, report: Callable[[str], None]) -> dict[str, Any]:
    """The two-sample comparison and the verdicts of one folder's accounts."""
    known = real.accounts.filter(pl.col("follower_count").is_not_null())
    like = priors_like(priors, only(real, known["account_id"]))
    simulated_like = (_simulated(FIRST_SEED + index, like, real) for index in range(COHORTS))
    parts = list(counted(simulated_like, report, "simulating", "cohorts", COHORTS))
    verdicts = score_tables(scorer, real, scorer.bundle.prevalence)
    counts = dict(verdicts["verdict"].value_counts().iter_rows())
    values, simulated = with_context(compute(real), real), pl.concat(parts)
    return {
        "accounts": real.accounts.height,
        "verdicts": {verdict: counts.get(verdict, 0) for verdict in VERDICTS},
        "reasons": _counted_reasons(verdicts),
        "next_posts": next_posts(real),
        "two_sample": two_sample(values, simulated, folds=FOLDS, seed=SEED),
        "beyond_ordinary": beyond_ordinary(values, simulated, list(features().values())),
    }


def _counted_reasons(verdicts: pl.DataFrame) -> list[dict[str, Any]]:
    """How many of the folder's accounts each signal was a reason for, the commonest first, by verdict."""
    catalogue = features()
    counts = {verdict: Counter[str]() for verdict in ("review", "reject")}
    for verdict, reasons in verdicts.select("verdict", "reasons").iter_rows():
        for reason in reasons:
            counts[verdict][SIGNALS[catalogue[reason["feature"]].signal].heading] += 1
    signals = sorted(
        counts["review"] | counts["reject"], key=lambda name: (-sum(c[name] for c in counts.values()), name)
    )
    return [{"signal": name, **{verdict: found[name] for verdict, found in counts.items()}} for name in signals]


def simulated_recall() -> str:
    """What the same thresholds find on simulated test cohorts, from the report of the last run; empty without one."""
    if not layout.METRICS.is_file():
        return ""
    metrics = read_json(layout.METRICS)
    found = metrics["decisions"]["inauthentic"]
    told = " and ".join(
        f"{found[verdict]['value']:.1%} ({found[verdict]['lower']:.1%} to {found[verdict]['upper']:.1%}) {words}"
        for verdict, words in (("reject", "rejected"), ("review", "reviewed"))
    )
    return f"At the same thresholds, of the inauthentic accounts of the {metrics['split']}: {told}.\n"


def _simulated(seed: int, priors: Priors, real: Tables) -> pl.DataFrame:
    frames = simulate_cohort(seed, ACCOUNTS, priors)
    tables = as_observed(Tables(**{name: frames[name] for name in Tables.__dataclass_fields__}), real)
    return with_context(compute(tables), tables)


def page(found: dict[str, Any]) -> str:
    """One folder's result as Markdown."""
    sample = found["two_sample"]
    area = (
        f"AUC {sample['auc']:.3f} ({sample['lower']:.3f} to {sample['upper']:.3f}; 0.5 cannot be told apart)"
        if sample["auc"] is not None
        else "no AUC"
    )
    verdicts = [_verdict(name, count, found["accounts"]) for name, count in found["verdicts"].items()]
    lines = [
        f"## {found['folder']} ({found['half']} accounts: {found['accounts']:,})\n",
        f"Real against simulated genuine accounts: {area}. {sample['message'].rstrip('.')}.\n",
        "Verdicts of the model in use, every account taken for a genuine one, with the exact 95 % interval:\n",
        *table(["verdict", "accounts", "share"], verdicts),
        "",
        simulated_recall(),
    ]
    if found["reasons"]:
        rows = [[row["signal"], str(row["review"]), str(row["reject"])] for row in found["reasons"]]
        lines += [*table(["reason", "of reviews", "of rejects"], rows), ""]
    rows = [
        [each["name"], f"{each['gain_share']:.1%}", _number(each["real_median"]), _number(each["simulated_median"])]
        for each in sample["features"][:NAMED_FEATURES]
    ]
    lines += [*table(["what gives it away", "gain", "real median", "simulated median"], rows), ""]
    return "\n".join([*lines, *_next_posts(found["next_posts"]), *_beyond(found["beyond_ordinary"])]) + "\n"


def _next_posts(found: dict[str, Any] | None) -> list[str]:
    """How well two figures tell what the next posts draw; nothing where no account has posts enough."""
    if found is None:
        return []
    rows = [
        [name, f"{each['factor']:.2f} ({each['lower']:.2f} to {each['upper']:.2f})", f"{each['bias']:.2f}"]
        for name, each in found.items()
        if name != "accounts"
    ]
    told = (
        f"What the newest {NEXT_POSTS} posts of {found['accounts']:,} accounts draw in the mean (likes and comments), "
        "told by the posts before them: the factor by which it is off in the (geometric) mean, with a 90 % interval by "
        "bootstrap over accounts, and the median of said over drawn. `expected_engagement_per_post` is the median.\n"
    )
    return [
        told,
        *table(["told by", "off by a factor of", "said over drawn"], rows),
        "",
    ]


def _verdict(name: str, count: int, accounts: int) -> list[str]:
    lower, upper = clopper_pearson(count, accounts)
    share = "-" if lower is None else f"{count / accounts:.1%} ({lower:.1%} to {upper:.1%})"
    return [name.replace("_", " "), f"{count:,}", share]


def _beyond(found: list[dict[str, Any]]) -> list[str]:
    """How often each feature finds the folder's accounts odd, the most often first."""
    marked = [each for each in found if each["share"] > MOST_BEYOND]
    text = (
        "Real accounts beyond what 99 % of the simulated genuine ones show, by feature and suspicious side (context: "
        "both sides, half a per cent each), with the exact 95 % interval. 1 % is expected; over "
        f"**{MOST_BEYOND:.0%}** are {len(marked)} of {len(found)}.\n"
    )
    rows = [
        [
            each["feature"],
            each["side"],
            f"{each['beyond']} of {each['accounts']}",
            f"**{each['share']:.1%}**" if each["share"] > MOST_BEYOND else f"{each['share']:.1%}",
            f"{each['lower']:.1%} to {each['upper']:.1%}",
            f"{_number(each['limits']['low'])} to {_number(each['limits']['high'])}",
            _number(each["real_median"]),
            _number(each["simulated_median"]),
        ]
        for each in found
    ]
    head = ["feature", "side", "beyond", "share", "interval", "ordinary", "real median", "simulated median"]
    return [text, *table(head, rows)]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
