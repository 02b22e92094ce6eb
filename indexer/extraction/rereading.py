"""Reads one page again while a person waits, with other settings: another turn, or from the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archive.errors import Invalid, Unavailable
from archive.model import Attachment, Page
from archive.ports import Files
from indexer.extraction import sandbox
from indexer.extraction.attachment_reader import (
    OCR_MEMORY_MB,
    OCR_SECONDS,
    TEXT_RULES,
    page_from_embedded_text,
    page_from_recognition,
    recognise_page,
)
from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.image.deskew import Turn
from indexer.extraction.reading_errors import MESSAGES, UnreadableFile

WAIT_SECONDS = 5.0  # seconds to wait while other pages are read again
TURNS: Sequence[Turn] = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """Settings of one reading: from the picture or the file's text, and turned by some degrees.

    ``should_use_picture``: recognise the picture even where the file has text. ``turn``: degrees clockwise
    that set the file's page upright; None: as it can be read best.
    """

    should_use_picture: bool = True
    turn: Turn | None = None


class PageRereader:
    """Reads single pages again, a few at a time on this machine."""

    def __init__(self, files: Files, folder: Path, *, jobs: int) -> None:
        self._files = files
        self._slots = CrossProcessSemaphore(folder, jobs)

    def reread_page(self, attachment: Attachment, number: int, settings: ReadingSettings) -> Page:
        """Reads a page, saves nothing; ``Invalid`` without text to take, ``Unavailable`` if not readable now.

        Raises ``NoFreeSlot`` while too many others are read, ``Invalid`` (code ``no-text``) for a page
        without text of its own when ``should_use_picture`` is False, ``Unavailable`` when the page cannot be
        read.
        """
        try:
            with (
                self._slots.hold_slot("", seconds=WAIT_SECONDS),
                self._files.local_path(attachment.sha256) as path,
                EmbeddedTextDocument(path) as document,
            ):
                if settings.should_use_picture:
                    return _recognised(attachment.id, document.path, number, settings.turn)
                return _embedded(attachment.id, document, number)
        except UnreadableFile as error:
            raise Unavailable(MESSAGES[error.code], code=error.code) from error


def _embedded(attachment_id: int, document: EmbeddedTextDocument, number: int) -> Page:
    read = document.read_page(number)
    if not read.text.strip():
        raise Invalid("ไฟล์ไม่มีข้อความในหน้านี้ กรุณาเลือกแปลงจากภาพ", field="method", code="no-text")
    return replace(page_from_embedded_text(attachment_id, read), rules=TEXT_RULES)  # as a person chose it


def _recognised(attachment_id: int, path: Path, number: int, turn: Turn | None) -> Page:
    seen = sandbox.run_in_sandbox(
        recognise_page, path, number, turn, seconds=OCR_SECONDS, memory_mb=OCR_MEMORY_MB
    )
    return page_from_recognition(attachment_id, number, seen)
