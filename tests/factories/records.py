"""Makes announcements, attachments and pages, as domain values or in the records of any engine."""

from __future__ import annotations

import datetime as dt
import hashlib

from archive.model import (
    Announcement,
    Attachment,
    DocumentKind,
    Draft,
    Line,
    LowConfidenceSpan,
    Page,
    Status,
    TextSource,
)
from archive.ports import NewFile, StoredFile
from archive.repositories import Records

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
ACTOR = "สมศรี ใจดี"


def draft(title: str = "ประกาศรับสมัครพนักงานจ้าง", **fields: object) -> Draft:
    """Returns a draft; ``fields`` replace or add to what it has."""
    return Draft(**{"title": title, "published_on": dt.date(2021, 6, 9), **fields})  # type: ignore[arg-type]


def published(records: Records, title: str = "ประกาศรับสมัครพนักงานจ้าง", **fields: object) -> Announcement:
    """Writes a published announcement to the records."""
    return records.announcements.create(draft(title, **fields), actor=ACTOR, status=Status.PUBLISHED)


def stored(content: bytes) -> StoredFile:
    """Returns what a store of files says of this content, which it need not hold."""
    return StoredFile(hashlib.sha256(content).hexdigest(), len(content))


def new_file(content: bytes, filename: str, *, is_from_person: bool = False) -> NewFile:
    """Returns a PDF to attach, as the records take it."""
    return NewFile(stored(content), filename, "application/pdf", is_from_person)


def attached(records: Records, announcement: Announcement, content: bytes = b"%PDF-1.7") -> Attachment:
    """Writes an attachment of the announcement to the records; its file is in no store."""
    attachment, _ = records.attachments.attach(
        announcement.id,
        new_file(content, "ประกาศ.pdf"),
        label="ประกาศ",
        kind=DocumentKind.ANNOUNCEMENT,
        actor=ACTOR,
    )
    return attachment


def page(attachment: Attachment, number: int = 1, text: str = "น้ำใจ", **fields: object) -> Page:
    """Returns a recognised page with lines and doubts; ``fields`` replace what it has."""
    return Page(
        **{  # type: ignore[arg-type]
            "attachment_id": attachment.id,
            "number": number,
            "text": text,
            "raw": text,
            "source": TextSource.OCR,
            "confidence": 0.875,
            "turn": 90,
            "lines": (Line(0, 100, 250, tuple(range(40, 40 + 100 * len(text) + 1, 100))),),
            "doubts": (LowConfidenceSpan(0, 2, 0.31),),
            "rules": 3,
            **fields,
        }
    )
