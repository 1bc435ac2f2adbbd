"""What was promised, beside what was measured: pure arithmetic on the figures of the benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.tasks import ALL, READ, notebook_task

Figures = dict[str, Any]

EXTRACTION_TIMES_READ, NOTEBOOK_TIMES_EXTRACTION, SCORE_TIMES_READ = 8.0, 10.0, 20.0
MEMORY_GROWTH, MEGABYTES_PER_WORKER, EXPONENT = 1.2, 1000.0, 1.05
HELP_SECONDS, TEN_SECONDS, REPRO_SECONDS = 0.5, 5.0, 2.0
"""The limits that were set before anything was measured."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One promise beside what was measured; `measured` is None where it was not, and `note` then says why."""

    promise: str
    measured: float | None
    bound: float
    form: str
    note: str = ""
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        """None where it was not measured."""
        if self.measured is None:
            return None
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    def row(self) -> list[str]:
        """As a row of the table."""
        verdict = {True: "holds", False: "**does not hold**", None: "not measured"}[self.holds]
        found = "-" if self.measured is None else self.form.format(self.measured)
        return [self.promise, found, verdict, self.note if self.holds is not True else ""]


def score_seconds(figures: Figures, jobs: str, kind: str, accounts: float) -> float:
    """What `score` of so many accounts takes, from the line through the largest of the sizes and ten accounts."""
    start, biggest = figures["start"]["ten"][kind], figures["sizes"][-1]
    beyond = figures["score"][jobs][str(biggest)][kind] - start
    return float(start + beyond * accounts / biggest)


def times_read(figures: Figures, cpu_seconds: float) -> float:
    """A cost at the main size over that of the bare read."""
    return float(cpu_seconds / figures["tasks"][READ]["cpu_seconds"])


def score_beyond_start(figures: Figures) -> float:
    """CPU seconds of `score` at the main size, one worker, without those of ten accounts."""
    main = figures["score"]["1"][str(figures["accounts"])]
    return float(main["cpu_seconds"] - figures["start"]["ten"]["cpu_seconds"])


def notebook_advantage(figures: Figures) -> float:
    """CPU of the cheaper of the notebook's two ways over that of all of Assay's features, on the same files."""
    costs = figures["notebook"]["costs"]["notebook"]
    cheaper = min(costs[notebook_task(way)]["cpu_seconds"] for way in ("apply", "vectorised"))
    return float(cheaper / costs[ALL]["cpu_seconds"])


def limits(figures: Figures) -> list[Limit]:
    """Every limit with what was measured of it."""
    smallest, main, biggest = map(str, sorted(figures["sizes"]))
    one, two = figures["score"]["1"], figures["score"]["2"]
    frame = max(figures["frames"], key=lambda row: row["build"] + row["aggregate"])
    phase = max(figures["phases"], key=lambda row: row["cpu_seconds"])
    of_all = share(frame["build"] + frame["aggregate"], frame_seconds(figures))
    dearest_frame = f"dearest frame: {frame['group']} / {frame['frame']}, {of_all} of extraction"
    dearest_phase = (
        f"dearest phase: {phase['phase']}, {share(phase['cpu_seconds'], phase_seconds(figures))} of the command"
    )
    extraction = times_read(figures, figures["tasks"][ALL]["cpu_seconds"])
    peak = max(one[biggest]["peak_megabytes"], two[biggest]["peak_megabytes"] / 2)
    repro, dask = figures["start"]["repro"], figures["dask"]
    return [
        Limit(
            "All per-account features: times the bare read, CPU",
            extraction,
            EXTRACTION_TIMES_READ,
            "{:.1f} (at most 8)",
            dearest_frame,
        ),
        Limit(
            "The same: times less CPU than the notebook, the cheaper way",
            notebook_advantage(figures),
            NOTEBOOK_TIMES_EXTRACTION,
            "{:.1f} (at least 10)",
            dearest_frame,
            at_least=True,
        ),
        Limit(
            "The whole `score` beyond its start: times the bare read, CPU",
            times_read(figures, score_beyond_start(figures)),
            SCORE_TIMES_READ,
            "{:.1f} (at most 20)",
            dearest_phase,
        ),
        Limit(
            f"Peak memory of `score` of {int(biggest):,} accounts over that of {int(main):,}",
            one[biggest]["peak_megabytes"] / one[main]["peak_megabytes"],
            MEMORY_GROWTH,
            "{:.2f} (at most 1.2)",
        ),
        Limit(
            "Peak memory of `score` per worker, MB, one worker or two",
            peak,
            MEGABYTES_PER_WORKER,
            "{:,.0f} (at most 1,000)",
        ),
        Limit(
            f"CPU of `score`, {int(smallest):,} to {int(biggest):,} accounts: grows with their number to the power of",
            figures["score_exponent"],
            EXPONENT,
            "{:.2f} (at most 1.05)",
            dearest_phase,
        ),
        Limit("The same for extraction", figures["exponents"][ALL], EXPONENT, "{:.2f} (at most 1.05)", dearest_frame),
        Limit(
            "`--help`, seconds on the clock",
            figures["start"]["help"]["wall_seconds"],
            HELP_SECONDS,
            "{:.2f} (at most 0.5)",
        ),
        Limit(
            "`score` of ten accounts, seconds on the clock",
            figures["start"]["ten"]["wall_seconds"],
            TEN_SECONDS,
            "{:.1f} (at most 5)",
        ),
        Limit(
            "`dvc repro` with nothing to do (dry run), seconds on the clock",
            repro.get("wall_seconds"),
            REPRO_SECONDS,
            "{:.1f} (at most 2)",
            repro.get("not_measured", "most of it is DVC's own"),
        ),
        Limit(
            "Dask gives the same bytes",
            float(dask["same_bytes"]) if "same_bytes" in dask else None,
            1.0,
            "yes" if dask.get("same_bytes") else "no",
            dask.get("not_measured", "scores or evidence differ"),
            at_least=True,
        ),
    ]


def frame_seconds(figures: Figures) -> float:
    """CPU seconds of all frames together."""
    return float(sum(row["build"] + row["aggregate"] for row in figures["frames"]))


def phase_seconds(figures: Figures) -> float:
    """CPU seconds of all phases together."""
    return float(sum(row["cpu_seconds"] for row in figures["phases"]))


def share(part: float, whole: float) -> str:
    """A part in per cent of the whole."""
    return f"{part / whole:.0%}" if whole > 0 else "-"
