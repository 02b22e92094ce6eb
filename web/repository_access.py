"""Gives each repository of the records a short name, so that callers write ``services().pages``."""

from __future__ import annotations

from archive.disclosure import Disclosure
from archive.reports import Reports
from archive.repositories import (
    Announcements,
    Attachments,
    Collections,
    Figures,
    FileVersions,
    History,
    Incidents,
    Pages,
    Records,
    Relations,
)
from archive.site_profile import SiteProfiles
from archive.subscriptions import Subscriptions
from archive.worklist import Worklist


class RepositoryAccess:
    """Base of ``web.bootstrap.Services``, which has ``records``."""

    __slots__ = ()

    records: Records

    @property
    def announcements(self) -> Announcements:
        return self.records.announcements

    @property
    def history(self) -> History:
        return self.records.history

    @property
    def attachments(self) -> Attachments:
        return self.records.attachments

    @property
    def pages(self) -> Pages:
        return self.records.pages

    @property
    def collections(self) -> Collections:
        return self.records.collections

    @property
    def disclosure(self) -> Disclosure:
        return self.records.disclosure

    @property
    def figures(self) -> Figures:
        return self.records.figures

    @property
    def versions(self) -> FileVersions:
        return self.records.versions

    @property
    def relations(self) -> Relations:
        return self.records.relations

    @property
    def worklist(self) -> Worklist:
        return self.records.worklist

    @property
    def subscriptions(self) -> Subscriptions:
        return self.records.subscriptions

    @property
    def reports(self) -> Reports:
        return self.records.reports

    @property
    def site_profiles(self) -> SiteProfiles:
        return self.records.site_profiles

    @property
    def incidents(self) -> Incidents:
        return self.records.incidents
