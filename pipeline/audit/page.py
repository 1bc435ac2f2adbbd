"""docs/audit.md from the audit's reports alone: no number in it is typed by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pipeline import layout
from pipeline.plain import markdown
from pipeline.storage import read_json

Entry = dict[str, Any]

OTHERWISE = "otherwise"
"""Name of the model's metrics on perturbed accounts, in the robustness report."""

INTRODUCTION = """\
What can be said against the simulated cohort, and against the model trained on it. `make audit` makes what is not up
to date (a graph of its own, audits/dvc.yaml; `make audit FORCE=1` makes all of it anew) and fails where a limit of
params.yaml does not hold. What each process of the
simulation does, and against which real numbers it was set, stands in [cohort](cohort.md); what was tried and failed in
[experiments](experiments.md). Everything here but the column "real" is simulated.
"""


def audit_page(figures: str = "figures") -> str:
    """The page; `figures` is where its pictures lie, as seen from it."""
    leakage, realism, generalisation, ablation, recall, robustness, evasion, summary = map(
        read_json,
        (
            layout.AUDIT_LEAKAGE,
            layout.AUDIT_REALISM,
            layout.AUDIT_GENERALISATION,
            layout.AUDIT_ABLATION,
            layout.AUDIT_RECALL,
            layout.AUDIT_ROBUSTNESS,
            layout.AUDIT_EVASION,
            layout.AUDIT_SUMMARY,
        ),
    )

    def picture(name: str, text: str) -> str:
        return f"\n![{text}]({figures}/{name}.png)\n"

    parts = [INTRODUCTION, "## Limits\n", *_limits(summary["limits"])]
    parts += ["\n## Nuisance: what must not tell the label\n", *_nuisance(leakage["nuisance"], leakage["confidence"])]
    parts += [picture("nuisance", "AUC of the nuisance audit beside chance and its limit")]
    parts += ["## Triviality: what a simple rule reaches\n", *_rules(leakage["triviality"])]
    parts += [picture("rules", "AUC of every simple rule and of the depth-2 tree")]
    parts += ["## Learnability: the model on fresh cohorts\n", *_fresh(recall["fresh"])]
    parts += ["\n### Where all tables are observed\n", *_fresh(recall["fresh_observed"])]
    parts += ["\n## Ablation: what each group of features is worth\n", *_ablation(ablation)]
    parts += ["\n## Realism: measured quantiles beside simulated genuine accounts\n", *_realism(realism)]
    for group in dict.fromkeys(each["group"] for each in realism["table"]):
        parts += [picture(f"realism_{group}", f"Real quantiles of {group} over the bands of the simulated cohorts")]
    parts += ["## Generalisation: what training never met\n", *_left_out(generalisation["leave_one_out"])]
    parts += [picture("leave_one_out", "AUC with and without each scheme and story in training")]
    parts += [picture("leave_one_out_flagged", "Shares flagged with and without each scheme and story in training")]
    parts += ["### By batch size\n", *_batches(recall["batches"]), picture("batches", "Batches of different sizes")]
    parts += ["### Learning curve\n", *_curve(generalisation["learning_curve"])]
    parts += [picture("learning_curve", "AUC against training cohorts and accounts")]
    parts += ["## Dose and response\n", *_half_doses(recall["dose"]["half_doses"])]
    parts += [picture("dose_response", "Recall against the bought share, by scheme")]
    parts += ["## Robustness: the same accounts recorded otherwise\n", *_robustness(robustness)]
    parts += [picture("robustness", "AUC and calibration error against the strength of each perturbation")]
    parts += [picture("robustness_verdicts", "Verdicts of the genuine and recall against the same strengths")]
    parts += ["### Scored again later\n", *_later(robustness)]
    parts += ["\n### Another mix of schemes\n", *_mixes(robustness), ""]
    parts += ["## Evasion: what a pass costs whoever bought\n", *_evasion(evasion)]
    parts += [picture("evasion", "Share of rejects turned into passes against dollars, by scheme")]
    parts += ["## A rival: bots sent to an honest creator\n", *_rival(read_json(layout.AUDIT_RIVAL)), ""]
    parts += ["## Accounts to look at", picture("gallery", "One simulated account per scheme and per story")]
    return "\n".join(parts).rstrip("\n") + "\n"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines]


def _words(name: str) -> str:
    return markdown(name.replace("_", " "))


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _between(row: Entry, name: str = "value", lower: str = "lower", upper: str = "upper") -> str:
    if row[name] is None:
        return "-"
    return f"{row[name]:.3f} ({_number(row[lower])} to {_number(row[upper])})"


def _limits(limits: list[Entry]) -> list[str]:
    rows = [
        [
            each["name"],
            each["rule"],
            f"{each['limit']:g}",
            _number(each["value"]),
            "yes" if each["holds"] else "**no**",
        ]
        for each in limits
    ]
    return table(["what", "limit on", "limit", "measured", "holds"], rows)


def _nuisance(found: Entry, confidence: float) -> list[str]:
    text = (
        "LightGBM on size tier, platform, language, niche, sampling, history, row counts, what is missing and ids, "
        f"out of fold on {found['accounts']:,} accounts of {found['cohorts']} fresh cohorts: AUC "
        f"{_between(found, 'auc')}, {confidence:.0%} interval over cohorts. What it leans on most, with the AUC "
        "that is lost when that alone is shuffled:\n"
    )
    rows = [[_words(each["covariate"]), _number(each["auc_lost"])] for each in found["importance"][:8]]
    return [text, *table(["covariate", "AUC lost"], rows)]


def _rules(found: Entry) -> list[str]:
    tree = found["tree"]
    text = (
        "Rules that vetting tools document and the naive ones, frozen in `models/rules.py`, on "
        f"{found['accounts']:,} accounts of {found['cohorts']} fresh cohorts. As documented: with the suspicious side "
        "that its source names; at its best: with the other side where that does better; both among the accounts that "
        "the rule says something about, and last over all accounts, those without a value in the middle. The depth-2 "
        "tree over all of them, fitted on half of the cohorts and judged on the other: AUC "
        f"{_between(tree, 'auc')}.\n"
    )
    rows = [
        [
            _words(each["rule"]),
            each["source"],
            f"{each['accounts']:,}",
            _between(each, "auc"),
            _number(each["best_auc"]),
            _number(each["auc_over_all"]),
        ]
        for each in found["rules"]
    ]
    return [text, *table(["rule", "source", "accounts", "AUC as documented", "at its best", "over all accounts"], rows)]


def _fresh(metrics: Entry) -> list[str]:
    text = (
        f"Measured on {metrics['split']}: {metrics['accounts']:,} accounts with a verdict, {metrics['inauthentic']:,} "
        f"inauthentic; {metrics['without_verdict']:,} more got none. {metrics['confidence']:.0%} intervals, "
        f"{metrics['interval']}.\n"
    )
    rows = [
        [_words(name), _between(each["auc"]), _between(each["recall_at_1_percent_false_positives"])]
        for name, each in metrics["models"].items()
    ]
    counts = metrics["confusion"]
    verdicts = ["pass", "review", "reject", "insufficient_data"]
    shares = [
        [kind, *(f"{count[each]:,} ({_share(count[each] / max(sum(count.values()), 1))})" for each in verdicts)]
        for kind, count in counts.items()
    ]
    return [
        text,
        *table(["model", "AUC", "recall at 1 % false positives"], rows),
        "",
        *table(["", *map(_words, verdicts)], shares),
    ]


def _realism(found: Entry) -> list[str]:
    outside = [each for each in found["table"] if each["inside"] is False]
    text = (
        f"{found['cohorts']} cohorts per sample design, each with rules of its own; a real value is inside where it "
        "lies within the central 80 % of the cohorts' values. The ranges were set against these very quantiles, so "
        "this says that real accounts are not foreign to the cohorts, not that the cohorts are real: a classifier "
        f"still tells them apart ([experiments](experiments.md)). Inside: {_share(found['inside_share'])} of "
        f"{len(found['table'])}. Deviation: from the median, in half-widths of that band.\n"
    )
    if outside:
        text += f"\nOutside: {', '.join(sorted({each['quantity'] for each in outside}))}.\n"
    rows = [
        [
            each["group"],
            each["quantity"],
            "mean" if each["level"] is None else f"{each['level']:.0%}",
            f"{each['real']:g}",
            f"{each['low']:.3g}",
            f"{each['median']:.3g}",
            f"{each['high']:.3g}",
            "-" if each["deviation"] is None else f"{each['deviation']:+.1f}",
            "yes" if each["inside"] else "**no**",
        ]
        for each in found["table"]
        if each["inside"] is not None
    ]
    return [text, *table(["", "quantity", "level", "real", "10 %", "median", "90 %", "deviation", "inside"], rows)]


def _ablation(found: Entry) -> list[str]:
    text = (
        "A lighter fit of the same kind as the model's, on the training's own split, without each group of features "
        f"and with each alone, on {found['accounts']:,} accounts ({found['inauthentic']:,} inauthentic) of "
        f"{found['cohorts']} test cohorts. {found['confidence']:.0%} intervals, {found['interval']}; lost: every group "
        "less this row, on the same draws. A group alone is silent about accounts without its tables, which are judged "
        "all the same; observed is the share with any value. What a group costs by leaving may be less than it brings "
        "alone: another may see the same.\n"
    )
    named = {"all": "every group", "left_out": "without {group}", "alone": "{group} alone"}
    measures = ("auc", "recall_at_1_percent_false_positives")
    rows = [
        [
            named[each["kind"]].format(group=each["group"]),
            str(each["features"]),
            _share(each["observed_share"]),
            *(
                "-" if each[name] is None else _between(each[name])
                for measure in measures
                for name in (measure, f"{measure}_lost")
            ),
        ]
        for each in found["rows"]
    ]
    head = ["trained with", "features", "observed", "AUC", "AUC lost", "recall at 1 % false positives", "recall lost"]
    return [text, *table(head, rows)]


def _left_out(rows: list[Entry]) -> list[str]:
    text = (
        "A lighter fit of the same kind as the model's, trained with everything, and without one scheme (with the "
        "mixes that contain it) or without one benign story, on the test cohorts of the training dataset. Flagged: "
        "rejected or reviewed, recall for a scheme and false alarms for a story, with exact intervals over accounts. "
        "These are by the cuts alone, without the rule of the reasons. "
        "AUC: a scheme's accounts against all genuine ones, a story's against all inauthentic ones, with intervals "
        "over cohorts.\n"
    )
    cell = {(each["kind"], each["left_out"], each["trained_with"], each["measure"]): each for each in rows}
    names = list(dict.fromkeys((each["kind"], each["left_out"]) for each in rows if each["kind"] != "reference"))
    body = []
    for kind, name in names:
        entries = [
            cell.get((kind, name, with_it, measure)) for measure in ("auc", "flagged") for with_it in (True, False)
        ]
        accounts = next(each["accounts"] for each in entries if each is not None)
        body.append(
            [kind, _words(name), f"{accounts:,}", *("-" if each is None else _between(each) for each in entries)]
        )
    head = ["", "left out", "accounts", "AUC with it", "AUC without", "flagged with it", "flagged without"]
    return [text, *table(head, body)]


def _batches(rows: list[Entry]) -> list[str]:
    body = [
        [
            f"{each['batch_accounts']:,}",
            str(each["batches"]),
            f"{_number(each['auc'])} ({_number(each['auc_lowest'])} to {_number(each['auc_highest'])})",
            _share(each["recall_flagged"]),
            _share(each["recall_rejected"]),
            _share(each["genuine_flagged"]),
            _share(each["genuine_rejected"]),
        ]
        for each in rows
    ]
    head = ["accounts", "batches", "AUC (range)", "flagged", "rejected", "genuine flagged", "genuine rejected"]
    return table(head, body)


def _curve(rows: list[Entry]) -> list[str]:
    body = [
        [
            _words(each["curve"]),
            f"{each['cohorts']:,}",
            f"{each['accounts']:,.0f}",
            f"{_number(each['auc'])} ({_number(each['auc_lowest'])} to {_number(each['auc_highest'])})",
        ]
        for each in rows
    ]
    return [*_won(rows), *table(["curve", "cohorts", "accounts", "AUC (range over draws)"], body)]


def _won(rows: list[Entry]) -> list[str]:
    """What the last step of the accounts' curve won, per doubling: what a larger run can hope for."""
    points = [each for each in rows if each["curve"] == "accounts_of_all_cohorts" and each["auc"] is not None]
    if len(points) < 2:  # noqa: PLR2004 -- a step has two ends
        return []
    before, last = points[-2:]
    doublings = math.log2(last["accounts"] / before["accounts"])
    won = (last["auc"] - before["auc"]) / max(doublings, 1e-9)
    text = (
        f"The last step, from {before['accounts']:,.0f} to {last['accounts']:,.0f} accounts, won {won:+.3f} AUC per "
        "doubling. The default's size is what a run of some minutes holds, not where more stops helping: raise "
        "`simulate.cohorts` for a larger run, which takes time in proportion.\n"
    )
    return [text]


def _half_doses(rows: list[Entry]) -> list[str]:
    body = [[_words(each["scheme"]), each["decision"], f"{each['accounts']:,}", each["in_words"]] for each in rows]
    return table(["scheme alone", "decision", "accounts", "half are seen"], body)


def _robustness(found: Entry) -> list[str]:
    """What each strength of each perturbation costs."""
    recorded = found["as_recorded"]
    text = (
        f"{recorded['accounts']:,} accounts ({recorded['inauthentic']:,} inauthentic) of {found['cohorts']} fresh "
        "cohorts, scored by the model in use as recorded and otherwise; nothing is trained anew. AUC, recall and "
        "calibration error over those with a verdict both times; AUC lost: as recorded less otherwise, on the same "
        "accounts. Changed: any other verdict; swapped: from pass to reject or back; log-odds: mean absolute "
        f"difference. {found['confidence']:.0%} intervals over cohorts (where nobody is rejected, the upper end is "
        "exact over accounts).\n"
    )
    head = [
        "recorded",
        "strength",
        "AUC",
        "AUC lost",
        "recall at 1 % false positives",
        "calibration error",
        "genuine rejected",
        "genuine passed",
        "inauthentic rejected",
        "no verdict",
        "changed",
        "swapped",
        "log-odds",
    ]
    rows = [
        [
            found["curves"][row["curve"]]["title"] if "curve" in row else "as recorded",
            _strength(row["strength"], found["curves"][row["curve"]]["unit"]) if "curve" in row else "-",
            _number(row["models"][OTHERWISE]["auc"]["value"]),
            _between(row["auc_lost"]) if "curve" in row else "-",
            _between(row["models"][OTHERWISE]["recall_at_1_percent_false_positives"]),
            _between(row["models"][OTHERWISE]["expected_calibration_error"]),
            _shares(row["genuine_rejected"]),
            *(_share(row[name]["value"]) for name in ("genuine_passed", "inauthentic_rejected", "no_verdict")),
            _share(row["verdict_changed"]["value"]),
            _shares(row["swapped"]),
            _number(row["log_odds_moved"]["value"]),
        ]
        for row in [recorded, *found["rows"]]
    ]
    return [text, *_meanings(found), "", *table(head, rows)]


def _later(found: Entry) -> list[str]:
    """The same accounts so many days earlier and at the end: which verdicts change, and how."""
    text = (
        "The same accounts scored as if collected so many days before the end, and at the end: correlation of the "
        "log-odds, and how verdicts change. More data comes in between, so an account without a verdict may get one. "
        "Passed, then rejected: of those that passed.\n"
    )
    head = ["days", "correlation", "log-odds", "changed", "swapped", "genuine: passed, then rejected"]
    rows = [
        [
            f"{row['strength']:g}",
            _number(row["correlation"]),
            _number(row["log_odds_moved"]["value"]),
            _shares(row["verdict_changed"]),
            _shares(row["swapped"]),
            _shares(row["genuine_pass_to_reject"]),
        ]
        for row in found["later"]
    ]
    week = found["later"][0]
    changes = [
        [
            "inauthentic" if each["is_inauthentic"] else "genuine",
            _words(each["before"]),
            _words(each["after"]),
            f"{each['accounts']:,}",
        ]
        for each in week["transitions"]
    ]
    between = f"\nVerdicts of {week['accounts']:,} accounts {week['strength']:g} days apart:\n"
    return [text, *table(head, rows), between, *table(["", "before", "after", "accounts"], changes)]


def _mixes(found: Entry) -> list[str]:
    """Calibration where the inauthentic cheat in other ways, and are more or fewer."""
    text = (
        "Fresh accounts with a verdict, weighted so that the inauthentic are of another mix and make up another share; "
        "probabilities carried over to that share by the contract's formula. A calibration holds for the mix that it "
        "was fitted on: this is reported, not promised. Mean probability: below the share, the mix is harder to see "
        "than the simulated one, and too little is said of it.\n"
    )
    head = [
        "mix of schemes",
        "accounts",
        "share inauthentic",
        "calibration error",
        "mean probability",
        "of inauthentic",
    ]
    rows = [
        [
            _words(each["mix"]),
            f"{each['accounts']:,}",
            f"{each['prevalence']:.0%}",
            _between(each, "expected_calibration_error"),
            _number(each["mean_predicted"]),
            _number(each["mean_predicted_inauthentic"]),
        ]
        for each in found["mixes"]
    ]
    return [text, *table(head, rows)]


def _rival(found: Entry) -> list[str]:
    """What it costs to get an honest creator refused, by size, with and without the rule, and by what."""
    largest = found["budgets"][-1]
    text = (
        f"What a rival can order for somebody else's account, searched (single orders, greedily, at random; "
        f"{found['plans']:,} plans) for the cheapest that ends in a reject, on honest fresh accounts that were passed "
        f"or reviewed. As they are, {found['honest_rejected']:,} of {found['honest']:,} honest fresh accounts are "
        f"rejected. Shares of the accounts, {found['confidence']:.0%} interval over cohorts; a cleverer rival may need "
        f"less. `without the rule` of [decision 25](decisions/0025-no-reject-for-one-month.md) and `within a month` "
        "the rival orders within the last month; `over months` it may order the same again, weeks apart, having "
        "planned three months ahead.\n"
    )
    head = ["rival", "followers", "accounts", *(f"rejected for ${each:g}" for each in found["budgets"])]
    head += ["median dollars", f"rejected or reviewed for ${largest:g}"]
    rows = [
        [
            scenario,
            row["size"],
            f"{row['accounts']:,}",
            *(_shares(each) for each in row["rejected"]),
            "-" if row["median_dollars"] is None else f"{row['median_dollars']:.0f}",
            _shares(row["flagged"][-1]),
        ]
        for scenario in RIVALS
        for row in found["scenarios"][scenario]
    ]
    by_what = [
        f"- {scenario}: "
        + (", ".join(f"{title} {count:,}" for title, count in everybody["first_move"].items()) or "nothing found")
        for scenario in RIVALS
        for everybody in [next(row for row in found["scenarios"][scenario] if row["size"] == "all")]
    ]
    prices = [[each["title"], each["unit"], f"{1000 * each['price']:.2f}", each["meaning"]] for each in found["moves"]]
    return [
        text,
        *table(head, rows),
        "\nWhat most of the money of the cheapest plans buys, in accounts:\n",
        *by_what,
        "\nWhat can be ordered. Dollars are medians of sellers' offers for Instagram, 2021:\n",
        *table(["order", "unit", "dollars a thousand", "what comes"], prices),
    ]


RIVALS = ("without the rule", "within a month", "over months")
"""What a rival may do, in the order of the page."""


def _meanings(found: Entry) -> Iterator[str]:
    """What each perturbation of the table does, a line each."""
    for name in dict.fromkeys(row["curve"] for row in found["rows"]):
        yield f"- {found['curves'][name]['title']}: {found['curves'][name]['meaning']}"


def _strength(strength: float, unit: str) -> str:
    return f"{strength:.3g}" if unit != "share" else f"{100 * strength:.3g} %"


def _shares(row: Entry) -> str:
    if row["value"] is None:
        return "-"
    return f"{_share(row['value'])} ({_share(row['lower'])} to {_share(row['upper'])})"


def _evasion(found: Entry) -> list[str]:
    searched = next(iter(found["allowed"].values()))[0]
    text = (
        f"{searched['accounts']:,} inauthentic accounts of {searched['cohorts']} fresh cohorts that the model rejects "
        "(without the rule of [decision 25](decisions/0025-no-reject-for-one-month.md), which reviews many of them), "
        f"each changed by a search over what its owner could do ({found['plans']:,} plans scored: every move alone, "
        "then greedy steps and plans at random at each budget): the share that got to `pass`, for at most so many "
        f"dollars besides what was bought, with {found['confidence']:.0%} intervals over cohorts. The search needs "
        "nothing but verdicts and probabilities; a cleverer one may need less, and there are other moves. "
        "Prices are in the table below, most of them assumed. Getting to no verdict is not counted as a pass. "
        "Where nobody got there, the costs are higher than the largest budget. `any` holds as many of each scheme.\n"
    )
    lines = [text]
    for name, rows in found["allowed"].items():
        lines += [f"\n### Allowed: {name}\n", *_evaded(rows, found)]
    lines += ["\n### What could be done\n", *_moves(found["moves"])]
    return lines


def _evaded(rows: list[Entry], found: Entry) -> list[str]:
    """One table: by scheme, the share that passes within each budget."""
    budgets = [f"{budget:,.0f} $" for budget in (0, *found["budgets"])]
    body = [
        [
            _words(row["scheme"]),
            str(row["accounts"]),
            *(
                _shares(row["passed"][0]) if place == 0 else _share(step["value"])
                for place, step in enumerate(row["passed"])
            ),
            _dollars(row["median_dollars"]),
            _share(row["left_reject"][-1]["value"]),
            _share(row["no_verdict"]["value"]),
            ", ".join(f"{found['moves'][each['move']]['title']} ({_share(each['share'])})" for each in row["moves"]),
        ]
        for row in rows
    ]
    head = [
        "scheme",
        "accounts",
        *budgets,
        "median",
        "pass or review at most",
        "no verdict, never a pass",
        "cheapest plans hold",
    ]
    return table(head, body)


def _dollars(found: Entry) -> str:
    """The median cost with its interval; endless ends are named."""
    value, lower, upper = (
        "over the largest budget" if found[end] is None else f"{found[end]:,.0f} $"
        for end in ("value", "lower", "upper")
    )
    return value if value == lower == upper else f"{value} ({lower} to {upper})"


def _moves(moves: dict[str, Entry]) -> list[str]:
    """What each move is, what it costs, and what else it takes."""
    body = [
        [
            each["title"],
            each["kind"],
            each["unit"]
            if each["price"] == 0
            else f"{each['price']:.2g} $ for one of the {each['unit']}; {each['source']}",
            each["burden"],
            each["meaning"],
        ]
        for each in moves.values()
    ]
    return table(["move", "kind", "measured in; price", "takes besides", "what is done"], body)
