"""`python -m pipeline.audit <stage>`: the stages of audits/dvc.yaml, and the audit against real accounts."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.console import Quiet, reported


class Half(StrEnum):
    """Which accounts of a folder: the half whose SHA-256 is even is for developing, the other for one last look."""

    all = "all"
    even = "even"
    odd = "odd"


app = typer.Typer(
    help="What can be said against the cohort and the model trained on it. `make audit` runs all of it; arguments come "
    "from params.yaml.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command("cohorts")
def cohorts(quiet: Quiet = False) -> None:
    """Fresh cohorts, and cohorts of growing size, prepared."""
    with reported(quiet, "audit cohorts") as report:
        from pipeline.audit.cohorts import run

        run(report)


@app.command("scores")
def scores(quiet: Quiet = False) -> None:
    """Verdicts of the model in use on them, beside the labels."""
    with reported(quiet, "audit scores") as report:
        from pipeline.audit.scores import run

        run(report)


@app.command("leakage")
def leakage(quiet: Quiet = False) -> None:
    """Nuisance and triviality: what tells the classes apart and should not."""
    with reported(quiet, "audit leakage") as report:
        from pipeline.audit.leakage import run

        run(report)


@app.command("realism")
def realism(quiet: Quiet = False) -> None:
    """Simulated genuine accounts against measured quantiles."""
    with reported(quiet, "audit realism") as report:
        from pipeline.audit.realism import run

        run(report)


@app.command("generalisation")
def generalisation(quiet: Quiet = False) -> None:
    """One scheme or story left out of training; learning curve."""
    with reported(quiet, "audit generalisation") as report:
        from pipeline.audit.generalisation import run

        run(report)


@app.command("ablation")
def ablation(quiet: Quiet = False) -> None:
    """Each group of features left out, and each alone."""
    with reported(quiet, "audit ablation") as report:
        from pipeline.audit.ablation import run

        run(report)


@app.command("catalogue")
def catalogue(quiet: Quiet = False) -> None:
    """Each feature by class, alone, and under perturbations."""
    with reported(quiet, "audit catalogue") as report:
        from pipeline.audit.catalogue import run

        run(report)


@app.command("robustness")
def robustness(quiet: Quiet = False) -> None:
    """Verdicts under perturbations, a week later, and with another mix of schemes."""
    with reported(quiet, "audit robustness") as report:
        from pipeline.audit.robustness import run

        run(report)


@app.command("evasion")
def evasion(quiet: Quiet = False) -> None:
    """What it costs whoever bought to turn a reject into a pass."""
    with reported(quiet, "audit evasion") as report:
        from pipeline.audit.evasion import run

        run(report)


@app.command("recall")
def recall(quiet: Quiet = False) -> None:
    """Learnability, recall against dose, and batch size."""
    with reported(quiet, "audit recall") as report:
        from pipeline.audit.recall import run

        run(report)


@app.command("rival")
def rival(quiet: Quiet = False) -> None:
    """What it costs to get an honest creator refused by sending bots."""
    with reported(quiet, "audit rival") as report:
        from pipeline.audit.rival import run

        run(report)


@app.command("summary")
def summary(quiet: Quiet = False) -> None:
    """The figures, and every limit with what was measured."""
    with reported(quiet, "audit summary") as report:
        from pipeline.audit.summary import run

        run(report)


@app.command("track")
def track(quiet: Quiet = False) -> None:
    """The audit on the MLflow run of the model in use."""
    with reported(quiet, "audit track") as report:
        from pipeline.audit.track import run

        run(report)


@app.command("limits")
def limits(quiet: Quiet = False) -> None:
    """Every limit with its figure; fails if one does not hold."""
    with reported(quiet, "audit limits") as report:
        from pipeline.audit.limits import run, table_of_limits

        typer.echo(table_of_limits())
        run(report)


@app.command("real")
def real(
    source: Annotated[list[Path], typer.Option("--input", help="Folder of real accounts; may be given repeatedly.")],
    output: Annotated[Path, typer.Option("--output", help="Folder for the results; made if it is missing.")],
    half: Annotated[Half, typer.Option("--half", help="Which accounts, by the SHA-256 of the id.")] = Half.all,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="FILE", help="Mapping of all the folders (docs/mapping.md).")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Real accounts: can they be told from simulated genuine ones, and what does the model in use say of them.

    No stage: it reads what lies outside the repository. Every account of the folders is taken for a genuine one.
    """
    with reported(quiet, "audit real") as report:
        from pipeline.audit.real import run
        from pipeline.mapping.apply import mapped_aside

        with ExitStack() as stack:
            folders = [stack.enter_context(mapped_aside(each, mapping, output, report)) for each in source]
            text = run(folders, output, half, report)
    typer.echo(text)


@app.command("labelled")
def labelled(
    output: Annotated[Path, typer.Option("--output", help="Folder for the results; made if it is missing.")],
    tubespam: Annotated[Path | None, typer.Option("--tubespam", help="CSV of comments labelled as spam.")] = None,
    instafake: Annotated[Path | None, typer.Option("--instafake", help="CSV of accounts labelled automated.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Bundle folder or models:/<name>@<alias>.")] = None,
    quiet: Quiet = False,
) -> None:
    """Other people's labels: what our signals say of labelled comments, and of labelled accounts.

    No stage: it reads what lies outside the repository. docs/labelled.md holds what it printed.
    """
    with reported(quiet, "audit labelled") as report:
        from pipeline.audit.labelled import run

        text = run(tubespam, instafake, output, model, report)
    typer.echo(text)


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m pipeline.audit"))
