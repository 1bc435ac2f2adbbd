"""Command `compare`: what to conclude of two models, what differs in them, and whose verdict flips and why."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models.promotion import flips, side_by_side, transitions
from models.training import feature_values
from pages.compare import compare_view
from pages.drawing import Difference
from pages.render import page
from pipeline import layout
from pipeline.changes import changes
from pipeline.conclusions import conclusion, drawn_differences, told_apart
from pipeline.contenders import (
    Contender,
    NotScorableError,
    Scored,
    check_unseen,
    frozen_cohorts,
    open_contender,
    score_contenders,
)
from pipeline.errors import UnusableInputError
from pipeline.params import read_section
from pipeline.plain import markdown
from pipeline.promote import PromoteParams
from pipeline.side_by_side import (
    Table,
    figure_rows,
    figure_words,
    markdown_table,
    with_interval,
)
from pipeline.simulate import read_priors
from pipeline.storage import write_json, write_text
from pipeline.track import TrackParams
from pipeline.tracking import attach_files

ARMS = ("a", "b")

FILES = ("compare.html", "compare.md", "compare.json")

DRAWN = (
    "b less a on the same accounts, with the interval. An interval that holds zero tells nothing apart. Better and "
    "worse are as the figure is meant: a lower error or fewer genuine accounts rejected is better."
)

LARGEST_FLIPS = 10
"""Flipped accounts that are explained one by one: what a person reads."""

FEATURES_NAMED = 3
"""Features named for each of them: the largest changes."""

SMALLEST_CHANGE = 0.05
"""Log-odds below which a feature's change of contribution is not named, as for a reason."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to conclude, the tables, and where they were written."""

    conclusion: Sequence[str]
    tables: list[Table]
    output: Path
    attached: tuple[str, ...]


def compare(first: str, second: str, output: Path | None, report: Callable[[str], None]) -> Comparison:
    """Compare two models; write compare.html, compare.md and compare.json and attach them to both runs.

    Raises:
        UnusableInputError: one of them is not known, or they have no figure in common.
    """
    params, names = read_section("promote", PromoteParams), read_section("track", TrackParams)
    store = (names.experiment, names.registered_model)
    with tempfile.TemporaryDirectory() as scratch:
        report("models")
        pair = tuple(
            open_contender(reference, label, Path(scratch), *store)
            for reference, label in zip((first, second), ARMS, strict=True)
        )
        tables: list[Table] = []
        differences: list[Difference] = []
        numbers: dict[str, Any] = {"models": {each.label: each.name for each in pair}}
        try:
            frozen = frozen_cohorts(params, read_priors(), report)
            for each in pair:
                check_unseen(each, frozen)
            scored = score_contenders(pair, frozen, params.jobs, report)
        except NotScorableError as error:
            tables.append(_logged_figures(pair, error))
            said = ["Whether b is better than a cannot be told: the two could not be scored on the same accounts."]
        else:
            report("metrics")
            compared = side_by_side(
                scored.accounts,
                ARMS[::-1],
                replicates=params.replicates,
                confidence=params.confidence,
                seed=params.seed,
            )
            tables += [_paired_figures(compared, params), *_flips(scored)]
            flipped = transitions(scored.accounts, ARMS)
            numbers |= {"compared": compared, "flips": flipped}
            differences = drawn_differences(compared, ARMS[0])
            said = [
                conclusion(compared, flipped, scored.accounts.height, params.confidence),
                told_apart(differences, params.confidence),
            ]
        said.append(f"{'; '.join(f'{each.label} is {each.name}' for each in pair)}.")
        numbers["conclusion"] = said
        tables = [_models(pair), *changes(pair, Path(scratch)), *tables]
        folder = output or layout.COMPARISONS / f"{pair[0].version}-{pair[1].version}"
        _write(said, tables, differences, numbers, folder)
        report("MLflow")
        return Comparison(said, tables, folder, _attach(pair, folder))


def _models(pair: Sequence[Contender]) -> Table:
    rows = [
        (
            each.label,
            each.run.name if each.run else each.folder.name,
            each.version,
            ", ".join(each.run.versions) if each.run and each.run.versions else "-",
            each.run.tags.get("git_revision", "-")[:10] if each.run else "-",
            each.run.tags.get("catalog_hash", "-") if each.run else "-",
        )
        for each in pair
    ]
    return Table("Models", "", ("", "run", "bundle", "versions", "code", "feature definitions"), rows)


def _paired_figures(compared: Mapping[str, Any], params: PromoteParams) -> Table:
    metrics = compared["metrics"]
    words = (
        f"Both on the same frozen cohorts, seeds {params.seeds[0]} to {params.seeds[-1]}: {metrics['accounts']:,} "
        f"accounts that both judge, {metrics['inauthentic']:,} of them inauthentic. {params.confidence:.0%} intervals, "
        "cohorts drawn whole. An interval of the difference that holds zero tells nothing apart."
    )
    return Table("Figures", words, ("figure", "a", "b", "b less a, paired"), list(figure_rows(compared, ARMS)))


def _logged_figures(pair: Sequence[Contender], error: NotScorableError) -> Table:
    """Figures from the two runs' own reports, where one model cannot be scored here."""
    logged = [
        {name: value for name, value in each.run.metrics.items() if name.startswith("assay/")} if each.run else {}
        for each in pair
    ]
    common = [name for name in logged[0] if name in logged[1] and not name.endswith(("_lower", "_upper"))]
    if not common:
        raise UnusableInputError([*error.problems, "compare: the two have no logged figure in common either."])

    def figure(values: Mapping[str, float], name: str) -> str:
        return with_interval(
            {"value": values[name], **{end: values.get(f"{name}_{end}") for end in ("lower", "upper")}}
        )

    rows = [
        (
            figure_words(name.removeprefix("assay/")),
            *(figure(each, name) for each in logged),
            f"{logged[1][name] - logged[0][name]:+z.3f}",
        )
        for name in sorted(common)
    ]
    words = (
        f"From each run's own report, on test cohorts of its own: the differences are not paired and have no interval, "
        f"and whose verdict flips cannot be told. {error}"
    )
    return Table("Figures, not paired", words, ("figure", "a", "b", "b less a"), rows)


def _flips(scored: Scored) -> list[Table]:
    """Whose verdict flips, by class and direction; and the largest ones, each with the features that moved it."""
    counts = transitions(scored.accounts, ARMS)
    rows = [
        (entry["class"], f"{entry['from']} to {entry['to']}", f"{entry['accounts']:,}", f"{entry['share']:.2%}")
        for entry in counts
    ]
    total = sum(entry["accounts"] for entry in counts)
    words = f"{total:,} of {scored.accounts.height:,} accounts get another verdict from b than from a."
    largest = flips(scored.accounts, ARMS).head(LARGEST_FLIPS)
    told, how = _moved(scored, largest)
    each = [
        (
            account["account_id"],
            account["class"],
            account["scheme"] or account["benign_story"] or "-",
            f"{_verdict(account, 'a')} to {_verdict(account, 'b')}",
            told[account["account_id"]],
            _reasons_that_changed(account),
        )
        for account in largest.iter_rows(named=True)
    ]
    heads = ("account", "is", "scheme or story", "a to b", "what moved it, in log-odds", "reasons that came and went")
    return [
        Table("Verdicts that flip", words, ("accounts that are", "a to b", "accounts", "of their class"), rows),
        Table("The largest flips", how, heads, each),
    ]


def _reasons_that_changed(account: Mapping[str, Any]) -> str:
    """Features whose reason is given by one of the two alone: `+` by b, `-` by a."""
    a, b = ([reason["feature"] for reason in account[f"reasons_{arm}"] or []] for arm in ARMS)
    came, went = (
        [f"{sign} {name}" for name in one if name not in other] for sign, one, other in (("+", b, a), ("-", a, b))
    )
    return ", ".join([*came, *went]) or "none"


def _verdict(account: Mapping[str, Any], arm: str) -> str:
    probability = account[f"probability_{arm}"]
    return f"{account[f'verdict_{arm}']}{'' if probability is None else f' ({probability:.2f})'}"


def _moved(scored: Scored, largest: pl.DataFrame) -> tuple[dict[str, str], str]:
    """Per account the features whose contributions changed most, b less a; and how that was found.

    Where the code at hand scores both, contributions of every feature are compared. Otherwise only those of the
    reasons that each gave are known, and a passing account has none.
    """
    if set(scored.scorers) == set(ARMS) and scored.features is not None:
        pushes = {arm: _contributions(scored, largest, arm) for arm in ARMS}
        how = "Contributions of every feature, b less a."
    else:
        pushes = {
            arm: {
                account: {reason["feature"]: reason["contribution"] for reason in reasons or []}
                for account, reasons in largest.select("account_id", f"reasons_{arm}").iter_rows()
            }
            for arm in ARMS
        }
        how = (
            "From the reasons alone, since one of the two is scored by code of its own: a feature that gave no reason "
            "counts as 0."
        )
    return {
        account: _largest_changes(pushes["a"][account], pushes["b"][account]) for account in largest["account_id"]
    }, how


def _contributions(scored: Scored, largest: pl.DataFrame, arm: str) -> dict[str, dict[str, float]]:
    from models.bundle import booster
    from models.classifier import contributions_of

    if scored.features is None or largest.is_empty():
        return {}
    bundle = scored.scorers[arm].bundle
    rows = largest.select("account_id").join(scored.features, on="account_id", how="left", maintain_order="left")
    found = contributions_of(booster(bundle.classifier.trees), feature_values(rows, bundle.features))
    return {
        account: dict(zip(bundle.features, map(float, row), strict=True))
        for account, row in zip(rows["account_id"], found, strict=True)
    }


def _largest_changes(a: Mapping[str, float], b: Mapping[str, float]) -> str:
    changes = {name: b.get(name, 0.0) - a.get(name, 0.0) for name in {*a, *b}}
    chosen = sorted(changes, key=lambda name: (-abs(changes[name]), name))[:FEATURES_NAMED]
    told = [f"{name} {changes[name]:+.2f}" for name in chosen if abs(changes[name]) >= SMALLEST_CHANGE]
    return ", ".join(told) or "no single feature"


def _write(
    said: Sequence[str],
    tables: Sequence[Table],
    differences: Sequence[Difference],
    numbers: Mapping[str, Any],
    folder: Path,
) -> None:
    lines = [f"**{markdown(said[0])}**", "", *(line for each in said[1:] for line in (markdown(each), ""))]
    for table in tables:
        lines += [f"## {table.title}", "", *([markdown(table.words), ""] if table.words else [])]
        rows = [[markdown(cell) for cell in row] for row in table.rows]
        lines += [*markdown_table(table.heads, rows), ""] if rows else []
    write_text("\n".join(["# Two models compared", "", *lines]), folder / "compare.md")
    view = compare_view("two models compared", said, [asdict(table) for table in tables], differences, DRAWN)
    write_text(page("compare.html", view), folder / "compare.html")
    write_json(
        {**numbers, "tables": {table.title: [list(row) for row in table.rows] for table in tables}},
        folder / "compare.json",
    )


def _attach(pair: Sequence[Contender], folder: Path) -> tuple[str, ...]:
    """The files on both runs, under the other model's name; the names of the runs that got them."""
    names = []
    for own, other in (pair, pair[::-1]):
        if own.run is not None:
            place = f"compare/with_{other.version}"
            attach_files(own.run.run_id, {f"{place}/{name}": folder / name for name in FILES})
            names.append(own.run.name)
    return tuple(names)
