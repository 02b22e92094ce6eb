"""Adapter of ``archive.ports.Records``, composed of its parts."""

from __future__ import annotations

from contextlib import AbstractContextManager

from storage.announcements import Announcements
from storage.attachments import Attachments
from storage.collections import Collections
from storage.engine import Queries
from storage.incidents import Incidents
from storage.pages import Pages
from storage.visits import Visits


class EngineRecords(Announcements, Attachments, Collections, Incidents, Pages, Visits):
    """Adapter of ``Records`` for any ``Engine``."""

    def __init__(self, engine: Queries) -> None:
        super().__init__(engine)

    def batch(self) -> AbstractContextManager[None]:
        return self._engine.write()
