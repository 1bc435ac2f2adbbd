"""Figures of the last run as Markdown, from `reports/` alone: no number in the documentation is typed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline import layout
from pipeline.audit.page import table
from pipeline.plain import markdown
from pipeline.results_shares import shares_section
from pipeline.storage import read_json

Entry = dict[str, Any]

MODEL_NAMES = {
    "assay": "**Assay** (LightGBM)",
    "logistic_regression": "logistic regression",
    "depth_two_tree": "decision tree of depth 2",
    "engagement_rate_rule": "one cut of the engagement rate",
    "prevalence": "prevalence alone",
}
METRIC_NAMES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "recall_at_1_percent_false_positives": "recall at 1 % false positives",
    "recall_at_5_percent_false_positives": "recall at 5 % false positives",
    "brier": "Brier",
    "expected_calibration_error": "calibration error",
}
INTERVALS = {
    "cohorts": """\
Intervals of {confidence:.0%} by drawing whole cohorts, since accounts of one share sellers and rules; those of shares
are never narrower than the exact ones (Clopper-Pearson), since no draw of cohorts without a reject holds one.
""",
    "accounts": """\
Intervals of {confidence:.0%}: exact ones (Clopper-Pearson) for shares, by drawing accounts for the rest; no two
accounts are taken to belong together.
""",
}
MIXES = "An account that mixes schemes counts in the row of each; the [audit](audit.md) counts schemes alone.\n"

SEGMENT_TITLES = {
    "tables_observed": "what was observed",
    "rows_observed": "readings, posts and comments together",
    "reading_rhythm": "rhythm of the readings",
    "size_tier": "size",
    "platform": "platform",
    "language": "language",
}

SMALL_SHARE = 0.02
"""Shares whose interval ends below are told to a hundredth of a per cent: honest rejects, above all."""

CHOSEN_HERE = (
    "The costs behind these verdicts were chosen with the table of other costs on these very cohorts at hand "
    "([decision 4](decisions/0004-costs-and-a-cap.md)); the trees and the calibration never saw them. What the same "
    "verdicts are worth on cohorts that no choice saw stands in the [audit](audit.md)."
)

FEWEST_FOR_CALIBRATION = 2000
"""Accounts from which the calibration error of a segment is asked to hold: below, it is mostly noise."""

TREE_MARGIN = 0.05
"""An AUC of the depth-2 tree within this of ours means that the cohort is too easy."""


def headline(folder: Path = layout.METRICS.parent) -> str:
    """The README's block: every metric beside every baseline, the verdicts, and what the tree says of the cohort."""
    metrics = read_json(folder / layout.METRICS.name)
    return "\n".join([*_split(metrics), "", *_models(metrics), "", *_verdicts(metrics), "", _tree(metrics)]) + "\n"


def results_page(folder: Path = layout.METRICS.parent) -> str:
    """docs/results.md: the headline, then recall by scheme and dose, false alarms by story, and every segment."""
    segments = read_json(folder / layout.SEGMENTS.name)
    metrics = read_json(folder / layout.METRICS.name)
    parts = [headline(folder), INTERVALS[segments["interval"]].format(**segments)]
    parts += ["## What a verdict is worth\n", *worth_table(metrics)]
    parts += ["\n## Calibration\n", *_calibration(metrics["calibration"], segments)]
    parts += ["\n## What other costs would do\n", *_costs(metrics["costs"], metrics["decisions"]["prevalence"])]
    parts += ["\n## Abstaining\n", *_abstaining(metrics)]
    parts += ["\n## Which scheme\n", *_schemes(metrics["schemes"])]
    parts += ["\n## The rules in use\n", *_rules(metrics["rules"])]
    parts += ["\n## Recall by scheme\n", MIXES, *_rows(segments["scheme"], "scheme", _FOUND)]
    parts += ["\n## Recall by dose\n", "The dose is the bought share of followers or of engagement, the larger one.\n"]
    parts += _doses(segments["dose"])
    parts += ["\n## Honest accounts by story\n", *_rows(segments["benign_story"], "story", _SUSPECTED)]
    for name, title in SEGMENT_TITLES.items():
        parts += [f"\n## By {title}\n", *_rows(segments[name], "segment", _SEGMENT)]
    parts += shares_section(segments)
    if len(segments.get("origin", [])) > 1:  # own accounts stood beside the dataset
        parts += ["\n## By origin\n", *_rows(segments["origin"], "segment", _SEGMENT)]
    return "\n".join(parts) + "\n"


def worth_table(metrics: Entry) -> list[str]:
    """How often a reject is right, and what becomes of each class."""
    found = metrics["decisions"]
    genuine, inauthentic, doses = found["genuine"], found["inauthentic"], found["with_small_doses"]
    rows = [
        ["rejects that are right, among these accounts", _percent(found["rejects_right"])],
        [
            f"rejects that are right, where {found['prevalence']:.0%} of the accounts are inauthentic",
            _percent(found["rejects_right_at_prevalence"]),
        ],
        ["genuine accounts rejected", _percent(genuine["reject"])],
        [
            f"genuine accounts with a story that looks bought ({found['benign_accounts']:,}) rejected",
            _percent(found["benign_rejected"]),
        ],
        ["genuine accounts passed", _percent(genuine["pass"])],
        ["inauthentic accounts rejected", _percent(inauthentic["reject"])],
        ["inauthentic accounts passed", _percent(inauthentic["pass"])],
        [
            f"accounts that bought less than 10 % ({doses['small_doses']:,}) rejected, which the label calls wrong",
            _percent(doses["small_doses_rejected"]),
        ],
        [f"rejects that are right with those counted ({doses['rejects']:,} rejects)", _percent(doses["rejects_right"])],
    ]
    return [*table([f"{found['rejects']:,} rejects", "share"], rows), "", CHOSEN_HERE]


def _calibration(found: Entry, segments: Entry) -> list[str]:
    error, cohorts = found["expected_calibration_error"], found["cohorts"]
    text = (
        "The mean distance between stated probability and share inauthentic over 15 bins of equal size: "
        f"{_interval(error)}. A perfectly calibrated model would get {_plain(error['noise_floor'])} on so many "
        "accounts, by chance alone. ![Reliability](../reports/figures/reliability.png)\n"
    )
    lines = [text]
    if cohorts is not None:
        lines.append(
            f"Cohort by cohort ({cohorts['cohorts']}), the mean probability misses the share inauthentic by "
            f"{cohorts['mean_absolute_difference']:.3f} on average, of which {cohorts['of_it_noise']:.3f} is what "
            f"chance alone would give cohorts of these sizes; 10th to 90th percentile "
            f"{cohorts['difference_10th']:+.3f} to {cohorts['difference_90th']:+.3f}. With that noise taken out, the "
            f"misses have a standard deviation of {_interval(cohorts['spread'])} over cohorts. The shares inauthentic "
            f"have one of {_interval(cohorts['prevalence_spread'])}: what a model without any feature would miss by.\n"
        )
    rows = [
        [SEGMENT_TITLES[name], *_calibration_row(row)]
        for name in SEGMENT_TITLES
        for row in segments[name]
        if row["calibration"] is not None and row["accounts"] >= FEWEST_FOR_CALIBRATION
    ]
    lines.append(
        f"In every part of {FEWEST_FOR_CALIBRATION:,} accounts and more; the difference is share inauthentic less mean "
        "probability:\n"
    )
    head = ["by", "part", "accounts", "calibration error", "by chance alone", "difference"]
    lines += table(head, rows)
    lines.append(
        "\nIf one scheme were all that is done, as often as all are now; no curve can hold for every mix, so this is "
        "reported and not promised:\n"
    )
    mixes = [
        [_words(row["scheme"]), f"{row['accounts']:,}", _interval(row["calibration"]), _interval(row["difference"])]
        for row in found["under_mixes"]
    ]
    return [*lines, *table(["scheme alone", "accounts", "calibration error", "difference"], mixes)]


def _calibration_row(row: Entry) -> list[str]:
    error, difference = (
        {"value": row[name], "lower": row[f"{name}_lower"], "upper": row[f"{name}_upper"]}
        for name in ("calibration", "difference")
    )
    floor = _plain(row["calibration_noise_floor"])
    return [_words(row["segment"]), f"{row['accounts']:,}", _interval(error), floor, _interval(difference)]


def _costs(found: Entry, prevalence: float) -> list[str]:
    text = (
        "Costs are in reviews. An account is rejected above the stricter of two cuts: that of the costs and that of "
        "the cap on honest rejects; *binds* says which it is. The expected cost is of 100 accounts of which "
        f"{prevalence:.0%} are inauthentic. The costs in use stand in bold. "
        "![Where to reject](../reports/figures/reject_cuts.png)\n"
    )
    lines = [text]
    head = ["pay an inauthentic", "refuse a genuine", "pass below", "reject above", "binds", *_CHOICE, "cost per 100"]
    rows = [
        _bold(
            [
                f"{row['pay_inauthentic']:g}",
                f"{row['refuse_genuine']:g}",
                *_choice(row),
                "" if row["cost_per_100"] is None else f"{row['cost_per_100']:.1f}",
            ],
            mark=row["is_present"],
        )
        for row in found["by_cost"]
    ]
    lines += table(head, rows)
    lines.append("\nOther caps on honest rejects, taken from calibration cohorts, with the present costs:\n")
    head = ["cap", "pass below", "reject above", "binds", *_CHOICE, "by the cap alone: genuine / benign / inauthentic"]
    rows = [
        _bold(
            [f"{row['honest_reject_cap']:.2%}", *_choice(row), _alone(row["alone"])],
            mark=row["is_present"],
        )
        for row in found["by_cap"]
    ]
    lines += table(head, rows)
    lines.append("\nRejecting above a probability by itself, and the cost of refusing that leads there:\n")
    head = ["reject above", "refuse a genuine", "rejects", *_CHOICE_OF_REJECTS]
    rows = [
        [
            f"{row['reject_above']:.2f}",
            f"{row['refuse_genuine']:.3g}",
            f"{row['rejects']:,}",
            *(_percent(row[name]) for name in _CHOICE_OF_REJECTS.values()),
        ]
        for row in found["frontier"]
    ]
    return [*lines, *table(head, rows)]


_CHOICE_OF_REJECTS = {
    "genuine rejected": "genuine_rejected",
    "benign stories rejected": "benign_rejected",
    "inauthentic rejected": "inauthentic_rejected",
    "right, among these": "rejects_right",
    "right, at the prevalence": "rejects_right_at_prevalence",
}
_CHOICE = {
    "genuine passed": "genuine_passed",
    "genuine reviewed": "genuine_reviewed",
    "inauthentic flagged": "inauthentic_flagged",
    **_CHOICE_OF_REJECTS,
}


def _choice(row: Entry) -> list[str]:
    cut = max(row["reject_above"], row["evidence_as_probability"])
    return [
        f"{row['pass_below']:.3f}",
        f"{cut:.3f}",
        row["binding"],
        *(_percent(row[name]) for name in _CHOICE.values()),
    ]


def _alone(row: Entry) -> str:
    values = (row[name]["value"] for name in ("genuine_rejected", "benign_rejected", "inauthentic_rejected"))
    return " / ".join("" if value is None else f"{value:.1%}" for value in values)


def _bold(cells: list[str], *, mark: bool) -> list[str]:
    return [f"**{cell}**" if mark and cell else cell for cell in cells]


def _abstaining(metrics: Entry) -> list[str]:
    found = metrics["risk_coverage"]
    text = (
        f"{_percent(found['coverage'])} of the accounts get a verdict; the likelier class is wrong for "
        f"{_percent(found['risk'])} of them. {_percent(found['decided'])} are passed or rejected, "
        f"{_percent(found['decided_risk'])} of those wrongly; the rest a person reviews. All at the declared "
        "prevalence. ![Risk and coverage](../reports/figures/risk_coverage.png)\n"
    )
    lines = [text]
    curve = [[f"{row['coverage']:.0%}", _percent(row["risk"])] for row in found["curve"]]
    lines += table(["the surest", "judged wrongly"], curve)
    lines.append("\nWhy accounts got none; an account counts under each thing that it lacks:\n")
    rows = [[row["because"], f"{row['accounts']:,}", f"{row['genuine']:,}"] for row in metrics["insufficient_because"]]
    return [*lines, *table(["because", "accounts", "genuine"], rows)]


def _schemes(found: Entry) -> list[str]:
    rows = found["confusion"]
    answers = list(rows[0]["answers"]) if rows else []
    text = (
        "What was done (rows) against what is suspected, in accounts. A scheme is named only of accounts that are "
        "reviewed or rejected. *Named*: the scheme, or one of a mix, is among those named.\n"
    )
    lines = [
        text,
        *table(
            ["done", "accounts", *map(_words, answers), "named", "a wrong one named"],
            [
                [
                    _words(row["true"]),
                    f"{row['accounts']:,}",
                    *(f"{row['answers'][each]:,}" for each in answers),
                    "" if row["named"] is None else _percent(row["named"]),
                    _percent(row["named_wrongly"]),
                ]
                for row in rows
            ],
        ),
        "\nEach head by itself, over all accounts with a verdict, at its threshold:\n",
    ]
    head = ["scheme", "accounts", "AUC", "calibration error", "by chance alone", "found", "right", "genuine found"]
    heads = [
        [
            _words(row["scheme"]),
            f"{row['accounts']:,}",
            _interval(row["auc"]),
            _interval(row["calibration"]),
            _plain(row["noise_floor"]),
            _percent(row["recall"]),
            _percent(row["precision"]),
            _percent(row["genuine_found"]),
        ]
        for row in found["heads"]
    ]
    return [*lines, *table(head, heads)]


def _rules(found: Entry) -> list[str]:
    at_cuts = (
        "Rules that vetting tools document, at the cut that they document, and the share that the model finds at as "
        "many false positives. A rule that says nothing of an account does not flag it.\n"
    )
    numbers = (
        "\nEach number that a tool looks at, at 1 % false positives; the AUC is among the accounts it says something "
        "of:\n"
    )
    not_computed = "; ".join(f"{name} ({why})" for name, why in found["not_computed"].items())
    return [
        at_cuts,
        *table(
            ["rule", "source", "says something of", "genuine flagged", "inauthentic found", "found by Assay"],
            [
                [
                    row["cut"],
                    row["source"],
                    f"{row['accounts']:,}",
                    *(_percent(row[name]) for name in ("false_positives", "recall", "model_recall")),
                ]
                for row in found["cuts"]
            ],
        ),
        numbers,
        *table(
            ["number", "source", "accounts", "AUC", "found at 1 %"],
            [
                [
                    _words(row["rule"]),
                    row["source"],
                    f"{row['accounts']:,}",
                    _interval(row["auc"]),
                    _percent(row["recall"]),
                ]
                for row in found["rules"]
            ],
        ),
        f"\nDocumented and not computed: {not_computed}.",
    ]


def _words(name: str | None) -> str:
    return markdown(str(name or "none").replace("_", " "))


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _percent(entry: Entry) -> str:
    if entry["value"] is None:
        return ""
    digits = 2 if entry["upper"] < SMALL_SHARE else 1
    return " ".join(
        (f"{entry['value']:.{digits}%}", f"({entry['lower']:.{digits}%}", "to", f"{entry['upper']:.{digits}%})")
    )


_FOUND = {"rejected": "reject", "rejected or reviewed": "flagged"}
_SUSPECTED = {"rejected": "reject", "reviewed": "review", "no verdict": "insufficient_data"}
_SEGMENT = {
    "found at 1 %": "found",
    "genuine flagged there": "flagged",
    "genuine passed": "genuine_pass",
    "genuine rejected": "genuine_reject",
    "inauthentic rejected": "inauthentic_reject",
    "inauthentic reviewed": "inauthentic_review",
}


def _split(metrics: Entry) -> list[str]:
    text = (
        f"Measured on {metrics['split']}: {metrics['accounts']:,} accounts with a verdict, "
        f"{metrics['inauthentic']:,} of them inauthentic; {metrics['without_verdict']:,} more got none, and "
        f"{metrics['small_doses_left_out']:,} that bought less than 10 % are left out, except by dose. Intervals: "
        f"{metrics['confidence']:.0%}, {metrics['interval']}, {metrics['replicates']} draws."
    )
    return [text if "not simulated" in metrics["split"] else f"{text} All of it simulated."]


def _models(metrics: Entry) -> list[str]:
    known = [name for name in MODEL_NAMES if name in metrics["models"]]
    lines = ["| | " + " | ".join(METRIC_NAMES.values()) + " |", "| --- |" + " --- |" * len(METRIC_NAMES)]
    for name in known:
        cells = [_interval(metrics["models"][name][metric]) for metric in METRIC_NAMES]
        lines.append(f"| {MODEL_NAMES[name]} | " + " | ".join(cells) + " |")
    return lines


def _interval(entry: Entry) -> str:
    if entry["value"] is None:
        return "cannot be told"
    return f"{entry['value']:.3f} ({entry['lower']:.3f} to {entry['upper']:.3f})"


def _verdicts(metrics: Entry) -> list[str]:
    lines = ["| | pass | review | reject | no verdict |", "| --- | --- | --- | --- | --- |"]
    for kind, counts in metrics["confusion"].items():
        total = max(sum(counts.values()), 1)
        cells = [
            f"{counts[each]:,} ({counts[each] / total:.1%})"
            for each in ("pass", "review", "reject", "insufficient_data")
        ]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return lines


def _tree(metrics: Entry) -> str:
    ours, tree = (metrics["models"][name]["auc"]["value"] for name in ("assay", "depth_two_tree"))
    if ours is None or tree is None:
        return "Whether the cohort is too easy cannot be told: the depth-2 tree or the model has no AUC."
    verdict = "too easy" if ours - tree < TREE_MARGIN else "not trivial"
    return f"The depth-2 tree lies {ours - tree:.3f} AUC below; by a margin of {TREE_MARGIN}, the cohort is {verdict}."


def _rows(rows: list[Entry], key: str, columns: dict[str, str]) -> list[str]:
    """A table of segments; with the AUC, its interval and the number of cohorts where the rows have them."""
    ranked = bool(rows) and "auc" in rows[0]
    lines = []
    for row in rows:
        cells = [_share(row, prefix) for prefix in columns.values()]
        if ranked:
            area = {"value": row["auc"], "lower": row["auc_lower"], "upper": row["auc_upper"]}
            cells = [f"{row['cohorts']:,}", _interval(area), *cells]
        lines.append([_words(row[key]), f"{row['accounts']:,}", *cells])
    return table([key, "accounts", *(["cohorts", "AUC"] if ranked else []), *columns], lines)


def _share(row: Entry, prefix: str) -> str:
    if row[f"{prefix}_share"] is None:
        return ""
    return f"{row[f'{prefix}_share']:.1%} ({row[f'{prefix}_lower']:.1%} to {row[f'{prefix}_upper']:.1%})"


def _doses(rows: list[Entry]) -> list[str]:
    lines = [
        "| scheme | dose | accounts | " + " | ".join(_FOUND) + " |",
        "| --- | --- | --- |" + " --- |" * len(_FOUND),
    ]
    for row in rows:
        cells = [_share(row, prefix) for prefix in _FOUND.values()]
        dose = f"{row['dose_from']:.0%} to {row['dose_to']:.0%}"
        lines.append(f"| {_words(row['scheme'])} | {dose} | {row['accounts']:,} | " + " | ".join(cells) + " |")
    return lines
