"""Opens the repositories of records, and those of people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from archive.ports import People
from archive.repositories import Records
from storage.engine import Queries
from storage.repositories import history
from storage.repositories.accounts import EngineAccounts
from storage.repositories.announcements import EngineAnnouncements
from storage.repositories.api_tokens import EngineApiTokens
from storage.repositories.attachments import EngineAttachments
from storage.repositories.changes import EngineChanges
from storage.repositories.collections import EngineCollections
from storage.repositories.disclosure import EngineDisclosure
from storage.repositories.erasures import EngineErasures
from storage.repositories.file_versions import EngineFileVersions
from storage.repositories.history import EngineHistory
from storage.repositories.incidents import EngineIncidents
from storage.repositories.pages import EnginePages
from storage.repositories.relations import EngineRelations
from storage.repositories.reports import EngineReports
from storage.repositories.second_factors import EngineSecondFactors
from storage.repositories.sign_ins import EngineSignIns
from storage.repositories.site_profiles import EngineSiteProfiles
from storage.repositories.subscriptions import EngineSubscriptions
from storage.repositories.usage_statistics import EngineUsageStatistics
from storage.repositories.worklist import EngineWorklist


def open_records(engine: Queries) -> Records:
    """Return the repositories of the whole installation, or of one organisation (``OrganisationQueries``)."""
    return Records(
        announcements=EngineAnnouncements(engine),
        history=EngineHistory(engine),
        changes=EngineChanges(engine),
        attachments=EngineAttachments(engine),
        pages=EnginePages(engine),
        collections=EngineCollections(engine),
        usage_statistics=EngineUsageStatistics(engine),
        file_versions=EngineFileVersions(engine),
        disclosure=EngineDisclosure(engine),
        erasures=EngineErasures(engine),
        relations=EngineRelations(engine),
        worklist=EngineWorklist(engine),
        reports=EngineReports(engine),
        site_profiles=EngineSiteProfiles(engine),
        subscriptions=EngineSubscriptions(engine),
        incidents=EngineIncidents(engine),
        batch=partial(_batch, engine),
    )


def open_people(engine: Queries) -> People:
    """Return the repositories of all people, or of one organisation's (``OrganisationQueries``)."""
    return People(
        accounts=EngineAccounts(engine),
        tokens=EngineApiTokens(engine),
        sign_ins=EngineSignIns(engine),
        second_factors=EngineSecondFactors(engine),
    )


@contextmanager
def _batch(engine: Queries, bulk: str = "") -> Iterator[None]:
    with engine.write(), history.bulk_change(bulk or history.bulk_name()):
        yield
