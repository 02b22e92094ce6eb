"""Queries about files that an announcement has or had: attached, detached, replaced, erased by order."""

from __future__ import annotations

from archive.errors import Conflict
from storage import mappers
from storage.engine import Queries, Row
from storage.repositories import history
from storage.rows import select_row


def attachment_with_bytes(engine: Queries, announcement_id: int, sha256: str) -> Row | None:
    """Return an announcement's attachment, detached or not, whose present file has these bytes, or None."""
    return select_row(
        engine, "attachment", "announcement_id = :id AND sha256 = :sha256", id=announcement_id, sha256=sha256
    )


def attachment_that_had_bytes(engine: Queries, announcement_id: int, sha256: str) -> Row | None:
    """Return the row of an attachment, detached or not, an earlier file of which has these bytes, or None."""
    return select_row(
        engine,
        "attachment",
        """announcement_id = :id AND id IN (
               SELECT attachment_id FROM file_version
               WHERE organisation_id IN :organisations AND sha256 = :sha256)
           ORDER BY id""",
        id=announcement_id,
        sha256=sha256,
    )


def refuse_erased_file(engine: Queries, announcement_id: int, sha256: str) -> None:
    """Raise ``Conflict`` as ``archive.repositories.Attachments.refuse_erased_file`` does."""
    known = attachment_with_bytes(engine, announcement_id, sha256)
    if known is not None and known["status"] != mappers.DETACHED:
        return
    erasures = engine.rows(
        """SELECT files FROM erasure
           WHERE organisation_id IN :organisations AND announcement_id = :id""",
        id=announcement_id,
    )
    if any(sha256 in erasure["files"].split() for erasure in erasures):
        raise Conflict(
            "ไฟล์นี้ถูกลบออกจากประกาศนี้ตามคำสั่งแล้ว โปรแกรมจึงแนบกลับมาไม่ได้ กรุณาแจ้งผู้ดูแลระบบ", code="file-erased"
        )


def was_detached_by(engine: Queries, attachment: Row, actor: str) -> bool:
    """Return True where ``actor`` was the last one to detach an attachment that is detached."""
    found = engine.rows(
        """SELECT actor, before FROM history
           WHERE organisation_id IN :organisations AND announcement_id = :id AND action = 'detach'
           ORDER BY id DESC""",
        id=attachment["announcement_id"],
    )
    for change in found:
        before = history.readable_side(change["before"])
        if before is not None and before.get("attachment_id") == attachment["id"]:
            return bool(change["actor"] == actor)
    return False


def was_replaced_by_somebody_else(engine: Queries, announcement_id: int, sha256: str, actor: str) -> bool:
    """Return True where somebody but ``actor`` gave an attachment with these bytes another file."""
    found = engine.row(
        """SELECT 1 AS found FROM file_version
           WHERE organisation_id IN :organisations AND sha256 = :sha256 AND replaced_by <> :actor
           AND attachment_id IN (
               SELECT id FROM attachment
               WHERE organisation_id IN :organisations AND announcement_id = :id)
           LIMIT 1""",
        id=announcement_id,
        sha256=sha256,
        actor=actor,
    )
    return found is not None
