"""Gives each repository of the records a short name, so that callers write ``services().pages``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from archive.repositories import Records

T = TypeVar("T")


class _Repository(Generic[T]):
    """An attribute that is one of the repositories of ``records``, as it is when the attribute is read."""

    def __init__(self, choose: Callable[[Records], T]) -> None:
        self._choose = choose

    def __get__(self, owner: RepositoryAccess, _: type) -> T:
        return self._choose(owner.records)


class RepositoryAccess:
    """Base of ``web.bootstrap.Services``: each repository of ``records`` as an attribute of its own."""

    __slots__ = ()

    records: Records

    announcements = _Repository(lambda records: records.announcements)
    history = _Repository(lambda records: records.history)
    attachments = _Repository(lambda records: records.attachments)
    pages = _Repository(lambda records: records.pages)
    collections = _Repository(lambda records: records.collections)
    disclosure = _Repository(lambda records: records.disclosure)
    usage_statistics = _Repository(lambda records: records.usage_statistics)
    file_versions = _Repository(lambda records: records.file_versions)
    relations = _Repository(lambda records: records.relations)
    worklist = _Repository(lambda records: records.worklist)
    subscriptions = _Repository(lambda records: records.subscriptions)
    reports = _Repository(lambda records: records.reports)
    site_profiles = _Repository(lambda records: records.site_profiles)
    incidents = _Repository(lambda records: records.incidents)
