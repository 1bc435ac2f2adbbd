"""docs/benchmarks.md from the figures alone: no measured number in it is typed by hand, no bad one is left out."""

from __future__ import annotations

from benchmarks.duplicates import KINDS
from benchmarks.limits import (
    Figures,
    frame_seconds,
    limits,
    phase_seconds,
    score_beyond_start,
    score_seconds,
    share,
    times_read,
)
from benchmarks.study import AGREED
from benchmarks.tasks import ALL, NETWORK, READ, READ_PANDAS, notebook_task
from features.definition import MODEL_GROUPS
from pipeline.audit.page import table

BATCHES = (1_000, 10_000, 100_000, 1_000_000)
"""Accounts of the batches in the table at the top."""

NOISY = 1.25
"""Largest over smallest run from which a measurement counts as disturbed."""

INTRODUCTION = """\
<!-- Made by `make bench` (python -m benchmarks bench). Run it again instead of editing this page. -->

What Assay costs, beside the bare read of the same Parquet files and beside what a data scientist would use instead.
CPU seconds are user and system time of a process of its own; each figure is the median of the runs. Compiled kernels
are in the cache and the files are in memory, except where it says otherwise.
"""

NOT_MEASURED = """\
## What this does not measure

- Real accounts. Texts are drawn from the simulation's voices in all its languages, some joined, some with a word from
  an open vocabulary, a few a paragraph; real ones differ more from each other. Every fourth account shows a crude
  purchase, so that reasons and evidence are paid for.
- Accounts of other shapes. Cost depends on rows, and here every account has the same number; one account with a
  hundred times the comments of the others makes its bucket as much larger.
- A slow disk, a network file system, object storage: the files are read again and again and lie in memory.
- More than two workers, and more than one machine. The Dask workers are processes of the same machine, and their
  memory is not in the peak of the command.
- Training, simulation, the audits, `report` and `shortlist`.
- pandas with other engines behind it, and anybody's notebook but this one, which is in `benchmarks/notebook.py`: it
  computes a part of the features, as plainly as a person would who knows pandas well.
- How useful the libraries' features are. tsfresh and catch22 describe any curve; only the cost is compared.
- Near-duplicates in real comments. The genuine texts come from sentence patterns with nouns to fill in, so that more
  of them are alike than real ones are; the precision of every method is therefore too low here, in the same way.
- Other people's machines. Ratios carry over better than seconds do.
"""


def page_of(figures: Figures, picture: str = "benchmarks.png") -> str:
    """The page."""
    parts = [
        "# Benchmarks\n",
        INTRODUCTION,
        *_summary(figures),
        f"![CPU seconds against accounts]({picture})\n",
        *_limits(figures),
        *_extraction(figures),
        *_scoring(figures),
        *_notebook(figures),
        *_curves(figures),
        *_duplicates(figures),
        *_machine(figures),
        NOT_MEASURED,
    ]
    return "\n".join(parts)


# --- sections ---------------------------------------------------------------------------------------------------------


def _summary(figures: Figures) -> list[str]:
    main, size = figures["accounts"], figures["size"]
    one, two = figures["score"]["1"][str(main)], figures["score"]["2"][str(main)]
    costs = figures["notebook"]["costs"]["notebook"]
    features = sum(figures["features"][group] for group in MODEL_GROUPS)
    plain, quick = (costs[notebook_task(way)] for way in ("apply", "vectorised"))
    own = costs[ALL]["cpu_seconds"]
    broken = [limit.promise for limit in limits(figures) if limit.holds is False]
    lines = [
        "## In short\n",
        (
            f"- `score` of {main:,} accounts ({size['days']} days, {size['posts']} posts and "
            f"{size['comments']} comments "
            f"each; {figures['megabytes'][str(main)]:,.0f} MB of Parquet) takes {one['wall_seconds']:.0f} s "
            "with one worker "
            f"and {two['wall_seconds']:.0f} s with two, {one['cpu_seconds']:.0f} CPU seconds, "
            f"{one['peak_megabytes']:,.0f} MB at the peak. {figures['flagged']:.0%} of the accounts are reviewed or "
            "rejected."
        ),
        (
            f"- All {features} per-account features cost "
            f"{times_read(figures, figures['tasks'][ALL]['cpu_seconds']):.1f} "
            f"times the bare read of the files; the whole command, beyond its start, "
            f"{times_read(figures, score_beyond_start(figures)):.1f} times."
        ),
        (
            f"- A pandas notebook with {figures['notebook']['agreed']} of these features needs "
            f"{quick['cpu_seconds'] / own:.1f} times the CPU of all "
            f"{features} if it is vectorised, {plain['cpu_seconds'] / own:.0f} "
            f"times with groupby.apply, and {quick['peak_megabytes']:,.0f} MB for "
            f"{figures['parts']['notebook']:,} accounts."
        ),
        _hundred_million(figures),
        "- Every limit that was measured holds.\n"
        if not broken
        else f"- {len(broken)} of the limits below {'does' if len(broken) == 1 else 'do'} not hold: "
        f"{'; '.join(broken)}.\n",
    ]
    rows = [
        [
            f"{batch:,}",
            *(_duration(score_seconds(figures, jobs, "wall_seconds", batch)) for jobs in ("1", "2")),
            _duration(score_seconds(figures, "1", "cpu_seconds", batch)),
        ]
        for batch in BATCHES
    ]
    biggest = figures["sizes"][-1]
    return [
        *lines,
        (
            f"How long a batch takes: the start of the command, and in proportion what {biggest:,} accounts "
            "took beyond it "
            "(accounts of the same size as here; beyond that number an extrapolation).\n"
        ),
        *table(["accounts", "one worker", "two workers", "CPU"], rows),
        "",
    ]


def _hundred_million(figures: Figures) -> str:
    """What the namesake of this work would take."""
    accounts = 1e8 / figures["size"]["comments"]
    clock, cpu = (score_seconds(figures, "2", kind, accounts) for kind in ("wall_seconds", "cpu_seconds"))
    return (
        f"- A hundred million comments ({accounts:,.0f} such accounts) would take {_duration(clock)} with two workers, "
        f"{_duration(cpu)} of CPU: in proportion from {figures['sizes'][-1]:,} accounts."
    )


def _duration(seconds: float) -> str:
    minute, hour = 60, 3600
    if seconds < 2 * minute:
        return f"{seconds:.1f} s"
    return f"{seconds / minute:.1f} min" if seconds < 2 * hour else f"{seconds / hour:.1f} h"


def _limits(figures: Figures) -> list[str]:
    return [
        "## Limits\n",
        "Set before anything was measured.\n",
        *table(
            ["limit", "measured", "", "what would mend it, or why it was not measured"],
            [each.row() for each in limits(figures)],
        ),
        "",
    ]


COSTS = ["CPU s", "wall s", "peak MB", "runs differ by"]


def _costs(row: dict[str, float]) -> list[str]:
    differ = f"{row['spread'] - 1:.0%}"
    return [
        f"{row['cpu_seconds']:.2f}",
        f"{row['wall_seconds']:.2f}",
        f"{row['peak_megabytes']:,.0f}",
        f"**{differ}**" if row["spread"] > NOISY else differ,
    ]


def _extraction(figures: Figures) -> list[str]:
    counts = figures["features"]
    counted = {READ: 0, ALL: sum(counts[group] for group in MODEL_GROUPS), **counts}
    names = {READ: "bare read", ALL: "all groups but network"}
    rows = [
        [
            names.get(task, task),
            str(counted[task]),
            f"{times_read(figures, row['cpu_seconds']):.1f}",
            f"{figures['accounts'] / row['cpu_seconds']:,.0f}",
            *_costs(row),
        ]
        for task, row in ((each, figures["tasks"][each]) for each in (READ, *MODEL_GROUPS, ALL, NETWORK))
    ]
    grown = [
        [names[task], f"{accounts:,}", *_costs(figures["by_size"][task][str(accounts)])]
        for task in (READ, ALL)
        for accounts in figures["sizes"]
    ]
    frames = sorted(figures["frames"], key=lambda row: -(row["build"] + row["aggregate"]))
    return [
        "## Extraction\n",
        (
            f"{figures['accounts']:,} accounts, one thread. Each task reads all tables, but for `{NETWORK}`, "
            "which reads "
            "narrow columns.\n"
        ),
        *table(["task", "features", "times the bare read", "accounts per CPU s", *COSTS], rows),
        "",
        *table(["task", "accounts", *COSTS], grown),
        (
            f"\nCPU grows with the accounts to the power {figures['exponents'][READ]:.2f} for the bare read and "
            f"{figures['exponents'][ALL]:.2f} for all groups (least squares on the logarithms; 1 is in proportion).\n"
        ),
        (
            "Where the time goes, in CPU seconds of one run. What several frames share is counted where it is first "
            "needed.\n"
        ),
        *table(
            ["group", "frame", "features", "build", "aggregate", "share"],
            [
                [
                    row["group"],
                    row["frame"],
                    str(row["features"]),
                    f"{row['build']:.2f}",
                    f"{row['aggregate']:.2f}",
                    share(row["build"] + row["aggregate"], frame_seconds(figures)),
                ]
                for row in frames
            ],
        ),
        "",
    ]


def _scoring(figures: Figures) -> list[str]:
    rows = [
        [jobs, f"{accounts:,}", f"{row['cpu_seconds'] / accounts * 1e3:.2f}", *_costs(row)]
        for jobs in ("1", "2")
        for accounts, row in ((each, figures["score"][jobs][str(each)]) for each in figures["sizes"])
    ]
    start, main = figures["start"], figures["accounts"]
    smallest = str(figures["sizes"][0])
    one = figures["score"]["1"]
    speed_up = one[str(main)]["wall_seconds"] / figures["score"]["2"][str(main)]["wall_seconds"]
    shuffled = figures["shuffled"]["cpu_seconds"] / one[smallest]["cpu_seconds"]
    same = "the same bytes" if figures["same_bytes_with_two_jobs"] else "**other bytes**"
    return [
        "## The whole `score`\n",
        (
            "From a dataset folder to scores, evidence, network, quarantine and summary; the start of the process is "
            "in it. As many threads of polars as workers.\n"
        ),
        *table(["workers", "accounts", "CPU ms an account", *COSTS], rows),
        (
            f"\nBeyond its start, CPU grows with the accounts to the power {figures['score_exponent']:.2f}. "
            "Two workers are "
            f"{speed_up:.2f} times as fast as one on {main:,} accounts, and write {same}. Rows in random order cost "
            f"{shuffled:.2f} times as much ({int(smallest):,} accounts; all others are sorted by account, a "
            "part a bucket).\n"
        ),
        *table(
            ["start", "CPU s", "wall s"],
            [
                [name, f"{start[key]['cpu_seconds']:.2f}", f"{start[key]['wall_seconds']:.2f}"]
                for name, key in (
                    ("`--help`", "help"),
                    ("`score` of ten accounts", "ten"),
                    ("the same, kernels not compiled yet", "cold"),
                )
            ],
        ),
        (
            f"\nCompiling the kernels costs {start['cold']['cpu_seconds'] - start['ten']['cpu_seconds']:.1f} "
            "CPU seconds, "
            "once a machine.\n"
        ),
        f"Where the time goes, in CPU seconds of one run of {main:,} accounts with one worker.\n",
        *table(
            ["phase", "CPU s", "share"],
            [
                [row["phase"], f"{row['cpu_seconds']:.2f}", share(row["cpu_seconds"], phase_seconds(figures))]
                for row in figures["phases"]
            ],
        ),
        "",
        *_dask(figures),
        *_largest(figures),
    ]


def _dask(figures: Figures) -> list[str]:
    dask = figures["dask"]
    if "not_measured" in dask:
        return ["### On a Dask cluster\n", f"Not measured: {dask['not_measured']}.\n"]
    local, cluster = dask["local"], dask["cluster"]
    start = ""
    if dask["ten"] is not None:
        start = f" Ten accounts take {dask['ten']['wall_seconds']:.1f} s: the cluster has to start."
    return [
        "### On a Dask cluster\n",
        (
            f"{figures['accounts']:,} accounts with two workers: as processes of a local Dask cluster "
            f"{cluster['cpu_seconds'] / local['cpu_seconds']:.2f} times the CPU and "
            f"{cluster['wall_seconds'] / local['wall_seconds']:.2f} times the time of two threads "
            f"({cluster['cpu_seconds']:.1f} against {local['cpu_seconds']:.1f} CPU s, "
            f"{cluster['wall_seconds']:.1f} against "
            f"{local['wall_seconds']:.1f} s), {'the same bytes' if dask['same_bytes'] else '**other bytes**'}.{start}\n"
        ),
    ]


def _largest(figures: Figures) -> list[str]:
    largest = figures["largest"]
    if largest is None:
        return ["### The largest\n", "Not measured: ask for it with `--largest`.\n"]
    size, score, read = largest["size"], largest["score"], largest["read"]
    beyond = score["cpu_seconds"] / largest["expected_cpu_seconds"] - 1
    per_comment = score["wall_seconds"] / largest["comments"]
    return [
        "### The largest\n",
        (
            f"{largest['accounts']:,} accounts with {size['days']} days, {size['posts']} posts and {size['comments']} "
            f"comments each ({largest['comments']:,} comments, {largest['megabytes']:,.0f} MB), scored once with two "
            f"workers: {_duration(score['wall_seconds'])}, {_duration(score['cpu_seconds'])} of CPU "
            f"({score['cpu_seconds'] / read['cpu_seconds']:.1f} times the bare read), "
            f"{score['peak_megabytes']:,.0f} MB at "
            f"the peak. In proportion to its rows, {figures['sizes'][-1]:,} accounts led to expect "
            f"{_duration(largest['expected_cpu_seconds'])} of CPU: {beyond:+.0%}. At this pace a hundred "
            "million comments "
            f"with the days and posts that go with them take {_duration(1e8 * per_comment)}.\n"
        ),
    ]


def _notebook(figures: Figures) -> list[str]:
    notebook, parts = figures["notebook"], figures["parts"]
    features = sum(figures["features"][group] for group in MODEL_GROUPS)
    left_out = [row["feature"] for row in notebook["agreement"] if row["nulls"] or row["difference"] > AGREED]
    names = {
        READ: ("bare read, polars", 0),
        READ_PANDAS: ("bare read, pandas", 0),
        notebook_task("apply"): ("pandas, groupby.apply", notebook["agreed"]),
        notebook_task("vectorised"): ("pandas, vectorised", notebook["agreed"]),
        ALL: ("Assay", features),
    }
    rows = [
        [
            f"{parts[part]:,}",
            names[task][0],
            str(names[task][1]),
            f"{row['cpu_seconds'] / costs[ALL]['cpu_seconds']:.2f}",
            f"{row['cpu_seconds'] * figures['accounts'] / parts[part]:,.0f}",
            *_costs(row),
        ]
        for part, costs in ((each, notebook["costs"][each]) for each in ("notebook small", "notebook"))
        for task, row in ((each, costs[each]) for each in names)
    ]
    worst = max((row["difference"] for row in notebook["agreement"] if row["feature"] not in left_out), default=0.0)
    disagreeing = f" Not the same, and so not comparable: {', '.join(left_out)}." if left_out else ""
    return [
        "## Against a pandas notebook\n",
        (
            f"The same values first: {notebook['agreed']} features agree on all {parts['notebook']:,} "
            "accounts, in both "
            f"ways, nulls included (largest difference {worst:.0e}).{disagreeing} The notebook is "
            "`benchmarks/notebook.py`. It runs on a part of the accounts; the column of "
            f"{figures['accounts']:,} accounts is in proportion, which flatters it where its memory would not "
            "suffice.\n"
        ),
        *table(["accounts", "", "features", "times Assay's CPU", f"CPU s for {figures['accounts']:,}", *COSTS], rows),
        "",
    ]


def _curves(figures: Figures) -> list[str]:
    rows = []
    for row in figures["curves"]:
        if "failed" in row:
            rows.append([row["library"], *["-"] * 5, f"did not run: {row['failed']}"])
            continue
        rows.append(
            [
                row["library"],
                f"{row['curves']:,}",
                str(row["features"]),
                f"{row['milliseconds']:.3f}",
                f"{row['milliseconds'] / row['features'] * 1e3:.1f}",
                f"{row['assay_milliseconds']:.3f} ({row['assay_features']} features)",
                f"{row['milliseconds'] / row['assay_milliseconds']:.1f}",
            ]
        )
    return [
        "## Against libraries for curves\n",
        (
            f"Follower curves of {figures['size']['days']} readings, one process. Assay's growth group reads "
            "the posts, "
            "too, and reads all tables.\n"
        ),
        *table(
            [
                "library",
                "curves",
                "features",
                "CPU ms a curve",
                "CPU µs a feature",
                "Assay's growth group, CPU ms a curve",
                "times Assay",
            ],
            rows,
        ),
        "",
    ]


def _duplicates(figures: Figures) -> list[str]:
    measured = [row for row in figures["duplicates"] if "failed" not in row]
    kinds = KINDS if measured else ()
    rows = []
    for row in figures["duplicates"]:
        if "failed" in row:
            rows.append([row["finder"], f"did not run: {row['failed']}", *["-"] * (len(kinds) + 3)])
            continue
        rows.append(
            [
                row["finder"],
                _percent(row["precision"]),
                _percent(row["recall"]),
                *(_percent(row["recall_of_kind"][kind]) for kind in kinds),
                f"{row['cpu_seconds_per_million']:.1f}",
                f"{row['cpu_seconds_per_million_many']:.1f}",
            ]
        )
    told = ""
    if measured:
        told = f"{measured[0]['comments']:,} comments with {measured[0]['planted_pairs']:,} planted pairs. "
    return [
        "## Near-duplicates\n",
        (
            f"{told}Templates are planted under every second account, a tenth of its comments each; a pair "
            "counts as found "
            "if a method says that the two are alike. Pairs of genuine comments with the same text count "
            "neither way. The "
            "features use the keys of the first four rows together with who wrote where; no pair decides "
            "anything alone. "
            "The last column is the cost where an account has ten times the comments: all pairs grow with "
            "their square.\n"
        ),
        *table(
            [
                "method",
                "precision",
                "recall",
                *(f"recall: {kind}" for kind in kinds),
                "CPU s per million",
                "the same, long accounts",
            ],
            rows,
        ),
        "",
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _machine(figures: Figures) -> list[str]:
    where = figures["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"])
    return [
        "## Machine\n",
        (
            f"{where['cores']} cores ({where['processor']}, {where['architecture']}), {where['gigabytes']:.0f} GB; "
            f"{versions}. Runs: {figures['runs']}. Where the runs of a figure differ by more than a quarter, "
            "the difference "
            "is in bold: something else was running.\n"
        ),
    ]
