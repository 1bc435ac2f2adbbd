"""Audit stage `summary`: every limit beside what was measured, and the figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.figure import Figure
from pydantic import Field

from audits import figures
from audits.gallery import choose_examples, gallery
from features.tables import Tables
from pipeline import layout
from pipeline.dataset import bucket_ids, read_bucket, read_labels
from pipeline.evaluate import save_figures
from pipeline.measure import MODEL_NAME
from pipeline.params import Section, read_section
from pipeline.storage import read_json, write_json

EXAMPLE_BUCKETS = 8
"""Buckets of the fresh cohorts that the gallery is chosen from."""


class AuditSummaryParams(Section):
    """Section `audit_summary` of params.yaml: the limits."""

    nuisance_auc: float = Field(ge=0.5, le=1)
    single_rule_auc: float = Field(ge=0.5, le=1)
    tree_auc: float = Field(ge=0.5, le=1)
    model_auc: float = Field(ge=0.5, le=1)
    model_auc_goal: float = Field(ge=0.5, le=1)
    model_auc_observed_goal: float = Field(ge=0.5, le=1)
    margin_over_tree: float = Field(ge=0, le=0.5)
    realism_inside: float = Field(ge=0, le=1)
    genuine_rejected: float = Field(ge=0, le=1)
    genuine_rejected_perturbed: float = Field(ge=0, le=1)
    genuine_pass_to_reject: float = Field(ge=0, le=1)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    limits = read_section("audit_summary", AuditSummaryParams)
    leakage, realism, generalisation, recall, robustness = map(
        read_json,
        (
            layout.AUDIT_LEAKAGE,
            layout.AUDIT_REALISM,
            layout.AUDIT_GENERALISATION,
            layout.AUDIT_RECALL,
            layout.AUDIT_ROBUSTNESS,
        ),
    )
    report("figures")
    write_json({"limits": held(limits, leakage, realism, recall, robustness)}, layout.AUDIT_SUMMARY)
    shown = pictures(limits, leakage, realism, generalisation, recall)
    shown |= robustness_pictures(robustness)
    shown |= evasion_pictures(read_json(layout.AUDIT_EVASION))
    save_figures(shown | {"gallery": examples(layout.AUDIT_FRESH)}, layout.AUDIT_FIGURES)


def held(
    limits: AuditSummaryParams,
    leakage: dict[str, Any],
    realism: dict[str, Any],
    recall: dict[str, Any],
    robustness: dict[str, Any],
) -> list[dict[str, Any]]:
    """Each limit: what is limited, how, the figure, the limit, and whether it holds; a missing figure does not.

    A goal is a limit that need not be reached yet: it is shown, and fails nothing.
    """
    fresh, triviality = recall["fresh"], leakage["triviality"]
    model = fresh["models"][MODEL_NAME]["auc"]["value"]
    observed = recall["fresh_observed"]["models"][MODEL_NAME]["auc"]["value"]
    tree = triviality["tree"]["auc"]
    # Over rules, on half of the cohorts, or over features, on the same accounts as the model: the better one counts.
    trees = [tree, fresh["models"]["depth_two_tree"]["auc"]["value"]]
    margin = None if model is None or None in trees else model - max(trees)
    genuine = fresh["confusion"]["genuine"]
    rejected = genuine["reject"] / max(sum(genuine.values()), 1)
    perturbed = [row["genuine_rejected"]["value"] for row in robustness["rows"]]
    week = robustness["later"][0]["genuine_pass_to_reject"]["value"]
    return [
        _limit("nuisance", "lower bound of the AUC, at most", leakage["nuisance"]["lower"], limits.nuisance_auc),
        _limit("best simple rule", "AUC, at most", triviality["best"]["auc"], limits.single_rule_auc),
        _limit("depth-2 tree over the simple rules", "AUC, at most", tree, limits.tree_auc),
        _limit("the model on fresh cohorts", "AUC, at least", model, limits.model_auc),
        _limit("the model on fresh cohorts, goal", "AUC, at least", model, limits.model_auc_goal, is_goal=True),
        _limit(
            "the model where all tables are observed, goal",
            "AUC, at least",
            observed,
            limits.model_auc_observed_goal,
            is_goal=True,
        ),
        _limit(
            "lead over the better depth-2 tree, of rules or of features",
            "difference of AUC, at least",
            margin,
            limits.margin_over_tree,
        ),
        _limit("realism", "share of real quantiles inside, at least", realism["inside_share"], limits.realism_inside),
        _limit("genuine fresh accounts rejected", "share, at most", rejected, limits.genuine_rejected),
        _limit(
            "genuine accounts rejected, recorded in the worst other way",
            "share, at most",
            None if None in perturbed else max(perturbed),
            limits.genuine_rejected_perturbed,
        ),
        _limit(
            "genuine accounts that passed, rejected a week later", "share, at most", week, limits.genuine_pass_to_reject
        ),
    ]


def _limit(name: str, rule: str, value: float | None, limit: float, *, is_goal: bool = False) -> dict[str, Any]:
    above = rule.endswith("at least")
    holds = value is not None and (value >= limit if above else value <= limit)
    return {
        "name": name,
        "rule": rule,
        "value": None if value is None else round(value, 4),
        "limit": limit,
        "is_goal": is_goal,
        "holds": holds,
    }


def pictures(
    limits: AuditSummaryParams,
    leakage: dict[str, Any],
    realism: dict[str, Any],
    generalisation: dict[str, Any],
    recall: dict[str, Any],
) -> dict[str, Any]:
    """Every figure of the audit by name."""
    fresh = f"{leakage['nuisance']['accounts']:,} accounts of {leakage['nuisance']['cohorts']} fresh cohorts"
    test = "test cohorts of the training dataset"
    return {
        "nuisance": figures.nuisance(leakage["nuisance"], limit=limits.nuisance_auc, split=fresh),
        "rules": figures.rules(
            leakage["triviality"], single_limit=limits.single_rule_auc, tree_limit=limits.tree_auc, split=fresh
        ),
        **{
            f"realism_{group}": figures.realism(rows, split=f"{realism['cohorts']} cohorts per design")
            for (group,), rows in pl.DataFrame(realism["table"], infer_schema_length=None).group_by(
                "group", maintain_order=True
            )
        },
        "leave_one_out": figures.leave_one_out(generalisation["leave_one_out"], measure="auc", split=test),
        "leave_one_out_flagged": figures.leave_one_out(generalisation["leave_one_out"], measure="flagged", split=test),
        "learning_curve": figures.learning_curve(generalisation["learning_curve"], split=test),
        "dose_response": figures.dose_response(recall["dose"], split="fresh cohorts of every size"),
        "batches": figures.batches(recall["batches"], split="fresh cohorts"),
    }


def robustness_pictures(robustness: dict[str, Any]) -> dict[str, Any]:
    """What verdicts and ranking are worth on the same accounts recorded otherwise, and other mixes' calibration."""
    recorded = robustness["as_recorded"]
    split = f"{recorded['accounts']:,} accounts of {robustness['cohorts']} fresh cohorts"
    curves = robustness["curves"]
    return {
        "robustness": figures.robustness(recorded, robustness["rows"], curves, split=split),
        "robustness_verdicts": figures.robustness_verdicts(recorded, robustness["rows"], curves, split=split),
    }


def evasion_pictures(evasion: dict[str, Any]) -> dict[str, Any]:
    """What it costs to turn a reject into a pass."""
    searched = next(iter(evasion["allowed"].values()))[0]
    split = (
        f"{searched['accounts']:,} rejected accounts of {searched['cohorts']} fresh cohorts, {evasion['plans']:,} plans"
    )
    return {"evasion": figures.evasion(evasion["allowed"], split=split)}


def examples(prepared: Path) -> Figure:
    """One account per scheme and story, out of a few buckets: enough to hold one of each."""
    parts = [read_bucket(prepared, bucket) for bucket in bucket_ids(prepared)[:EXAMPLE_BUCKETS]]
    tables = Tables(
        **{name: pl.concat([getattr(part, name) for part in parts]) for name in Tables.__dataclass_fields__}
    )
    labels = read_labels(prepared).join(tables.accounts, on="account_id", how="semi")
    return gallery(tables, choose_examples(tables, labels), split="fresh cohorts")
