"""What `promote` decided, as a run of its own, and on the versions that it concerns."""

from __future__ import annotations

from mlflow.entities.model_registry import ModelVersion

from pipeline.errors import UnusableInputError
from pipeline.tracking.entries import CONTENT_TAG, NOTE, log_values, run_link, runs_of
from pipeline.tracking.records import LoggedDecision
from pipeline.tracking.registry import CHAMPION, DECISION_TAG, say_who_is_champion
from pipeline.tracking.store import connected, experiment_of

COHORTS_TAG = "cohorts_sha256"
"""Tag of a decision's run: on which frozen cohorts it was taken."""


def decisions_so_far(experiment: str, cohorts_sha256: str) -> int:
    """How many candidates these frozen cohorts have judged: each further look makes a lucky winner likelier.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with connected(create=False) as client:
        return sum(run.data.tags.get(COHORTS_TAG) == cohorts_sha256 for run in runs_of(client, experiment))


def log_decision(decision: LoggedDecision, experiment: str, registered_model: str) -> None:
    """Log a decision as a run of its own, mark both versions, and move the alias where the candidate earned it.

    Raises:
        UnusableInputError: the champion was replaced meanwhile; or the store cannot be reached or used.
    """
    with connected(create=False) as client:
        now = client.get_model_version_by_alias(registered_model, CHAMPION)
        if str(now.version) not in decision.champion.versions:
            raise UnusableInputError(
                [f"promote: version {now.version} became the champion meanwhile. Run the command again."]
            )
        record = decision.record
        tags = {**record.tags, CONTENT_TAG: record.content_sha256, NOTE: record.note}
        run = client.create_run(experiment_of(client, experiment).experiment_id, run_name=record.name, tags=tags)
        log_values(client, run, record)
        # The alias first: a description without it would say what is not so.
        candidate = decision.candidate.versions[0]
        if decision.is_promoted:
            client.set_registered_model_alias(registered_model, CHAMPION, candidate)
        for version, (tag, text) in _said_of_versions(decision, now).items():
            client.set_model_version_tag(registered_model, version, DECISION_TAG, tag)
            client.set_model_version_tag(registered_model, version, "decision_run", run.info.run_id)
            client.update_model_version(registered_model, version, f"{text} [Decision]({run_link(run)})")
        client.set_terminated(run.info.run_id, status="FINISHED")
        say_who_is_champion(client, runs_of(client, experiment), registered_model)


def _said_of_versions(decision: LoggedDecision, champion: ModelVersion) -> dict[str, tuple[str, str]]:
    """Tag and description of the two versions after a decision."""
    new, old, why = decision.candidate.versions[0], str(champion.version), decision.why
    if decision.is_promoted:
        return {
            new: (f"promoted over version {old}", f"Promoted over version {old}: {why}."),
            old: (f"replaced by version {new}", f"Replaced by version {new}: {why}."),
        }
    # How it became champion stays; of those it was kept against, the last one is named.
    origin = str(champion.description or "").partition(" Kept against version")[0]
    return {
        new: (f"not promoted over version {old}", f"Not promoted over version {old}: {why}."),
        old: (f"kept against version {new}", f"{origin} Kept against version {new}: {why}.".strip()),
    }
