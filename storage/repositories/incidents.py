"""Queries about incidents: evidence of loss or tampering, which stays open until acknowledged."""

from __future__ import annotations

from archive.model import IntegrityIncident
from archive.ports import Fault
from storage.engine import EngineRepository
from storage.hash_chain import insert_incident, open_incidents


class EngineIncidents(EngineRepository):
    """Adapter of ``Incidents`` for any ``Engine``."""

    def record(self, code: str, subject: str, detail: str) -> None:
        with self._engine.write():
            known = self._engine.row(
                """SELECT id FROM incident WHERE code = :code AND subject = :subject AND detail = :detail
                   AND acknowledged_at IS NULL""",
                code=code,
                subject=subject,
                detail=detail,
            )
            if known is None:
                insert_incident(self._engine, Fault(code, subject, detail))

    def list_open(self) -> list[IntegrityIncident]:
        return open_incidents(self._engine)
