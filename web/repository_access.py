"""Gives each repository of the records a short name, so that callers write ``services().pages``."""

from __future__ import annotations

from archive.disclosure import Disclosure
from archive.reports import Reports
from archive.repositories import (
    Announcements,
    Attachments,
    Collections,
    FileVersions,
    History,
    Incidents,
    Pages,
    Records,
    Relations,
    UsageStatistics,
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
        """Returns the repository of the announcements."""
        return self.records.announcements

    @property
    def history(self) -> History:
        """Returns the repository of the changes of announcements."""
        return self.records.history

    @property
    def attachments(self) -> Attachments:
        """Returns the repository of the attachments."""
        return self.records.attachments

    @property
    def pages(self) -> Pages:
        """Returns the repository of the pages that were read from attachments."""
        return self.records.pages

    @property
    def collections(self) -> Collections:
        """Returns the repository of the collections."""
        return self.records.collections

    @property
    def disclosure(self) -> Disclosure:
        """Returns the repository of the disclosure entries."""
        return self.records.disclosure

    @property
    def usage_statistics(self) -> UsageStatistics:
        """Returns the repository of the counts, such as views and searches without a result."""
        return self.records.usage_statistics

    @property
    def file_versions(self) -> FileVersions:
        """Returns the repository of the files that attachments had before."""
        return self.records.file_versions

    @property
    def relations(self) -> Relations:
        """Returns the repository of the relations between announcements."""
        return self.records.relations

    @property
    def worklist(self) -> Worklist:
        """Returns the repository of the officers' list of announcements."""
        return self.records.worklist

    @property
    def subscriptions(self) -> Subscriptions:
        """Returns the repository of the e-mail subscriptions."""
        return self.records.subscriptions

    @property
    def reports(self) -> Reports:
        """Returns the repository of the residents' reports of faults."""
        return self.records.reports

    @property
    def site_profiles(self) -> SiteProfiles:
        """Returns the repository of the versions of the site's profile."""
        return self.records.site_profiles

    @property
    def incidents(self) -> Incidents:
        """Returns the repository of the incidents."""
        return self.records.incidents
