"""What a person reads at the end of a command, on stderr, so that stdout stays free for results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.console import Console

from features.tables import CONTRACTS
from pipeline.places import is_remote
from pipeline.plain import plain
from pipeline.progress import NARROW, duration, rate_text
from pipeline.terminal import as_text, for_people, for_results, pipeline_step, say, show_table, warn

if TYPE_CHECKING:
    from pipeline.compare import Comparison
    from pipeline.forget import Held
    from pipeline.promote import Outcome
    from pipeline.validate import Checked

NOT_USED = ("quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of")
"""What may become of a row besides being used, as the summary counts it."""

FEWEST_OF_A_CLASS = 20
"""Genuine and inauthentic accounts that a segment must hold to be called the worst: below, it is chance; assumed."""

DECISIONS = ("inauthentic", "genuine", "unclear")
"""Rows of the table of reviewers' outcomes."""

LARGEST_TABLE = 20
"""Rows shown of a longer list; the file holds them all."""


def show_score_summary(summary: dict[str, Any], source: Path, output: Path) -> None:
    """Accounts by verdict, rows by table, warnings, and where to look next."""
    console = for_people()
    total = sum(summary["verdicts"].values())
    title = f"Scored {total:,} accounts{_pace(total, summary['seconds'])}"
    verdicts = [(name, f"{count:,}", f"{count / max(total, 1):.1%}") for name, count in summary["verdicts"].items()]
    show_table(console, title, ("verdict", "accounts", "share"), verdicts)
    show_rows(console, summary["tables"], output)
    if "previous" in summary:
        _show_previous(console, summary["previous"])
    warn(console, summary["warnings"])
    for line in drift_lines(summary):
        say(console, line, "yellow")
    console.print(as_text(f"Written to {output}."), soft_wrap=True)
    if is_remote(output):
        return  # the other commands read scores of this machine
    scores = ("--scores", output / _scores_name(output))
    if not is_remote(source):
        pipeline_step(console, "report", "--input", source, *scores, "--output", output / "pages")
    pipeline_step(console, "shortlist", "--candidates", "CANDIDATES.csv", *scores, "--output", output / "shortlist")


def _pace(accounts: int, seconds: float | None) -> str:
    """How long it took and how fast that is; nothing where the time was not taken."""
    if not seconds:
        return ""
    return f" in {duration(seconds)}, {rate_text(accounts / seconds)}"


def _scores_name(output: Path) -> str:
    return next((path.name for path in output.glob("scores.*") if path.suffix == ".csv"), "scores.parquet")


def show_rows(console: Console, tables: Mapping[str, Mapping[str, Any]], output: Path) -> None:
    """What became of the rows of each table, and of what defects the quarantined ones are."""
    others = [kind for kind in NOT_USED if any(rows[kind] for rows in tables.values())]
    heads = ("table", "rows", "used", *(kind.replace("_", " ") for kind in others))
    columns = ("rows_in", "used", *others)
    show_table(
        console, "Rows", heads, [(name, *(f"{rows[kind]:,}" for kind in columns)) for name, rows in tables.items()]
    )
    for name, rows in tables.items():
        for problem, count in rows["problems"].items():
            place = output / "quarantine" / f"{name}.parquet"
            say(console, f"{name}: {problem}, {count:,} {'row' if count == 1 else 'rows'} (see {place})")


def drift_lines(summary: dict[str, Any]) -> list[str]:
    """What the summary says of drift; nothing where none was found or too few accounts were scored to tell."""
    warnings = summary["drift_warnings"]
    if not warnings:
        return []
    found = summary["drift_warnings_found"]
    named = f", the {len(warnings)} farthest" if found > len(warnings) else ""
    ways = "1 way" if found == 1 else f"{found} ways"
    head = (
        f"drift: these accounts are unlike those trained on in {ways}{named}; probabilities may be off (PSI, and up to "
        "what it was expected):"
    )
    return [head, *(f"  {each['text']} (PSI {each['psi']:.2f}, up to {each['expected']:.2f})" for each in warnings)]


def show_shortlist(ranked: pl.DataFrame, output: Path, warnings: Sequence[str] = ()) -> None:
    """The first candidates with their verdicts."""
    console = for_people()
    names = ("account_id",) if console.width < NARROW else ("account_id", "handle")
    columns = ("campaign", "rank", *names, "verdict", "cost_per_authentic_engagement")
    amount = pl.col(columns[-1]).map_elements("{:,.4f}".format, return_dtype=pl.String)
    cost = pl.format("{} {}", amount, pl.col("currency").fill_null("")).str.strip_chars_end()
    shown = ranked.head(LARGEST_TABLE).select(*columns[:-1], cost.alias(columns[-1])).iter_rows()
    heads = (*columns[:-1], "cost per authentic engagement")
    show_table(console, "Shortlist", heads, [["" if cell is None else str(cell) for cell in row] for row in shown])
    passed = int((ranked["verdict"] == "pass").sum())
    if ranked.height > LARGEST_TABLE:
        say(console, f"... and {ranked.height - LARGEST_TABLE:,} more, the last ranks among them.")
    warn(console, warnings)
    say(console, f"{passed:,} of {ranked.height:,} candidates pass.")
    console.print(as_text(f"Written to {output}."), soft_wrap=True)
    console.print(as_text(f"next: open {output / 'shortlist.html'}", "bold"), soft_wrap=True)


def show_metrics(metrics: dict[str, Any], segments: dict[str, Any], output: Path) -> None:
    """The headline with intervals, verdicts by class, what a reject is worth, calibration, and the worst segment."""
    console = for_people()
    figures = [
        (name, "cannot be told", "")
        if entry["value"] is None
        else (name, f"{entry['value']:.3f}", f"{entry['lower']:.3f} to {entry['upper']:.3f}")
        for name, entry in metrics["models"]["assay"].items()
    ]
    show_table(console, f"Assay on {metrics['accounts']:,} labelled accounts", ("metric", "value", "interval"), figures)
    verdicts = []
    for name, counts in metrics["confusion"].items():
        total = max(sum(counts.values()), 1)
        verdicts.append((name, *(f"{count:,} ({count / total:.1%})" for count in counts.values())))
    show_table(console, "Verdicts", ("accounts", *metrics["confusion"]["genuine"]), verdicts)
    for line in (*_of_rejects(metrics["decisions"]), *_of_calibration(metrics), *_worst_segment(segments)):
        say(console, line)
    say(
        console,
        f"Intervals: {metrics['confidence']:.0%}, {metrics['interval']}; those of shares are exact ones or wider. "
        f"Left out of the metrics: {metrics['without_verdict']:,} without a verdict, and "
        f"{metrics['small_doses_left_out']:,} that bought less than 10 % (see segments.json).",
    )
    console.print(as_text(f"Written to {output}. Look at {output / 'figures'}."), soft_wrap=True)
    say(console, "next: train on labels of your own, docs/own-data.md", "bold")


def _of_rejects(found: dict[str, Any]) -> list[str]:
    if not found["rejects"]:
        return ["Rejects: none, so how often one is right cannot be told."]
    here, declared = _percent(found["rejects_right"]), _percent(found["rejects_right_at_prevalence"])
    return [
        f"Rejects: {found['rejects']:,}, right in {here} here, {declared} if {found['prevalence']:.0%} are inauthentic."
    ]


def _of_calibration(metrics: dict[str, Any]) -> list[str]:
    error = metrics["calibration"]["expected_calibration_error"]
    if error["value"] is None:
        return []
    interval = f"{error['value']:.3f} ({error['lower']:.3f} to {error['upper']:.3f})"
    return [f"Calibration error: {interval}; by chance alone it would be {error['noise_floor']:.3f}."]


def _worst_segment(segments: dict[str, Any]) -> list[str]:
    """The segment with the lowest AUC among those of enough accounts of both classes."""
    rows = [
        (row["auc"], name, row)
        for name, table in segments.items()
        if isinstance(table, list)
        for row in table
        if row.get("auc") is not None
        and min(row["genuine_accounts"], row["inauthentic_accounts"]) >= FEWEST_OF_A_CLASS
        and row["segment"]
    ]
    if not rows:
        return []
    area, name, row = min(rows, key=lambda entry: entry[:2])
    interval = f"{area:.3f} ({row['auc_lower']:.3f} to {row['auc_upper']:.3f})"
    return [f"Worst segment: {name.replace('_', ' ')} {row['segment']}, {row['accounts']:,} accounts, AUC {interval}."]


def _percent(entry: dict[str, Any]) -> str:
    if entry["value"] is None:
        return "a share that cannot be told"
    return f"{entry['value']:.1%} ({entry['lower']:.1%} to {entry['upper']:.1%})"


def show_promotion(outcome: Outcome) -> None:
    """How it ended and why, and the tables behind it. On stdout: they are the result."""
    console = for_results()
    if outcome.figures:
        heads = ("figure", "candidate", "champion", "difference, paired")
        show_table(console, "Figures", heads, outcome.figures)
        show_table(console, "Limits", ("limit", "candidate", "champion", "at most", "holds"), outcome.limits)
    console.print(as_text(outcome.title, "bold"))
    for sentence in outcome.sentences:
        console.print(as_text(f"- {sentence}"))


def show_comparison(comparison: Comparison) -> None:
    """What to conclude, and every table. On stdout: they are the result."""
    console = for_results()
    first, *others = comparison.conclusion
    console.print(as_text(first, "bold"))
    for sentence in others:
        console.print(as_text(sentence))
    for table in comparison.tables:
        if table.rows:
            show_table(console, table.title, table.heads, table.rows)
        if table.words:
            console.print(as_text(f"{'' if table.rows else f'{table.title}: '}{table.words}"))
    attached = " and ".join(f"'{name}'" for name in comparison.attached)
    console.print(as_text(f"Written to {comparison.output}." + (f" Attached to {attached}." if attached else "")))


def show_feedback(summary: dict[str, Any], output: Path) -> None:
    """What reviewers found, by verdict, with exact intervals; then what it cannot tell."""
    console = for_people()
    found = summary["verdicts"]
    counts = (("scored", "accounts"), ("looked at", "looked_at"), *((each, each) for each in DECISIONS))
    lines = [(title, *(f"{row[name]:,}" for row in found.values())) for title, name in counts]
    lines.append(("share inauthentic", *(_whole_percent(row["inauthentic_share"]) for row in found.values())))
    lines.append(("95 % interval", *(_interval(row["lower"], row["upper"]) for row in found.values())))
    show_table(console, "What reviewers found, by verdict", ("", *found), lines)
    rows = summary["decisions"]
    other = {kind: count for kind, count in rows.items() if count and kind not in ("rows_in", "problems")}
    details = "".join(f", {count:,} {kind.replace('_', ' ')}" for kind, count in other.items())
    say(console, f"decisions: {rows['rows_in']:,} rows{details}")
    for problem, count in rows["problems"].items():
        say(console, f"  {problem}: {count:,} (see quarantine/decisions.parquet)")
    warn(console, summary["warnings"])
    console.print(as_text(f"{summary['labels']:,} labels written to {output}."), soft_wrap=True)
    say(console, "next: train or measure on them, docs/own-data.md", "bold")


def show_forgotten(held: Held, *, erased: bool) -> None:
    """Which files hold it, what became of each, and what is left. On stdout: it is the result."""
    console = for_results()
    rows = [
        (str(each.path), f"{each.count:,}", "still there" if erased and each.path in held.left else each.remedy)
        for each in held.traces
    ]
    if rows:
        title = "Erased" if erased else "Held; with --erase"
        show_table(console, title, ("file", "rows or places", "what becomes of it"), rows)
    for path in held.left:
        if erased:
            console.print(as_text(f"{path} still holds it. Erase it by hand."), soft_wrap=True)
    for path in held.sources:
        console.print(as_text(f"{path} is of your own and holds it. Name its folder with --in."), soft_wrap=True)
    for note in held.notes:
        console.print(as_text(note), soft_wrap=True)
    console.print(
        as_text(f"{held.searched:,} files searched, {len(held.traces):,} held it, {len(held.left):,} do now.")
    )


def show_report(written: Mapping[str, int], output: Path) -> None:
    """How many pages there are, and which to open."""
    console = for_people()
    say(console, f"{written['accounts']:,} accounts, {written['pages']:,} with a page of their own.")
    console.print(as_text(f"next: open {output / 'index.html'}", "bold"), soft_wrap=True)


def show_validation(checked: Checked, source: Path, mapping: Path | None = None, *, quiet: bool) -> None:
    """What was found, on stdout: it is the result. Warnings and what comes next on stderr, unless `quiet`."""
    console, results = for_people(), for_results()
    if not quiet:
        warn(console, checked.warnings)
    for line in checked.lines:
        results.out(plain(line), highlight=False)
    if quiet or not checked.accounts:
        return
    if checked.enough:
        output = "scored" if is_remote(source) else source.parent / f"{source.name}-scored"
        by = () if mapping is None else ("--mapping", mapping)
        pipeline_step(console, "score", "--input", source, *by, "--output", output)
    else:
        say(console, "next: add what is lacking above; docs/data.md says what each table holds", "bold")


def show_features(table: pl.DataFrame, output: Path) -> None:
    """How many features of each group there are, and how much of them could not be told."""
    console = for_people()
    groups: dict[str, list[str]] = {}
    for name in table.columns[1:]:
        groups.setdefault(name.partition("_")[0], []).append(name)
    cells = max(table.height, 1)
    rows = [
        (group, f"{len(names):,}", f"{sum(table[name].null_count() for name in names) / (cells * len(names)):.1%}")
        for group, names in groups.items()
    ]
    show_table(console, f"Features of {table.height:,} accounts", ("group", "features", "not observed"), rows)
    console.print(as_text(f"Written to {output}. What each column means: docs/features.md"), soft_wrap=True)


def show_simulation(output: Path) -> None:
    """The tables of the cohort, and how many of its accounts bought something."""
    console = for_people()
    heights = [
        (name, f"{pl.scan_parquet(path, glob=False).select(pl.len()).collect().item():,}")
        for name in CONTRACTS
        if (path := output / f"{name}.parquet").is_file()
    ]
    show_table(console, "A simulated cohort: nothing in it is real", ("table", "rows"), heights)
    labels = pl.read_parquet(output / "labels.parquet", columns=["is_inauthentic"], glob=False)["is_inauthentic"]
    say(console, f"{int(labels.sum()):,} of {labels.len():,} accounts bought something. Written to {output}.")
    pipeline_step(console, "score", "--input", output, "--output", output.parent / f"{output.name}-scored")


def _whole_percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _interval(lower: float | None, upper: float | None) -> str:
    return "-" if lower is None else f"{_whole_percent(lower)} to {_whole_percent(upper)}"


def _show_previous(console: Console, previous: dict[str, Any]) -> None:
    flips = ", ".join(f"{flip}: {count:,}" for flip, count in previous["verdicts_changed"].items()) or "none"
    say(
        console,
        f"previous: {previous['accounts_in_both']:,} accounts in both, {previous['accounts_new']:,} new, "
        f"{previous['accounts_gone']:,} gone; verdicts changed: {flips}",
    )
