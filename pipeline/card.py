"""docs/model-card.md: what the model is for, what it was measured on and where it fails, from `reports/` alone.

What is said of the model's worth is said by a function that reads a report, names included: a sentence cannot outlive
the figure behind it. The fixed text defines terms and holds no figure but the definitions' (`DEFINED`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline import layout
from pipeline.audit.page import table
from pipeline.plain import markdown
from pipeline.results import headline, worth_table
from pipeline.storage import read_json

Entry = dict[str, Any]

DEFINED = ("10 %", "5 to 20 %")
"""Figures of the fixed text: the label's border (the data contract), and fakes nobody bought (FACTS, Growth)."""

MOST_NAMED = 3
"""Stories named in a sentence."""

FEWEST_OF_A_SEGMENT = 300
"""Accounts from which a part of the test cohorts may be called the worst: of fewer, chance picks it (assumed)."""

USE = """\
## What it is for

To say, before a brand pays, how far an account's follower curve, engagement and comments show signals consistent with
bought or traded ones, with evidence a person can check. A verdict is `pass`, `review`, `reject` or
`insufficient_data`; a person decides, and the account can contest it: the reasons name the rows that they rest on. It
is not for public accusations, for hiring or credit, nor for saying that somebody committed fraud.

## What it learned from

Simulated cohorts alone, unless labels of your own were added ([cohort](cohort.md)): nobody has public labels for
accounts with growth, posts and comments together. Inauthentic means that at least 10 % of the present followers, or of
the engagement on the posts supplied, were bought or traded. Honest audiences hold 5 to 20 % fake followers that nobody
bought: that is not the label. Every figure below is of simulated accounts: it says how models compare, not how often a
real account is judged rightly. What two folders of real accounts got stands in [real accounts](real.md).
"""


def card_page() -> str:
    """The page."""
    metrics, segments = read_json(layout.METRICS), read_json(layout.SEGMENTS)
    generalisation, recall = read_json(layout.AUDIT_GENERALISATION), read_json(layout.AUDIT_RECALL)
    robustness, evasion = read_json(layout.AUDIT_ROBUSTNESS), read_json(layout.AUDIT_EVASION)
    rival = read_json(layout.AUDIT_RIVAL)
    parts = [
        _facts(read_json(layout.TRAINING_REPORT)),
        USE,
        "## How good it is\n",
        headline(),
        "## What a verdict is worth\n",
        *worth_table(metrics),
        "\n## A scheme that training never met\n",
        *_held_out(generalisation["leave_one_out"], generalisation["confidence"]),
        "\n## From which dose on\n",
        *_half_doses(recall["dose"]),
        "\n## What it takes to get past it\n",
        *_evasion(evasion),
        "\n## How cheaply a rival gets an honest creator refused\n",
        _rival(rival),
        "\n## What it cannot see, and where it fails\n",
        *(f"- {sentence}" for sentence in failures(metrics, segments, generalisation, robustness)),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def failures(metrics: Entry, segments: Entry, generalisation: Entry, robustness: Entry) -> list[str]:
    """What it cannot see: a sentence each, with the report's own names and numbers; none where it tells nothing."""
    found = [
        _hardest_scheme(segments["scheme"]),
        _small_doses(segments["dose"]),
        _unmet_schemes(generalisation["leave_one_out"]),
        _suspected_stories(segments["benign_story"]),
        _worst_part(segments),
        _silence(metrics["confusion"]),
        _calibration(metrics["calibration"]),
        _other_mixes(robustness["mixes"]),
        _other_records(robustness),
    ]
    return [sentence for sentence in found if sentence]


def _facts(training: Entry) -> str:
    cohorts = training["cohorts"]
    return (
        f"Version `{training['model_version']}`, feature catalogue `{training['catalog_hash']}`. LightGBM, "
        f"calibrated on cohorts of their own. {training['accounts']:,} labelled accounts in {sum(cohorts.values())} "
        f"cohorts: {cohorts['fit']} fitted, {cohorts['tune']} stopped the fitting, {cohorts['calibrate']} calibrated, "
        f"{cohorts['test']} tested. Passes below a probability of {training['pass_below']:.2f}, rejects above "
        f"{training['reject_above']:.2f} and a log-likelihood ratio of {training['reject_above_evidence']:.2f}, "
        "where the reasons add up ([decision 16](decisions/0016-no-reject-without-reasons.md)) and the reject stands "
        "without what could have been ordered within a month ([decision "
        "25](decisions/0025-no-reject-for-one-month.md)).\n"
    )


def _held_out(rows: Sequence[Entry], confidence: float) -> list[str]:
    text = (
        "A lighter fit of the same kind, trained without one scheme and the mixes that contain it, on the accounts of "
        "that scheme in the test cohorts, beside the same fit trained with it. AUC against all genuine accounts, "
        f"{confidence:.0%} interval over cohorts; rejected and flagged (rejected or reviewed) with exact "
        "intervals. Rejected is told by the cuts alone, without the rules of the reasons and of the busiest month "
        "(decisions 16 and 25), so it lies far above what the model's own verdicts reject:\n"
    )
    cell = {
        (each["left_out"], each["trained_with"], each["measure"]): each for each in rows if each["kind"] == "scheme"
    }
    names = list(dict.fromkeys(name for name, _, _ in cell))
    body = [
        [
            _words(name),
            f"{cell[name, False, 'auc']['accounts']:,}",
            *(
                _between(cell[name, with_it, measure])
                for measure in ("auc", "rejected", "flagged")
                for with_it in (True, False)
            ),
        ]
        for name in names
    ]
    columns = [f"{what} {how} it" for what in ("AUC", "rejected", "flagged") for how in ("with", "without")]
    return [text, *table(["scheme", "accounts", *columns], body)]


def _half_doses(found: Entry) -> list[str]:
    text = (
        "The dose is the bought share of followers or of engagement, the larger one. Below the dose named here, fewer "
        "than half of the accounts that did nothing else are seen, on fresh simulated cohorts, by a logistic curve in "
        "the logarithm of the dose; `any` includes mixes:\n"
    )
    rows = [
        [_words(each["scheme"]), each["decision"], f"{each['accounts']:,}", each["in_words"]]
        for each in found["half_doses"]
    ]
    return [text, *table(["scheme alone", "decision", "accounts", "half are seen"], rows)]


def _evasion(found: Entry) -> list[str]:
    """What a pass costs whoever bought, by scheme and by what is allowed."""
    text = (
        "Accounts of fresh simulated cohorts that are rejected, or would be but for [decision "
        "25](decisions/0025-no-reject-for-one-month.md), changed by a search over what their owners could do and would "
        f"have to pay for ({found['plans']:,} plans scored): share that got to a pass without money, within the "
        f"largest budget, and the median cost, {found['confidence']:.0%} intervals over cohorts. It is what the moves "
        "of the [audit](audit.md) cost at its prices, most of them assumed: another adversary may know more. What was "
        "bought is disguised; or also removed again, after which what is left may be honest; or tables are kept back, "
        "which whoever collects the data need not fear and whoever is handed it must look at:\n"
    )
    most = max(found["budgets"])
    head = [
        "allowed",
        "scheme",
        "accounts",
        "without money",
        f"for {most:,.0f} $",
        "median",
        "cheapest plans hold most",
    ]
    body = [
        [
            name,
            _words(row["scheme"]),
            f"{row['accounts']:,}",
            _percent(row["passed"][0]),
            _percent(row["passed"][-1]),
            "over the largest budget"
            if row["median_dollars"]["value"] is None
            else f"{row['median_dollars']['value']:,.0f} $",
            found["moves"][row["moves"][0]["move"]]["title"] if row["moves"] else "-",
        ]
        for name, rows in found["allowed"].items()
        for row in rows
    ]
    return [text, *table(head, body)]


def _percent(row: Entry) -> str:
    if row["value"] is None:
        return "-"
    return f"{row['value']:.0%} ({row['lower']:.0%} to {row['upper']:.0%})"


def _rival(found: Entry) -> str:
    """What bots sent to an honest creator bring about, in sentences."""
    within = {
        name: next(row for row in rows if row["size"] == "all")["rejected"] for name, rows in found["scenarios"].items()
    }
    middle = len(found["budgets"]) // 2
    budget = found["budgets"][middle]

    def told(scenario: str) -> str:
        return _between(within[scenario][middle])

    return (
        f"An adversary who buys followers, likes, views or comments for an account that bought nothing gets this share "
        f"of honest simulated accounts rejected for ${budget:g}: {told('within a month')} with orders within the last "
        f"month, {told('over months')} where the same may be ordered again weeks apart. Without the rule that a reject "
        f"must stand without the busiest month it would be {told('without the rule')}. Most are reviewed then, which "
        "is what the rule intends: the creator has to be asked. It does not cover a rival who keeps it up for months, "
        "one who knows more than the search, or a break-in into the account. By size and budget: [audit](audit.md).\n"
    )


def _hardest_scheme(rows: Sequence[Entry]) -> str | None:
    known = sorted((row for row in rows if row["flagged_share"] is not None), key=lambda row: row["flagged_share"])
    if not known:
        return None
    least, most = known[0], known[-1]
    return (
        f"Seen least is {_words(least['scheme'])}: {_share(least, 'flagged')} of its accounts, alone or beside other "
        f"schemes, are rejected or reviewed. Seen most is {_words(most['scheme'])}: {_share(most, 'flagged')}."
    )


def _small_doses(rows: Sequence[Entry]) -> str | None:
    known = [row for row in rows if row["scheme"] == "any" and row["flagged_share"] is not None]
    if not known:
        return None
    return (
        "Rejected or reviewed by dose: "
        + "; ".join(
            f"{row['dose_from']:.0%} to {row['dose_to']:.0%}: {_share(row, 'flagged')}" for row in (known[0], known[-1])
        )
        + ". Doses below the label's border are no part of any other figure."
    )


def _unmet_schemes(rows: Sequence[Entry]) -> str | None:
    mean = {}
    for with_it in (True, False):
        wanted = ("scheme", "rejected", with_it)
        values = [row["value"] for row in rows if (row["kind"], row["measure"], row["trained_with"]) == wanted]
        if not values:
            return None
        mean[with_it] = sum(values) / len(values)
    return (
        f"Of a scheme that training never met, {mean[False]:.1%} of the accounts are rejected; by a fit that met it, "
        f"{mean[True]:.1%} (means over the schemes above). Schemes that nobody simulated were not measured at all."
    )


def _suspected_stories(rows: Sequence[Entry]) -> str | None:
    told = [row for row in rows if row["story"] is not None and row["review_share"] is not None]
    if not told:
        return None
    reviewed = sorted(told, key=lambda row: -row["review_share"])[:MOST_NAMED]
    rejected = max(told, key=lambda row: row["reject_share"])
    named = ", ".join(f"{_words(row['story'])} {_share(row, 'review')}" for row in reviewed)
    return (
        f"Honest accounts with these stories are sent to review most: {named}. Rejected most: "
        f"{_words(rejected['story'])}, {_share(rejected, 'reject')} of {rejected['accounts']:,}."
    )


def _worst_part(segments: Entry) -> str | None:
    parts = [
        (row["auc"], title, row)
        for name, title in (("size_tier", "size"), ("platform", "platform"), ("tables_observed", "tables observed"))
        for row in segments[name]
        if row["auc"] is not None and row["accounts"] >= FEWEST_OF_A_SEGMENT
    ]
    if not parts:
        return None
    auc, title, row = min(parts, key=lambda part: part[0])
    return (
        f"The part of the test cohorts that it ranks worst, by size, platform and tables observed: {title} "
        f"{_words(row['segment'] or 'none')} ({row['accounts']:,} accounts), AUC {auc:.3f} ({row['auc_lower']:.3f} to "
        f"{row['auc_upper']:.3f})."
    )


def _silence(confusion: Entry) -> str:
    told = ", ".join(
        f"{verdicts['insufficient_data'] / max(sum(verdicts.values()), 1):.1%} of the {kind}"
        for kind, verdicts in confusion.items()
    )
    return f"It gives no verdict on {told} accounts: too little was observed, or nothing like them was trained on."


def _calibration(found: Entry) -> str | None:
    error, cohorts = found["expected_calibration_error"], found["cohorts"]
    if error["value"] is None or cohorts is None:
        return None
    return (
        f"Over all test cohorts a probability is off by {_between(error)}; in a single cohort by "
        f"{cohorts['mean_absolute_difference']:.3f} on average, of which {cohorts['of_it_noise']:.3f} is chance. "
        "A batch of yours is one cohort."
    )


def _other_mixes(rows: Sequence[Entry]) -> str | None:
    """The mix of schemes under which the probabilities are farthest off."""
    told = [row for row in rows if row["expected_calibration_error"] is not None]
    if not told:
        return None
    worst = max(told, key=lambda row: row["expected_calibration_error"])
    return (
        f"Were all cheating {_words(worst['mix'])}, and {worst['prevalence']:.0%} of the accounts inauthentic, a "
        f"probability would be off by {_between(worst, 'expected_calibration_error')}."
    )


def _other_records(robustness: Entry) -> str | None:
    """The perturbations that cost most: in ranking, and in honest accounts rejected."""
    rows, curves = robustness["rows"], robustness["curves"]
    told = [
        row for row in rows if row["auc_lost"]["value"] is not None and row["genuine_rejected"]["value"] is not None
    ]
    if not told:
        return None
    lost = max(told, key=lambda row: row["auc_lost"]["value"])
    refused = max(told, key=lambda row: row["genuine_rejected"]["value"])
    return (
        f"The same accounts recorded otherwise: most AUC is lost by {_recorded(lost, curves)}, "
        f"{_between(lost['auc_lost'])}; most genuine accounts are rejected under {_recorded(refused, curves)}, "
        f"{_between(refused['genuine_rejected'])}."
    )


def _recorded(row: Entry, curves: Entry) -> str:
    curve = curves[row["curve"]]
    strength = f"{100 * row['strength']:.3g} %" if curve["unit"] == "share" else f"{row['strength']:.3g}"
    return f"{curve['title']} ({strength})"


def _share(row: Entry, prefix: str) -> str:
    return f"{row[f'{prefix}_share']:.0%} ({row[f'{prefix}_lower']:.0%} to {row[f'{prefix}_upper']:.0%})"


def _between(row: Entry, name: str = "value") -> str:
    return f"{row[name]:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


def _words(name: str) -> str:
    return markdown(name.replace("_", " "))
