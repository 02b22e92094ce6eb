"""Queries about the files that attachments had before their present ones."""

from __future__ import annotations

from archive.errors import NotFound
from archive.model import FileVersion
from storage import mappers
from storage.engine import EngineRepository, Queries, Row
from storage.rows import insert_row, read_rows


def store_earlier_version(engine: Queries, attachment: Row, *, actor: str) -> None:
    """Keep the present file and page texts in a transaction; the caller appends the chain entry after."""
    texts = engine.rows(
        """SELECT text FROM page
           WHERE organisation_id IN :organisations AND attachment_id = :id ORDER BY number""",
        id=attachment["id"],
    )
    last = engine.row(
        """SELECT coalesce(max(number), 0) AS number FROM file_version
           WHERE organisation_id IN :organisations AND attachment_id = :id""",
        id=attachment["id"],
    )
    kept = ("organisation_id", "filename", "media_type", "size", "sha256", "is_redacted")
    insert_row(
        engine,
        "file_version",
        **{name: attachment[name] for name in kept},
        attachment_id=attachment["id"],
        number=(last["number"] if last else 0) + 1,
        texts=mappers.pack_texts([row["text"] for row in texts]),
        replaced_at=mappers.now_text(),
        replaced_by=actor,
    )


class EngineFileVersions(EngineRepository):
    """Adapter of ``FileVersions`` for any ``Engine``."""

    def by_attachment(self, attachment_id: int) -> list[FileVersion]:
        return read_rows(
            self._engine, mappers.file_version, "attachment_id = :id", order="number", id=attachment_id
        )

    def page_texts(self, attachment_id: int, version_number: int) -> list[str]:
        row = self._engine.row(
            """SELECT texts FROM file_version
               WHERE organisation_id IN :organisations AND attachment_id = :id AND number = :number""",
            id=attachment_id,
            number=version_number,
        )
        if row is None:
            raise NotFound("ไม่พบไฟล์รุ่นนี้ กรุณาเปิดรายการไฟล์ก่อนหน้าอีกครั้ง")
        return mappers.version_texts(row)

    def with_file(self, sha256: str) -> list[FileVersion]:
        return read_rows(
            self._engine,
            mappers.file_version,
            "sha256 = :sha256",
            order="attachment_id, number",
            sha256=sha256,
        )
