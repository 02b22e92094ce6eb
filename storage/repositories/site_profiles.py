"""Queries about the site profile."""

from __future__ import annotations

from archive.errors import NotFound
from archive.model import PROVINCE
from archive.site_profile import TEXT_FIELDS, Emblem, SiteProfile, SiteProfileVersion
from storage import mappers
from storage.engine import EngineRepository
from storage.hash_chain import append_entries
from storage.rows import insert_row
from storage.tenancy import current_organisation

_COLUMNS = ", ".join(("id", *TEXT_FIELDS, "emblem_id", "saved_at", "saved_by"))


class EngineSiteProfiles(EngineRepository):
    """Adapter of ``SiteProfiles`` for any ``Engine``."""

    def current(self) -> SiteProfile:
        found = self.versions(limit=1)
        return found[0].profile if found else SiteProfile()

    def save(self, profile: SiteProfile, *, emblem: Emblem | None = None, actor: str) -> None:
        with self._engine.write():
            if emblem is None and profile == self.current():
                return
            if emblem is None and profile.emblem_id is not None:
                self.emblem_uploaded_with(profile.emblem_id)
            made = insert_row(
                self._engine,
                "site_profile",
                organisation_id=self._organisation(),
                **{name: getattr(profile, name) for name in TEXT_FIELDS},
                emblem_id=None if emblem else profile.emblem_id,
                emblem_type=emblem.media_type if emblem else "",
                emblem=emblem.content if emblem else b"",
                saved_at=mappers.now_text(),
                saved_by=actor,
            )
            id = int(made["id"])
            if emblem:
                self._engine.run(
                    """UPDATE site_profile SET emblem_id = id
                       WHERE organisation_id = :organisation AND id = :id""",
                    organisation=self._organisation(),
                    id=id,
                )
            append_entries(self._engine, ("site_profile", id))

    def versions(self, *, limit: int) -> list[SiteProfileVersion]:
        found = self._engine.rows(
            f"""SELECT {_COLUMNS} FROM site_profile WHERE organisation_id = :organisation
                ORDER BY id DESC LIMIT :limit""",  # noqa: S608  # our own names
            organisation=self._organisation(),
            limit=limit,
        )
        return [*mappers.map_readable_rows(mappers.site_profile, found)]

    def get(self, id: int) -> SiteProfileVersion:
        row = self._engine.row(
            f"SELECT {_COLUMNS} FROM site_profile WHERE organisation_id = :organisation AND id = :id",  # noqa: S608
            organisation=self._organisation(),
            id=id,
        )
        if row is None:
            raise NotFound("ไม่พบฉบับนี้ กรุณาเลือกจากรายการฉบับที่บันทึกไว้")
        return mappers.site_profile(row)

    def emblem_uploaded_with(self, id: int) -> Emblem:
        row = self._engine.row(
            """SELECT emblem_type, emblem FROM site_profile
               WHERE organisation_id = :organisation AND id = :id AND emblem_type <> ''""",
            organisation=self._organisation(),
            id=id,
        )
        if row is None:
            raise NotFound("ไม่พบภาพตรานี้")
        return Emblem(row["emblem_type"], bytes(row["emblem"]))

    def _organisation(self) -> int:
        return current_organisation(self._engine, default_when_several=PROVINCE)
