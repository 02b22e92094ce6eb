"""Reads one attachment: opens the file, reads each page, and extracts the document's metadata.

Pages are saved one by one as they are read, so a killed reading continues where it stopped. A page that
cannot be read is recorded with its problem; only a file of which no page can be read fails.
"""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from archive import privacy
from archive.errors import Unavailable
from archive.hashing import sha256_of_file
from archive.model import PAGE_UNITS, Attachment, Page, ReadingResults, TextSource
from archive.ports import Files
from archive.repositories import Records
from indexer.extraction import embedded_text, sandbox
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.image.deskew import Turn
from indexer.extraction.metadata import extract_fields
from indexer.extraction.ocr import recognition, tesseract
from indexer.extraction.ocr.correction import known_place_names
from indexer.extraction.ocr.place_names import NO_PLACE_NAMES, PlaceNames, find_place_names
from indexer.extraction.ocr_policy import PageTextDecision, better_text
from indexer.extraction.page_images import rasterize_page, scan_size
from indexer.extraction.reading_errors import UnreadableFile
from indexer.extraction.scan_advice import scan_advice

if TYPE_CHECKING:
    from indexer.extraction.pdf.parser import EmbeddedPage

RULES = embedded_text.RULES * 1_000 + recognition.RULES
"""Version of all reading rules: grows when those of extraction, repair or recognition do."""
TEXT_RULES = embedded_text.RULES * 1_000 + 999
"""Version of a page whose own text is good: no newer recognition can improve such a page."""

PAGES_READ = "pages read"
OCR_MILLISECONDS = "OCR milliseconds"
"""Names of the running totals of pages read and of time spent in OCR (milliseconds)."""

KEEP_NAMES = 3600.0  # seconds after which an organisation's place names are looked for again …
NEWEST_TITLES = 5_000  # … in so many of its titles
OCR_SECONDS = 120.0  # for one page; most take some seconds
OCR_MEMORY_MB = 1536  # for one page: its picture, and the models that read it


LEAST_ROOM = 128 << 20
"""Free bytes on the disk of temporary files below which no file is read.

Reading needs room for repaired and wrapped copies, and for parts.
"""


def is_temporary_space_low() -> bool:
    """Returns True when the directory of temporary files has too little room to read documents."""
    return shutil.disk_usage(tempfile.gettempdir()).free < LEAST_ROOM


class ReadingStopped(Exception):
    """Raised when a reading was asked to stop between two pages; the pages read so far are saved."""


@dataclass(frozen=True, slots=True)
class ReadingOutcome:
    """Result of a reading: page count, results, and the oldest version of rules that read a page."""

    page_count: int
    details: ReadingResults
    oldest_page_rules: int  # version of the reading rules


class AttachmentReader:
    """Reads attachments. Threads may share one reader; they take turns page by page."""

    def __init__(self, records: Records, files: Files, *, ocr_jobs: int) -> None:
        self._records = records
        self._files = files
        self._ocr_jobs = ocr_jobs
        self._recognisers = ThreadPoolExecutor(ocr_jobs, thread_name_prefix="ocr")
        self._place_names: dict[int, tuple[float, PlaceNames]] = {}

    def read_remaining_pages(self, attachment: Attachment, going_on: Callable[[], bool]) -> ReadingOutcome:
        """Reads and stores the pages not read yet; fails only if none can be read, or no disk space is left.

        Raises ``ReadingStopped`` when ``going_on()`` returns False, ``UnreadableFile`` when no page of the
        file can be read, ``Unavailable`` when the disk has no room, which is not the file's fault.
        """
        if is_temporary_space_low():
            raise Unavailable(
                f"พื้นที่ชั่วคราวที่ {tempfile.gettempdir()} เหลือน้อย การอ่านเอกสารรออยู่ (no room to read in)"
            )
        with self._files.local_path(attachment.sha256) as path:
            if sha256_of_file(path) != attachment.sha256:  # a damaged file is never read
                raise UnreadableFile("damaged")
            return self._read(attachment, path, going_on)

    def _read(self, attachment: Attachment, path: Path, going_on: Callable[[], bool]) -> ReadingOutcome:
        with EmbeddedTextDocument(path) as document:
            wanted = self._unread(attachment, document.outline.page_count)
            names = self._known_place_names(attachment.announcement_id) if wanted else NO_PLACE_NAMES
            for page in self._pages(attachment.id, document, wanted, names):
                self._records.pages.save(page, expected_sha256=attachment.sha256)
                self._records.usage_statistics.add_to_total(PAGES_READ, 1)
                if not going_on():
                    raise ReadingStopped
            return self._conclude(attachment.id, document)

    def close(self) -> None:
        """Drops recognitions that wait, waits for those that run, and ends their processes."""
        self._recognisers.shutdown(cancel_futures=True)

    def _unread(self, attachment: Attachment, page_count: int) -> list[int]:
        """Returns the numbers of the pages to read.

        The pages of a redacted copy have the text that was read in the file before: a new reading of the
        covered pictures would be no better. They are read when a person asks for it (``rules`` is 0 then).
        """
        done = {
            page.number
            for page in self._records.pages.by_attachment(attachment.id)
            if page.corrected
            or (page.rules in (RULES, TEXT_RULES) and not page.problem)
            or (page.rules and attachment.is_redacted)
        }
        return [number for number in range(1, page_count + 1) if number not in done]

    def _pages(
        self,
        attachment_id: int,
        document: EmbeddedTextDocument,
        wanted: list[int],
        place_names: PlaceNames,
    ) -> Iterator[Page]:
        """Yields pages with embedded text at once, and other pages as they are recognised.

        Only a few pages are recognised at a time, so that other attachments get their turn.
        """
        pending: dict[Future[Page], int] = {}
        try:
            for number in wanted:
                embedded = document.read_page(number)
                if embedded.page_text_decision in (PageTextDecision.EMBEDDED, PageTextDecision.BLANK):
                    yield page_from_embedded_text(attachment_id, embedded)
                    continue
                pending[
                    self._recognisers.submit(self._timed, attachment_id, document.path, embedded, place_names)
                ] = number
                if len(pending) >= self._ocr_jobs:
                    yield from _finished(pending, FIRST_COMPLETED)
            while pending:
                yield from _finished(pending, FIRST_COMPLETED)
        finally:
            for future in pending:
                future.cancel()
            wait(pending)  # running recognitions still read the file, which is closed after this

    def _known_place_names(self, announcement_id: int) -> PlaceNames:
        """Returns the place names that the announcement's own organisation published, an hour old at most."""
        organisation = self._records.announcements.get(announcement_id).organisation
        at, names = self._place_names.get(organisation, (-math.inf, NO_PLACE_NAMES))
        if time.monotonic() - at >= KEEP_NAMES:
            titles = self._records.announcements.published_titles(organisation, limit=NEWEST_TITLES)
            names = find_place_names(titles)
            self._place_names[organisation] = time.monotonic(), names
        return names

    def _timed(self, attachment_id: int, path: Path, embedded: EmbeddedPage, place_names: PlaceNames) -> Page:
        began = time.monotonic()
        page = _recognise(attachment_id, path, embedded, place_names)
        self._records.usage_statistics.add_to_total(
            OCR_MILLISECONDS, round(1000 * (time.monotonic() - began))
        )
        return page

    def _conclude(self, attachment_id: int, document: EmbeddedTextDocument) -> ReadingOutcome:
        pages = self._records.pages.by_attachment(attachment_id)
        problems = [page.problem for page in pages if page.problem]
        if problems and len(problems) == len(pages):
            raise UnreadableFile(problems[0])
        return ReadingOutcome(
            document.outline.page_count,
            ReadingResults(
                fields=extract_fields(pages),
                signatures=document.outline.signatures,
                personal_data=tuple(
                    find for page in pages for find in privacy.find_personal_data(page.text, page.number)
                ),
                advice=tuple(scan_advice(pages, document.outline)),
            ),
            min((page.rules for page in pages if not page.corrected), default=TEXT_RULES),
        )


def _finished(pending: dict[Future[Page], int], when: str) -> Iterator[Page]:
    done, _ = wait(pending, return_when=when)
    for future in done:
        del pending[future]
        yield future.result()


def page_from_embedded_text(attachment_id: int, embedded: EmbeddedPage, problem: str = "") -> Page:
    """Returns the page with the text that the file carries for it; it has no confidence (None)."""
    return Page(
        attachment_id=attachment_id,
        number=embedded.number,
        text=embedded.text,
        raw=embedded.raw,
        source=TextSource.EMBEDDED if embedded.text else TextSource.NONE,
        confidence=None,
        turn=embedded.turn,
        lines=embedded.lines,
        rules=TEXT_RULES
        if embedded.page_text_decision in (PageTextDecision.EMBEDDED, PageTextDecision.BLANK)
        else RULES,
        problem=problem,
    )


def _recognise(attachment_id: int, path: Path, embedded: EmbeddedPage, place_names: PlaceNames) -> Page:
    try:
        seen = sandbox.run_in_sandbox(
            recognise_page,
            path,
            embedded.number,
            None,
            place_names,
            seconds=OCR_SECONDS,
            memory_mb=OCR_MEMORY_MB,
        )
    except UnreadableFile as error:
        kept = embedded.page_text_decision is PageTextDecision.BOTH  # doubtful text is better than none
        return page_from_embedded_text(
            attachment_id, embedded, "" if kept else embedded.problem or error.code
        )
    if (
        embedded.page_text_decision is PageTextDecision.BOTH
        and better_text(embedded.text, seen.text) == embedded.text
    ):
        return page_from_embedded_text(attachment_id, embedded)
    return page_from_recognition(attachment_id, embedded.number, seen)


def page_from_recognition(attachment_id: int, number: int, ocr_page: recognition.OcrPage) -> Page:
    """Returns the page with the text that was recognised in its picture."""
    return Page(
        attachment_id=attachment_id,
        number=number,
        text=ocr_page.text,
        raw=ocr_page.raw,
        source=TextSource.OCR if ocr_page.text else TextSource.NONE,
        confidence=ocr_page.confidence,
        turn=ocr_page.turn,
        lines=ocr_page.lines,
        doubts=ocr_page.doubts,
        rules=RULES,
        line_height=ocr_page.line_height,
    )


def recognise_page(
    path: Path, number: int, turn: Turn | None = None, place_names: PlaceNames = NO_PLACE_NAMES
) -> recognition.OcrPage:
    """Renders and recognises a page, in the child process; ``UnreadableFile`` if either fails.

    ``turn``: degrees clockwise that set the file's page upright; None: as it can be read best.
    ``place_names``: those that its archive knows, which count as words.
    """
    picture = rasterize_page(path, number, tesseract.DPI)
    with known_place_names(place_names):
        seen = recognition.recognise_page_picture(picture, turn=turn)
    if not seen.lines:
        return seen
    width, height = scan_size(path, number)
    high = width if seen.turn in (90, 270) else height
    share = median(line.bottom - line.top for line in seen.lines) / PAGE_UNITS
    return replace(seen, line_height=round(share * high))
