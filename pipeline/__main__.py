"""`python -m pipeline <command>`: arguments in, one call each. Heavy modules load with the command that needs them."""

from __future__ import annotations

import math
import sys
from contextlib import nullcontext
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.console import InOrderOfWork, Quiet, reported

OWN_DATA, EXPERIMENTS, PROJECT = "Your own data, in the order of work", "Experiments", "The project"
"""Panels of the help."""

app = typer.Typer(
    cls=InOrderOfWork,
    help="Assay: how likely is it that an account's audience or engagement was bought, with evidence to check.\n\n"
    "Start with `validate --input DIR`: it says what a folder of yours lacks. Results go to stdout or to files, "
    "progress and summaries to stderr; every command takes `--quiet` and `--help`.\n\n"
    "Exit code 0: done. 1: a fault of ours. 2: an option or an input cannot be used. 3: too many bad rows (5 % of a "
    "table, and 20). 4: done, and the answer is no (a candidate does not pass, the champion is kept). At 2 and 3 "
    "nothing is written.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
stage = typer.Typer(
    help="The stages of the pipeline, as `dvc repro` runs them: arguments come from params.yaml.", no_args_is_help=True
)
app.add_typer(stage, name="stage", rich_help_panel=PROJECT)


SMALLEST_PREVALENCE = 0.001
"""Rarer than one in a thousand (or as rare the other way round) is a slip of the pen, not a campaign."""


FEWEST_COHORTS = 5
"""Frozen cohorts, at least: an interval over fewer says nothing."""


class EngineName(StrEnum):
    """What buckets are worked on by."""

    threads = "threads"
    dask = "dask"


class FileFormat(StrEnum):
    """How scores are written."""

    parquet = "parquet"
    csv = "csv"


def parse_as_of(text: str) -> datetime:
    """An ISO 8601 instant; without a zone it is UTC, and a bare date means the end of that UTC day."""
    from pipeline.params import as_instant

    try:
        return as_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def parse_prevalence(text: str) -> float:
    """A share within the range that a person can mean. Typer's own range lets `nan` pass."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not SMALLEST_PREVALENCE <= value <= 1.0 - SMALLEST_PREVALENCE:
        raise typer.BadParameter(
            f"'{text}' is not a share from {SMALLEST_PREVALENCE} to {1.0 - SMALLEST_PREVALENCE}, such as 0.2."
        )
    return value


def parse_place(text: str) -> Path:
    """A folder, or a path with a scheme of fsspec."""
    from pipeline.errors import AssayError
    from pipeline.places import place

    try:
        return place(text)
    except AssayError as error:
        raise typer.BadParameter(str(error)) from error


def parse_here(text: str) -> Path:
    """A file or folder of this machine; a scheme would be taken for a folder of that name."""
    if "://" in text:
        raise typer.BadParameter(f"'{text}' is no place of this machine. Mount or copy it, and name where.")
    return Path(text)


def parse_local(text: str) -> Path:
    """A folder of this machine."""
    if parse_here(text).is_file():
        raise typer.BadParameter(f"'{text}' is a file. Name a folder.")
    return Path(text)


Input = Annotated[
    Path,
    typer.Option(
        "--input",
        parser=parse_place,
        metavar="DIR",
        help="Dataset folder in the data contract (see docs/data.md); also s3://, gs://, ... (docs/scale.md).",
    ),
]
Mapping = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="How the files of the folder become the tables of the contract (docs/mapping.md): `map` makes one.",
    ),
]
Output = Annotated[
    Path,
    typer.Option("--output", parser=parse_here, metavar="DIR", help="Folder for the results; made if it is missing."),
]
Scores = Annotated[
    Path,
    typer.Option(
        "--scores", parser=parse_here, metavar="FILE", help="scores.parquet or scores.csv that 'score' wrote."
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        parser=parse_as_of,
        metavar="INSTANT",
        help="Ignore rows known later than this instant (ISO 8601; UTC without a zone; a bare date means its end). "
        "Default: the newest row.",
    ),
]
Prevalence = Annotated[
    float | None,
    typer.Option(
        "--prevalence",
        parser=parse_prevalence,
        metavar="SHARE",
        help="Share of inauthentic accounts you expect among those scored. Default: the model's (0.2).",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Bundle folder, or models:/NAME@ALIAS from MLflow. Default: the bundle that 'dvc repro' left.",
    ),
]
Jobs = Annotated[
    int, typer.Option("--jobs", min=1, metavar="N", help="Worker threads; the result does not depend on it.")
]
Reference = Annotated[
    Path | None,
    typer.Option(
        "--reference",
        parser=parse_place,
        metavar="DIR",
        help="Dataset folder of your own whose accounts count as seen, too, for the network features (and for nothing "
        "else): who comments where shows from 500 accounts with known commenters on.",
    ),
]

KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--pseudonym-key-file",
        parser=parse_here,
        metavar="FILE",
        help="Text file, outside any repository, with the key that commenters' ids are hashed with (docs/privacy.md). "
        "Default: ASSAY_PSEUDONYM_KEY; without that a public one. No score depends on it.",
    ),
]
Redact = Annotated[
    bool,
    typer.Option(
        "--redact", help="Without texts and ids of comments, and without public names (docs/privacy.md): 'withheld'."
    ),
]


@app.command(rich_help_panel=OWN_DATA)
def score(
    source: Input,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            parser=parse_place,
            metavar="DIR",
            help="Folder for the results; made if it is missing. Also s3://, gs://, ...",
        ),
    ],
    model: Model = None,
    as_of: AsOf = None,
    prevalence: Prevalence = None,
    *,
    mapping: Mapping = None,
    reference: Reference = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            "--previous",
            parser=parse_here,
            metavar="FILE",
            help="scores.parquet or scores.csv of an earlier run: adds what changed since. No score depends on it.",
        ),
    ] = None,
    jobs: Jobs = 1,
    engine: Annotated[
        EngineName,
        typer.Option(
            "--engine",
            help="What the buckets are worked on by: threads here, or workers of a Dask cluster (docs/scale.md).",
        ),
    ] = EngineName.threads,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="TCP",
            help="Dask scheduler, such as tcp://10.0.0.5:8786. Without it, --engine dask starts --jobs workers here.",
        ),
    ] = None,
    key_file: KeyFile = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Keep the quarantine without what people wrote (docs/privacy.md).")
    ] = False,
    scratch: Annotated[
        Path | None,
        typer.Option(
            "--scratch",
            parser=parse_local,
            metavar="DIR",
            help="Folder of this machine for intermediate files, which all workers see. Default: that of the output.",
        ),
    ] = None,
    file_format: Annotated[FileFormat, typer.Option("--format", help="Format of the scores.")] = FileFormat.parquet,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Keep what is finished if this run breaks off, and go on with what an earlier one finished: same "
            "input, options and model, or it starts anew.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Score every account of a dataset folder.

    Writes scores, the evidence behind every reason, what shows only across the accounts (network), quarantine/ and
    summary.json to the output folder.

    Each account gets a probability (0 to 1), a score (0 to 100, higher is more authentic), a verdict (pass, review,
    reject or insufficient_data) and reasons: docs/data.md.

    Exit code 2: the input cannot be used. 3: too many bad rows. Nothing is written then.

    Example: `python -m pipeline score --input exports/march --output scored/march`
    """
    with reported(quiet, "score") as report:
        from features.catalog import catalog_hash
        from pipeline.bundles import load_scorer
        from pipeline.engines import opened_engine
        from pipeline.mapping.apply import mapped_aside
        from pipeline.pseudonyms import pseudonyms
        from pipeline.score import score_folder
        from pipeline.summary import show_score_summary

        report("loading the model")
        with (
            opened_engine(engine, jobs=jobs, version=catalog_hash, address=address) as opened,
            mapped_aside(source, mapping, scratch or output, report) as folder,
        ):
            scorer, under = load_scorer(model), pseudonyms(key_file)
            digest = None
            if resume:
                from pipeline.resuming import run_digest

                options = {"as_of": as_of, "prevalence": prevalence, "format": file_format, "model": scorer.bundle.version}
                options |= {"redact": redact, "pseudonyms": under.check}
                digest = run_digest((source, mapping, reference, previous), options)
            summary = score_folder(
                folder,
                output,
                scorer,
                as_of=as_of,
                prevalence=prevalence,
                reference=reference,
                previous=previous,
                jobs=jobs,
                engine=opened,
                scratch=scratch,
                file_format=file_format.value,
                resume=digest,
                under=under,
                redact=redact,
                report=report,
            )
    if not quiet:
        show_score_summary(summary, source, output)


@app.command(rich_help_panel=OWN_DATA)
def shortlist(
    candidates: Annotated[
        Path,
        typer.Option(
            "--candidates",
            parser=parse_here,
            metavar="FILE",
            help="CSV: campaign, account_id or platform + handle, fee?, currency? (? may be absent).",
        ),
    ],
    scores: Annotated[
        Path,
        typer.Option(
            "--scores", parser=parse_here, metavar="FILE", help="scores.parquet or scores.csv that 'score' wrote."
        ),
    ],
    output: Output,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0 even if a candidate does not pass.")
    ] = False,
    *,
    source: Annotated[
        Path | None,
        typer.Option(
            "--input",
            parser=parse_place,
            metavar="DIR",
            help="The dataset folder that was scored: adds advertising, replies, mood of comments, rhythm, niche.",
        ),
    ] = None,
    pages: Annotated[
        Path | None,
        typer.Option(
            "--pages",
            parser=parse_here,
            metavar="DIR",
            help="Folder that `report` wrote: the page then links its account pages.",
        ),
    ] = None,
    mapping: Mapping = None,
    redact: Redact = False,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Rank a campaign's candidates: shortlist.csv, and shortlist.html to read, in the output folder.

    A candidate who stands twice on the same terms is counted once; with different fees the list is refused.

    Exit code 0: every candidate passes. 4: at least one does not (the file is written all the same).
    2: a file cannot be used.

    Example: `python -m pipeline shortlist --candidates spring.csv --scores scored/march/scores.parquet --output spring`
    """
    if mapping is not None and source is None:
        raise typer.BadParameter("--mapping says how to read --input. Found: no --input. Name the folder.")
    with reported(quiet, "shortlist") as report:
        from pipeline.mapping.apply import mapped_aside
        from pipeline.shortlist import shortlist_file
        from pipeline.summary import show_shortlist

        warnings: list[str] = []
        with nullcontext() if source is None else mapped_aside(source, mapping, output, report) as folder:
            ranked = shortlist_file(
                candidates,
                scores,
                output,
                source=folder,
                pages=pages,
                redact=redact,
                jobs=jobs,
                report=report,
                warn=warnings.append,
            )
    if not quiet:
        show_shortlist(ranked, output, warnings)
    if not exit_zero and not (ranked["verdict"] == "pass").all():
        raise typer.Exit(4)


@app.command(rich_help_panel=OWN_DATA)
def report(
    source: Input,
    scores: Scores,
    output: Output,
    account: Annotated[
        list[str] | None,
        typer.Option(
            "--account",
            metavar="ID",
            help="Id of an account to make a page of, too, whatever its verdict; may be repeated.",
        ),
    ] = None,
    only: Annotated[
        bool, typer.Option("--only", help="No pages but those of the accounts that --account names.")
    ] = False,
    mapping: Mapping = None,
    *,
    redact: Redact = False,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Pages that a person reads: one of the batch, and one of each account that is rejected or reviewed.

    Each page is one file without anything from elsewhere: index.html in the output folder, and accounts/, which is
    replaced whole. Evidence and summary are taken from beside the scores.

    Exit code 2: a file or the folder cannot be used. Nothing is written then.

    Example: `python -m pipeline report --input exports/march --scores scored/march/scores.parquet --output
    scored/march/pages`
    """
    if only and not account:
        raise typer.BadParameter("--only keeps the pages that --account names. Found: no --account. Name one.")
    with reported(quiet, "report") as told:
        from pipeline.mapping.apply import mapped_aside
        from pipeline.report import report_folder
        from pipeline.summary import show_report

        with mapped_aside(source, mapping, output, told) as folder:
            written = report_folder(
                folder, scores, output, accounts=account or (), only_those=only, redact=redact, jobs=jobs, report=told
            )
    if not quiet:
        show_report(written, output)


@app.command(rich_help_panel=OWN_DATA)
def feedback(
    decisions: Annotated[
        Path,
        typer.Option(
            "--decisions",
            parser=parse_here,
            metavar="FILE",
            help="CSV of reviewers' outcomes: account_id, decision (inauthentic, genuine or unclear), decided_on, "
            "reviewer?, scheme?, note? (? may be absent).",
        ),
    ],
    scores: Scores,
    output: Output,
    quiet: Quiet = False,
) -> None:
    """Turn reviewers' outcomes into labels, and say what they tell about the verdicts and what they cannot.

    Writes labels.parquet (a table of the data contract), quarantine/ and summary.json to the output folder.

    Exit code 2: a file cannot be used. 3: too many bad rows (5 % and 20 of them, or half of a shorter list). Nothing
    is written then.

    Example: `python -m pipeline feedback --decisions march.csv --scores march/scores.parquet --output labels/march`
    """
    with reported(quiet, "feedback"):
        from pipeline.feedback import feedback_file
        from pipeline.summary import show_feedback

        summary = feedback_file(decisions, scores, output)
    if not quiet:
        show_feedback(summary, output)


@app.command(rich_help_panel=OWN_DATA)
def evaluate(
    source: Input,
    output: Output,
    model: Model = None,
    as_of: AsOf = None,
    prevalence: Prevalence = None,
    mapping: Mapping = None,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Measure the model on a labelled folder: metrics with intervals, confusion, segments, figures.

    The folder needs a table `labels` (account_id, is_inauthentic), which `simulate`, `feedback` or you can write.
    Writes metrics.json, segments.json and figures/ to the output folder.

    Exit code 2: the folder cannot be used, or has no labels. 3: too many bad rows. Nothing is written then.

    Example: `python -m pipeline evaluate --input labelled/march --output measured/march`
    """
    with reported(quiet, "evaluate") as report:
        from pipeline.bundles import load_scorer
        from pipeline.evaluate import evaluate_folder
        from pipeline.mapping.apply import mapped_aside
        from pipeline.summary import show_metrics

        with mapped_aside(source, mapping, output, report) as folder:
            metrics, segments = evaluate_folder(
                folder, output, load_scorer(model), as_of=as_of, prevalence=prevalence, jobs=jobs, report=report
            )
    if not quiet:
        show_metrics(metrics, segments, output)


@app.command(rich_help_panel=OWN_DATA)
def validate(source: Input, as_of: AsOf = None, mapping: Mapping = None, quiet: Quiet = False) -> None:
    """Check a folder against the data contract and say what each account lacks for a verdict.

    Prints what became of the rows of each table, the first bad rows of each kind of defect, and a line for each account
    that lacks something. Nothing is written.

    Exit code 0: the folder can be scored. 2: it cannot be used. 3: too many bad rows.

    Example: `python -m pipeline validate --input exports/march`
    """
    with reported(quiet, "validate") as report:
        from pipeline.mapping.apply import mapped_aside
        from pipeline.summary import show_validation
        from pipeline.validate import run

        with mapped_aside(source, mapping, None, report) as folder:
            checked = run(folder, as_of=as_of, progress=report)
    show_validation(checked, source, mapping, quiet=quiet)


@app.command(rich_help_panel=OWN_DATA)
def forget(
    account: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="ID", help="Id of a scored or labelled account; may be repeated."),
    ] = None,
    commenter: Annotated[
        list[str] | None,
        typer.Option("--commenter", metavar="ID", help="Id of somebody who commented; may be repeated."),
    ] = None,
    folder: Annotated[
        list[Path] | None,
        typer.Option(
            "--in",
            parser=parse_here,
            metavar="DIR",
            help="A further folder: results elsewhere, a dataset of your own; may be repeated.",
        ),
    ] = None,
    *,
    key_file: KeyFile = None,
    erase: Annotated[bool, typer.Option("--erase", help="Erase it. Without this, nothing is changed.")] = False,
    quiet: Quiet = False,
) -> None:
    """Find an account, or somebody who commented, in everything the project stored, and erase them.

    Searches data/, reports/, the local tracking store, DVC's cache and the folders that --in names: tables row by row,
    pages, JSON, databases, packed files. With --erase, tables are written anew without its rows, pages that name it and
    objects of the cache are removed, and all is searched again. What cannot be reached is said (docs/privacy.md).

    Exit code 0: it is nowhere (left). 4: it is held, in the files listed. 2: an option cannot be used.

    Example: `python -m pipeline forget --account 17841400000000000 --in scored/march --erase`
    """
    with reported(quiet, "forget") as told:
        from pipeline.forget import forget as search_and_erase
        from pipeline.pseudonyms import pseudonyms
        from pipeline.summary import show_forgotten

        under = pseudonyms(key_file)
        held = search_and_erase(account or (), commenter or (), folder or (), under, erasing=erase, report=told)
    show_forgotten(held, erased=erase)
    if held.left or held.sources:
        raise typer.Exit(4)


@app.command("map", rich_help_panel=OWN_DATA)
def map_export(
    source: Annotated[Path, typer.Option("--input", help="Folder with your export: CSV, Excel, JSON or Parquet.")],
    output: Annotated[Path, typer.Option("--output", help="Where the mapping is written.")] = Path("map.yaml"),
    guess: Annotated[bool, typer.Option("--guess", help="Ask nothing, also in a terminal.")] = False,
    mapping: Mapping = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="With --mapping: write the mapped tables, to look at.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Say how your own export becomes the tables of the contract: a mapping, guessed and explained.

    In a terminal it asks about what is unsure. Elsewhere it leaves `undecided` what would change the meaning.

    Exit code 4: something is undecided, or a required column was not found; the mapping is written all the same.
    2: a file cannot be used.

    Example: `python -m pipeline map --input my_export --output my_export.yaml`, then `python -m pipeline validate
    --input my_export --mapping my_export.yaml`
    """
    # The live line of progress would lie over the questions.
    with reported(quiet or mapping is None, "map") as report:
        from pipeline.map import run

        is_complete = run(source, output, mapping=mapping, to=to, guess=guess, quiet=quiet, report=report)
    if not is_complete:
        raise typer.Exit(4)


@app.command(rich_help_panel=OWN_DATA)
def features(
    source: Input,
    output: Annotated[
        Path, typer.Option("--output", parser=parse_here, metavar="FILE", help="Parquet file for the table.")
    ],
    groups: Annotated[
        str | None,
        typer.Option(
            "--groups",
            metavar="GROUPS",
            help="Some of growth, comments, engagement, profile, network, with commas between. Default: all.",
        ),
    ] = None,
    as_of: AsOf = None,
    mapping: Mapping = None,
    *,
    reference: Reference = None,
    key_file: KeyFile = None,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Write the feature table alone: account_id and one column a feature (see docs/features.md).

    A value that cannot be told is null, never 0.

    Exit code 2: the folder or an option cannot be used. 3: too many bad rows. Nothing is written then.

    Example: `python -m pipeline features --input exports/march --output march.parquet --groups growth,comments`
    """
    with reported(quiet, "features") as report:
        from features.definition import GROUPS
        from pipeline.features_table import features_file
        from pipeline.mapping.apply import mapped_aside
        from pipeline.pseudonyms import pseudonyms
        from pipeline.summary import show_features

        chosen = [group.strip() for group in groups.split(",")] if groups is not None else GROUPS
        with mapped_aside(source, mapping, output, report) as folder:
            under = pseudonyms(key_file)
            table = features_file(
                folder, output, chosen, reference=reference, under=under, as_of=as_of, jobs=jobs, report=report
            )
    if not quiet:
        show_features(table, output)


@app.command(rich_help_panel=PROJECT)
def simulate(
    output: Output,
    accounts: Annotated[int, typer.Option("--accounts", min=1, metavar="N", help="How many accounts.")],
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="S", help="The cohort's seed, 0 or more: its rules and its dice.")
    ],
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace tables of the folder even if no simulation wrote them.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Simulate one labelled cohort in the data contract. Nothing in it is real.

    The seeds of the training and of the audits stand in params.yaml: measure on others, such as 5000000. An earlier
    simulation in the folder is replaced; tables that no simulation wrote are not, without --overwrite.

    Exit code 2: the folder cannot be used.

    Example: `python -m pipeline simulate --output cohort --accounts 500 --seed 5000000`
    """
    with reported(quiet, "simulate") as report:
        from pipeline.layout import OWN_PARAMS
        from pipeline.simulate import read_priors, simulate_folder
        from pipeline.summary import show_simulation

        simulate_folder(output, accounts, seed, read_priors(OWN_PARAMS), overwrite=overwrite, report=report)
    if not quiet:
        show_simulation(output)


def parse_seeds(text: str) -> range:
    """`FIRST:COUNT`, such as 910001:40."""
    first, _, count = text.partition(":")
    if not (first.isdigit() and count.isdigit() and int(count) >= FEWEST_COHORTS):
        raise typer.BadParameter(f"'{text}' is not FIRST:COUNT with {FEWEST_COHORTS} cohorts or more, as in 910001:40.")
    return range(int(first), int(first) + int(count))


@app.command(rich_help_panel=EXPERIMENTS)
def promote(
    candidate: Annotated[
        str | None,
        typer.Option(
            "--candidate",
            metavar="MODEL",
            help="models:/NAME@ALIAS, a run's id or name, the start of its git revision, or a bundle folder. Default: "
            "the model tracked last (@challenger).",
        ),
    ] = None,
    seeds: Annotated[
        range | None,
        typer.Option(
            "--seeds",
            parser=parse_seeds,
            metavar="FIRST:COUNT",
            help="Seeds of the frozen cohorts, instead of those of params.yaml.",
        ),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare and tell; log nothing, move nothing.")] = False,
    force_reason: Annotated[
        str | None,
        typer.Option(
            "--force-reason",
            metavar="TEXT",
            help="Promote whatever the comparison says, for this reason, which is logged.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Put the candidate beside the champion on frozen cohorts; it becomes champion only if it earns it.

    It must be better at recall at 1 % false positives beyond the interval of the paired difference, and no limit of
    params.yaml (section promote) may break. The decision is logged in MLflow.

    Exit code 0: the candidate is the champion now. 4: the champion is kept. 2: they cannot be compared.

    Example: `python -m pipeline promote --dry-run`
    """
    with reported(quiet, "promote") as report:
        from pipeline.promote import promote as decide
        from pipeline.summary import show_promotion

        outcome = decide(candidate, seeds=seeds, dry_run=dry_run, force_reason=force_reason, report=report)
    if not quiet:
        show_promotion(outcome)
    if not outcome.is_champion:
        raise typer.Exit(4)


@app.command(rich_help_panel=EXPERIMENTS)
def compare(
    first: Annotated[
        str,
        typer.Argument(
            metavar="RUN_A",
            help="A run's id or name, the start of its git revision, models:/NAME@ALIAS, or a bundle folder.",
        ),
    ],
    second: Annotated[str, typer.Argument(metavar="RUN_B", help="Likewise.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            parser=parse_here,
            metavar="DIR",
            help="Folder for compare.html, compare.md and compare.json. Default: under data/compare.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Compare two models: figures with intervals, parameters, and the accounts whose verdict flips and why.

    Both are scored on the frozen cohorts of params.yaml (section promote). The tables are attached to both MLflow runs.

    Exit code 2: one of the two is not known, or nothing of them can be compared.

    Example: `python -m pipeline compare models:/authenticity@champion models:/authenticity@challenger`
    """
    with reported(quiet, "compare") as report:
        from pipeline.compare import compare as put_side_by_side
        from pipeline.summary import show_comparison

        comparison = put_side_by_side(first, second, output, report)
    if not quiet:
        show_comparison(comparison)


@app.command(rich_help_panel=EXPERIMENTS)
def track(quiet: Quiet = False) -> None:
    """Log what `dvc repro` left as one MLflow run: after its last stage could not reach the store, or the store was lost.

    A run that is there already is not logged again.

    Exit code 2: the store cannot be used, or `dvc repro` left nothing.
    """
    with reported(quiet, "track") as report:
        from pipeline.track import run

        run(report)


@app.command(rich_help_panel=EXPERIMENTS)
def ui(quiet: Quiet = False) -> None:
    """Open the experiments: MLflow's interface on ./mlflow.db; prints the link that shows the runs."""
    with reported(True, "ui"):
        from pipeline.ui import run

        run(quiet=quiet)


@app.command(rich_help_panel=PROJECT)
def notebooks(
    output: Annotated[Path | None, typer.Option("--output", help="Folder for them. Default: data/notebooks.")] = None,
    quiet: Quiet = False,
) -> None:
    """Run the notebooks on what `dvc repro` left; writes a copy of each with its outputs.

    Their parameters are environment variables, see notebooks/README.md.

    Exit code 2: a notebook failed, and what it said; the others are written all the same.

    Example: `python -m pipeline notebooks --output data/notebooks`
    """
    with reported(quiet, "notebooks") as report:
        from pipeline.layout import NOTEBOOKS
        from pipeline.notebook import execute_all

        written = execute_all(output or NOTEBOOKS, report)
    if not quiet:
        for path in written:
            typer.echo(path)


@app.command(rich_help_panel=PROJECT)
def kernels(quiet: Quiet = False) -> None:
    """Compile the kernels now, so that no later command takes its time for it; `make setup` calls this."""
    with reported(quiet, "kernels") as report:
        from pipeline.kernels import compile_kernels

        compile_kernels(report)


@app.command(rich_help_panel=PROJECT)
def docs(
    check: Annotated[bool, typer.Option("--check", help="Only fail if a page is stale.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write the pages that are generated from the code: the feature catalogue and the data contract."""
    with reported(quiet, "docs"):
        from pipeline.docs import run

        run(check=check)


@app.command(rich_help_panel=PROJECT)
def gallery(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", parser=parse_here, metavar="DIR", help="Folder for gallery.md and gallery/. Default: docs."
        ),
    ] = None,
    model: Model = None,
    quiet: Quiet = False,
) -> None:
    """Draw docs/gallery.md: six accounts of a fresh simulated cohort as their pages show them, the truth beside.

    Needs Chromium. Pictures depend on the fonts of this machine.
    """
    with reported(quiet, "gallery") as report:
        from pipeline.bundles import load_scorer
        from pipeline.docs import PAGES
        from pipeline.gallery import gallery as write_gallery

        write_gallery(output or PAGES, load_scorer(model), report=report)


@stage.command("simulate")
def stage_simulate(quiet: Quiet = False) -> None:
    """Labelled training cohorts, an unlabelled incoming batch and a candidates list, under data/raw."""
    with reported(quiet, "simulate") as report:
        from pipeline.simulate import run

        run(report)


@stage.command("prepare")
def stage_prepare(quiet: Quiet = False) -> None:
    """The labelled dataset checked, cleaned and put into account-hash buckets."""
    with reported(quiet, "prepare") as report:
        from pipeline.prepare import run

        run(report)


@stage.command("extract")
def stage_extract(
    group: Annotated[str, typer.Argument(help="Feature group: growth, comments, engagement or profile.")],
    quiet: Quiet = False,
) -> None:
    """One group's features of the prepared dataset."""
    with reported(quiet, f"extract {group}") as report:
        from pipeline.extract import run

        run(group, report)


@stage.command("train")
def stage_train(quiet: Quiet = False) -> None:
    """The bundle: trees, calibration, thresholds; and the baselines on the same split."""
    with reported(quiet, "train") as report:
        from pipeline.train import run

        warnings = run(report)
    if not quiet:
        for warning in warnings:
            typer.echo(f"warning: {warning}", err=True)


@stage.command("evaluate")
def stage_evaluate(quiet: Quiet = False) -> None:
    """Metrics with intervals on cohorts that training never saw, beside every baseline."""
    with reported(quiet, "evaluate") as report:
        from pipeline.evaluate import run

        run(report)


@stage.command("score")
def stage_score(quiet: Quiet = False) -> None:
    """Scores of the incoming batch."""
    with reported(quiet, "score") as report:
        from pipeline.score import run

        run(report)


@stage.command("shortlist")
def stage_shortlist(quiet: Quiet = False) -> None:
    """The candidates of each campaign, ranked."""
    with reported(quiet, "shortlist") as report:
        from pipeline.shortlist import run

        run(report)


@stage.command("track")
def stage_track(quiet: Quiet = False) -> None:
    """Everything above as one MLflow run, from files."""
    with reported(quiet, "track") as report:
        from pipeline.track import run_stage

        warnings = run_stage(report)
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)


@stage.command("tune")
def stage_tune(quiet: Quiet = False) -> None:
    """A study of the classifier's settings (`make tune`); needs the extra `tune`."""
    with reported(quiet, "tune") as report:
        from pipeline.tune import run

        run(report)


@stage.command("track-tuning")
def stage_track_tuning(quiet: Quiet = False) -> None:
    """The study as an MLflow run with a nested run for each trial."""
    with reported(quiet, "track tuning") as report:
        from pipeline.track_tuning import run

        run(report)


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m pipeline"))
