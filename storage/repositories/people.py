"""The repositories of people on one engine."""

from __future__ import annotations

from archive.ports import People
from storage.engine import Queries
from storage.repositories.accounts import EngineAccounts
from storage.repositories.api_tokens import EngineApiTokens
from storage.repositories.second_factors import EngineSecondFactors
from storage.repositories.sign_ins import EngineSignIns


def open_people(engine: Queries) -> People:
    """Return the repositories of all people, or of one organisation's (``OrganisationQueries``)."""
    return People(
        accounts=EngineAccounts(engine),
        tokens=EngineApiTokens(engine),
        sign_ins=EngineSignIns(engine),
        second_factors=EngineSecondFactors(engine),
    )
