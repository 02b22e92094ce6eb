"""Adapter of ``archive.ports.Records``, composed of its parts."""

from __future__ import annotations

from contextlib import AbstractContextManager

from storage.engine import Queries
from storage.repositories.announcements import Announcements
from storage.repositories.attachments import Attachments
from storage.repositories.collections import Collections
from storage.repositories.file_versions import FileVersions
from storage.repositories.incidents import Incidents
from storage.repositories.pages import Pages
from storage.repositories.relations import Relations
from storage.repositories.visits import Visits


class EngineRecords(
    Announcements, Attachments, Collections, FileVersions, Incidents, Pages, Relations, Visits
):
    """Adapter of ``Records`` for any ``Engine``."""

    def __init__(self, engine: Queries) -> None:
        super().__init__(engine)

    def batch(self) -> AbstractContextManager[None]:
        return self._engine.write()
