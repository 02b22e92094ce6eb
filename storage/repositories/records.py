"""Adapter of ``archive.ports.Records``, composed of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from storage.engine import Queries
from storage.repositories import history
from storage.repositories.announcements import Announcements
from storage.repositories.attachments import Attachments
from storage.repositories.collections import Collections
from storage.repositories.file_versions import FileVersions
from storage.repositories.incidents import Incidents
from storage.repositories.pages import Pages
from storage.repositories.relations import Relations
from storage.repositories.reports import Reports
from storage.repositories.visits import Visits
from storage.repositories.worklist import Worklist


class EngineRecords(
    Announcements,
    Attachments,
    Collections,
    FileVersions,
    Incidents,
    Pages,
    Relations,
    Reports,
    Visits,
    Worklist,
):
    """Adapter of ``Records`` for any ``Engine``."""

    def __init__(self, engine: Queries) -> None:
        super().__init__(engine)

    @contextmanager
    def batch(self, bulk: str = "") -> Iterator[None]:
        with self._engine.write(), history.in_bulk(bulk or history.bulk_name()):
            yield
