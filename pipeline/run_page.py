"""A run's page in words: what was trained on what, how good, against what, where it fails. From `reports/` alone.

MLflow shows it as the run's description, all but its first lines folded away: so they hold the answer in short. Who is
champion, and why, is put before them by the store, which knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.bundle import Bundle
from models.thresholds import VERDICTS
from pipeline.plain import markdown
from pipeline.side_by_side import markdown_table, with_interval

Entry = Mapping[str, Any]

HEADLINE = {
    "auc": "AUC",
    "average_precision": "average precision",
    "recall_at_1_percent_false_positives": "recall at 1 % false positives",
    "brier": "Brier score (lower is better)",
    "expected_calibration_error": "calibration error (lower is better)",
}
"""Metrics of the page's table, in its order, with their column heads."""

FEWEST_ACCOUNTS = 100
"""A segment of fewer accounts is not called the worst: its figures are noise."""

CAUTION = "Figures on simulated cohorts say how models compare, not how often a real account is judged rightly."

WEAKEST = 3
"""Segments, stories and schemes named of each kind."""

DIMENSIONS = {
    "size_tier": "size",
    "platform": "platform",
    "language": "language",
    "sampling": "how often read",
    "tables_observed": "what was observed",
}
"""Segment tables that are searched for the weakest, in words; those absent from the report are left out."""


def run_page(
    metrics: Entry, segments: Entry, training: Entry, scoring: Entry, sections: Entry, bundle: Bundle, lineage: Entry
) -> str:
    """The page in Markdown.

    Args:
        metrics: reports/metrics.json.
        segments: reports/segments.json.
        training: reports/training.json.
        scoring: reports/scoring.json.
        sections: params.yaml.
        bundle: the run's model.
        lineage: `revision`, `is_changed` and `data` (hash by path); each may be absent.
    """
    parts = [
        ("What was trained on what", _trained(training, sections, bundle, lineage)),
        ("How good, and against what", _good(metrics)),
        ("What its verdicts are worth", _verdicts(metrics, segments, bundle)),
        ("Where it fails", _fails(segments)),
        ("The incoming batch", [_counts(scoring["verdicts"])]),
        ("Where to look", [WHERE]),
        ("Lineage", _lineage(lineage)),
    ]
    return (
        f"{_in_short(metrics)}\n\n" + "\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, lines in parts) + "\n"
    )


WHERE = (
    "Tab *Artifacts*: `figures/`, in the order to look at them; `documents/`, the model card, once made for this "
    "bundle; `audit/`, after `make audit`; `reports/`, every number; `compare/`, this model beside others, after "
    "`python -m pipeline compare` (open `compare.html`); "
    "`params.yaml` and `dvc.lock`, all that made it. Tab *Model metrics*: all figures. What simulated accounts cannot "
    "tell stands in the model card."
)


def _in_short(metrics: Entry) -> str:
    """The two figures that matter, beside the nearest baseline's, in two lines: the interface folds what is longer."""
    models: Mapping[str, Entry] = metrics["models"]
    shown = {key: HEADLINE[key] for key in ("recall_at_1_percent_false_positives", "auc")}
    main, *_ = models
    nearest = nearest_baseline(metrics)
    said = ", ".join(f"{head} {with_interval(models[main].get(key))}" for key, head in shown.items())
    theirs = ""
    if nearest is not None:
        values = ((models[nearest].get(key) or {}).get("value") for key in shown)
        figures = ", ".join("-" if value is None else f"{value:.3f}" for value in values)
        theirs = f"; nearest baseline, {nearest.replace('_', ' ')}: {figures}"
    confidence = metrics.get("confidence")
    ends = "" if confidence is None else f", {confidence:.0%} intervals"
    return f"**In short:** {said}{theirs}. On {metrics.get('split', 'accounts not named')}{ends}."


def nearest_baseline(metrics: Entry) -> str | None:
    """The baseline least below the model in AUC; None where there is none."""
    differences = metrics.get("differences", {})
    return min(differences, key=lambda name: _value(differences[name].get("auc")), default=None)


def _trained(training: Entry, sections: Entry, bundle: Bundle, lineage: Entry) -> list[str]:
    cohorts: Mapping[str, int] = training.get("cohorts", {})
    roles = {"fit": "fitted", "tune": "stopped the fitting", "calibrate": "calibrated", "test": "tested"}
    played = ", ".join(f"{cohorts[role]} {words}" for role, words in roles.items() if role in cohorts)
    inauthentic = f" ({training['accounts_inauthentic']:,} inauthentic)" if "accounts_inauthentic" in training else ""
    dataset = (sections.get("prepare") or {}).get("dataset", "")
    simulated = sections.get("simulate") or {}
    seeds = ""
    if "first_seed" in simulated and "cohorts" in simulated and str(dataset) == SIMULATED:
        seeds = f"; simulated, seeds {simulated['first_seed']} to {simulated['first_seed'] + simulated['cohorts'] - 1}"
    digest = lineage.get("data", {}).get(dataset, "not known")
    revision = lineage.get("revision", "")
    changed = ", with changes that are in no revision" if lineage.get("is_changed") else ""
    code = f"`{revision[:10]}`{changed}" if revision else "not known (no git)"
    definitions = f"{len(bundle.features)} features (definitions `{bundle.catalog_hash}`)"
    accounts = f"{training['accounts']:,} labelled{inauthentic} in {sum(cohorts.values()):,} cohorts"
    return [
        f"- **Model:** LightGBM bundle `{bundle.version}` on {definitions}; scheme heads: {_listed(bundle.schemes)}.",
        f"- **Accounts:** {accounts}: {played or 'roles not told'}{seeds}.",
        f"- **Data:** `{dataset}`, hash `{digest}`. **Code:** {code}.",
        *_made_with(bundle),
    ]


def _made_with(bundle: Bundle) -> Iterator[str]:
    libraries: Mapping[str, str] = bundle.provenance.get("libraries", {})
    if libraries:
        yield f"- **Libraries:** {', '.join(f'{name} {number}' for name, number in sorted(libraries.items()))}."


def _lineage(lineage: Entry) -> list[str]:
    """Every data file with its hash; without any, where the hashes would come from."""
    hashes: Mapping[str, str] = lineage.get("data", {})
    if not hashes:
        return ["No hash of any data file is known: there is no `dvc.lock`."]
    words = (
        "As in `dvc.lock` among the artefacts. `git checkout` of the code, then `dvc checkout` where this machine's "
        "cache still holds the data, or else `dvc repro`, brings it back.\n"
    )
    return [words, *markdown_table(["data", "hash"], [[f"`{path}`", f"`{each}`"] for path, each in hashes.items()])]


SIMULATED = "data/raw/training"
"""Where stage `simulate` puts its cohorts: of another dataset the seeds say nothing."""


def _good(metrics: Entry) -> list[str]:
    models: Mapping[str, Entry] = metrics["models"]
    columns = {key: head for key, head in HEADLINE.items() if any(key in each for each in models.values())}
    rows = [
        [model.replace("_", " "), *(with_interval(values.get(key)) for key in columns)]
        for model, values in models.items()
    ]
    confidence = metrics.get("confidence")
    drawn = f", {confidence:.0%} intervals ({metrics.get('interval', '')})" if confidence is not None else ""
    split = f"**Split:** {metrics.get('split', 'not named')}; {metrics.get('accounts', '?')} accounts{drawn}."
    lines = [
        f"{split} {CAUTION}",
        "",
        *markdown_table(["model", *columns.values()], rows),
    ]
    nearest = nearest_baseline(metrics)
    if nearest is not None:
        difference = metrics["differences"][nearest]
        said = "; ".join(
            f"{head} {with_interval(difference[key], signed=True)}"
            for key, head in HEADLINE.items()
            if key in difference
        )
        lines += ["", f"**Against the nearest baseline**, {nearest.replace('_', ' ')}, paired: {said}."]
    return lines


def _verdicts(metrics: Entry, segments: Entry, bundle: Bundle) -> list[str]:
    confusion = metrics["confusion"]
    genuine, bought = confusion["genuine"], confusion["inauthentic"]
    refused, caught = genuine.get("reject", 0), bought.get("reject", 0)
    lines = [
        f"- **Genuine:** {_shares(genuine)}.",
        f"- **Inauthentic:** {_shares(bought)}.",
    ]
    if refused + caught:
        here = sum(bought.values()) / max(sum(bought.values()) + sum(genuine.values()), 1)
        declared = bundle.prevalence
        right = declared * caught / max(sum(bought.values()), 1)
        wrong = (1 - declared) * refused / max(sum(genuine.values()), 1)
        lines.append(
            f"- **Rejects are right** in {caught:,} of {refused + caught:,} ({caught / (refused + caught):.1%}) where "
            f"{here:.0%} are inauthentic; {right / (right + wrong):.1%} at the declared prevalence of {declared:g}."
        )
    if "decisions" in metrics:
        worth = metrics["decisions"]
        named = {
            "rejects right": worth["rejects_right"],
            f"at prevalence {worth['prevalence']:g}": worth["rejects_right_at_prevalence"],
            "genuine passed": worth["genuine"]["pass"],
            "honest but odd rejected": worth["benign_rejected"],
            "inauthentic rejected": worth["inauthentic"]["reject"],
        }
        figures = "; ".join(f"{words} {with_interval(entry)}" for words, entry in named.items())
        lines.append(f"- **With intervals:** {figures}.")
    stories = [row for row in segments.get("benign_story", []) if row.get("story") is not None]
    if stories:
        accounts = sum(row["accounts"] for row in stories)
        rejected, reviewed = (
            sum(row[f"{what}_share"] * row["accounts"] for row in stories) for what in ("reject", "review")
        )
        lines.append(
            f"- **Honest accounts that look odd** (benign stories): {rejected:.0f} of {accounts:,} rejected, "
            f"{reviewed:.0f} reviewed."
        )
    cuts = bundle.thresholds
    lines.append(
        f"- **Cuts:** pass below {cuts.pass_below:.3f}; reject above {cuts.reject_above:.3f} with evidence above "
        f"{cuts.reject_above_evidence:.2f} (log-likelihood ratio); prevalence {bundle.prevalence:g}."
    )
    return lines


def _fails(segments: Entry) -> list[str]:
    rows = [*_weakest_segments(segments), *_weakest_stories(segments), *_weakest_schemes(segments)]
    if not rows:
        return [f"No segment of {FEWEST_ACCOUNTS} accounts and more was measured."]
    words = (
        f"The {WEAKEST} weakest of each kind with {FEWEST_ACCOUNTS} accounts and more, on the test cohorts. The "
        "weakest of many look worse than they are.\n"
    )
    return [words, *markdown_table(["what", "which", "accounts", "figure"], rows)]


def _weakest_segments(segments: Entry) -> Iterator[list[str]]:
    for name, words in DIMENSIONS.items():
        told = [
            row for row in segments.get(name, []) if row.get("auc") is not None and row["accounts"] >= FEWEST_ACCOUNTS
        ]
        for row in sorted(told, key=lambda row: _value(row["auc"]))[:WEAKEST]:
            genuine = row.get("genuine_reject_share")
            refused = "" if genuine is None else f", {_value(genuine):.1%} of genuine rejected"
            yield [
                words,
                markdown(str(row["segment"] or "nothing")),
                f"{row['accounts']:,}",
                f"AUC {_value(row['auc']):.3f}{refused}",
            ]


def _weakest_stories(segments: Entry) -> Iterator[list[str]]:
    rows = [row for row in segments.get("benign_story", []) if row.get("story") and row["accounts"] >= FEWEST_ACCOUNTS]
    for row in sorted(rows, key=lambda row: -(row["reject_share"] + row["review_share"]))[:WEAKEST]:
        figure = f"{row['reject_share']:.1%} rejected, {row['review_share']:.1%} reviewed"
        yield ["honest story", _words(row["story"]), f"{row['accounts']:,}", figure]


def _weakest_schemes(segments: Entry) -> Iterator[list[str]]:
    rows = [row for row in segments.get("scheme", []) if row.get("scheme") and row["accounts"] >= FEWEST_ACCOUNTS]
    for row in sorted(rows, key=lambda row: row["flagged_share"])[:WEAKEST]:
        figure = f"{row['flagged_share']:.1%} flagged, {row['reject_share']:.1%} rejected"
        yield ["scheme", _words(row["scheme"]), f"{row['accounts']:,}", figure]


def _value(entry: Any) -> float:
    """A figure with or without an interval; what is not defined sorts last."""
    value = entry.get("value") if isinstance(entry, Mapping) else entry
    return float("inf") if value is None else float(value)


def _shares(counts: Mapping[str, int]) -> str:
    total = max(sum(counts.values()), 1)
    return ", ".join(f"{counts[name]:,} {_words(name)} ({counts[name] / total:.1%})" for name in _ordered(counts))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]:,} {_words(name)}" for name in _ordered(counts)) + "."


def _ordered(counts: Mapping[str, int]) -> list[str]:
    """Verdicts from the best to none; reports are sorted by name."""
    return [name for name in VERDICTS if name in counts]


def _words(name: str) -> str:
    return markdown(name.replace("_", " "))


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(_words(name) for name in sorted(names))
