"""What the audit's two searches, of evasion and of a rival, are told by params.yaml."""

from __future__ import annotations

from pydantic import Field

from audits.adversary.search import Searching
from pipeline.params import Section


class SearchParams(Section):
    """What sections `audit_evasion` and `audit_rival` share; see params.yaml for each key."""

    budgets: tuple[float, ...]
    rounds: int = Field(ge=1)
    proposals: int = Field(ge=1)
    random_plans: int = Field(ge=0)
    refinements: int = Field(ge=0)
    batch: int = Field(ge=1)
    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    jobs: int = Field(ge=1)

    def searching(self, goal: str, towards: int) -> Searching:
        """How to search for the cheapest plan that ends in the verdict `goal`; `towards` 1 raises the probability."""
        return Searching(
            goal=(goal,),
            towards=towards,
            budgets=self.budgets,
            rounds=self.rounds,
            proposals=self.proposals,
            random_plans=self.random_plans,
            refinements=self.refinements,
            batch=self.batch,
            seed=self.seed,
        )
